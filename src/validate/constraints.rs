//! The bounds that the service's API model sets for the members of a request. All that are broken are told at once, in
//! the words every AWS service of this kind has for them.

use serde_json::Value;

use super::ApiError;

/// A request being read.
pub(crate) struct Constraints<'a> {
    request: &'a Value,
    found: Vec<String>,
    wrong_type: Option<String>,
}

impl<'a> Constraints<'a> {
    pub(crate) fn of(request: &'a Value) -> Constraints<'a> {
        Constraints { request, found: Vec::new(), wrong_type: None }
    }

    /// The member at a path such as `mock.errorOutput.cause`; `null` counts as absent.
    fn member(&self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.request, |at, name| at.get(name)).filter(|v| !v.is_null())
    }

    fn broken(&mut self, shown: &str, path: &str, rule: String) {
        self.found.push(format!("Value{shown} at '{path}' failed to satisfy constraint: Member must {rule}"));
    }

    fn mistyped(&mut self, path: &str, value: &Value, wanted: &str) {
        let kind = match value {
            Value::Bool(_) => "TRUE_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "START_ARRAY",
            _ => "START_OBJECT",
        };
        let _ = self.wrong_type.get_or_insert_with(|| format!("{kind} can not be converted to {wanted} at '{path}'"));
    }

    /// A text whose length is bounded; the service does not repeat its value.
    pub(crate) fn text(&mut self, path: &str, min: usize, max: usize) -> Option<&'a str> {
        let value = self.member(path)?;
        let Some(text) = value.as_str() else {
            self.mistyped(path, value, "a String");
            return None;
        };
        let length = text.chars().count();
        if length < min {
            self.broken("", path, format!("have length greater than or equal to {min}"));
        } else if length > max {
            self.broken("", path, format!("have length less than or equal to {max}"));
        }
        Some(text)
    }

    /// A text that has to be there.
    pub(crate) fn required(&mut self, path: &str, min: usize, max: usize) -> &'a str {
        if self.member(path).is_none() {
            self.broken(" null", path, "not be null".to_owned());
        }
        self.text(path, min, max).unwrap_or_default()
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, path: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.member(path)?;
        let Some(text) = value.as_str() else {
            self.mistyped(path, value, "a String");
            return None;
        };
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let set: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.broken(&format!(" '{text}'"), path, format!("satisfy enum value set: [{}]", set.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&mut self, path: &str, min: i64, max: i64) -> Option<i64> {
        let value = self.member(path)?;
        let Some(n) = value.as_i64() else {
            self.mistyped(path, value, "an Integer");
            return None;
        };
        if n < min {
            self.broken(&format!(" '{n}'"), path, format!("have value greater than or equal to {min}"));
        } else if n > max {
            self.broken(&format!(" '{n}'"), path, format!("have value less than or equal to {max}"));
        }
        Some(n)
    }

    pub(crate) fn flag(&mut self, path: &str) -> Option<bool> {
        let value = self.member(path)?;
        if value.as_bool().is_none() {
            self.mistyped(path, value, "a Boolean");
        }
        value.as_bool()
    }

    /// Whether there is an object at this path.
    pub(crate) fn object(&mut self, path: &str) -> bool {
        let Some(value) = self.member(path) else { return false };
        if !value.is_object() {
            self.mistyped(path, value, "an Object");
        }
        value.is_object()
    }

    /// Everything that is broken, as one error.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        if let Some(message) = self.wrong_type {
            return Err(ApiError::new("SerializationException", message));
        }
        match self.found.len() {
            0 => Ok(()),
            1 => Err(ApiError::validation(format!("1 validation error detected: {}", self.found[0]))),
            n => Err(ApiError::validation(format!("{n} validation errors detected: {}", self.found.join("; ")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_broken_is_told_at_once() {
        let request = json!({ "name": "", "level": "LOUD", "n": 101, "inner": { "text": "abcd" } });
        let mut c = Constraints::of(&request);
        c.required("name", 1, 80);
        c.word("level", &[("INFO", 1), ("DEBUG", 2)]);
        c.whole("n", 0, 100);
        c.text("inner.text", 0, 3);
        c.required("definition", 1, 5);
        let said = c.check().unwrap_err().message;
        for part in [
            "5 validation errors detected: ",
            "Value at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
            "Value 'LOUD' at 'level' failed to satisfy constraint: Member must satisfy enum value set: [INFO, DEBUG]",
            "Value '101' at 'n' failed to satisfy constraint: Member must have value less than or equal to 100",
            "Value at 'inner.text' failed to satisfy constraint: Member must have length less than or equal to 3",
            "Value null at 'definition' failed to satisfy constraint: Member must not be null",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_member_of_another_type_cannot_even_be_read() {
        let request = json!({ "name": 7, "level": "INFO" });
        let mut c = Constraints::of(&request);
        assert_eq!(c.required("name", 1, 80), "");
        assert_eq!(c.word("level", &[("INFO", 1)]), Some(1));
        let error = c.check().unwrap_err();
        assert_eq!(error.code, "SerializationException");
        assert_eq!(error.message, "NUMBER_VALUE can not be converted to a String at 'name'");
    }
}
