//! The rules of a Choice state.

use super::Compiler;
use super::flow::Scope;
use crate::asl::cursor::Cursor;
use crate::asl::machine::{Choice, ChoiceRule, Condition, QueryLanguage};
use crate::expr::choice::Rule;
use crate::source::NodeKind;
use crate::value::Value;

const JSONATA_RULE_FIELDS: &[&str] = &["Condition", "Next", "Output", "Assign"];

/// What of a rule is not part of its comparison.
const OUTSIDE_COMPARISON: &[&str] = &["Next", "Assign", "Comment", "Output", "Condition"];

impl Compiler<'_> {
    pub(super) fn choice(&mut self, at: &Cursor<'_>, language: QueryLanguage, scope: &mut Scope<'_>) -> Option<Choice> {
        let default = at.get("Default").map(|default| self.target(&default, scope));
        let choices = self.required(at, "Choices")?;
        self.filled_array(&choices)?;
        let rules: Vec<Option<ChoiceRule>> =
            choices.items().map(|rule| self.choice_rule(&rule, language, scope)).collect();
        Some(Choice { rules: rules.into_iter().collect::<Option<_>>()?, default: default.flatten() })
    }

    fn choice_rule(&mut self, at: &Cursor<'_>, language: QueryLanguage, scope: &mut Scope<'_>) -> Option<ChoiceRule> {
        self.object(at, "a rule")?;
        let next = self.required(at, "Next").and_then(|next| self.target(&next, scope));
        let assign = self.assign(at.get("Assign"), language);
        let output = self.output(at.get("Output"), language);
        let condition = match language {
            QueryLanguage::Jsonata => self.condition(at),
            QueryLanguage::JsonPath => self.comparison(at),
        };
        Some(ChoiceRule { condition: condition?, next: next?, output, assign })
    }

    fn condition(&mut self, at: &Cursor<'_>) -> Option<Condition> {
        if let Some(variable) = at.get("Variable") {
            self.other_language(at, &variable, QueryLanguage::Jsonata);
            return None;
        }
        self.known_fields(at, "a rule", JSONATA_RULE_FIELDS);
        let condition = self.required(at, "Condition")?;
        match &condition.node().kind {
            NodeKind::Bool(b) => Some(Condition::Constant(*b)),
            _ => self.expression(&condition).map(Condition::Jsonata),
        }
    }

    fn comparison(&mut self, at: &Cursor<'_>) -> Option<Condition> {
        for name in ["Condition", "Output"] {
            if let Some(field) = at.get(name) {
                self.other_language(at, &field, QueryLanguage::JsonPath);
                return None;
            }
        }
        let comparison = at.node().members().iter().filter(|m| !OUTSIDE_COMPARISON.contains(&&*m.key));
        let comparison = Value::object(comparison.map(|m| (m.key.clone(), m.value.to_value())));
        match Rule::parse(&comparison) {
            Ok(rule) => Some(Condition::JsonPath(rule)),
            Err(errors) => {
                self.rule_errors(at, &errors);
                None
            }
        }
    }
}
