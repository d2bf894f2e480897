//! EventBridge Scheduler over HTTP: methods and paths, bodies of JSON.

use http::{HeaderValue, Method};

use crate::services::answer::Outcome;
use crate::services::error::ServiceError;
use crate::services::wire::{Handled, Identified, Request, Response, json_body, response, unescaped};
use crate::services::{Service, Services};
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// A method, the first part of a path, what follows it, and whose operation that is.
type Route = (Method, &'static str, Option<&'static str>, &'static str);

const ROUTES: [Route; 12] = [
    (Method::POST, "schedules", Some("Name"), "CreateSchedule"),
    (Method::GET, "schedules", Some("Name"), "GetSchedule"),
    (Method::PUT, "schedules", Some("Name"), "UpdateSchedule"),
    (Method::DELETE, "schedules", Some("Name"), "DeleteSchedule"),
    (Method::GET, "schedules", None, "ListSchedules"),
    (Method::POST, "schedule-groups", Some("Name"), "CreateScheduleGroup"),
    (Method::GET, "schedule-groups", Some("Name"), "GetScheduleGroup"),
    (Method::DELETE, "schedule-groups", Some("Name"), "DeleteScheduleGroup"),
    (Method::GET, "schedule-groups", None, "ListScheduleGroups"),
    (Method::GET, "tags", Some("ResourceArn"), "ListTagsForResource"),
    (Method::POST, "tags", Some("ResourceArn"), "TagResource"),
    (Method::DELETE, "tags", Some("ResourceArn"), "UntagResource"),
];

/// What members of the query are called in the API.
const QUERY: [(&str, &str); 3] =
    [("clientToken", "ClientToken"), ("groupName", "GroupName"), ("ScheduleGroup", "GroupName")];

/// Answers a request.
pub(in crate::services) fn handle(
    services: &mut Services,
    now: Timestamp,
    _: &Identified,
    request: &Request,
) -> Handled {
    let (operation, input) = match read(request) {
        Ok(read) => read,
        Err(error) => return Handled::Now(refused(&error)),
    };
    Handled::of(services.ask(now, Service::Scheduler, operation, &input), written)
}

/// The operation of a request, for logs and faults.
pub(in crate::services) fn operation_of(request: &Request) -> Option<&'static str> {
    read(request).ok().map(|(operation, _)| operation)
}

/// The operation and its input.
fn read(request: &Request) -> Result<(&'static str, Value), ServiceError> {
    let path = request.uri().path().trim_matches('/');
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let route = ROUTES.iter().find(|(method, start, member, _)| {
        request.method() == method && *start == first && member.is_some() == rest.is_some()
    });
    let Some((_, _, member, operation)) = route else {
        let message = format!("{} {} is no operation of EventBridge Scheduler", request.method(), request.uri().path());
        return Err(ServiceError::coded("UnknownOperationException", message).status(404));
    };
    let mut input: Map = match json_body(request)? {
        Value::Object(members) => Map::clone(&members),
        _ => return Err(ServiceError::coded("SerializationException", "the body is no object")),
    };
    let mut keys = Vec::new();
    for part in request.uri().query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (unescaped(name).into_owned(), unescaped(&value.replace('+', " ")).into_owned());
        if name == "TagKeys" {
            keys.push(Value::from(value));
            continue;
        }
        let name = QUERY.iter().find(|(own, _)| *own == name).map_or(name.as_str(), |(_, api)| api);
        input.insert(name, value);
    }
    if !keys.is_empty() {
        input.insert("TagKeys", Value::array(keys));
    }
    if let (Some(member), Some(rest)) = (member, rest) {
        input.insert(*member, unescaped(rest).into_owned());
    }
    Ok((operation, input.into()))
}

fn written(outcome: &Outcome) -> Response {
    match outcome {
        Ok(value) => response(200, "application/json", value.to_string()),
        Err(error) => refused(error),
    }
}

pub(in crate::services) fn refused(error: &ServiceError) -> Response {
    let body = Value::object([("Message", Value::from(&*error.message))]);
    let mut refused = response(error.status, "application/json", body.to_string());
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        refused.headers_mut().insert("x-amzn-errortype", code);
    }
    refused
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::services::wire::identify;

    fn call(services: &mut Services, method: &str, path: &str, body: &str) -> (u16, Value, Option<String>) {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "AWS4-HMAC-SHA256 Credential=k/20240101/us-east-1/scheduler/aws4_request, x")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let identified = identify(&request).unwrap();
        let Handled::Now(response) = services.handle(Timestamp::EPOCH_DEFAULT, &identified, &request) else {
            panic!("not at once");
        };
        let code = response.headers().get("x-amzn-errortype").map(|code| code.to_str().unwrap().to_owned());
        (response.status().as_u16(), Value::parse_bytes(response.body()).unwrap(), code)
    }

    #[test]
    fn schedules_are_made_found_and_gone_over_http() {
        let mut services = Services::empty(Timestamp::EPOCH_DEFAULT, 0);
        let role = "arn:aws:iam::123456789012:role/r";
        let body = format!(
            r#"{{"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {{"Mode": "OFF"}}, "GroupName": "g", "ClientToken": "t",
                "Target": {{"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": "{role}", "Input": "x"}}}}"#
        );
        let (status, error, code) = call(&mut services, "POST", "/schedules/s", &body);
        assert_eq!((status, code.as_deref()), (404, Some("ResourceNotFoundException")));
        assert_eq!(error.get("Message"), Some(&"Schedule group g does not exist.".into()));
        assert_eq!(call(&mut services, "POST", "/schedule-groups/g", "{}").0, 200);
        let (status, made, _) = call(&mut services, "POST", "/schedules/s", &body);
        let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/g/s";
        assert_eq!((status, made.get("ScheduleArn")), (200, Some(&arn.into())));
        let (_, found, _) = call(&mut services, "GET", "/schedules/s?groupName=g", "");
        assert_eq!(found.get("ScheduleExpression"), Some(&"rate(1 hour)".into()));
        assert_eq!(found.get("CreationDate"), Some(&Value::from(1_704_067_200)));
        assert!(found.get("ClientToken").is_none());
        let (_, list, _) = call(&mut services, "GET", "/schedules?ScheduleGroup=g&MaxResults=1", "");
        assert_eq!(list.get("Schedules").and_then(Value::as_array).map(<[Value]>::len), Some(1));
        let group = "arn%3Aaws%3Ascheduler%3Aus-east-1%3A123456789012%3Aschedule-group%2Fg";
        let tags = r#"{"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}]}"#;
        assert_eq!(call(&mut services, "POST", &format!("/tags/{group}"), tags).0, 200);
        assert_eq!(call(&mut services, "DELETE", &format!("/tags/{group}?TagKeys=a&TagKeys=c"), "").0, 200);
        let (_, tags, _) = call(&mut services, "GET", &format!("/tags/{group}"), "");
        assert_eq!(tags.to_string(), r#"{"Tags":[{"Key":"b","Value":"2"}]}"#);
        assert_eq!(call(&mut services, "DELETE", "/schedules/s?groupName=g", "").0, 200);
        assert_eq!(call(&mut services, "GET", "/schedules/s?groupName=g", "").0, 404);
        assert_eq!(call(&mut services, "PATCH", "/schedules/s", "").2.as_deref(), Some("UnknownOperationException"));
        assert_eq!(call(&mut services, "POST", "/schedules/s", "{").0, 400);
    }
}
