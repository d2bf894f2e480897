//! The requests that came: which service and operation, with which parameters, and what was answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::services::wire::unescaped;
use crate::time::Timestamp;
use crate::value::{Map, Value};

/// How many requests are remembered.
pub(super) const KEPT: usize = 10_000;
/// How many bytes of bodies are remembered.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A request that came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// When it came, on the virtual clock.
    pub at: Timestamp,
    /// The service: `sqs`.
    pub service: String,
    /// The operation: `SendMessage`; empty where it is not known.
    pub operation: String,
    /// The method.
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// The status that was answered; 0 where nothing was.
    pub status: u16,
    /// The access key with which it was signed.
    pub access_key: Option<String>,
    /// The fault that struck it.
    pub fault: Option<String>,
    body: Bytes,
    is_form: bool,
}

impl LoggedRequest {
    /// The parameters as the operation's API names them: the members of a JSON body, of a form, and of the query.
    pub fn parameters(&self) -> serde_json::Value {
        let mut members = Map::new();
        let query = self.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let form = if self.is_form { std::str::from_utf8(&self.body).unwrap_or_default() } else { "" };
        for pair in query.split('&').chain(form.split('&')).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            members.insert(decoded(name), decoded(value));
        }
        if let Ok(body) = Value::parse_bytes(&self.body)
            && let Some(object) = body.as_object()
        {
            object.iter().for_each(|(name, value)| {
                members.insert(name.clone(), value.clone());
            });
        }
        Value::from(members).to_json()
    }
    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

fn decoded(text: &str) -> String {
    unescaped(&text.replace('+', " ")).into_owned()
}

/// The requests that came, in order, as far as they are remembered.
#[derive(Clone, Debug)]
pub struct Requests {
    requests: Vec<LoggedRequest>,
    dropped: u64,
}

impl Requests {
    /// How many are remembered no more, of the oldest.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
    /// Those for an operation: `sqs:SendMessage`, or for a service: `sqs`.
    pub fn to(&self, key: &str) -> Vec<&LoggedRequest> {
        let (service, operation) = key.split_once(':').map_or((key, None), |(service, op)| (service, Some(op)));
        let fits = |r: &&LoggedRequest| {
            r.service.eq_ignore_ascii_case(service) && operation.is_none_or(|op| op.eq_ignore_ascii_case(&r.operation))
        };
        self.requests.iter().filter(fits).collect()
    }
}

impl std::ops::Deref for Requests {
    type Target = [LoggedRequest];
    fn deref(&self) -> &[LoggedRequest] {
        &self.requests
    }
}

/// What is kept under the lock.
#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<LoggedRequest>,
    bytes: usize,
    dropped: u64,
}

/// The log of a server: the last requests, and how many went before them.
#[derive(Debug)]
pub(super) struct Log {
    kept: Mutex<Kept>,
    most: usize,
}

impl LoggedRequest {
    /// A request before its answer is known.
    pub(super) fn new(
        at: Timestamp,
        request: &crate::services::wire::Request,
        service: &str,
        operation: String,
    ) -> LoggedRequest {
        let kind = request.headers().get("content-type").and_then(|v| v.to_str().ok());
        let path = request.uri().path_and_query().map_or("", |p| p.as_str());
        LoggedRequest {
            at,
            service: service.to_owned(),
            operation,
            method: request.method().to_string(),
            path: path.to_owned(),
            status: 0,
            access_key: None,
            fault: None,
            // A copy, because a slice of what was read would keep all of the connection's buffer.
            body: Bytes::copy_from_slice(request.body()),
            is_form: kind.is_some_and(|kind| kind.contains("x-www-form-urlencoded")),
        }
    }
}

impl Log {
    pub(super) fn keeping(most: usize) -> Log {
        Log { kept: Mutex::default(), most }
    }
    pub(super) fn add(&self, request: LoggedRequest) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += request.body.len();
        kept.requests.push_back(request);
        while kept.requests.len() > self.most || kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.requests.pop_front() else { break };
            kept.bytes -= oldest.body.len();
            kept.dropped += 1;
        }
    }
    pub(super) fn all(&self) -> Requests {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Requests { requests: kept.requests.iter().cloned().collect(), dropped: kept.dropped }
    }
    pub(super) fn clear(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}
