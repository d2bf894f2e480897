//! The services as a part of somebody else's server: one request in, one response out.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Handled, Request, Response, identify, refused_stranger};
use crate::outside::thread::wait_for;
use crate::services::error::ServiceError;
use crate::services::{Errand, Service, Services, Setup};
use crate::time::Timestamp;
use crate::value::Value;

/// The services for mounting into a server of one's own, such as [wiremock]'s: one HTTP request in, one response out.
///
/// Clones are handles of the same services. Their clock is a virtual one, which moves when [`advance`](Self::advance) moves
/// it and never else. A server with sockets, TLS and faults of its own is [`Harness::serve`], with the cargo feature
/// `server`; this needs `wire` alone.
///
/// ```
/// use rehearsal::services::{Endpoint, Setup};
///
/// let endpoint = Endpoint::new(&Setup::new().queue("orders"))?;
/// let request = http::Request::post("http://localhost/")
///     .header("x-amz-target", "AmazonSQS.SendMessage")
///     .header("content-type", "application/x-amz-json-1.0")
///     .body(r#"{"QueueUrl": "http://localhost/123456789012/orders", "MessageBody": "one"}"#.into())?;
/// assert_eq!(endpoint.handle(&request).status(), 200);
/// endpoint.look(|services| assert_eq!(services.messages("orders").unwrap()[0].body(), "one"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In a wiremock server it answers whatever no other mock does:
///
/// ```text
/// struct Aws(Endpoint);
///
/// impl wiremock::Respond for Aws {
///     fn respond(&self, request: &wiremock::Request) -> wiremock::ResponseTemplate {
///         let mut asked = http::Request::new(request.body.clone().into());
///         *asked.method_mut() = request.method.clone();
///         *asked.uri_mut() = request.url.as_str().parse().expect("a URL is a URI");
///         *asked.headers_mut() = request.headers.clone();
///         let (head, body) = self.0.handle(&asked).into_parts();
///         let answer = wiremock::ResponseTemplate::new(head.status).set_body_bytes(body);
///         head.headers.iter().fold(answer, |answer, (name, value)| answer.append_header(name, value))
///     }
/// }
///
/// wiremock::Mock::given(wiremock::matchers::any()).respond_with(Aws(endpoint)).with_priority(255).mount(&server).await;
/// ```
///
/// Nothing of a request is checked but what the services check: a server that strangers reach looks at their `Host`, and at
/// the length of what they send, before it asks.
///
/// [wiremock]: https://docs.rs/wiremock
/// [`Harness::serve`]: crate::Harness
#[derive(Clone)]
pub struct Endpoint(Arc<Shared>);

struct Shared {
    held: Mutex<Held>,
    /// Who moves the clock, of whom there is one at a time.
    moving: Mutex<()>,
}

/// What is under the lock.
struct Held {
    services: Services,
    now: Timestamp,
    undone: Vec<String>,
}

impl Endpoint {
    /// The services of a setup, at the instant at which runs begin.
    ///
    /// # Errors
    /// What a service refuses of the setup, such as an item without its key.
    pub fn new(setup: &Setup) -> Result<Endpoint, ServiceError> {
        Endpoint::starting(setup, Timestamp::EPOCH_DEFAULT, 0)
    }

    /// The services of a setup at an instant, with the ids of a seed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn starting(setup: &Setup, now: Timestamp, seed: u64) -> Result<Endpoint, ServiceError> {
        let services = Services::new(setup, now, seed)?;
        let held = Mutex::new(Held { services, now, undone: Vec::new() });
        Ok(Endpoint(Arc::new(Shared { held, moving: Mutex::new(()) })))
    }

    /// Answers a request of an AWS SDK, for servers that cannot wait.
    ///
    /// What would come later on the virtual clock is said at once: a long poll that finds nothing is empty, and a function
    /// has answered. A function that is a program or at a URL is waited for, in real time and on this thread.
    pub fn handle(&self, request: &Request) -> Response {
        match self.begin(request) {
            Handled::Now(response) => response,
            // Without the function there is nothing to say.
            Handled::Later { pending, otherwise, .. } if otherwise.status().is_server_error() => wait_for(pending),
            Handled::Later { otherwise, .. } => otherwise,
        }
    }

    /// Answers a request of an AWS SDK when the answer is there: a long poll when a message comes, or when the clock was
    /// moved by the time that it wants to wait. Who drops the future has gone, and takes nothing with him.
    pub async fn answer(&self, request: &Request) -> Response {
        match self.begin(request) {
            Handled::Now(response) => response,
            Handled::Later { pending, .. } => pending.await,
        }
    }

    fn begin(&self, request: &Request) -> Handled {
        let Some(identified) = identify(request) else {
            return Handled::Now(refused_stranger(request));
        };
        self.with(|held| held.services.handle(held.now, &identified, request))
    }

    /// One operation, as [`Services::call`].
    ///
    /// # Errors
    /// What the service refuses, and what is not modelled.
    pub fn call(&self, service: Service, operation: &str, input: impl Into<Value>) -> Result<Value, ServiceError> {
        let input = input.into();
        self.with(|held| held.services.call(held.now, service, operation, &input))
    }

    /// Looks at what the services hold.
    pub fn look<R>(&self, look: impl FnOnce(&Services) -> R) -> R {
        look(&self.lock().services)
    }

    /// The instant on the virtual clock.
    pub fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Moves the virtual clock on, everything that falls due happening at its own instant: messages come back, rules fire.
    /// Functions that were invoked asynchronously are waited for, in real time and on this thread.
    pub fn advance(&self, by: Duration) {
        let _alone = self.0.moving.lock().unwrap_or_else(PoisonError::into_inner);
        self.settle();
        let until = self.lock().now + by;
        loop {
            let went_on = self.with(|held| {
                let at = held.services.next_at().filter(|at| *at <= until);
                held.now = held.now.max(at.unwrap_or(until));
                held.services.pass(held.now);
                at.is_some()
            });
            self.settle();
            if !went_on {
                return;
            }
        }
    }

    /// What the services wanted done that is done nowhere here, since there are neither machines nor requests to outside:
    /// executions that rules start, and what topics post to URLs.
    pub fn undone(&self) -> Vec<String> {
        self.lock().undone.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets something happen, and what follows from it.
    fn with<R>(&self, deed: impl FnOnce(&mut Held) -> R) -> R {
        let mut held = self.lock();
        let done = deed(&mut held);
        let left = held.services.take_errands();
        held.undone.extend(left.into_iter().filter_map(told));
        done
    }

    /// Waits until no function works for nobody.
    fn settle(&self) {
        wait_for(poll_fn(|cx| self.lock().services.poll_work(cx)));
        self.with(|_| ());
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("now", &self.now()).finish_non_exhaustive()
    }
}

/// What is not done.
fn told(errand: Errand) -> Option<String> {
    match errand {
        Errand::Start { machine, .. } => Some(format!("start {machine}")),
        Errand::Post { url, .. } => Some(format!("post to {url}")),
        Errand::OrElse(first, _) => told(*first),
        // The models have done these among themselves.
        Errand::Call { .. } | Errand::Deliver { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::services::{Function, Rule};

    fn sqs(operation: &str, body: &str) -> Request {
        let request = http::Request::post("http://localhost/").header("x-amz-target", format!("AmazonSQS.{operation}"));
        request.header("content-type", "application/x-amz-json-1.0").body(body.to_owned().into()).unwrap()
    }

    fn text(response: Response) -> String {
        String::from_utf8(response.into_body().to_vec()).unwrap()
    }

    const SEND: &str = r#"{"QueueUrl": "q", "MessageBody": "one"}"#;
    const WAIT: &str = r#"{"QueueUrl": "q", "WaitTimeSeconds": 20}"#;

    fn poll(work: &mut std::pin::Pin<Box<impl Future<Output = Response>>>) -> Option<String> {
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => Some(text(response)),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_long_poll_gets_the_message_or_ends_with_the_clock_or_is_empty_for_who_cannot_wait() {
        let endpoint = Endpoint::new(&Setup::new().queue("q")).unwrap();
        assert_eq!(text(endpoint.handle(&sqs("ReceiveMessage", WAIT))), "{}");
        let receive = sqs("ReceiveMessage", WAIT);
        let (mut gone, mut first) = (Box::pin(endpoint.answer(&receive)), Box::pin(endpoint.answer(&receive)));
        assert_eq!((poll(&mut gone), poll(&mut first)), (None, None));
        drop(gone);
        assert_eq!(endpoint.handle(&sqs("SendMessage", SEND)).status(), 200);
        assert!(poll(&mut first).unwrap().contains(r#""Body":"one""#));

        let mut second = Box::pin(endpoint.answer(&receive));
        assert_eq!(poll(&mut second), None);
        endpoint.advance(Duration::from_secs(19));
        assert_eq!(poll(&mut second), None);
        endpoint.advance(Duration::from_secs(1));
        assert_eq!(poll(&mut second).unwrap(), "{}");
        assert_eq!(endpoint.now(), Timestamp::EPOCH_DEFAULT + Duration::from_secs(20));
    }

    #[test]
    fn what_a_rule_starts_is_told_and_what_it_sends_is_there_after_its_time() {
        let rule = Rule::new("tick").schedule("rate(10 minutes)").to_queue("q").to_machine("m");
        let endpoint = Endpoint::new(&Setup::new().queue("q").rule(rule)).unwrap();
        endpoint.advance(Duration::from_secs(1500));
        endpoint.look(|services| assert_eq!(services.messages("q").unwrap().len(), 2));
        let start = "start arn:aws:states:us-east-1:123456789012:stateMachine:m";
        assert_eq!(endpoint.undone(), [start, start]);
    }

    #[test]
    fn a_function_that_is_a_program_is_waited_for() {
        let endpoint = Endpoint::new(&Setup::new().function(Function::new("f").command("cat"))).unwrap();
        let invoke = http::Request::post("http://localhost/2015-03-31/functions/f/invocations");
        let answer = endpoint.handle(&invoke.body(r#"{"a":1}"#.into()).unwrap());
        assert_eq!((answer.status().as_u16(), text(answer)), (200, r#"{"a":1}"#.to_owned()));
    }

    #[test]
    fn what_means_no_service_is_refused() {
        let endpoint = Endpoint::new(&Setup::new()).unwrap();
        let mut request = sqs("SendMessage", SEND);
        request.headers_mut().insert("x-amz-target", http::HeaderValue::from_static("Nobody.Knows"));
        assert_eq!(endpoint.handle(&request).status(), 400);
    }
}
