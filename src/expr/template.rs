//! Payload templates of JSONPath states: `Parameters`, `ItemSelector`, `ResultSelector` and `Assign`.
//!
//! A template is a JSON value in which a member called `name.$` holds a path or an intrinsic; the result has a member
//! `name` with what that gives. Everything else is copied, and whole parts without such members are shared.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::expr::env::Env;
use crate::expr::error::{ExprError, FieldError, Findings};
use crate::expr::intrinsics::Intrinsic;
use crate::expr::jsonpath::{PathError, PathErrorKind, PathSyntaxError};
use crate::expr::query_path::{QueryPath, Root};
use crate::value::{Map, Str, Value};

/// Levels of nesting a template may have; text of a definition cannot nest deeper anyway.
const MAX_DEPTH: usize = 128;

/// A problem in a template.
pub type TemplateError = FieldError;

/// A payload template, read once.
#[derive(Clone, Debug)]
pub struct Template {
    root: Node,
}

#[derive(Clone)]
enum Node {
    /// A part without paths, shared with every result.
    Constant(Value),
    Object(Arc<[(Str, Node)]>),
    Array(Arc<[Node]>),
    Query(Arc<Query>),
}

/// A member `field` whose name ends in `.$`.
struct Query {
    field: Str,
    source: PathOrIntrinsic,
    /// The path without a last array index.
    indexed: Option<QueryPath>,
}

impl Template {
    /// Reads a template. `field` is the name of the field it stands in, for messages.
    ///
    /// # Errors
    /// Every member `name.$` whose value is neither a path nor an intrinsic, and every name that is given twice, as
    /// `name` and as `name.$`.
    pub fn parse(template: &Value, field: &str) -> Result<Template, Vec<TemplateError>> {
        let mut findings = Findings::default();
        let root = Node::parse(template, field, MAX_DEPTH, &mut findings);
        match root {
            Some(root) if findings.errors.is_empty() => Ok(Template { root }),
            _ => Err(findings.errors),
        }
    }
    /// The value of the template, if no part of it depends on anything.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.root {
            Node::Constant(value) => Some(value),
            Node::Object(_) | Node::Array(_) | Node::Query(_) => None,
        }
    }
    /// A member of the outermost object, where that does not depend on anything.
    pub fn constant_member(&self, name: &str) -> Option<&Value> {
        match &self.root {
            Node::Constant(value) => value.get(name),
            Node::Object(members) => members.iter().find(|(k, _)| &**k == name).and_then(|(_, node)| match node {
                Node::Constant(value) => Some(value),
                Node::Object(_) | Node::Array(_) | Node::Query(_) => None,
            }),
            Node::Array(_) | Node::Query(_) => None,
        }
    }
    /// Shows every path in the template, those in intrinsics included, in the order they are written.
    pub fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        self.root.for_each_path(show);
    }
    /// Fills the template in.
    ///
    /// # Errors
    /// The first path that finds nothing or intrinsic that fails.
    pub fn evaluate(&self, input: &Value, env: &mut dyn Env) -> Result<Value, ExprError> {
        self.root.evaluate(input, env)
    }
}

impl Node {
    /// Reads a part; none if there is a problem in it, which is noted.
    fn parse(value: &Value, field: &str, depth: usize, findings: &mut Findings) -> Option<Node> {
        let Some(depth) = depth.checked_sub(1) else {
            return findings.problem(format!("`{field}` nests more than {MAX_DEPTH} levels deep"));
        };
        match value {
            Value::Object(members) => {
                let members = Node::parse_members(members, field, depth, findings)?;
                match members.iter().all(|(_, node)| node.is_constant()) {
                    true => Some(Node::Constant(value.clone())),
                    false => Some(Node::Object(members.into())),
                }
            }
            Value::Array(items) => {
                let items: Vec<Option<Node>> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| findings.below(i.to_string(), |f| Node::parse(item, field, depth, f)))
                    .collect();
                let items: Vec<Node> = items.into_iter().collect::<Option<_>>()?;
                match items.iter().all(Node::is_constant) {
                    true => Some(Node::Constant(value.clone())),
                    false => Some(Node::Array(items.into())),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(Node::Constant(value.clone())),
        }
    }
    fn parse_members(members: &Map, field: &str, depth: usize, findings: &mut Findings) -> Option<Vec<(Str, Node)>> {
        let mut written: IndexMap<&str, &str> = IndexMap::with_capacity(members.len());
        let mut nodes = Vec::with_capacity(members.len());
        for (member, value) in members.iter() {
            let name: Str = member.strip_suffix(".$").map_or_else(|| member.clone(), Str::from);
            let stripped = member.strip_suffix(".$").unwrap_or(member);
            nodes.push(findings.below(&**member, |f| {
                if let Some(earlier) = written.insert(stripped, member) {
                    return f
                        .problem(format!("the member `{stripped}` is given twice, as `{earlier}` and as `{member}`"));
                }
                let node = match stripped.len() < member.len() {
                    true => Node::parse_query(member, value, f),
                    false => Node::parse(value, field, depth, f),
                };
                node.map(|node| (name, node))
            }));
        }
        nodes.into_iter().collect()
    }
    fn parse_query(member: &Str, value: &Value, findings: &mut Findings) -> Option<Node> {
        let complaint = || {
            format!("The value for the field '{member}' must be a valid JSONPath or a valid intrinsic function call")
        };
        let Some(text) = value.as_str() else {
            return findings.problem(complaint());
        };
        match PathOrIntrinsic::parse(text) {
            Ok(source) => {
                let indexed = match &source {
                    PathOrIntrinsic::Path(path) => without_last_index(path.as_str()),
                    PathOrIntrinsic::Intrinsic(_) => None,
                };
                Some(Node::Query(Arc::new(Query { field: member.clone(), source, indexed })))
            }
            Err(error) => findings.syntax(complaint(), error),
        }
    }
    fn is_constant(&self) -> bool {
        matches!(self, Node::Constant(_))
    }
    fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        match self {
            Node::Constant(_) => {}
            Node::Object(members) => members.iter().for_each(|(_, node)| node.for_each_path(show)),
            Node::Array(items) => items.iter().for_each(|node| node.for_each_path(show)),
            Node::Query(query) => query.source.for_each_path(show),
        }
    }
    fn evaluate(&self, input: &Value, env: &mut dyn Env) -> Result<Value, ExprError> {
        match self {
            Node::Constant(value) => Ok(value.clone()),
            Node::Object(members) => {
                let mut result = Map::with_capacity(members.len());
                for (name, node) in members.iter() {
                    result.insert(name.clone(), node.evaluate(input, env)?);
                }
                Ok(result.into())
            }
            Node::Array(items) => {
                let items: Result<Vec<Value>, ExprError> = items.iter().map(|node| node.evaluate(input, env)).collect();
                items.map(Value::array)
            }
            Node::Query(query) => query.evaluate(input, env),
        }
    }
}

impl Query {
    fn evaluate(&self, input: &Value, env: &mut dyn Env) -> Result<Value, ExprError> {
        let result = self.source.evaluate(&self.field, input, env);
        match (&result, &self.indexed) {
            // The service gives null for an index behind the end of an array, here and only here: the same path as an
            // argument of an intrinsic finds nothing.
            (Err(_), Some(path)) if path.select(input, env).is_ok_and(|v| v.as_array().is_some()) => Ok(Value::Null),
            _ => result,
        }
    }
}

/// `$.a[3]` without its `[3]`.
fn without_last_index(path: &str) -> Option<QueryPath> {
    let (before, index) = path.strip_suffix(']')?.rsplit_once('[')?;
    let digits = index.strip_prefix('-').unwrap_or(index);
    let is_index = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_index.then(|| QueryPath::parse(before).ok())?
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Constant(value) => fmt::Debug::fmt(value, f),
            Node::Object(members) => f.debug_map().entries(members.iter().map(|(name, node)| (name, node))).finish(),
            Node::Array(items) => f.debug_list().entries(items.iter()).finish(),
            Node::Query(query) => f.write_str(query.source.as_str()),
        }
    }
}

/// The value of a field that takes a path as well as an intrinsic function: members `name.$`, `ErrorPath`,
/// `CausePath`, `ItemsPath` and others.
#[derive(Clone, Debug)]
pub enum PathOrIntrinsic {
    /// `$.a`, `$$.a` or `$variable.a`.
    Path(QueryPath),
    /// `States.Format(…)` and its like.
    Intrinsic(Intrinsic),
}

impl PathOrIntrinsic {
    /// Reads either: text that begins with `$` is a path.
    ///
    /// # Errors
    /// Text that is neither.
    pub fn parse(text: &str) -> Result<PathOrIntrinsic, PathSyntaxError> {
        match text.starts_with('$') {
            true => QueryPath::parse(text).map(PathOrIntrinsic::Path),
            false => Intrinsic::parse(text).map(PathOrIntrinsic::Intrinsic),
        }
    }
    /// The text as written.
    pub fn as_str(&self) -> &str {
        match self {
            PathOrIntrinsic::Path(path) => path.as_str(),
            PathOrIntrinsic::Intrinsic(intrinsic) => intrinsic.as_str(),
        }
    }
    /// Shows the path, or every path among the intrinsic's arguments.
    pub fn for_each_path(&self, show: &mut dyn FnMut(&QueryPath)) {
        match self {
            PathOrIntrinsic::Path(path) => show(path),
            PathOrIntrinsic::Intrinsic(intrinsic) => intrinsic.for_each_path(show),
        }
    }
    /// What it gives. `field` is the name of the field it stands in, for the message: `value.$`, `ErrorPath`.
    ///
    /// # Errors
    /// A path that finds nothing or an intrinsic that fails.
    pub fn evaluate(&self, field: &str, input: &Value, env: &mut dyn Env) -> Result<Value, ExprError> {
        match self {
            PathOrIntrinsic::Intrinsic(intrinsic) => intrinsic.evaluate(input, env),
            PathOrIntrinsic::Path(path) => path.collect(input, env).map_err(|e| not_found(path, field, input, env, &e)),
        }
    }
}

/// The service quotes the document that was searched: for `$$` that is the context object.
fn not_found(path: &QueryPath, field: &str, input: &Value, env: &dyn Env, error: &PathError) -> ExprError {
    let message = match (path.start(input, env), path.root(), error.kind) {
        (Err(_), Root::Variable(name), _) => {
            format!("The variable '${name}' specified for the field '{field}' was not assigned")
        }
        (Ok(document), _, PathErrorKind::NotFound) => format!(
            "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{document}'"
        ),
        (_, _, PathErrorKind::Invalid | PathErrorKind::NotFound) => {
            format!("The JSONPath '{path}' specified for the field '{field}' failed: {}", error.message)
        }
    };
    ExprError::path(error, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::error::ExprErrorKind;

    struct Surroundings;

    impl Env for Surroundings {
        fn context(&self) -> Value {
            Value::parse(r#"{"State":{"Name":"S"}}"#).unwrap()
        }
        fn variable(&self, name: &str) -> Option<Value> {
            (name == "v").then(|| Value::parse(r#"{"id":7}"#).unwrap())
        }
        fn now_millis(&self) -> i64 {
            0
        }
        fn next_u64(&mut self) -> u64 {
            0
        }
    }

    fn parse(template: &str) -> Result<Template, Vec<TemplateError>> {
        Template::parse(&Value::parse(template).unwrap(), "Parameters")
    }

    fn fill(template: &str, input: &str) -> Result<String, ExprError> {
        let input = Value::parse(input).unwrap();
        parse(template).unwrap().evaluate(&input, &mut Surroundings).map(|v| v.to_string())
    }

    #[test]
    fn members_that_end_in_a_dollar_are_filled_in_where_they_stand() {
        for (template, expected) in [
            (r#"{"a.$":"$.x","b":"$.x"}"#, r#"{"a":[1,2],"b":"$.x"}"#),
            (r#"{"a":{"b":[{"c.$":"$.x[1]"},"$.x"]}}"#, r#"{"a":{"b":[{"c":2},"$.x"]}}"#),
            (r#"{"n.$":"$$.State.Name","v.$":"$v.id","all.$":"$"}"#, r#"{"n":"S","v":7,"all":{"x":[1,2]}}"#),
            (r#"{"f.$":"States.Format('{}', $.x[0])"}"#, r#"{"f":"1"}"#),
            (r#"[[{"a.$":"$.x"}]]"#, r#"[[{"a":[1,2]}]]"#),
            (r#""$.x""#, r#""$.x""#),
            ("{}", "{}"),
        ] {
            assert_eq!(fill(template, r#"{"x":[1,2]}"#).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn constant_parts_and_selected_values_are_shared() {
        let template = Value::parse(r#"{"constant":{"big":[1,2,3]},"a.$":"$.x"}"#).unwrap();
        let input = Value::parse(r#"{"x":{"y":1}}"#).unwrap();
        let result = Template::parse(&template, "Parameters").unwrap().evaluate(&input, &mut Surroundings).unwrap();
        assert!(result.get("constant").unwrap().is_same(template.get("constant").unwrap()));
        assert!(result.get("a").unwrap().is_same(input.get("x").unwrap()));
        let constant = template.get("constant").unwrap();
        assert!(Template::parse(constant, "Result").unwrap().as_constant().unwrap().is_same(constant));
    }

    #[test]
    fn all_problems_are_found_with_their_places() {
        let errors = parse(
            r#"{"ok.$":"$.a","n.$":1,"deep":[{"bad.$":"no path"},{"worse.$":"States.Nope()"}],"x":1,"x.$":"$.x","c":{"y.$":"$[","y":1}}"#,
        )
        .unwrap_err();
        let wrong =
            |f| format!("The value for the field '{f}' must be a valid JSONPath or a valid intrinsic function call");
        let expected = [
            (vec!["n.$"], wrong("n.$")),
            (vec!["deep", "0", "bad.$"], wrong("bad.$")),
            (vec!["deep", "1", "worse.$"], wrong("worse.$")),
            (vec!["x.$"], "the member `x` is given twice, as `x` and as `x.$`".into()),
            (vec!["c", "y.$"], wrong("y.$")),
            (vec!["c", "y"], "the member `y` is given twice, as `y.$` and as `y`".into()),
        ];
        let found: Vec<(Vec<&str>, String)> =
            errors.iter().map(|e| (e.pointer.iter().map(String::as_str).collect(), e.message.clone())).collect();
        assert_eq!(found, expected);
        assert_eq!(errors.get(2).and_then(|e| e.syntax.clone()).unwrap().message, "there is no function `States.Nope`");
    }

    #[test]
    fn a_path_that_finds_nothing_is_told_with_the_document_that_was_searched() {
        for (template, message) in [
            (
                r#"{"a":{"value.$":"$.x"}}"#,
                r#"The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '{"y":1}'"#,
            ),
            (
                r#"{"c.$":"$$.Nope"}"#,
                r#"The JSONPath '$$.Nope' specified for the field 'c.$' could not be found in the input '{"State":{"Name":"S"}}'"#,
            ),
            (
                r#"{"c.$":"$v.nope"}"#,
                r#"The JSONPath '$v.nope' specified for the field 'c.$' could not be found in the input '{"id":7}'"#,
            ),
            (r#"{"c.$":"$w.nope"}"#, "The variable '$w' specified for the field 'c.$' was not assigned"),
        ] {
            let error = fill(template, r#"{"y":1}"#).unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (ExprErrorKind::NotFound, message));
        }
        let error = fill(r#"{"a.$":"States.ArrayLength($.y)"}"#, r#"{"y":1}"#).unwrap_err();
        assert_eq!(error.kind, ExprErrorKind::Intrinsic);
    }

    #[test]
    fn an_index_behind_the_end_of_an_array_gives_null() {
        assert_eq!(fill(r#"{"a.$":"$.x[5]","b.$":"$.x[-5]"}"#, r#"{"x":[1]}"#).unwrap(), r#"{"a":null,"b":null}"#);
        assert!(fill(r#"{"a.$":"$.x[5].y"}"#, r#"{"x":[1]}"#).is_err());
        assert!(fill(r#"{"a.$":"$.nope[5]"}"#, r#"{"x":[1]}"#).is_err());
        assert!(fill(r#"{"a.$":"$.x['5']"}"#, r#"{"x":[1]}"#).is_err());
    }

    #[test]
    fn a_template_nested_without_end_is_refused() {
        let mut template = Value::from(1);
        for _ in 0..MAX_DEPTH {
            template = Value::array(vec![template]);
        }
        let errors = Template::parse(&template, "Parameters").unwrap_err();
        assert_eq!(errors.first().unwrap().message, "`Parameters` nests more than 128 levels deep");
        assert!(Template::parse(template.at(0).unwrap(), "Parameters").is_ok());
    }

    #[test]
    fn every_path_can_be_listed() {
        let template = parse(r#"{"a.$":"$.x","b":[{"c.$":"States.Array($v, $$.y)"}],"d":"$.no"}"#).unwrap();
        let mut paths = Vec::new();
        template.for_each_path(&mut |p| paths.push(p.to_string()));
        assert_eq!(paths, ["$.x", "$v", "$$.y"]);
    }
}
