//! Reference Paths of the States Language: `$`, `.name`, `['name']` and `[n]` only.
//!
//! A Reference Path names exactly one place, so a value can be put there (`ResultPath`) as well as taken from there.

use std::sync::Arc;

use crate::expr::jsonpath::{JsonPath, PathError, PathErrorKind, PathSyntaxError, unescape};
use crate::value::{Str, Value};

/// How many steps a Reference Path may have; writing through a longer one would build an absurdly deep document.
pub const MAX_STEPS: usize = 128;

/// A path that names exactly one place in a document; cloning it shares the parsed form.
///
/// ```
/// use rehearsal::expr::reference_path::ReferencePath;
/// use rehearsal::value::Value;
///
/// let place = ReferencePath::parse("$.payment.receipt")?;
/// let input = Value::parse(r#"{"order": 7}"#)?;
/// let output = place.put(input, Value::from("R-1"))?;
/// assert_eq!(output.to_string(), r#"{"order":7,"payment":{"receipt":"R-1"}}"#);
/// assert_eq!(place.get(&output)?, Value::from("R-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReferencePath {
    path: JsonPath,
    keys: Arc<[Key]>,
}

#[derive(Debug)]
enum Key {
    Name(Str),
    Index(usize),
}

impl ReferencePath {
    /// Reads a Reference Path.
    ///
    /// # Errors
    /// Text that is no path, a path that could name several places, more than [`MAX_STEPS`] steps.
    pub fn parse(text: &str) -> Result<ReferencePath, PathSyntaxError> {
        let keys = keys(text)?;
        Ok(ReferencePath { path: JsonPath::parse(text)?, keys: keys.into() })
    }
    /// The text as written.
    pub fn as_str(&self) -> &str {
        self.path.as_str()
    }
    /// Whether this is just `$`.
    pub fn is_root(&self) -> bool {
        self.keys.is_empty()
    }
    /// The member name of the first step, if the path begins with a name.
    pub fn first_name(&self) -> Option<&str> {
        self.path.first_name()
    }
    /// `target` with `value` put in this place; everything beside the way there is shared with `target`.
    ///
    /// Objects that are missing on the way are made. An element of an array is replaced, never added.
    ///
    /// # Errors
    /// Something on the way is neither an object to name a member of nor an array to count in, or the array is too
    /// short. `null` counts as something: it is not turned into an object.
    pub fn put(&self, mut target: Value, value: Value) -> Result<Value, PathError> {
        // Looking first keeps the target whole for the message without a second hold on it, which would force a copy.
        let place = if has_place(&target, &self.keys) { place(&mut target, &self.keys) } else { None };
        match place {
            Some(place) => {
                *place = value;
                Ok(target)
            }
            None => Err(PathError {
                kind: PathErrorKind::Invalid,
                message: format!("Unable to apply ReferencePath {} to input {target}", self.as_str()),
            }),
        }
    }
    /// The value in this place.
    ///
    /// # Errors
    /// Nothing is there.
    pub fn get(&self, root: &Value) -> Result<Value, PathError> {
        self.path.select(root)
    }
}

/// Whether `keys` lead to a place that is there or can be made.
fn has_place(target: &Value, keys: &[Key]) -> bool {
    let mut here = target;
    for (i, key) in keys.iter().enumerate() {
        let next = match (key, here) {
            (Key::Index(n), Value::Array(items)) => items.get(*n),
            (Key::Name(name), Value::Object(members)) => match members.get(name) {
                None => return keys.iter().skip(i).all(|key| matches!(key, Key::Name(_))),
                there => there,
            },
            _ => None,
        };
        match next {
            Some(value) => here = value,
            None => return false,
        }
    }
    true
}

/// The place that `keys` lead to, made if it is a member.
fn place<'v>(target: &'v mut Value, keys: &[Key]) -> Option<&'v mut Value> {
    let mut here = target;
    for (i, key) in keys.iter().enumerate() {
        here = match key {
            Key::Index(n) => here.as_array_mut()?.get_mut(*n)?,
            Key::Name(name) => {
                let members = here.as_object_mut()?;
                if !members.contains_key(name) {
                    let is_last = i + 1 == keys.len();
                    members.insert(name.clone(), if is_last { Value::Null } else { Value::empty_object() });
                }
                members.get_mut(name)?
            }
        };
    }
    Some(here)
}

fn keys(text: &str) -> Result<Vec<Key>, PathSyntaxError> {
    let refusal = |message: String, rest: &str| PathSyntaxError { message, at: text.len() - rest.len() };
    let Some(mut rest) = text.strip_prefix('$') else {
        return Err(refusal("a Reference Path begins with `$`".to_owned(), text));
    };
    let mut keys = Vec::new();
    while !rest.is_empty() {
        if keys.len() == MAX_STEPS {
            return Err(refusal(format!("a Reference Path has at most {MAX_STEPS} steps"), rest));
        }
        let (key, after) = match (rest.strip_prefix('['), rest.strip_prefix('.')) {
            (Some(inside), _) => bracket(inside),
            (_, Some(name)) => match name.strip_prefix('[') {
                Some(inside) => bracket(inside),
                None => dot_name(name),
            },
            _ => Err(rest),
        }
        .map_err(|at| {
            let found = at.chars().next().map_or("the end of the path".to_owned(), |c| format!("`{c}`"));
            let message = format!(
                "a Reference Path names one place with `.name`, `['name']` and `[n]` only; {found} is not allowed here"
            );
            refusal(message, at)
        })?;
        keys.push(key);
        rest = after;
    }
    Ok(keys)
}

/// A key and what follows it, or the text that is wrong.
type Read<'t> = Result<(Key, &'t str), &'t str>;

/// A name after a dot. The operators of full paths have to be quoted.
fn dot_name(text: &str) -> Read<'_> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_operator = |c| matches!(c, '@' | ',' | ':' | '?' | '*' | '(' | ')' | ']' | '\'' | '"' | ' ');
    match name.find(is_operator) {
        Some(at) => Err(text.get(at..).unwrap_or(text)),
        None if name.is_empty() => Err(text),
        None => Ok((Key::Name(name.into()), rest)),
    }
}

/// A quoted name or an index after a bracket.
fn bracket(text: &str) -> Read<'_> {
    let inside = text.trim_start_matches(' ');
    let (key, rest) = match inside.chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let body = inside.get(1..).unwrap_or_default();
            let mut escaped = false;
            let end = body.find(|c: char| {
                let is_end = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            });
            let (name, rest) = body.split_at(end.ok_or("")?);
            (Key::Name(unescape(name).map_err(|_| body)?.into()), rest.get(1..).unwrap_or_default())
        }
        _ => {
            let end = inside.find(|c: char| !c.is_ascii_digit()).unwrap_or(inside.len());
            let (digits, rest) = inside.split_at(end);
            // The full path's indices are Java's integers.
            let index = digits.parse::<i32>().ok().and_then(|i| usize::try_from(i).ok());
            (Key::Index(index.ok_or(inside)?), rest)
        }
    };
    let rest = rest.trim_start_matches(' ');
    rest.strip_prefix(']').map(|rest| (key, rest)).ok_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Value {
        Value::parse(text).unwrap()
    }
    fn path(text: &str) -> ReferencePath {
        ReferencePath::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }
    fn put(target: &str, place: &str, value: &str) -> String {
        path(place).put(v(target), v(value)).map_or_else(|e| e.message, |v| v.to_string())
    }

    #[test]
    fn put_replaces_adds_and_makes_the_objects_on_the_way() {
        for (target, place, value, expected) in [
            (r#"{"a":1}"#, "$", "2", "2"),
            ("null", "$", "[]", "[]"),
            (r#"{"a":1,"b":2}"#, "$.a", "3", r#"{"a":3,"b":2}"#),
            (r#"{"a":1}"#, "$.b", "null", r#"{"a":1,"b":null}"#),
            ("{}", "$.a.b['c d']", "1", r#"{"a":{"b":{"c d":1}}}"#),
            (r#"{"a":[1,{"b":2}]}"#, "$.a[1].b", "3", r#"{"a":[1,{"b":3}]}"#),
            (r#"{"a":[1,{"b":2}]}"#, "$.a[0]", "{}", r#"{"a":[{},{"b":2}]}"#),
            ("[1,2]", "$[1]", "3", "[1,3]"),
            (r#"{"it's":1}"#, r"$['it\'s']", "2", r#"{"it's":2}"#),
        ] {
            assert_eq!(put(target, place, value), expected, "{place} in {target}");
        }
    }

    #[test]
    fn put_fails_where_something_else_is_in_the_way() {
        for (target, place) in [
            (r#""input1""#, "$.a"),
            ("null", "$.a"),
            ("[1]", "$.a"),
            ("[1]", "$[1]"),
            ("{}", "$[0]"),
            ("{}", "$.a[0]"),
            (r#"{"a":null}"#, "$.a.b"),
            (r#"{"a":5}"#, "$.a.b.c"),
            (r#"{"a":{"b":[]}}"#, "$.a.b.c"),
        ] {
            let failure = path(place).put(v(target), v("1")).unwrap_err();
            assert_eq!(failure.kind, PathErrorKind::Invalid);
            assert_eq!(failure.message, format!("Unable to apply ReferencePath {place} to input {target}"));
        }
    }

    #[test]
    fn put_shares_everything_beside_the_way_and_leaves_the_target_alone() {
        let target = v(r#"{"big":{"x":[1,2,3]},"a":{"b":{"c":1},"d":{"e":2}}}"#);
        let before = target.to_string();
        let changed = path("$.a.b.c").put(target.clone(), v("9")).unwrap();
        assert_eq!(target.to_string(), before);
        assert!(changed.get("big").unwrap().is_same(target.get("big").unwrap()));
        let d = |v: &Value| v.get("a").unwrap().get("d").unwrap().clone();
        assert!(d(&changed).is_same(&d(&target)));
    }

    #[test]
    fn what_was_put_can_be_got_and_putting_what_was_got_changes_nothing() {
        let targets = ["{}", r#"{"a":{"b":[{"c":1},2]},"x":[1,[2,3]]}"#, "[[0,1],{}]", r#"{"a":[]}"#, "7"];
        let places = ["$", "$.a", "$.a.b", "$.a.b[0].c", "$.a.b[1]", "$['x'][1][0]", "$[1].new", "$[0][1]", "$.n.m.o"];
        let mut done = 0;
        for target in targets {
            for place in places {
                let place = path(place);
                if let Ok(changed) = place.put(v(target), v(r#"{"here":[]}"#)) {
                    assert_eq!(place.get(&changed).unwrap(), v(r#"{"here":[]}"#), "{place:?} in {target}");
                    done += 1;
                }
                if let Ok(present) = place.get(&v(target)) {
                    let same = place.put(v(target), present).unwrap();
                    assert_eq!(same.to_string(), target, "{place:?} in {target}");
                }
            }
        }
        assert!(done > 15, "only {done} of the places could be written");
    }

    #[test]
    fn paths_that_could_name_several_places_are_refused_where_they_go_wrong() {
        for (text, at) in [
            ("", 0),
            ("a", 0),
            ("@.a", 0),
            ("$a", 1),
            ("$$.a", 1),
            ("$.", 2),
            ("$..a", 2),
            ("$.a.", 4),
            ("$.a.*", 4),
            ("$.a[*]", 4),
            ("$.a[-1]", 4),
            ("$.a[0,1]", 5),
            ("$.a[0:1]", 5),
            ("$.a[99999999999]", 4),
            ("$['a','b']", 5),
            ("$.a[?(@.b)]", 4),
            ("$.a.length()", 10),
            ("$.a b", 3),
            ("$.@type", 2),
            ("$.a[", 4),
            ("$['a", 4),
            ("$['a']x", 6),
            ("$.a]", 3),
        ] {
            let refused = ReferencePath::parse(text).map(|_| ()).unwrap_err();
            assert_eq!(refused.at, at, "{text}: {refused}");
        }
        assert!(ReferencePath::parse(&format!("${}", ".a".repeat(MAX_STEPS))).is_ok());
        assert!(ReferencePath::parse(&format!("${}", ".a".repeat(MAX_STEPS + 1))).is_err());
    }

    #[test]
    fn no_beginning_of_a_path_makes_the_parser_panic() {
        for text in [r#"$.aé['b\'c'].d["e\u00e9"][ 12 ].['x']"#, r"$['\\'][0]['ü\"] {
            let pieces = text.char_indices().map(|(i, _)| &text[..i]);
            let parsed = pieces.filter(|piece| ReferencePath::parse(piece).is_ok()).count();
            assert!(parsed > 1, "{text}");
        }
    }

    #[test]
    fn getting_what_is_not_there_fails_in_the_words_of_jayway() {
        let failure = path("$.a.b").get(&v(r#"{"a":{}}"#)).unwrap_err();
        assert_eq!((failure.kind, &*failure.message), (PathErrorKind::NotFound, "No results for path: $['a']['b']"));
    }
}
