//! Rules: which events, or which schedule, and the targets that hear of them.

use super::super::answer::Outcome;
use super::super::error::ServiceError;
use super::super::{arn, pattern};
use super::cron::Zone;
use super::refusal::{invalid, name, needed, not_found, page, unfit};
use super::schedule::{Schedule, Unfit};
use super::target::{Origin, Target};
use super::{Cx, Events, bus};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// How many targets a rule has at most.
const MOST_TARGETS: usize = 5;

/// A rule of a bus.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) arn: String,
    /// What the caller said of it.
    described: Map,
    state: String,
    pattern: Option<Value>,
    schedule: Option<Schedule>,
    /// Since when the schedule counts, and when it fired last.
    anchor: Timestamp,
    last: Timestamp,
    pub(super) targets: Vec<Target>,
}

pub(super) const RULE: &[&str] =
    &["Name", "ScheduleExpression", "EventPattern", "State", "Description", "RoleArn", "Tags", "EventBusName"];
const DESCRIBED: [&str; 4] = ["Description", "EventPattern", "ScheduleExpression", "RoleArn"];
const STATES: [&str; 3] = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];

/// The text of a pattern, read and checked.
pub(super) fn pattern(text: &str) -> Result<Value, ServiceError> {
    let wrong = |why: &str| {
        ServiceError::modelled("InvalidEventPatternException", format!("Event pattern is not valid. Reason: {why}"))
    };
    let read = Value::parse(text).map_err(|e| wrong(&e.to_string()))?;
    match pattern::objection(&read) {
        Some(why) => Err(wrong(&why)),
        None => Ok(read),
    }
}

/// The expression of a rule's schedule, which UTC is for.
fn schedule(text: &str) -> Result<Schedule, ServiceError> {
    let read = Zone::named("UTC").and_then(|zone| Schedule::parse(text, zone));
    match read {
        // A rule fires again and again.
        Ok(schedule) if !schedule.is_once() => Ok(schedule),
        Ok(_) | Err(Unfit::Invalid) => Err(invalid("Parameter ScheduleExpression is not valid.")),
        Err(Unfit::NotModelled(error)) => Err(error),
    }
}

impl Rule {
    fn is_enabled(&self) -> bool {
        self.state != "DISABLED"
    }
    pub(super) fn wants(&self, event: &Value) -> bool {
        self.is_enabled() && self.pattern.as_ref().is_some_and(|wanted| pattern::fits(wanted, event))
    }
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.schedule.as_ref().filter(|_| self.is_enabled())?.next(self.anchor, self.last)
    }
    pub(super) fn fired(&mut self, at: Timestamp) {
        self.last = at;
    }
    pub(super) fn origin(&self) -> Origin {
        Origin { arn: self.arn.clone(), name: self.name.clone() }
    }
    fn shown(&self, bus: &str) -> Map {
        let mut shown = Map::new();
        shown.insert("Name", &*self.name);
        shown.insert("Arn", &*self.arn);
        for (member, value) in self.described.iter() {
            shown.insert(member.clone(), value.clone());
        }
        shown.insert("State", &*self.state);
        shown.insert("EventBusName", bus);
        shown
    }
}

fn no_such_rule(rule: &str, bus: &str) -> ServiceError {
    not_found(format!("Rule {rule} does not exist on EventBus {bus}."))
}

impl Events {
    /// The rule that an operation names, with its bus.
    fn rule(&mut self, cx: &Cx<'_, '_>, member: &str) -> Result<(String, &mut Rule), ServiceError> {
        let name = needed(cx.input, member)?;
        let (bus_name, bus) = self.bus(cx)?;
        let bus_name = bus_name.to_owned();
        match bus.rules.get_mut(name) {
            Some(rule) => Ok((bus_name, rule)),
            None => Err(no_such_rule(name, &bus_name)),
        }
    }

    pub(super) fn put_rule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = name(cx.input, "Name", &[], 64)?;
        let text = |member: &str| cx.input.text(member).filter(|text| !text.is_empty());
        let state = text("State").unwrap_or("ENABLED");
        if !STATES.contains(&state) {
            return Err(unfit(state, "State", &format!("satisfy enum value set: [{}]", STATES.join(", "))));
        }
        let (pattern_text, schedule_text) = (text("EventPattern"), text("ScheduleExpression"));
        if pattern_text.is_none() && schedule_text.is_none() {
            return Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
        }
        let pattern = pattern_text.map(self::pattern).transpose()?;
        let schedule = schedule_text.map(self::schedule).transpose()?;
        let now = cx.around.now;
        let (bus_name, bus) = self.bus(cx)?;
        if schedule.is_some() && bus_name != "default" {
            return Err(invalid("ScheduleExpression is supported only on the default event bus."));
        }
        let path = if bus_name == "default" { format!("rule/{name}") } else { format!("rule/{bus_name}/{name}") };
        let arn = arn::of("events", &path);
        let before = bus.rules.remove(name);
        let is_new = before.is_none();
        let described = DESCRIBED.iter().filter_map(|member| Some((*member, cx.input.get(member)?)));
        let described = described.filter(|(_, value)| value.as_str() != Some(""));
        let same_schedule = before
            .as_ref()
            .filter(|b| b.is_enabled() && b.described.get("ScheduleExpression") == cx.input.get("ScheduleExpression"));
        let (anchor, last) = same_schedule.map_or((now, now), |b| (b.anchor, b.last));
        let rule = Rule {
            name: name.to_owned(),
            arn: arn.clone(),
            described: described.map(|(member, value)| (Str::from(member), value.clone())).collect(),
            state: state.to_owned(),
            pattern,
            schedule,
            anchor,
            last,
            targets: before.map(|rule| rule.targets).unwrap_or_default(),
        };
        bus.rules.insert(name.to_owned(), rule);
        // Tags of a rule that is there already stay as they are.
        if is_new {
            self.add_tags(&arn, cx.input.items("Tags"));
        }
        Ok(Value::object([("RuleArn", Value::from(arn))]))
    }

    pub(super) fn describe_rule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let (bus, rule) = self.rule(cx, "Name")?;
        let mut shown = rule.shown(&bus);
        shown.insert("CreatedBy", bus::OWNER);
        Ok(shown.into())
    }

    pub(super) fn delete_rule(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let name = needed(cx.input, "Name")?;
        let (_, bus) = self.bus(cx)?;
        if bus.rules.get(name).is_some_and(|rule| !rule.targets.is_empty()) {
            return Err(invalid("Rule can't be deleted since it has targets."));
        }
        if let Some(rule) = bus.rules.remove(name) {
            self.tags.remove(&rule.arn);
        }
        Ok(Value::empty_object())
    }

    /// `EnableRule`, `DisableRule`
    pub(super) fn turn(&mut self, cx: &mut Cx<'_, '_>, on: bool) -> Outcome {
        let now = cx.around.now;
        let (_, rule) = self.rule(cx, "Name")?;
        if on && !rule.is_enabled() {
            (rule.anchor, rule.last) = (now, now);
        }
        rule.state = if on { "ENABLED" } else { "DISABLED" }.to_owned();
        Ok(Value::empty_object())
    }

    pub(super) fn list_rules(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let prefix = cx.input.text("NamePrefix").unwrap_or_default();
        let (name, bus) = self.bus(cx)?;
        let rules = bus.rules.values().filter(|rule| rule.name.starts_with(prefix));
        let rules = rules.map(|rule| Value::from(rule.shown(name))).collect();
        page(cx.input, "Limit", "Rules", rules)
    }

    pub(super) fn put_targets(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let given = cx.input.items("Targets");
        if given.is_empty() {
            return Err(unfit("[]", "Targets", "have length greater than or equal to 1"));
        }
        let (_, rule) = self.rule(cx, "Rule")?;
        let targets = given.iter().map(Target::read).collect::<Result<Vec<Target>, ServiceError>>()?;
        let fresh = targets.iter().filter(|t| !rule.targets.iter().any(|own| own.id == t.id)).count();
        if rule.targets.len() + fresh > MOST_TARGETS {
            let message = "The requested resource exceeds the maximum number allowed.";
            return Err(ServiceError::modelled("LimitExceededException", message));
        }
        for target in targets {
            match rule.targets.iter_mut().find(|own| own.id == target.id) {
                Some(own) => *own = target,
                None => rule.targets.push(target),
            }
        }
        Ok(no_failures())
    }

    pub(super) fn remove_targets(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let ids: Vec<&str> = cx.input.items("Ids").iter().filter_map(Value::as_str).collect();
        let (_, rule) = self.rule(cx, "Rule")?;
        rule.targets.retain(|target| !ids.contains(&&*target.id));
        Ok(no_failures())
    }

    pub(super) fn list_targets(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let (_, rule) = self.rule(cx, "Rule")?;
        let targets = rule.targets.iter().map(|target| target.given.clone()).collect();
        page(cx.input, "Limit", "Targets", targets)
    }

    pub(super) fn rule_names_by_target(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let arn = needed(cx.input, "TargetArn")?;
        let (_, bus) = self.bus(cx)?;
        let rules = bus.rules.values().filter(|rule| rule.targets.iter().any(|target| target.arn == arn));
        let names = rules.map(|rule| Value::from(&*rule.name)).collect();
        page(cx.input, "Limit", "RuleNames", names)
    }
}

fn no_failures() -> Value {
    Value::object([("FailedEntryCount", Value::from(0)), ("FailedEntries", Value::array(Vec::new()))])
}
