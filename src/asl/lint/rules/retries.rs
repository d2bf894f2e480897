//! Retries that never happen, or go on for longer than there is time.

use super::super::Rule;
use super::super::subject::Subject;
use super::duration;
use crate::asl::machine::Retrier;
use crate::diagnostic::{Diagnostics, Severity};
use crate::source::Node;

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "retry-outlasts",
        severity: Severity::Warning,
        summary: "the waits between attempts add up to more than the execution's time",
        explanation: "Backoff grows fast: thirty attempts that double from one second take 34 years. The execution times \
out, or an Express workflow's five minutes are over, long before the attempts are, and the `Catch` behind them is never \
reached. Bound the wait with `MaxDelaySeconds` or have fewer attempts.",
        example: r#"{
  "TimeoutSeconds": 600,
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 10}],
      "End": true
    }
  }
}"#,
        check: retry_outlasts,
    },
    Rule {
        code: "retry-never",
        severity: Severity::Note,
        summary: "a retrier without attempts says how long to wait between them",
        explanation: "`\"MaxAttempts\": 0` means that these errors are not retried, which is a way to except them from a \
later retrier. The other fields of the entry have no effect.",
        example: r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:charge",
      "Retry": [
        {"ErrorEquals": ["CardRefused"], "MaxAttempts": 0, "IntervalSeconds": 10},
        {"ErrorEquals": ["States.ALL"]}
      ],
      "End": true
    }
  }
}"#,
        check: retry_never,
    },
];

fn retry_outlasts(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let (limit, whose) = subject.time_of(place);
        let entries = place.node.get("Retry").map(Node::items).unwrap_or_default();
        for (i, (retrier, entry)) in place.state.retry.iter().zip(entries).enumerate() {
            let total = total_delay(retrier);
            // Attempts without a number to reach are a way to say "until it works".
            if total <= limit as f64 || retrier.max_attempts >= 1_000 {
                continue;
            }
            let (name, attempts) = (&place.state.name, retrier.max_attempts);
            let total = duration(total.min(1e12) as u64);
            let message =
                format!("{attempts} retries of `{name}` wait {total} in all, and {whose} has {}", duration(limit));
            let field = ["MaxAttempts", "BackoffRate", "IntervalSeconds"].into_iter().find_map(|f| entry.member(f));
            let span =
                field.map_or(entry.span, |m| crate::source::Span { start: m.key_span.start, end: m.value.span.end });
            let at = format!("Retry[{i}]");
            let finding = place.warning_at("retry-outlasts", (&at, span), message, "never all used");
            found.push(finding.help("bound each wait with `\"MaxDelaySeconds\": 60`, or have fewer attempts"));
        }
    }
}

/// The seconds that all attempts of a retrier wait together, jitter left aside.
fn total_delay(retrier: &Retrier) -> f64 {
    let mut total = 0.0;
    let mut delay = retrier.interval_seconds as f64;
    for _ in 0..retrier.max_attempts.min(1_000) {
        total += delay.min(retrier.max_delay_seconds.map_or(f64::INFINITY, |most| most as f64));
        delay *= retrier.backoff_rate;
    }
    total
}

const UNUSED: &[&str] = &["IntervalSeconds", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"];

fn retry_never(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let entries = place.node.get("Retry").map(Node::items).unwrap_or_default();
        for (i, (retrier, entry)) in place.state.retry.iter().zip(entries).enumerate() {
            let Some(unused) = UNUSED.iter().find_map(|field| entry.member(field)) else { continue };
            if retrier.max_attempts != 0 {
                continue;
            }
            let at = format!("Retry[{i}] › {}", unused.key);
            let message = format!("`{}` has no effect where there are no attempts", unused.key);
            let mut finding = place.note_at("retry-never", (&at, unused.key_span), message, "without effect");
            if let Some(attempts) = entry.member("MaxAttempts") {
                finding = finding.also(attempts.key_span, "no attempts");
            }
            found.push(finding.help("remove it, or give `MaxAttempts` a number above 0"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_add_up() {
        let retrier = |interval_seconds, backoff_rate, max_attempts, max_delay_seconds| Retrier {
            errors: Vec::new(),
            interval_seconds,
            max_attempts,
            backoff_rate,
            max_delay_seconds,
            full_jitter: false,
        };
        assert!((total_delay(&retrier(1, 2.0, 3, None)) - 7.0).abs() < 1e-9);
        assert!((total_delay(&retrier(10, 2.0, 4, Some(15))) - 55.0).abs() < 1e-9);
        assert!(total_delay(&retrier(1, 2.0, 99_999_999, None)) > 1e20);
        assert!(total_delay(&retrier(5, 2.0, 0, None)) == 0.0);
    }
}
