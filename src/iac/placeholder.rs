//! Placeholders in definitions: `${name}`, replaced in the text before it is read, so that one without quotation marks
//! may stand for a number.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::source::{Assembled, MAX_DEFINITION_BYTES, Node, NodeKind, Span};

/// The names of a text's placeholders and where they stand, from left to right.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.match_indices("${").filter_map(|(at, _)| {
        let inner = text.get(at + 2..)?;
        let length = inner.find(['}', '{', '"', '\n'])?;
        let name = inner.get(..length)?;
        let ends = inner.get(length..)?.starts_with('}') && !name.is_empty();
        ends.then_some((at..at + 2 + length + 1, name))
    })
}

/// A text with those placeholders replaced that have a value.
///
/// # Errors
/// A text that would grow beyond what a definition may hold.
pub(crate) fn fill(text: &Assembled, value: impl Fn(&str) -> Option<String>) -> Result<Assembled, Diagnostics> {
    let mut ranges: Vec<(Range<usize>, String)> = Vec::new();
    let mut bytes = text.text().len();
    for (range, name) in placeholders(text.text()) {
        let Some(value) = value(name) else { continue };
        bytes += value.len();
        if bytes > 2 * MAX_DEFINITION_BYTES {
            let found = too_long(text.source().name());
            return Err(found.at(text.source(), text.span(range.start, range.end), "here it was enough").into());
        }
        ranges.push((range, value));
    }
    Ok(if ranges.is_empty() { text.clone() } else { text.replaced(&ranges) })
}

/// Replaces placeholders in the strings of a tree.
///
/// # Errors
/// As [`fill`].
pub(crate) fn fill_node(node: &mut Node, value: &impl Fn(&str) -> Option<String>) -> Result<(), Span> {
    fn go(node: &mut Node, value: &impl Fn(&str) -> Option<String>, left: &mut usize) -> Result<(), Span> {
        match &mut node.kind {
            NodeKind::String(text) if text.contains("${") => {
                let mut filled = String::new();
                let mut done = 0;
                for (range, name) in placeholders(text) {
                    let Some(value) = value(name) else { continue };
                    *left = left.checked_sub(value.len()).ok_or(node.span)?;
                    filled.push_str(text.get(done..range.start).unwrap_or_default());
                    filled.push_str(&value);
                    done = range.end;
                }
                if done > 0 {
                    filled.push_str(text.get(done..).unwrap_or_default());
                    *text = filled.into();
                }
                Ok(())
            }
            NodeKind::Array(items) => items.iter_mut().try_for_each(|item| go(item, value, left)),
            NodeKind::Object(members) => members.iter_mut().try_for_each(|m| go(&mut m.value, value, left)),
            _ => Ok(()),
        }
    }
    go(node, value, &mut (2 * MAX_DEFINITION_BYTES))
}

/// The finding about a text that substitutions make longer than any definition.
pub(crate) fn too_long(name: &str) -> Diagnostic {
    let message = format!(
        "with its substitutions the definition in `{name}` is longer than the {MAX_DEFINITION_BYTES} bytes it may hold"
    );
    Diagnostic::error("too-large", message)
}

/// Findings about placeholders, told which names there are.
pub(crate) fn explain(found: Diagnostics, names: &[String]) -> Diagnostics {
    let explained = |d: Diagnostic| {
        if d.code != "placeholder" {
            return d;
        }
        let mut d = d;
        let written = d.source.as_ref().zip(d.primary.as_ref()).map(|(s, p)| s.slice(p.span).to_owned());
        let written = written.unwrap_or_default();
        let name = [&written, &d.message].into_iter().find_map(|text| Some(placeholders(text).next()?.1.to_owned()));
        let name = match name {
            Some(name) => name,
            // In Terraform the expression stands there without marks around it.
            None if is_expression(&written) => {
                d.message = format!("`{written}` has no value here: {}", d.message);
                written
            }
            None => return d,
        };
        let give = format!("give it a value: `--substitute '{name}=…'`");
        let help = match did_you_mean(&name, names.iter().map(String::as_str)) {
            Some(near) if near != name => format!("did you mean `${{{near}}}`? Or {give}"),
            Some(_) => format!("`{name}` exists, but its value is not known here; {give}"),
            None if names.is_empty() => format!("nothing is substituted here; {give}"),
            None => format!("the names that have a value are {}; or {give}", listed(names)),
        };
        d.help(help)
    };
    found.into_iter().map(explained).collect::<Vec<_>>().into()
}

/// Whether characters are a reference: `var.wait`, `module.jobs.queue[0]`.
fn is_expression(written: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_-.[]\"".contains(c);
    written.starts_with(char::is_alphabetic) && written.contains('.') && written.chars().all(is_part)
}

/// `a`, `b` and 3 more.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_has_a_name_and_an_end() {
        let names = |text: &str| placeholders(text).map(|(r, n)| format!("{n}@{}", r.start)).collect::<Vec<_>>();
        assert_eq!(names("a ${b} ${c.D}${AWS::Region}"), ["b@2", "c.D@7", "AWS::Region@13"]);
        assert_eq!(names("${ ${a} ${} ${b"), ["a@3"]);
        assert_eq!(names("{% ${\"a\": 1} %}"), Vec::<String>::new());
    }
}
