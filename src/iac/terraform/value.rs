//! Terraform's values, each with the place where somebody wrote it.

use std::rc::Rc;
use std::sync::Arc;

use crate::source::{Assembled, Node, NodeKind, Source, Span};
use crate::value::{Number, Str};

/// Characters of a source.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub source: Arc<Source>,
    pub span: Span,
    /// Where another file refers to them: findings about a definition stay in the definition's file.
    seen: Option<Rc<Place>>,
}

impl Place {
    pub(super) fn new(source: &Arc<Source>, span: Span) -> Place {
        Place { source: source.clone(), span, seen: None }
    }

    /// The characters of one source that this is or that refer to this; none if that source has nothing to do with it.
    fn within(&self, source: &Arc<Source>) -> Option<Span> {
        if Arc::ptr_eq(&self.source, source) { Some(self.span) } else { self.seen.as_ref()?.within(source) }
    }

    /// The characters of another place's source that this is or that refer to this, or else that place itself.
    pub(super) fn span_in(&self, other: &Place) -> Span {
        self.within(&other.source).unwrap_or(other.span)
    }

    /// The same, as seen from characters that refer to it.
    fn seen_from(&self, other: &Place) -> Place {
        if Arc::ptr_eq(&self.source, &other.source) {
            return self.clone();
        }
        let seen = match &self.seen {
            None => other.clone(),
            Some(nearer) if nearer.within(&other.source).is_some() => return self.clone(),
            Some(nearer) => nearer.seen_from(other),
        };
        Place { seen: Some(Rc::new(seen)), ..self.clone() }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Val {
    pub kind: Kind,
    pub place: Place,
}

/// What a value is. Parts are shared, since one local may stand in a hundred states.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(Rc<Assembled>),
    List(Rc<Vec<Val>>),
    /// Members in the order of their keys, as Terraform has them.
    Object(Rc<Vec<Field>>),
    /// What is known after deployment only, or not at all: the expression, as it is written.
    Unknown(Str),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub key: Str,
    pub key_place: Place,
    pub value: Val,
}

impl Val {
    pub(super) fn new(kind: Kind, place: Place) -> Val {
        Val { kind, place }
    }

    /// A text that stands for the characters of a place.
    pub(super) fn text(text: &str, place: Place) -> Val {
        let mut assembled = Assembled::new(&place.source);
        assembled.push_for(text, place.span);
        Val::new(Kind::Text(Rc::new(assembled)), place)
    }

    pub(super) fn number(number: impl Into<Number>, place: Place) -> Val {
        Val::new(Kind::Number(number.into()), place)
    }

    pub(super) fn list(items: Vec<Val>, place: Place) -> Val {
        Val::new(Kind::List(Rc::new(items)), place)
    }

    /// An object of these members, of which the later wins where two have the same key.
    pub(super) fn object(mut fields: Vec<Field>, place: Place) -> Val {
        // Stable, so that the last of equal keys is the one written last.
        fields.sort_by(|a, b| a.key.cmp(&b.key));
        let mut unique: Vec<Field> = Vec::with_capacity(fields.len());
        for field in fields {
            match unique.last_mut().filter(|last| last.key == field.key) {
                Some(last) => *last = field,
                None => unique.push(field),
            }
        }
        Val::new(Kind::Object(Rc::new(unique)), place)
    }

    /// What cannot be known. Its text can stand inside a JSON string, whatever the expression holds.
    pub(super) fn unknown(expression: &str, place: Place) -> Val {
        let mut shown = String::new();
        for c in expression.chars() {
            match c {
                '"' => shown.push('\''),
                '\\' | '{' | '}' => {}
                c if c.is_whitespace() || c.is_control() => {
                    if !shown.ends_with(' ') {
                        shown.push(' ');
                    }
                }
                c => shown.push(c),
            }
            if shown.len() > 100 {
                shown.push('…');
                break;
            }
        }
        Val::new(Kind::Unknown(shown.trim().into()), place)
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown(_))
    }

    pub(super) fn get(&self, key: &str) -> Option<&Val> {
        self.fields().iter().find(|f| &*f.key == key).map(|f| &f.value)
    }

    pub(super) fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The value as seen from characters that refer to it.
    pub(super) fn seen_from(&self, place: &Place) -> Val {
        Val { kind: self.kind.clone(), place: self.place.seen_from(place) }
    }

    /// The text of a value, if Terraform makes a text of it.
    pub(super) fn to_text(&self) -> Option<Rc<Assembled>> {
        let text = match &self.kind {
            Kind::Text(text) => return Some(text.clone()),
            Kind::Bool(b) => b.to_string(),
            Kind::Number(n) => n.to_string(),
            Kind::Unknown(expression) => format!("${{{expression}}}"),
            Kind::Null | Kind::List(_) | Kind::Object(_) => return None,
        };
        let mut assembled = Assembled::new(&self.place.source);
        assembled.push_for(&text, self.place.span);
        Some(Rc::new(assembled))
    }

    /// The truth of a value: texts `true` and `false` are booleans where one is wanted.
    pub(super) fn to_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Bool(b) => Some(*b),
            Kind::Text(text) => text.text().parse().ok(),
            _ => None,
        }
    }

    /// The number of a value: a text that is one counts.
    pub(super) fn to_number(&self) -> Option<Number> {
        match &self.kind {
            Kind::Number(n) => Some(n.clone()),
            Kind::Text(text) => parse_number(text.text()),
            _ => None,
        }
    }

    /// A whole number, rounded down to nothing else: `1.5` is none.
    pub(super) fn to_whole(&self) -> Option<i64> {
        let number = self.to_number()?;
        number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        })
    }

    /// What people call the kind of value.
    pub(super) fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a bool",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
            Kind::Unknown(_) => "unknown",
        }
    }

    /// The value of a document's node.
    pub(super) fn of_node(node: &Node, source: &Arc<Source>) -> Val {
        let place = |span| Place::new(source, span);
        let here = place(node.span);
        match &node.kind {
            NodeKind::Null => Val::new(Kind::Null, here),
            NodeKind::Bool(b) => Val::new(Kind::Bool(*b), here),
            NodeKind::Number(n) => Val::new(Kind::Number(n.clone()), here),
            NodeKind::String(text) => {
                let mut assembled = Assembled::new(source);
                assembled.push_string(text, node.span);
                Val::new(Kind::Text(Rc::new(assembled)), here)
            }
            NodeKind::Array(items) => Val::list(items.iter().map(|n| Val::of_node(n, source)).collect(), here),
            NodeKind::Object(members) => {
                let field = |key: &Str, span, value| Field {
                    key: key.clone(),
                    key_place: place(span),
                    value: Val::of_node(value, source),
                };
                Val::object(members.iter().map(|m| field(&m.key, m.key_span, &m.value)).collect(), here)
            }
        }
    }

    /// Whether two values are the same; nothing is known about what is unknown.
    pub(super) fn same(&self, other: &Val) -> Option<bool> {
        Some(match (&self.kind, &other.kind) {
            (Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => return None,
            (Kind::Null, Kind::Null) => true,
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Number(a), Kind::Number(b)) => crate::value::numbers_equal(a, b),
            (Kind::Text(a), Kind::Text(b)) => {
                // A text with something unknown in it may still become any other.
                if a.text() != b.text() && (a.text().contains("${") || b.text().contains("${")) {
                    return None;
                }
                a.text() == b.text()
            }
            (Kind::List(a), Kind::List(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                return a.iter().zip(b.iter()).try_fold(true, |all, (a, b)| Some(all && a.same(b)?));
            }
            (Kind::Object(a), Kind::Object(b)) => {
                if a.len() != b.len() || a.iter().zip(b.iter()).any(|(a, b)| a.key != b.key) {
                    return Some(false);
                }
                return a.iter().zip(b.iter()).try_fold(true, |all, (a, b)| Some(all && a.value.same(&b.value)?));
            }
            _ => false,
        })
    }
}

/// A number as Terraform reads it from a text.
pub(super) fn parse_number(text: &str) -> Option<Number> {
    let looks_right = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    if !looks_right {
        return None;
    }
    text.parse::<i64>().map(Number::from).ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

/// A floating-point result as a number: whole ones have no fraction.
pub(super) fn number_of(float: f64) -> Option<Number> {
    if float.fract() == 0.0 && float.abs() < 9e15 {
        return Some(Number::from(float as i64));
    }
    Number::from_f64(float)
}

/// Writes a value as JSON, as `jsonencode` does, each token where its value was written. Places in other sources than
/// the text's become the place in this one that refers to them.
pub(super) fn to_json(value: &Val, source: &Arc<Source>, spend: &dyn Fn(usize) -> bool) -> Assembled {
    let mut writer = JsonWriter { text: Assembled::new(source), spend };
    let whole = value.place.within(source).unwrap_or_default();
    writer.value(value, whole);
    writer.text
}

struct JsonWriter<'a> {
    text: Assembled,
    /// Whether so many more bytes may be written.
    spend: &'a dyn Fn(usize) -> bool,
}

impl JsonWriter<'_> {
    fn value(&mut self, value: &Val, outer: Span) {
        let span = value.place.within(self.text.source()).unwrap_or(outer);
        if !(self.spend)(8) {
            return;
        }
        let (start, end) = (span.start as usize, span.end as usize);
        let first = Span::new(start, (start + 1).min(end));
        let last = Span::new(end.saturating_sub(1).max(start), end);
        match &value.kind {
            Kind::Null => self.text.push_for("null", span),
            Kind::Bool(b) => self.text.push_for(if *b { "true" } else { "false" }, span),
            Kind::Number(n) => self.text.push_for(&n.to_string(), span),
            Kind::Unknown(expression) => {
                let text = format!("\"${{{expression}}}\"");
                self.text.push_for(&text, span);
            }
            Kind::Text(text) => self.string(text, span),
            Kind::List(items) => {
                self.text.push_for("[", first);
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.text.push_for(",", last);
                    }
                    self.value(item, span);
                }
                self.text.push_for("]", last);
            }
            Kind::Object(fields) => {
                self.text.push_for("{", first);
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        self.text.push_for(",", last);
                    }
                    let at = field.key_place.within(self.text.source()).unwrap_or(span);
                    self.text.push_for(&quoted(&field.key), at);
                    self.text.push_for(":", at);
                    self.value(&field.value, span);
                }
                self.text.push_for("}", last);
            }
        }
    }

    /// A string whose characters keep their places, so that a finding can point at some of them.
    fn string(&mut self, text: &Assembled, span: Span) {
        // Each character that is escaped is a piece of its own: this costs more than a text does.
        if !(self.spend)(text.text().len() * 8) {
            return;
        }
        let source = self.text.source().clone();
        let json = quoted(text.text());
        if source.slice(span) == json {
            return self.text.push_slice(span);
        }
        if !Arc::ptr_eq(text.source(), &source) {
            return self.text.push_for(&json, span);
        }
        let (start, end) = (span.start as usize, span.end as usize);
        self.text.push_for("\"", Span::new(start, (start + 1).min(end)));
        let mut plain = 0;
        for (at, c) in text.text().char_indices() {
            if !matches!(c, '"' | '\\' | '\0'..='\u{1f}') {
                continue;
            }
            self.text.push_part(text, plain..at);
            plain = at + 1;
            let escaped = quoted(c.encode_utf8(&mut [0; 4]));
            let inner = escaped.get(1..escaped.len() - 1).unwrap_or_default();
            self.text.push_for(inner, text.span(at, at + 1));
        }
        self.text.push_part(text, plain..text.text().len());
        self.text.push_for("\"", Span::new(end.saturating_sub(1).max(start), end));
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
