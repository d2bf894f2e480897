//! The JSON value every layer passes around: immutable, shared, cheap to clone.
//!
//! A payload that travels through twenty states, into forty history events and out to a mock is one
//! allocation. Cloning a [`Value`] bumps a reference count; taking a member out of an object shares it; putting
//! a member into an object copies only that object's own table. Objects and arrays remember how long they are
//! as JSON text, so checking the service's 256 KiB limit costs nothing after the first time.

use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
pub use serde_json::Number;

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

/// The hash of member names: FNV-1a, which is quick on the short names objects have and the same in every process.
/// Names come from the user's own test, so there is nobody to defend against.
#[derive(Clone, Copy)]
pub struct NameHasher(u64);

impl Default for NameHasher {
    fn default() -> Self {
        NameHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// A hash map with [`NameHasher`]: iteration order and speed do not depend on the process.
pub type NameMap<V> = IndexMap<Str, V, BuildHasherDefault<NameHasher>>;

/// The members of an object, in order.
///
/// A few members stand in a plain list, which is quicker to build and to search than a table; more get one.
#[derive(Default)]
pub struct Map {
    entries: Entries,
    memo: Memo,
}

/// Up to this many members are searched one after the other.
const FEW: usize = 8;

enum Entries {
    Few(Vec<(Str, Value)>),
    Many(NameMap<Value>),
}

impl Clone for Entries {
    /// A copy is made in order to change it, most often by one more member: room for that is made at once.
    fn clone(&self) -> Self {
        match self {
            Entries::Few(list) => {
                let mut copy = Vec::with_capacity(list.len() + 1);
                copy.extend_from_slice(list);
                Entries::Few(copy)
            }
            Entries::Many(table) => Entries::Many(table.clone()),
        }
    }
}

impl Default for Entries {
    fn default() -> Self {
        Entries::Few(Vec::new())
    }
}

impl Entries {
    fn with_capacity(n: usize) -> Self {
        if n <= FEW {
            Entries::Few(Vec::with_capacity(n))
        } else {
            Entries::Many(NameMap::with_capacity_and_hasher(n, BuildHasherDefault::default()))
        }
    }
    fn insert(&mut self, name: Str, value: Value) -> Option<Value> {
        match self {
            Entries::Many(table) => table.insert(name, value),
            Entries::Few(list) => {
                if let Some((_, old)) = list.iter_mut().find(|(k, _)| *k == name) {
                    return Some(std::mem::replace(old, value));
                }
                if list.len() < FEW {
                    list.push((name, value));
                } else {
                    let mut table: NameMap<Value> = std::mem::take(list).into_iter().collect();
                    table.insert(name, value);
                    *self = Entries::Many(table);
                }
                None
            }
        }
    }
}

impl Clone for Map {
    fn clone(&self) -> Self {
        Map { entries: self.entries.clone(), memo: Memo::default() }
    }
}

impl Map {
    /// An empty object.
    pub fn new() -> Self {
        Map::default()
    }
    /// An empty object with room for `n` members.
    pub fn with_capacity(n: usize) -> Self {
        Map { entries: Entries::with_capacity(n), memo: Memo::default() }
    }
    /// The member `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.entries {
            Entries::Few(list) => list.iter().find(|(k, _)| **k == *name).map(|(_, v)| v),
            Entries::Many(table) => table.get(name),
        }
    }
    /// The member `name`, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.memo = Memo::default();
        match &mut self.entries {
            Entries::Few(list) => list.iter_mut().find(|(k, _)| **k == *name).map(|(_, v)| v),
            Entries::Many(table) => table.get_mut(name),
        }
    }
    /// Sets a member; one that was there keeps its place.
    pub fn insert(&mut self, name: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        self.memo = Memo::default();
        self.entries.insert(name.into(), value.into())
    }
    /// Takes a member out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.memo = Memo::default();
        match &mut self.entries {
            Entries::Few(list) => {
                let at = list.iter().position(|(k, _)| **k == *name)?;
                Some(list.remove(at).1)
            }
            Entries::Many(table) => table.shift_remove(name),
        }
    }
    /// Whether there is a member `name`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Few(list) => list.len(),
            Entries::Many(table) => table.len(),
        }
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Members in order.
    pub fn iter(&self) -> Members<'_> {
        Members(match &self.entries {
            Entries::Few(list) => Walk::Few(list.iter()),
            Entries::Many(table) => Walk::Many(table.iter()),
        })
    }
    /// Names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Str> {
        self.iter().map(|(k, _)| k)
    }
    /// Values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.iter().map(|(_, v)| v)
    }
}

/// The members of an object, one after the other; see [`Map::iter`].
#[derive(Clone)]
pub struct Members<'a>(Walk<'a>);

#[derive(Clone)]
enum Walk<'a> {
    Few(std::slice::Iter<'a, (Str, Value)>),
    Many(indexmap::map::Iter<'a, Str, Value>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a Str, &'a Value);
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Few(list) => list.next().map(|(k, v)| (k, v)),
            Walk::Many(table) => table.next(),
        }
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Walk::Few(list) => list.size_hint(),
            Walk::Many(table) => table.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Members<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Few(list) => list.next_back().map(|(k, v)| (k, v)),
            Walk::Many(table) => table.next_back(),
        }
    }
}

impl ExactSizeIterator for Members<'_> {}

impl<K: Into<Str>> FromIterator<(K, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, Value)>>(iter: T) -> Self {
        let members = iter.into_iter();
        let mut entries = Entries::with_capacity(members.size_hint().0);
        for (k, v) in members {
            entries.insert(k.into(), v);
        }
        Map { entries, memo: Memo::default() }
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
                map.memo = Memo::default();
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
            Value::Object(o) => o.memo.get_or(|| {
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

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => s.serialize_unit(),
            Value::Bool(b) => s.serialize_bool(*b),
            Value::Number(n) => n.serialize(s),
            Value::String(t) => s.serialize_str(t),
            Value::Array(a) => {
                let mut seq = s.serialize_seq(Some(a.len()))?;
                for v in a.iter() {
                    seq.serialize_element(v)?;
                }
                seq.end()
            }
            Value::Object(o) => {
                let mut map = s.serialize_map(Some(o.len()))?;
                for (k, v) in o.iter() {
                    map.serialize_entry(&**k, v)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        Value::deserialize(d)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Number(i.into()))
    }
    fn visit_u64<E>(self, u: u64) -> Result<Value, E> {
        Ok(Value::Number(u.into()))
    }
    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::from_f64(f))
    }
    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::String(s.into()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(4096));
        while let Some(v) = seq.next_element()? {
            items.push(v);
        }
        Ok(Value::array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(Name(k)) = access.next_key()? {
            map.entries.insert(k, access.next_value()?);
        }
        Ok(Value::Object(Arc::new(map)))
    }
}

/// A member name read straight into shared text.
struct Name(Str);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_str<E>(self, s: &str) -> Result<Name, E> {
                Ok(Name(s.into()))
            }
        }
        d.deserialize_str(NameVisitor)
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
    fn objects_keep_their_order_and_their_last_values_at_every_size() {
        for n in [0, 1, FEW - 1, FEW, FEW + 1, 40] {
            let mut map: Map = (0..n).map(|i| (format!("k{i}"), Value::from(i))).collect();
            for i in 0..n {
                assert_eq!(map.insert(format!("k{i}"), i * 2), Some(Value::from(i)), "{n}");
            }
            let seen: Vec<(String, Value)> = map.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
            assert_eq!(seen, (0..n).map(|i| (format!("k{i}"), Value::from(i * 2))).collect::<Vec<_>>());
            assert_eq!(map.iter().rev().count(), n);
            if n > 2 {
                assert_eq!(map.remove("k1"), Some(Value::from(2)));
                assert_eq!((map.len(), map.get("k1"), map.contains_key("k2")), (n - 1, None, true));
                assert_eq!(map.keys().nth(1).map(|k| &**k), Some("k2"));
            }
        }
    }

    #[test]
    fn numbers_compare_by_value_and_integers_exactly() {
        let p = |t| Value::parse(t).unwrap();
        assert_eq!(p("1"), p("1.0"));
        assert_ne!(p("9007199254740993"), p("9007199254740992"));
        assert_eq!(p(r#"{"a":1,"b":2}"#), p(r#"{"b":2,"a":1}"#));
    }
}
