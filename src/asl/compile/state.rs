//! One state, of any type.

use std::sync::Arc;

use super::Compiler;
use super::fields::{language_name, state_type, type_names};
use super::flow::{BRANCH_FIELDS, Scope, Setting};
use super::operand::LONGEST_SECONDS;
use crate::asl::StateType;
use crate::asl::cursor::Cursor;
use crate::asl::machine::{Fail, Flow, Operand, Parallel, Pass, QueryLanguage, State, StateKind, Transition, Wait};
use crate::diagnostic::did_you_mean;
use crate::time::Timestamp;
use crate::value::Str;

const WAIT_FIELDS: &[&str] = &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];

impl Compiler<'_> {
    pub(super) fn state(&mut self, at: &Cursor<'_>, scope: &mut Scope<'_>, setting: &Setting) -> Option<State> {
        self.object(at, &format!("the state `{}`", at.name()))?;
        let state_type = self.state_type(at)?;
        let language = self.state_language(at)?;
        self.state_fields(at, state_type, language);
        let jsonpath = |name: &str| (language == QueryLanguage::JsonPath).then(|| at.get(name)).flatten();
        let input_path = self.in_out_path(jsonpath("InputPath"));
        let output_path = self.in_out_path(jsonpath("OutputPath"));
        let output = self.output(at.get("Output"), language);
        let assign = self.assign(at.get("Assign"), language);
        let transition = self.transition(at, state_type, scope);
        let retry = self.retry(at);
        let catch = self.catch(at, language, scope);
        let kind = match state_type {
            StateType::Pass => Some(StateKind::Pass(Pass {
                result: jsonpath("Result").map(|r| r.node().to_value()),
                parameters: jsonpath("Parameters").and_then(|p| self.payload(&p, language)),
                result_path: self.result_path(jsonpath("ResultPath")),
            })),
            StateType::Task => self.task(at, language, setting).map(|task| StateKind::Task(Box::new(task))),
            StateType::Choice => self.choice(at, language, scope).map(StateKind::Choice),
            StateType::Wait => self.wait(at, language).map(StateKind::Wait),
            StateType::Succeed => Some(StateKind::Succeed),
            StateType::Fail => Some(StateKind::Fail(Fail {
                error: self.text(at, "Error", language),
                cause: self.text(at, "Cause", language),
            })),
            StateType::Parallel => self.parallel(at, language, setting).map(StateKind::Parallel),
            StateType::Map => self.map(at, language, setting).map(|map| StateKind::Map(Box::new(map))),
        };
        Some(State {
            name: at.name().into(),
            enclosing: setting.enclosing.clone(),
            query_language: language,
            span: Some(at.member_span()),
            input_path,
            output_path,
            output,
            assign,
            transition: transition?,
            retry,
            catch,
            kind: kind?,
        })
    }

    fn state_type(&mut self, at: &Cursor<'_>) -> Option<StateType> {
        let field = self.required(at, "Type")?;
        let name = self.string(&field)?;
        let found = state_type(&name);
        if found.is_none() {
            let error = field.error("wrong-value", format!("`{name}` is not a type of state"), "no such type");
            self.report(match did_you_mean(&name, type_names()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("the types are {}", type_names().collect::<Vec<_>>().join(", "))),
            });
        }
        found
    }

    fn state_language(&mut self, at: &Cursor<'_>) -> Option<QueryLanguage> {
        let language = self.query_language(at, Some(self.language));
        if language == QueryLanguage::JsonPath && self.language == QueryLanguage::Jsonata {
            let here = at.get("QueryLanguage")?;
            let message = "a state of a JSONata machine cannot go back to JSONPath";
            let found =
                here.error("query-language", message, format!("the machine says {}", language_name(self.language)));
            let aws = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            self.report(
                found
                    .help("remove it here, or set JSONPath for the machine and JSONata for single states")
                    .aws(at.schema(aws)),
            );
            // The state's other fields would all be reported for being JSONPath, which is said already.
            return None;
        }
        Some(language)
    }

    fn transition(&mut self, at: &Cursor<'_>, state_type: StateType, scope: &mut Scope<'_>) -> Option<Transition> {
        if matches!(state_type, StateType::Choice | StateType::Succeed | StateType::Fail) {
            return Some(Transition::End);
        }
        let ends = match at.get("End") {
            Some(end) => self.boolean(&end)?,
            None => false,
        };
        if ends {
            self.only_one(at, &["Next", "End"], true);
            return Some(Transition::End);
        }
        match at.get("Next") {
            Some(next) => self.target(&next, scope).map(Transition::Next),
            None => {
                let message = format!("`{}` leads nowhere", at.name());
                let found = at
                    .key_error("missing-field", message, "neither `Next` nor `End`")
                    .help("write `\"Next\": \"…\"` or `\"End\": true`")
                    .aws(at.schema("This object should have only one of the following fields: [Next, End]"));
                self.report(found);
                None
            }
        }
    }

    fn wait(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<Wait> {
        let field = self.only_one(at, WAIT_FIELDS, true)?;
        if WAIT_FIELDS.iter().filter(|name| at.has(name)).count() > 1 {
            return None;
        }
        if field.starts_with("Seconds") {
            return self.whole_operand(at, "Seconds", language, (0, LONGEST_SECONDS)).map(Wait::Seconds);
        }
        let timestamp: Option<Operand<Str>> = self.operand(at, "Timestamp", language, |c, field| {
            let text = c.string(field)?;
            if Timestamp::parse(&text).is_none() {
                let found = field
                    .error("timestamp", format!("`{text}` is not a timestamp"), "RFC 3339 is needed")
                    .help("write it like `2024-05-17T09:30:00Z`")
                    .aws(field.schema("String does not match RFC3339 timestamp"));
                c.report(found);
                return None;
            }
            Some(text)
        });
        timestamp.map(Wait::Timestamp)
    }

    fn parallel(&mut self, at: &Cursor<'_>, language: QueryLanguage, setting: &Setting) -> Option<Parallel> {
        let jsonpath = |name: &str| (language == QueryLanguage::JsonPath).then(|| at.get(name)).flatten();
        let parameters = self.arguments(at, language);
        let result_selector = jsonpath("ResultSelector").and_then(|s| self.payload(&s, language));
        let result_path = self.result_path(jsonpath("ResultPath"));
        let branches = self.required(at, "Branches")?;
        self.filled_array(&branches)?;
        let inside = setting.within(&at.name(), setting.is_express);
        let branches: Vec<Option<Flow>> =
            branches.items().map(|branch| self.flow(&branch, BRANCH_FIELDS, &inside)).collect();
        Some(Parallel {
            branches: branches.into_iter().collect::<Option<_>>()?,
            parameters,
            result_selector,
            result_path,
        })
    }

    /// `Parameters` or `Arguments`, whichever the language has.
    pub(super) fn arguments(
        &mut self,
        at: &Cursor<'_>,
        language: QueryLanguage,
    ) -> Option<crate::asl::machine::Payload> {
        let name = match language {
            QueryLanguage::JsonPath => "Parameters",
            QueryLanguage::Jsonata => "Arguments",
        };
        self.payload(&at.get(name)?, language)
    }
}

impl Setting {
    /// The setting of a flow inside the state of this name.
    pub(super) fn within(&self, state: &str, is_express: bool) -> Setting {
        let enclosing: Arc<[Str]> = self.enclosing.iter().cloned().chain([Str::from(state)]).collect();
        Setting { enclosing, is_express, is_root: false }
    }
}
