//! Stateful models of services: as a workflow calls them, and as consumers do while it runs.

use rehearsal::prelude::*;
use rehearsal::services::{Service, ServiceError, Services, Setup, Table};
use rehearsal::value::Value;

use crate::support::{machine, single};

/// Models with the clock in the test's hands.
struct Cloud {
    services: Services,
    now: Timestamp,
}

impl Cloud {
    fn of(setup: Setup) -> Cloud {
        let now = Timestamp::EPOCH_DEFAULT;
        Cloud { services: Services::new(&setup, now, 0).unwrap(), now }
    }
    fn wait(&mut self, seconds: u64) {
        self.now = self.now + seconds.secs();
    }
    fn try_sqs(&mut self, operation: &str, input: serde_json::Value) -> Result<Value, ServiceError> {
        self.services.call(self.now, Service::Sqs, operation, &input.into())
    }
    #[track_caller]
    fn sqs(&mut self, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.try_sqs(operation, input).unwrap().to_json()
    }
    #[track_caller]
    fn send(&mut self, queue: &str, body: &str, more: serde_json::Value) -> serde_json::Value {
        let mut input = json!({ "QueueUrl": queue, "MessageBody": body });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.sqs("SendMessage", input)
    }
    /// The bodies that a consumer gets, with the receipts of their messages.
    #[track_caller]
    fn receive(&mut self, queue: &str) -> Vec<(String, String)> {
        let input = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10 });
        let got = self.sqs("ReceiveMessage", input);
        let text = |m: &serde_json::Value, member: &str| m[member].as_str().unwrap().to_owned();
        let all = got["Messages"].as_array().cloned().unwrap_or_default();
        all.iter().map(|m| (text(m, "Body"), text(m, "ReceiptHandle"))).collect()
    }
    #[track_caller]
    fn bodies(&mut self, queue: &str) -> Vec<String> {
        self.receive(queue).into_iter().map(|(body, _)| body).collect()
    }
}

#[test]
fn what_nobody_deletes_comes_back_when_its_time_in_flight_is_over() {
    let mut cloud = Cloud::of(Setup::new().queue("q"));
    cloud.send("q", "a", json!({}));
    cloud.send("q", "b", json!({ "DelaySeconds": 10 }));
    let first = cloud.receive("q");
    assert_eq!(first.iter().map(|(b, _)| b.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(cloud.receive("q").is_empty());
    cloud.wait(29);
    assert_eq!(cloud.bodies("q"), ["b"]);
    cloud.wait(1);
    let again = cloud.receive("q");
    assert_eq!(again[0].0, "a");
    // The receipt of the first time is too old to delete what somebody else has received since.
    cloud.sqs("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": first[0].1 }));
    assert_eq!(cloud.services.messages("q").unwrap().len(), 2);
    cloud.sqs("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": again[0].1 }));
    assert_eq!(cloud.services.messages("q").unwrap().len(), 1);
    let counts = cloud.sqs("GetQueueAttributes", json!({ "QueueUrl": "q", "AttributeNames": ["All"] }));
    let of = |name: &str| counts["Attributes"][name].as_str().unwrap().to_owned();
    assert_eq!([of("ApproximateNumberOfMessages"), of("ApproximateNumberOfMessagesNotVisible")], ["0", "1"]);
    assert_eq!(of("QueueArn"), "arn:aws:sqs:us-east-1:123456789012:q");
    // Four days later nothing is left.
    cloud.wait(4 * 86_400);
    assert!(cloud.receive("q").is_empty());
}

#[test]
fn a_visibility_timeout_can_be_made_longer_and_shorter_while_it_runs() {
    let mut cloud = Cloud::of(Setup::new().queue_with("q", json!({ "VisibilityTimeout": 60 })));
    cloud.send("q", "a", json!({}));
    let (_, receipt) = cloud.receive("q").remove(0);
    let change = |seconds: i64| json!({ "QueueUrl": "q", "ReceiptHandle": receipt, "VisibilityTimeout": seconds });
    cloud.sqs("ChangeMessageVisibility", change(120));
    cloud.wait(119);
    assert!(cloud.receive("q").is_empty());
    cloud.sqs("ChangeMessageVisibility", change(0));
    assert_eq!(cloud.bodies("q"), ["a"]);
    let refused = cloud.try_sqs("ChangeMessageVisibility", change(5)).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
    assert!(refused.message.contains("not available for visibility timeout change"), "{refused}");
}

#[test]
fn what_is_received_too_often_goes_to_the_dead_letter_queue() {
    let policy = r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 2}"#;
    let mut cloud = Cloud::of(Setup::new().queue("dead").queue_with("q", json!({ "RedrivePolicy": policy })));
    cloud.send("q", "poison", json!({}));
    for _ in 0..2 {
        assert_eq!(cloud.bodies("q"), ["poison"]);
        cloud.wait(30);
    }
    assert!(cloud.receive("q").is_empty());
    let dead = cloud.sqs("ReceiveMessage", json!({ "QueueUrl": "dead", "MessageSystemAttributeNames": ["All"] }));
    let attributes = &dead["Messages"][0]["Attributes"];
    assert_eq!(attributes["DeadLetterQueueSourceArn"], "arn:aws:sqs:us-east-1:123456789012:q");
    assert_eq!(attributes["ApproximateReceiveCount"], "1");
    let sources = cloud.sqs("ListDeadLetterSourceQueues", json!({ "QueueUrl": "dead" }));
    assert_eq!(sources["queueUrls"], json!(["https://sqs.us-east-1.amazonaws.com/123456789012/q"]));
}

#[test]
fn a_fifo_queue_keeps_the_order_of_each_group_and_takes_no_message_twice() {
    let mut cloud = Cloud::of(Setup::new().queue("q.fifo"));
    let of = |group: &str| json!({ "MessageGroupId": group });
    let first = cloud.send("q.fifo", "a1", of("a"));
    let again = cloud.send("q.fifo", "a1", of("a"));
    assert_eq!((&first["MessageId"], &first["SequenceNumber"]), (&again["MessageId"], &again["SequenceNumber"]));
    cloud.send("q.fifo", "a2", of("a"));
    cloud.send("q.fifo", "b1", of("b"));
    assert_eq!(cloud.services.messages("q.fifo").unwrap().len(), 3);
    let one = |cloud: &mut Cloud| {
        let got = cloud.sqs("ReceiveMessage", json!({ "QueueUrl": "q.fifo" }));
        (got["Messages"][0]["Body"].clone(), got["Messages"][0]["ReceiptHandle"].clone())
    };
    let (body, receipt) = one(&mut cloud);
    assert_eq!(body, "a1");
    // The next of the group has to wait; another group has not.
    assert_eq!(one(&mut cloud).0, "b1");
    assert_eq!(one(&mut cloud).0, json!(null));
    cloud.sqs("DeleteMessage", json!({ "QueueUrl": "q.fifo", "ReceiptHandle": receipt }));
    assert_eq!(one(&mut cloud).0, "a2");
    // After five minutes the same text is another message.
    cloud.wait(300);
    let later = cloud.send("q.fifo", "a1", of("a"));
    assert_ne!(first["MessageId"], later["MessageId"]);
    let refused = cloud.try_sqs("SendMessage", json!({ "QueueUrl": "q.fifo", "MessageBody": "x" })).unwrap_err();
    assert_eq!(refused.to_string(), "MissingParameter: The request must contain the parameter MessageGroupId.");
}

#[test]
fn batches_succeed_and_fail_by_entry() {
    let mut cloud = Cloud::of(Setup::new().queue("q"));
    let entries =
        json!([{ "Id": "1", "MessageBody": "a" }, { "Id": "2", "MessageBody": "" }, { "Id": "3", "MessageBody": "c" }]);
    let sent = cloud.sqs("SendMessageBatch", json!({ "QueueUrl": "q", "Entries": entries }));
    let ids = |list: &serde_json::Value| list.as_array().unwrap().iter().map(|e| e["Id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids(&sent["Successful"]), ids(&sent["Failed"])), (vec![json!("1"), json!("3")], vec![json!("2")]));
    let entries: Vec<_> = cloud
        .receive("q")
        .iter()
        .enumerate()
        .map(|(i, (_, receipt))| json!({ "Id": i.to_string(), "ReceiptHandle": receipt }))
        .collect();
    let gone = cloud.sqs("DeleteMessageBatch", json!({ "QueueUrl": "q", "Entries": entries }));
    assert_eq!(gone["Successful"].as_array().unwrap().len(), 2);
    for (entries, code) in [
        (json!([]), "EmptyBatchRequest"),
        (json!([{ "Id": "1", "MessageBody": "a" }, { "Id": "1", "MessageBody": "a" }]), "BatchEntryIdsNotDistinct"),
        (json!([{ "Id": "a b", "MessageBody": "a" }]), "InvalidBatchEntryId"),
        (json!(vec![json!({ "Id": "1", "MessageBody": "a" }); 11]), "TooManyEntriesInBatchRequest"),
    ] {
        let refused = cloud.try_sqs("SendMessageBatch", json!({ "QueueUrl": "q", "Entries": entries })).unwrap_err();
        assert_eq!(refused.code, code);
    }
}

#[test]
fn queues_refuse_what_the_service_refuses() {
    let mut cloud = Cloud::of(Setup::new().queue("q"));
    for (operation, input, want) in [
        (
            "SendMessage",
            json!({ "QueueUrl": "p", "MessageBody": "a" }),
            "QueueDoesNotExist: The specified queue does not exist.",
        ),
        (
            "SendMessage",
            json!({ "QueueUrl": "q" }),
            "MissingParameter: The request must contain the parameter MessageBody.",
        ),
        (
            "ReceiveMessage",
            json!({ "QueueUrl": "q", "MaxNumberOfMessages": 11 }),
            "InvalidParameterValue: Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            "DeleteMessage",
            json!({ "QueueUrl": "q", "ReceiptHandle": "x" }),
            "ReceiptHandleIsInvalid: The input receipt handle \"x\" is not a valid receipt handle.",
        ),
        (
            "CreateQueue",
            json!({ "QueueName": "a b" }),
            "InvalidParameterValue: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ),
        (
            "CreateQueue",
            json!({ "QueueName": "q", "Attributes": { "DelaySeconds": "5" } }),
            "QueueNameExists: A queue already exists with the same name and a different value for attribute DelaySeconds",
        ),
        (
            "SetQueueAttributes",
            json!({ "QueueUrl": "q", "Attributes": { "DelaySeconds": "901" } }),
            "InvalidAttributeValue: Invalid value for the parameter DelaySeconds.",
        ),
        (
            "SetQueueAttributes",
            json!({ "QueueUrl": "q", "Attributes": { "Dely": "1" } }),
            "InvalidAttributeName: Unknown Attribute Dely.",
        ),
        (
            "StartMessageMoveTask",
            json!({ "SourceArn": "arn:aws:sqs:us-east-1:123456789012:q" }),
            "InvalidParameterValue: Source queue must be configured as a Dead Letter Queue.",
        ),
        (
            "PurgeQueue",
            json!({ "QueueUrl": "q", "Hard": true }),
            "NotModelled: the parameter `Hard` of PurgeQueue is not modelled; answer this call with a mock",
        ),
    ] {
        assert_eq!(cloud.try_sqs(operation, input).unwrap_err().to_string(), want);
    }
    cloud.sqs("PurgeQueue", json!({ "QueueUrl": "q" }));
    cloud.wait(59);
    let refused = cloud.try_sqs("PurgeQueue", json!({ "QueueUrl": "q" })).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("PurgeQueueInProgress", 403));
}

#[test]
fn a_topic_passes_on_what_a_subscription_wants() {
    let mut cloud = Cloud::of(Setup::new().topic("t").queue("all").queue("large").subscribe("t", "all"));
    let subscribe = json!({
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Protocol": "sqs",
        "Endpoint": "arn:aws:sqs:us-east-1:123456789012:large",
        "Attributes": { "FilterPolicy": r#"{"total": [{"numeric": [">", 100]}]}"# }
    });
    cloud.services.call(cloud.now, Service::Sns, "Subscribe", &subscribe.into()).unwrap();
    for total in ["5", "500"] {
        let publish = json!({
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": total, "Subject": "order",
            "MessageAttributes": { "total": { "DataType": "Number", "StringValue": total } }
        });
        cloud.services.call(cloud.now, Service::Sns, "Publish", &publish.into()).unwrap();
    }
    assert_eq!(cloud.bodies("all"), ["5", "500"]);
    let (body, _) = cloud.receive("large").remove(0);
    let notification: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&notification["Type"], &notification["Message"]), (&json!("Notification"), &json!("500")));
    assert_eq!(notification["MessageAttributes"]["total"], json!({ "Type": "Number", "Value": "500" }));
    assert!(cloud.receive("large").is_empty());
}

fn send_to(queue: &str) -> Machine {
    single(json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": { "QueueUrl": format!("https://sqs.us-east-1.amazonaws.com/123456789012/{queue}"), "MessageBody.$": "$" }
    }))
}

#[test]
fn results_and_errors_are_those_of_the_integration() {
    let run = Harness::new(&send_to("q")).services(Setup::new().queue("q")).run(json!({ "id": 1 }));
    let output = run.output().unwrap();
    let members: Vec<_> = output.as_object().unwrap().keys().collect();
    assert_eq!(members, ["MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"]);
    assert_eq!(output["SdkHttpMetadata"]["HttpStatusCode"], 200);
    assert_eq!(run.services().messages("q").unwrap()[0].body(), r#"{"id":1}"#);

    let run = Harness::new(&send_to("p")).services(Setup::new().queue("q")).run(json!({}));
    run.assert_failed("SQS.QueueDoesNotExistException");
    let cause = run.cause().unwrap();
    let want = "The specified queue does not exist. (Service: AmazonSQS; Status Code: 400; Error Code: AWS.SimpleQueueService.NonExistentQueue; ";
    assert!(cause.starts_with(want), "{cause}");
}

#[test]
fn a_mock_comes_before_a_model_and_a_fault_before_both() {
    let harness = Harness::new(&send_to("q")).services(Setup::new().queue("q"));
    let run = harness.clone().mock("S", json!({ "MessageId": "m" })).run(json!({}));
    assert_eq!(run.output().unwrap(), json!({ "MessageId": "m" }));
    assert!(run.services().messages("q").unwrap().is_empty());
    // The message is sent, and the answer is lost on the way back.
    let run = harness.fault(Fault::on("S").throws("SQS.SdkClientException").after_answer()).run(json!({}));
    run.assert_failed("SQS.SdkClientException");
    assert_eq!(run.services().messages("q").unwrap().len(), 1);
}

#[test]
fn what_a_model_does_not_model_fails_the_test_and_not_the_workflow() {
    let machine = single(json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:listPlatformApplications",
        "Parameters": {},
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "S" }]
    }));
    let error = Harness::new(&machine).services(Setup::new().topic("t")).try_run(json!({})).unwrap_err().to_string();
    let want = "`S` calls aws-sdk:sns:listPlatformApplications: the operation ListPlatformApplications of SNS is not modelled; answer this call with a mock";
    assert!(error.contains(want), "{error}");
}

#[test]
fn a_consumer_reads_the_queue_and_answers_with_the_token() {
    let machine = single(json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/approvals",
            "MessageBody": { "token.$": "$$.Task.Token", "order.$": "$.id" }
        }
    }));
    let mut session = Harness::new(&machine).services(Setup::new().queue("approvals")).start(json!({ "id": "o-1" }));
    session.advance(90.secs());
    let got = session.call(Service::Sqs, "ReceiveMessage", json!({ "QueueUrl": "approvals" })).unwrap();
    let body: serde_json::Value = serde_json::from_str(got.to_json()["Messages"][0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!(body["order"], "o-1");
    assert_eq!(body["token"], *session.token("S").text().unwrap());
    session.token("S").succeed(json!({ "approved": true }));
    let run = session.finish();
    run.assert_succeeded().assert_output(json!({ "approved": true })).assert_elapsed(90.secs());
}

#[test]
#[cfg(feature = "dynamodb")]
fn a_table_answers_conditions_updates_and_queries() {
    let table = Table::new("orders", "customer").sort_key("at").number_key("at");
    let table =
        table.item(json!({ "customer": "c", "at": 2 })).item(json!({ "customer": "c", "at": 10, "tags": ["x"] }));
    let query = machine(json!({
        "StartAt": "Put",
        "States": {
            "Put": {
                "Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "ResultPath": null, "Next": "Query",
                "Parameters": { "TableName": "orders", "Item": { "customer": { "S": "c" }, "at": { "N": "7" } },
                    "ConditionExpression": "attribute_not_exists(customer)" }
            },
            "Query": {
                "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:query", "End": true,
                "Parameters": { "TableName": "orders", "KeyConditionExpression": "customer = :c",
                    "ExpressionAttributeValues": { ":c": { "S": "c" } }, "ScanIndexForward": false }
            }
        }
    }));
    let run = Harness::new(&query).services(Setup::new().table(table.clone())).run(json!({}));
    run.assert_succeeded();
    let output = run.output().unwrap();
    let at: Vec<_> = output["Items"].as_array().unwrap().iter().map(|i| i["at"]["N"].as_str().unwrap()).collect();
    assert_eq!((at, &output["Count"]), (vec!["10", "7", "2"], &json!(3)));
    let items: Vec<_> = run.services().items("orders").unwrap().iter().map(Value::to_json).collect();
    assert_eq!(items[2], json!({ "at": 10, "customer": "c", "tags": ["x"] }));

    let taken = table.item(json!({ "customer": "c", "at": 7 }));
    let run = Harness::new(&query).services(Setup::new().table(taken)).run(json!({}));
    run.assert_failed("DynamoDB.ConditionalCheckFailedException");
    let cause = run.cause().unwrap();
    assert!(cause.starts_with("The conditional request failed (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException; "), "{cause}");

    let run = Harness::new(&query).services(Setup::new().with(Service::DynamoDb)).run(json!({}));
    run.assert_failed("DynamoDB.ResourceNotFoundException");
}

#[test]
#[cfg(feature = "dynamodb")]
fn an_item_without_its_key_is_refused_before_the_run() {
    let setup = Setup::new().table(Table::new("orders", "id").item(json!({ "other": 1 })));
    let error = Harness::new(&send_to("q")).services(setup).try_run(json!({})).unwrap_err().to_string();
    assert!(error.contains("set up the services: ValidationException: "), "{error}");
}

/// What people do with a queue.
#[derive(Clone, Debug)]
enum Deed {
    Send,
    Receive,
    /// Deletes one of the messages that were received, with its last receipt.
    Delete(usize),
    Wait(u64),
}

fn deeds() -> impl proptest::strategy::Strategy<Value = Vec<Deed>> {
    use proptest::prelude::*;
    let deed = prop_oneof![
        3 => Just(Deed::Send),
        3 => Just(Deed::Receive),
        2 => (0..20_usize).prop_map(Deed::Delete),
        2 => (0..45_u64).prop_map(Deed::Wait),
    ];
    prop::collection::vec(deed, 0..60)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_queue_loses_nothing_and_gives_nothing_to_two_at_once(deeds in deeds()) {
        let mut cloud = Cloud::of(Setup::new().queue("q"));
        // What is in the queue: until when each message is in flight, and its last receipt.
        let mut kept: std::collections::BTreeMap<String, (Timestamp, Option<String>)> = Default::default();
        for (i, deed) in deeds.iter().enumerate() {
            match deed {
                Deed::Send => {
                    let body = format!("m{i}");
                    cloud.send("q", &body, json!({}));
                    kept.insert(body, (cloud.now, None));
                }
                Deed::Receive => {
                    for (body, receipt) in cloud.receive("q") {
                        let known = kept.get_mut(&body);
                        proptest::prop_assert!(known.is_some(), "{body} was deleted");
                        let known = known.unwrap();
                        proptest::prop_assert!(known.0 <= cloud.now, "{body} is in flight");
                        *known = (cloud.now + 30.secs(), Some(receipt));
                    }
                }
                Deed::Delete(n) => {
                    let received = kept.iter().filter_map(|(b, (_, r))| Some((b.clone(), r.clone()?))).nth(*n);
                    if let Some((body, receipt)) = received {
                        cloud.sqs("DeleteMessage", json!({ "QueueUrl": "q", "ReceiptHandle": receipt }));
                        kept.remove(&body);
                    }
                }
                Deed::Wait(seconds) => cloud.wait(*seconds),
            }
        }
        cloud.wait(30);
        let mut left = Vec::new();
        loop {
            let page = cloud.bodies("q");
            if page.is_empty() {
                break;
            }
            left.extend(page);
        }
        left.sort();
        proptest::prop_assert_eq!(left, kept.into_keys().collect::<Vec<_>>());
    }
}

#[test]
fn a_topic_reaches_people_only_after_they_have_confirmed_and_hears_filters_and_dead_letters() {
    let mut cloud = Cloud::of(Setup::new().queue("q").queue("dead").topic("t"));
    let topic = "arn:aws:sns:us-east-1:123456789012:t";
    let mut sns = |operation: &str, input: serde_json::Value| {
        cloud.services.call(cloud.now, Service::Sns, operation, &input.into()).map(|v| v.to_json())
    };
    let asked = sns("Subscribe", json!({ "TopicArn": topic, "Protocol": "email", "Endpoint": "a@b.org" })).unwrap();
    assert_eq!(asked["SubscriptionArn"], "pending confirmation");
    let gone = json!({ "RedrivePolicy": r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"}"#,
        "FilterPolicy": r#"{"kind": ["order"]}"# });
    let endpoint = "arn:aws:sqs:us-east-1:123456789012:gone";
    let input = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": endpoint, "Attributes": gone });
    sns("Subscribe", input).unwrap();
    sns("Publish", json!({ "TopicArn": topic, "Message": "nobody" })).unwrap();
    let mail = cloud.services.delivered()[0].message.clone();
    assert_eq!(cloud.services.delivered().len(), 1);
    let token = mail.rsplit("Token=").next().unwrap();
    let mut sns = |operation: &str, input: serde_json::Value| {
        cloud.services.call(cloud.now, Service::Sns, operation, &input.into()).map(|v| v.to_json())
    };
    sns("ConfirmSubscription", json!({ "TopicArn": topic, "Token": token })).unwrap();
    let kind = json!({ "kind": { "DataType": "String", "StringValue": "order" } });
    sns("Publish", json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": kind })).unwrap();
    let refused = sns("ConfirmSubscription", json!({ "TopicArn": topic, "Token": token })).unwrap_err();
    assert_eq!(refused.to_string(), "InvalidParameter: Invalid parameter: Token");
    assert_eq!(cloud.services.delivered()[1].message, "m");
    let dead = cloud.services.messages("dead").unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].body().contains(r#""Message":"m""#), "{}", dead[0].body());
}

#[test]
fn messages_go_back_from_the_dead_letter_queue_as_fast_as_they_may() {
    let policy = r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 1}"#;
    let mut cloud = Cloud::of(Setup::new().queue("dead").queue_with("q", json!({ "RedrivePolicy": policy })));
    for body in ["a", "b", "c"] {
        cloud.send("q", body, json!({}));
    }
    assert_eq!(cloud.bodies("q").len(), 3);
    cloud.wait(30);
    assert!(cloud.receive("q").is_empty());
    let source = "arn:aws:sqs:us-east-1:123456789012:dead";
    let started = cloud.sqs("StartMessageMoveTask", json!({ "SourceArn": source, "MaxNumberOfMessagesPerSecond": 1 }));
    assert_eq!(cloud.bodies("q"), ["a"]);
    let busy = cloud.try_sqs("StartMessageMoveTask", json!({ "SourceArn": source })).unwrap_err();
    assert_eq!(busy.code, "UnsupportedOperation");
    cloud.wait(1);
    let cancelled = cloud.sqs("CancelMessageMoveTask", json!({ "TaskHandle": started["TaskHandle"] }));
    assert_eq!(cancelled["ApproximateNumberOfMessagesMoved"], 2);
    let listed = cloud.sqs("ListMessageMoveTasks", json!({ "SourceArn": source }));
    assert_eq!(listed["Results"][0]["Status"], "CANCELLED");
    assert_eq!((cloud.bodies("q"), cloud.bodies("dead")), (vec!["b".to_owned()], vec!["c".to_owned()]));
}
