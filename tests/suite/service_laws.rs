//! Laws that the models of services keep, whatever is done with them.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use rehearsal::prelude::*;
use rehearsal::services::{Endpoint, Rule, Service, Setup};
use rehearsal::value::Value;

type Asked = http::Request<bytes::Bytes>;
type Answer = http::Response<bytes::Bytes>;

/// A few cases a law, the same in every run; `PROPTEST_CASES` asks for more.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { cases: if asked { usual.cases } else { cases }, ..usual }
}

fn endpoint(setup: Setup) -> Endpoint {
    Endpoint::new(&setup).unwrap()
}

fn sqs(operation: &str, body: &serde_json::Value) -> Asked {
    let request = http::Request::post("http://localhost/").header("x-amz-target", format!("AmazonSQS.{operation}"));
    request.header("content-type", "application/x-amz-json-1.0").body(body.to_string().into()).unwrap()
}

fn json_of(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// What people do with a queue.
#[derive(Clone, Debug)]
enum Deed {
    /// With a delay in seconds.
    Send(u64),
    /// So many messages, hidden for so many seconds.
    Receive(u64, u64),
    /// One of the consumers begins a long poll, as far as it is not at one.
    Poll(usize),
    /// One of them goes away from its poll.
    Crash(usize),
    /// Deletes one of the messages that were received, with its last receipt.
    Delete(usize),
    /// The same with the receipt of the time before.
    DeleteLate(usize),
    /// Hides one of them for so many seconds from now.
    Hide(usize, u64),
    Wait(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => prop_oneof![3 => Just(0_u64), 1 => 1..40_u64].prop_map(Deed::Send),
        3 => (1..=10_u64, 0..40_u64).prop_map(|(most, hidden)| Deed::Receive(most, hidden)),
        2 => (0..3_usize).prop_map(Deed::Poll),
        1 => (0..3_usize).prop_map(Deed::Crash),
        2 => (0..20_usize).prop_map(Deed::Delete),
        1 => (0..20_usize).prop_map(Deed::DeleteLate),
        1 => (0..20_usize, 0..40_u64).prop_map(|(which, hidden)| Deed::Hide(which, hidden)),
        2 => (0..45_u64).prop_map(Deed::Wait),
    ];
    prop::collection::vec(deed, 0..50)
}

/// A message as the law sees it.
#[derive(Debug)]
struct Held {
    visible_at: Timestamp,
    /// Its receipts, the last of which counts.
    receipts: Vec<String>,
    received: u64,
}

type Waiting = Pin<Box<dyn Future<Output = Answer>>>;

/// A queue beside the law that it has to keep.
struct Queue {
    endpoint: Endpoint,
    held: BTreeMap<String, Held>,
    /// Long polls, each with the instant at which it is to end.
    polls: [Option<(Waiting, Timestamp)>; 3],
    /// After so many times a message belongs into the dead-letter queue.
    most: u64,
}

/// How long the queue hides what a long poll gets.
const HIDDEN: u64 = 30;

impl Queue {
    fn new(most: u64) -> Queue {
        let policy =
            json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": most });
        let setup = Setup::new().queue("dead").queue_with("q", json!({ "RedrivePolicy": policy.to_string() }));
        Queue { endpoint: endpoint(setup), held: BTreeMap::new(), polls: [None, None, None], most }
    }
    fn ask(&self, operation: &str, mut body: serde_json::Value) -> Answer {
        body["QueueUrl"] = "q".into();
        self.endpoint.handle(&sqs(operation, &body))
    }
    /// Compares what a consumer got with what it may get.
    fn take(&mut self, answer: &Answer, hidden: u64) -> Result<usize, TestCaseError> {
        let now = self.endpoint.now();
        prop_assert_eq!(answer.status(), 200);
        let got = json_of(answer)["Messages"].as_array().cloned().unwrap_or_default();
        for message in &got {
            let body = message["Body"].as_str().unwrap();
            let known = self.held.get_mut(body);
            prop_assert!(known.is_some(), "{} was deleted", body);
            let known = known.unwrap();
            prop_assert!(known.visible_at <= now, "{} is in flight or delayed", body);
            prop_assert!(known.received < self.most, "{} belongs into the dead-letter queue", body);
            known.received += 1;
            known.visible_at = now + hidden.secs();
            known.receipts.push(message["ReceiptHandle"].as_str().unwrap().to_owned());
        }
        Ok(got.len())
    }
    /// Those that a consumer must get now if it asks for enough.
    fn due(&self) -> usize {
        let now = self.endpoint.now();
        self.held.values().filter(|m| m.visible_at <= now && m.received < self.most).count()
    }
    fn look_at_polls(&mut self) -> Result<(), TestCaseError> {
        for i in 0..self.polls.len() {
            let Some((mut waiting, until)) = self.polls[i].take() else { continue };
            match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => {
                    prop_assert!(self.endpoint.now() < until, "a poll goes on after its time");
                    self.polls[i] = Some((waiting, until));
                }
                Poll::Ready(answer) => {
                    let got = self.take(&answer, HIDDEN)?;
                    prop_assert!(got > 0 || self.endpoint.now() >= until, "a poll ended early with nothing");
                }
            }
        }
        let is_waiting = self.polls.iter().any(Option::is_some);
        prop_assert!(!is_waiting || self.due() == 0, "somebody waits for what is there");
        Ok(())
    }
    /// What is held is in one of the queues, once, and nothing else is.
    fn check(&self) -> Result<(), TestCaseError> {
        self.endpoint.look(|services| {
            let bodies = |queue| services.messages(queue).unwrap().into_iter().map(|m| m.body().to_owned());
            let dead: BTreeSet<String> = bodies("dead").collect();
            let mut all: Vec<String> = bodies("q").chain(dead.iter().cloned()).collect();
            all.sort();
            let held: Vec<String> = self.held.keys().cloned().collect();
            prop_assert_eq!(all, held);
            for body in &dead {
                prop_assert!(self.held[body].received >= self.most, "{} is dead too early", body);
            }
            Ok(())
        })
    }
    fn pick(&self, n: usize) -> Option<String> {
        let received: Vec<&String> = self.held.iter().filter(|(_, m)| !m.receipts.is_empty()).map(|(b, _)| b).collect();
        received.get(n.checked_rem(received.len())?).map(|body| (*body).clone())
    }
    fn is_dead(&self, body: &str) -> bool {
        self.endpoint.look(|services| services.messages("dead").unwrap().iter().any(|m| m.body() == body))
    }
    fn step(&mut self, i: usize, deed: &Deed) -> Result<(), TestCaseError> {
        match deed {
            Deed::Send(delay) => {
                let body = format!("m{i:03}");
                let sent = self.ask("SendMessage", json!({ "MessageBody": body, "DelaySeconds": delay }));
                prop_assert_eq!(sent.status(), 200);
                let visible_at = self.endpoint.now() + delay.secs();
                self.held.insert(body, Held { visible_at, receipts: Vec::new(), received: 0 });
            }
            Deed::Receive(most, hidden) => {
                let due = self.due().min(usize::try_from(*most).unwrap());
                let wish = json!({ "MaxNumberOfMessages": most, "VisibilityTimeout": hidden });
                let answer = self.ask("ReceiveMessage", wish);
                prop_assert_eq!(self.take(&answer, *hidden)?, due);
            }
            Deed::Poll(who) if self.polls[*who].is_none() => {
                let wish = json!({ "QueueUrl": "q", "MaxNumberOfMessages": 2, "WaitTimeSeconds": 20 });
                let (endpoint, request) = (self.endpoint.clone(), sqs("ReceiveMessage", &wish));
                let waiting = Box::pin(async move { endpoint.answer(&request).await });
                self.polls[*who] = Some((waiting, self.endpoint.now() + 20.secs()));
            }
            Deed::Poll(_) => {}
            Deed::Crash(who) => self.polls[*who] = None,
            Deed::Delete(n) => {
                let Some(body) = self.pick(*n).filter(|body| !self.is_dead(body)) else { return Ok(()) };
                let receipt = self.held[&body].receipts.last().unwrap();
                prop_assert_eq!(self.ask("DeleteMessage", json!({ "ReceiptHandle": receipt })).status(), 200);
                self.held.remove(&body);
            }
            Deed::DeleteLate(n) => {
                let Some(body) = self.pick(*n) else { return Ok(()) };
                let [.., late, _] = self.held[&body].receipts.as_slice() else { return Ok(()) };
                prop_assert_eq!(self.ask("DeleteMessage", json!({ "ReceiptHandle": late })).status(), 200);
            }
            Deed::Hide(n, seconds) => {
                let Some(body) = self.pick(*n).filter(|body| !self.is_dead(body)) else { return Ok(()) };
                let now = self.endpoint.now();
                let wish = json!({ "ReceiptHandle": self.held[&body].receipts.last(), "VisibilityTimeout": seconds });
                let answer = self.ask("ChangeMessageVisibility", wish);
                let held = self.held.get_mut(&body).unwrap();
                let is_in_flight = held.visible_at > now;
                prop_assert_eq!(answer.status().is_success(), is_in_flight, "{:?}", answer);
                if is_in_flight {
                    held.visible_at = now + seconds.secs();
                }
            }
            Deed::Wait(seconds) => {
                for _ in 0..*seconds {
                    self.endpoint.advance(1.secs());
                    self.look_at_polls()?;
                }
            }
        }
        self.look_at_polls()?;
        self.check()
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn a_queue_loses_nothing_and_doubles_nothing_whoever_polls_crashes_or_comes_late(deeds in deeds(), most in 1..5_u64) {
        let mut queue = Queue::new(most);
        for (i, deed) in deeds.iter().enumerate() {
            queue.step(i, deed)?;
        }
        // In the end everything can still be had, or is dead.
        queue.polls = [None, None, None];
        queue.endpoint.advance(60.secs());
        while queue.due() > 0 {
            queue.step(0, &Deed::Receive(10, HIDDEN))?;
        }
        queue.endpoint.advance(60.secs());
    }

    #[test]
    fn a_group_of_a_fifo_queue_keeps_its_order_and_takes_an_id_once_in_five_minutes(
        deeds in prop::collection::vec((0..6_usize, 0..3_usize, 0..8_usize, 0..90_u64), 0..60)
    ) {
        let endpoint = endpoint(Setup::new().queue("q.fifo"));
        let ask = |operation: &str, mut body: serde_json::Value| {
            body["QueueUrl"] = "q.fifo".into();
            endpoint.call(Service::Sqs, operation, body).map(|value| value.to_json())
        };
        // What is held of each group in its order: body, until when it is hidden, its receipt.
        let mut groups: BTreeMap<String, Vec<(String, Timestamp, String)>> = BTreeMap::new();
        let mut ids: BTreeMap<String, (Timestamp, String)> = BTreeMap::new();
        let mut last_number = String::new();
        for (i, (deed, group, id, seconds)) in deeds.into_iter().enumerate() {
            let now = endpoint.now();
            let group = format!("g{group}");
            match deed {
                0 | 1 => {
                    let (body, id) = (format!("m{i}"), format!("d{id}"));
                    let input = json!({ "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": id });
                    let sent = ask("SendMessage", input).unwrap();
                    let message = sent["MessageId"].as_str().unwrap().to_owned();
                    match ids.get(&id).filter(|(at, _)| now.since(*at) < 300.secs()) {
                        Some((_, first)) => prop_assert_eq!(&message, first),
                        None => {
                            let number = sent["SequenceNumber"].as_str().unwrap().to_owned();
                            prop_assert!(number > last_number);
                            last_number = number;
                            ids.insert(id, (now, message));
                            groups.entry(group).or_default().push((body, now, String::new()));
                        }
                    }
                }
                2 | 3 => {
                    let free = |held: &[(String, Timestamp, String)]| held.iter().all(|(_, until, _)| *until <= now);
                    let due: usize = groups.values().filter(|held| free(held)).map(Vec::len).sum();
                    let wish = json!({ "MaxNumberOfMessages": 10, "VisibilityTimeout": seconds, "AttributeNames": ["All"] });
                    let got = ask("ReceiveMessage", wish).unwrap();
                    let got = got["Messages"].as_array().cloned().unwrap_or_default();
                    prop_assert_eq!(got.len(), due.min(10));
                    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
                    let open: BTreeSet<String> =
                        groups.iter().filter(|(_, held)| free(held)).map(|(name, _)| name.clone()).collect();
                    for message in got {
                        let name = message["Attributes"]["MessageGroupId"].as_str().unwrap().to_owned();
                        prop_assert!(open.contains(&name), "something of {} is in flight", name);
                        let at = taken.entry(name.clone()).or_default();
                        let held = &mut groups.get_mut(&name).unwrap()[*at];
                        prop_assert_eq!(&*held.0, message["Body"].as_str().unwrap());
                        *held = (held.0.clone(), now + seconds.secs(), message["ReceiptHandle"].as_str().unwrap().into());
                        *at += 1;
                    }
                }
                4 => {
                    let held = groups.entry(group).or_default();
                    if let Some(at) = held.iter().position(|(_, until, _)| *until > now) {
                        ask("DeleteMessage", json!({ "ReceiptHandle": held[at].2 })).unwrap();
                        held.remove(at);
                    }
                }
                _ => endpoint.advance(seconds.secs()),
            }
            let all = endpoint.look(|services| services.messages("q.fifo").unwrap().len());
            prop_assert_eq!(all, groups.values().map(Vec::len).sum::<usize>());
        }
    }

    #[test]
    fn a_schedule_fires_as_often_however_the_clock_is_moved(
        every in 2..50_u64, steps in prop::collection::vec(1..4000_u64, 1..20)
    ) {
        let whole: u64 = steps.iter().sum();
        let bodies = |rule: &str, steps: &[u64]| {
            let endpoint = endpoint(Setup::new().queue("q").rule(Rule::new("r").schedule(rule).to_queue("q")));
            steps.iter().for_each(|seconds| endpoint.advance(seconds.secs()));
            endpoint.look(|services| -> Vec<String> {
                let times = services.messages("q").unwrap().into_iter().map(|m| m.body().to_owned());
                times.map(|body| serde_json::from_str::<serde_json::Value>(&body).unwrap()["time"].to_string()).collect()
            })
        };
        let rates = bodies(&format!("rate({every} minutes)"), &steps);
        prop_assert_eq!(rates.len() as u64, whole / (every * 60));
        prop_assert!(rates.is_sorted_by(|a, b| a < b), "{:?}", rates);
        prop_assert_eq!(&rates, &bodies(&format!("rate({every} minutes)"), &[whole]));
        #[cfg(feature = "schedules")]
        {
            let cron = format!("cron({} * * * ? *)", every);
            let hourly = bodies(&cron, &steps);
            prop_assert_eq!(hourly.len() as u64, (whole + 3600 - every * 60) / 3600);
            prop_assert!(hourly.is_sorted_by(|a, b| a < b), "{:?}", hourly);
            prop_assert_eq!(&hourly, &bodies(&cron, &[whole]));
        }
    }

    #[test]
    fn a_pattern_made_of_an_event_fits_it_and_none_with_another_value(detail in members(leaf())) {
        let endpoint = endpoint(Setup::new().bus("b"));
        let event = |detail: &serde_json::Value| json!({
            "id": "1", "account": "123456789012", "source": "s", "time": "2024-01-01T00:00:00Z", "region": "us-east-1",
            "resources": [], "detail-type": "t", "detail": detail
        });
        let fits = |pattern: &serde_json::Value, event: &serde_json::Value| {
            let input = json!({ "EventPattern": pattern.to_string(), "Event": event.to_string() });
            endpoint.call(Service::Events, "TestEventPattern", input).unwrap().to_json()["Result"] == true
        };
        prop_assume!(detail.as_object().is_some_and(|members| !members.is_empty()));
        let pattern = json!({ "source": ["s"], "detail": pattern_of(&detail) });
        prop_assert!(fits(&pattern, &event(&detail)), "{}", pattern);
        let name = detail.as_object().unwrap().keys().next().unwrap().clone();
        let mut other = detail.clone();
        other[&name] = json!("something else");
        prop_assert!(!fits(&pattern, &event(&other)), "{}", pattern);
        other.as_object_mut().unwrap().remove(&name);
        prop_assert!(!fits(&pattern, &event(&other)), "{}", pattern);
    }
}

/// A value in an event that a pattern can name.
fn leaf() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        "[a-zA-Z0-9 äß*\"\\\\]{0,6}".prop_map(serde_json::Value::from),
        (-1000..1000_i64).prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ]
}

/// Objects in objects, with such values at their ends.
fn members(leaf: impl Strategy<Value = serde_json::Value> + 'static) -> impl Strategy<Value = serde_json::Value> {
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop::collection::btree_map("[a-z]{1,4}", inner, 1..4).prop_map(|map| map.into_iter().collect())
    })
}

fn pattern_of(value: &serde_json::Value) -> serde_json::Value {
    match value.as_object() {
        Some(members) => members.iter().map(|(name, value)| (name.clone(), pattern_of(value))).collect(),
        None => json!([value]),
    }
}

fn s3(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<bytes::Bytes>) -> Asked {
    let request = http::Request::builder().method(method).uri(format!("http://localhost{path}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.header("host", "localhost").body(body.into()).unwrap()
}

/// The texts of the elements of a name.
fn elements(answer: &Answer, name: &str) -> Vec<String> {
    let text = std::str::from_utf8(answer.body()).unwrap();
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn ranges_of_an_object_are_the_object(body in prop::collection::vec(any::<u8>(), 1..400), cuts in prop::collection::btree_set(1..400_usize, 0..6)) {
        let endpoint = endpoint(Setup::new().with(Service::S3));
        endpoint.handle(&s3("PUT", "/bucket", &[], ""));
        prop_assert_eq!(endpoint.handle(&s3("PUT", "/bucket/k", &[], body.clone())).status(), 200);
        let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < body.len()).chain([body.len()]).collect();
        let (mut from, mut whole) = (0, Vec::new());
        for to in cuts {
            let part = endpoint.handle(&s3("GET", "/bucket/k", &[("range", &format!("bytes={from}-{}", to - 1))], ""));
            prop_assert_eq!(part.status(), 206);
            prop_assert_eq!(part.headers()["content-range"].to_str().unwrap(), format!("bytes {from}-{}/{}", to - 1, body.len()));
            whole.extend_from_slice(part.body());
            from = to;
        }
        prop_assert_eq!(&whole, &body);
        let last = endpoint.handle(&s3("GET", "/bucket/k", &[("range", &format!("bytes=-{from}"))], ""));
        prop_assert_eq!(&last.body()[..], &body[..]);
        prop_assert_eq!(endpoint.handle(&s3("GET", "/bucket/k", &[("range", &format!("bytes={from}-"))], "")).status(), 416);
    }

    #[test]
    fn the_pages_of_a_listing_are_the_listing(
        keys in prop::collection::btree_set("[ab]{1,2}(/[ab]{1,2}){0,2}", 0..25), most in 1..6_usize,
        prefix in "[ab]?/?", is_deep in any::<bool>()
    ) {
        let endpoint = endpoint(Setup::new().with(Service::S3));
        endpoint.handle(&s3("PUT", "/bucket", &[], ""));
        for key in &keys {
            prop_assert_eq!(endpoint.handle(&s3("PUT", &format!("/bucket/{key}"), &[], "x")).status(), 200);
        }
        let asked = format!("/bucket?list-type=2&prefix={}{}", prefix.replace('/', "%2F"), if is_deep { "" } else { "&delimiter=%2F" });
        let mut want: BTreeSet<(String, bool)> = BTreeSet::new();
        for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
            match key[prefix.len()..].find('/').filter(|_| !is_deep) {
                Some(at) => want.insert((key[..=prefix.len() + at].to_owned(), true)),
                None => want.insert((key.clone(), false)),
            };
        }
        let (mut got, mut token) = (Vec::new(), String::new());
        loop {
            let page = endpoint.handle(&s3("GET", &format!("{asked}&max-keys={most}{token}"), &[], ""));
            prop_assert_eq!(page.status(), 200, "{:?}", page);
            let contents = elements(&page, "Key").into_iter().map(|key| (key, false));
            // The prefix that was asked for is an element of the same name.
            let common = elements(&page, "CommonPrefixes").into_iter();
            let common = common.map(|inner| (inner.replace("<Prefix>", "").replace("</Prefix>", ""), true));
            let page_rows: BTreeSet<(String, bool)> = contents.chain(common).collect();
            prop_assert!(page_rows.len() <= most);
            prop_assert_eq!(elements(&page, "KeyCount"), [page_rows.len().to_string()]);
            got.extend(page_rows);
            match elements(&page, "NextContinuationToken").pop() {
                Some(next) => {
                    prop_assert_eq!(elements(&page, "IsTruncated"), ["true"]);
                    let next: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
                    token = format!("&continuation-token={next}");
                }
                None => break,
            }
            prop_assert!(got.len() <= keys.len(), "the pages go on and on");
        }
        prop_assert_eq!(got, want.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn every_version_of_an_object_stays_what_it_was(deeds in prop::collection::vec((any::<bool>(), 0..2_usize), 1..15)) {
        let endpoint = endpoint(Setup::new().with(Service::S3));
        endpoint.handle(&s3("PUT", "/bucket", &[], ""));
        let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        prop_assert_eq!(endpoint.handle(&s3("PUT", "/bucket?versioning", &[], on)).status(), 200);
        let mut versions: Vec<(String, String, Option<String>)> = Vec::new();
        for (i, (is_put, key)) in deeds.iter().enumerate() {
            let (path, body) = (format!("/bucket/k{key}"), format!("content {i}"));
            let answer = match is_put {
                true => endpoint.handle(&s3("PUT", &path, &[], body.clone())),
                false => endpoint.handle(&s3("DELETE", &path, &[], "")),
            };
            prop_assert!(answer.status().is_success());
            let id = answer.headers()["x-amz-version-id"].to_str().unwrap().to_owned();
            prop_assert!(versions.iter().all(|(_, other, _)| *other != id), "an id comes twice");
            versions.push((path, id, is_put.then_some(body)));
        }
        for (path, id, body) in &versions {
            let got = endpoint.handle(&s3("GET", &format!("{path}?versionId={id}"), &[], ""));
            match body {
                Some(body) => prop_assert_eq!(&got.body()[..], body.as_bytes()),
                None => prop_assert_eq!(got.status(), 405),
            }
        }
        for key in 0..2 {
            let path = format!("/bucket/k{key}");
            let got = endpoint.handle(&s3("GET", &path, &[], ""));
            match versions.iter().rfind(|(of, ..)| *of == path).and_then(|(.., body)| body.as_deref()) {
                Some(body) => prop_assert_eq!(&got.body()[..], body.as_bytes()),
                None => prop_assert_eq!(got.status(), 404),
            }
        }
        let all = endpoint.handle(&s3("GET", "/bucket?versions", &[], ""));
        prop_assert_eq!(elements(&all, "VersionId").len(), versions.len());
    }
}

proptest! {
    #![proptest_config(config(3))]

    #[test]
    fn an_object_put_in_parts_is_the_object_put_at_once(seed in any::<u8>(), more in 0..2000_usize) {
        let endpoint = endpoint(Setup::new().with(Service::S3));
        endpoint.handle(&s3("PUT", "/bucket", &[], ""));
        let first: Vec<u8> = (0..5 * 1024 * 1024_u32).map(|n| (n % 251) as u8 ^ seed).collect();
        let second: Vec<u8> = (0..=more).map(|n| (n % 256) as u8).collect();
        let whole = [first.clone(), second.clone()].concat();
        let begun = endpoint.handle(&s3("POST", "/bucket/parts?uploads", &[], ""));
        let upload = elements(&begun, "UploadId").pop().unwrap();
        let mut parts = String::new();
        // They may come in any order.
        for (n, body) in [(2, second), (1, first)] {
            let put = endpoint.handle(&s3("PUT", &format!("/bucket/parts?partNumber={n}&uploadId={upload}"), &[], body));
            prop_assert_eq!(put.status(), 200);
            let tag = put.headers()["etag"].to_str().unwrap().to_owned();
            parts = format!("<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>{parts}");
        }
        let list = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let done = endpoint.handle(&s3("POST", &format!("/bucket/parts?uploadId={upload}"), &[], list));
        prop_assert_eq!(done.status(), 200, "{:?}", done);
        endpoint.handle(&s3("PUT", "/bucket/once", &[], whole));
        endpoint.look(|services| {
            prop_assert!(services.s3().get("bucket", "parts") == services.s3().get("bucket", "once"), "the contents differ");
            Ok(())
        })?;
        prop_assert!(elements(&done, "ETag")[0].contains("-2"));
    }
}

#[cfg(feature = "dynamodb")]
mod items {
    use super::*;
    use rehearsal::services::dynamodb::{marshalled, plain};

    /// A number as the service writes it, of up to 38 digits.
    fn number() -> impl Strategy<Value = String> {
        prop_oneof!["0|-?[1-9][0-9]{0,37}", "-?0\\.[0-9]{0,20}[1-9]", "-?[1-9][0-9]{0,18}\\.[0-9]{0,17}[1-9]",]
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            ".{0,8}".prop_map(|text| json!({ "S": text })),
            number().prop_map(|text| json!({ "N": text })),
            any::<bool>().prop_map(|truth| json!({ "BOOL": truth })),
            Just(json!({ "NULL": true })),
            prop_oneof![Just("AA=="), Just("//79"), Just("aGVsbG8=")].prop_map(|text| json!({ "B": text })),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!({ "L": list })),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| json!({ "M": map })),
            ]
        })
    }

    /// Plain JSON, with the numbers that it says exactly.
    fn json_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            ".{0,8}".prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            (-1e9..1e9_f64).prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    /// The digits of a number with the place of its point, so that numbers can be compared exactly.
    fn exact(text: &str) -> (bool, String, i64) {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa
            .trim_start_matches(['-', '+'])
            .split_once('.')
            .unwrap_or((mantissa.trim_start_matches(['-', '+']), ""));
        let digits = format!("{whole}{fraction}");
        let shift = exponent.parse::<i64>().unwrap() - fraction.len() as i64;
        let trimmed = digits.trim_end_matches('0');
        let zeros = (digits.len() - trimmed.len()) as i64;
        let digits = trimmed.trim_start_matches('0').to_owned();
        let is_zero = digits.is_empty();
        (text.starts_with('-') && !is_zero, digits, if is_zero { 0 } else { shift + zeros })
    }

    proptest! {
        #![proptest_config(config(256))]

        #[test]
        fn plain_values_come_back_from_their_types(value in json_value()) {
            let value = Value::from(value);
            let item = Value::object([("v", marshalled(&value))]);
            let back = plain(&item);
            prop_assert_eq!(back.get("v").unwrap(), &value);
        }

        #[test]
        fn a_number_of_an_item_is_the_same_number_in_plain_json_or_stays_a_text(text in number()) {
            let item = Value::from(json!({ "n": { "N": text }, "all": { "NS": [text] } }));
            let plain = plain(&item).to_json();
            for value in [&plain["n"], &plain["all"][0]] {
                let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                prop_assert_eq!(exact(&said), exact(&text), "{} became {}", &text, value);
            }
        }
    }

    #[test]
    fn an_item_comes_back_from_a_table_as_it_was_put() {
        let endpoint = endpoint(Setup::new().table(rehearsal::services::Table::new("things", "id")));
        let mut runner = proptest::test_runner::TestRunner::new(config(64));
        let outcome = runner.run(&prop::collection::btree_map("[a-h]{1,3}", value(), 0..5), |mut item| {
            item.insert("id".into(), json!({ "S": "x" }));
            let item = json!(item);
            let put = endpoint.call(Service::DynamoDb, "PutItem", json!({ "TableName": "things", "Item": item }));
            prop_assert!(put.is_ok(), "{:?}", put);
            let key = json!({ "TableName": "things", "Key": { "id": { "S": "x" } }, "ConsistentRead": true });
            let got = endpoint.call(Service::DynamoDb, "GetItem", key).unwrap().to_json();
            prop_assert_eq!(&got["Item"], &item);
            Ok(())
        });
        outcome.unwrap();
    }
}
