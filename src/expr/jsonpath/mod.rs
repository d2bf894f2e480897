//! JSONPath: the Jayway dialect as Step Functions uses it.
//!
//! The dialect is older than RFC 9535 and disagrees with it in many places: a path is *definite* or not, and only a
//! definite path yields the value itself, a missing member is an error rather than an empty list, `['a','b']` is one
//! object, `==` finds `"2"` equal to `2`, functions such as `length()` end a path. Where Jayway is lax or odd, so
//! is this module; the comments say where.
//!
//! [`JsonPath::parse`] compiles the text once (`parse`, `filter_parse`) into a list of steps (`program`);
//! [`JsonPath::select`] walks it over a document (`eval`, `filter`, `function`). A path of plain names and
//! indices is followed without allocating. All other work is bounded: see [`MAX_TEXT`], [`MAX_NESTING`] and
//! [`MAX_VISITS`].

mod decimal;
mod eval;
mod filter;
mod filter_parse;
mod function;
mod literal;
mod node;
mod operator;
mod parse;
mod program;

use std::fmt;
use std::sync::Arc;

use crate::value::{Str, Value};
use program::{Program, Step};

pub(crate) use literal::unescape;

/// The longest path text accepted, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;
/// How deeply parentheses, filters and function arguments may nest in each other.
pub const MAX_NESTING: usize = 64;
/// How many values one evaluation may look at before it is given up as hopeless.
pub const MAX_VISITS: usize = 10_000_000;
/// How many matches an indefinite path may have.
pub const MAX_MATCHES: usize = 1_000_000;

/// A parsed path; cloning it shares the parsed form.
///
/// ```
/// use rehearsal::expr::jsonpath::JsonPath;
/// use rehearsal::value::Value;
///
/// let order = Value::parse(r#"{"lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 5}]}"#)?;
/// assert_eq!(JsonPath::parse("$.lines[0].sku")?.select(&order)?, Value::from("a"));
/// assert_eq!(JsonPath::parse("$.lines[?(@.n > 2)].sku")?.select(&order)?.to_string(), r#"["b"]"#);
/// let missing = JsonPath::parse("$.customer")?.select(&order).unwrap_err();
/// assert_eq!(missing.message, "No results for path: $['customer']");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct JsonPath {
    inner: Arc<Inner>,
}

struct Inner {
    text: Str,
    program: Program,
}

impl JsonPath {
    /// Reads `$...`; the `$$` and `$variable` prefixes are split off by the caller.
    ///
    /// # Errors
    /// Text that Jayway refuses, a pattern that the `regex` crate refuses (look-around, back-references), and text
    /// beyond [`MAX_TEXT`] or [`MAX_NESTING`].
    pub fn parse(text: &str) -> Result<JsonPath, PathSyntaxError> {
        let program = parse::program(text)?;
        Ok(JsonPath { inner: Arc::new(Inner { text: text.into(), program }) })
    }
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.inner.text
    }
    /// Whether this is just `$`.
    pub fn is_root(&self) -> bool {
        self.inner.program.steps.is_empty()
    }
    /// Whether the path names at most one value, so that [`select`](Self::select) yields the value and not an array.
    pub fn is_definite(&self) -> bool {
        self.inner.program.definite
    }
    /// What the path finds: the value of a definite path, an array of all matches of an indefinite one.
    ///
    /// # Errors
    /// A definite path, or a definite beginning of an indefinite one, that leads nowhere; a function that cannot be
    /// computed; more work than [`MAX_VISITS`] or [`MAX_MATCHES`].
    pub fn select(&self, root: &Value) -> Result<Value, PathError> {
        if self.is_root() {
            return Ok(root.clone());
        }
        eval::select(&self.inner.program, root).map_err(eval::Fault::into_error)
    }
    /// The member name of the first step, if the path begins with one plain name.
    pub fn first_name(&self) -> Option<&str> {
        match self.inner.program.steps.first() {
            Some(Step::Name { name, .. }) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Debug for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonPath").field(&self.as_str()).finish()
    }
}

/// The text as written.
impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why text is not a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSyntaxError {
    /// What is wrong; Jayway's words where it has some.
    pub message: String,
    /// Where, as a byte offset into the text.
    pub at: usize,
}

impl fmt::Display for PathSyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PathSyntaxError {}

/// The two ways evaluation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathErrorKind {
    /// The path leads nowhere: Jayway's `PathNotFoundException`.
    NotFound,
    /// The path cannot be computed on this document: Jayway's other exceptions.
    Invalid,
}

/// Why a path has no value in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// Which way it failed.
    pub kind: PathErrorKind,
    /// Jayway's message, as it stands after the name of the exception.
    pub message: String,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests;
