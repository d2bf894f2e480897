//! What a function is called with, and the usual demands it makes on that.

use crate::value::{Map, Value};

/// The evaluated arguments of one call. Their number is right: it was checked when the call was read.
pub(super) struct Arguments<'a> {
    pub(super) name: &'static str,
    pub(super) values: &'a [Value],
}

impl<'a> Arguments<'a> {
    /// The argument at an index; one that was left out is `null`.
    pub(super) fn value(&self, index: usize) -> &'a Value {
        const LEFT_OUT: &Value = &Value::Null;
        self.values.get(index).unwrap_or(LEFT_OUT)
    }
    /// A string.
    pub(super) fn text(&self, index: usize) -> Result<&'a str, String> {
        self.value(index).as_str().ok_or_else(|| self.wrong(index, "a string"))
    }
    /// A string of at most so many characters.
    pub(super) fn short_text(&self, index: usize, max: usize) -> Result<&'a str, String> {
        let text = self.text(index)?;
        if text.chars().nth(max).is_some() {
            return Err(format!("{} takes at most {max} characters as argument {}", self.name, index + 1));
        }
        Ok(text)
    }
    /// An array.
    pub(super) fn array(&self, index: usize) -> Result<&'a [Value], String> {
        self.value(index).as_array().ok_or_else(|| self.wrong(index, "an array"))
    }
    /// An object.
    pub(super) fn object(&self, index: usize) -> Result<&'a Map, String> {
        self.value(index).as_object().ok_or_else(|| self.wrong(index, "an object"))
    }
    /// A number that has to be whole.
    pub(super) fn whole(&self, index: usize) -> Result<i64, String> {
        self.value(index).as_whole().ok_or_else(|| self.wrong(index, "an integer"))
    }
    /// A number; one that is not whole is rounded to the nearest integer, halves towards positive infinity, as Java's
    /// `Math.round` does.
    pub(super) fn rounded(&self, index: usize) -> Result<i64, String> {
        let value = self.value(index);
        if let Some(i) = value.as_i64() {
            return Ok(i);
        }
        let f = value.as_f64().ok_or_else(|| self.wrong(index, "a number"))?;
        let floor = f.floor();
        // Not `(f + 0.5).floor()`, which is wrong for the largest number below one half.
        let rounded = if f - floor >= 0.5 { floor + 1.0 } else { floor };
        if rounded.abs() >= 9.2e18 {
            return Err(format!("{} takes no number as large as {value} as argument {}", self.name, index + 1));
        }
        Ok(rounded as i64)
    }
    /// A complaint about the type of an argument.
    pub(super) fn wrong(&self, index: usize, wanted: &str) -> String {
        let found = self.value(index).type_name();
        format!("{} takes {wanted} as argument {}, but was called with type {found}", self.name, index + 1)
    }
}
