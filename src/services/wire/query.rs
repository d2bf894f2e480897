//! Forms with the operation in `Action`, answered in XML: SNS, and SQS for older SDKs.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::dialect::{self, Dialect, Kind};
use super::{Handled, Identified, Request, Response, form, operations, response};
use crate::services::answer::Outcome;
use crate::services::error::ServiceError;
use crate::services::{Service, Services};
use crate::time::Timestamp;
use crate::value::Value;

/// What a request asks for: the operation, and its input as the API spells it.
///
/// # Errors
/// Forms that are none, and requests without an `Action`.
pub(crate) fn asked(service: Service, request: &Request) -> Result<(String, Value), ServiceError> {
    let Some(dialect) = dialect::of(service) else {
        return Err(ServiceError::not_modelled(format!("a form for {}", service.name())));
    };
    let body = std::str::from_utf8(request.body())
        .map_err(|_| ServiceError::coded("MalformedQueryString", "The request's form is no UTF-8."))?;
    let mut pairs = form::pairs(request.uri().query().unwrap_or_default())?;
    pairs.extend(form::pairs(body)?);
    let action = pairs.iter().find(|(name, _)| name == "Action").map(|(_, action)| action.clone());
    let Some(operation) = action.filter(|action| !action.is_empty()) else {
        return Err(ServiceError::coded("MissingAction", "The request must contain the parameter Action."));
    };
    if !operations::is_known(service, &operation) {
        let message = format!("Could not find operation {operation} for version {}", dialect.version);
        return Err(ServiceError::coded("InvalidAction", message));
    }
    let mut input = form::input(&pairs, dialect, &operation)?;
    // The URL of a queue is also where requests go.
    let path = request.uri().path();
    if service == Service::Sqs
        && path.trim_matches('/').contains('/')
        && !dialect.without_path.contains(&operation.as_str())
        && let Some(members) = input.as_object_mut()
        && !members.contains_key("QueueUrl")
    {
        members.insert("QueueUrl", path);
    }
    Ok((operation, input))
}

/// Answers a request.
pub(super) fn handle(services: &mut Services, now: Timestamp, identified: &Identified, request: &Request) -> Handled {
    let service = identified.service;
    let id = services.around.uuid();
    match asked(service, request) {
        Ok((operation, input)) => {
            let answer = services.ask(now, service, &operation, &input);
            Handled::of(answer, move |outcome| written(service, &operation, outcome, &id))
        }
        Err(error) => Handled::Now(refused(service, &error, &id)),
    }
}

fn written(service: Service, operation: &str, outcome: &Outcome, id: &str) -> Response {
    let value = match outcome {
        Ok(value) => value,
        Err(error) => return refused(service, error, id),
    };
    let Some(dialect) = dialect::of(service) else { return response(500, "text/xml", "") };
    let mut xml = Xml::new();
    let root = format!("{operation}Response");
    xml.open_root(&root, dialect.namespace);
    if !dialect.silent.contains(&operation) {
        let result = format!("{operation}Result");
        xml.open(&result);
        xml.members(dialect, operation, value);
        xml.close(&result);
    }
    xml.open("ResponseMetadata");
    xml.leaf("RequestId", id);
    xml.close("ResponseMetadata");
    xml.close(&root);
    with_id(response(200, "text/xml", xml.into_bytes()), id)
}

/// An error as this protocol writes it.
pub(super) fn refused(service: Service, error: &ServiceError, id: &str) -> Response {
    let mut xml = Xml::new();
    xml.open_root("ErrorResponse", dialect::of(service).map_or("", |dialect| dialect.namespace));
    xml.open("Error");
    xml.leaf("Type", if error.status < 500 { "Sender" } else { "Receiver" });
    xml.leaf("Code", error.query_code.unwrap_or(&error.code));
    xml.leaf("Message", &error.message);
    xml.close("Error");
    xml.leaf("RequestId", id);
    xml.close("ErrorResponse");
    with_id(response(error.status, "text/xml", xml.into_bytes()), id)
}

fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(id) = http::HeaderValue::from_str(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// XML that is being written. Writing into memory can't fail, so what the writer says of it is not looked at.
struct Xml(Writer<Vec<u8>>);

impl Xml {
    fn new() -> Xml {
        let mut xml = Xml(Writer::new(Vec::new()));
        xml.event(Event::Decl(BytesDecl::new("1.0", None, None)));
        xml
    }
    fn event(&mut self, event: Event<'_>) {
        let _in_memory = self.0.write_event(event);
    }
    fn open_root(&mut self, name: &str, namespace: &str) {
        let mut start = BytesStart::new(name);
        start.push_attribute(("xmlns", namespace));
        self.event(Event::Start(start));
    }
    fn open(&mut self, name: &str) {
        self.event(Event::Start(BytesStart::new(name)));
    }
    fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }
    fn leaf(&mut self, name: &str, text: &str) {
        self.open(name);
        self.event(Event::Text(BytesText::from_escaped(escaped(text))));
        self.close(name);
    }
    fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner()
    }

    fn members(&mut self, dialect: &Dialect, operation: &str, value: &Value) {
        for (name, value) in value.as_object().into_iter().flat_map(|o| o.iter()) {
            self.member(dialect, operation, name, value);
        }
    }

    fn member(&mut self, dialect: &Dialect, operation: &str, name: &str, value: &Value) {
        let flattened = dialect.outputs.iter().find(|(own, ..)| *own == name);
        match (value, flattened) {
            (Value::Array(_), Some((_, element, _))) => {
                let element = match *element {
                    "ResultEntry" => format!("{operation}ResultEntry"),
                    element => element.to_owned(),
                };
                for item in value.as_array().unwrap_or_default() {
                    self.member(dialect, operation, &element, item);
                }
            }
            (Value::Object(entries), Some((_, element, Kind::Map(key, of)))) => {
                for (name, value) in entries.iter() {
                    self.open(element);
                    self.leaf(key, name);
                    self.member(dialect, operation, of, value);
                    self.close(element);
                }
            }
            (Value::Array(_), None) => {
                self.open(name);
                for item in value.as_array().unwrap_or_default() {
                    self.member(dialect, operation, "member", item);
                }
                self.close(name);
            }
            (Value::Object(entries), None) if dialect.maps.contains(&name) => {
                self.open(name);
                for (key, value) in entries.iter() {
                    self.open("entry");
                    self.leaf("key", key);
                    self.member(dialect, operation, "value", value);
                    self.close("entry");
                }
                self.close(name);
            }
            (Value::Object(_), _) => {
                self.open(name);
                self.members(dialect, operation, value);
                self.close(name);
            }
            (Value::Null, _) => {}
            (Value::String(text), _) => self.leaf(name, text),
            (other, _) => self.leaf(name, &other.to_string()),
        }
    }
}

/// A text in XML. A carriage return would come back as a line feed if it stood for itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            c => escaped.push(c),
        }
    }
    escaped
}
