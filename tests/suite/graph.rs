//! Graphs: what is drawn, where it stands, and that nothing lies on anything else.
//!
//! `REHEARSAL_BLESS=1` writes the pictures in `tests/graph` anew.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rehearsal::asl::StateType;
use rehearsal::graph::{Cover, EdgePlace, Graph, Layout, Mark, Marks, Point, Region, Segment, SvgOptions, Way};
use rehearsal::prelude::*;
use serde_json::Value;

use super::generate::plan;
use super::support::{files_below, machine, shared};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph")
}

/// A rectangle with a name: left, top, right, bottom.
#[derive(Clone)]
struct Area {
    name: String,
    edges: [f64; 4],
}

impl std::fmt::Debug for Area {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {:?}", self.name, self.edges)
    }
}

impl Area {
    fn new(name: impl Into<String>, x: f64, y: f64, width: f64, height: f64) -> Area {
        Area { name: name.into(), edges: [x, y, x + width, y + height] }
    }
    fn overlaps(&self, other: &Area) -> bool {
        let ([l, t, r, b], [left, top, right, bottom]) = (self.edges, other.edges);
        l < right - 0.01 && left < r - 0.01 && t < bottom - 0.01 && top < b - 0.01
    }
    fn holds(&self, other: &Area) -> bool {
        let ([l, t, r, b], [left, top, right, bottom]) = (self.edges, other.edges);
        l <= left + 0.01 && t <= top + 0.01 && right <= r + 0.01 && bottom <= b + 0.01
    }
    fn holds_point(&self, p: Point) -> bool {
        let [l, t, r, b] = self.edges;
        l + 0.5 < p.x && p.x < r - 0.5 && t + 0.5 < p.y && p.y < b - 0.5
    }
}

fn sampled(edge: &EdgePlace) -> Vec<Point> {
    let mut at = edge.start;
    let mut points = vec![at];
    for segment in &edge.segments {
        let (from, (a, b, to)) = match *segment {
            Segment::Line(to) => (at, (at, to, to)),
            Segment::Curve(a, b, to) => (at, (a, b, to)),
        };
        for step in 1..=10 {
            let t = f64::from(step) / 10.0;
            let mix = |p: f64, q: f64, r: f64, s: f64| {
                let u = 1.0 - t;
                u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
            };
            points.push(Point { x: mix(from.x, a.x, b.x, to.x), y: mix(from.y, a.y, b.y, to.y) });
        }
        at = to;
    }
    points
}

/// Everything that is wrong with where things are.
fn faults(graph: &Graph, layout: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    let picture = Area::new("the picture", 0.0, 0.0, layout.width, layout.height);
    region_faults(graph, layout, graph.root(), &picture, &mut found);
    found
}

fn region_faults(graph: &Graph, layout: &Layout, region: &Region, around: &Area, found: &mut Vec<String>) {
    let area_of = |id: usize| {
        let place = &layout.nodes[id];
        Area::new(&graph.nodes()[id].name, place.x, place.y, place.width, place.height)
    };
    let boxes: Vec<(usize, Area)> = region.nodes.iter().map(|id| (*id, area_of(*id))).collect();
    let own = |from: usize| region.nodes.contains(&from);
    let edges = || graph.edges().iter().zip(&layout.edges).enumerate().filter(|(_, (edge, _))| own(edge.from));
    let labels: Vec<(usize, Area)> = edges()
        .filter_map(|(i, (edge, place))| {
            let label = place.label.as_ref()?;
            Some((i, Area::new(format!("label {}", edge.label), label.x, label.y, label.width, label.height)))
        })
        .collect();
    let ends = region.nodes.iter().filter_map(|id| layout.nodes[*id].end);
    let ends = ends.map(|end| Area::new("an end", end.x - 6.0, end.y - 6.0, 12.0, 12.0));
    let all: Vec<Area> =
        boxes.iter().map(|(_, area)| area.clone()).chain(labels.iter().map(|(_, a)| a.clone())).chain(ends).collect();
    for (i, area) in all.iter().enumerate() {
        if !around.holds(area) {
            found.push(format!("{area:?} is not within {around:?}"));
        }
        for other in all.iter().skip(i + 1).filter(|other| area.overlaps(other)) {
            found.push(format!("{area:?} lies on {other:?}"));
        }
    }
    for (i, (edge, place)) in edges() {
        for point in sampled(place) {
            if !around.holds(&Area::new("", point.x, point.y, 0.0, 0.0)) {
                found.push(format!("{} {} leaves {around:?} at {point:?}", graph.nodes()[edge.from].name, edge.way));
            }
            let through = boxes.iter().find(|(_, area)| area.holds_point(point)).map(|(_, area)| area);
            let across = labels.iter().find(|(label, area)| *label != i && area.holds_point(point)).map(|(_, a)| a);
            if let Some(area) = through.or(across) {
                found.push(format!("{} {} runs through {area:?}", graph.nodes()[edge.from].name, edge.way));
                break;
            }
        }
    }
    for (id, area) in &boxes {
        for inner in graph.nodes()[*id].frame.iter().flat_map(|frame| &frame.regions) {
            region_faults(graph, layout, inner, area, found);
        }
    }
}

#[track_caller]
fn assert_tidy(graph: &Graph) {
    let layout = graph.layout();
    let found = faults(graph, &layout);
    assert!(found.is_empty(), "{}:\n{}", graph.name(), found.join("\n"));
}

#[test]
fn the_pictures_of_small_machines_stay_as_they_are() {
    let is_blessing = std::env::var_os("REHEARSAL_BLESS").is_some();
    let mut wrong = Vec::new();
    for file in ["job.asl.json", "gift.asl.yaml"] {
        let path = folder().join(file);
        let machine = Machine::load(&path).unwrap();
        let graph = Graph::of(&machine);
        let stem = file.split('.').next().unwrap();
        let svg = graph.svg(&SvgOptions { bare: true, ..SvgOptions::default() });
        for (ending, text) in [("svg", svg), ("mmd", graph.mermaid()), ("dot", graph.dot())] {
            let golden = folder().join(format!("{stem}.{ending}"));
            if is_blessing {
                std::fs::write(&golden, &text).unwrap();
            }
            if std::fs::read_to_string(&golden).unwrap_or_default() != text {
                wrong.push(golden.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "these changed; look at them and write them anew with REHEARSAL_BLESS=1: {wrong:?}");
}

#[test]
fn every_state_and_every_field_that_leads_on_is_drawn_once() {
    let graph = Graph::of(&Machine::load(folder().join("job.asl.json")).unwrap());
    let places: Vec<&str> = graph.nodes().iter().map(|node| &*node.place).collect();
    assert!(places.contains(&"Each row/Enrich/Score"), "{places:?}");
    let svg = graph.svg(&SvgOptions::default());
    for node in graph.nodes() {
        assert_eq!(svg.matches(&format!("data-point=\"{}\">", node.place)).count(), 1, "{}", node.place);
    }
    for edge in graph.edges() {
        let point = format!("data-point=\"{}#{}\"", graph.nodes()[edge.from].place, edge.way);
        assert_eq!(svg.matches(&point).count(), 1, "{point}");
    }
    let ways: Vec<String> =
        graph.edges().iter().filter(|e| e.from == 0).map(|e| format!("{} {}", e.way, e.label)).collect();
    let expected = [
        "next ",
        "catch-0 Glue.ThrottlingException, Glue.InternalServiceException",
        "catch-1 any error",
        "retry-0 ×6 · 10s, 20s, 40s, … 5m20s",
        "retry-1 ×2 · 1s, 2s",
        "retry-2 never",
    ];
    assert_eq!(ways, expected);
    assert_eq!(graph.nodes()[0].line, Some(5));
    assert_eq!(graph.nodes()[0].state_type, StateType::Task);
}

#[test]
fn what_a_user_wrote_never_becomes_markup() {
    let name = "</title><script>alert(1)</script> \"&'";
    let machine = machine(json!({
        "Comment": "]]>",
        "StartAt": name,
        "States": {
            name: {
                "Type": "Choice",
                "Comment": "<b onclick=\"x\">\u{1}",
                "Choices": [{ "Variable": "$.a", "StringEquals": "\"><script>&amp;", "Next": "x\" y=\"" }]
            },
            "x\" y=\"": { "Type": "Fail", "Error": "<!--", "Cause": "-->" }
        }
    }));
    let svg = Graph::of(&machine).svg(&SvgOptions::default());
    assert!(
        !svg.contains("<script") && !svg.contains("<b ") && !svg.contains("<!--") && !svg.contains('\u{1}'),
        "{svg}"
    );
    assert!(svg.contains("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;"), "{svg}");
    let dot = Graph::of(&machine).dot();
    assert!(dot.contains(r#"label="a = \"\"><script>&amp;\"""#), "{dot}");
}

#[test]
fn marks_colour_states_edges_and_branches_and_say_so_in_words() {
    let graph = Graph::of(&Machine::load(folder().join("job.asl.json")).unwrap());
    let mut marks = Marks::default();
    marks.node("Submit", Mark { cover: Some(Cover::Covered), count: Some(3), on_path: true });
    marks.edge("Submit", Way::Catch(1), Mark { cover: Some(Cover::Uncovered), ..Mark::default() });
    marks.edge("Submit", Way::Retry(0), Mark { cover: Some(Cover::Partly), count: Some(1), on_path: false });
    marks.branch("Each row/Enrich", 1, Mark { cover: Some(Cover::Uncovered), ..Mark::default() });
    let svg = graph.svg(&SvgOptions { marks: Some(&marks), bare: true });
    for text in [
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"rehearsal-graph marked\"",
        "class=\"node state task covered on-path\" data-point=\"Submit\"><title>Task Submit · glue:startJobRun · line 5 · covered · 3 times\nStarts",
        "class=\"edge catch uncovered\" data-point=\"Submit#catch-1\"><title>Submit → Notify failure · Catch 2: any error · never covered</title>",
        "class=\"edge retry partly\" data-point=\"Submit#retry-0\"><title>Submit · Retry 1: Glue.ConcurrentRunsExceededException ×6 · 10s, 20s, 40s, … 5m20s · partly covered · once</title>",
        "class=\"branch uncovered\" data-point=\"Each row/Enrich#branch-1\"><title>branch 2 of Enrich · never covered</title>",
    ] {
        assert!(svg.contains(text), "{text}\n{svg}");
    }
}

#[test]
fn nothing_lies_on_anything_in_our_own_machines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for file in
        ["graph/job.asl.json", "graph/gift.asl.yaml", "machines/checkout.asl.json", "machines/approval.asl.json"]
    {
        assert_tidy(&Graph::of(&Machine::load(root.join(file)).unwrap()));
    }
}

/// Loops of every kind: to itself, to the state before, nested in each other, from a catch.
#[test]
fn ways_that_lead_back_go_round_what_is_between() {
    let choice = |rules: &[&str], default: &str| {
        let rule = |next: &&str| json!({ "Variable": "$.a", "StringEquals": next, "Next": next });
        json!({ "Type": "Choice", "Choices": rules.iter().map(rule).collect::<Vec<_>>(), "Default": default })
    };
    assert_tidy(&Graph::of(&machine(json!({
        "StartAt": "A",
        "States": {
            "A": { "Type": "Pass", "Next": "B" },
            "B": { "Type": "Wait", "Seconds": 1, "Next": "C" },
            "C": choice(&["A", "B", "C", "D", "A", "E"], "B"),
            "D": { "Type": "Map", "ItemProcessor": { "StartAt": "X", "States": { "X": choice(&["X", "Y"], "X"), "Y": { "Type": "Succeed" } } },
                   "Catch": [{ "ErrorEquals": ["A"], "Next": "A" }, { "ErrorEquals": ["States.ALL"], "Next": "D2" }], "Next": "C" },
            "D2": { "Type": "Pass", "Next": "D" },
            "E": { "Type": "Succeed" }
        }
    }))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_lies_on_anything_in_generated_machines(plan in plan()) {
        let graph = Graph::of(&plan.machine());
        let found = faults(&graph, &graph.layout());
        prop_assert!(found.is_empty(), "{}", found.join("\n"));
        // The same machine is the same picture.
        prop_assert_eq!(graph.svg(&SvgOptions::default()), Graph::of(&plan.machine()).svg(&SvgOptions::default()));
    }
}

#[test]
fn nothing_lies_on_anything_in_published_machines() {
    let Some(cases) = shared("definitions/cases") else { return };
    let (mut drawn, mut wrong) = (0, Vec::new());
    for path in files_below(&cases, "json") {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Ok(machine) = Machine::from_json(&case["definition"]) else { continue };
        let graph = Graph::of(&machine);
        drawn += 1;
        if let Some(fault) = faults(&graph, &graph.layout()).first() {
            wrong.push(format!("{}: {fault}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {drawn}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(drawn > 500, "only {drawn} machines were drawn");
}

/// 300 states, each with a catch to one handler, every tenth a choice that may lead back to the beginning.
#[test]
fn a_large_machine_is_drawn_quickly() {
    let state = |i: usize| match i % 10 {
        9 => json!({
            "Type": "Choice",
            "Choices": [{ "Variable": "$.n", "NumericEquals": i, "Next": "S0" }],
            "Default": format!("S{}", i + 1)
        }),
        _ => json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Retry": [{ "ErrorEquals": ["States.ALL"] }],
            "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Handler" }],
            "Next": format!("S{}", i + 1)
        }),
    };
    let mut states: serde_json::Map<String, Value> = (0..298).map(|i| (format!("S{i}"), state(i))).collect();
    states.insert("S298".into(), json!({ "Type": "Succeed" }));
    states.insert("Handler".into(), json!({ "Type": "Fail" }));
    let machine = machine(json!({ "StartAt": "S0", "States": states }));
    let graph = Graph::of(&machine);
    let began = Instant::now();
    let layout = graph.layout();
    let took = began.elapsed();
    println!("300 states are laid out in {took:?}");
    // Unoptimised and with neighbours; a build as people have it takes a twentieth of that.
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(faults(&graph, &layout), Vec::<String>::new());
}

/// As large as a definition may be, and with ways as long as the whole.
#[test]
fn a_machine_that_nobody_can_look_at_is_drawn_all_the_same() {
    let count = 2_000;
    let state = |i: usize| {
        let rule = json!({ "Variable": "$.n", "NumericEquals": i, "Next": format!("S{}", (i + count / 2) % count) });
        json!({ "Type": "Choice", "Choices": [rule], "Default": format!("S{}", i + 1) })
    };
    let mut states: serde_json::Map<String, Value> = (0..count).map(|i| (format!("S{i}"), state(i))).collect();
    states.insert(format!("S{count}"), json!({ "Type": "Succeed" }));
    let machine = machine(json!({ "StartAt": "S0", "States": states }));
    let began = Instant::now();
    let svg = Graph::of(&machine).svg(&SvgOptions::default());
    println!("{count} states with long ways are drawn in {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(20) && svg.len() < 20_000_000, "{} bytes", svg.len());
}

#[cfg(feature = "cli")]
mod command {
    use std::process::{Command, Output};

    fn graph(args: &[&str]) -> Output {
        let root = env!("CARGO_MANIFEST_DIR");
        Command::new(env!("CARGO_BIN_EXE_rehearsal")).arg("graph").args(args).current_dir(root).output().unwrap()
    }

    #[test]
    fn the_ending_of_the_file_says_what_is_written() {
        for (name, start) in [("g.svg", "<svg "), ("g.MMD", "stateDiagram-v2\n"), ("g.gv", "digraph \"order\" {\n")] {
            let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
            let seen = graph(&["tests/machines/order.asl.json", "-o", &path]);
            assert_eq!(String::from_utf8_lossy(&seen.stdout), format!("{path}: order, 3 states\n"));
            assert!(std::fs::read_to_string(&path).unwrap().starts_with(start), "{name}");
        }
        let seen = graph(&["tests/machines/order.asl.json"]);
        assert!(seen.stdout.starts_with(b"<svg ") && seen.status.success());
        let seen = graph(&[
            "tests/machines/order.asl.json",
            "--format",
            "mermaid",
            "-o",
            "tests/machines/order.asl.json/x.svg",
        ]);
        assert_eq!(seen.status.code(), Some(6));
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let seen = graph(&["tests/machines/order.asl.json", "-o", "order.png"]);
        assert_eq!(seen.status.code(), Some(2));
        assert_eq!(
            String::from_utf8_lossy(&seen.stderr),
            "error: the name `order.png` does not say what to write\n\
             help: end it in .svg, .mmd, .mermaid, .dot, .gv, or add `--format svg`, `--format mermaid` or `--format dot`\n"
        );
        // Which of several machines, it asks as every command does.
        let seen = graph(&["tests/templates/sam"]);
        let text = String::from_utf8_lossy(&seen.stderr).into_owned();
        assert!(
            !seen.status.success() && text.contains("name one, such as `tests/templates/sam/template.yaml#Order`"),
            "{text}"
        );
    }
}
