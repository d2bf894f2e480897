//! `--fix`: makes the changes that need no decision, in the files themselves.

use std::collections::BTreeMap;
use std::path::Path;

use rehearsal::diagnostic::Fix;
use rehearsal::source::Source;

use super::Report;
use crate::cli::files;
use crate::cli::screen::Failure;

/// Templates are the largest files with definitions.
const MOST: usize = 64 << 20;

/// Makes the safe changes; says how many, and in how many files.
pub(super) fn mend(report: &Report) -> Result<(usize, usize), Failure> {
    let mut by_file: BTreeMap<&str, (&Source, Vec<&Fix>)> = BTreeMap::new();
    for (_, finding) in report.findings(false) {
        if let (Some(source), Some(fix)) = (&finding.source, finding.fix.as_ref().filter(|fix| fix.is_safe)) {
            by_file.entry(source.name()).or_insert_with(|| (source, Vec::new())).1.push(fix);
        }
    }
    let (mut changes, mut changed) = (0, 0);
    for (name, (source, fixes)) in by_file {
        let path = Path::new(name);
        let bytes = files::read(path, MOST)?;
        let mark = if bytes.starts_with("\u{feff}".as_bytes()) { "\u{feff}" } else { "" };
        // Somebody may have written to the file meanwhile.
        if bytes.get(mark.len()..) != Some(source.text().as_bytes()) {
            continue;
        }
        let (text, count) = changed_text(source.text(), fixes);
        if count == 0 {
            continue;
        }
        let text = format!("{mark}{text}");
        files::write(path, text.as_bytes())?;
        changes += count;
        changed += 1;
    }
    Ok((changes, changed))
}

/// The text with the changes made that do not overlap, and how many those are.
fn changed_text(text: &str, mut fixes: Vec<&Fix>) -> (String, usize) {
    fixes.sort_by_key(|fix| (fix.span.start, fix.span.end));
    // A machine that is found twice has every finding twice.
    fixes.dedup_by(|a, b| a.span == b.span && a.replacement == b.replacement);
    let (mut out, mut at, mut count) = (String::with_capacity(text.len()), 0, 0);
    for fix in fixes {
        let range = fix.span.range();
        let Some(between) = text.get(at..range.start).filter(|_| text.get(range.clone()).is_some()) else { continue };
        out.push_str(between);
        out.push_str(&fix.replacement);
        at = range.end;
        count += 1;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    (out, count)
}

#[cfg(test)]
mod tests {
    use rehearsal::source::Span;

    use super::*;

    #[test]
    fn changes_are_made_once_and_never_over_each_other() {
        let fix = |start, end, text: &str| Fix::safe(Span::new(start, end), text, "");
        let fixes = [fix(4, 5, "E"), fix(0, 1, "A"), fix(0, 1, "A"), fix(0, 3, "x"), fix(9, 99, "y")];
        assert_eq!(changed_text("abcdef", fixes.iter().collect()), ("AbcdEf".to_owned(), 2));
    }
}
