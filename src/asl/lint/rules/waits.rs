//! Wait states that do not wait, or wait longer than there is time.

use super::super::Rule;
use super::super::subject::{Place, Subject};
use super::duration;
use crate::asl::machine::{MachineType, Operand, StateKind, Wait};
use crate::diagnostic::{Diagnostics, Severity};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "wait-zero",
        severity: Severity::Note,
        summary: "a Wait state waits for no time",
        explanation: "`\"Seconds\": 0` goes on at once. It costs a transition and three events, and reads as if something \
were awaited.",
        example: r#"{
  "StartAt": "Pause",
  "States": {"Pause": {"Type": "Wait", "Seconds": 0, "End": true}}
}"#,
        check: wait_zero,
    },
    Rule {
        code: "wait-fixed-date",
        severity: Severity::Note,
        summary: "a Wait state waits for a date that is written into the definition",
        explanation: "Once the date is over, the state does not wait any more, and nothing says so. A date that comes \
with the input is read by `TimestampPath` or, in JSONata, by an expression.",
        example: r#"{
  "StartAt": "UntilLaunch",
  "States": {"UntilLaunch": {"Type": "Wait", "Timestamp": "2024-05-17T09:30:00Z", "End": true}}
}"#,
        check: wait_fixed_date,
    },
    Rule {
        code: "wait-too-long",
        severity: Severity::Warning,
        summary: "a Wait state waits longer than its execution may take",
        explanation: "The execution times out while it waits. An Express workflow has five minutes, a Standard one a \
year, and each has the `TimeoutSeconds` of its definition.",
        example: r#"{
  "TimeoutSeconds": 3600,
  "StartAt": "Overnight",
  "States": {"Overnight": {"Type": "Wait", "Seconds": 43200, "End": true}}
}"#,
        check: wait_too_long,
    },
];

fn wait_zero(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        if let StateKind::Wait(Wait::Seconds(Operand::Constant(0))) = &place.state.kind {
            let message = format!("`{}` waits for no time", place.state.name);
            found.push(place.note("wait-zero", "Seconds", message, "goes on at once").help("remove the state"));
        }
    }
}

fn wait_fixed_date(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        if let StateKind::Wait(Wait::Timestamp(Operand::Constant(date))) = &place.state.kind {
            let message = format!("`{}` waits until {date}, and not at all once that is over", place.state.name);
            let finding = place.note("wait-fixed-date", "Timestamp", message, "the same date in every execution");
            found.push(finding.help("read the date from the input, by `TimestampPath` or an expression"));
        }
    }
}

fn wait_too_long(subject: &Subject<'_>, found: &mut Diagnostics) {
    for place in subject.places() {
        let StateKind::Wait(Wait::Seconds(Operand::Constant(seconds))) = &place.state.kind else { continue };
        let (limit, whose) = subject.time_of(place);
        if *seconds >= limit {
            let name = &place.state.name;
            let message = format!("`{name}` waits {}, and {whose} has {}", duration(*seconds), duration(limit));
            let finding = place.warning("wait-too-long", "Seconds", message, "the execution times out here");
            found.push(finding.help("wait less, or give the execution more time"));
        }
    }
}

impl Subject<'_> {
    /// The seconds that the execution of a state may take, and what gives it no more.
    pub(super) fn time_of(&self, place: &Place<'_>) -> (u64, &'static str) {
        const EXPRESS: u64 = 300;
        const STANDARD: u64 = 31_536_000;
        if let Some(is_express) = self.child_type(place) {
            return if is_express { (EXPRESS, "an Express child execution") } else { (STANDARD, "an execution") };
        }
        let is_express = self.machine.machine_type == MachineType::Express;
        let (most, whose) = if is_express { (EXPRESS, "an Express execution") } else { (STANDARD, "an execution") };
        match self.machine.timeout_seconds.filter(|own| *own > 0 && *own < most) {
            Some(own) => (own, "this machine's execution"),
            None => (most, whose),
        }
    }

    /// For a state within a distributed Map, whether its child executions are Express ones.
    fn child_type(&self, place: &Place<'_>) -> Option<bool> {
        let mut owner = place.owner;
        while let Some(outer) = owner.map(|id| self.place(id)) {
            if let StateKind::Map(map) = &outer.state.kind
                && let Some(distributed) = &map.distributed
            {
                return Some(distributed.execution_type == MachineType::Express);
            }
            owner = outer.owner;
        }
        None
    }
}
