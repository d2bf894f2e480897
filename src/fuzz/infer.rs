//! What a definition reads of its input: the shape of inputs that nobody described.
//!
//! The states are followed from the first one for as long as it is known which part of the input they see. A state whose
//! result takes the input's place ends that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::need::{Hint, Kind, Need, Step, hints_around, steps_of};
use super::shape::Shape;
use crate::asl::Machine;
use crate::asl::machine::{Flow, InOutPath, Items, QueryLanguage, ResultPath, State, StateId, StateKind, Transition};
use crate::asl::ways::Way;
use crate::expr::jsonata_template::delimited;
use crate::expr::query_path::{QueryPath, Root};
use crate::expr::template::PathOrIntrinsic;
use crate::source::{Node, NodeKind};
use crate::value::{Str, Value};

/// Where in the execution's input a state's data comes from; nothing where that is not known.
type Data = Option<Vec<Step>>;

/// Inputs that the machine can do something with.
pub(super) fn input_of(machine: &Machine) -> Shape {
    let inner = &machine.inner;
    let mut walk = Walk {
        written: inner.written().into_iter().map(|member| &member.value).collect(),
        need: Need::default(),
        variables: BTreeMap::new(),
        put: Vec::new(),
        queue: VecDeque::from([(inner.root.start, Some(Vec::new()))]),
        seen: BTreeSet::new(),
    };
    while let Some((id, data)) = walk.queue.pop_front() {
        if walk.seen.insert(id) {
            walk.state(id, inner.state(id), data);
        }
    }
    match walk.need.shape() {
        shape @ (Shape::Object(_) | Shape::List { .. }) => shape,
        _ => Shape::Object(Vec::new()),
    }
}

struct Walk<'a> {
    /// The states as they are written, in the order of the table of states.
    written: Vec<&'a Node>,
    need: Need,
    /// Variables that hold parts of the input.
    variables: BTreeMap<Str, Vec<Step>>,
    /// What states put into their input.
    put: Vec<Vec<Step>>,
    queue: VecDeque<(StateId, Data)>,
    seen: BTreeSet<StateId>,
}

/// Fields whose values are of a certain kind, as they are called with and without `Path`.
const FIELDS: [(&str, Kind); 11] = [
    ("Seconds", Kind::Count),
    ("SecondsPath", Kind::Count),
    ("Timestamp", Kind::Time),
    ("TimestampPath", Kind::Time),
    ("TimeoutSeconds", Kind::Positive),
    ("TimeoutSecondsPath", Kind::Positive),
    ("HeartbeatSeconds", Kind::Positive),
    ("HeartbeatSecondsPath", Kind::Positive),
    ("MaxConcurrency", Kind::Count),
    ("Items", Kind::List),
    ("ItemsPath", Kind::List),
];

/// Fields that do not see the state's input, or are read in ways of their own.
const ELSEWHERE: [&str; 11] = [
    "States",
    "Branches",
    "ItemProcessor",
    "Iterator",
    "ResultSelector",
    "ResultPath",
    "InputPath",
    "OutputPath",
    "Catch",
    "Choices",
    "ResultWriter",
];

impl Walk<'_> {
    fn state(&mut self, id: StateId, state: &State, data: Data) {
        let Some(node) = self.written.get(id.0 as usize).copied() else { return };
        match state.query_language {
            QueryLanguage::JsonPath => self.with_paths(state, node, data),
            QueryLanguage::Jsonata => self.with_expressions(state, node, data),
        }
    }

    fn enter(&mut self, flow: Flow, data: Data) {
        self.queue.push_back((flow.start, data));
    }

    /// Notes that something is read.
    fn read(&mut self, path: Vec<Step>, hints: &[Hint]) {
        if !self.put.iter().any(|put| path.starts_with(put)) {
            self.need.note(&path, hints);
        }
    }

    /// Where in the execution's input a path leads.
    fn located(&self, path: &QueryPath, data: &Data) -> Data {
        let text = path.as_str();
        let (start, below) = match path.root() {
            Root::Input => (data.clone()?, text.get(1..)?),
            Root::Variable(name) => (self.variables.get(name)?.clone(), text.get(1 + name.len()..)?),
            Root::Context => (Vec::new(), text.strip_prefix("$$.Execution.Input")?),
        };
        Some(start.into_iter().chain(steps_of(below).0).collect())
    }

    // JSONPath

    fn with_paths(&mut self, state: &State, node: &Node, data: Data) {
        let seen = match &state.input_path {
            InOutPath::Whole => data.clone(),
            InOutPath::Nothing => None,
            InOutPath::Path(path) => {
                let at = self.located(path, &data);
                self.read_at(at.clone(), &[]);
                at
            }
        };
        let item = self.items(state, node, &seen);
        for member in node.members().iter().filter(|m| !ELSEWHERE.contains(&&*m.key)) {
            match &*member.key {
                // Their paths lead into the result.
                "Assign" if matches!(state.kind, StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)) => {}
                "Assign" => self.assigned(&member.value, &seen),
                key => {
                    let hint = FIELDS.iter().find(|(name, _)| *name == key).map(|(_, hint)| *hint);
                    let is_path = key.ends_with("Path") || key.ends_with(".$");
                    match member.value.as_str().filter(|_| is_path) {
                        Some(text) => self.path_or_intrinsic(text, hint, &seen),
                        None => self.template(&member.value, &seen, &item),
                    }
                }
            }
        }
        for rule in node.get("Choices").map(Node::items).unwrap_or_default() {
            self.rule(rule, &seen);
        }
        let makes = node.get("Result").is_some() || node.get("Parameters").is_some();
        let (whole, result_path) = match &state.kind {
            StateKind::Pass(pass) => (if makes { None } else { seen.clone() }, &pass.result_path),
            StateKind::Task(task) => (None, &task.result_path),
            StateKind::Parallel(parallel) => (None, &parallel.result_path),
            StateKind::Map(map) => (None, &map.result_path),
            StateKind::Choice(_) | StateKind::Wait(_) | StateKind::Succeed | StateKind::Fail(_) => {
                (seen.clone(), &ResultPath::Replace)
            }
        };
        match &state.kind {
            StateKind::Parallel(parallel) => {
                for branch in &parallel.branches {
                    self.enter(*branch, if makes { None } else { seen.clone() });
                }
            }
            StateKind::Map(map) => self.enter(map.processor, item.filter(|_| map.item_selector.is_none())),
            _ => {}
        }
        let mut left = self.combined(result_path, whole, &data);
        if let InOutPath::Path(path) = &state.output_path {
            left = self.located(path, &left);
        } else if matches!(state.output_path, InOutPath::Nothing) {
            left = None;
        }
        for (i, catcher) in state.catch.iter().enumerate() {
            let caught = self.combined(&catcher.result_path, None, &data);
            let to = state.ways().find(|(way, _)| *way == Way::Catch(i));
            self.queue.extend(to.map(|(_, to)| (to, caught)));
        }
        self.go_on(state, &left);
    }

    /// What a result path makes of the input and a result.
    fn combined(&mut self, path: &ResultPath, result: Data, data: &Data) -> Data {
        match path {
            ResultPath::Replace => result,
            ResultPath::Discard => data.clone(),
            ResultPath::Put(path) => {
                if let Some(at) = data {
                    let below = steps_of(path.as_str().trim_start_matches('$')).0;
                    self.put.push(at.iter().cloned().chain(below).collect());
                }
                data.clone()
            }
        }
    }

    fn go_on(&mut self, state: &State, data: &Data) {
        let next = match state.transition {
            Transition::Next(to) if !matches!(state.kind, StateKind::Choice(_)) => Some(to),
            _ => None,
        };
        let ways = state.ways().filter(|(way, _)| matches!(way, Way::Rule(_) | Way::Default)).map(|(_, to)| to);
        let all: Vec<StateId> = ways.chain(next).collect();
        self.queue.extend(all.into_iter().map(|to| (to, data.clone())));
    }

    fn read_at(&mut self, at: Data, hints: &[Hint]) {
        if let Some(path) = at {
            self.read(path, hints);
        }
    }

    /// Where the items of a Map come from.
    fn items(&mut self, state: &State, node: &Node, seen: &Data) -> Data {
        let StateKind::Map(map) = &state.kind else { return None };
        if node.get("ItemReader").is_some() {
            return None;
        }
        let at = match &map.items {
            Items::Input => seen.clone(),
            Items::Path(path) => self.located(path, seen),
            Items::Jsonata(_) => {
                let source = delimited(node.get("Items")?.as_str()?)?;
                self.plain(source, seen)
            }
        }?;
        self.read(at.clone(), &[Hint::Is(Kind::List)]);
        Some(at.into_iter().chain([Step::Element]).collect())
    }

    fn path_or_intrinsic(&mut self, text: &str, hint: Option<Kind>, seen: &Data) {
        match PathOrIntrinsic::parse(text) {
            Ok(PathOrIntrinsic::Path(path)) => {
                let at = self.located(&path, seen);
                self.read_at(at, hint.map(Hint::Is).as_slice());
            }
            Ok(PathOrIntrinsic::Intrinsic(intrinsic)) => {
                let mut paths = Vec::new();
                intrinsic.for_each_path(&mut |path| paths.push(path.clone()));
                for path in paths {
                    let hint = text.find(path.as_str()).and_then(|at| Kind::of_argument(text.get(..at)?));
                    let at = self.located(&path, seen);
                    self.read_at(at, hint.map(Hint::Is).as_slice());
                }
            }
            Err(_) => {}
        }
    }

    /// Reads the paths of a payload template; `item` is what `$$.Map.Item.Value` stands for in it.
    fn template(&mut self, node: &Node, seen: &Data, item: &Data) {
        match &node.kind {
            NodeKind::Object(members) => {
                for member in members {
                    match member.value.as_str().filter(|_| member.key.ends_with(".$")) {
                        Some(text) => match text.strip_prefix("$$.Map.Item.Value") {
                            Some(below) => self.of_item(below, item),
                            None => self.path_or_intrinsic(text, None, seen),
                        },
                        None => self.template(&member.value, seen, item),
                    }
                }
            }
            NodeKind::Array(items) => items.iter().for_each(|node| self.template(node, seen, item)),
            _ => {}
        }
    }

    fn of_item(&mut self, below: &str, item: &Data) {
        if let Some(item) = item {
            self.read(item.iter().cloned().chain(steps_of(below).0).collect(), &[]);
        }
    }

    /// Variables that a JSONPath state assigns.
    fn assigned(&mut self, node: &Node, seen: &Data) {
        for member in node.members() {
            let Some(name) = member.key.strip_suffix(".$") else { continue };
            let Some(text) = member.value.as_str() else { continue };
            self.path_or_intrinsic(text, None, seen);
            let at = QueryPath::parse(text).ok().and_then(|path| self.located(&path, seen));
            self.assign(name, at);
        }
    }

    fn assign(&mut self, name: &str, at: Data) {
        match at {
            Some(at) => self.variables.insert(name.into(), at),
            None => self.variables.remove(name),
        };
    }

    /// Reads what a rule of a Choice compares with what.
    fn rule(&mut self, rule: &Node, seen: &Data) {
        for member in rule.members() {
            match &*member.key {
                "And" | "Or" => member.value.items().iter().for_each(|inner| self.rule(inner, seen)),
                "Not" => self.rule(&member.value, seen),
                _ => {}
            }
        }
        let Some(variable) = rule.get("Variable").and_then(Node::as_str) else { return };
        let Ok(variable) = QueryPath::parse(variable) else { return };
        for member in rule.members().iter().filter(|m| !matches!(&*m.key, "Variable" | "Next" | "Comment" | "Assign")) {
            let hints = Hint::of_comparison(&member.key, &member.value.to_value());
            let at = self.located(&variable, seen);
            self.read_at(at, &hints);
            if member.key.ends_with("Path")
                && let Some(Ok(other)) = member.value.as_str().map(|text| QueryPath::parse(text))
            {
                let at = self.located(&other, seen);
                self.read_at(at, &hints);
            }
        }
    }

    // JSONata

    fn with_expressions(&mut self, state: &State, node: &Node, data: Data) {
        let item = self.items(state, node, &data);
        for member in node.members().iter().filter(|m| !ELSEWHERE.contains(&&*m.key)) {
            let hint = FIELDS.iter().find(|(name, _)| *name == &*member.key).map(|(_, hint)| *hint);
            self.expressions(&member.value, hint, &data, &item);
        }
        let mut left = match &state.kind {
            StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_) => None,
            _ => data.clone(),
        };
        if let Some(output) = node.get("Output") {
            left = output.as_str().and_then(|text| delimited(text)).and_then(|source| self.plain(source, &data));
        }
        for member in node.get("Assign").map(Node::members).unwrap_or_default() {
            let at = member.value.as_str().and_then(|text| delimited(text)).and_then(|s| self.plain(s, &data));
            self.assign(&member.key, at);
        }
        let passes = node.get("Arguments").is_none();
        match &state.kind {
            StateKind::Parallel(parallel) => {
                for branch in &parallel.branches {
                    self.enter(*branch, data.clone().filter(|_| passes));
                }
            }
            StateKind::Map(map) => self.enter(map.processor, item.clone().filter(|_| map.item_selector.is_none())),
            _ => {}
        }
        for rule in node.get("Choices").map(Node::items).unwrap_or_default() {
            for member in rule.members() {
                let hint = (&*member.key == "Condition").then_some(Kind::Bool);
                self.expressions(&member.value, hint, &data, &item);
            }
        }
        for (way, to) in state.ways().collect::<Vec<_>>() {
            if let Way::Catch(_) = way {
                self.queue.push_back((to, None));
            }
        }
        self.go_on(state, &left);
    }

    fn expressions(&mut self, node: &Node, hint: Option<Kind>, data: &Data, item: &Data) {
        match &node.kind {
            NodeKind::String(text) => {
                if let Some(source) = delimited(text) {
                    self.expression(source, hint, data, item);
                }
            }
            NodeKind::Array(items) => items.iter().for_each(|node| self.expressions(node, hint, data, item)),
            NodeKind::Object(members) => members.iter().for_each(|m| self.expressions(&m.value, hint, data, item)),
            _ => {}
        }
    }

    /// Reads the paths of an expression, with what stands around them.
    fn expression(&mut self, source: &str, hint: Option<Kind>, data: &Data, item: &Data) {
        for (at, _) in source.match_indices('$') {
            let Some((start, below)) = self.root(source.get(at..).unwrap_or_default(), data, item) else { continue };
            let (steps, length) = steps_of(below);
            let end = source.len() - below.len() + length;
            let (before, after) = (source.get(..at).unwrap_or_default(), source.get(end..).unwrap_or_default());
            if steps.is_empty() && start.is_empty() {
                continue;
            }
            let mut hints = hints_around(before, after);
            hints.extend(hint.filter(|_| before.trim().is_empty() && after.trim().is_empty()).map(Hint::Is));
            let path = start.into_iter().chain(steps).collect();
            self.read(path, &hints);
        }
    }

    /// What a path in an expression begins with, and the rest of the text.
    fn root<'t>(&self, text: &'t str, data: &Data, item: &Data) -> Option<(Vec<Step>, &'t str)> {
        let starts = [
            ("$states.input", data),
            ("$states.context.Execution.Input", &Some(Vec::new())),
            ("$states.context.Map.Item.Value", item),
        ];
        for (name, start) in starts {
            if let Some(rest) = text.strip_prefix(name).filter(|rest| !rest.starts_with(is_letter)) {
                return Some((start.clone()?, rest));
            }
        }
        let rest = text.strip_prefix('$')?;
        let name = rest.get(..rest.find(|c| !is_letter(c)).unwrap_or(rest.len()))?;
        Some((self.variables.get(name)?.clone(), rest.get(name.len()..)?))
    }

    /// Where an expression leads that is nothing but a path.
    fn plain(&self, source: &str, data: &Data) -> Data {
        let (start, below) = self.root(source.trim(), data, &None)?;
        let (steps, length) = steps_of(below);
        (length == below.len()).then(|| start.into_iter().chain(steps).collect())
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A constant that something is compared with.
pub(super) fn constant(text: &str) -> Option<Value> {
    let text = text.trim();
    for quote in ['\'', '"'] {
        if let Some(rest) = text.strip_prefix(quote) {
            return Some(Value::from(rest.split(quote).next()?));
        }
    }
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    match text.get(..digits)? {
        "" if text.starts_with("true") => Some(Value::from(true)),
        "" if text.starts_with("false") => Some(Value::from(false)),
        number => number.parse::<f64>().ok().map(Value::from_f64),
    }
}
