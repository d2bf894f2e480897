//! The steps of plain paths: names and indices, with their places in the text.

use crate::value::Str;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::asl::lint) enum Step {
    Name(Str),
    Index(i64),
}

/// The steps of the text behind a path's root, `.order['id'][0]`; none where there is anything but names and indices.
pub(super) fn steps(text: &str) -> Option<Vec<Step>> {
    Some(located(text)?.into_iter().map(|(step, _)| step).collect())
}

/// The same, with the bytes of each step: the name in `.name`, the whole of `['name']`.
pub(super) fn located(text: &str) -> Option<Vec<(Step, std::ops::Range<usize>)>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(name) = rest.strip_prefix('.') {
            let length = name.find(['.', '[']).unwrap_or(name.len());
            let name = name.get(..length)?;
            if name.is_empty() || name.contains(['*', '(', ')', '?', '@', '\'', ' ']) {
                return None;
            }
            found.push((Step::Name(name.into()), at + 1..at + 1 + length));
            at += 1 + length;
            continue;
        }
        let inside = rest.strip_prefix('[')?;
        let quote = inside.chars().next()?;
        let (step, length) = if quote == '\'' || quote == '"' {
            let name = inside.get(1..)?;
            let end = name.find(quote)?;
            let name = name.get(..end)?;
            if name.contains('\\') || !inside.get(end + 2..)?.starts_with(']') {
                return None;
            }
            (Step::Name(name.into()), end + 4)
        } else {
            let end = inside.find(']')?;
            (Step::Index(inside.get(..end)?.trim().parse().ok()?), end + 2)
        };
        found.push((step, at..at + length));
        at += length;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_come_apart_with_their_places() {
        let text = ".order['the id'][0].lines[-1]";
        let found = located(text).unwrap();
        let shown: Vec<&str> = found.iter().map(|(_, range)| &text[range.clone()]).collect();
        assert_eq!(shown, ["order", "['the id']", "[0]", "lines", "[-1]"]);
        assert_eq!(found[1].0, Step::Name("the id".into()));
        assert_eq!(found[4].0, Step::Index(-1));
        assert_eq!(steps(""), Some(Vec::new()));
        for other in ["..id", "[*]", ".*", "[?(@.a)]", "[0:2]", "[0,1]", ".a.length()", "['a','b']"] {
            assert_eq!(steps(other), None, "{other}");
        }
    }
}
