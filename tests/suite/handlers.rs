//! Users' own handlers in the runtimes that Lambda has: started by the server, invoked by a state machine, failing,
//! hanging, crashing, and started again.
//!
//! Node's loop runs wherever there is `node`. The others need what `tests/handlers/prove` installs and builds.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use rehearsal::prelude::*;
use rehearsal::server::Server;
use rehearsal::services::{Function, Setup};

const WORK: &str = r#"{"StartAt": "Work", "States": {"Work": {"Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke", "End": true,
    "Parameters": {"FunctionName": "work", "Payload.$": "$", "LogType": "Tail"}}}}"#;

#[expect(clippy::print_stderr, reason = "a test says what it skips")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn handlers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/handlers")
}

fn serve(line: &str) -> Server {
    let work = Function::new("work")
        .handler(line)
        .directory(handlers())
        .environment("GREETING", "hello there")
        .timeout(2.secs());
    Harness::new(&Machine::parse(WORK).unwrap()).services(Setup::new().queue("orders").function(work)).serve()
}

#[track_caller]
fn returned(server: &Server, event: serde_json::Value) -> serde_json::Value {
    let run = server.run(event);
    run.assert_succeeded();
    run.output().unwrap()["Payload"].clone()
}

/// What every runtime does with the handler in its language.
#[track_caller]
fn prove(line: &str) {
    let server = serve(line);
    let event = json!({ "do": "nothing", "text": "ünïcode", "list": [1, 2.5, null] });
    assert_eq!(returned(&server, event.clone()), event);

    // What it throws is an error by its own name.
    let run = server.run(json!({ "do": "fail" }));
    run.assert_failed("CardDeclined");
    let cause = run.cause().unwrap_or_default().to_owned();
    let cause: serde_json::Value = serde_json::from_str(&cause).unwrap();
    assert_eq!((&cause["errorType"], &cause["errorMessage"]), (&json!("CardDeclined"), &json!("no money")));

    // What it prints is in the log of its own invocation.
    for id in ["o-1", "o-2"] {
        let run = server.run(json!({ "do": "log", "id": id }));
        run.assert_succeeded();
        let output = run.output().unwrap();
        let log = output["LogResult"].as_str().unwrap();
        let log = base64::engine::general_purpose::STANDARD.decode(log).unwrap();
        let log = String::from_utf8(log).unwrap();
        let request = output["Payload"]["request"].as_str().unwrap();
        assert_eq!(log.matches("charging").count(), 1, "{log}");
        assert!(
            log.contains(&format!("charging {id}")) && log.contains(&format!("START RequestId: {request}")),
            "{log}"
        );
        assert_eq!(output["Payload"]["left"], true);
    }

    let variables = returned(&server, json!({ "do": "environment" }));
    assert_eq!(variables, json!(["hello there", "work", "us-east-1"]));

    // It reaches the other services.
    assert_eq!(returned(&server, json!({ "do": "send", "id": "o-3" })), json!({ "sent": true }));
    assert_eq!(server.services().messages("orders").unwrap()[0].body(), "o-3");

    // One that crashes or hangs fails its invocation, and another takes its place.
    let run = server.run(json!({ "do": "crash" }));
    run.assert_failed("Runtime.ExitError");
    let cause = run.cause().unwrap_or_default().to_owned();
    assert!(cause.contains("exit status 3") && cause.contains("about to crash"), "{cause}");
    assert_eq!(returned(&server, event.clone()), event);
    let run = server.run(json!({ "do": "hang" }));
    run.assert_failed("Sandbox.Timedout").assert_elapsed(2.secs());
    assert!(run.cause().unwrap_or_default().contains("Task timed out after 2.00 seconds"), "{:?}", run.cause());
    assert_eq!(returned(&server, event.clone()), event);
}

/// The program that an environment variable names.
fn given(variable: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "`tests/handlers/prove` says where it has installed what")]
    let path = std::env::var(variable);
    path.unwrap_or_else(|_| panic!("{variable} is not set; run tests/handlers/prove"))
}

#[test]
fn a_handler_in_a_plain_loop_of_node_serves_a_state_machine() {
    let found = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return say("skipped: there is no `node`");
    }
    prove("node loop.mjs app.handler");
}

#[test]
#[ignore = "needs awslambdaric: run tests/handlers/prove"]
fn a_handler_in_pythons_runtime_serves_a_state_machine() {
    prove(&format!("{} -m awslambdaric app.handler", given("HANDLERS_PYTHON")));
}

#[test]
#[ignore = "needs a program of lambda_runtime: run tests/handlers/prove"]
fn a_handler_in_rusts_runtime_serves_a_state_machine() {
    prove(&given("HANDLERS_RUST"));
}

#[test]
fn a_handler_that_cannot_start_fails_its_invocations_with_what_it_said() {
    let server = serve("sh -c 'echo no such module >&2; exit 1'");
    let run = server.run(json!({ "do": "nothing" }));
    run.assert_failed("Runtime.ExitError");
    assert!(run.cause().unwrap_or_default().contains("no such module"), "{:?}", run.cause());
    let server = serve("no-such-program-at-all");
    let run = server.run(json!({ "do": "nothing" }));
    assert!(run.cause().unwrap_or_default().contains("no-such-program-at-all"), "{:?}", run.cause());
}
