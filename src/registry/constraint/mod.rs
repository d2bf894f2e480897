//! The bounds that the API's model sets for the members of every request, and how the service tells what is outside
//! them: all at once, before it looks at anything else.

mod model;

use std::fmt;

use model::{Form, Member, OPERATIONS};

use crate::services::ServiceError;
use crate::value::Value;

/// Checks the members of a request; `null` counts as absent.
///
/// # Errors
/// `ValidationException` with everything that is outside its bounds; `SerializationException` for a member of another
/// type, which cannot even be read. A member that the API does not have would be ignored by the service, and is refused
/// here: it may be newer than this model.
pub(crate) fn check(operation: &str, input: &Value) -> Result<(), ServiceError> {
    let Ok(row) = OPERATIONS.binary_search_by_key(&operation, |(name, _)| name) else {
        let message = format!("Step Functions has no operation `{operation}`");
        return Err(ServiceError::coded("UnknownOperationException", message));
    };
    let (mut found, members) = (Found::default(), OPERATIONS[row].1);
    match input {
        Value::Null => found.object(&Value::empty_object(), members, None),
        _ => found.object(input, members, None),
    }
    found.into_result(operation)
}

/// Where in a request a value is. Nothing is written until something is wrong.
#[derive(Clone, Copy)]
struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    /// Counted from 1.
    Item(usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(f, "{above}.")?;
        }
        match self.step {
            Step::Member(name) => f.write_str(name),
            Step::Item(n) => write!(f, "{n}.member"),
        }
    }
}

/// A list as the service shows it: texts without quotes, and objects by the name of their shape. The one list of objects
/// whose length is bounded is that of an alias's routes.
struct Listed<'a>(&'a [Value]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |value: &Value| match value {
            Value::Object(members) => {
                let members: Vec<String> = members.iter().map(|(k, v)| format!("{k}={}", Bare(v))).collect();
                format!("RoutingConfigurationListItem({})", members.join(", "))
            }
            other => Bare(other).to_string(),
        };
        write!(f, "[{}]", self.0.iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

/// A text without its quotes.
struct Bare<'a>(&'a Value);

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => f.write_str(text),
            other => write!(f, "{other}"),
        }
    }
}

/// What is wrong with a request.
#[derive(Default)]
struct Found {
    broken: Vec<String>,
    mistyped: Option<String>,
    unknown: Option<String>,
}

impl Found {
    /// Without a place it is the request itself.
    fn object(&mut self, value: &Value, members: &[Member], above: Option<&Place<'_>>) {
        let Some(given) = value.as_object() else {
            self.mistyped(value, "an Object", above);
            return;
        };
        for member in members {
            let place = Place { above, step: Step::Member(member.name) };
            match given.get(member.name).filter(|v| !v.is_null()) {
                Some(value) => self.value(value, &member.form, &place),
                None if member.is_required => self.broken(" null", &place, "not be null"),
                None => {}
            }
        }
        let foreign = given.iter().find(|(name, v)| !v.is_null() && !members.iter().any(|m| *m.name == ***name));
        if let Some((name, _)) = foreign {
            let place = Place { above, step: Step::Member(name) };
            let _ = self.unknown.get_or_insert_with(|| place.to_string());
        }
    }

    fn value(&mut self, value: &Value, form: &Form, place: &Place<'_>) {
        match (form, value) {
            (Form::Text { is_secret, .. }, Value::String(text)) => {
                for rule in text_rules(text, form) {
                    let shown = if *is_secret { String::new() } else { format!(" '{text}'") };
                    self.broken(&shown, place, &rule);
                }
            }
            (Form::Word(words), Value::String(text)) => {
                if !words.contains(&&**text) {
                    let rule = format!("satisfy enum value set: [{}]", words.join(", "));
                    self.broken(&format!(" '{text}'"), place, &rule);
                }
            }
            (Form::Flag, Value::Bool(_)) => {}
            (Form::Whole { min, max }, Value::Number(_)) => match value.as_whole() {
                Some(n) => self.bounded(n, *min, *max, "value", place, &n),
                None => self.mistyped(value, form.wanted(), Some(place)),
            },
            (Form::Number { min, max }, Value::Number(n)) => {
                self.bounded(n.as_f64().unwrap_or_default(), *min, *max, "value", place, n);
            }
            (Form::List { min, max, of }, Value::Array(items)) => {
                self.bounded(items.len(), *min, *max, "length", place, &Listed(items));
                self.items(items, of, place);
            }
            (Form::Object(members), _) => self.object(value, members, Some(place)),
            (form, _) => self.mistyped(value, form.wanted(), Some(place)),
        }
    }

    fn items(&mut self, items: &[Value], of: &Form, list: &Place<'_>) {
        for (n, item) in items.iter().enumerate() {
            let place = Place { above: Some(list), step: Step::Item(n + 1) };
            match (of, item) {
                (_, Value::Null) => self.broken(" null", &place, "not be null"),
                // Of plain texts it is the list that breaks the rule.
                (Form::Text { .. }, Value::String(text)) => {
                    let rules: Vec<String> =
                        text_rules(text, of).iter().map(|rule| format!("Member must {rule}")).collect();
                    if !rules.is_empty() {
                        let rule = format!("satisfy constraint: [{}]", rules.join(", "));
                        self.broken(&format!(" '{}'", Listed(items)), list, &rule);
                        return;
                    }
                }
                _ => self.value(item, of, &place),
            }
        }
    }

    fn bounded<T: PartialOrd + fmt::Display>(
        &mut self,
        n: T,
        min: T,
        max: T,
        what: &str,
        place: &Place<'_>,
        shown: &dyn fmt::Display,
    ) {
        let rule = match n {
            n if n < min => format!("have {what} greater than or equal to {min}"),
            n if n > max => format!("have {what} less than or equal to {max}"),
            _ => return,
        };
        self.broken(&format!(" '{shown}'"), place, &rule);
    }

    fn broken(&mut self, shown: &str, place: &Place<'_>, rule: &str) {
        self.broken.push(format!("Value{shown} at '{place}' failed to satisfy constraint: Member must {rule}"));
    }

    fn mistyped(&mut self, value: &Value, wanted: &str, place: Option<&Place<'_>>) {
        let kind = match value {
            Value::Bool(true) => "TRUE_VALUE",
            Value::Bool(false) => "FALSE_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "START_ARRAY",
            Value::Object(_) => "START_OBJECT",
            Value::Null => "NULL_VALUE",
        };
        let place = place.map(|place| format!(" at '{place}'")).unwrap_or_default();
        let message = format!("{kind} can not be converted to {wanted}{place}");
        let _ = self.mistyped.get_or_insert(message);
    }

    fn into_result(self, operation: &str) -> Result<(), ServiceError> {
        if let Some(message) = self.mistyped {
            return Err(ServiceError::coded("SerializationException", message));
        }
        if let Some(path) = self.unknown {
            return Err(ServiceError::not_modelled(format!("the member `{path}` of Step Functions' {operation}")));
        }
        let message = match self.broken.as_slice() {
            [] => return Ok(()),
            [one] => format!("1 validation error detected: {one}"),
            all => format!("{} validation errors detected: {}", all.len(), all.join("; ")),
        };
        Err(ServiceError::modelled("ValidationException", message))
    }
}

impl Form {
    fn wanted(&self) -> &'static str {
        match self {
            Form::Text { .. } | Form::Word(_) => "a String",
            Form::Whole { .. } => "an Integer",
            Form::Number { .. } => "a Float",
            Form::Flag => "a Boolean",
            Form::List { .. } => "a List",
            Form::Object(_) => "an Object",
        }
    }
}

/// The rules that a text breaks.
fn text_rules(text: &str, form: &Form) -> Vec<String> {
    let Form::Text { min, max, pattern, .. } = form else { return Vec::new() };
    // A long text that has few enough bytes needs no counting.
    let length = if text.len() <= *max { text.len() } else { text.chars().count() };
    let mut rules = Vec::new();
    if length < *min {
        rules.push(format!("have length greater than or equal to {min}"));
    } else if length > *max {
        rules.push(format!("have length less than or equal to {max}"));
    }
    if let Some(pattern) = pattern.filter(|p| !(p.fits)(text)) {
        rules.push(format!("satisfy regular expression pattern: {}", pattern.written));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(operation: &str, input: &str) -> String {
        check(operation, &Value::parse(input).unwrap()).map_or_else(|e| e.to_string(), |()| "nothing".into())
    }

    #[test]
    fn what_is_outside_the_models_bounds_is_told_in_the_services_words() {
        let long = "x".repeat(81);
        let name = format!(r#"{{"name": "{long}"}}"#);
        for (operation, input, want) in [
            (
                "CreateActivity",
                name.as_str(),
                &*format!(
                    "Value '{long}' at 'name' failed to satisfy constraint: Member must have length less than or \
                           equal to 80"
                ),
            ),
            ("CreateActivity", "{}", "Value null at 'name' failed to satisfy constraint: Member must not be null"),
            (
                "ListStateMachines",
                r#"{"maxResults": 1001}"#,
                "Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to \
                 1000",
            ),
            (
                "ListExecutions",
                r#"{"statusFilter": "DONE"}"#,
                "Value 'DONE' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: \
                 [RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE]",
            ),
            (
                "ValidateStateMachineDefinition",
                r#"{"definition": ""}"#,
                "Value at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
            (
                "TagResource",
                r#"{"resourceArn": "a", "tags": [{"key": "a"}, {"key": ""}]}"#,
                "Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or \
                 equal to 1",
            ),
            (
                "UntagResource",
                r#"{"resourceArn": "a", "tagKeys": ["a", ""]}"#,
                "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member \
                 must have length greater than or equal to 1]",
            ),
            (
                "CreateStateMachineAlias",
                r#"{"name": "12", "routingConfiguration": [{"stateMachineVersionArn": "a", "weight": 100}]}"#,
                r"Value '12' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
            ),
            (
                "UpdateStateMachineAlias",
                r#"{"stateMachineAliasArn": "a", "routingConfiguration": [
                    {"stateMachineVersionArn": "b", "weight": 50}, {"stateMachineVersionArn": "c", "weight": 25},
                    {"stateMachineVersionArn": "d", "weight": 25}
                ]}"#,
                "Value '[RoutingConfigurationListItem(stateMachineVersionArn=b, weight=50), \
                 RoutingConfigurationListItem(stateMachineVersionArn=c, weight=25), \
                 RoutingConfigurationListItem(stateMachineVersionArn=d, weight=25)]' at 'routingConfiguration' failed to \
                 satisfy constraint: Member must have length less than or equal to 2",
            ),
            (
                "UpdateMapRun",
                r#"{"mapRunArn": "a", "toleratedFailurePercentage": 100.5}"#,
                "Value '100.5' at 'toleratedFailurePercentage' failed to satisfy constraint: Member must have value less \
                 than or equal to 100",
            ),
        ] {
            let want = format!("ValidationException: 1 validation error detected: {want}");
            assert_eq!(said(operation, input), want, "{operation} {input}");
        }
    }

    #[test]
    fn everything_outside_its_bounds_is_told_at_once() {
        let said = said("CreateStateMachineAlias", r#"{"routingConfiguration": []}"#);
        assert!(said.starts_with("ValidationException: 2 validation errors detected: Value null at 'name'"), "{said}");
        assert!(said.ends_with("; Value '[]' at 'routingConfiguration' failed to satisfy constraint: Member must have length greater than or equal to 1"), "{said}");
    }

    #[test]
    fn what_cannot_be_read_is_no_request() {
        for (operation, input, want) in [
            ("CreateActivity", r#"{"name": 7}"#, "NUMBER_VALUE can not be converted to a String at 'name'"),
            (
                "ListActivities",
                r#"{"maxResults": "7"}"#,
                "STRING_VALUE can not be converted to an Integer at 'maxResults'",
            ),
            (
                "TagResource",
                r#"{"resourceArn": "a", "tags": {}}"#,
                "START_OBJECT can not be converted to a List at 'tags'",
            ),
            ("ListActivities", "[]", "START_ARRAY can not be converted to an Object"),
        ] {
            assert_eq!(said(operation, input), format!("SerializationException: {want}"));
        }
    }

    #[test]
    fn what_the_api_does_not_have_is_not_ignored() {
        let said =
            said("CreateActivity", r#"{"name": "a", "encryptionConfiguration": {"type": "AWS_OWNED_KEY", "x": 1}}"#);
        assert!(said.contains("the member `encryptionConfiguration.x` of Step Functions' CreateActivity"), "{said}");
        assert!(super::check("Dance", &Value::empty_object()).is_err());
    }

    #[test]
    fn nothing_is_said_about_what_is_within_its_bounds() {
        for (operation, input) in [
            ("ListActivities", "null"),
            ("ListStateMachines", r#"{"maxResults": 1000, "nextToken": null}"#),
            ("StartExecution", r#"{"stateMachineArn": "a", "traceHeader": "", "input": ""}"#),
            ("UpdateMapRun", r#"{"mapRunArn": "a", "toleratedFailurePercentage": 5}"#),
            ("UntagResource", r#"{"resourceArn": "a", "tagKeys": []}"#),
        ] {
            assert_eq!(said(operation, input), "nothing", "{operation} {input}");
        }
    }

    #[test]
    fn every_operation_of_the_api_has_its_row() {
        assert_eq!(OPERATIONS.len(), 37);
        assert!(OPERATIONS.is_sorted_by_key(|(name, _)| *name));
    }
}
