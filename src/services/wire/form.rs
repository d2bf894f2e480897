//! A form as a value: `Attributes.entry.1.key`, `Attribute.1.Name`, `Tags.member.1.Key`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::dialect::{Dialect, Kind};
use crate::services::error::ServiceError;
use crate::value::{Map, Str, Value};

/// How many parts a name has at most; the deepest that there is has seven.
const MOST_PARTS: usize = 10;

/// Members of requests that belong to the protocol and to no operation.
const PROTOCOL: [&str; 9] = [
    "AWSAccessKeyId",
    "Action",
    "Expires",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// Lists and maps that SDKs write as an empty text where they are empty.
const LISTS: [&str; 5] = ["AWSAccountId", "ActionName", "PublishBatchRequestEntries", "TagKeys", "Tags"];
const MAPS: [&str; 2] = ["Attributes", "MessageAttributes"];

/// What stands under a part of a name.
#[derive(Debug, Default)]
struct Node {
    text: Option<String>,
    parts: BTreeMap<String, Node>,
}

fn malformed(what: &str) -> ServiceError {
    ServiceError::coded("MalformedQueryString", format!("The request's form is malformed: {what}."))
}

/// A name or a value of a form as it was before it was encoded.
fn decoded(text: &str) -> Result<String, ServiceError> {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| malformed("it is no UTF-8"))
}

/// The names and values of a form, in its order.
pub(super) fn pairs(form: &str) -> Result<Vec<(String, String)>, ServiceError> {
    let parts = form.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// The input of an operation as the API spells it.
pub(super) fn input(pairs: &[(String, String)], dialect: &Dialect, operation: &str) -> Result<Value, ServiceError> {
    let mut root = Node::default();
    for (name, text) in pairs {
        if PROTOCOL.contains(&name.as_str()) || name.starts_with("X-Amz-") {
            continue;
        }
        let mut node = &mut root;
        for (i, part) in name.split('.').enumerate() {
            if i == MOST_PARTS {
                return Err(malformed("a name has too many parts"));
            }
            node = node.parts.entry(part.to_owned()).or_default();
        }
        node.text = Some(text.clone());
    }
    Ok(root.object(dialect, operation))
}

impl Node {
    /// The members under this node that are numbered, in the order of their numbers.
    fn numbered(&self) -> Vec<&Node> {
        let mut all: Vec<(u64, &Node)> =
            self.parts.iter().filter_map(|(name, node)| Some((name.parse().ok()?, node))).collect();
        all.sort_by_key(|(n, _)| *n);
        all.into_iter().map(|(_, node)| node).collect()
    }

    /// Of a list that has one item its number may be left out.
    fn items(&self) -> Vec<&Node> {
        let numbered = self.numbered();
        if numbered.is_empty() { vec![self] } else { numbered }
    }

    fn map(&self, key: &str, value: &str, dialect: &Dialect, operation: &str) -> Value {
        let entries = self.items().into_iter().filter_map(|entry| {
            let name = entry.parts.get(key)?.text.as_deref()?;
            let value = entry.parts.get(value).map_or(Value::from(""), |node| node.value(dialect, operation));
            Some((Str::from(name), value))
        });
        entries.collect::<Map>().into()
    }

    fn list(&self, dialect: &Dialect, operation: &str) -> Value {
        Value::array(self.items().into_iter().map(|item| item.value(dialect, operation)).collect())
    }

    fn value(&self, dialect: &Dialect, operation: &str) -> Value {
        if self.parts.is_empty() {
            return self.text.as_deref().unwrap_or_default().into();
        }
        if let Some(list) = self.parts.get("member") {
            return list.list(dialect, operation);
        }
        if let Some(map) = self.parts.get("entry") {
            // Attributes of messages are written with another key than those of topics.
            let is_named = map.items().iter().any(|entry| entry.parts.contains_key("Name"));
            let (key, value) = if is_named { ("Name", "Value") } else { ("key", "value") };
            return map.map(key, value, dialect, operation);
        }
        self.object(dialect, operation)
    }

    fn object(&self, dialect: &Dialect, operation: &str) -> Value {
        let members = self.parts.iter().map(|(name, node)| {
            if let Some((_, member, kind)) = dialect.inputs.iter().find(|(own, ..)| own == name) {
                let value = match kind {
                    Kind::List => node.list(dialect, operation),
                    Kind::Map(key, value) => node.map(key, value, dialect, operation),
                };
                // The one member that the API spells in two ways.
                let member = if (*member, operation) == ("Tags", "CreateQueue") { "tags" } else { *member };
                return (Str::from(member), value);
            }
            let is_empty = node.parts.is_empty() && node.text.as_deref().is_none_or(str::is_empty);
            let value = match &**name {
                name if is_empty && LISTS.contains(&name) => Value::array(Vec::new()),
                name if is_empty && MAPS.contains(&name) => Value::empty_object(),
                _ => node.value(dialect, operation),
            };
            (Str::from(name.as_str()), value)
        });
        members.collect::<Map>().into()
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::super::dialect;
    use super::*;
    use crate::services::Service;

    /// The lines of a value's form, as SDKs write them for services whose lists have members and whose maps have entries.
    fn write(name: &str, value: &Value, lines: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    write(&format!("{name}.member.{}", i + 1), item, lines);
                }
            }
            Value::Object(members) if name.ends_with("Attributes") => {
                for (i, (key, value)) in members.iter().enumerate() {
                    let entry = format!("{name}.entry.{}", i + 1);
                    write(&format!("{entry}.key"), &Value::from(key.clone()), lines);
                    write(&format!("{entry}.value"), value, lines);
                }
            }
            Value::Object(members) => {
                for (member, value) in members.iter() {
                    write(&format!("{name}.{member}"), value, lines);
                }
            }
            text => {
                let text = text.as_str().unwrap_or_default();
                lines.push(format!("{name}={}", utf8_percent_encode(text, NON_ALPHANUMERIC)));
            }
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = ".{0,6}".prop_map(Value::from);
        leaf.prop_recursive(3, 20, 4, |inner| {
            let text = "[ -~]{1,6}";
            prop_oneof![
                // More than nine, so that their order is that of numbers and not of texts.
                prop::collection::vec(inner.clone(), 1..14).prop_map(Value::array),
                prop::collection::btree_map("[A-Z][a-z]{2,5}", inner, 1..4).prop_map(map),
                prop::collection::btree_map(text, ".{0,6}".prop_map(Value::from), 1..12)
                    .prop_map(|entries| Value::object([("Attributes", map(entries))])),
            ]
        })
    }

    fn map(entries: BTreeMap<String, Value>) -> Value {
        entries.into_iter().map(|(name, value)| (Str::from(name), value)).collect::<Map>().into()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_as_a_form_is_read_again(value in value()) {
            let mut lines = vec!["Action=Publish".to_owned(), "Version=2010-03-31".to_owned()];
            write("Given", &value, &mut lines);
            let dialect = dialect::of(Service::Sns).unwrap();
            let read = input(&pairs(&lines.join("&")).unwrap(), dialect, "Publish").unwrap();
            prop_assert_eq!(read, Value::object([("Given", value)]));
        }
    }

    #[test]
    fn a_plus_is_a_space_and_what_is_no_text_is_refused() {
        assert_eq!(pairs("a+b=c%2Bd&&e").unwrap(), [("a b".into(), "c+d".into()), ("e".to_owned(), String::new())]);
        assert_eq!(pairs("a=%ff").unwrap_err().code, "MalformedQueryString");
    }
}
