//! All faults of a run, as a layer over whatever answers.

use super::fault::{Fault, FaultKind};
use super::key::CallNames;
use super::problem::{Problem, Targets};
use super::set::Answer;
use crate::task::Call;
use crate::time::Timestamp;
use crate::value::Str;

/// The faults of a run and what they have struck so far.
#[derive(Clone, Debug, Default)]
pub struct FaultSet {
    faults: Vec<ArmedFault>,
}

/// A fault with its counters.
#[derive(Clone, Debug)]
struct ArmedFault {
    fault: Fault,
    seen: u64,
    struck: u64,
}

impl ArmedFault {
    fn new(fault: Fault) -> ArmedFault {
        ArmedFault { fault, seen: 0, struck: 0 }
    }
    /// Counts a call and says whether it is struck, should no other fault have struck it.
    fn sees(&mut self, names: &CallNames<'_>) -> bool {
        if self.fault.key.reach(names).is_none() || !self.fault.narrow.fits(names.call) {
            return false;
        }
        self.seen += 1;
        self.seen >= self.fault.from && self.struck < self.fault.strikes
    }
}

impl FaultSet {
    /// No faults.
    pub fn new() -> FaultSet {
        FaultSet::default()
    }
    /// Adds a fault.
    pub fn insert(&mut self, fault: Fault) {
        self.faults.push(ArmedFault::new(fault));
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
    /// The faults, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().map(|armed| &armed.fault)
    }
    /// Forgets what was struck, for another run with the same faults.
    pub fn rewind(&mut self) {
        for armed in &mut self.faults {
            *armed = ArmedFault::new(armed.fault.clone());
        }
    }
    /// Answers a call: with a fault where one strikes, else with what `ask` says.
    ///
    /// `ask` is not called where a fault keeps the call from arriving. Delays add up; of the other faults the first
    /// added that strikes wins, and those behind it stay armed for later calls.
    pub fn answer(&mut self, call: &Call, at: Timestamp, ask: impl FnOnce() -> Answer) -> Answer {
        if self.faults.is_empty() {
            return ask();
        }
        let names = CallNames::of(call);
        let (mut delay, mut instead, mut is_asked) = (std::time::Duration::ZERO, None, true);
        for armed in &mut self.faults {
            if !armed.sees(&names) {
                continue;
            }
            if let FaultKind::Delay(by) = &armed.fault.kind {
                delay = delay.saturating_add(*by);
            } else if instead.is_some() {
                continue;
            } else if let Some(reply) = armed.fault.kind.reply(call) {
                let by = Str::from(format!("a fault on {}", armed.fault.key));
                instead = Some(reply.ready_for(call, at, false).by(by));
                is_asked = armed.fault.after_answer;
            }
            armed.struck += 1;
        }
        let answer = match instead {
            None => ask(),
            Some(reply) if !is_asked => Answer::Reply(reply),
            // The work takes its time, and only then its answer is lost; a timeout comes when it is due.
            Some(lost) => ask().map(move |reply| {
                let takes = lost.duration().max(reply.duration());
                lost.takes(takes)
            }),
        };
        if delay.is_zero() { answer } else { answer.map(move |reply| reply.delayed(delay)) }
    }
    /// The keys that name nothing of the machine, with what may have been meant.
    pub fn validate(&self, targets: &Targets) -> Vec<Problem> {
        self.iter().filter_map(|fault| targets.problem_of(&fault.key)).collect()
    }
    /// The faults that never struck.
    pub fn unused(&self) -> Vec<&Fault> {
        self.faults.iter().filter(|armed| armed.struck == 0).map(|armed| &armed.fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::set::tests::{AT, INVOKE, call, said};
    use super::super::{self as mock, MockSet, Reply, ReplyOutcome};
    use super::*;
    use crate::task::TaskError;
    use crate::time::DurationExt;

    fn reply(faults: &mut FaultSet, call: &Call) -> Reply {
        match faults.answer(call, AT, || Reply::done(json!("fine")).takes(1.secs()).into()) {
            Answer::Reply(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn armed(faults: impl IntoIterator<Item = Fault>) -> FaultSet {
        let mut set = FaultSet::new();
        faults.into_iter().for_each(|f| set.insert(f));
        set
    }

    #[test]
    fn a_fault_strikes_the_calls_it_names() {
        let table = [
            (Fault::on("Charge").throws("E"), "E....."),
            (Fault::on("Charge").throws("E").nth(3), "..E..."),
            (Fault::on("Charge").throws("E").times(2), "EE...."),
            (Fault::on("Charge").throws("E").nth(2).times(3), ".EEE.."),
            (Fault::on("Charge").throws("E").every(), "EEEEEE"),
            (Fault::on("lambda:invoke").throws("E").nth(4).every(), "...EEE"),
            (Fault::on("Other").throws("E").every(), "......"),
        ];
        for (fault, want) in table {
            let mut set = armed([fault]);
            let mark = |_| if reply(&mut set, &call(INVOKE, "Charge")).answered_by().is_empty() { '.' } else { 'E' };
            assert_eq!((0..6).map(mark).collect::<String>(), want);
        }
    }

    #[test]
    fn every_kind_replies_in_its_way() {
        let timed = Call { timeout_seconds: Some(30), heartbeat_seconds: Some(5), ..call(INVOKE, "Charge") };
        let open = call(INVOKE, "Charge");
        let once = |fault: Fault, call: &Call| {
            let reply = reply(&mut armed([fault]), call);
            (reply.outcome().clone(), reply.duration())
        };
        let fault = || Fault::on("Charge");
        let (late, silent) = (ReplyOutcome::TimedOut { heartbeat: false }, ReplyOutcome::TimedOut { heartbeat: true });
        assert_eq!(once(fault().throws("States.Timeout"), &timed), (late.clone(), 30.secs()));
        assert_eq!(once(fault().times_out(), &open), (late, 0.secs()));
        assert_eq!(once(fault().misses_heartbeat(), &timed), (silent, 5.secs()));
        let failed = |name: &str| ReplyOutcome::Done(Err(TaskError::named(name)));
        assert_eq!(once(fault(), &open).0, failed("States.TaskFailed"));
        assert_eq!(once(fault().denied(), &open).0, ReplyOutcome::Refused(TaskError::named("States.Permissions")));
        let ReplyOutcome::Refused(error) = once(fault().throttled(), &open).0 else { panic!("not refused") };
        assert_eq!(error.name(), "Lambda.TooManyRequestsException");
        let ReplyOutcome::Done(Ok(result)) = once(fault().oversized(), &open).0 else { panic!("no result") };
        assert_eq!(result.text_len(), 262_145);
        assert_eq!(once(fault().delayed(2.secs()), &open), (ReplyOutcome::Done(Ok("fine".into())), 3.secs()));
    }

    #[test]
    fn a_call_that_never_arrives_is_not_counted_by_the_mock() {
        let mut mocks = MockSet::new();
        mocks.insert("Charge", mock::sequence([json!(1), json!(2)]));
        let mut faults =
            armed([Fault::on("Charge").throws("E"), Fault::on("Charge").throws("Lost").nth(2).after_answer()]);
        let charge = call(INVOKE, "Charge");
        let mut ask = || said(&faults.answer(&charge, AT, || mocks.answer(&charge, AT)));
        assert_eq!([ask(), ask(), ask()], ["✗ E", "✗ Lost", "2"]);
        assert!(faults.unused().is_empty());
        // A fault answers by itself: nobody has to mock what only ever fails.
        let mut faults = armed([Fault::on("Charge").throws("E").every()]);
        assert_eq!(said(&faults.answer(&charge, AT, || MockSet::new().answer(&charge, AT))), "✗ E");
    }

    #[test]
    fn the_first_of_two_faults_wins_and_the_other_stays_armed() {
        let mut set = armed([Fault::on("Charge").throws("A").for_item(1), Fault::on("Charge").throws("B")]);
        let item = call(INVOKE, "Charge").inside("Map", 1);
        let mut errors = || said(&Answer::Reply(reply(&mut set, &item)));
        assert_eq!([errors(), errors(), errors()], ["✗ A", "✗ B", r#""fine""#]);
        set.rewind();
        assert_eq!(set.unused().len(), 2);
    }
}
