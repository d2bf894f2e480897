//! Reading a JSON Schema as a description of values to draw.

use std::sync::Arc;

use super::shape::{Member, Numbers, Shape, Text};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::source::{Node, NodeKind, Source};
use crate::value::{Str, Value};

/// How often a schema may lead back into itself on one way down.
const MOST_ROUNDS: usize = 3;
/// No element, letter or member is asked for beyond this many: no execution takes a larger input.
const MOST_PARTS: usize = 65_536;
/// How many schemas are read, those that are led to again counted again.
const MOST_SCHEMAS: usize = 20_000;

/// The words that say what values are like.
const WORDS: [&str; 29] = [
    "$ref",
    "const",
    "enum",
    "type",
    "nullable",
    "anyOf",
    "oneOf",
    "allOf",
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "unevaluatedProperties",
];
/// The words that say nothing about values.
const REMARKS: [&str; 15] = [
    "$schema",
    "$id",
    "id",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$anchor",
];

const TYPES: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];

/// Formats with values of theirs, the simplest first.
const FORMATS: [(&str, &[&str]); 9] = [
    (
        "date-time",
        &["2024-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2024-01-01T00:00:00.001+02:00"],
    ),
    ("date", &["2024-01-01", "1970-01-01", "2024-02-29", "2099-12-31"]),
    ("time", &["00:00:00Z", "23:59:59Z", "12:30:00+02:00"]),
    ("uuid", &["00000000-0000-4000-8000-000000000000", "7c9e6679-7425-40de-944b-e07fc1f90ae7"]),
    ("email", &["a@example.com", "first.last+tag@example.co.uk"]),
    ("uri", &["https://example.com/", "https://example.com/a?b=c&d=%20#e"]),
    ("hostname", &["example.com", "a.b.example.com"]),
    ("ipv4", &["127.0.0.1", "255.255.255.255"]),
    ("ipv6", &["::1", "2001:db8::ff00:42:8329"]),
];

/// Whether an object has any word of a schema.
pub(crate) fn is_schema(node: &Node) -> bool {
    node.members().iter().any(|member| WORDS.contains(&&*member.key))
}

/// Reads a schema.
pub(super) fn read(source: &Arc<Source>, root: &Node) -> Result<Shape, Diagnostics> {
    let mut reader = Reader { source, root, found: Diagnostics::default(), left: MOST_SCHEMAS };
    let shape = reader.shape(root, 0);
    if reader.found.has_errors() {
        reader.found.sort();
        return Err(reader.found);
    }
    shape.ok_or_else(|| {
        let message = "no finite value fits the schema".to_owned();
        Diagnostic::error("bad-schema", message).at(source, root.span, "leads into itself, or allows nothing").into()
    })
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    root: &'a Node,
    found: Diagnostics,
    left: usize,
}

impl Reader<'_> {
    fn wrong(&mut self, node: &Node, message: String, label: &str, help: Option<String>) {
        let mut finding = Diagnostic::error("bad-schema", message).at(self.source, node.span, label);
        finding.help = help;
        // A schema that is led to twice is wrong once.
        if !self.found.iter().any(|known| known.primary.as_ref().map(|p| p.span) == Some(node.span)) {
            self.found.push(finding);
        }
    }

    /// What values are like that fit the schema; nothing where none does, at least none that is not too deep.
    fn shape(&mut self, node: &Node, rounds: usize) -> Option<Shape> {
        let Some(left) = self.left.checked_sub(1) else {
            self.wrong(node, format!("the schema unfolds into more than {MOST_SCHEMAS} schemas"), "too many", None);
            return None;
        };
        self.left = left;
        match &node.kind {
            NodeKind::Bool(true) => return Some(anything()),
            NodeKind::Bool(false) => return None,
            NodeKind::Object(_) => {}
            _ => {
                let message = format!("a schema is an object, not of type {}", node.type_name());
                self.wrong(node, message, "no schema", None);
                return None;
            }
        }
        self.check_words(node);
        if let Some(reference) = node.get("$ref") {
            let target = self.target(reference)?;
            return if rounds > MOST_ROUNDS { None } else { self.shape(&target, rounds + 1) };
        }
        if let Some(value) = node.get("const") {
            return Some(Shape::Choice(vec![value.to_value()]));
        }
        if let Some(values) = node.get("enum") {
            if values.items().is_empty() {
                self.wrong(values, "`enum` lists no values".into(), "none", None);
            }
            return Some(Shape::Choice(values.items().iter().map(Node::to_value).collect()));
        }
        if let Some(all) = node.get("allOf") {
            let mut whole = without(node, "allOf");
            for part in all.items() {
                let part = self.followed(part, rounds)?;
                whole = merged(&whole, &part);
            }
            return self.shape(&whole, rounds);
        }
        if let Some(word) = ["anyOf", "oneOf"].into_iter().find(|word| node.get(word).is_some()) {
            let base = without(node, word);
            let alternatives = node.get(word).map(Node::items).unwrap_or_default().to_vec();
            let mut shapes = Vec::new();
            for alternative in &alternatives {
                // What stands beside the alternatives holds for each of them.
                let whole = match base.members().iter().any(|m| WORDS.contains(&&*m.key)) {
                    true => merged(&base, &self.followed(alternative, rounds)?),
                    false => alternative.clone(),
                };
                shapes.extend(self.shape(&whole, rounds));
            }
            return (!shapes.is_empty()).then_some(Shape::OneOf(shapes));
        }
        let types = self.types(node);
        let mut shapes: Vec<Shape> = types.iter().filter_map(|name| self.of_type(node, name, rounds)).collect();
        if node.get("nullable").and_then(Node::as_bool) == Some(true) {
            shapes.push(Shape::Choice(vec![Value::Null]));
        }
        match shapes.len() {
            0 => None,
            1 => shapes.pop(),
            _ => Some(Shape::OneOf(shapes)),
        }
    }

    fn check_words(&mut self, node: &Node) {
        for member in node.members() {
            if WORDS.contains(&&*member.key) || REMARKS.contains(&&*member.key) || member.key.starts_with("x-") {
                continue;
            }
            let near = did_you_mean(&member.key, WORDS);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "leave it out, and where the values are then too many, write `enum` or `examples`".to_owned(),
            };
            let message = format!("values cannot be drawn by `{}`", member.key);
            let finding = Diagnostic::error("bad-schema", message).at(self.source, member.key_span, "not understood");
            let is_new = |known: &Diagnostic| known.primary.as_ref().map(|p| p.span) != Some(member.key_span);
            if self.found.iter().all(is_new) {
                self.found.push(finding.help(help));
            }
        }
    }

    /// The schema that a reference names.
    fn target(&mut self, reference: &Node) -> Option<Node> {
        let text = reference.as_str().cloned().unwrap_or_default();
        let found = match text.strip_prefix('#') {
            Some("") => Some(self.root.clone()),
            Some(pointer) => {
                let steps: Vec<String> =
                    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
                let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
                self.root.find(&steps).cloned()
            }
            None => {
                let message = format!("`{text}` leads out of the schema");
                self.wrong(reference, message, "another document", Some("write what it names below `$defs`".into()));
                return None;
            }
        };
        if found.is_none() {
            self.wrong(reference, format!("`{text}` leads nowhere"), "no such part", None);
        }
        found
    }

    /// A schema, or the one that it refers to.
    fn followed(&mut self, node: &Node, rounds: usize) -> Option<Node> {
        let mut node = node.clone();
        for _ in rounds..=MOST_ROUNDS {
            let Some(reference) = node.get("$ref").cloned() else { return Some(node) };
            node = self.target(&reference)?;
        }
        None
    }

    /// The types that a schema allows, said or implied.
    fn types(&mut self, node: &Node) -> Vec<&'static str> {
        let Some(said) = node.get("type") else { return implied(node) };
        let items = if said.items().is_empty() { std::slice::from_ref(said) } else { said.items() };
        let mut types = Vec::new();
        for item in items {
            let name = item.as_str().cloned().unwrap_or_else(|| item.to_value().to_string().into());
            match TYPES.into_iter().find(|known| **known == *name) {
                Some(known) => types.push(known),
                None => {
                    let help = match did_you_mean(&name, TYPES) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the types are {}", TYPES.join(", ")),
                    };
                    self.wrong(item, format!("`{name}` is no type of JSON"), "no such type", Some(help));
                }
            }
        }
        types
    }

    fn of_type(&mut self, node: &Node, name: &str, rounds: usize) -> Option<Shape> {
        match name {
            "object" => self.object(node, rounds),
            "array" => self.list(node, rounds),
            "string" => self.text(node),
            "integer" => self.numbers(node, 1.0).map(Shape::Integer),
            "number" => self.numbers(node, 0.0).map(Shape::Number),
            "boolean" => Some(Shape::Bool),
            _ => Some(Shape::Choice(vec![Value::Null])),
        }
    }

    fn number(&mut self, node: &Node, word: &str) -> Option<f64> {
        let value = node.get(word)?;
        let NodeKind::Number(number) = &value.kind else {
            // In draft 4, `exclusiveMinimum` is true or false.
            if value.as_bool().is_none() {
                let message = format!("`{word}` takes a number, not {}", value.type_name());
                self.wrong(value, message, "no number", None);
            }
            return None;
        };
        number.as_f64()
    }

    fn count(&mut self, node: &Node, word: &str) -> Option<usize> {
        let number = self.number(node, word)?;
        if number < 0.0 || number.fract() != 0.0 {
            let value = node.get(word)?.clone();
            self.wrong(&value, format!("`{word}` takes a whole number from 0, not {number}"), "out of range", None);
            return None;
        }
        let count = number as usize;
        if word.starts_with("min") && count > MOST_PARTS {
            let value = node.get(word)?.clone();
            let message = format!("no execution takes an input with {number} of something");
            self.wrong(&value, message, "too many", Some(format!("write at most {MOST_PARTS}")));
            return None;
        }
        Some(count)
    }

    /// A finding where the upper bound is below the lower one.
    fn check_order<T: PartialOrd>(&mut self, node: &Node, words: [&str; 2], least: Option<T>, most: Option<T>) -> bool {
        let is_empty = least.zip(most).is_some_and(|(least, most)| least > most);
        if is_empty && let Some(at) = words.into_iter().rev().find_map(|word| node.get(word)) {
            let message = format!("nothing lies between `{}` and `{}`", words[0], words[1]);
            self.wrong(&at.clone(), message, "below the other bound", None);
        }
        !is_empty
    }

    fn numbers(&mut self, node: &Node, step: f64) -> Option<Numbers> {
        let is_true = |word: &str| node.get(word).and_then(Node::as_bool) == Some(true);
        // Beside whole bounds, the next number drawn is a whole one, or a quarter away.
        let gap = if step == 0.0 { 0.25 } else { step };
        let inner = |word: &str, bound: Option<f64>, gap: f64| bound.map(|b| if is_true(word) { b + gap } else { b });
        let least = inner("exclusiveMinimum", self.number(node, "minimum"), gap);
        let most = inner("exclusiveMaximum", self.number(node, "maximum"), -gap);
        let least = self.number(node, "exclusiveMinimum").map(|b| b + gap).or(least);
        let most = self.number(node, "exclusiveMaximum").map(|b| b - gap).or(most);
        let multiple = self.number(node, "multipleOf").filter(|step| *step > 0.0);
        if !self.check_order(node, ["minimum", "maximum"], least, most) {
            return None;
        }
        Some(Numbers { least, most, step: multiple, near: Vec::new() })
    }

    fn text(&mut self, node: &Node) -> Option<Shape> {
        let least = self.count(node, "minLength").unwrap_or(0);
        let most = self.count(node, "maxLength");
        if !self.check_order(node, ["minLength", "maxLength"], Some(least), most) {
            return None;
        }
        let format = node.get("format").and_then(Node::as_str);
        if let Some((_, values)) = FORMATS.iter().find(|(name, _)| format.is_some_and(|f| **f == **name)) {
            return Some(Shape::Choice(values.iter().map(|v| Value::from(*v)).collect()));
        }
        let mut pattern = None;
        if let Some(written) = node.get("pattern") {
            let drawn = drawable(written.as_str().map(|s| &**s).unwrap_or_default());
            match proptest::string::string_regex(&drawn) {
                Ok(_) => pattern = Some(drawn),
                Err(error) => {
                    let why = error.to_string();
                    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                    let help = format!("{why}; write a simpler pattern, or `enum` with some texts");
                    self.wrong(written, "no text can be drawn by this pattern".into(), "not understood", Some(help));
                }
            }
        }
        Some(Shape::Text(Text { least, most, pattern, near: Vec::new(), is_wild: true }))
    }

    fn list(&mut self, node: &Node, rounds: usize) -> Option<Shape> {
        let least = self.count(node, "minItems").unwrap_or(0);
        let mut most = self.count(node, "maxItems");
        if !self.check_order(node, ["minItems", "maxItems"], Some(least), most) {
            return None;
        }
        // Until draft 2019, `items` as a list is what `prefixItems` is now.
        let items = node.get("items");
        let tuple = node.get("prefixItems").or(items.filter(|i| matches!(i.kind, NodeKind::Array(_))));
        let first: Option<Vec<Shape>> =
            tuple.map(Node::items).unwrap_or_default().to_vec().iter().map(|i| self.shape(i, rounds)).collect();
        let rest = match items.filter(|i| !matches!(i.kind, NodeKind::Array(_))).cloned() {
            Some(items) => self.shape(&items, rounds),
            None if tuple.is_some() => None,
            None => Some(Shape::word()),
        };
        let first = first?;
        if rest.is_none() {
            // What an element would be is too deep, so that there are none.
            most = Some(most.unwrap_or(usize::MAX).min(first.len()));
            if least > first.len() {
                return None;
            }
        }
        let is_set = node.get("uniqueItems").and_then(Node::as_bool) == Some(true);
        Some(Shape::List { first, rest: rest.map(Box::new), least, most, is_set })
    }

    fn object(&mut self, node: &Node, rounds: usize) -> Option<Shape> {
        let mut required: Vec<Str> = Vec::new();
        for name in node.get("required").map(Node::items).unwrap_or_default() {
            match name.as_str() {
                Some(name) => required.push(name.clone()),
                None => self.wrong(name, "`required` lists names of members".into(), "no name", None),
            }
        }
        let mut members = Vec::new();
        for property in node.get("properties").map(Node::members).unwrap_or_default().to_vec() {
            let is_required = required.contains(&property.key);
            match self.shape(&property.value, rounds) {
                Some(shape) => members.push(Member { name: property.key.clone(), shape, is_required }),
                None if is_required => return None,
                None => {}
            }
        }
        let others = node.get("additionalProperties").filter(|n| matches!(n.kind, NodeKind::Object(_))).cloned();
        let other = others.and_then(|schema| self.shape(&schema, rounds));
        for name in &required {
            if !members.iter().any(|m| m.name == *name) {
                let shape = other.clone().unwrap_or_else(anything);
                members.push(Member { name: name.clone(), shape, is_required: true });
            }
        }
        if let Some(shape) = other.filter(|_| node.get("properties").is_none()) {
            // An object that is a table of anything has some keys.
            let least = self.count(node, "minProperties").unwrap_or(0);
            for (i, name) in
                ["a", "b", "c"].into_iter().enumerate().filter(|(_, n)| !required.iter().any(|r| **r == **n))
            {
                members.push(Member { name: name.into(), shape: shape.clone(), is_required: i < least });
            }
        }
        Some(Shape::Object(members))
    }
}

/// What fits a schema that says nothing.
fn anything() -> Shape {
    Shape::OneOf(vec![
        Shape::word(),
        Shape::Integer(Numbers::default()),
        Shape::Bool,
        Shape::Choice(vec![Value::Null, Value::empty_object(), Value::array(Vec::new())]),
    ])
}

/// The types that a schema is about without saying so.
fn implied(node: &Node) -> Vec<&'static str> {
    const IMPLIED: [(&str, &[&str]); 4] = [
        ("object", &["properties", "required", "additionalProperties", "minProperties", "maxProperties"]),
        ("array", &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", &["pattern", "format", "minLength", "maxLength"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    let is_about = |words: &[&str]| words.iter().any(|word| node.get(word).is_some());
    let types: Vec<&str> = IMPLIED.iter().filter(|(_, words)| is_about(words)).map(|(name, _)| *name).collect();
    if types.is_empty() { vec!["string", "integer", "boolean", "null", "object"] } else { types }
}

fn without(node: &Node, word: &str) -> Node {
    let mut rest = node.clone();
    if let NodeKind::Object(members) = &mut rest.kind {
        members.retain(|m| &*m.key != word);
    }
    rest
}

/// Both schemas at once: members of objects together, of everything else what the second says.
fn merged(a: &Node, b: &Node) -> Node {
    let mut whole = a.clone();
    let NodeKind::Object(members) = &mut whole.kind else { return b.clone() };
    for member in b.members() {
        match members.iter_mut().find(|m| m.key == member.key) {
            None => members.push(member.clone()),
            Some(own) => match (&mut own.value.kind, &member.value.kind) {
                (NodeKind::Object(_), NodeKind::Object(_)) => own.value = merged(&own.value, &member.value),
                (NodeKind::Array(own), NodeKind::Array(more)) if &*member.key == "required" => {
                    own.extend(more.iter().cloned());
                }
                (own, theirs) => *own = theirs.clone(),
            },
        }
    }
    whole
}

/// A pattern without its anchors, whose classes hold what they hold in JavaScript.
fn drawable(pattern: &str) -> String {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = match inner.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => inner,
    };
    let (mut text, mut in_class) = (String::new(), false);
    let mut letters = inner.chars();
    while let Some(c) = letters.next() {
        let class = |inside: &str| if in_class { inside.to_owned() } else { format!("[{inside}]") };
        match c {
            '\\' => match letters.next() {
                Some('d') => text += &class("0-9"),
                Some('w') => text += &class("a-zA-Z0-9_"),
                Some('s') => text += &class(" "),
                Some('/') => text.push('/'),
                Some(other) => text.extend(['\\', other]),
                None => text.push('\\'),
            },
            '.' if !in_class => text += "[ -~]",
            '[' => {
                in_class = true;
                text.push('[');
            }
            ']' => {
                in_class = false;
                text.push(']');
            }
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::TestRunner;
    use serde_json::json;

    use super::*;
    use crate::source::{Format, parse};

    fn shape(schema: &serde_json::Value) -> Result<Shape, Diagnostics> {
        let source = Arc::new(Source::new("s.json", format!("{schema:#}")));
        read(&source, &parse(&source, Format::Json).unwrap())
    }

    fn drawn(schema: &serde_json::Value) -> Vec<serde_json::Value> {
        let strategy = shape(schema).unwrap_or_else(|e| panic!("{e}")).strategy();
        let mut runner = TestRunner::deterministic();
        (0..300).map(|_| strategy.new_tree(&mut runner).unwrap().current().to_json()).collect()
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let all = drawn(&json!({"type": "integer", "minimum": 3, "exclusiveMaximum": 50}));
        let all: Vec<i64> = all.iter().map(|v| v.as_i64().unwrap()).collect();
        assert!(all.iter().all(|n| (3..50).contains(n)), "{all:?}");
        assert!(all.contains(&3) && all.contains(&49) && all.iter().any(|n| (5..48).contains(n)), "{all:?}");
        let all = drawn(&json!({"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.5}));
        assert!(all.iter().all(|v| [0.0, 0.5, 1.0].contains(&v.as_f64().unwrap())), "{all:?}");
        let all = drawn(&json!({"type": "string", "minLength": 2, "maxLength": 5}));
        assert!(all.iter().all(|v| (2..=5).contains(&v.as_str().unwrap().chars().count())), "{all:?}");
        let all = drawn(&json!({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}));
        assert!(all.iter().all(|v| (1..=2).contains(&v.as_array().unwrap().len())), "{all:?}");
        let all = drawn(&json!({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true, "minItems": 2}));
        assert!(all.iter().all(|v| v.as_array().unwrap().len() >= 2), "{all:?}");
    }

    #[test]
    fn texts_look_like_their_pattern() {
        let wanted = regex::Regex::new("^o-[0-9]{3}[.][ab]$").unwrap();
        for value in drawn(&json!({"type": "string", "pattern": r"^o-\d{3}\.[ab]$"})) {
            assert!(wanted.is_match(value.as_str().unwrap()), "{value}");
        }
        assert!(drawn(&json!({"type": "string", "format": "date"})).contains(&json!("2024-02-29")));
    }

    #[test]
    fn what_is_required_is_always_there_and_the_rest_sometimes() {
        let all = drawn(&json!({
            "allOf": [{"$ref": "#/$defs/named"}, {"properties": {"total": {"type": "number"}}}],
            "required": ["id"],
            "$defs": {"named": {"type": "object", "properties": {"id": {"const": "o-1"}}}}
        }));
        assert!(all.iter().all(|v| v["id"] == "o-1"));
        assert!(all.iter().any(|v| v.get("total").is_some()) && all.iter().any(|v| v.get("total").is_none()));
    }

    #[test]
    fn a_schema_that_leads_into_itself_ends() {
        let tree = json!({"type": "object", "required": ["n"], "properties": {
            "n": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#"}}}});
        assert!(drawn(&tree).iter().any(|v| v["children"][0]["children"].is_array()));
        let endless = json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}});
        let found = shape(&endless).unwrap_err();
        assert_eq!(found.as_slice()[0].message, "no finite value fits the schema");
    }

    #[test]
    fn alternatives_hold_with_what_stands_beside_them() {
        let all = drawn(&json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
            "oneOf": [{"properties": {"kind": {"const": "a"}}}, {"properties": {"kind": {"const": "b"}}}]}));
        assert!(all.iter().all(|v| v["kind"] == "a" || v["kind"] == "b"));
        assert!(all.iter().any(|v| v["kind"] == "b"));
    }

    #[test]
    fn mistakes_are_told() {
        let said = |schema: serde_json::Value| {
            let found = shape(&schema).unwrap_err();
            let first = found.as_slice()[0].clone();
            format!("{}; {}", first.message, first.help.unwrap_or_default())
        };
        let table = [
            (json!({"typ": "object"}), "values cannot be drawn by `typ`; did you mean `type`?"),
            (json!({"type": "strin"}), "`strin` is no type of JSON; did you mean `string`?"),
            (json!({"minimum": 5, "maximum": 1}), "nothing lies between `minimum` and `maximum`; "),
            (json!({"$ref": "#/$defs/x"}), "`#/$defs/x` leads nowhere; "),
            (json!({"$ref": "other.json"}), "`other.json` leads out of the schema; write what it names below `$defs`"),
            (json!({"minLength": -1}), "`minLength` takes a whole number from 0, not -1; "),
            (
                json!({"minLength": 1e9}),
                "no execution takes an input with 1000000000 of something; write at most 65536",
            ),
            (json!({"items": 5}), "a schema is an object, not of type number; "),
        ];
        for (schema, want) in table {
            assert_eq!(said(schema.clone()), want, "{schema}");
        }
        assert!(said(json!({"pattern": "a(?=b)"})).starts_with("no text can be drawn by this pattern; "));
        assert!(said(json!({"if": {}})).starts_with("values cannot be drawn by `if`; leave it out"));
    }
}
