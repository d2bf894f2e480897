//! Where in a source an error is: the parser does not say, so its answers to shorter sources are compared.

use jsonata_core::parser;

use super::error::JsonataError;

/// Errors of tokens that have no end: each is found at the end of every source that stops inside a token.
const UNTERMINATED: &[&str] = &["S0101", "S0105", "S0106", "S0302"];
/// Errors about a source that ends too early.
const AT_THE_END: &[&str] = &["S0203", "S0207"];
/// Errors that the parser raises at the token that is wrong.
const AT_A_TOKEN: &[&str] =
    &["S0102", "S0103", "S0104", "S0201", "S0202", "S0204", "S0205", "S0208", "S0211", "S0212", "S0301"];

/// How far back the start of an unterminated token is searched for, in characters.
const FAR: usize = 400;

/// The byte offset of a syntax error.
pub(super) fn of_syntax_error(source: &str, code: &str) -> Option<usize> {
    if AT_THE_END.contains(&code) {
        return Some(source.len());
    }
    let same = |end: usize| source.get(..end).is_some_and(|start| error_code(start) == code);
    let starts: Vec<usize> = source.char_indices().map(|(i, _)| i).collect();
    // The source up to and including the character at an index.
    let ends_after = |i: usize| starts.get(i + 1).copied().unwrap_or(source.len());
    if UNTERMINATED.contains(&code) {
        // Shorter and shorter, until the token is gone.
        let kept = (0..starts.len()).rev().take(FAR).take_while(|i| same(ends_after(*i)));
        // What makes a comment of it is the second character of its mark.
        let mark = usize::from(code == "S0106");
        return kept.last().and_then(|i| starts.get(i.saturating_sub(mark)).copied());
    }
    if AT_A_TOKEN.contains(&code) {
        let (mut low, mut high) = (0, starts.len().checked_sub(1)?);
        while low < high {
            let middle = low.midpoint(high);
            if same(ends_after(middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return starts.get(low).copied();
    }
    None
}

fn error_code(source: &str) -> String {
    parser::parse(source).err().map(|error| JsonataError::from_parser(&error).code).unwrap_or_default()
}

/// The byte offset of the only mention of a variable; `None` when there are more.
pub(super) fn of_variable(source: &str, name: &str) -> Option<usize> {
    let text = format!("${name}");
    let goes_on = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut found = source.match_indices(&text).filter(|(i, _)| {
        let before = source.get(..*i).and_then(|s| s.chars().next_back());
        let after = source.get(i + text.len()..).and_then(|s| s.chars().next());
        !before.is_some_and(goes_on) && !after.is_some_and(goes_on)
    });
    match (found.next(), found.next()) {
        (Some((i, _)), None) => Some(i),
        _ => None,
    }
}

/// The byte offset of the only occurrence of a text; `None` when there are more.
pub(super) fn of_only(source: &str, text: &str) -> Option<usize> {
    source.find(text).filter(|first| source.rfind(text) == Some(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_error_is_where_its_cause_begins() {
        for (source, at) in [
            ("(1 2)", 3),
            ("$states.input. ", 15),
            ("1 + (2", 6),
            (r#"'é' & "abc"#, 7),
            ("1 /* never", 2),
            ("$a := ;", 6),
            (r#""a" & "\q" & 1"#, 8),
            ("[1, 2) + 3", 5),
        ] {
            let code = error_code(source);
            assert_eq!(of_syntax_error(source, &code), Some(at), "{source} {code}");
        }
    }

    #[test]
    fn a_variable_is_found_when_it_is_mentioned_once() {
        assert_eq!(of_variable("1 + $foo($foobar)", "foo"), Some(4));
        assert_eq!(of_variable("$foo($foo)", "foo"), None);
    }
}
