//! Where inputs come from: a JSON Schema, examples, or the definition itself.

use std::sync::Arc;

use proptest::prelude::BoxedStrategy;

use super::infer;
use super::schema;
use super::shape::Shape;
use crate::asl::Machine;
use crate::diagnostic::Diagnostics;
use crate::error::Error;
use crate::source::{self, Format, Node, Source};
use crate::value::Value;

/// What the inputs of a fuzzed machine are like.
///
/// ```
/// use rehearsal::fuzz::Input;
/// use serde_json::json;
///
/// let orders = Input::schema(&json!({
///     "type": "object",
///     "required": ["id", "total"],
///     "properties": {"id": {"type": "string"}, "total": {"type": "integer", "minimum": 0}}
/// }))?;
/// let known = Input::examples([json!({"id": "o-1", "total": 30})]);
/// assert!(Input::schema(&json!({"type": "objekt"})).is_err());
/// # Ok::<(), rehearsal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Input(Origin);

#[derive(Clone, Debug)]
enum Origin {
    Definition,
    Shape(Shape),
}

impl Input {
    /// What the definition reads of its input: paths, constants that a Choice compares with and their neighbours. What it
    /// needs is always there; what it asks for with `IsPresent` or `$exists` is there sometimes.
    pub fn inferred() -> Input {
        Input(Origin::Definition)
    }
    /// One of these; a failing case shrinks towards the first.
    pub fn examples<V: Into<Value>>(examples: impl IntoIterator<Item = V>) -> Input {
        Input(Origin::Shape(Shape::Choice(examples.into_iter().map(Into::into).collect())))
    }
    /// Values that fit a JSON Schema: `type`, `enum`, `const`, `properties` and `required`, `items` and `prefixItems`,
    /// bounds of numbers, lengths and counts, `multipleOf`, `pattern` without look-around, well-known `format`s, `anyOf`,
    /// `oneOf`, `allOf`, and `$ref` within the schema. Bounds and their neighbours are drawn more often than what lies
    /// between. Members that the schema does not name are not drawn.
    ///
    /// # Errors
    /// Everything in the schema that is not understood or contradicts itself.
    pub fn schema(schema: &serde_json::Value) -> Result<Input, Error> {
        let source = Arc::new(Source::new("the schema", format!("{schema:#}")));
        let root = source::parse(&source, Format::Json)?;
        Ok(Input::of_schema(&source, &root)?)
    }

    /// The same of a schema in a file.
    pub(crate) fn of_schema(source: &Arc<Source>, root: &Node) -> Result<Input, Diagnostics> {
        schema::read(source, root).map(|shape| Input(Origin::Shape(shape)))
    }

    /// How inputs of a machine are drawn.
    pub(super) fn strategy(&self, machine: &Machine) -> BoxedStrategy<Value> {
        match &self.0 {
            Origin::Definition => infer::input_of(machine).strategy(),
            Origin::Shape(shape) => shape.strategy(),
        }
    }
}
