//! Values of fields: of the right type, within their range; constants, paths or expressions.

use super::Compiler;
use crate::asl::cursor::Cursor;
use crate::asl::machine::{Operand, QueryLanguage};
use crate::diagnostic::Diagnostic;
use crate::source::NodeKind;
use crate::value::Str;

/// The longest time the service knows, about three years.
pub(super) const LONGEST_SECONDS: u64 = 99_999_999;

impl Compiler<'_> {
    fn wrong_type(&mut self, at: &Cursor<'_>, wanted: &str, aws: Option<&str>) {
        let got = at.node().type_name();
        let name = at.name();
        let message = if name.is_empty() {
            format!("this must be {wanted}, not {}", with_article(got))
        } else {
            format!("`{name}` must be {wanted}, not {}", with_article(got))
        };
        let found = at.error("wrong-type", message, format!("{got} here"));
        self.report(match aws {
            Some(aws) => found.aws(at.schema(aws)),
            None => found,
        });
    }

    /// Insists on an object.
    pub(super) fn object(&mut self, at: &Cursor<'_>, what: &str) -> Option<()> {
        if matches!(at.node().kind, NodeKind::Object(_)) {
            return Some(());
        }
        let got = at.node().type_name();
        let message = format!("{what} must be an object, not {}", with_article(got));
        let found = at.error("wrong-type", message, format!("{got} here"));
        self.report(found.aws(at.schema("Expected value of type [OBJECT]")));
        None
    }

    /// Insists on an array.
    pub(super) fn array(&mut self, at: &Cursor<'_>) -> Option<()> {
        if matches!(at.node().kind, NodeKind::Array(_)) {
            return Some(());
        }
        self.wrong_type(at, "an array", Some("Expected value of type [ARRAY]"));
        None
    }

    /// Insists on an array with something in it.
    pub(super) fn filled_array(&mut self, at: &Cursor<'_>) -> Option<()> {
        self.array(at)?;
        if at.node().items().is_empty() {
            let found = at.error("empty", format!("`{}` is empty", at.name()), "at least one entry is needed");
            self.report(found.aws(at.schema("Value cannot be empty")));
            return None;
        }
        Some(())
    }

    /// Insists on a string.
    pub(super) fn string(&mut self, at: &Cursor<'_>) -> Option<Str> {
        let text = at.node().as_str().cloned();
        if text.is_none() {
            self.wrong_type(at, "a string", Some("Expected value of type [STRING]"));
        }
        text
    }

    /// Insists on a boolean.
    pub(super) fn boolean(&mut self, at: &Cursor<'_>) -> Option<bool> {
        let value = at.node().as_bool();
        if value.is_none() {
            self.wrong_type(at, "true or false", Some("Expected value of type [BOOLEAN]"));
        }
        value
    }

    /// Insists on one of some words.
    pub(super) fn word<'w>(&mut self, at: &Cursor<'_>, words: &[&'w str]) -> Option<&'w str> {
        let text = self.string(at)?;
        let found = words.iter().copied().find(|w| *w == &*text);
        if found.is_none() {
            let listed = words.join(", ");
            let message = format!("`{}` cannot be `{text}`", at.name());
            let error = at.error("wrong-value", message, format!("one of {listed}"));
            self.report(error.aws(at.schema(format!("Value should be one of the following: [{listed}]"))));
        }
        found
    }

    /// Insists on a whole number in a range.
    pub(super) fn whole(&mut self, at: &Cursor<'_>, least: u64, most: u64) -> Option<u64> {
        let number = match &at.node().kind {
            NodeKind::Number(n) => n,
            _ => {
                self.wrong_type(at, "a whole number", Some("Expected value of type Integer"));
                return None;
            }
        };
        let value = number.as_f64().filter(|f| f.fract() == 0.0);
        let Some(value) = value else {
            let found = at.error("wrong-type", format!("`{}` must be a whole number", at.name()), "not whole");
            self.report(found.aws(at.schema("Expected value of type Integer")));
            return None;
        };
        let exact = number.as_u64().unwrap_or(value as u64);
        if let Some(found) = out_of_range(at, value, &least.to_string(), &most.to_string()) {
            self.report(found);
            return None;
        }
        Some(exact)
    }

    /// Insists on a number in a range.
    pub(super) fn number_between(&mut self, at: &Cursor<'_>, least: f64, most: f64) -> Option<f64> {
        let NodeKind::Number(number) = &at.node().kind else {
            self.wrong_type(at, "a number", Some("Expected value of type Number"));
            return None;
        };
        let value = number.as_f64()?;
        if let Some(found) = out_of_range(at, value, &format!("{least:?}"), &format!("{most:?}")) {
            self.report(found);
            return None;
        }
        Some(value)
    }

    /// A whole number, the path to one (`…Path`) or an expression for one.
    pub(super) fn whole_operand(
        &mut self,
        at: &Cursor<'_>,
        name: &str,
        language: QueryLanguage,
        range: (u64, u64),
    ) -> Option<Operand<u64>> {
        self.operand(at, name, language, |c, field| c.whole(field, range.0, range.1))
    }

    /// A constant, the path to one (`…Path`) or an expression for one.
    pub(super) fn operand<T>(
        &mut self,
        at: &Cursor<'_>,
        name: &str,
        language: QueryLanguage,
        constant: impl FnOnce(&mut Self, &Cursor<'_>) -> Option<T>,
    ) -> Option<Operand<T>> {
        let path_name = format!("{name}Path");
        self.only_one(at, &[name, &path_name], false);
        if let Some(path) = at.get(&path_name) {
            return match language {
                QueryLanguage::JsonPath => self.number_path(&path).map(Operand::Path),
                QueryLanguage::Jsonata => None,
            };
        }
        let field = at.get(name)?;
        if language == QueryLanguage::Jsonata && matches!(field.node().kind, NodeKind::String(_)) {
            return self.expression(&field).map(Operand::Jsonata);
        }
        constant(self, &field).map(Operand::Constant)
    }
}

/// The finding about a number outside its range, if it is.
fn out_of_range(at: &Cursor<'_>, value: f64, least: &str, most: &str) -> Option<Diagnostic> {
    let bound = |text: &str| text.parse::<f64>().unwrap_or(f64::INFINITY);
    let (label, aws) = if value < bound(least) {
        (format!("at least {least}"), format!("Minimum value is {least}"))
    } else if value > bound(most) {
        (format!("at most {most}"), format!("Maximum value is {most}"))
    } else {
        return None;
    };
    Some(at.error("out-of-range", format!("`{}` is out of range", at.name()), label).aws(at.schema(aws)))
}

/// The name of a JSON type as a sentence uses it.
fn with_article(type_name: &str) -> String {
    match type_name {
        "null" => "null".to_owned(),
        "array" | "object" => format!("an {type_name}"),
        _ => format!("a {type_name}"),
    }
}
