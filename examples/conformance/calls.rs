//! Calls of TestState, and calls that were refused.

use rehearsal::task::Outcome;
use rehearsal::test_state::Request;
use rehearsal::validate::{ApiError, Catalog, validate_definition};
use serde_json::{Value, json};

use crate::ACCOUNT;

pub(crate) fn test_state(case: &Value) -> Result<Value, String> {
    let request = &case["request"];
    let service = service_answer(case);
    let answer = Request::from_json(request).and_then(|mut r| {
        r.account = Some(ACCOUNT.to_owned());
        r.run_with(&mut |_| service.clone())
    });
    Ok(line(answer.map(|response| response.to_json())))
}

/// What the service that AWS really called answered. Where it was not recorded on its own, the state hands it on as it
/// is: then the recorded output is the answer, and only the rest of the response is put to the test.
fn service_answer(case: &Value) -> Option<Outcome> {
    let is_live = case["flags"].as_array().is_some_and(|flags| flags.iter().any(|f| f == "live_service_call"));
    let recorded = case.get("service_result").cloned().or_else(|| {
        let state = &case["request_parsed"]["definition"];
        let changes = ["ResultSelector", "ResultPath", "OutputPath", "Output"];
        let hands_it_on = changes.iter().all(|field| state.get(field).is_none());
        let output = case["expect"]["response"].get("output").filter(|_| hands_it_on)?;
        // The recorder parses objects and leaves other JSON as text.
        Some(output.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| output.clone()))
    });
    recorded.filter(|_| is_live).map(|result| Ok(result.into()))
}

pub(crate) fn validation(case: &Value) -> Result<Value, String> {
    let request = &case["request"];
    // There are no log groups in the recorded accounts but those that a case would tell of.
    let mut catalog = Catalog::new("us-east-1", ACCOUNT).log_groups(Vec::<String>::new());
    let api = case["api"].as_str().unwrap_or_default();
    Ok(line(match api {
        "ValidateStateMachineDefinition" => validate_definition(request).map(|answer| answer.to_json()),
        "CreateStateMachine" => {
            occupy(&mut catalog, case);
            catalog.create(request).map(|arn| json!({ "stateMachineArn": arn }))
        }
        "UpdateStateMachine" => {
            furnish(&mut catalog, case);
            catalog.update(request).map(|()| json!({}))
        }
        "StartExecution" => {
            furnish(&mut catalog, case);
            catalog.to_start(request).map(|_| json!({}))
        }
        "StartSyncExecution" => {
            furnish(&mut catalog, case);
            catalog.to_start_synchronously(request).map(|_| json!({}))
        }
        other => return Err(format!("the API {other} is not modelled")),
    }))
}

/// Creates the state machine that a case says is there.
fn furnish(catalog: &mut Catalog, case: &Value) {
    let machine = &case["state_machine"];
    let Some(arn) = machine["arn"].as_str() else { return };
    let there = json!({
        "name": arn.rsplit(':').next().unwrap_or(arn),
        "definition": machine["definition"].to_string(),
        "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/role"),
        "type": machine["type"],
    });
    // What cannot be created is not there, and the answer shows it.
    let _ = catalog.create(&there);
}

/// A creation that depends on what was created before, which is not recorded: all that can have been in its way is
/// another machine of its name.
fn occupy(catalog: &mut Catalog, case: &Value) {
    let depends = case["flags"].as_array().is_some_and(|flags| flags.iter().any(|f| f == "needs_service_state"));
    if depends && case["calls_before"].as_u64().is_some_and(|n| n > 0) {
        let mut earlier = case["request"].clone();
        earlier["definition"] = r#"{"StartAt": "Earlier", "States": {"Earlier": {"Type": "Succeed"}}}"#.into();
        let _ = catalog.create(&earlier);
    }
}

fn line(answer: Result<Value, ApiError>) -> Value {
    match answer {
        Ok(response) => json!({ "response": response }),
        Err(error) => json!({ "error": error.to_json() }),
    }
}
