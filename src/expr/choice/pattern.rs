//! Patterns of `StringMatches`.

use std::fmt;

/// A pattern of `StringMatches`: literal pieces with anything between them.
#[derive(Clone)]
pub(super) struct Pattern {
    /// There is one piece more than there are wildcards.
    pieces: Vec<String>,
}

impl Pattern {
    pub(super) fn parse(pattern: &str) -> Result<Pattern, String> {
        let (mut pieces, mut piece) = (Vec::new(), String::new());
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            match (c, chars.as_str().chars().next()) {
                ('*', _) => pieces.push(std::mem::take(&mut piece)),
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    piece.push(escaped);
                    chars.next();
                }
                ('\\', _) => {
                    return Err(r"in a pattern only \* and \\ are escapes; write a lone backslash as \\".into());
                }
                (c, _) => piece.push(c),
            }
        }
        pieces.push(piece);
        Ok(Pattern { pieces })
    }
    /// Taking each piece at its first place is enough, so this never goes back.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.pieces.split_first() else {
            return text.is_empty();
        };
        let Some((last, middle)) = others.split_last() else {
            return text == first;
        };
        let rest = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
        let after = |rest: &'_ str, piece: &String| rest.find(piece.as_str()).map(|at| at + piece.len());
        let mut rest = rest;
        for piece in middle {
            rest = rest.and_then(|r| r.get(after(r, piece)?..));
        }
        rest.is_some()
    }
}

/// The pattern as it is written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, piece) in self.pieces.iter().enumerate() {
            if i > 0 {
                write!(f, "*")?;
            }
            write!(f, "{}", piece.replace('\\', r"\\").replace('*', r"\*"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.pieces).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_strings() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("log-*.txt", "log-1.txt", true),
            ("log-*.txt", "log-.txt", true),
            ("log-*.txt", "log-1.txt.gz", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("ab*ba", "aba", false),
            ("a**c", "abc", true),
            (r"a\*c", "abc", false),
            (r"a\*c", "a*c", true),
            (r"a\\*", r"a\b", true),
            ("é*", "éa", true),
            ("*\n*", "a\nb", true),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(text), expected, "{pattern} on {text}");
        }
        assert!(Pattern::parse(r"a\b").is_err() && Pattern::parse("a\\").is_err());
        let (pattern, text) = ("*a".repeat(2_000) + "b", "a".repeat(200_000));
        assert!(!Pattern::parse(&pattern).unwrap().matches(&text));
    }
}
