//! `States.Format` and `States.UUID`.

use super::arguments::Arguments;
use super::strings::java_text;
use crate::expr::env::Env;
use crate::random::uuid_text;
use crate::value::Value;

pub(super) fn uuid(_: &Arguments<'_>, env: &mut dyn Env) -> Result<Value, String> {
    Ok(uuid_text(env.next_u64(), env.next_u64()).into())
}

/// Fills the template. A literal template arrives here with the escapes for braces still in it, and so a template
/// out of the input means the same as the same text written as a literal.
pub(super) fn format(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let template = arguments.text(0)?;
    let mut values = arguments.values.iter().skip(1);
    let mut text = String::with_capacity(template.len());
    let mut placeholders = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['\\', '{']) {
        let (plain, special) = rest.split_at(at);
        text.push_str(plain);
        let escaped = special.strip_prefix('\\').and_then(|s| s.chars().next());
        rest = if let Some(tail) = special.strip_prefix("{}") {
            placeholders += 1;
            if let Some(value) = values.next() {
                java_text(value, &mut text);
            }
            tail
        } else if let Some(c @ ('{' | '}' | '\\')) = escaped {
            text.push(c);
            special.get(2..).unwrap_or_default()
        } else {
            // A lone brace or backslash stands for itself.
            text.push_str(special.get(..1).unwrap_or_default());
            special.get(1..).unwrap_or_default()
        };
    }
    text.push_str(rest);
    let given = arguments.values.len().saturating_sub(1);
    if placeholders != given {
        return Err(format!(
            "The template has {placeholders} placeholders `{{}}`, but there are {given} values for them"
        ));
    }
    Ok(text.into())
}
