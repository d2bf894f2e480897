//! Parameters as a service's JSON has them, and results as Step Functions shows them.

use super::table::Service;
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// A value as the service takes it.
pub(super) fn written(service: &Service, kind: &str, value: &Value) -> Value {
    let inner = |kind: &str, value: &Value| written(service, kind, value);
    match (kind.split_at_checked(1), value) {
        (Some(("-", _)), _) if service.is_camel => renamed(value, small),
        (Some(("t", _)), Value::String(text)) => match Timestamp::parse(text) {
            Some(at) if at.as_millis() % 1000 == 0 => (at.as_millis() / 1000).into(),
            Some(at) => Value::from_f64(at.as_millis() as f64 / 1000.0),
            None => value.clone(),
        },
        (Some(("[", of)), Value::Array(items)) => Value::array(items.iter().map(|item| inner(of, item)).collect()),
        (Some(("{", of)), Value::Object(members)) => {
            members.iter().map(|(name, value)| (name.clone(), inner(of, value))).collect::<Map>().into()
        }
        (Some(("@", _)), Value::Object(members)) => {
            let rows = service.members(kind);
            let member = |(name, value): (&Str, &Value)| match rows.iter().find(|row| row.own == &**name) {
                Some(row) => (Str::from(row.wire), inner(row.kind, value)),
                None if service.is_camel => (small(name), inner("-", value)),
                None => (name.clone(), value.clone()),
            };
            members.iter().map(member).collect::<Map>().into()
        }
        _ => value.clone(),
    }
}

/// A value of the service as Step Functions shows it. What is `null` is not there.
pub(super) fn read(service: &Service, kind: &str, value: &Value) -> Value {
    let inner = |kind: &str, value: &Value| read(service, kind, value);
    match (kind.split_at_checked(1), value) {
        (Some(("-", _)), _) if service.is_camel => renamed(value, capital),
        (Some(("t", _)), Value::Number(_)) => {
            let millis = value.as_f64().map(|seconds| (seconds * 1000.0).round() as i64);
            millis.map_or_else(|| value.clone(), |millis| Timestamp::from_millis(millis).to_string().into())
        }
        (Some(("[", of)), Value::Array(items)) => Value::array(items.iter().map(|item| inner(of, item)).collect()),
        (Some(("{", of)), Value::Object(members)) => {
            members.iter().map(|(name, value)| (name.clone(), inner(of, value))).collect::<Map>().into()
        }
        (Some(("@", _)), Value::Object(members)) => {
            let rows = service.members(kind);
            let member = |(name, value): (&Str, &Value)| match rows.iter().find(|row| row.wire == &**name) {
                Some(row) => (Str::from(row.own), inner(row.kind, value)),
                None if service.is_camel => (capital(name), inner("-", value)),
                None => (name.clone(), value.clone()),
            };
            members.iter().filter(|(_, value)| !value.is_null()).map(member).collect::<Map>().into()
        }
        _ => value.clone(),
    }
}

/// All members with other first letters, however deep.
fn renamed(value: &Value, name: fn(&str) -> Str) -> Value {
    match value {
        Value::Array(items) => Value::array(items.iter().map(|item| renamed(item, name)).collect()),
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(own, value)| (name(own), renamed(value, name))).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

fn with_first(text: &str, change: fn(&char) -> char) -> Str {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", change(&first), letters.as_str())).into()
}
fn small(text: &str) -> Str {
    with_first(text, char::to_ascii_lowercase)
}
/// `logGroupName` is `LogGroupName`.
pub(super) fn capital(text: &str) -> Str {
    with_first(text, char::to_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::super::table::service;
    use super::*;

    #[test]
    fn members_are_called_as_each_side_calls_them() {
        for (name, operation, own, wire) in [
            (
                "cloudwatchlogs",
                "CreateLogGroup",
                r#"{"LogGroupName":"g","Tags":{"Team":"x"}}"#,
                r#"{"logGroupName":"g","tags":{"Team":"x"}}"#,
            ),
            ("ssm", "GetParameter", r#"{"Name":"n","WithDecryption":true}"#, r#"{"Name":"n","WithDecryption":true}"#),
            (
                "ecs",
                "RunTask",
                r#"{"Overrides":{"ContainerOverrides":[{"Name":"c","Environment":[{"Name":"A","Value":"b"}]}]}}"#,
                r#"{"overrides":{"containerOverrides":[{"name":"c","environment":[{"name":"A","value":"b"}]}]}}"#,
            ),
        ] {
            let service = service(name).unwrap();
            let kind = service.operation(operation).unwrap().input;
            let (own, wire) = (Value::parse(own).unwrap(), Value::parse(wire).unwrap());
            assert_eq!(written(service, kind, &own).to_string(), wire.to_string());
        }
    }

    #[test]
    fn instants_are_seconds_on_the_wire_and_texts_in_results() {
        let kms = service("kms").unwrap();
        let wire = r#"{"KeyMetadata":{"KeyId":"k","CreationDate":1704067200.5,"Description":null}}"#;
        let shown = read(kms, kms.operation("DescribeKey").unwrap().output, &Value::parse(wire).unwrap());
        let want = r#"{"KeyMetadata":{"KeyId":"k","CreationDate":"2024-01-01T00:00:00.500Z"}}"#;
        assert_eq!(shown.to_string(), want);
        let logs = service("logs").unwrap();
        let back = written(logs, "t", &Value::from("2024-01-01T00:00:00Z"));
        assert_eq!(back.to_string(), "1704067200");
    }
}
