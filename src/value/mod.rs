//! The JSON value every layer passes around: immutable, shared, cheap to clone.
//!
//! A payload that travels through twenty states, into forty history events and out to a mock is one
//! allocation. Cloning a [`Value`] bumps a reference count; taking a member out of an object shares it; putting
//! a member into an object copies only that object's own table. Objects and arrays remember how long they are
//! as JSON text, so checking the service's 256 KiB limit costs nothing after the first time.

mod content;
mod map;
mod wire;

pub use content::Content;
pub(crate) use map::NameHasher;
pub use map::{Map, Members};
pub use serde_json::Number;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A shared, immutable string.
pub type Str = Arc<str>;

/// A JSON value whose parts are shared.
///
/// ```
/// use rehearsal::value::Value;
///
/// let order = Value::parse(r#"{"id": 7, "lines": [1, 2, 3]}"#)?;
/// assert_eq!(order.get("id").and_then(Value::as_i64), Some(7));
/// assert_eq!(order.to_string(), r#"{"id":7,"lines":[1,2,3]}"#);
/// assert_eq!(order.text_len(), 24);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; integers keep all their digits.
    Number(Number),
    /// A string.
    String(Str),
    /// An array.
    Array(Arc<List>),
    /// An object; members keep their order.
    Object(Arc<Map>),
}

/// What is known about a value's text: its length in bytes and how deeply it nests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Bytes of the compact JSON text in UTF-8.
    pub bytes: usize,
    /// Levels of nesting: 0 for a scalar, 1 for `[]`.
    pub depth: usize,
}

/// A measure that is computed once: 0 is "not yet", since no container prints as nothing.
#[derive(Default)]
struct Memo(AtomicU64);

const DEPTH_BITS: u32 = 20;

impl Memo {
    fn get_or(&self, compute: impl FnOnce() -> Measure) -> Measure {
        let known = self.0.load(Ordering::Relaxed);
        if known != 0 {
            return Measure {
                bytes: (known >> DEPTH_BITS) as usize,
                depth: (known & ((1 << DEPTH_BITS) - 1)) as usize,
            };
        }
        let m = compute();
        self.0.store((m.bytes as u64) << DEPTH_BITS | (m.depth as u64).min((1 << DEPTH_BITS) - 1), Ordering::Relaxed);
        m
    }
}

/// The elements of an array.
#[derive(Default)]
pub struct List {
    items: Vec<Value>,
    memo: Memo,
}

impl std::ops::Deref for List {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        &self.items
    }
}

impl Clone for List {
    fn clone(&self) -> Self {
        List { items: self.items.clone(), memo: Memo::default() }
    }
}

impl Value {
    /// Reads JSON text.
    ///
    /// # Errors
    /// Text that is not one JSON value, or nests more than 128 levels deep.
    pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
        serde_json::from_str(text)
    }
    /// Reads JSON bytes; see [`Value::parse`].
    ///
    /// # Errors
    /// Bytes that are not UTF-8 or not one JSON value.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
    /// An array of these elements.
    pub fn array(items: Vec<Value>) -> Value {
        Value::Array(Arc::new(List { items, memo: Memo::default() }))
    }
    /// An object of these members.
    pub fn object<K: Into<Str>>(members: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Object(Arc::new(members.into_iter().collect()))
    }
    /// The object `{}`.
    pub fn empty_object() -> Value {
        Value::Object(Arc::default())
    }
    /// A number from a double; whole ones stay doubles. Not a number and infinities become `null`.
    pub fn from_f64(f: f64) -> Value {
        Number::from_f64(f).map_or(Value::Null, Value::Number)
    }
    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }
    /// An element of an array.
    pub fn at(&self, index: usize) -> Option<&Value> {
        self.as_array()?.get(index)
    }
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s),
            _ => None,
        }
    }
    /// The truth of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }
    /// A number that fits an `i64` and was written without fraction or exponent.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(n) => n.as_i64(),
            _ => None,
        }
    }
    /// A number as a double.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(n) => n.as_f64(),
            _ => None,
        }
    }
    /// A number that is whole, however it is written: `3`, `3.0`, `3e0`.
    pub fn as_whole(&self) -> Option<i64> {
        self.as_i64().or_else(|| {
            let f = self.as_f64()?;
            (f.fract() == 0.0 && f.abs() < 9.0e15).then_some(f as i64)
        })
    }
    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(a) => Some(a),
            _ => None,
        }
    }
    /// The members of an object.
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Value::Object(o) => Some(o),
            _ => None,
        }
    }
    /// The members of an object, to change; a shared object is copied first, its members are not.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Object(o) => {
                let map = Arc::make_mut(o);
                map.forget_measure();
                Some(map)
            }
            _ => None,
        }
    }
    /// The elements of an array, to change; a shared array is copied first, its elements are not.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Value::Array(a) => {
                let list = Arc::make_mut(a);
                list.memo = Memo::default();
                Some(&mut list.items)
            }
            _ => None,
        }
    }
    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    /// The JSON name of the type: `null`, `boolean`, `number`, `string`, `array` or `object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }
    /// Length of the compact JSON text in bytes, what the service's payload limits count.
    pub fn text_len(&self) -> usize {
        self.measure().bytes
    }
    /// Length and depth of the compact JSON text; remembered in every array and object.
    pub fn measure(&self) -> Measure {
        let scalar = |bytes| Measure { bytes, depth: 0 };
        match self {
            Value::Null => scalar(4),
            Value::Bool(b) => scalar(if *b { 4 } else { 5 }),
            Value::Number(n) => scalar(number_len(n)),
            Value::String(s) => scalar(string_len(s)),
            Value::Array(a) => a.memo.get_or(|| {
                let (mut bytes, mut depth) = (2 + a.len().saturating_sub(1), 0);
                for v in a.iter() {
                    let m = v.measure();
                    bytes += m.bytes;
                    depth = depth.max(m.depth);
                }
                Measure { bytes, depth: depth + 1 }
            }),
            Value::Object(o) => o.memo().get_or(|| {
                let (mut bytes, mut depth) = (2 + o.len().saturating_sub(1), 0);
                for (k, v) in o.iter() {
                    let m = v.measure();
                    bytes += string_len(k) + 1 + m.bytes;
                    depth = depth.max(m.depth);
                }
                Measure { bytes, depth: depth + 1 }
            }),
        }
    }
    /// The same value as serde_json's type, copied.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => serde_json::Value::Bool(*b),
            Value::Number(n) => serde_json::Value::Number(n.clone()),
            Value::String(s) => serde_json::Value::String(s.to_string()),
            Value::Array(a) => a.iter().map(Value::to_json).collect(),
            Value::Object(o) => {
                serde_json::Value::Object(o.iter().map(|(k, v)| (k.to_string(), v.to_json())).collect())
            }
        }
    }
    /// The text as humans read it, indented by two blanks.
    pub fn to_pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
    /// Whether both are the same storage, so that equality is certain without looking inside.
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::String(a), Value::String(b)) => Arc::ptr_eq(a, b),
            (Value::Array(a), Value::Array(b)) => Arc::ptr_eq(a, b),
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

fn number_len(n: &Number) -> usize {
    let digits = |mut u: u64| {
        let mut n = 1;
        while u >= 10 {
            u /= 10;
            n += 1;
        }
        n
    };
    if let Some(u) = n.as_u64() {
        digits(u)
    } else if let Some(i) = n.as_i64() {
        1 + digits(i.unsigned_abs())
    } else {
        n.to_string().len()
    }
}

fn string_len(s: &str) -> usize {
    let escapes: usize = s
        .bytes()
        .map(|b| match b {
            b'"' | b'\\' | 8 | 9 | 10 | 12 | 13 => 1,
            0..=31 => 5,
            _ => 0,
        })
        .sum();
    s.len() + 2 + escapes
}

/// Equality as JSON sees it: member order does not matter and `1` equals `1.0`.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => numbers_equal(a, b),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => Arc::ptr_eq(a, b) || a[..] == b[..],
            (Value::Object(a), Value::Object(b)) => {
                Arc::ptr_eq(a, b) || a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| v == w))
            }
            _ => false,
        }
    }
}

/// Whether two numbers have the same value; integers compare exactly.
pub fn numbers_equal(a: &Number, b: &Number) -> bool {
    match (a.as_i64(), b.as_i64()) {
        (Some(x), Some(y)) => x == y,
        _ => match (a.as_u64(), b.as_u64()) {
            (Some(x), Some(y)) => x == y,
            _ => a.as_f64() == b.as_f64(),
        },
    }
}

/// Prints compact JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<serde_json::Value> for Value {
    fn from(v: serde_json::Value) -> Self {
        match v {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => Value::Number(n),
            serde_json::Value::String(s) => Value::String(s.into()),
            serde_json::Value::Array(a) => Value::array(a.into_iter().map(Value::from).collect()),
            serde_json::Value::Object(o) => Value::object(o.into_iter().map(|(k, v)| (k, Value::from(v)))),
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(v: &serde_json::Value) -> Self {
        match v {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => Value::Number(n.clone()),
            serde_json::Value::String(s) => Value::String(s.as_str().into()),
            serde_json::Value::Array(a) => Value::array(a.iter().map(Value::from).collect()),
            serde_json::Value::Object(o) => Value::object(o.iter().map(|(k, v)| (k.as_str(), Value::from(v)))),
        }
    }
}

impl From<Map> for Value {
    fn from(m: Map) -> Self {
        Value::Object(Arc::new(m))
    }
}

macro_rules! from_scalar {
    ($($t:ty => |$x:ident| $make:expr;)*) => {$(
        impl From<$t> for Value {
            fn from($x: $t) -> Self { $make }
        }
    )*};
}

from_scalar! {
    () => |_x| Value::Null;
    bool => |x| Value::Bool(x);
    i32 => |x| Value::Number(x.into());
    i64 => |x| Value::Number(x.into());
    u32 => |x| Value::Number(x.into());
    u64 => |x| Value::Number(x.into());
    usize => |x| Value::Number(x.into());
    f64 => |x| Value::from_f64(x);
    &str => |x| Value::String(x.into());
    String => |x| Value::String(x.into());
    Str => |x| Value::String(x);
    &Str => |x| Value::String(x.clone());
    Vec<Value> => |x| Value::array(x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_measure_is_the_length_of_the_text() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-1",
            "18446744073709551615",
            "-9223372036854775808",
            "1.5",
            "-0.25",
            "1e300",
            r#""a\"b\\\n\u0001é""#,
            "[]",
            "[1]",
            "[1,[2,[3]]]",
            "{}",
            r#"{"a":1,"b\"":[{}]}"#,
        ] {
            let v = Value::parse(text).unwrap();
            assert_eq!(v.text_len(), v.to_string().len(), "{text}");
            assert_eq!(v.text_len(), v.to_string().len(), "{text}, remembered");
        }
        assert_eq!(Value::parse("[1,[2,[3]]]").unwrap().measure().depth, 3);
    }

    #[test]
    fn changing_a_shared_object_leaves_the_other_holder_alone_and_forgets_the_measure() {
        let a = Value::parse(r#"{"x":{"big":[1,2,3]}}"#).unwrap();
        assert_eq!(a.text_len(), 21);
        let mut b = a.clone();
        b.as_object_mut().unwrap().insert("y", 1);
        assert_eq!((a.to_string().len(), b.to_string().len()), (21, 27));
        assert_eq!((a.text_len(), b.text_len()), (21, 27));
        assert!(a.get("x").unwrap().is_same(b.get("x").unwrap()));
    }

    #[test]
    fn numbers_compare_by_value_and_integers_exactly() {
        let p = |t| Value::parse(t).unwrap();
        assert_eq!(p("1"), p("1.0"));
        assert_ne!(p("9007199254740993"), p("9007199254740992"));
        assert_eq!(p(r#"{"a":1,"b":2}"#), p(r#"{"b":2,"a":1}"#));
    }
}
