//! What the targets of the protocols share: services that hold a little of everything, and what they must never say.

use rehearsal::prelude::*;
use rehearsal::services::{Endpoint, Function, Rule, Setup, Table};

pub type Request = http::Request<bytes::Bytes>;

fn setup() -> Setup {
    Setup::new()
        .queue("q")
        .queue("q.fifo")
        .topic("t")
        .subscribe("t", "q")
        .bus("b")
        .object("bucket", "key", "content")
        .rule(Rule::new("r").pattern(json!({ "source": ["s"] })).to_queue("q"))
        .function(Function::new("f").answers(|event, _| event.clone()))
        .function(Function::new("runtime").runtime())
        .table(Table::new("items", "id").item(json!({ "id": "1" })))
}

/// Asks one after the other, with a moment between them; nothing may fail by our fault.
pub fn ask(requests: impl IntoIterator<Item = Request>) {
    let endpoint = Endpoint::new(&setup()).expect("the setup is a good one");
    for request in requests.into_iter().take(16) {
        // It would wait for its handler, who is not there.
        if request.uri().path().contains("/functions/runtime/invocations") {
            continue;
        }
        let answer = endpoint.handle(&request);
        let status = answer.status().as_u16();
        assert!(status < 500 || status == 501, "{request:?} → {answer:?}");
        endpoint.advance(31.secs());
    }
}

/// A request of these parts, where HTTP lets them be one.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Request> {
    let request = http::Request::builder().method(method).uri(path).header("host", "localhost");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.to_vec().into()).ok()
}

/// The parts of an input, each of which makes a request.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == 0)
}

/// The first line of a part, and what follows it.
pub fn line(part: &[u8]) -> Option<(&str, &[u8])> {
    let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
    let line = std::str::from_utf8(&part[..end]).ok()?;
    Some((line, part.get(end + 1..).unwrap_or_default()))
}
