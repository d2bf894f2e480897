//! The functions that may end a path: `length()`, `sum()` and their like, one row each.

use crate::value::{Number, Value};

use super::eval::{self, Context, Fault, Missing};
use super::program::Program;

/// A function call as a step of a path.
#[derive(Debug)]
pub(super) struct Call {
    pub name: String,
    pub arguments: Vec<Argument>,
}

/// An argument of a function.
#[derive(Debug)]
pub(super) enum Argument {
    /// A path, followed from the root of the document.
    Path(Program),
    /// JSON written in the path.
    Json(Value),
}

/// What a function gets to see.
struct Scene<'a> {
    /// The value it is called on.
    model: &'a Value,
    call: &'a Call,
    /// The arguments, evaluated.
    values: Vec<Value>,
    ctx: Context<'a>,
}

struct Function {
    name: &'static str,
    apply: fn(&Scene<'_>) -> Result<Value, Fault>,
}

static FUNCTIONS: &[Function] = &[
    Function { name: "avg", apply: |s| aggregate(s, |all| all.iter().sum::<f64>() / all.len() as f64) },
    Function { name: "stddev", apply: |s| aggregate(s, deviation) },
    Function { name: "sum", apply: |s| aggregate(s, |all| all.iter().sum()) },
    Function { name: "min", apply: |s| aggregate(s, |all| all.iter().copied().fold(f64::MAX, f64::min)) },
    Function { name: "max", apply: |s| aggregate(s, |all| all.iter().copied().fold(f64::MIN, f64::max)) },
    Function { name: "concat", apply: concat },
    Function { name: "length", apply: length },
    Function { name: "size", apply: length },
    Function { name: "append", apply: append },
    Function { name: "keys", apply: keys },
    Function { name: "first", apply: |s| element(s, |_| Ok(0)) },
    Function { name: "last", apply: |s| element(s, |_| Ok(-1)) },
    Function { name: "index", apply: |s| element(s, index_argument) },
];

impl Call {
    /// The function's value for `model`. A name that is no function fails only here, as in Jayway.
    pub(super) fn apply(&self, model: &Value, ctx: Context<'_>) -> Result<Value, Fault> {
        let Some(function) = FUNCTIONS.iter().find(|f| f.name == self.name) else {
            return Err(Fault::InvalidPath(format!("Function with name: {} does not exist.", self.name)));
        };
        let values = self.arguments.iter().map(|argument| match argument {
            Argument::Json(value) => Ok(value.clone()),
            Argument::Path(path) => eval::evaluate(path, ctx.root, ctx, Missing::IsSkipped),
        });
        (function.apply)(&Scene { model, call: self, values: values.collect::<Result<_, _>>()?, ctx })
    }
}

impl Scene<'_> {
    /// The values of all arguments, with arrays taken apart.
    fn flat_values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().flat_map(|v| v.as_array().unwrap_or(std::slice::from_ref(v)))
    }
}

const NO_NUMBERS: &str = "Aggregation function attempted to calculate value using empty array";

fn aggregate(scene: &Scene<'_>, compute: fn(&[f64]) -> f64) -> Result<Value, Fault> {
    let own = scene.model.as_array().unwrap_or_default().iter();
    let numbers: Vec<f64> = own.chain(scene.flat_values()).filter_map(Value::as_f64).collect();
    if numbers.is_empty() {
        return Err(Fault::Exception(NO_NUMBERS.to_owned()));
    }
    Ok(Value::from_f64(compute(&numbers)))
}

/// The deviation of a whole population, computed in one pass as Jayway does, rounding included.
fn deviation(all: &[f64]) -> f64 {
    let n = all.len() as f64;
    let sum: f64 = all.iter().sum();
    let squares: f64 = all.iter().map(|x| x * x).sum();
    (squares / n - sum * sum / n / n).sqrt()
}

/// Strings of the array, then the arguments: strings, and anything that stands in an array.
fn concat(scene: &Scene<'_>) -> Result<Value, Fault> {
    let mut out = String::new();
    out.extend(scene.model.as_array().unwrap_or_default().iter().filter_map(Value::as_str));
    for value in &scene.values {
        match value {
            Value::String(text) => out.push_str(text),
            Value::Array(items) => {
                for item in items.iter().filter(|v| !v.is_null()) {
                    out.push_str(&eval::java_text(item));
                }
            }
            _ => {}
        }
    }
    Ok(out.into())
}

/// How many elements or members there are: of the argument's matches if there is one, else of the value itself.
fn length(scene: &Scene<'_>) -> Result<Value, Fault> {
    let children = |v: &Value| match v {
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        _ => None,
    };
    match scene.call.arguments.first() {
        None => {}
        Some(Argument::Json(_)) => {
            return Err(Fault::Exception("The argument of length() must be a path".to_owned()));
        }
        Some(Argument::Path(path)) => {
            let ctx = scene.ctx.rooted_at(scene.model);
            if path.ends_in_call() || path.steps.is_empty() {
                if let Value::Array(items) = eval::evaluate(path, scene.model, ctx, Missing::IsSkipped)? {
                    return Ok(items.len().into());
                }
            } else {
                let matches = eval::matches(path, scene.model, ctx, Missing::IsSkipped)?;
                return Ok(matches.iter().filter_map(children).sum::<usize>().into());
            }
        }
    }
    Ok(children(scene.model).map_or(Value::Null, Value::from))
}

fn append(scene: &Scene<'_>) -> Result<Value, Fault> {
    let mut model = scene.model.clone();
    if let Some(items) = model.as_array_mut() {
        items.extend(scene.values.iter().cloned());
    }
    Ok(model)
}

fn keys(scene: &Scene<'_>) -> Result<Value, Fault> {
    let names = |members: &crate::value::Map| members.keys().map(Value::from).collect::<Vec<_>>();
    Ok(scene.model.as_object().map_or(Value::Null, |members| names(members).into()))
}

fn index_argument(scene: &Scene<'_>) -> Result<i64, Fault> {
    let whole = |n: &Number| n.as_i64().or_else(|| n.as_f64().map(|f| f as i64));
    let numbers = scene.flat_values().filter_map(|v| match v {
        Value::Number(n) => whole(n),
        _ => None,
    });
    numbers.into_iter().next().ok_or_else(|| Fault::OutOfBounds("Index 0 out of bounds for length 0".to_owned()))
}

fn element(scene: &Scene<'_>, index: fn(&Scene<'_>) -> Result<i64, Fault>) -> Result<Value, Fault> {
    let Some(items) = scene.model.as_array() else { return Err(Fault::Exception(NO_NUMBERS.to_owned())) };
    let index = index(scene)?;
    let count = items.len();
    if let Ok(i) = usize::try_from(index) {
        let beyond = || Fault::OutOfBounds(format!("Index {i} out of bounds for length {count}"));
        return items.get(i).cloned().ok_or_else(beyond);
    }
    // Jayway never reaches the first element from the end: `last()` of a single element fails.
    let from_start = i64::try_from(count).ok().and_then(|n| n.checked_add(index)).filter(|i| *i > 0);
    let found = from_start.and_then(|i| items.get(usize::try_from(i).ok()?));
    found.cloned().ok_or_else(|| Fault::Exception(format!("Target index:{index} larger than object count:{count}")))
}
