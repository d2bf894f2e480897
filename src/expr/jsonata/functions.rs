//! The functions that Step Functions adds to JSONata, and those whose answer depends on the surroundings.

use std::fmt::Write as _;

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::convert::to_engine;
use super::limits;
use super::random::Pool;
use crate::random::{JavaRandom, unit_f64, uuid_text};
use crate::value::Value;

/// What a function gives. Arguments beyond those it takes are ignored, since `$map` and the like pass more.
type Answer = Result<JValue, EvaluatorError>;

/// A function the engine gets from us.
pub(super) struct HostFunction {
    /// The name without `$`.
    pub(super) name: &'static str,
    /// How many random draws one mention takes; only for calls without arguments where so marked.
    pub(super) draws: usize,
    /// Whether arguments make the draws unnecessary.
    pub(super) seedable: bool,
    call: fn(&[JValue], &Pool) -> Answer,
}

/// All of them; a set of them is a bit mask over this table.
pub(super) const HOST_FUNCTIONS: &[HostFunction] = &[
    HostFunction { name: "partition", draws: 0, seedable: false, call: |args, _| partition(args) },
    HostFunction { name: "range", draws: 0, seedable: false, call: |args, _| range(args) },
    HostFunction { name: "hash", draws: 0, seedable: false, call: |args, _| hash(args) },
    HostFunction { name: "parse", draws: 0, seedable: false, call: |args, _| parse(args) },
    HostFunction { name: "random", draws: 1, seedable: true, call: random },
    HostFunction { name: "uuid", draws: 2, seedable: false, call: |_, pool| Ok(uuid(pool)) },
    HostFunction { name: "shuffle", draws: 1, seedable: false, call: shuffle },
];

/// The engine's own functions, sorted.
#[rustfmt::skip]
pub(super) const BUILT_IN: &[&str] = &[
    "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "clone",
    "contains", "count", "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl",
    "encodeUrlComponent", "error", "eval", "exists", "filter", "floor", "formatBase", "formatInteger",
    "formatNumber", "fromMillis", "join", "keys", "length", "lookup", "lowercase", "map", "match", "max",
    "merge", "millis", "min", "not", "now", "number", "pad", "parseInteger", "power", "reduce", "replace",
    "reverse", "round", "sift", "single", "sort", "split", "spread", "sqrt", "string", "substring",
    "substringAfter", "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "zip",
];

/// The names of all functions there are, without `$`: JSONata's own and those the service adds.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    let own = BUILT_IN.iter().copied().filter(|name| *name != "eval");
    own.chain(HOST_FUNCTIONS.iter().map(|function| function.name))
}

/// Makes the functions in the mask known to the engine.
pub(super) fn register(evaluator: &mut Evaluator, mask: u8, pool: &Pool) -> Result<(), EvaluatorError> {
    for (i, function) in HOST_FUNCTIONS.iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0) {
        debug_assert!(i < 8);
        let (call, pool) = (function.call, pool.clone());
        evaluator.register_fn_override(function.name, move |args: &[JValue]| call(args, &pool))?;
    }
    Ok(())
}

fn fail<T>(code: &str, message: impl std::fmt::Display) -> Result<T, EvaluatorError> {
    let separator = if code.is_empty() { "" } else { ": " };
    Err(EvaluatorError::EvaluationError(format!("{code}{separator}{message}")))
}

fn mismatch<T>(index: usize, function: &str) -> Result<T, EvaluatorError> {
    fail("T0410", format!("Argument {index} of function \"{function}\" does not match function signature"))
}

/// A number given as the argument at `index`, from 1; `None` where it is undefined.
fn number(args: &[JValue], index: usize, function: &str) -> Result<Option<f64>, EvaluatorError> {
    match args.get(index - 1) {
        None | Some(JValue::Undefined) => Ok(None),
        Some(JValue::Number(n)) => Ok(Some(*n)),
        Some(_) => mismatch(index, function),
    }
}

/// A text given as the argument at `index`, from 1; `None` where it is undefined.
fn text<'a>(args: &'a [JValue], index: usize, function: &str) -> Result<Option<&'a str>, EvaluatorError> {
    match args.get(index - 1) {
        None | Some(JValue::Undefined) => Ok(None),
        Some(JValue::String(s)) => Ok(Some(s)),
        Some(_) => mismatch(index, function),
    }
}

/// `$partition(array, size)`: the array in chunks of a size.
fn partition(args: &[JValue]) -> Answer {
    let items = match args.first() {
        None | Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::Array(items)) => items.to_vec(),
        Some(one) => vec![one.clone()],
    };
    let Some(size) = number(args, 2, "partition")? else { return mismatch(2, "partition") };
    // Java's way to round: half goes up.
    let size = (size + 0.5).floor();
    if size.is_nan() || size < 1.0 {
        return fail("", "The second argument of the partition function must be a positive number");
    }
    let chunks = items.chunks(size.min(u32::MAX.into()) as usize).map(|chunk| JValue::array(chunk.to_vec()));
    Ok(JValue::array(chunks.collect()))
}

/// `$range(first, last, step)`: numbers in equal steps, the last included when a step meets it.
fn range(args: &[JValue]) -> Answer {
    let (Some(first), Some(last), Some(step)) =
        (number(args, 1, "range")?, number(args, 2, "range")?, number(args, 3, "range")?)
    else {
        let undefined = (1..=3).find(|i| args.get(i - 1).is_none_or(JValue::is_undefined));
        return mismatch(undefined.unwrap_or(1), "range");
    };
    if step == 0.0 {
        return fail("", "The third argument of the range function must not be zero");
    }
    // A step such as 0.1 is not exact, so that the last one may seem missed by a hair.
    let count = ((last - first) / step + 1e-9).floor() + 1.0;
    if !count.is_finite() || count > limits::SEQUENCE as f64 {
        return fail("D2015", format!("The maximum sequence length of {} was exceeded.", limits::SEQUENCE));
    }
    let count = count.max(0.0) as u32;
    // The result is a sequence: a single number comes alone, as everywhere in JSONata.
    match count {
        1 => Ok(JValue::Number(first)),
        _ => Ok(JValue::array((0..count).map(|i| JValue::Number(first + f64::from(i) * step)).collect())),
    }
}

/// `$hash(data, algorithm)`: a digest in hexadecimal digits.
fn hash(args: &[JValue]) -> Answer {
    let Some(data) = text(args, 1, "hash")? else { return Ok(JValue::Undefined) };
    let Some(algorithm) = text(args, 2, "hash")? else { return mismatch(2, "hash") };
    let data = data.as_bytes();
    let digest = match algorithm {
        "MD5" => hex(&Md5::digest(data)),
        "SHA-1" => hex(&Sha1::digest(data)),
        "SHA-256" => hex(&Sha256::digest(data)),
        "SHA-384" => hex(&Sha384::digest(data)),
        "SHA-512" => hex(&Sha512::digest(data)),
        other => return fail("", format!("The hash algorithm {other} is not supported")),
    };
    Ok(JValue::string(digest))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// `$parse(text)`: the JSON value that a text spells.
fn parse(args: &[JValue]) -> Answer {
    let Some(json) = text(args, 1, "parse")? else { return Ok(JValue::Undefined) };
    match Value::parse(json) {
        Ok(value) => Ok(to_engine(&value)),
        Err(error) => fail("", format!("Unable to parse the argument of the parse function as JSON: {error}")),
    }
}

/// `$random(seed?)`: a number from 0 up to 1.
fn random(args: &[JValue], pool: &Pool) -> Answer {
    Ok(JValue::Number(match number(args, 1, "random")? {
        Some(seed) => JavaRandom::new(seed as i64).next_f64(),
        None => unit_f64(pool.next_u64()),
    }))
}

/// `$uuid()`: a version 4 UUID.
fn uuid(pool: &Pool) -> JValue {
    let high = pool.next_u64();
    JValue::string(uuid_text(high, pool.next_u64()))
}

/// `$shuffle(array)`: the elements in a random order.
fn shuffle(args: &[JValue], pool: &Pool) -> Answer {
    let mut items = match args.first() {
        None | Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::Array(items)) => items.to_vec(),
        Some(one) => vec![one.clone()],
    };
    for last in (1..items.len()).rev() {
        let other = (unit_f64(pool.next_u64()) * (last as f64 + 1.0)) as usize;
        items.swap(last, other.min(last));
    }
    Ok(JValue::array(items))
}
