//! The graph as a digraph for Graphviz: frames are clusters.

use std::fmt::Write as _;

use super::{FrameKind, Graph, Region, Way};
use crate::asl::StateType;

pub(super) fn render(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&graph.name));
    text.push_str(
        "    compound=true;\n    graph [fontname=\"Helvetica\", fontsize=12];\n    node [fontname=\"Helvetica\", fontsize=12, \
         shape=box, style=rounded];\n    edge [fontname=\"Helvetica\", fontsize=10];\n",
    );
    region(graph, &graph.root, "root", 1, &mut text);
    edges(graph, &mut text);
    text.push_str("}\n");
    text
}

fn region(graph: &Graph, region: &Region, name: &str, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    let _ = writeln!(text, "{indent}start_{name} [shape=point, width=0.12, label=\"\"];");
    let mut last = Vec::new();
    for id in &region.nodes {
        let node = &graph.nodes[*id];
        let Some(frame) = &node.frame else {
            let shape = match node.state_type {
                StateType::Choice => ", shape=diamond, style=solid",
                StateType::Succeed => ", peripheries=2",
                StateType::Fail => ", color=red, peripheries=2",
                StateType::Pass | StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map => "",
            };
            let _ = writeln!(text, "{indent}s{id} [label={}{shape}];", quoted(&node.name));
            continue;
        };
        let style = if frame.kind == FrameKind::DistributedMap { "rounded,dashed" } else { "rounded" };
        let _ = writeln!(text, "{indent}subgraph cluster_{id} {{");
        let label = quoted(&format!("{} ({})", node.name, node.state_type.name()));
        let _ = writeln!(text, "{indent}    label={label}; style=\"{style}\";");
        let _ = writeln!(text, "{indent}    in_{id} [shape=point, style=invis, width=0.02];");
        for (i, inner) in frame.regions.iter().enumerate() {
            let _ = writeln!(text, "{indent}    subgraph cluster_{id}_{i} {{");
            let _ = writeln!(text, "{indent}        label=\"\"; style=\"rounded,dotted\";");
            self::region(graph, inner, &format!("{id}_{i}"), depth + 2, text);
            let _ = writeln!(text, "{indent}    }}");
            let _ = writeln!(text, "{indent}    in_{id} -> start_{id}_{i} [style=invis];");
            last.extend(inner.nodes.iter().map(|inner| (*id, *inner)));
        }
        let _ = writeln!(text, "{indent}    out_{id} [shape=point, style=invis, width=0.02];");
        let _ = writeln!(text, "{indent}}}");
    }
    let ends = graph.edges.iter().enumerate().filter(|(_, edge)| edge.to.is_none());
    for (i, _) in ends.filter(|(_, edge)| region.nodes.binary_search(&edge.from).is_ok()) {
        let _ = writeln!(text, "{indent}end_{i} [shape=doublecircle, width=0.1, label=\"\"];");
    }
    // What follows a frame stands below it: everything in the frame is above the point that leaves it.
    for (id, inner) in last {
        let _ = writeln!(text, "{indent}{} -> out_{id} [style=invis];", anchor(graph, inner, "out"));
    }
    let _ = writeln!(text, "{indent}start_{name} -> {};", target(graph, region.start));
}

/// The node that stands for a state: of a frame, one that is not seen.
fn anchor(graph: &Graph, id: usize, side: &str) -> String {
    match graph.nodes[id].frame {
        Some(_) => format!("{side}_{id}"),
        None => format!("s{id}"),
    }
}

/// A node to arrive at, with the frame at whose border the edge ends.
fn target(graph: &Graph, id: usize) -> String {
    match graph.nodes[id].frame {
        Some(_) => format!("in_{id} [lhead=cluster_{id}]"),
        None => format!("s{id}"),
    }
}

fn edges(graph: &Graph, text: &mut String) {
    for (i, edge) in graph.edges.iter().enumerate() {
        let from = anchor(graph, edge.from, "out");
        let mut attributes = Vec::new();
        if graph.nodes[edge.from].frame.is_some() && !matches!(edge.way, Way::Retry(_)) {
            attributes.push(format!("ltail=cluster_{}", edge.from));
        }
        let to = match edge.to {
            Some(_) if matches!(edge.way, Way::Retry(_)) => from.clone(),
            Some(to) => {
                if graph.nodes[to].frame.is_some() {
                    attributes.push(format!("lhead=cluster_{to}"));
                }
                anchor(graph, to, "in")
            }
            None => format!("end_{i}"),
        };
        let (label, style) = match edge.way {
            // Loops of one node would lie on each other.
            Way::Retry(0) => (graph.retries(edge.from).join("\n"), Some("dotted")),
            Way::Retry(_) => continue,
            Way::Catch(_) => (edge.label.clone(), Some("dashed")),
            Way::Next | Way::Rule(_) | Way::Default => (edge.label.clone(), None),
        };
        if !label.is_empty() {
            attributes.push(format!("label={}", quoted(&label)));
        }
        attributes.extend(style.map(|style| format!("style={style}")));
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
        let _ = writeln!(text, "    {from} -> {to}{attributes};");
    }
}

/// A text in double quotes, in which a backslash and a quote are escaped and a line break is one.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{}\"", text.replace(|c: char| c.is_control(), " "))
}
