//! Fields that have a newer name.

use super::super::Rule;
use super::super::subject::Subject;
use crate::asl::machine::{QueryLanguage, StateKind};
use crate::diagnostic::{Diagnostics, Severity};

pub(super) const RULES: &[Rule] = &[Rule {
    code: "deprecated-field",
    severity: Severity::Note,
    summary: "a field that AWS keeps for old definitions only",
    explanation: "A Map's `Iterator` is called `ItemProcessor` since 2022, and its `Parameters` `ItemSelector`. The old \
names mean the same; the new ones are what the documentation explains, and only they allow a distributed Map.",
    example: r#"{
  "StartAt": "Each",
  "States": {
    "Each": {
      "Type": "Map",
      "ItemsPath": "$.orders",
      "Iterator": {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "End": true}}},
      "End": true
    }
  }
}"#,
    check: deprecated_field,
}];

const RENAMED: &[(&str, &str)] = &[("Iterator", "ItemProcessor"), ("Parameters", "ItemSelector")];

fn deprecated_field(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        if !matches!(place.state.kind, StateKind::Map(_)) || place.state.query_language == QueryLanguage::Jsonata {
            continue;
        }
        for (old, new) in RENAMED {
            let Some(member) = place.node.member(old) else { continue };
            let message = format!("a Map's `{old}` is called `{new}` now");
            let finding = place.note_at("deprecated-field", (old, member.key_span), message, "the old name");
            found.push(finding.help(format!("write `{new}`")).fix(place.respell(member.key_span, old, new)));
        }
    }
}
