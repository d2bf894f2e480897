//! Events: how they are put, and the envelope in which they are delivered.

use super::super::answer::Outcome;
use super::super::error::ServiceError;
use super::super::{ACCOUNT, REGION};
use super::refusal::{invalid, unfit};
use super::{Cx, Events, bus, instant};
use crate::time::Timestamp;
use crate::value::Value;

/// How many entries a request has at most, and how many bytes they have together.
const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 262_144;

/// An event that came to a bus.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Its id.
    pub id: String,
    /// `detail-type`
    pub detail_type: String,
    /// Who says it happened.
    pub source: String,
    /// When it happened, as whoever put it says.
    pub time: Timestamp,
    /// What it is about: ARNs.
    pub resources: Vec<String>,
    /// What happened.
    pub detail: Value,
}

impl Event {
    /// What a rule's schedule says to its targets.
    pub(super) fn scheduled(id: String, rule: &str, time: Timestamp) -> Event {
        Event {
            id,
            detail_type: "Scheduled Event".into(),
            source: "aws.events".into(),
            time,
            resources: vec![rule.to_owned()],
            detail: Value::empty_object(),
        }
    }

    /// The event as it is delivered.
    pub fn to_value(&self) -> Value {
        Value::object([
            ("version", Value::from("0")),
            ("id", (&*self.id).into()),
            ("detail-type", (&*self.detail_type).into()),
            ("source", (&*self.source).into()),
            ("account", ACCOUNT.into()),
            ("time", in_seconds(self.time).into()),
            ("region", REGION.into()),
            ("resources", Value::array(self.resources.iter().map(|r| Value::from(&**r)).collect())),
            ("detail", self.detail.clone()),
        ])
    }
}

/// `2024-01-01T12:00:00Z`
pub(super) fn in_seconds(at: Timestamp) -> String {
    at.to_string().split('.').next().map(|text| format!("{text}Z")).unwrap_or_default()
}

/// Why an entry is not taken: a code and a sentence.
type Refused = (&'static str, String);

const ENTRY: [&str; 7] = ["Time", "Source", "Resources", "DetailType", "Detail", "EventBusName", "TraceHeader"];

impl Events {
    pub(super) fn put_events(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        if cx.input.text("EndpointId").is_some() {
            return Err(ServiceError::not_modelled("the parameter `EndpointId` of PutEvents"));
        }
        let entries = cx.input.items("Entries");
        let shown = || format!("[{}]", vec!["PutEventsRequestEntry"; entries.len()].join(", "));
        if entries.is_empty() {
            return Err(unfit("[]", "Entries", "have length greater than or equal to 1"));
        }
        if entries.len() > MOST_ENTRIES {
            return Err(unfit(&shown(), "Entries", &format!("have length less than or equal to {MOST_ENTRIES}")));
        }
        for entry in entries {
            let members = entry.as_object().cloned().unwrap_or_default();
            if let Some(other) = members.keys().find(|name| !ENTRY.contains(&&***name)) {
                return Err(ServiceError::not_modelled(format!("the parameter `Entries.{other}` of PutEvents")));
            }
        }
        if entries.iter().map(size).sum::<usize>() > MOST_BYTES {
            return Err(invalid("Total size of the entries in the request is over the limit."));
        }
        let mut answers = Vec::new();
        let mut failed = 0;
        for entry in entries {
            answers.push(match read(entry, cx.around.now) {
                Ok(event) => {
                    let id = cx.around.uuid();
                    let bus = entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default");
                    // What is put to a bus that is not there is taken, and nobody ever sees it.
                    self.route(cx.around, bus::name_of(bus), Event { id: id.clone(), ..event }, 0);
                    Value::object([("EventId", Value::from(id))])
                }
                Err((code, message)) => {
                    failed += 1;
                    Value::object([("ErrorCode", Value::from(code)), ("ErrorMessage", message.into())])
                }
            });
        }
        Ok(Value::object([("FailedEntryCount", Value::from(failed)), ("Entries", Value::array(answers))]))
    }

    pub(super) fn test_pattern(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let pattern = super::rule::pattern(super::refusal::needed(cx.input, "EventPattern")?)?;
        let event = super::refusal::needed(cx.input, "Event")?;
        let event = Value::parse(event).ok().filter(|event| event.as_object().is_some());
        let event = event.ok_or_else(|| invalid("Parameter Event is not valid."))?;
        const MEMBERS: [&str; 7] = ["id", "account", "source", "time", "region", "resources", "detail-type"];
        if MEMBERS.iter().any(|member| event.get(member).is_none()) {
            return Err(invalid("Parameter Event is not valid."));
        }
        let fits = super::super::pattern::fits(&pattern, &event);
        Ok(Value::object([("Result", Value::Bool(fits))]))
    }
}

/// How many bytes of the request's limit an entry uses.
fn size(entry: &Value) -> usize {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map_or(0, str::len);
    let resources = entry.get("Resources").and_then(Value::as_array).unwrap_or_default();
    let time = if entry.get("Time").is_some_and(|t| !t.is_null()) { 14 } else { 0 };
    let resources: usize = resources.iter().filter_map(Value::as_str).map(str::len).sum();
    time + text("Source") + text("DetailType") + text("Detail") + resources
}

fn read(entry: &Value, now: Timestamp) -> Result<Event, Refused> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let needed = |name: &str| {
        text(name).ok_or_else(|| {
            ("InvalidArgument", format!("Parameter {name} is not valid. Reason: {name} is a required argument."))
        })
    };
    let source = needed("Source")?;
    let detail_type = needed("DetailType")?;
    let detail = needed("Detail")?;
    if source.starts_with("aws.") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".into()));
    }
    let detail = Value::parse(detail).ok().filter(|detail| detail.as_object().is_some());
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let time = match entry.get("Time").filter(|time| !time.is_null()) {
        Some(time) => instant(time).ok_or_else(|| ("InvalidArgument", "Parameter Time is not valid.".to_owned()))?,
        None => now,
    };
    let resources = entry.get("Resources").and_then(Value::as_array).unwrap_or_default();
    Ok(Event {
        id: String::new(),
        detail_type: detail_type.into(),
        source: source.into(),
        time,
        resources: resources.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        detail,
    })
}
