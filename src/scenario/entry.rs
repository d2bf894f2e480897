//! An entry of the list of scenarios: one execution with its surroundings, and what has to come of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::expect::{self, Expect};
use super::extends::extended;
use super::file::stem_of;
use super::format::{SCENARIO, names};
use super::header::{Header, common};
#[cfg(feature = "fuzz")]
use super::property::{self};
use super::rows::{self, Row};
use super::timeline::{self, Event, Worker};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::harness::Harness;
use crate::mock::Unused;
use crate::snapshot::{Form, Stored, slug};
use crate::source::words::Reader;
use crate::source::{Member, Node, NodeKind, Span};
use crate::value::Value;

/// One scenario: an execution with its surroundings, and what has to come of it.
pub struct Scenario {
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    pub(super) ignore: Option<String>,
    pub(super) span: Span,
    pub(super) harness: Harness,
    pub(super) input: Value,
    pub(super) seed: u64,
    pub(super) strict: bool,
    /// The scenario's own mocks and faults.
    pub(super) own: Vec<Given>,
    /// `Some` where the scenario plays the outside world, if only by doing nothing.
    pub(super) timeline: Option<Vec<Event>>,
    pub(super) workers: Vec<Worker>,
    pub(super) expect: Expect,
    pub(super) snapshot: Option<Stored>,
}

/// A mock or a fault of a file or a scenario.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) key: String,
    pub(super) span: Span,
    pub(super) is_fault: bool,
}

impl Given {
    /// Whether this is what was not used, or what a reply belongs to that was not.
    pub(super) fn is(&self, unused: &Unused) -> bool {
        self.is_fault == matches!(unused, Unused::Fault { .. }) && self.key == unused.key()
    }
}

impl Scenario {
    /// Its name, with the values of its row filled in.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Its tags.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
    /// Why it does not run unless it is asked for.
    pub fn ignored(&self) -> Option<&str> {
        self.ignore.as_deref()
    }
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scenario").field("name", &self.name).field("tags", &self.tags).finish_non_exhaustive()
    }
}

impl Header {
    /// Every scenario of the file, and its properties.
    #[cfg_attr(not(feature = "fuzz"), expect(unused_mut, reason = "only properties change the header"))]
    pub(super) fn scenarios(mut self, reader: &mut Reader<'_>, root: &Node) -> (Header, Vec<Scenario>) {
        let mut places: BTreeMap<String, Span> = BTreeMap::new();
        let scenarios = match root.member("properties") {
            Some(list) if root.member("scenarios").is_none() && !list.value.items().is_empty() => Vec::new(),
            _ => self.own_scenarios(reader, root, &mut places),
        };
        #[cfg(feature = "fuzz")]
        {
            self.properties = property::read_all(&self, reader, root, &mut places);
        }
        (self, scenarios)
    }

    fn own_scenarios(
        &self,
        reader: &mut Reader<'_>,
        root: &Node,
        places: &mut BTreeMap<String, Span>,
    ) -> Vec<Scenario> {
        let Some(list) = root.member("scenarios") else {
            let finding = Diagnostic::error("missing-field", "the file has no scenarios");
            let place = Span::new(root.span.start as usize, root.span.start as usize + 1);
            reader.push(finding.at(reader.source, place, "no `scenarios`").help("add `scenarios:` with a list"));
            return Vec::new();
        };
        let written = reader.items(list);
        let mut scenarios: Vec<Scenario> = Vec::new();
        for node in written {
            if !matches!(node.kind, NodeKind::Object(_)) {
                let finding = reader.error("wrong-type", "a scenario is an object", node, "something else");
                reader.push(finding.help("write `- name: …` and what it expects below"));
                continue;
            }
            for member in node.members() {
                reader.knows(member, &names(SCENARIO), "a scenario");
            }
            let Some(whole) = extended(reader, written, node) else { continue };
            rows::check(reader, &whole);
            let rows = rows::rows(reader, &whole);
            let mut repeats = false;
            for row in &rows {
                let Some(scenario) = self.scenario(reader, &whole, node, row) else { continue };
                let place = node.get("name").map_or(node.span, |n| n.span);
                if let Some(first) = places.get(&scenario.name) {
                    // Rows of one scenario are one mistake, however many share a name.
                    if *first == place && std::mem::replace(&mut repeats, true) {
                        continue;
                    }
                    let message = format!("two scenarios are named `{}`", scenario.name);
                    let finding = Diagnostic::error("duplicate-scenario", message);
                    reader.push(if *first == place {
                        let help = whole.get("name").map(|name| Row::distinction(&rows, name)).unwrap_or_default();
                        finding.at(reader.source, place, "several rows come to this").help(help)
                    } else {
                        let help = "give it a name of its own; failures and snapshots are found by it";
                        finding.at(reader.source, place, "here again").also(*first, "here first").help(help)
                    });
                    continue;
                }
                if let Some(stored) = &scenario.snapshot
                    && let Some(other) =
                        scenarios.iter().find(|s| s.snapshot.as_ref().is_some_and(|o| o.path == stored.path))
                {
                    let file = stored.path.file_name().unwrap_or_default().to_string_lossy();
                    let message = format!("`{}` and `{}` would share the snapshot `{file}`", other.name, scenario.name);
                    let finding =
                        Diagnostic::error("duplicate-scenario", message).at(reader.source, place, "same letters");
                    reader.push(finding.help("give them names that differ in their letters and digits"));
                }
                places.insert(scenario.name.clone(), place);
                scenarios.push(scenario);
            }
        }
        if written.is_empty() {
            let finding = reader.error("missing-field", "the file has no scenarios", &list.value, "empty");
            reader.push(finding.help("add one: `- { name: it works, expect: { status: SUCCEEDED } }`"));
        }
        scenarios
    }

    fn scenario(&self, reader: &mut Reader<'_>, whole: &Node, written: &Node, row: &Row) -> Option<Scenario> {
        let node = row.fill(whole);
        let found_before = reader.found.len();
        let Some(name) = node.member("name") else {
            let finding = Diagnostic::error("missing-field", "a scenario has no name");
            let at = Span::new(written.span.start as usize, written.span.start as usize + 1);
            reader.push(finding.at(reader.source, at, "no `name`").help("add `name:` with what it shows"));
            return None;
        };
        let place = written.get("name").map_or(written.span, |n| n.span);
        let name = reader.text(name)?;
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            let what =
                if name.trim().is_empty() { "is empty" } else { "holds line breaks or other control characters" };
            let finding = Diagnostic::error("wrong-value", format!("the name of a scenario {what}"));
            reader.push(
                finding.at(reader.source, place, "no name to call it by").help("write one line with what it shows"),
            );
        }
        let mut own = Vec::new();
        let harness = common(reader, &self.states, self.harness.clone(), &node, &mut own);
        let mut scenario = Scenario {
            name: name.to_string(),
            tags: Vec::new(),
            ignore: None,
            span: written.span,
            harness,
            input: Value::empty_object(),
            seed: self.seed,
            strict: self.strict,
            own,
            timeline: None,
            workers: Vec::new(),
            expect: Expect::default(),
            snapshot: None,
        };
        for member in node.members() {
            match &*member.key {
                "tags" => scenario.tags = reader.texts(member).into_iter().map(|(tag, _)| tag.to_string()).collect(),
                "ignore" => scenario.ignore = reader.text(member).map(|why| why.to_string()),
                "input" => scenario.input = member.value.to_value(),
                "seed" => scenario.seed = reader.count(member, 0).unwrap_or_default(),
                "strict" => scenario.strict = reader.truth(member).unwrap_or_default(),
                "timeline" => scenario.timeline = Some(timeline::events(reader, &self.states, member)),
                "workers" => scenario.workers = timeline::workers(reader, &self.machine, member),
                "expect" => scenario.expect = expect::read(reader, &self.states, member, false),
                "snapshot" => scenario.snapshot = form(reader, member).map(|form| self.stored(reader, form, &name)),
                _ => {}
            }
        }
        let checks = scenario.timeline.iter().flatten().any(Event::checks);
        // Where something could not be read, that may be what is expected.
        let is_read = reader.found.len() == found_before;
        if is_read && scenario.expect.is_empty() && scenario.snapshot.is_none() && !checks && !self.is_imported {
            let message = format!("`{name}` expects nothing, so it cannot fail");
            let finding =
                Diagnostic::error("nothing-expected", message).at(reader.source, place, "nothing is expected");
            reader.push(finding.help("add `expect: { status: SUCCEEDED }`, at least"));
        }
        scenario.harness = scenario.harness.seed(scenario.seed);
        Some(scenario)
    }
}

impl Header {
    /// Where the snapshot of a scenario is kept: `snapshots/FILE@SCENARIO.snap` beside the file.
    fn stored(&self, reader: &Reader<'_>, form: Form, scenario: &str) -> Stored {
        let path = Path::new(reader.source.name());
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = stem_of(&file).unwrap_or(&file);
        let path = self.folder.join("snapshots").join(format!("{stem}@{}.snap", slug(scenario)));
        Stored { path, form, source: file.into_owned(), expression: scenario.to_owned() }
    }
}

/// What a scenario's snapshot shows, where it has one.
fn form(reader: &mut Reader<'_>, member: &Member) -> Option<Form> {
    match (&member.value.kind, member.value.as_str().map(|text| &**text)) {
        (NodeKind::Bool(is_on), _) => return is_on.then_some(Form::Text),
        (_, Some("text")) => return Some(Form::Text),
        (_, Some("json")) => return Some(Form::Json),
        _ => {}
    }
    let found = member.value.as_str().map_or_else(|| member.value.to_value().to_string(), |text| text.to_string());
    let finding = reader.error("wrong-value", format!("`{found}` is no form of a snapshot"), &member.value, "no form");
    let near = member.value.as_str().and_then(|text| did_you_mean(text, ["text", "json", "true", "false"]));
    reader.push(finding.help(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write `true` for the compact history, or `json` for the events as AWS writes them".to_owned(),
    }));
    None
}
