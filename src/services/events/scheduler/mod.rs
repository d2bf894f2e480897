//! EventBridge Scheduler: schedules in groups, each with one target.

mod group;
mod target;

use std::collections::BTreeMap;

use super::super::answer::Outcome;
use super::super::error::ServiceError;
use super::super::{Surroundings, arn};
use super::cron::Zone;
use super::refusal::{missing, page};
use super::schedule::{Schedule, Unfit};
use super::{Cx, Events, Row, instant, seconds};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};
use group::Group;
use target::Target;

/// A schedule's group and name.
pub(super) type Key = (String, String);

/// All schedules of the account.
#[derive(Debug, Default)]
pub(super) struct Scheduler {
    schedules: BTreeMap<Key, Entry>,
    /// Those that were made; the group `default` is there from the start.
    groups: BTreeMap<String, Group>,
}

/// A schedule.
#[derive(Debug)]
struct Entry {
    given: Map,
    /// The request that made it, where that had a token.
    made_by: Option<Value>,
    schedule: Schedule,
    target: Target,
    created: Timestamp,
    changed: Timestamp,
    /// What rates are counted from, and after what it fires next.
    anchor: Timestamp,
    last: Timestamp,
    end: Option<Timestamp>,
}

const SCHEDULE: &[&str] = &[
    "ActionAfterCompletion",
    "ClientToken",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
];

pub(super) const OPERATIONS: &[Row] = &[
    ("CreateSchedule", SCHEDULE, Events::create_schedule),
    ("CreateScheduleGroup", &["Name", "Tags", "ClientToken"], Events::create_group),
    ("DeleteSchedule", &["Name", "GroupName", "ClientToken"], Events::delete_schedule),
    ("DeleteScheduleGroup", &["Name", "ClientToken"], Events::delete_group),
    ("GetSchedule", &["Name", "GroupName"], Events::get_schedule),
    ("GetScheduleGroup", &["Name"], Events::get_group),
    ("ListScheduleGroups", &["NamePrefix", "NextToken", "MaxResults"], Events::list_groups),
    ("ListSchedules", &["GroupName", "NamePrefix", "State", "NextToken", "MaxResults"], Events::list_schedules),
    ("ListTagsForResource", &["ResourceArn"], Events::list_group_tags),
    ("TagResource", &["ResourceArn", "Tags"], Events::tag_group),
    ("UntagResource", &["ResourceArn", "TagKeys"], Events::untag_group),
    ("UpdateSchedule", SCHEDULE, Events::update_schedule),
];

/// SDKs of the Scheduler have a class for it, those of EventBridge have none.
fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::modelled("ValidationException", message)
}

fn known(error: ServiceError) -> ServiceError {
    if error.code == "ValidationException" { ServiceError { is_modelled: true, ..error } } else { error }
}

fn not_found(what: &str, name: &str) -> ServiceError {
    ServiceError::modelled("ResourceNotFoundException", format!("{what} {name} does not exist.")).status(404)
}

fn conflict(what: &str, name: &str) -> ServiceError {
    ServiceError::modelled("ConflictException", format!("{what} {name} already exists.")).status(409)
}

fn name<'a>(cx: &Cx<'a, '_>, member: &str) -> Result<&'a str, ServiceError> {
    super::refusal::name(cx.input, member, &[], 64).map_err(known)
}

fn key(cx: &Cx<'_, '_>) -> Result<Key, ServiceError> {
    let group = cx.input.text("GroupName").unwrap_or("default");
    Ok((group.to_owned(), name(cx, "Name")?.to_owned()))
}

/// The whole request, where it has a token by which a second try is known.
fn with_token(cx: &Cx<'_, '_>) -> Option<Value> {
    cx.input.text("ClientToken").map(|_| cx.input.whole().clone())
}

/// Whether a request is the one that made something before, sent once more by somebody who did not get the answer.
fn is_again(cx: &Cx<'_, '_>, made_by: Option<&Value>) -> bool {
    made_by.is_some() && with_token(cx).as_ref() == made_by
}

fn arn_of((group, name): &Key) -> String {
    arn::of("scheduler", &format!("schedule/{group}/{name}"))
}

impl Entry {
    fn read(cx: &Cx<'_, '_>, created: Timestamp) -> Result<Entry, ServiceError> {
        let (input, now) = (cx.input, cx.around.now);
        let text = input.text("ScheduleExpression").ok_or_else(|| known(missing("ScheduleExpression")))?;
        let zone_name = input.text("ScheduleExpressionTimezone").unwrap_or("UTC");
        let said = |unfit: Unfit, what: String| match unfit {
            Unfit::Invalid => invalid(what),
            Unfit::NotModelled(error) => error,
        };
        let zone = Zone::named(zone_name)
            .map_err(|unfit| said(unfit, format!("Invalid ScheduleExpressionTimezone {zone_name}.")))?;
        let schedule =
            Schedule::parse(text, zone).map_err(|unfit| said(unfit, format!("Invalid Schedule Expression {text}.")))?;
        let window = input.get("FlexibleTimeWindow").ok_or_else(|| known(missing("FlexibleTimeWindow")))?;
        let minutes = window.get("MaximumWindowInMinutes").and_then(Value::as_whole);
        match (window.get("Mode").and_then(Value::as_str), minutes) {
            (Some("OFF"), None) | (Some("FLEXIBLE"), Some(1..=1440)) => {}
            (Some("OFF"), Some(_)) => {
                return Err(invalid("MaximumWindowInMinutes must not be set when FlexibleTimeWindow is OFF."));
            }
            (Some("FLEXIBLE"), _) => {
                return Err(invalid(
                    "MaximumWindowInMinutes must be between 1 and 1440 when FlexibleTimeWindow is FLEXIBLE.",
                ));
            }
            (mode, _) => {
                let shown = mode.unwrap_or("null");
                let set = "satisfy enum value set: [OFF, FLEXIBLE]";
                return Err(known(super::refusal::unfit(shown, "flexibleTimeWindow.mode", set)));
            }
        }
        for (member, values) in [("State", ["ENABLED", "DISABLED"]), ("ActionAfterCompletion", ["NONE", "DELETE"])] {
            if let Some(other) = input.text(member).filter(|value| !values.contains(value)) {
                let set = format!("satisfy enum value set: [{}]", values.join(", "));
                return Err(known(super::refusal::unfit(other, member, &set)));
            }
        }
        let date = |member: &str| match input.get(member) {
            Some(value) => instant(value).map(Some).ok_or_else(|| invalid(format!("{member} is not valid."))),
            None => Ok(None),
        };
        let (start, end) = (date("StartDate")?, date("EndDate")?);
        if end.is_some_and(|end| end < now || start.is_some_and(|start| start >= end)) {
            return Err(invalid("The EndDate you specify must come after the StartDate and be in the future."));
        }
        let target = Target::read(input.get("Target").ok_or_else(|| known(missing("Target")))?)?;
        let members = SCHEDULE.iter().filter(|name| !matches!(**name, "ClientToken" | "StartDate" | "EndDate"));
        let mut given: Map = members.filter_map(|name| Some((Str::from(*name), input.get(name)?.clone()))).collect();
        for (member, value) in [
            ("GroupName", "default"),
            ("State", "ENABLED"),
            ("ScheduleExpressionTimezone", "UTC"),
            ("ActionAfterCompletion", "NONE"),
        ] {
            if !given.contains_key(member) {
                given.insert(member, value);
            }
        }
        for (member, at) in [("StartDate", start), ("EndDate", end)] {
            if let Some(at) = at {
                given.insert(member, seconds(at));
            }
        }
        // One that begins later fires at that very instant for the first time, where its expression lets it.
        let (anchor, last) = match start.filter(|start| *start > now) {
            Some(start) => (schedule.before(start), Timestamp::from_millis(start.as_millis() - 1)),
            None => (now, now),
        };
        let made_by = with_token(cx);
        Ok(Entry { given, made_by, schedule, target, created, changed: now, anchor, last, end })
    }

    fn text(&self, member: &str) -> &str {
        self.given.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    fn next(&self) -> Option<Timestamp> {
        if self.text("State") == "DISABLED" {
            return None;
        }
        self.schedule.next(self.anchor, self.last).filter(|at| self.end.is_none_or(|end| *at <= end))
    }

    fn shown(&self, key: &Key) -> Map {
        let mut shown = self.given.clone();
        shown.insert("Arn", arn_of(key));
        shown.insert("CreationDate", seconds(self.created));
        shown.insert("LastModificationDate", seconds(self.changed));
        shown
    }
}

impl Scheduler {
    /// What fires next, and when.
    pub(super) fn next(&self) -> Option<(Timestamp, Key)> {
        let due = self.schedules.iter().filter_map(|(key, entry)| Some((entry.next()?, key.clone())));
        due.min_by_key(|(at, _)| *at)
    }

    pub(super) fn fire(&mut self, around: &mut Surroundings, key: &Key, at: Timestamp) {
        let Some(entry) = self.schedules.get_mut(key) else { return };
        entry.last = at;
        let errand = entry.target.sent(around, &arn_of(key), at);
        around.errand(errand);
        if entry.next().is_none() && entry.text("ActionAfterCompletion") == "DELETE" {
            self.schedules.remove(key);
        }
    }
}

impl Events {
    pub(super) fn create_schedule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = key(cx)?;
        let entry = Entry::read(cx, cx.around.now)?;
        self.group_is_there(&key.0)?;
        let arn = arn_of(&key);
        if let Some(other) = self.scheduler.schedules.get(&key) {
            return match is_again(cx, other.made_by.as_ref()) {
                true => Ok(Value::object([("ScheduleArn", Value::from(arn))])),
                false => Err(conflict("Schedule", &key.1)),
            };
        }
        self.scheduler.schedules.insert(key, entry);
        Ok(Value::object([("ScheduleArn", Value::from(arn))]))
    }

    /// Everything that is not given is as if it had never been.
    pub(super) fn update_schedule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = key(cx)?;
        let present = self.schedule(&key)?;
        let made_by = present.made_by.clone();
        let entry = Entry { made_by, ..Entry::read(cx, present.created)? };
        let arn = arn_of(&key);
        self.scheduler.schedules.insert(key, entry);
        Ok(Value::object([("ScheduleArn", Value::from(arn))]))
    }

    fn schedule(&self, key: &Key) -> Result<&Entry, ServiceError> {
        self.scheduler.schedules.get(key).ok_or_else(|| not_found("Schedule", &key.1))
    }

    pub(super) fn get_schedule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = key(cx)?;
        Ok(self.schedule(&key)?.shown(&key).into())
    }

    pub(super) fn delete_schedule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let key = key(cx)?;
        self.schedule(&key)?;
        self.scheduler.schedules.remove(&key);
        Ok(Value::empty_object())
    }

    pub(super) fn list_schedules(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let group = cx.input.text("GroupName");
        if let Some(group) = group {
            self.group_is_there(group)?;
        }
        let (prefix, state) = (cx.input.text("NamePrefix").unwrap_or_default(), cx.input.text("State"));
        let all = self.scheduler.schedules.iter().filter(|((of, name), entry)| {
            let is_in_state = state.is_none_or(|state| entry.text("State") == state);
            group.is_none_or(|group| of == group) && name.starts_with(prefix) && is_in_state
        });
        let all = all.map(|(key, entry)| {
            let whole = entry.shown(key);
            let members = ["Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State"];
            let mut shown: Map =
                members.iter().filter_map(|name| Some((Str::from(*name), whole.get(name)?.clone()))).collect();
            shown.insert("Target", Value::object([("Arn", Value::from(entry.target.arn()))]));
            Value::from(shown)
        });
        page(cx.input, "MaxResults", "Schedules", all.collect()).map_err(known)
    }
}
