//! Small forms of values for messages: cut to a line, as YAML, as Rust.

use crate::value::Value;

/// The longest value a message shows whole.
const BRIEF: usize = 160;

/// The value's text, cut to about a line.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= BRIEF {
        return text;
    }
    let head: String = text.chars().take(BRIEF).collect();
    format!("{head}… ({} bytes)", text.len())
}

/// The value in YAML's flow style, as one would write it by hand.
pub(crate) fn yaml_flow(value: &Value) -> String {
    match value {
        Value::Object(o) if o.is_empty() => "{}".into(),
        Value::Object(o) => {
            let members: Vec<String> = o.iter().map(|(k, v)| format!("{}: {}", yaml_word(k), yaml_flow(v))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(a) => format!("[{}]", a.iter().map(yaml_flow).collect::<Vec<_>>().join(", ")),
        Value::String(s) => yaml_word(s),
        _ => value.to_string(),
    }
}

/// A text as a YAML key or value, quoted where it has to be.
pub(super) fn yaml_word(text: &str) -> String {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | ' ' | ':');
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let ends = !text.ends_with([' ', ':']) && !text.contains(": ");
    let means_itself = !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text));
    if begins && ends && means_itself && text.chars().all(inner) {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// A text as a Rust string literal.
pub(super) fn rust_literal(text: &str) -> String {
    format!("{text:?}")
}
