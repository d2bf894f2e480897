//! `"Comment": "rehearsal: allow timeout-missing"`: findings that the definition itself switches off.

use std::cell::Cell;
use std::sync::Arc;

use super::{Rule, Subject, suggestion};
use crate::asl::flows;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Node, Source, Span};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "allow-unknown",
        severity: Severity::Warning,
        summary: "a comment allows a code that no rule has",
        explanation: "`rehearsal: allow CODE` in a `Comment` switches a rule off for a state and what is in it, or, in \
the machine's own comment, for the whole machine. A code that is not one switches nothing off.",
        example: r#"{
  "StartAt": "Done",
  "States": {"Done": {"Type": "Succeed", "Comment": "rehearsal: allow timeout-mising"}}
}"#,
        check: found_elsewhere,
    },
    Rule {
        code: "allow-unused",
        severity: Severity::Note,
        summary: "a comment allows a code, and there is no such finding",
        explanation: "What the comment allows is not there, or not any more. An allowance without a use hides the next \
finding of its kind, which may be a real one. Remove it.",
        example: r#"{
  "StartAt": "Done",
  "States": {"Done": {"Type": "Succeed", "Comment": "Nothing waits here; rehearsal: allow timeout-missing"}}
}"#,
        check: found_elsewhere,
    },
];

/// These findings appear while comments are applied, after all rules have looked.
fn found_elsewhere(_: &Subject<'_>, _: &mut Diagnostics) {}

/// One code that a comment allows, and for what.
struct Allowance {
    code: String,
    /// Of the code within the comment.
    span: Span,
    /// The way to the comment, and to everything it is about.
    way: String,
    is_used: Cell<bool>,
}

/// Removes the findings that comments allow, and adds those about the comments themselves. Where a definition is refused
/// the rules did not look, and so nothing is said about allowances without a use.
pub(super) fn apply(source: &Arc<Source>, root: &Node, found: Diagnostics, is_refused: bool) -> Diagnostics {
    let mut allowances = Vec::new();
    collect(source, root, "", &mut allowances);
    if allowances.is_empty() {
        return found;
    }
    let mut kept = Diagnostics::default();
    for finding in found {
        let allows = |a: &&Allowance| a.code == finding.code && covers(&a.way, &finding.path);
        let fitting: Vec<&Allowance> = allowances.iter().filter(allows).collect();
        fitting.iter().for_each(|a| a.is_used.set(true));
        if fitting.is_empty() {
            kept.push(finding);
        }
    }
    for allowance in allowances {
        let Allowance { code, span, way, is_used } = allowance;
        let path = if way.is_empty() { "Comment".to_owned() } else { format!("{way} › Comment") };
        if super::find(&code).is_none() {
            let finding =
                Diagnostic::warning("allow-unknown", format!("the comment allows `{code}`, which is no rule"));
            kept.push(finding.at(source, span, "no such code").path(path).help(suggestion(&code)));
        } else if !is_used.get() && !is_refused {
            let finding =
                Diagnostic::note("allow-unused", format!("the comment allows `{code}`, and nothing is found"));
            kept.push(finding.at(source, span, "allows nothing").path(path).help("remove it"));
        }
    }
    kept
}

/// Whether what is at `path` belongs to what is at `way`.
fn covers(way: &str, path: &str) -> bool {
    way.is_empty() || path.strip_prefix(way).is_some_and(|rest| rest.is_empty() || rest.starts_with(" › "))
}

fn collect(source: &Source, flow: &Node, way: &str, into: &mut Vec<Allowance>) {
    of_comment(source, flow, way, into);
    let join = |way: &str, step: &str| if way.is_empty() { step.to_owned() } else { format!("{way} › {step}") };
    for state in flows::states(flow) {
        let way = join(way, &format!("States › {}", state.key));
        of_comment(source, &state.value, &way, into);
        for (step, flow) in flows::inner(&state.value) {
            collect(source, flow, &format!("{way} › {step}"), into);
        }
    }
}

fn of_comment(source: &Source, node: &Node, way: &str, into: &mut Vec<Allowance>) {
    let Some((comment, text)) = node.get("Comment").and_then(|c| Some((c, c.as_str()?))) else { return };
    let raw = source.slice(comment.span);
    let mut from = 0;
    for code in allowed(text) {
        let start = comment.span.start as usize;
        let span = match raw.get(from..).and_then(|rest| rest.find(code)) {
            Some(at) => {
                from += at + code.len();
                Span::new(start + from - code.len(), start + from)
            }
            None => comment.span,
        };
        into.push(Allowance { code: code.to_owned(), span, way: way.to_owned(), is_used: Cell::new(false) });
    }
}

/// The codes that a comment allows. Text may stand around: `slow people; rehearsal: allow a-b, c-d because …`.
fn allowed(comment: &str) -> Vec<&str> {
    let mut codes = Vec::new();
    for part in comment.split("rehearsal:").skip(1) {
        let Some(mut rest) = part.trim_start().strip_prefix("allow").filter(|r| r.starts_with([' ', '\t', '\n']))
        else {
            continue;
        };
        loop {
            let word = rest.trim_start();
            let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(word.len());
            let Some((code, after)) = word.split_at_checked(end).filter(|(code, _)| !code.is_empty()) else { break };
            // After a comma the sentence may simply go on.
            if !codes.is_empty() && !code.contains('-') && super::find(code).is_none() {
                break;
            }
            codes.push(code);
            match after.trim_start().strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_comments_with_other_text() {
        let table: &[(&str, &[&str])] = &[
            ("rehearsal: allow a-b", &["a-b"]),
            ("slow people. rehearsal: allow a-b, c-d, because they may", &["a-b", "c-d"]),
            ("rehearsal: allow a-b,c-d; rehearsal:allow syntax.", &["a-b", "c-d", "syntax"]),
            ("rehearsal: allow", &[]),
            ("rehearsal: allowance a-b", &[]),
            ("rehearsal is a tool; allow a-b", &[]),
        ];
        for (comment, want) in table {
            assert_eq!(&allowed(comment), want, "{comment}");
        }
    }

    #[test]
    fn a_comment_is_about_its_state_and_what_is_in_it() {
        assert!(covers("", "States › A") && covers("States › A", "States › A"));
        assert!(covers("States › A", "States › A › Branches[0] › States › B"));
        assert!(!covers("States › A", "States › AB") && !covers("States › A", ""));
    }
}
