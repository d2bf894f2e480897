//! The members of an object.

use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use indexmap::IndexMap;

use super::{Memo, Str, Value};

/// The hash of member names: FNV-1a, which is quick on the short names objects have and the same in every process.
/// Names come from the user's own test, so there is nobody to defend against.
#[derive(Clone, Copy)]
pub(crate) struct NameHasher(u64);

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
type NameMap<V> = IndexMap<Str, V, BuildHasherDefault<NameHasher>>;

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
    pub(super) fn memo(&self) -> &Memo {
        &self.memo
    }
    pub(super) fn forget_measure(&mut self) {
        self.memo = Memo::default();
    }
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

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
