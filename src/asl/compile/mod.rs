//! From a definition's tree to a [`Machine`]: everything is checked, everything wrong is reported at once, and what
//! comes out has every name resolved and every expression parsed.
//!
//! What is refused here is what the service refuses when a state machine is created; each finding carries the
//! service's own words where they are known. What the service accepts and nobody means is for the lints.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::asl::cursor::Cursor;
use crate::asl::machine::{Inner, Machine, MachineType, QueryLanguage, State, StateId};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Member, Node, Source, Span};
use crate::value::Str;

mod choice;
mod expression;
mod fields;
mod flow;
mod integrations;
mod map;
mod operand;
mod retry;
mod state;
mod task;

/// What a definition does not say itself.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompileOptions {
    /// The machine's name; else it follows from the source's name.
    pub name: Option<Str>,
    /// Standard or Express; without it what the file says counts, and Standard where it says nothing.
    pub machine_type: Option<MachineType>,
    /// Values for placeholders (`${wait}`), for parameters and variables of templates (`Stage`) and for what they refer
    /// to (`ChargeFunction.Arn`), by name. They win over what a template says.
    pub substitutions: BTreeMap<String, String>,
    /// Whether a `Resource` that is no ARN, such as `${ChargeFunction}`, stands for a Lambda function of that name
    /// instead of being refused. A template's placeholders can be run against mocks that way.
    pub stand_ins: bool,
}

impl CompileOptions {
    /// The same, for this type of machine.
    #[must_use]
    pub fn machine_type(mut self, machine_type: MachineType) -> Self {
        self.machine_type = Some(machine_type);
        self
    }

    /// The same, with a value for a name: a placeholder `${name}`, a parameter or variable of a template, a reference.
    #[must_use]
    pub fn substitute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.substitutions.insert(name.into(), value.into());
        self
    }

    /// The same, under this name.
    #[must_use]
    pub fn name(mut self, name: impl Into<Str>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same, taking placeholders for Lambda functions.
    #[must_use]
    pub fn stand_ins(mut self, stand_ins: bool) -> Self {
        self.stand_ins = stand_ins;
        self
    }
}

/// Compiles a definition.
///
/// # Errors
/// Everything the service would refuse, in the order of the text.
pub(crate) fn compile(source: &Arc<Source>, node: &Node, options: &CompileOptions) -> Result<Machine, Diagnostics> {
    let at = Cursor::root(source, node);
    let mut compiler = Compiler::new(options);
    let inner = compiler.machine(&at, source);
    let Compiler { mut found, .. } = compiler;
    if let Some(inner) = inner.filter(|_| !found.has_errors()) {
        return Ok(Machine { inner: Arc::new(inner) });
    }
    if !found.has_errors() {
        // Every way to fail reports why; this keeps a forgotten report from becoming an empty error.
        found.push(at.error("definition", "the definition cannot be compiled", ""));
    }
    found.sort();
    Err(found)
}

/// What is being compiled.
struct Compiler<'a> {
    options: &'a CompileOptions,
    /// The machine's language, which is also that of all nested states unless they say otherwise.
    language: QueryLanguage,
    found: Diagnostics,
    /// Every state, in the order of the text; empty until it is compiled.
    states: Vec<Option<State>>,
    /// The place of the state that a member describes, by the member's address.
    ids: HashMap<*const Member, StateId>,
    /// Where each name and label was used first.
    names: HashMap<Str, Span>,
    labels: HashMap<Str, Span>,
}

impl<'a> Compiler<'a> {
    fn new(options: &'a CompileOptions) -> Self {
        Compiler {
            options,
            language: QueryLanguage::JsonPath,
            found: Diagnostics::default(),
            states: Vec::new(),
            ids: HashMap::new(),
            names: HashMap::new(),
            labels: HashMap::new(),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        debug_assert_eq!(diagnostic.severity, Severity::Error);
        self.found.push(diagnostic);
    }

    fn machine(&mut self, at: &Cursor<'_>, source: &Arc<Source>) -> Option<Inner> {
        self.object(at, "a definition")?;
        self.language = self.query_language(at, None);
        if let Some(version) = at.get("Version") {
            self.word(&version, &["1.0"]);
        }
        let comment = at.get("Comment").and_then(|c| c.node().as_str().cloned());
        let timeout_seconds = at.get("TimeoutSeconds").and_then(|t| self.whole(&t, 0, operand::LONGEST_SECONDS));
        let is_express = self.options.machine_type == Some(MachineType::Express);
        let setting = flow::Setting { enclosing: Arc::new([]), is_express, is_root: true };
        let root = self.flow(at, flow::MACHINE_FIELDS, &setting)?;
        let states: Option<Vec<State>> = std::mem::take(&mut self.states).into_iter().collect();
        Some(Inner {
            name: self.options.name.clone().unwrap_or_else(|| machine_name(source.name())),
            machine_type: self.options.machine_type.unwrap_or_default(),
            query_language: self.language,
            comment,
            timeout_seconds,
            root,
            states: states?.into(),
            source: Some(source.clone()),
            node: Arc::new(at.node().clone()),
        })
    }

    /// The query language an object declares, or the one it inherits. Anything but exactly `JSONPath` counts as
    /// JSONata, as the service has it, so that a misspelt value is not followed by findings about every other field.
    fn query_language(&mut self, at: &Cursor<'_>, inherited: Option<QueryLanguage>) -> QueryLanguage {
        let Some(declared) = at.get("QueryLanguage") else { return inherited.unwrap_or_default() };
        match self.string(&declared).as_deref() {
            Some("JSONPath") => QueryLanguage::JsonPath,
            Some("JSONata") | None => QueryLanguage::Jsonata,
            Some(other) => {
                let message = format!("`{other}` is not a query language");
                let found = declared.error("wrong-value", message, "JSONPath or JSONata");
                self.report(found.aws(declared.schema("Value should be one of the following: [JSONPath, JSONata]")));
                QueryLanguage::Jsonata
            }
        }
    }
}

/// The name of a machine from the name of its file, without folders and endings.
fn machine_name(file: &str) -> Str {
    let base = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = base.split('.').next().unwrap_or_default();
    if stem.is_empty() { "StateMachine".into() } else { stem.into() }
}

#[cfg(test)]
mod tests;
