//! Functions of the engine that do not bear every argument.
//!
//! Some pictures and numbers make the engine panic, recurse without end or fill the memory. Calls that may bring such
//! arguments go through here: the arguments are looked at first, then the engine's own function is called.

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError};
use jsonata_core::value::JValue;

use super::limits;

type Check = fn(&[JValue]) -> Result<(), EvaluatorError>;

/// A function whose arguments are checked.
pub(super) struct Checked {
    /// The function's name.
    pub(super) name: &'static str,
    /// The name under which its arguments are checked. Nobody can write a name with a blank.
    pub(super) bare: &'static str,
    /// The same with the context as an additional first argument.
    pub(super) with_context: &'static str,
    check: Check,
}

/// All of them; a set of them is a bit mask over this table.
pub(super) const CHECKED: &[Checked] = &[
    Checked {
        name: "formatInteger",
        bare: "bare formatInteger",
        with_context: "checked formatInteger",
        check: format_integer,
    },
    Checked {
        name: "parseInteger",
        bare: "bare parseInteger",
        with_context: "checked parseInteger",
        check: parse_integer,
    },
    Checked { name: "fromMillis", bare: "bare fromMillis", with_context: "checked fromMillis", check: from_millis },
    Checked { name: "toMillis", bare: "bare toMillis", with_context: "checked toMillis", check: to_millis },
];

/// Whether a call with these arguments needs no look at run time.
pub(super) fn is_harmless(name: &str, args: &[AstNode]) -> bool {
    let Some(function) = CHECKED.iter().find(|function| function.name == name) else { return true };
    let literals = args.iter().skip(1).map(|arg| match arg {
        AstNode::String(text) => Some(JValue::string(text.as_str())),
        _ => None,
    });
    let Some(pictures) = literals.collect::<Option<Vec<_>>>() else { return false };
    let plain = |text: &JValue| text.as_str().is_some_and(|text| text.is_ascii() && !text.contains(['a', 'A', 'I']));
    match name {
        // Any number may come.
        "formatInteger" => matches!(args.first(), Some(AstNode::Number(n)) if n.abs() < 1e6),
        "fromMillis" => (function.check)(&pictures).is_ok(),
        // A literal picture with ordinals meets any timestamp.
        _ if pictures.iter().any(|text| text.as_str().is_some_and(|text| text.contains('o'))) => false,
        _ => pictures.iter().all(plain) && (function.check)(&pictures).is_ok(),
    }
}

/// Puts the checks in front of the functions in the mask.
pub(super) fn register(evaluator: &mut Evaluator, mask: u8) -> Result<(), EvaluatorError> {
    for (_, function) in CHECKED.iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0) {
        let (name, check) = (function.name, function.check);
        evaluator.register_fn(function.bare, move |args: &[JValue]| {
            check(args)?;
            engine_function(name, args, &JValue::Undefined)
        })?;
        evaluator.register_fn(function.with_context, move |args: &[JValue]| {
            check(args)?;
            let (context, args) = args.split_first().unwrap_or((&JValue::Undefined, &[]));
            engine_function(name, args, context)
        })?;
    }
    Ok(())
}

/// Calls the engine's own function, in an evaluator that knows no other.
fn engine_function(name: &str, args: &[JValue], data: &JValue) -> Result<JValue, EvaluatorError> {
    let mut context = Context::new();
    let mut variables = Vec::with_capacity(args.len());
    for (i, arg) in args.iter().enumerate() {
        let variable = format!("argument {i}");
        context.bind(variable.clone(), arg.clone());
        variables.push(AstNode::Variable(variable));
    }
    let call = AstNode::Function { name: name.to_owned(), args: variables, is_builtin: true };
    Evaluator::with_options(context, limits::options()).evaluate(&call, data)
}

fn refuse<T>(code: &str, message: impl std::fmt::Display) -> Result<T, EvaluatorError> {
    Err(EvaluatorError::EvaluationError(format!("{code}: {message}")))
}

fn texts(args: &[JValue]) -> impl Iterator<Item = &str> {
    args.iter().filter_map(JValue::as_str)
}

/// Roman numerals have a letter for every thousand, and infinity has no words.
fn format_integer(args: &[JValue]) -> Result<(), EvaluatorError> {
    let roman = texts(args).any(|picture| picture.starts_with(['i', 'I']));
    let greatest = if roman { 1e9 } else { f64::MAX };
    let numbers = args.iter().filter_map(|arg| if let JValue::Number(n) = arg { Some(*n) } else { None });
    match numbers.into_iter().find(|n| n.is_nan() || n.abs() > greatest) {
        Some(n) => refuse("D1001", format!("Number out of range: {n}")),
        None => Ok(()),
    }
}

/// The longest run of letters that counts something in base 26.
const LETTERS: usize = 12;

fn has_long_word(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > LETTERS)
}

/// Digits of other scripts are subtracted from one another, and letters multiplied, without a look at their range.
fn parse_integer(args: &[JValue]) -> Result<(), EvaluatorError> {
    let mut from_last = texts(args).collect::<Vec<_>>().into_iter().rev();
    let (Some(picture), Some(value)) = (from_last.next(), from_last.next()) else { return Ok(()) };
    if picture.starts_with(['a', 'A']) && value.chars().count() > LETTERS {
        return refuse("D1001", format!("Number out of range: {value}"));
    }
    if picture.contains(';') && value.len() >= 2 && !value.is_char_boundary(value.len() - 2) {
        return refuse("D3130", picture);
    }
    let Some(digit) = picture.chars().find(|c| !c.is_ascii() && c.is_numeric()) else { return Ok(()) };
    let grouped = picture.find(',').is_some_and(|comma| comma > 0);
    let ordinal = if picture.ends_with('o') { value.len().saturating_sub(2) } else { value.len() };
    let digits = value.get(..ordinal).unwrap_or(value);
    let fits = |c: char| {
        let near = u32::from(c).abs_diff(u32::from(digit)) <= 9 && c.is_numeric();
        near || grouped && c == ','
    };
    if digits.chars().all(fits) { Ok(()) } else { refuse("D3130", picture) }
}

fn from_millis(args: &[JValue]) -> Result<(), EvaluatorError> {
    texts(args).try_for_each(picture_is_sound)
}

fn to_millis(args: &[JValue]) -> Result<(), EvaluatorError> {
    from_millis(args)?;
    let lettered =
        |text: &str| markers(text).iter().any(|marker| marker.get(1..).is_some_and(|m| m.starts_with(['a', 'A'])));
    let foreign = |text: &str| markers(text).iter().any(|marker| !marker.is_ascii());
    // The letter s has a second form that counts as equal without case, but is longer.
    let ordinal = texts(args).any(|text| markers(text).iter().any(|marker| marker.contains('o')));
    if texts(args).any(foreign) || ordinal && texts(args).any(|text| text.contains('ſ')) {
        return refuse("D3131", "In a decimal digit pattern, all digits must be from the same decimal group");
    }
    match texts(args).find(|text| has_long_word(text)) {
        Some(text) if texts(args).any(lettered) => refuse("D1001", format!("Number out of range: {text}")),
        _ => Ok(()),
    }
}

/// What stands between brackets in a picture, without blanks. A doubled bracket is one that stands for itself.
fn markers(picture: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = picture;
    while let Some((_, after)) = rest.split_once('[') {
        rest = match after.strip_prefix('[') {
            Some(after) => after,
            None => {
                let Some((marker, after)) = after.split_once(']') else { break };
                found.push(marker.split_whitespace().collect());
                after
            }
        };
    }
    found
}

/// The most digits a component may be wide.
const WIDTH: usize = 18;

fn picture_is_sound(picture: &str) -> Result<(), EvaluatorError> {
    for marker in markers(picture) {
        let Some(component) = marker.chars().next() else { continue };
        let (presentation, width) = marker.rsplit_once(',').unwrap_or((&marker, ""));
        let widths = width.split('-').filter_map(|n| n.parse::<usize>().ok());
        let digits = presentation.chars().filter(|c| *c == '#' || c.is_numeric()).count();
        if !component.is_ascii_alphabetic() || digits > WIDTH || widths.into_iter().any(|n| n > WIDTH) {
            return refuse("D3132", component);
        }
        if component == 'f' && presentation.chars().nth(1).is_some_and(|c| !c.is_numeric() && c != '#') {
            return refuse("D3133", component);
        }
    }
    Ok(())
}
