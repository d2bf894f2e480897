//! A path as fields of the States Language write it: `$.a` into the input, `$$.a` into the context object, `$v.a`
//! into a variable.

use std::fmt;

use crate::expr::env::Env;
use crate::expr::jsonpath::{JsonPath, PathError, PathErrorKind, PathSyntaxError};
use crate::value::{Str, Value};

/// Characters the name of a variable may have.
const MAX_NAME: usize = 80;

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`: the input.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable.
    Variable(Str),
}

/// A parsed path and what it starts from; cloning it shares the parsed form.
#[derive(Clone)]
pub struct QueryPath {
    text: Str,
    root: Root,
    path: JsonPath,
}

impl QueryPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Text that does not begin with `$`, a variable whose name cannot be one, or text that is no JSONPath after
    /// that.
    pub fn parse(text: &str) -> Result<QueryPath, PathSyntaxError> {
        let syntax = |message: String, at| Err(PathSyntaxError { message, at });
        let Some(rest) = text.strip_prefix('$') else {
            return syntax("a path begins with `$`".into(), 0);
        };
        if let Some(rest) = rest.strip_prefix('$') {
            return QueryPath::new(text, Root::Context, rest);
        }
        let name_len = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, below) = rest.split_at(name_len);
        match name.chars().next() {
            Some(first) if first.is_alphabetic() || first == '_' => {}
            _ => return QueryPath::new(text, Root::Input, rest),
        }
        if let Some((at, c)) = name.char_indices().find(|(_, c)| !c.is_alphanumeric() && *c != '_') {
            return syntax(format!("`{c}` cannot be part of a variable's name"), at + 1);
        }
        if name == "states" {
            return syntax("`$states` exists in JSONata states only".into(), 0);
        }
        if name.chars().count() > MAX_NAME {
            return syntax(format!("a variable's name has at most {MAX_NAME} characters"), 1);
        }
        QueryPath::new(text, Root::Variable(name.into()), below)
    }
    fn new(text: &str, root: Root, below: &str) -> Result<QueryPath, PathSyntaxError> {
        let path = match &root {
            Root::Input => JsonPath::parse(text),
            Root::Context | Root::Variable(_) => {
                // The JSONPath gets a `$` of its own, so its offsets are one ahead of `below`.
                let shift = text.len().saturating_sub(below.len() + 1);
                JsonPath::parse(&format!("${below}")).map_err(|e| PathSyntaxError { at: e.at + shift, ..e })
            }
        }?;
        Ok(QueryPath { text: text.into(), root, path })
    }
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// What the path starts from.
    pub fn root(&self) -> &Root {
        &self.root
    }
    /// The JSONPath that is applied to the root, starting with one `$`.
    pub fn path(&self) -> &JsonPath {
        &self.path
    }
    /// Whether the path names at most one value.
    pub fn is_definite(&self) -> bool {
        self.path.is_definite()
    }
    /// The value the path starts from: the input, the context object or the variable.
    ///
    /// # Errors
    /// A variable that nobody assigned.
    pub fn start(&self, input: &Value, env: &dyn Env) -> Result<Value, PathError> {
        match &self.root {
            Root::Input => Ok(input.clone()),
            Root::Context => Ok(env.context()),
            Root::Variable(name) => env.variable(name).ok_or_else(|| PathError {
                kind: PathErrorKind::NotFound,
                message: format!("The variable '${name}' was not assigned"),
            }),
        }
    }
    /// What the path finds; a path that is all root costs no more than a clone.
    ///
    /// # Errors
    /// A definite path that finds nothing, or a variable that nobody assigned.
    pub fn select(&self, input: &Value, env: &dyn Env) -> Result<Value, PathError> {
        match &self.root {
            Root::Input if !self.path.is_root() => self.path.select(input),
            _ => {
                let start = self.start(input, env)?;
                if self.path.is_root() { Ok(start) } else { self.path.select(&start) }
            }
        }
    }
    /// What the path finds, as payload templates and intrinsics ask: a path that could find several values gives an
    /// empty array where it leads nowhere, `$.items[*].id` on `{}` as well as on `{"items": []}`.
    ///
    /// # Errors
    /// Those of [`QueryPath::select`] for a definite path, or a variable that nobody assigned.
    pub fn collect(&self, input: &Value, env: &dyn Env) -> Result<Value, PathError> {
        match self.select(input, env) {
            Err(error)
                if error.kind == PathErrorKind::NotFound && !self.is_definite() && self.start(input, env).is_ok() =>
            {
                Ok(Value::array(Vec::new()))
            }
            found => found,
        }
    }
}

impl fmt::Display for QueryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for QueryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QueryPath").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Surroundings;

    impl Env for Surroundings {
        fn context(&self) -> Value {
            Value::parse(r#"{"State":{"Name":"S"}}"#).unwrap()
        }
        fn variable(&self, name: &str) -> Option<Value> {
            (name == "order_1").then(|| Value::parse(r#"{"id":7}"#).unwrap())
        }
        fn now_millis(&self) -> i64 {
            0
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
    }

    fn select(path: &str) -> Result<Value, PathError> {
        let input = Value::parse(r#"{"a":{"b":1}}"#).unwrap();
        QueryPath::parse(path).unwrap().select(&input, &Surroundings)
    }

    #[test]
    fn each_root_leads_to_its_own_document() {
        for (path, json) in [
            ("$", r#"{"a":{"b":1}}"#),
            ("$.a.b", "1"),
            ("$['a']", r#"{"b":1}"#),
            ("$$", r#"{"State":{"Name":"S"}}"#),
            ("$$.State.Name", r#""S""#),
            ("$$['State']['Name']", r#""S""#),
            ("$order_1", r#"{"id":7}"#),
            ("$order_1.id", "7"),
            ("$order_1['id']", "7"),
        ] {
            assert_eq!(select(path).unwrap().to_string(), json, "{path}");
        }
    }

    #[test]
    fn the_input_itself_is_shared() {
        let input = Value::parse(r#"{"a":1}"#).unwrap();
        assert!(QueryPath::parse("$").unwrap().select(&input, &Surroundings).unwrap().is_same(&input));
    }

    #[test]
    fn a_path_to_several_values_collects_none_where_it_leads_nowhere() {
        for (path, found) in [("$.nope[*].id", Some("[]")), ("$.a[*]", Some("[1]")), ("$.nope", None), ("$w[*]", None)]
        {
            let input = Value::parse(r#"{"a":{"b":1}}"#).unwrap();
            let collected = QueryPath::parse(path).unwrap().collect(&input, &Surroundings).ok();
            assert_eq!(collected.map(|v| v.to_string()).as_deref(), found, "{path}");
        }
    }

    #[test]
    fn a_variable_that_nobody_assigned_is_not_found() {
        let error = select("$nobody.id").unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (PathErrorKind::NotFound, "The variable '$nobody' was not assigned")
        );
        assert_eq!(select("$.nobody").unwrap_err().kind, PathErrorKind::NotFound);
    }

    #[test]
    fn bad_names_are_refused_where_they_are_bad() {
        for (text, at) in [("a.b", 0), ("", 0), ("$a-b.c", 2), ("$states.input", 0)] {
            assert_eq!(QueryPath::parse(text).unwrap_err().at, at, "{text}");
        }
        assert!(QueryPath::parse(&format!("${}", "é".repeat(80))).is_ok());
        assert!(QueryPath::parse(&format!("${}", "é".repeat(81))).is_err());
    }

    #[test]
    fn offsets_of_syntax_errors_count_from_the_start_of_the_whole_text() {
        let plain = QueryPath::parse("$.a[x]").unwrap_err().at;
        assert_eq!(QueryPath::parse("$$.a[x]").unwrap_err().at, plain + 1);
        assert_eq!(QueryPath::parse("$name.a[x]").unwrap_err().at, plain + 4);
    }

    #[test]
    fn the_root_and_the_path_below_it_can_be_asked_for() {
        let path = QueryPath::parse("$name.a").unwrap();
        assert_eq!(
            (path.root(), path.path().as_str(), path.as_str()),
            (&Root::Variable("name".into()), "$.a", "$name.a")
        );
    }
}
