//! JSON with `{% … %}` expressions in it: JSONata's `Arguments`, `Output`, `Assign`, `Items`.

use std::fmt::Write as _;

use crate::expr::env::Env;
use crate::expr::jsonata::{Expression, JsonataError, Outcome, States};
use crate::value::{Map, Str, Value};

/// A JSON value whose strings of the form `{% expression %}` are evaluated, all others kept.
///
/// Parts without expressions are shared with every result, not rebuilt.
#[derive(Clone, Debug)]
pub struct JsonataTemplate {
    field: Str,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Constant(Value),
    Expression(Expression),
    Array(Vec<Node>),
    Object(Vec<(Str, Node)>),
}

/// An expression that does not parse: where it stands inside the field, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct BadExpression {
    /// Member names and indices that lead from the field to the string.
    pub pointer: Vec<String>,
    /// What is wrong.
    pub error: JsonataError,
}

/// A failed evaluation, in the service's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// The field to blame, with a path to the member inside it: `Output/a/b[0]`.
    pub location: String,
    /// The cause, without the "An error occurred while executing the state" before it.
    pub message: String,
}

/// The expression inside `{% … %}`, without surrounding blanks; `None` for any other text.
pub fn delimited(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

impl JsonataTemplate {
    /// Compiles a value; `field` is the name it is reported under (`Output`, `Assign`, `Choices[0]/Output`).
    ///
    /// # Errors
    /// Every expression that does not parse.
    pub fn parse(value: &Value, field: &str) -> Result<JsonataTemplate, Vec<BadExpression>> {
        let mut bad = Vec::new();
        let node = Node::parse(value, &mut Vec::new(), &mut bad);
        if bad.is_empty() { Ok(JsonataTemplate { field: field.into(), node }) } else { Err(bad) }
    }
    /// Evaluates every expression.
    ///
    /// # Errors
    /// The first expression that fails or gives nothing.
    pub fn evaluate(&self, states: &States, env: &mut dyn Env) -> Result<Value, QueryError> {
        let mut location = self.field.to_string();
        self.node.evaluate(states, env, &mut location)
    }
    /// The expression, where the whole field is one.
    pub fn as_expression(&self) -> Option<&Expression> {
        match &self.node {
            Node::Expression(e) => Some(e),
            _ => None,
        }
    }
    /// A member of the outermost object, where that is written out.
    pub fn constant_member(&self, name: &str) -> Option<&Value> {
        match &self.node {
            Node::Constant(v) => v.get(name),
            Node::Object(members) => members.iter().find(|(k, _)| &**k == name).and_then(|(_, n)| match n {
                Node::Constant(v) => Some(v),
                _ => None,
            }),
            _ => None,
        }
    }
    /// Every expression inside, with the path to it.
    pub fn expressions(&self) -> Vec<(String, &Expression)> {
        let mut found = Vec::new();
        self.node.collect(&mut self.field.to_string(), &mut found);
        found
    }
}

impl Node {
    fn parse(value: &Value, pointer: &mut Vec<String>, bad: &mut Vec<BadExpression>) -> Node {
        let mut children = |name: String, v: &Value| {
            pointer.push(name);
            let node = Node::parse(v, pointer, bad);
            pointer.pop();
            node
        };
        let is_constant = |n: &Node| matches!(n, Node::Constant(_));
        match value {
            Value::String(s) => match delimited(s) {
                Some(source) => match Expression::parse(source) {
                    Ok(e) => Node::Expression(e),
                    Err(error) => {
                        bad.push(BadExpression { pointer: pointer.clone(), error });
                        Node::Constant(Value::Null)
                    }
                },
                None => Node::Constant(value.clone()),
            },
            Value::Array(a) => {
                let nodes: Vec<Node> = a.iter().enumerate().map(|(i, v)| children(i.to_string(), v)).collect();
                if nodes.iter().all(is_constant) { Node::Constant(value.clone()) } else { Node::Array(nodes) }
            }
            Value::Object(o) => {
                let nodes: Vec<(Str, Node)> = o.iter().map(|(k, v)| (k.clone(), children(k.to_string(), v))).collect();
                if nodes.iter().all(|(_, n)| is_constant(n)) {
                    Node::Constant(value.clone())
                } else {
                    Node::Object(nodes)
                }
            }
            _ => Node::Constant(value.clone()),
        }
    }

    fn evaluate(&self, states: &States, env: &mut dyn Env, location: &mut String) -> Result<Value, QueryError> {
        let mark = location.len();
        match self {
            Node::Constant(v) => Ok(v.clone()),
            Node::Expression(e) => evaluate(e, location, states, env),
            Node::Array(nodes) => {
                let mut items = Vec::with_capacity(nodes.len());
                for (i, n) in nodes.iter().enumerate() {
                    let _ = write!(location, "[{i}]");
                    items.push(n.evaluate(states, env, location)?);
                    location.truncate(mark);
                }
                Ok(Value::array(items))
            }
            Node::Object(nodes) => {
                let mut map = Map::with_capacity(nodes.len());
                for (k, n) in nodes {
                    location.push('/');
                    location.push_str(k);
                    map.insert(k.clone(), n.evaluate(states, env, location)?);
                    location.truncate(mark);
                }
                Ok(map.into())
            }
        }
    }

    fn collect<'a>(&'a self, location: &mut String, found: &mut Vec<(String, &'a Expression)>) {
        let mark = location.len();
        match self {
            Node::Constant(_) => {}
            Node::Expression(e) => found.push((location.clone(), e)),
            Node::Array(nodes) => {
                for (i, n) in nodes.iter().enumerate() {
                    let _ = write!(location, "[{i}]");
                    n.collect(location, found);
                    location.truncate(mark);
                }
            }
            Node::Object(nodes) => {
                for (k, n) in nodes {
                    location.push('/');
                    location.push_str(k);
                    n.collect(location, found);
                    location.truncate(mark);
                }
            }
        }
    }
}

/// Evaluates one expression that stands in `field`, and turns what can go wrong into the service's words.
///
/// # Errors
/// An expression that fails, gives nothing, or gives a function.
pub fn evaluate(e: &Expression, field: &str, states: &States, env: &mut dyn Env) -> Result<Value, QueryError> {
    let wrong = |what: String| QueryError {
        location: field.to_owned(),
        message: format!("The JSONata expression '{}' specified for the field '{field}' {what}", e.source()),
    };
    match e.evaluate(states, env) {
        Ok(Outcome::Value(v)) => Ok(v),
        Ok(Outcome::Undefined) => Err(wrong("returned nothing (undefined).".into())),
        Ok(Outcome::Unsupported) => Err(wrong("returned an unsupported result type.".into())),
        Err(error) if error.code.is_empty() => {
            Err(wrong(format!("threw an error during evaluation. {}", error.message)))
        }
        Err(error) => Err(wrong(format!("threw an error during evaluation. {}: {}", error.code, error.message))),
    }
}

/// The error for an expression whose value has the wrong type.
pub fn wrong_type(e: &Expression, field: &str, expected: &str, got: &Value) -> QueryError {
    QueryError {
        location: field.to_owned(),
        message: format!(
            "The JSONata expression '{}' specified for the field '{field}' returned an unexpected result type. \
             Expected '{expected}', but was '{}' for value: {got}",
            e.source(),
            got.type_name()
        ),
    }
}
