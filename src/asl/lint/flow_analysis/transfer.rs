//! One state: from what is known at its entry to what is known behind it.

use std::collections::BTreeMap;

use super::super::subject::{Place, Subject};
use super::steps::{self, Step};
use super::{Facts, Layout, Problem, Shape, Variable, What, results};
use crate::asl::machine::{QueryLanguage, StateId, StateKind, Task, Transition};
use crate::source::{Node, NodeKind, Span};
use crate::value::Str;

/// The way from a state to a place in it.
#[derive(Clone, Copy)]
pub(super) enum Way<'w> {
    Here,
    Member(&'w Way<'w>, &'w str),
    Item(&'w Way<'w>, usize),
}

impl std::fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Way::Here => Ok(()),
            Way::Member(Way::Here, name) => f.write_str(name),
            Way::Member(parent, name) => write!(f, "{parent} › {name}"),
            Way::Item(parent, i) => write!(f, "{parent}[{i}]"),
        }
    }
}

/// What paths and expressions of a field read.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// JSONPath's `$`, or `$states.input`.
    pub(super) input: Shape,
    /// `$states.result`, where there is one.
    pub(super) result: Option<Shape>,
    /// `$states.errorOutput`, where there is one.
    pub(super) error_output: Option<Shape>,
}

impl Sight {
    pub(super) fn of(input: Shape) -> Sight {
        Sight { input, result: None, error_output: None }
    }
}

/// Everything that is known behind a state.
#[derive(Default)]
pub(super) struct Leaving {
    pub(super) edges: Vec<(StateId, Facts)>,
    /// The output, where the state ends its list.
    pub(super) end: Option<Shape>,
    /// What the lists in it begin with.
    pub(super) inside: Vec<(usize, Facts)>,
}

/// Follows one state.
pub(super) struct Transfer<'t, 'a> {
    pub(super) subject: &'t Subject<'a>,
    pub(super) layout: &'t Layout,
    pub(super) place: &'t Place<'a>,
    pub(super) facts: Facts,
    problems: Option<&'t mut Vec<Problem>>,
}

impl<'t, 'a> Transfer<'t, 'a> {
    pub(super) fn new(
        subject: &'t Subject<'a>,
        layout: &'t Layout,
        place: &'t Place<'a>,
        facts: &Facts,
        problems: Option<&'t mut Vec<Problem>>,
    ) -> Self {
        Transfer { subject, layout, place, facts: facts.clone(), problems }
    }

    /// Whether problems are written down.
    pub(super) fn is_last_pass(&self) -> bool {
        self.problems.is_some()
    }

    pub(super) fn problem(&mut self, way: &Way<'_>, span: Span, what: What) {
        let state = self.place.id;
        if let Some(problems) = &mut self.problems {
            problems.push(Problem { state, way: way.to_string(), span, what });
        }
    }

    pub(super) fn flow(&self) -> usize {
        self.layout.flow_of[self.place.id.0 as usize]
    }

    pub(super) fn field(&self, name: &str) -> Option<&'a Node> {
        self.place.node.get(name)
    }

    pub(super) fn is_jsonata(&self) -> bool {
        self.place.state.query_language == QueryLanguage::Jsonata
    }

    /// Follows the state; `ends` is what the lists of states are known to end with.
    pub(super) fn leave(mut self, ends: &[Option<Shape>]) -> Leaving {
        let mut leaving = Leaving::default();
        if self.is_jsonata() {
            self.leave_jsonata(ends, &mut leaving)
        } else {
            self.leave_jsonpath(ends, &mut leaving)
        }
        leaving
    }

    fn leave_jsonpath(&mut self, ends: &[Option<Shape>], leaving: &mut Leaving) {
        let raw = self.facts.data.clone();
        let input = self.in_out("InputPath", &raw);
        let sight = Sight::of(input.clone());
        match &self.place.state.kind {
            StateKind::Choice(choice) => return self.choose(&sight, choice, leaving),
            StateKind::Fail(_) => {
                self.path_field("ErrorPath", &input);
                self.path_field("CausePath", &input);
                return;
            }
            _ => {}
        }
        let result = match &self.place.state.kind {
            StateKind::Pass(pass) => {
                let parameters = self.template_field("Parameters", &input);
                match &pass.result {
                    Some(result) => Some(Shape::of(result, self.place.id)),
                    None => Some(parameters.unwrap_or(input)),
                }
            }
            StateKind::Task(task) => {
                for name in ["TimeoutSecondsPath", "HeartbeatSecondsPath"] {
                    self.path_field(name, &input);
                }
                self.template_field("Credentials", &input);
                self.template_field("Parameters", &input);
                Some(self.task_result(task))
            }
            StateKind::Wait(_) => {
                self.path_field("SecondsPath", &input);
                self.path_field("TimestampPath", &input);
                Some(input)
            }
            StateKind::Parallel(_) => {
                let handed = self.template_field("Parameters", &input).unwrap_or(input);
                self.branches(&handed, ends, leaving)
            }
            StateKind::Map(map) => {
                for name in ["MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"] {
                    self.path_field(name, &input);
                }
                let items = match self.field("ItemsPath") {
                    // With a reader, the path looks into what the reader read.
                    Some(_) if self.field("ItemReader").is_some() => Shape::Unknown,
                    Some(_) => self.path_field("ItemsPath", &input).unwrap_or(Shape::Unknown),
                    None => input.clone(),
                };
                self.map_fields(&sight);
                let selector = if self.field("ItemSelector").is_some() { "ItemSelector" } else { "Parameters" };
                let selected = self.template_field(selector, &input);
                self.iterations(&items, selected, map.distributed.is_some(), ends, leaving)
            }
            _ => Some(input),
        };
        self.caught(&raw, leaving);
        // A block whose lists never end has no result.
        let Some(result) = result else { return };
        let result = self.template_field("ResultSelector", &result).unwrap_or(result);
        let variables =
            self.assign(self.field("Assign"), &Way::Member(&Way::Here, "Assign"), &Sight::of(result.clone()));
        let has_result_path = !matches!(self.place.state.kind, StateKind::Wait(_) | StateKind::Succeed);
        let merged = match self.field("ResultPath").filter(|_| has_result_path) {
            Some(path) => self.put(path, &Way::Member(&Way::Here, "ResultPath"), &raw, result),
            None => result,
        };
        let data = self.in_out("OutputPath", &merged);
        self.go_on(Facts { data, variables }, leaving);
    }

    fn leave_jsonata(&mut self, ends: &[Option<Shape>], leaving: &mut Leaving) {
        let raw = self.facts.data.clone();
        let sight = Sight::of(raw.clone());
        let arguments = self.expression_field("Arguments", &sight);
        for name in [
            "TimeoutSeconds",
            "HeartbeatSeconds",
            "Credentials",
            "Seconds",
            "Timestamp",
            "Error",
            "Cause",
            "MaxConcurrency",
            "ToleratedFailureCount",
            "ToleratedFailurePercentage",
        ] {
            self.expression_field(name, &sight);
        }
        let result = match &self.place.state.kind {
            StateKind::Choice(choice) => return self.choose(&sight, choice, leaving),
            StateKind::Fail(_) => return,
            StateKind::Task(task) => Some(self.task_result(task)),
            StateKind::Parallel(_) => self.branches(&arguments.unwrap_or_else(|| raw.clone()), ends, leaving),
            StateKind::Map(map) => {
                let items = self.expression_field("Items", &sight).unwrap_or_else(|| raw.clone());
                let items = if self.field("ItemReader").is_some() { Shape::Unknown } else { items };
                self.map_fields(&sight);
                let selected = self.expression_field("ItemSelector", &sight);
                self.iterations(&items, selected, map.distributed.is_some(), ends, leaving)
            }
            _ => None,
        };
        self.caught(&raw, leaving);
        let is_block = matches!(self.place.state.kind, StateKind::Parallel(_) | StateKind::Map(_));
        if is_block && result.is_none() {
            // What follows is never reached, but what it says about expressions holds all the same.
            return;
        }
        let sight = Sight { result: result.clone(), ..sight };
        let data = self.expression_field("Output", &sight);
        let variables = self.assign(self.field("Assign"), &Way::Member(&Way::Here, "Assign"), &sight);
        self.go_on(Facts { data: data.or(result).unwrap_or(raw), variables }, leaving);
    }

    fn go_on(&self, facts: Facts, leaving: &mut Leaving) {
        match self.place.state.transition {
            Transition::Next(next) => leaving.edges.push((next, facts)),
            Transition::End => leaving.end = Some(facts.data),
        }
    }

    /// The edges of the catchers, none of which depends on what the state does.
    fn caught(&mut self, raw: &Shape, leaving: &mut Leaving) {
        let nodes = self.field("Catch").map(Node::items).unwrap_or_default();
        let list = Way::Member(&Way::Here, "Catch");
        for (i, (catcher, node)) in self.place.state.catch.iter().zip(nodes).enumerate() {
            let error = results::caught(self.place.id);
            let here = Way::Item(&list, i);
            let sight = if self.is_jsonata() {
                Sight { error_output: Some(error.clone()), ..Sight::of(raw.clone()) }
            } else {
                Sight::of(error.clone())
            };
            let variables = self.assign(node.get("Assign"), &Way::Member(&here, "Assign"), &sight);
            let data = match (self.is_jsonata(), node.get("Output"), node.get("ResultPath")) {
                (true, Some(output), _) => self.jsonata(output, &Way::Member(&here, "Output"), &sight),
                (false, _, Some(path)) => self.put(path, &Way::Member(&here, "ResultPath"), raw, error),
                _ => error,
            };
            leaving.edges.push((catcher.next, Facts { data, variables }));
        }
    }

    /// The shape of a task's result.
    fn task_result(&self, task: &Task) -> Shape {
        // Whoever gets the token may end the task with any result, before its job ends.
        let hands_out_token =
            ["Parameters", "Arguments"].iter().filter_map(|name| self.field(name)).any(mentions_token);
        if self.place.is_stand_in() || hands_out_token {
            return Shape::Unknown;
        }
        results::of(&task.resource, self.place.id)
    }

    /// The branches of a Parallel, and the array of what they end with.
    fn branches(&self, handed: &Shape, ends: &[Option<Shape>], leaving: &mut Leaving) -> Option<Shape> {
        let inside = &self.layout.inside[self.place.id.0 as usize];
        for flow in inside {
            leaving.inside.push((*flow, Facts { data: handed.clone(), variables: self.facts.variables.clone() }));
        }
        inside.iter().map(|flow| ends[*flow].clone()).collect::<Option<Vec<_>>>().map(Shape::array)
    }

    /// The iterations of a Map, and the array of what they end with.
    fn iterations(
        &mut self,
        items: &Shape,
        selected: Option<Shape>,
        is_distributed: bool,
        ends: &[Option<Shape>],
        leaving: &mut Leaving,
    ) -> Option<Shape> {
        let item = match (selected, items) {
            (Some(selected), _) => selected,
            (None, Shape::Array(array)) => array.each.clone(),
            (None, _) => Shape::Unknown,
        };
        let is_batched = self.field("ItemBatcher").is_some();
        let data = if is_batched { Shape::Unknown } else { item };
        // A child execution knows nothing of its parent's variables.
        let variables = if is_distributed { BTreeMap::new() } else { self.facts.variables.clone() };
        let flow = *self.layout.inside[self.place.id.0 as usize].first()?;
        leaving.inside.push((flow, Facts { data, variables }));
        // No item, no iteration: an inline Map may get by without its states. A writer's answer is not described.
        if is_distributed {
            return Some(Shape::Unknown);
        }
        let length = if let Shape::Array(array) = items { array.length } else { None };
        if let Some(length) = length {
            self.problem(&Way::Here, self.place.node.span, What::Items(length));
        }
        Some(Shape::array_of(ends[flow].clone().unwrap_or(Shape::Unknown), length))
    }

    /// What readers, batchers and writers are told; nothing of it is handed on.
    fn map_fields(&mut self, sight: &Sight) {
        for (field, part) in [
            ("ItemReader", "Parameters"),
            ("ItemReader", "Arguments"),
            ("ItemReader", "ReaderConfig"),
            ("ItemBatcher", "BatchInput"),
            ("ResultWriter", "Parameters"),
            ("ResultWriter", "Arguments"),
        ] {
            let Some(node) = self.field(field).and_then(|f| f.get(part)) else { continue };
            let (here, below) = (Way::Member(&Way::Here, field), part);
            let way = Way::Member(&here, below);
            match self.is_jsonata() {
                true => drop(self.jsonata(node, &way, sight)),
                false => drop(self.template(node, &way, &sight.input)),
            }
        }
    }

    /// The variables after an `Assign`, which reads those before it.
    pub(super) fn assign(&mut self, node: Option<&Node>, way: &Way<'_>, sight: &Sight) -> BTreeMap<Str, Variable> {
        let mut variables = self.facts.variables.clone();
        let Some(node) = node else { return variables };
        let flow = self.flow();
        for member in node.members() {
            let here = Way::Member(way, &member.key);
            let (name, shape) = if self.is_jsonata() {
                (member.key.clone(), self.jsonata(&member.value, &here, sight))
            } else {
                let name = member.key.strip_suffix(".$").map_or_else(|| member.key.clone(), Str::from);
                (name, self.template_member(member, way, &sight.input))
            };
            if let Some(outer) = self.facts.variables.get(&name).map(|v| v.flow).filter(|outer| *outer < flow) {
                self.problem(&here, member.key_span, What::Shadows { name: name.clone(), flow: outer });
            }
            variables.insert(name, Variable { shape, is_certain: true, flow });
        }
        variables
    }

    fn in_out(&mut self, name: &str, data: &Shape) -> Shape {
        match self.field(name) {
            Some(node) if node.is_null() => Shape::object(self.place.id, []),
            Some(node) => self.path(node, &Way::Member(&Way::Here, name), data),
            None => data.clone(),
        }
    }

    fn path_field(&mut self, name: &str, input: &Shape) -> Option<Shape> {
        let node = self.field(name)?;
        Some(self.path(node, &Way::Member(&Way::Here, name), input))
    }

    fn template_field(&mut self, name: &str, input: &Shape) -> Option<Shape> {
        let node = self.field(name)?;
        Some(self.template(node, &Way::Member(&Way::Here, name), input))
    }

    fn expression_field(&mut self, name: &str, sight: &Sight) -> Option<Shape> {
        let node = self.field(name)?;
        Some(self.jsonata(node, &Way::Member(&Way::Here, name), sight))
    }

    /// The input with a result where `ResultPath` puts it.
    fn put(&mut self, node: &Node, way: &Way<'_>, input: &Shape, result: Shape) -> Shape {
        if node.is_null() {
            return input.clone();
        }
        let Some(text) = node.as_str() else { return Shape::Unknown };
        let Some(names) = text.strip_prefix('$').and_then(steps::steps) else { return Shape::Unknown };
        match input.put(&names, result) {
            Ok(data) => data,
            Err(missing) => {
                let what = What::NoPlace { path: text.to_string(), steps: names, missing };
                self.problem(way, node.span, what);
                Shape::Unknown
            }
        }
    }

    /// The edges of a Choice, each with what its rule and those before it teach.
    fn choose(&mut self, sight: &Sight, choice: &crate::asl::machine::Choice, leaving: &mut Leaving) {
        let nodes = self.field("Choices").map(Node::items).unwrap_or_default();
        let list = Way::Member(&Way::Here, "Choices");
        let mut known = Facts { data: sight.input.clone(), variables: self.facts.variables.clone() };
        for (i, (rule, node)) in choice.rules.iter().zip(nodes).enumerate() {
            let here = Way::Item(&list, i);
            let (then, otherwise) = self.condition(node, &here, known, sight);
            let sight = Sight { input: then.data.clone(), ..sight.clone() };
            self.facts.variables = then.variables;
            let variables = self.assign(node.get("Assign"), &Way::Member(&here, "Assign"), &sight);
            let data = self.choice_output(node.get("Output"), &Way::Member(&here, "Output"), &sight);
            leaving.edges.push((rule.next, Facts { data, variables }));
            known = otherwise;
        }
        let Some(default) = choice.default else { return };
        let sight = Sight { input: known.data, ..sight.clone() };
        self.facts.variables = known.variables;
        let variables = self.assign(self.field("Assign"), &Way::Member(&Way::Here, "Assign"), &sight);
        let data = self.choice_output(self.field("Output"), &Way::Member(&Way::Here, "Output"), &sight);
        leaving.edges.push((default, Facts { data, variables }));
    }

    fn choice_output(&mut self, output: Option<&Node>, way: &Way<'_>, sight: &Sight) -> Shape {
        match output.filter(|_| self.is_jsonata()) {
            Some(output) => self.jsonata(output, way, sight),
            None if self.is_jsonata() => sight.input.clone(),
            None => self.in_out("OutputPath", &sight.input),
        }
    }

    /// The names below a root, for a finding.
    pub(super) fn names(steps: &[Step]) -> Vec<Str> {
        let name = |step: &Step| match step {
            Step::Name(name) => Some(name.clone()),
            Step::Index(_) => None,
        };
        steps.iter().map_while(name).collect()
    }
}

/// Whether a text in a tree reads the task token.
fn mentions_token(node: &Node) -> bool {
    match &node.kind {
        NodeKind::String(text) => text.contains("Task.Token") || &**text == "$$" || &**text == "$$.Task",
        NodeKind::Array(items) => items.iter().any(mentions_token),
        NodeKind::Object(members) => members.iter().any(|m| mentions_token(&m.value)),
        _ => false,
    }
}
