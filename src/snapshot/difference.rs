//! What differs between two texts, line by line, however long they are.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

/// How many lines of each text are held against each other at once. What differs everywhere costs the square of it.
const WINDOW: usize = 1_000;
/// How many lines are shown around a difference.
const AROUND: usize = 2;

/// The lines that differ, with two lines around each: kept ones begin with a blank, those that go with `-`, those that
/// come with `+`.
pub(super) fn lines_that_differ(old: &str, new: &str) -> String {
    let changes = changes(old, new);
    let is_near = |i: usize| {
        let near = &changes[i.saturating_sub(AROUND)..changes.len().min(i + AROUND + 1)];
        near.iter().any(|(tag, _)| *tag != ChangeTag::Equal)
    };
    let mut shown = String::new();
    let mut last = None;
    for (i, (tag, line)) in changes.iter().enumerate().filter(|(i, _)| is_near(*i)) {
        if last.is_some_and(|last| last + 1 != i) {
            shown.push_str("  …\n");
        }
        last = Some(i);
        let mark = match tag {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        // Writing to a String cannot fail.
        let _ = writeln!(shown, "{mark} {line}");
    }
    shown
}

/// Every line of both texts, once where they agree.
fn changes<'a>(old: &'a str, new: &'a str) -> Vec<(ChangeTag, &'a str)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let (mut old, mut new) = (old.as_slice(), new.as_slice());
    let mut changes = Vec::new();
    while !old.is_empty() || !new.is_empty() {
        let (some_old, some_new) = (&old[..old.len().min(WINDOW)], &new[..new.len().min(WINDOW)]);
        let is_last = some_old.len() == old.len() && some_new.len() == new.len();
        let diff = TextDiff::from_slices(some_old, some_new);
        let mut window: Vec<_> = diff.iter_all_changes().map(|change| (change.tag(), change.value())).collect();
        // What follows the last line they share may have its match in the next window.
        if let Some(shared) = window.iter().rposition(|(tag, _)| *tag == ChangeTag::Equal).filter(|_| !is_last) {
            window.truncate(shared + 1);
        }
        old = &old[window.iter().filter(|(tag, _)| *tag != ChangeTag::Insert).count()..];
        new = &new[window.iter().filter(|(tag, _)| *tag != ChangeTag::Delete).count()..];
        changes.append(&mut window);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_two_lines_around_each() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(lines_that_differ(old, old), "");
        assert_eq!(lines_that_differ("", "1\n2\n"), "+ 1\n+ 2\n");
        assert_eq!(lines_that_differ("1\n", ""), "- 1\n");
        let new = "1\n2\n3\nx\n5\n6\n7\n8\n9\n10\n";
        assert_eq!(lines_that_differ(old, new), "  2\n  3\n- 4\n+ x\n  5\n  6\n  …\n  8\n  9\n+ 10\n");
    }

    #[test]
    fn texts_longer_than_a_window_differ_where_they_do() {
        let line = |i: usize| format!("{}\n", i * 7);
        let old: String = (0..10_000).map(line).collect();
        let new: String =
            (0..10_000).filter(|i| *i != 3_500).map(|i| if i == 8_000 { "x\n".into() } else { line(i) }).collect();
        let want =
            "  24486\n  24493\n- 24500\n  24507\n  24514\n  …\n  55986\n  55993\n- 56000\n+ x\n  56007\n  56014\n";
        assert_eq!(lines_that_differ(&old, &new), want);
        // Every line of both is there, even where nothing agrees.
        let other: String = (0..9_000).map(|i| format!("y{i}\n")).collect();
        let shown = lines_that_differ(&old, &other);
        let of = |mark: &str| shown.lines().filter_map(|l| l.strip_prefix(mark)).map(|l| format!("{l}\n")).collect();
        let (gone, come): (String, String) = (of("- "), of("+ "));
        assert!(gone == old && come == other);
    }
}
