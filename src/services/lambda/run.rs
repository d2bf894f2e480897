//! One invocation: which version runs, whether it may, and who answers.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Lambda;
use super::context::FunctionContext;
use super::deployed::Chosen;
use super::ended::{About, Ended, MOST_BYTES};
use super::function::Answers;
use super::mailbox::{Job, Worked};
use super::name::{Target, arn_of, not_found};
use super::payload::Payload;
use crate::asl::Resource;
use crate::mock::Answer as Mocked;
use crate::outside::command::{End, Program};
use crate::outside::thread::on_a_thread;
use crate::services::{REGION, ServiceError, Surroundings};
use crate::task::{Call, CallId};
use crate::value::Value;

/// An invocation as it is asked for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(super) target: Target,
    pub(super) payload: Payload,
    /// Base64, as the API has it.
    pub(super) client_context: Option<String>,
    /// The task that asks, where a state machine does.
    pub(super) call: Option<&'a Call>,
}

/// Work that goes on outside.
pub(crate) type Working = Pin<Box<dyn Future<Output = Worked> + Send>>;

/// What comes of an invocation.
pub(crate) enum Ran {
    /// It is over already, after what it takes on the virtual clock.
    Now(Ended),
    /// It goes on in real time.
    Later(Working),
}

/// An invocation on its way, with what identifies it.
pub(crate) struct Run {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) memory: u64,
    pub(super) ran: Ran,
}

/// The most an asynchronous invocation may send.
pub(super) const MOST_ASYNCHRONOUS: usize = 1024 * 1024;

pub(super) fn too_large(most: usize) -> ServiceError {
    let what = format!("Request must be smaller than {most} bytes for the InvokeFunction operation");
    ServiceError::modelled("RequestTooLargeException", what).status(413)
}

pub(super) fn not_json(why: &dyn std::fmt::Display) -> ServiceError {
    let what = format!("Could not parse request body into json: Could not parse payload into json: {why}");
    ServiceError::modelled("InvalidRequestContentException", what)
}

fn throttled() -> ServiceError {
    let mut error = ServiceError::modelled("TooManyRequestsException", "Rate Exceeded.").status(429);
    error.members = Some(Value::object([("Reason", Value::from("ReservedFunctionConcurrentInvocationLimitExceeded"))]));
    error
}

impl Lambda {
    /// What is wrong with a document that is to be sent to a function.
    pub(super) fn check(payload: &Payload, is_asynchronous: bool) -> Result<(), ServiceError> {
        let most = if is_asynchronous { MOST_ASYNCHRONOUS } else { MOST_BYTES };
        if payload.len() > most {
            return Err(too_large(most));
        }
        if let Payload::Bytes(bytes) = payload {
            serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|e| not_json(&e))?;
        }
        Ok(())
    }

    /// Begins an invocation.
    ///
    /// # Errors
    /// There is no such function, too many go on, nobody answers.
    pub(crate) fn run(&mut self, around: &mut Surroundings, asked: Asked<'_>) -> Result<Run, ServiceError> {
        let target = &asked.target;
        let Some(deployed) = self.functions.get_mut(&target.name) else {
            let qualified =
                Target { qualifier: Some(target.qualifier.clone().unwrap_or("$LATEST".into())), ..target.clone() };
            return Err(not_found(&qualified.arn()));
        };
        let chosen = deployed.chosen(target, around)?;
        if !deployed.has_room(around.now) {
            return Err(throttled());
        }
        let invocation = Invocation { id: around.uuid(), arn: target.arn(), name: &target.name, chosen: &chosen };
        let ran = match &mut deployed.answers {
            None => {
                return Err(ServiceError::not_modelled(format!(
                    "what runs the code of the function `{name}`, which was created through the API: set it up with \
                     `Setup::function(Function::new(\"{name}\")…)`; without that, its code",
                    name = target.name
                )));
            }
            Some(Answers::Closure(answer)) => {
                let event = asked.payload.value().map_err(|e| not_json(&e))?;
                let context = invocation.context(around, asked.client_context.as_deref());
                let reply = answer(&event, &context);
                Ran::Now(Ended::of_reply(reply, invocation.about())?.logged(context.into_log()))
            }
            Some(Answers::Mock(mocks)) => {
                let event = asked.payload.value().map_err(|e| not_json(&e))?;
                let call = invocation.call(event, asked.call)?;
                match mocks.answer(&call, around.now) {
                    Mocked::Reply(reply) => Ran::Now(Ended::of_reply(reply, invocation.about())?),
                    Mocked::Future(reply) => {
                        let (id, timeout) = (invocation.id.clone(), chosen.timeout);
                        Ran::Later(Box::pin(async move { Ended::of_reply(reply.await, About { id: &id, timeout }) }))
                    }
                    Mocked::Unanswered(why) => {
                        return Err(ServiceError::coded("NotModelled", why.message()).status(501));
                    }
                }
            }
            Some(Answers::Command(program)) => {
                Ran::Later(invocation.command(program, asked.payload, asked.client_context.as_deref()))
            }
            Some(Answers::Url(url)) => Ran::Later(invocation.post(url, asked.payload)?),
            Some(Answers::Runtime(_)) => {
                let Some(mailbox) = &deployed.mailbox else { return Err(not_found(&target.arn())) };
                let pending = mailbox.put(Job {
                    id: invocation.id.clone(),
                    arn: invocation.arn.clone(),
                    timeout: chosen.timeout,
                    client_context: asked.client_context,
                    payload: asked.payload,
                    deadline: 0,
                });
                Ran::Later(Box::pin(async move { pending.await.unwrap_or_else(gone) }))
            }
        };
        let ran = match ran {
            Ran::Now(ended) => {
                if !ended.takes.is_zero() {
                    deployed.runs_until(around.now + ended.takes);
                }
                Ran::Now(ended.bounded())
            }
            Ran::Later(working) => {
                let token = deployed.runs();
                Ran::Later(Box::pin(async move {
                    let ended = working.await.map(Ended::bounded);
                    drop(token);
                    ended
                }))
            }
        };
        Ok(Run { id: invocation.id, version: chosen.version.clone(), memory: chosen.memory, ran })
    }
}

fn gone() -> Worked {
    Err(ServiceError::coded("ServiceException", "nothing answers any more").status(500))
}

/// An invocation with what its function is told.
struct Invocation<'a> {
    id: String,
    arn: String,
    name: &'a str,
    chosen: &'a Chosen,
}

impl Invocation<'_> {
    fn about(&self) -> About<'_> {
        About { id: &self.id, timeout: self.chosen.timeout }
    }
    fn context(&self, around: &Surroundings, client_context: Option<&str>) -> FunctionContext {
        FunctionContext {
            request_id: self.id.clone(),
            function_name: self.name.to_owned(),
            function_version: self.chosen.version.clone(),
            invoked_function_arn: self.arn.clone(),
            memory_mb: self.chosen.memory,
            timeout: self.chosen.timeout,
            now: around.now,
            client_context: client_context
                .and_then(|text| STANDARD.decode(text).ok())
                .and_then(|bytes| Value::parse_bytes(&bytes).ok()),
            lines: Mutex::default(),
        }
    }
    /// The invocation as a mock sees it: a call of the function itself with the event.
    fn call(&self, event: Value, of: Option<&Call>) -> Result<Call, ServiceError> {
        let resource = Resource::parse(&arn_of(self.name)).map(Arc::new);
        let resource = resource.ok_or_else(|| not_found(&self.arn))?;
        Ok(match of {
            Some(call) => Call { resource, payload: event, ..call.clone() },
            None => Call {
                id: CallId { thread: 0, serial: 0 },
                resource,
                payload: event,
                state: self.name.into(),
                path: Vec::new(),
                attempt: 0,
                entered_event: 0,
                token: None,
                timeout_seconds: None,
                heartbeat_seconds: None,
                role_arn: None,
            },
        })
    }

    fn command(&self, program: &Program, payload: Payload, client_context: Option<&str>) -> Working {
        let mut program = program.clone();
        program.environment = variables(self.name, self.chosen);
        program.environment.insert("AWS_LAMBDA_REQUEST_ID".into(), self.id.clone());
        program.environment.insert("AWS_LAMBDA_INVOKED_FUNCTION_ARN".into(), self.arn.clone());
        if let Some(context) = client_context {
            program.environment.insert("AWS_LAMBDA_CLIENT_CONTEXT".into(), context.to_owned());
        }
        let (id, timeout) = (self.id.clone(), self.chosen.timeout);
        let pending = on_a_thread(move || {
            let finished = program.run(payload.into_bytes(), MOST_BYTES + 101, timeout);
            let log = String::from_utf8_lossy(&finished.log).into_owned();
            let about = About { id: &id, timeout };
            let ended = match finished.end {
                End::Well if finished.is_cut => Ended::too_large(),
                End::Well => Ended::wrote(finished.output),
                End::Badly(how) => Ended::exited(about, Some(&how), &log),
                End::OutOfTime => Ended::timed_out(about),
                End::NotStarted(why) => {
                    Ended::threw("Runtime.InvalidEntrypoint", format!("RequestId: {id} Error: {why}"))
                }
            };
            Ok(ended.logged(log))
        });
        Box::pin(async move { pending.await.unwrap_or_else(gone) })
    }

    #[cfg(feature = "client")]
    fn post(&self, url: &str, payload: Payload) -> Result<Working, ServiceError> {
        use crate::outside::http::{Outgoing, Unreached, send};
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let request = Outgoing {
            method: "POST".into(),
            url: url.to_owned(),
            headers: vec![
                header("content-type", "application/json"),
                header("lambda-runtime-aws-request-id", &self.id),
                header("lambda-runtime-invoked-function-arn", &self.arn),
            ],
            body: payload.into_bytes(),
        };
        let (id, timeout) = (self.id.clone(), self.chosen.timeout);
        let pending = on_a_thread(move || {
            Ok(match send(request, timeout) {
                Ok(incoming) => {
                    let names = |(name, _): &(String, String)| name.eq_ignore_ascii_case("x-amz-function-error");
                    let is_failed = incoming.headers.iter().any(names);
                    let ended = Ended::wrote(incoming.body);
                    match incoming.status {
                        200..=299 => Ended { is_failed: is_failed || ended.is_failed, ..ended },
                        status => Ended::threw(
                            "Runtime.HttpError",
                            format!(
                                "RequestId: {id} Error: the function's address answered {status}: {}",
                                ended.payload.text()
                            ),
                        ),
                    }
                }
                Err(Unreached::TimedOut) => Ended::timed_out(About { id: &id, timeout }),
                Err(Unreached::Failed(why)) => {
                    Ended::threw("Runtime.HttpError", format!("RequestId: {id} Error: {why}"))
                }
            })
        });
        Ok(Box::pin(async move { pending.await.unwrap_or_else(gone) }))
    }
    #[cfg(not(feature = "client"))]
    fn post(&self, url: &str, _: Payload) -> Result<Working, ServiceError> {
        Err(ServiceError::not_modelled(format!(
            "the library is built without its feature `client`, so a function at {url}"
        )))
    }
}

/// The variables that a function finds in its environment.
pub(super) fn variables(name: &str, chosen: &Chosen) -> BTreeMap<String, String> {
    let own = [
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", &chosen.version),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", &format!("[{}]rehearsal", chosen.version)),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &chosen.memory.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        // Whoever calls a service from here calls ours, where any credentials will do.
        ("AWS_ACCESS_KEY_ID", "rehearsal"),
        ("AWS_SECRET_ACCESS_KEY", "rehearsal"),
        ("AWS_SESSION_TOKEN", "rehearsal"),
        ("TZ", ":UTC"),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    chosen.environment.clone().into_iter().chain(own).collect()
}

/// The lines that the service puts around a function's own.
pub(super) fn log_of(run: &Run, ended: &Ended) -> String {
    let ms = ended.takes.max(Duration::from_millis(1)).as_secs_f64() * 1000.0;
    let end = if ended.log.is_empty() || ended.log.ends_with('\n') { "" } else { "\n" };
    format!(
        "START RequestId: {id} Version: {version}\n{log}{end}END RequestId: {id}\nREPORT RequestId: {id}\tDuration: {ms:.2} ms\tBilled \
         Duration: {billed} ms\tMemory Size: {memory} MB\t\n",
        id = run.id,
        version = run.version,
        log = ended.log,
        billed = ms.ceil(),
        memory = run.memory,
    )
}

/// The end of a log as the API hands it out: at most 4 KB, in base64.
pub(super) fn log_result(log: &str) -> String {
    STANDARD.encode(super::ended::tail(log, 4096))
}
