//! How EventBridge and its Scheduler word what they refuse, and how they page.

use super::super::error::ServiceError;
use super::super::members::Members;
use crate::value::Value;

/// A `ValidationException`.
pub(super) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::coded("ValidationException", message)
}

pub(super) fn not_found(message: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ResourceNotFoundException", message)
}

/// A member that does not fit the API's model.
pub(super) fn unfit(value: &str, member: &str, constraint: &str) -> ServiceError {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: Member must {constraint}",
        lower_first(member)
    ))
}

/// # Errors
/// The member is missing.
pub(super) fn needed<'a>(input: &Members<'a>, member: &str) -> Result<&'a str, ServiceError> {
    input.text(member).ok_or_else(|| missing(member))
}

pub(super) fn missing(member: &str) -> ServiceError {
    invalid(format!(
        "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
        lower_first(member)
    ))
}

/// A name of letters, digits and `.`, `-`, `_`, and of what else is allowed.
///
/// # Errors
/// It is missing, too long, or has other characters.
pub(super) fn name<'a>(input: &Members<'a>, member: &str, more: &[char], most: usize) -> Result<&'a str, ServiceError> {
    let name = needed(input, member)?;
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || more.contains(&c);
    let more: String = more.iter().collect();
    if name.is_empty() {
        return Err(unfit(name, member, "have length greater than or equal to 1"));
    }
    if name.len() > most {
        return Err(unfit(name, member, &format!("have length less than or equal to {most}")));
    }
    if !name.chars().all(is_fit) {
        return Err(unfit(name, member, &format!("satisfy regular expression pattern: [{more}\\.\\-_A-Za-z0-9]+")));
    }
    Ok(name)
}

fn lower_first(member: &str) -> String {
    member.chars().take(1).flat_map(char::to_lowercase).chain(member.chars().skip(1)).collect()
}

/// A page of a list, with the member that tells where the next begins.
///
/// # Errors
/// A token that no page gave, a limit out of bounds.
pub(super) fn page(
    input: &Members<'_>,
    limit: &str,
    list: &'static str,
    all: Vec<Value>,
) -> Result<Value, ServiceError> {
    let most = match input.number(limit) {
        Some(n @ 1..=100) => usize::try_from(n).unwrap_or(100),
        Some(n) => {
            let bound = if n < 1 { "greater than or equal to 1" } else { "less than or equal to 100" };
            return Err(unfit(&n.to_string(), limit, &format!("have value {bound}")));
        }
        None => 100,
    };
    let from = match input.text("NextToken") {
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|n| n.parse::<usize>().ok())
            .filter(|n| *n <= all.len())
            .ok_or_else(|| invalid("The specified NextToken is not valid."))?,
        None => 0,
    };
    let until = all.len().min(from + most);
    let mut members = vec![(list, Value::array(all[from..until].to_vec()))];
    if until < all.len() {
        members.push(("NextToken", format!("page-{until}").into()));
    }
    Ok(Value::object(members))
}
