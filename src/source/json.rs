//! JSON into the tree: serde_json judges, strictly, whether the text is JSON at all; then one pass over the text, now
//! known to be good, notes where every value stands.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{MAX_DEPTH, Member, Node, NodeKind, Source, Span, duplicate_key, json_syntax};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::value::Str;

pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Diagnostics> {
    if let Err(e) = serde_json::from_str::<Judged>(source.text()) {
        return Err(json_syntax::explain(source, &e).into());
    }
    let mut scan = Scan { source, bytes: source.text().as_bytes(), at: 0, found: Vec::new() };
    match scan.value(0) {
        Some(node) if scan.found.is_empty() => Ok(node),
        Some(_) => Err(scan.found.into()),
        // Only a disagreement between the judge and this pass leads here; say where instead of guessing.
        None => {
            let found = Diagnostic::error("syntax", "this is not the JSON that was expected here");
            Err(found.at(source, Span::new(scan.at, scan.at + 1), "here").into())
        }
    }
}

/// Any JSON, read for its errors alone. serde's own `IgnoredAny` would accept numbers out of range and any depth.
struct Judged;

impl<'de> Deserialize<'de> for Judged {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(JudgedVisitor)
    }
}

struct JudgedVisitor;

impl<'de> Visitor<'de> for JudgedVisitor {
    type Value = Judged;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Judged, E> {
        Ok(Judged)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Judged, E> {
        Ok(Judged)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Judged, E> {
        Ok(Judged)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Judged, E> {
        Ok(Judged)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Judged, E> {
        Ok(Judged)
    }
    fn visit_str<E>(self, _: &str) -> Result<Judged, E> {
        Ok(Judged)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Judged, A::Error> {
        while seq.next_element::<Judged>()?.is_some() {}
        Ok(Judged)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Judged, A::Error> {
        while map.next_entry::<Judged, Judged>()?.is_some() {}
        Ok(Judged)
    }
}

/// A pass over good JSON. `None` anywhere means that the text was not good after all.
struct Scan<'a> {
    source: &'a Arc<Source>,
    bytes: &'a [u8],
    at: usize,
    found: Vec<Diagnostic>,
}

impl Scan<'_> {
    fn value(&mut self, depth: usize) -> Option<Node> {
        self.blanks();
        let start = self.at;
        let kind = match self.peek()? {
            b'{' if depth < MAX_DEPTH => self.object(depth + 1)?,
            b'[' if depth < MAX_DEPTH => self.array(depth + 1)?,
            b'"' => NodeKind::String(self.string()?),
            b't' | b'f' | b'n' => match self.token() {
                "true" => NodeKind::Bool(true),
                "false" => NodeKind::Bool(false),
                "null" => NodeKind::Null,
                _ => return None,
            },
            _ => NodeKind::Number(serde_json::from_str(self.token()).ok()?),
        };
        Some(Node::new(kind, Span::new(start, self.at)))
    }

    fn array(&mut self, depth: usize) -> Option<NodeKind> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.ends(b']')? {
            items.push(self.value(depth)?);
        }
        Some(NodeKind::Array(items))
    }

    fn object(&mut self, depth: usize) -> Option<NodeKind> {
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        while !self.ends(b'}')? {
            let start = self.at;
            let key = self.string()?;
            let key_span = Span::new(start, self.at);
            self.blanks();
            (self.peek()? == b':').then(|| self.at += 1)?;
            let value = self.value(depth)?;
            members.push(Member { key, key_span, value });
        }
        check_keys(self.source, &members, &mut self.found);
        Some(NodeKind::Object(members))
    }

    /// Steps over blanks and a comma; says whether the closing bracket follows, and steps over it as well.
    fn ends(&mut self, close: u8) -> Option<bool> {
        self.blanks();
        if self.peek()? == b',' {
            self.at += 1;
            self.blanks();
        }
        let ends = self.peek()? == close;
        self.at += usize::from(ends);
        Some(ends)
    }

    fn string(&mut self) -> Option<Str> {
        let start = self.at;
        let inner = self.bytes.get(start + 1..)?;
        let (mut escapes, mut length) = (false, 0);
        loop {
            match inner.get(length)? {
                b'"' => break,
                b'\\' => {
                    escapes = true;
                    length += 2;
                }
                _ => length += 1,
            }
        }
        self.at = start + length + 2;
        let text = self.source.text().get(start..self.at)?;
        if escapes {
            serde_json::from_str::<String>(text).ok().map(Str::from)
        } else {
            text.get(1..text.len() - 1).map(Str::from)
        }
    }

    /// A word or number, up to what ends it.
    fn token(&mut self) -> &str {
        let start = self.at;
        let more = self.bytes.get(start..).unwrap_or_default();
        let length = more.iter().position(|b| b" \t\r\n,]}:\"[{".contains(b)).unwrap_or(more.len());
        self.at += length;
        self.source.text().get(start..self.at).unwrap_or_default()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b" \t\r\n".contains(&b)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

/// How many keys written twice are reported in one document; a file with more has another problem.
const MOST_DUPLICATES: usize = 100;

/// Reports every key that an earlier member has, too.
pub(super) fn check_keys(source: &Arc<Source>, members: &[Member], found: &mut Vec<Diagnostic>) {
    let mut report = |first: &Member, again: &Member| {
        if found.len() < MOST_DUPLICATES {
            found.push(duplicate_key(source, &again.key, first.key_span, again.key_span));
        }
    };
    // Most objects are small enough that comparing is quicker than hashing.
    if members.len() <= 16 {
        for (i, again) in members.iter().enumerate() {
            if let Some(first) = members.iter().take(i).find(|m| m.key == again.key) {
                report(first, again);
            }
        }
        return;
    }
    let mut seen: HashMap<&str, &Member> = HashMap::with_capacity(members.len());
    for member in members {
        match seen.get(&*member.key) {
            Some(first) => report(first, member),
            None => {
                seen.insert(&member.key, member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;
    use crate::value::Value;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source::new("x.json", text))
    }

    fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
        super::super::parse(&source(text), Format::Json).map_err(Diagnostics::into_vec)
    }

    #[test]
    fn the_tree_holds_what_the_text_says() {
        let text = " {\"a\" : [1, -2.5e3 ,true,null, \"x\\u00e9\\n\"],\r\n\"\": {\"b\":{}, \"c\": [ ] }}\n";
        assert_eq!(parse(text).unwrap().to_value(), Value::parse(text).unwrap());
        for scalar in ["1", "\"a\"", "null", " false ", "18446744073709551615", "0.1"] {
            assert_eq!(parse(scalar).unwrap().to_value(), Value::parse(scalar).unwrap(), "{scalar}");
        }
    }

    #[test]
    fn every_span_covers_the_text_of_its_value() {
        let text = r#"{"a\"": [10, {"b": "ü"}], "c": null}"#;
        let node = parse(text).unwrap();
        let at = |path: &[&str]| &text[node.find(path).unwrap().span.range()];
        assert_eq!(at(&[]), text);
        assert_eq!(at(&["a\"", "0"]), "10");
        assert_eq!(at(&["a\"", "1"]), r#"{"b": "ü"}"#);
        assert_eq!(at(&["c"]), "null");
        assert_eq!(&text[node.member("a\"").unwrap().key_span.range()], r#""a\"""#);
    }

    #[test]
    fn all_keys_written_twice_are_found_with_both_places() {
        let found = parse(r#"{"a": 1, "b": {"x": 1, "x": 2}, "a": 3}"#).unwrap_err();
        let lines: Vec<_> = found.iter().map(Diagnostic::one_line).collect();
        assert_eq!(
            lines,
            [
                "x.json:1:24: error[duplicate-key]: the key `x` is written twice in one object",
                "x.json:1:33: error[duplicate-key]: the key `a` is written twice in one object",
            ]
        );
        assert_eq!(found[1].secondary[0].span, Span::new(1, 4));
        let many: Vec<String> = (0..40).map(|i| format!("\"k{}\": 1", i % 39)).collect();
        assert_eq!(parse(&format!("{{{}}}", many.join(","))).unwrap_err().len(), 1);
    }

    #[test]
    fn deep_nesting_is_refused_with_its_place() {
        for open in ["[", "{\"a\":"] {
            let found = parse(&open.repeat(10_000)).unwrap_err();
            assert_eq!(found[0].code, "too-deep");
            assert_eq!(found[0].primary.as_ref().unwrap().span.start as usize, open.len() * MAX_DEPTH);
        }
        let just = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(parse(&just).is_ok());
    }

    #[test]
    fn a_number_beyond_all_doubles_is_refused() {
        assert_eq!(parse("{\"a\": 1e400}").unwrap_err()[0].message, "the number is too large for JSON tools to hold");
    }
}
