//! Names of functions: bare, with a qualifier, in parts of an ARN and in whole ones.

use crate::services::{ServiceError, arn};
use crate::value::Value;

/// Which function, and which of its versions where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub name: String,
    pub qualifier: Option<String>,
}

impl Target {
    /// # Errors
    /// What is no name of a function, and two qualifiers that differ.
    pub(super) fn of(text: &str, qualifier: Option<&str>) -> Result<Target, ServiceError> {
        let rest = match text.split_once("function:") {
            Some((before, rest)) if before.is_empty() || before.ends_with(':') => rest,
            // `123456789012:charge`
            _ => match text.split_once(':') {
                Some((account, rest)) if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) => rest,
                _ => text,
            },
        };
        let (name, own) = rest.split_once(':').map_or((rest, None), |(name, own)| (name, Some(own)));
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_qualifier = |c: char| is_fit(c) || c == '$';
        let own_is_fit = own.is_none_or(|q| !q.is_empty() && q.chars().all(is_qualifier));
        if name.is_empty() || !name.chars().all(is_fit) || !own_is_fit {
            return Err(unfit("functionName", text, NAME_PATTERN));
        }
        if name.len() > 64 {
            let what = format!(
                "Value '{text}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"
            );
            return Err(invalid_members(&[what]));
        }
        if let Some(given) = qualifier
            && (given.is_empty() || given.len() > 128 || !given.chars().all(is_qualifier))
        {
            return Err(unfit("qualifier", given, r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"));
        }
        match (own, qualifier) {
            (Some(own), Some(given)) if own != given => Err(ServiceError::modelled(
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.",
            )),
            (own, given) => Ok(Target { name: name.to_owned(), qualifier: given.or(own).map(str::to_owned) }),
        }
    }
    /// The function's ARN with the qualifier that was asked for.
    pub(super) fn arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", arn_of(&self.name)),
            None => arn_of(&self.name),
        }
    }
}

const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";

/// `arn:aws:lambda:us-east-1:123456789012:function:charge`
pub(super) fn arn_of(name: &str) -> String {
    arn::of("lambda", &format!("function:{name}"))
}

/// A member that breaks a pattern of the API.
pub(super) fn unfit(member: &str, value: &str, pattern: &str) -> ServiceError {
    invalid_members(&[format!(
        "Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
    )])
}

/// Members that break constraints of the API.
pub(super) fn invalid_members(what: &[String]) -> ServiceError {
    let n = what.len();
    let errors = if n == 1 { "error" } else { "errors" };
    ServiceError::coded("ValidationException", format!("{n} validation {errors} detected: {}", what.join("; ")))
}

/// # Errors
/// Members that the API needs and that are not there, all of them at once.
pub(super) fn present(input: &Value, needed: &[&str]) -> Result<(), ServiceError> {
    let is_missing = |name: &&&str| input.get(name).is_none_or(Value::is_null);
    let told = |name: &&str| {
        let spelt: String = name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect();
        format!("Value null at '{spelt}' failed to satisfy constraint: Member must not be null")
    };
    let missing: Vec<String> = needed.iter().filter(is_missing).map(told).collect();
    if missing.is_empty() { Ok(()) } else { Err(invalid_members(&missing)) }
}

/// The function, or a version or an alias of it, is not there.
pub(super) fn not_found(arn: &str) -> ServiceError {
    ServiceError::modelled("ResourceNotFoundException", format!("Function not found: {arn}")).status(404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_in_many_ways() {
        let full = "arn:aws:lambda:us-east-1:123456789012:function:charge";
        for text in ["charge", "123456789012:function:charge", "123456789012:charge", "function:charge", full] {
            let target = Target::of(text, None).unwrap();
            assert_eq!((target.name.as_str(), target.qualifier.as_deref()), ("charge", None), "{text}");
            let live = Target::of(&format!("{text}:live"), Some("live")).unwrap();
            assert_eq!(live.arn(), format!("{full}:live"), "{text}");
        }
        assert_eq!(Target::of("charge:$LATEST", None).unwrap().qualifier.as_deref(), Some("$LATEST"));
        assert_eq!(Target::of("charge:1", Some("2")).unwrap_err().code, "InvalidParameterValueException");
        for text in ["", "a b", "charge:", "x".repeat(65).as_str(), "a:b:c"] {
            assert_eq!(Target::of(text, None).unwrap_err().code, "ValidationException", "{text}");
        }
    }
}
