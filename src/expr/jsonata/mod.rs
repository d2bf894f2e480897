//! JSONata as Step Functions speaks it.
//!
//! An [`Expression`] is parsed once and evaluated against `$states`, variables and the surroundings that an
//! [`Env`] stands for. Compared with JSONata itself there is no implicit input and no `$eval`; `$partition`,
//! `$range`, `$hash`, `$random` with a seed, `$uuid` and `$parse` are added; and `$now`, `$millis`, `$random` and
//! `$shuffle` follow the virtual clock and the seeded generator.
//!
//! Numbers are doubles as in JavaScript, so an integer beyond 2^53 loses digits, unless a path alone picks it out.

mod checked;
mod convert;
mod demand;
mod dialect;
mod error;
mod functions;
mod inspect;
mod limits;
mod position;
mod random;
mod wording;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use crate::expr::env::Env;
use crate::value::{Str, Value};
use demand::Walk;
pub use error::JsonataError;
pub use functions::function_names;
use inspect::{Findings, Simple};
pub use inspect::{Mentions, NewerOperator, StatesMembers};
use limits::Guards;

/// A parsed expression; clones share it.
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    source: Box<str>,
    ast: AstNode,
    findings: Findings,
    guards: Guards,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.source).finish()
    }
}

/// What `$states` holds, apart from `$states.context`, which the surroundings know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct States {
    /// `$states.input`
    pub input: Value,
    /// `$states.result`, where there is one.
    pub result: Option<Value>,
    /// `$states.errorOutput`, where there is one.
    pub error_output: Option<Value>,
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A JSON value.
    Value(Value),
    /// Nothing: a path that leads nowhere.
    Undefined,
    /// Something that is not JSON: a function.
    Unsupported,
}

impl Expression {
    /// Parses a source without `{%` and `%}`.
    ///
    /// ```
    /// use rehearsal::expr::jsonata::Expression;
    ///
    /// assert!(Expression::parse("$states.input.total > $limit").is_ok());
    /// let error = Expression::parse("(1 2)").unwrap_err();
    /// assert_eq!((error.code.as_str(), error.position), ("S0202", Some(3)));
    /// ```
    ///
    /// # Errors
    /// A source that is not JSONata.
    pub fn parse(source: &str) -> Result<Expression, JsonataError> {
        if dialect::has_foreign_signature(source) {
            return Err(JsonataError::new("S0401", "Type parameters can only be applied to functions and arrays"));
        }
        let mut ast = parser::parse(source).map_err(|error| {
            let mut error = JsonataError::from_parser(&error);
            error.position = position::of_syntax_error(source, &error.code);
            error.tell_regex_from_string(source)
        })?;
        let findings = inspect::inspect(&ast);
        if let Some((code, text)) = findings.passed_errors.first() {
            let position = position::of_only(source, text);
            return Err(JsonataError { position, ..JsonataError::worded(code) });
        }
        if let Some(pattern) = findings.foreign_regexes.first() {
            let message = format!(
                "The regular expression /{pattern}/ uses look-around or back-references, which cannot be run here"
            );
            let position = position::of_only(source, pattern);
            return Err(JsonataError { position, ..JsonataError::new("", message) });
        }
        let guards = dialect::adapt(&mut ast, &findings);
        Ok(Expression(Arc::new(Parsed { source: source.into(), ast, findings, guards })))
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// What it mentions.
    pub fn mentions(&self) -> &Mentions {
        &self.0.findings.mentions
    }

    /// Evaluates it as a state does: with `$states` and the variables in scope.
    ///
    /// # Errors
    /// Whatever JSONata raises, and going beyond the bounds on depth, length and time.
    pub fn evaluate(&self, states: &States, env: &mut dyn Env) -> Result<Outcome, JsonataError> {
        if let Some(outcome) = self.walk(states, env) {
            return Ok(outcome);
        }
        let findings = &self.0.findings;
        let mut context = Context::new();
        if let Some(value) = self.engine_states(states, env) {
            context.bind("states".to_owned(), value);
        }
        for (name, demand) in findings.mentions.variables.iter().zip(&findings.variables) {
            if let Some(value) = env.variable(name) {
                context.bind(name.to_string(), convert::to_engine_partly(&value, demand));
            }
        }
        self.run(context, &JValue::Undefined, env)
    }

    /// Evaluates it as JSONata itself does: with an implicit input, which Step Functions does not have, and
    /// arbitrary bindings. The surroundings give the time and randomness only.
    ///
    /// ```
    /// use rehearsal::expr::env::Nowhere;
    /// use rehearsal::expr::jsonata::{Expression, Outcome};
    /// use rehearsal::value::Value;
    ///
    /// let sum = Expression::parse("$sum(prices) * $factor")?;
    /// let data = Value::parse(r#"{"prices": [1, 2, 3]}"#)?;
    /// let outcome = sum.evaluate_with(Some(&data), &[("factor", Value::from(10))], &mut Nowhere)?;
    /// assert_eq!(outcome, Outcome::Value(Value::from(60)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn evaluate_with(
        &self,
        data: Option<&Value>,
        bindings: &[(&str, Value)],
        env: &mut dyn Env,
    ) -> Result<Outcome, JsonataError> {
        let mut context = Context::new();
        for (name, value) in bindings {
            context.bind((*name).to_owned(), convert::to_engine(value));
        }
        self.run(context, &data.map_or(JValue::Undefined, convert::to_engine), env)
    }

    /// The outcome of a literal or a mere path, without the engine.
    fn walk(&self, states: &States, env: &dyn Env) -> Option<Outcome> {
        let through = |root: Option<&Value>, names: &[Str]| match root.map(|root| demand::walk(root, names)) {
            Some(Walk::Found(value)) => Some(Outcome::Value(convert::settled(&value))),
            Some(Walk::Missing) | None => Some(Outcome::Undefined),
            Some(Walk::Mapped) => None,
        };
        match self.0.findings.simple.as_ref()? {
            Simple::Literal(value) => Some(Outcome::Value(value.clone())),
            Simple::Path(root, names) if **root == *"states" => {
                let (member, names) = names.split_first()?;
                match &**member {
                    "input" => through(Some(&states.input), names),
                    "result" => through(states.result.as_ref(), names),
                    "errorOutput" => through(states.error_output.as_ref(), names),
                    "context" => through(Some(&env.context()), names),
                    _ => Some(Outcome::Undefined),
                }
            }
            Simple::Path(variable, names) => through(env.variable(variable).as_ref(), names),
        }
    }

    /// `$states` with what is read of it; `None` when nothing is.
    fn engine_states(&self, states: &States, env: &dyn Env) -> Option<JValue> {
        let demand = &self.0.findings.states;
        if !demand.whole && demand.members.is_empty() {
            return None;
        }
        let mut members = IndexMap::with_capacity(if demand.whole { 4 } else { demand.members.len() });
        for (name, value) in [
            ("input", Some(&states.input)),
            ("result", states.result.as_ref()),
            ("errorOutput", states.error_output.as_ref()),
        ] {
            let needed = if demand.whole { Some(demand) } else { demand.of(name) };
            if let (Some(value), Some(needed)) = (value, needed) {
                members.insert(name.to_owned(), convert::to_engine_partly(value, needed));
            }
        }
        if let Some(needed) = if demand.whole { Some(demand) } else { demand.of("context") } {
            members.insert("context".to_owned(), convert::to_engine_partly(&env.context(), needed));
        }
        Some(JValue::object(members))
    }

    fn run(&self, mut context: Context, data: &JValue, env: &mut dyn Env) -> Result<Outcome, JsonataError> {
        let Parsed { ast, findings, guards, .. } = &*self.0;
        if findings.clock {
            context.bind(dialect::CLOCK.to_owned(), JValue::Number(env.now_millis() as f64));
        }
        let mut evaluator = Evaluator::with_options(context, limits::options());
        let registered = guards.register(&mut evaluator).and_then(|()| {
            if findings.host_functions == 0 {
                return Ok(());
            }
            let pool = random::Pool::draw(findings.draws, env);
            functions::register(&mut evaluator, findings.host_functions, &pool)
        });
        let result = registered.and_then(|()| evaluator.evaluate(ast, data));
        match result {
            Ok(value) => convert::from_engine(&value),
            Err(error) => Err(self.placed(JsonataError::from_evaluator(&error, findings.hints()), error.message())),
        }
    }

    /// An error with its position, if the engine's text names the function that is missing.
    fn placed(&self, mut error: JsonataError, text: &str) -> JsonataError {
        if let Some((_, name)) = text.split_once("non-function: $") {
            error.position = position::of_variable(&self.0.source, name);
        }
        error
    }
}

#[cfg(test)]
mod tests;
