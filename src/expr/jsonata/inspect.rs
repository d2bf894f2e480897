//! What an expression mentions: which parts of its surroundings it reads, before anybody evaluates it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage, UnaryOp};

use super::convert;
use super::demand::Demand;
use super::functions::{BUILT_IN, HOST_FUNCTIONS};
use super::wording::Hints;
use crate::value::{Str, Value};

/// What an expression mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// The members of `$states` that are read.
    pub states_members: StatesMembers,
    /// Free variables, each once, in order of first mention: neither functions of the language nor `$states` nor
    /// bound inside the expression. A call of an unknown function counts, too.
    pub variables: Vec<Str>,
    /// Whether it reads the implicit input, which Step Functions does not have: `$`, `$$` or a bare field name
    /// outside any path, predicate or the like that would give it a meaning.
    pub implicit_input: bool,
    /// Whether part of that is a written `$` or `$$`, which the service refuses when a machine is created.
    pub context_reference: bool,
    /// Whether it assigns to `$states`.
    pub assigns_states: bool,
    /// Operators that JSONata 2.0.6 does not have, each once.
    pub newer_operators: Vec<NewerOperator>,
    /// Whether it mentions `$eval`, which Step Functions does not have.
    pub eval: bool,
}

/// Members of `$states`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatesMembers {
    /// `$states.input`
    pub input: bool,
    /// `$states.result`
    pub result: bool,
    /// `$states.context`
    pub context: bool,
    /// `$states.errorOutput`
    pub error_output: bool,
    /// `$states` as a whole.
    pub all: bool,
}

/// An operator that came after JSONata 2.0.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewerOperator {
    /// `??`
    Coalesce,
    /// `?:`
    Default,
}

impl NewerOperator {
    /// How it is written.
    pub fn text(self) -> &'static str {
        match self {
            NewerOperator::Coalesce => "??",
            NewerOperator::Default => "?:",
        }
    }
}

/// An expression that needs no engine, unless its path leads through an array.
#[derive(Debug)]
pub(super) enum Simple {
    /// A literal.
    Literal(Value),
    /// `$name.a.b`: the variable and the names behind it.
    Path(Str, Vec<Str>),
}

/// Everything found out about an expression.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) mentions: Mentions,
    /// What is read of `$states`.
    pub(super) states: Demand,
    /// What is read of each variable, in the order of `mentions.variables`.
    pub(super) variables: Vec<Demand>,
    /// Which of [`HOST_FUNCTIONS`] occur, as a bit mask.
    pub(super) host_functions: u8,
    /// How many random draws the mentions take.
    pub(super) draws: usize,
    /// Whether something occurs that asks for the time.
    pub(super) clock: bool,
    /// How often `&` occurs.
    pub(super) concatenations: usize,
    /// Names bound anywhere inside.
    pub(super) bound: HashSet<String>,
    /// Functions of the language, each once.
    pub(super) functions: Vec<String>,
    /// Operators by which sizes are compared, each once.
    pub(super) comparisons: Vec<&'static str>,
    /// Syntax errors that the engine lets pass: their codes and what they are about.
    pub(super) passed_errors: Vec<(&'static str, &'static str)>,
    /// Regular expressions that JavaScript's engine takes and ours does not.
    pub(super) foreign_regexes: Vec<String>,
    pub(super) simple: Option<Simple>,
}

impl Findings {
    /// What tells apart errors that the engine leaves vague.
    pub(super) fn hints(&self) -> Hints<'_> {
        let function = if let [only] = self.functions.as_slice() { Some(only.as_str()) } else { None };
        let comparison = if let [only] = self.comparisons.as_slice() { Some(*only) } else { None };
        Hints { function, comparison }
    }
}

/// Looks through an expression. Works on a list of its own, so that depth costs no stack.
pub(super) fn inspect(root: &AstNode) -> Findings {
    let mut inspector = Inspector { findings: Findings::default(), work: Vec::new(), later: Vec::new() };
    let place = Place { scope: Rc::new(Frame::default()), inside: false };
    inspector.work.push(Work::Visit(root, place));
    while let Some(work) = inspector.work.pop().or_else(|| inspector.later.pop()) {
        match work {
            Work::Visit(node, place) => inspector.visit(node, &place),
            Work::Bind(name, place) => {
                inspector.findings.bound.insert(name.to_owned());
                place.scope.names.borrow_mut().push(name);
            }
        }
    }
    let mut findings = inspector.findings;
    findings.simple = simple(root).filter(|simple| match simple {
        Simple::Literal(_) => true,
        Simple::Path(root, names) => match &**root {
            "states" => !names.is_empty(),
            name => findings.mentions.variables.iter().any(|known| **known == *name),
        },
    });
    findings
}

/// Names bound here, and where to look further.
#[derive(Default)]
struct Frame<'a> {
    names: RefCell<Vec<&'a str>>,
    outer: Option<Rc<Frame<'a>>>,
}

#[derive(Clone)]
struct Place<'a> {
    scope: Rc<Frame<'a>>,
    /// Whether something gives `$` a meaning here.
    inside: bool,
}

impl<'a> Place<'a> {
    fn within(&self) -> Self {
        Place { inside: true, ..self.clone() }
    }

    fn nested(&self, names: Vec<&'a str>) -> Self {
        let frame = Frame { names: RefCell::new(names), outer: Some(Rc::clone(&self.scope)) };
        Place { scope: Rc::new(frame), inside: self.inside }
    }

    fn binds(&self, name: &str) -> bool {
        let mut frame = Some(&self.scope);
        while let Some(here) = frame {
            if here.names.borrow().contains(&name) {
                return true;
            }
            frame = here.outer.as_ref();
        }
        false
    }
}

enum Work<'a> {
    Visit(&'a AstNode, Place<'a>),
    Bind(&'a str, Place<'a>),
}

struct Inspector<'a> {
    findings: Findings,
    /// What comes next, last first.
    work: Vec<Work<'a>>,
    /// Bodies of functions: they run when everything around them is bound.
    later: Vec<Work<'a>>,
}

impl<'a> Inspector<'a> {
    fn visit(&mut self, node: &'a AstNode, place: &Place<'a>) {
        let start = self.work.len();
        match node {
            AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Parent(_) => {}
            AstNode::Regex { pattern, .. } => {
                if pattern.is_empty() {
                    self.findings.passed_errors.push(("S0301", "//"));
                } else if is_foreign(pattern) {
                    self.findings.foreign_regexes.push(pattern.clone());
                }
            }
            AstNode::Name(_) | AstNode::Wildcard | AstNode::Descendant => {
                self.findings.mentions.implicit_input |= !place.inside;
            }
            AstNode::Variable(name) => self.variable(name, &[], place),
            AstNode::ParentVariable(_) => {
                self.findings.mentions.implicit_input = true;
                self.findings.mentions.context_reference = true;
            }
            AstNode::Path { steps } => self.path(steps, place),
            AstNode::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs, place),
            AstNode::Unary { operand, .. } => self.push(operand, place),
            AstNode::Function { name, args, is_builtin } => {
                if *is_builtin {
                    self.function(name, Some(args.len()), place);
                }
                self.push_all(args, place);
            }
            AstNode::Call { procedure, args } => {
                self.push(procedure, place);
                self.push_all(args, place);
            }
            AstNode::Lambda { params, body, .. } => {
                let params: Vec<&str> = params.iter().map(|p| p.trim_start_matches('$')).collect();
                self.findings.bound.extend(params.iter().map(|p| (*p).to_owned()));
                self.later.push(Work::Visit(body, place.nested(params)));
            }
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.push_all(items, place),
            AstNode::Block(items) => self.push_all(items, &place.nested(Vec::new())),
            AstNode::Object(pairs) => self.pairs(pairs, place),
            AstNode::ObjectTransform { input, pattern } => {
                self.push(input, place);
                self.pairs(pattern, &place.within());
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                self.push(condition, place);
                self.push(then_branch, place);
                if let Some(branch) = else_branch {
                    self.push(branch, place);
                }
            }
            AstNode::FunctionApplication(inner) => self.push(inner, place),
            AstNode::Sort { input, terms } => {
                self.push(input, place);
                let place = place.within();
                terms.iter().for_each(|(term, _)| self.push(term, &place));
            }
            AstNode::Transform { location, update, delete } => {
                let place = place.within();
                let parts = [Some(location), Some(update), delete.as_ref()];
                parts.into_iter().flatten().for_each(|part| self.later.push(Work::Visit(part, place.clone())));
            }
        }
        // What was pushed in order is popped in order.
        if let Some(pushed) = self.work.get_mut(start..) {
            pushed.reverse();
        }
    }

    fn push(&mut self, node: &'a AstNode, place: &Place<'a>) {
        self.work.push(Work::Visit(node, place.clone()));
    }

    fn push_all(&mut self, nodes: &'a [AstNode], place: &Place<'a>) {
        nodes.iter().for_each(|node| self.push(node, place));
    }

    fn pairs(&mut self, pairs: &'a [(AstNode, AstNode)], place: &Place<'a>) {
        for (key, value) in pairs {
            self.push(key, place);
            self.push(value, place);
        }
    }

    fn binary(&mut self, op: BinaryOp, lhs: &'a AstNode, rhs: &'a AstNode, place: &Place<'a>) {
        match (op, lhs) {
            (BinaryOp::ColonEqual, AstNode::Variable(name)) => {
                self.findings.mentions.assigns_states |= name == "states";
                self.push(rhs, place);
                self.work.push(Work::Bind(name, place.clone()));
                return;
            }
            (BinaryOp::ColonEqual, _) => self.findings.passed_errors.push(("S0212", ":=")),
            (BinaryOp::Coalesce, _) => self.newer(NewerOperator::Coalesce),
            (BinaryOp::Default, _) => self.newer(NewerOperator::Default),
            (BinaryOp::Concatenate, _) => self.findings.concatenations += 1,
            (BinaryOp::LessThan, _) => self.comparison("<"),
            (BinaryOp::LessThanOrEqual, _) => self.comparison("<="),
            (BinaryOp::GreaterThan, _) => self.comparison(">"),
            (BinaryOp::GreaterThanOrEqual, _) => self.comparison(">="),
            _ => {}
        }
        self.push(lhs, place);
        self.push(rhs, place);
    }

    fn newer(&mut self, operator: NewerOperator) {
        let known = &mut self.findings.mentions.newer_operators;
        if !known.contains(&operator) {
            known.push(operator);
        }
    }

    fn comparison(&mut self, operator: &'static str) {
        let known = &mut self.findings.comparisons;
        if !known.contains(&operator) {
            known.push(operator);
        }
    }

    fn path(&mut self, steps: &'a [PathStep], place: &Place<'a>) {
        let Some((first, rest)) = steps.split_first() else { return };
        match &first.node {
            AstNode::Variable(name) if is_unbound(first) && first.stages.is_empty() => {
                self.variable(name, &leading_names(rest), place);
            }
            node => self.push(node, place),
        }
        let within = place.within();
        for (i, step) in steps.iter().enumerate() {
            if i > 0 {
                self.push(&step.node, &within);
            }
            for name in step.focus.iter().chain(&step.index_var) {
                self.work.push(Work::Bind(name, place.clone()));
            }
            for stage in &step.stages {
                match stage {
                    Stage::Filter(filter) => self.push(filter, &within),
                    Stage::Index(name) => self.work.push(Work::Bind(name, place.clone())),
                    Stage::KeepArray => {}
                }
            }
        }
    }

    /// A variable and the names that follow it.
    fn variable(&mut self, name: &str, chain: &[&str], place: &Place<'a>) {
        if name.is_empty() {
            self.findings.mentions.implicit_input |= !place.inside;
            self.findings.mentions.context_reference |= !place.inside;
            return;
        }
        if place.binds(name) {
            return;
        }
        if name == "states" {
            self.findings.states.add(chain);
            let members = &mut self.findings.mentions.states_members;
            match chain.first() {
                None => members.all = true,
                Some(&"input") => members.input = true,
                Some(&"result") => members.result = true,
                Some(&"context") => members.context = true,
                Some(&"errorOutput") => members.error_output = true,
                Some(_) => {}
            }
            return;
        }
        if !self.language_function(name, None) {
            self.free(name, chain);
        }
    }

    /// A call of `$name`.
    fn function(&mut self, name: &str, args: Option<usize>, place: &Place<'a>) {
        if !place.binds(name) && !self.language_function(name, args) {
            self.free(name, &[]);
        }
    }

    fn free(&mut self, name: &str, chain: &[&str]) {
        let known = &mut self.findings.mentions.variables;
        let i = known.iter().position(|known| **known == *name).unwrap_or_else(|| {
            known.push(name.into());
            self.findings.variables.push(Demand::default());
            known.len() - 1
        });
        if let Some(demand) = self.findings.variables.get_mut(i) {
            demand.add(chain);
        }
    }

    /// Whether the language has a function of this name; notes what a mention of it needs.
    fn language_function(&mut self, name: &str, args: Option<usize>) -> bool {
        if let Some(i) = HOST_FUNCTIONS.iter().position(|function| function.name == name) {
            self.findings.host_functions |= 1 << i;
            let seeded = args.is_some_and(|args| args > 0);
            if let Some(function) = HOST_FUNCTIONS.get(i).filter(|f| !(f.seedable && seeded)) {
                self.findings.draws += function.draws;
            }
            return true;
        }
        self.findings.clock |= matches!(name, "now" | "millis" | "toMillis");
        self.findings.mentions.eval |= name == "eval";
        let known = BUILT_IN.binary_search(&name).is_ok();
        if known && !self.findings.functions.iter().any(|function| function == name) {
            self.findings.functions.push(name.to_owned());
        }
        known
    }
}

/// A step that binds nothing and that no later `%` refers back to.
fn is_unbound(step: &PathStep) -> bool {
    step.focus.is_none() && step.index_var.is_none() && step.ancestor_label.is_none() && !step.is_tuple
}

fn step_name(step: &PathStep) -> Option<&str> {
    match &step.node {
        AstNode::Name(name) | AstNode::String(name) => Some(name),
        _ => None,
    }
}

/// The names a path goes through before anything looks at a value as a whole.
fn leading_names(steps: &[PathStep]) -> Vec<&str> {
    let mut names = Vec::new();
    for step in steps {
        // A later `%` sees the value that this step starts from.
        let Some(name) = step_name(step).filter(|_| step.ancestor_label.is_none()) else { break };
        names.push(name);
        if !step.stages.is_empty() || !is_unbound(step) {
            break;
        }
    }
    names
}

fn simple(root: &AstNode) -> Option<Simple> {
    Some(match root {
        AstNode::Null => Simple::Literal(Value::Null),
        AstNode::Boolean(b) => Simple::Literal(Value::Bool(*b)),
        AstNode::Number(n) => Simple::Literal(convert::number(*n)),
        AstNode::String(s) => Simple::Literal(Value::from(s.as_str())),
        AstNode::Unary { op: UnaryOp::Negate, operand } => match **operand {
            AstNode::Number(n) => Simple::Literal(convert::number(-n)),
            _ => return None,
        },
        AstNode::Variable(name) => Simple::Path(name.as_str().into(), Vec::new()),
        AstNode::Path { steps } => {
            let (first, rest) = steps.split_first()?;
            let AstNode::Variable(name) = &first.node else { return None };
            if !steps.iter().all(|step| is_unbound(step) && step.stages.is_empty() && !step.inner_tuple) {
                return None;
            }
            let names = rest.iter().map(|step| match &step.node {
                AstNode::Name(name) => Some(Str::from(name.as_str())),
                _ => None,
            });
            Simple::Path(name.as_str().into(), names.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// Whether a pattern looks around or back, which an engine that never backtracks cannot do.
fn is_foreign(pattern: &str) -> bool {
    match regex::Regex::new(pattern) {
        Ok(_) => false,
        Err(e) => {
            let text = e.to_string();
            text.contains("look-around") || text.contains("backreference")
        }
    }
}
