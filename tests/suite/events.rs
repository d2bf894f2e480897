//! EventBridge and its Scheduler: what is put, who hears of it, and what comes by the clock.

use rehearsal::prelude::*;
use rehearsal::services::{Rule, Service, ServiceError, Services, Setup};
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
        // Whatever is asked, what is due by then has happened.
        self.call(Service::Sqs, "ListQueues", json!({})).unwrap();
    }
    fn call(&mut self, service: Service, operation: &str, input: serde_json::Value) -> Result<Value, ServiceError> {
        self.services.call(self.now, service, operation, &input.into())
    }
    #[track_caller]
    fn events(&mut self, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.call(Service::Events, operation, input).unwrap().to_json()
    }
    #[track_caller]
    fn refused(&mut self, operation: &str, input: serde_json::Value) -> String {
        self.call(Service::Events, operation, input).unwrap_err().to_string()
    }
    #[track_caller]
    fn scheduler(&mut self, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.call(Service::Scheduler, operation, input).unwrap().to_json()
    }
    fn bodies(&self, queue: &str) -> Vec<String> {
        self.services.messages(queue).unwrap().iter().map(|m| m.body().to_owned()).collect()
    }
}

fn entry(source: &str, kind: &str, detail: &serde_json::Value) -> serde_json::Value {
    json!({ "Source": source, "DetailType": kind, "Detail": detail.to_string() })
}

fn queue(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:123456789012:{name}")
}

#[test]
fn an_event_goes_to_the_targets_of_the_rules_it_fits() {
    let rule = |name: &str, pattern: serde_json::Value| Rule::new(name).on_bus("orders").pattern(pattern);
    let setup = Setup::new().queue("paid").queue("all").queue("part.fifo").topic("alerts").bus("orders");
    let setup = setup
        .rule(
            rule("paid", json!({ "detail-type": ["Paid"], "detail": { "total": [{ "numeric": [">", 10] }] } }))
                .to_queue("paid"),
        )
        .rule(rule("all", json!({ "source": [{ "prefix": "shop." }] })).to_queue("all").to_topic("alerts"))
        .rule(
            rule("part", json!({ "source": ["shop.web"] }))
                .to_queue("part.fifo")
                .with(json!({ "InputPath": "$.detail" })),
        );
    let mut cloud = Cloud::of(setup);
    let mut put = |kind: &str, total: i64| {
        let mut entry = entry("shop.web", kind, &json!({ "total": total }));
        entry["EventBusName"] = "orders".into();
        entry["Resources"] = json!(["arn:aws:x"]);
        entry["Time"] = 1_700_000_000.into();
        cloud.events("PutEvents", json!({ "Entries": [entry] }))
    };
    let answer = put("Paid", 30);
    assert_eq!(answer["FailedEntryCount"], 0);
    put("Paid", 5);
    put("Sent", 30);
    assert_eq!(cloud.bodies("all").len(), 3);
    assert_eq!(cloud.services.published("alerts").unwrap().len(), 3);
    assert_eq!(cloud.bodies("part.fifo"), [r#"{"total":30}"#, r#"{"total":5}"#, r#"{"total":30}"#][..2].to_vec());
    let [paid] = &cloud.bodies("paid")[..] else { panic!("{:?}", cloud.bodies("paid")) };
    let id = answer["Entries"][0]["EventId"].as_str().unwrap();
    assert_eq!(
        *paid,
        format!(
            r#"{{"version":"0","id":"{id}","detail-type":"Paid","source":"shop.web","account":"123456789012","time":"2023-11-14T22:13:20Z","region":"us-east-1","resources":["arn:aws:x"],"detail":{{"total":30}}}}"#
        )
    );
    assert_eq!(cloud.services.events("orders").unwrap().len(), 3);
    assert!(cloud.services.events("default").unwrap().is_empty());
}

#[test]
fn entries_are_refused_one_by_one_and_requests_as_a_whole() {
    let mut cloud = Cloud::of(Setup::new().with(Service::Events));
    let good = entry("s", "t", &json!({}));
    let entries = json!([
        good,
        { "DetailType": "t", "Detail": "{}" },
        { "Source": "s", "Detail": "{}" },
        { "Source": "s", "DetailType": "t", "Detail": "[]" },
        { "Source": "aws.s3", "DetailType": "t", "Detail": "{}" },
    ]);
    let answer = cloud.events("PutEvents", json!({ "Entries": entries }));
    assert_eq!(answer["FailedEntryCount"], 4);
    assert!(answer["Entries"][0]["EventId"].is_string());
    let codes: Vec<&str> = (1..5).map(|i| answer["Entries"][i]["ErrorCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["InvalidArgument", "InvalidArgument", "MalformedDetail", "NotAuthorizedForSourceException"]);
    assert_eq!(
        answer["Entries"][1]["ErrorMessage"],
        "Parameter Source is not valid. Reason: Source is a required argument."
    );
    assert_eq!(cloud.services.events("default").unwrap().len(), 1);
    let many = cloud.refused("PutEvents", json!({ "Entries": vec![good.clone(); 11] }));
    assert!(many.starts_with("ValidationException: 1 validation error detected: Value '["), "{many}");
    assert!(many.ends_with("failed to satisfy constraint: Member must have length less than or equal to 10"), "{many}");
    let large = entry("s", "t", &json!({ "x": "x".repeat(262_144) }));
    assert_eq!(
        cloud.refused("PutEvents", json!({ "Entries": [large] })),
        "ValidationException: Total size of the entries in the request is over the limit."
    );
    assert!(cloud.refused("PutEvents", json!({ "Entries": [{ "Sauce": 1 }] })).contains("`Entries.Sauce`"));
}

#[test]
fn buses_and_rules_are_refused_in_the_words_of_the_service() {
    let mut cloud = Cloud::of(
        Setup::new().queue("q").bus("b").rule(Rule::new("r").pattern(json!({ "source": ["s"] })).to_queue("q")),
    );
    let table = [
        ("CreateEventBus", json!({ "Name": "b" }), "ResourceAlreadyExistsException: Event bus b already exists."),
        ("DescribeEventBus", json!({ "Name": "x" }), "ResourceNotFoundException: Event bus x does not exist."),
        ("DeleteEventBus", json!({ "Name": "default" }), "ValidationException: Cannot delete event bus default."),
        (
            "DescribeRule",
            json!({ "Name": "x" }),
            "ResourceNotFoundException: Rule x does not exist on EventBus default.",
        ),
        ("DeleteRule", json!({ "Name": "r" }), "ValidationException: Rule can't be deleted since it has targets."),
        (
            "PutRule",
            json!({ "Name": "n" }),
            "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            "PutRule",
            json!({ "Name": "n", "ScheduleExpression": "rate(1 minutes)" }),
            "ValidationException: Parameter ScheduleExpression is not valid.",
        ),
        (
            "PutRule",
            json!({ "Name": "n", "ScheduleExpression": "rate(1 minute)", "EventBusName": "b" }),
            "ValidationException: ScheduleExpression is supported only on the default event bus.",
        ),
        (
            "PutRule",
            json!({ "Name": "n", "EventPattern": "{\"source\": \"s\"}" }),
            "InvalidEventPatternException: Event pattern is not valid. Reason: \"source\" must be an object or an array",
        ),
        (
            "PutRule",
            json!({ "Name": "no spaces", "EventPattern": "{}" }),
            "ValidationException: 1 validation error detected: Value 'no spaces' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
        ),
        (
            "PutTargets",
            json!({ "Rule": "x", "Targets": [{ "Id": "1", "Arn": queue("q") }] }),
            "ResourceNotFoundException: Rule x does not exist on EventBus default.",
        ),
        (
            "PutTargets",
            json!({ "Rule": "r", "Targets": [{ "Id": "1", "Arn": queue("q.fifo") }] }),
            "ValidationException: Parameter(s) SqsParameters must be specified for target: 1.",
        ),
        (
            "PutTargets",
            json!({ "Rule": "r", "Targets": [{ "Id": "1", "Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/s" }] }),
            "NotModelled: a target of kinesis (`arn:aws:kinesis:us-east-1:123456789012:stream/s`) is not modelled; answer this call with a mock",
        ),
        (
            "CreateArchive",
            json!({}),
            "NotModelled: the operation CreateArchive of EventBridge is not modelled; answer this call with a mock",
        ),
    ];
    for (operation, input, want) in table {
        assert_eq!(cloud.refused(operation, input.clone()), want, "{operation} {input}");
    }
    let more: Vec<_> = (0..5).map(|i| json!({ "Id": format!("m{i}"), "Arn": queue("q") })).collect();
    assert!(cloud.refused("PutTargets", json!({ "Rule": "r", "Targets": more })).starts_with("LimitExceededException"));
    let rule = cloud.events("DescribeRule", json!({ "Name": "r" }));
    assert_eq!(rule["Arn"], "arn:aws:events:us-east-1:123456789012:rule/r");
    assert_eq!((&rule["State"], &rule["EventPattern"]), (&json!("ENABLED"), &json!(r#"{"source":["s"]}"#)));
    assert_eq!(
        cloud.events("ListRuleNamesByTarget", json!({ "TargetArn": queue("q") })),
        json!({ "RuleNames": ["r"] })
    );
    cloud.events("TagResource", json!({ "ResourceARN": rule["Arn"], "Tags": [{ "Key": "a", "Value": "1" }] }));
    let tags = cloud.events("ListTagsForResource", json!({ "ResourceARN": rule["Arn"] }));
    assert_eq!(tags, json!({ "Tags": [{ "Key": "a", "Value": "1" }] }));
    // A rule that is off hears nothing, and one without targets can go.
    cloud.events("DisableRule", json!({ "Name": "r" }));
    cloud.events("PutEvents", json!({ "Entries": [entry("s", "t", &json!({}))] }));
    assert!(cloud.bodies("q").is_empty());
    cloud.events("RemoveTargets", json!({ "Rule": "r", "Ids": ["1"] }));
    cloud.events("DeleteRule", json!({ "Name": "r" }));
    assert_eq!(cloud.events("ListRules", json!({})), json!({ "Rules": [] }));
}

#[test]
fn lists_come_in_pages() {
    let rule = |i: i32| Rule::new(&format!("r{i}")).pattern(json!({ "source": ["s"] }));
    let mut cloud = Cloud::of((0..5).fold(Setup::new(), |setup, i| setup.rule(rule(i))));
    let (mut names, mut token) = (Vec::new(), json!(null));
    for _ in 0..3 {
        let page = cloud.events("ListRules", json!({ "Limit": 2, "NextToken": token }));
        names.extend(page["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap().to_owned()));
        token = page["NextToken"].clone();
    }
    assert_eq!((names.join(" "), token), ("r0 r1 r2 r3 r4".to_owned(), json!(null)));
    assert!(cloud.refused("ListRules", json!({ "NextToken": "page-9" })).starts_with("ValidationException"));
}

#[test]
fn what_a_target_refuses_goes_to_its_dead_letter_queue() {
    let dead = json!({ "DeadLetterConfig": { "Arn": queue("dead") } });
    let rule = Rule::new("r").pattern(json!({ "source": ["s"] })).to_queue("gone").with(dead);
    let mut cloud = Cloud::of(Setup::new().queue("dead").rule(rule));
    cloud.events("PutEvents", json!({ "Entries": [entry("s", "t", &json!({ "n": 1 }))] }));
    let input = json!({ "QueueUrl": "dead", "MessageAttributeNames": ["All"] });
    let got = cloud.call(Service::Sqs, "ReceiveMessage", input).unwrap().to_json();
    let message = &got["Messages"][0];
    assert!(message["Body"].as_str().unwrap().contains(r#""detail":{"n":1}"#), "{message}");
    let attribute = |name: &str| message["MessageAttributes"][name]["StringValue"].as_str().unwrap().to_owned();
    assert_eq!(attribute("RULE_ARN"), "arn:aws:events:us-east-1:123456789012:rule/r");
    assert_eq!((attribute("TARGET_ARN"), attribute("ERROR_CODE")), (queue("gone"), "NO_RESOURCE".to_owned()));
}

#[test]
fn a_bus_passes_on_to_another_and_a_circle_ends() {
    let all = || json!({ "source": [{ "exists": true }] });
    let setup = Setup::new().queue("q").bus("a").bus("b");
    let setup = setup.rule(Rule::new("on").on_bus("a").pattern(all()).to_bus("b"));
    let setup = setup.rule(Rule::new("back").on_bus("b").pattern(all()).to_bus("a").to_queue("q"));
    let mut cloud = Cloud::of(setup);
    let mut entry = entry("s", "t", &json!({}));
    entry["EventBusName"] = "arn:aws:events:us-east-1:123456789012:event-bus/a".into();
    cloud.events("PutEvents", json!({ "Entries": [entry] }));
    assert!((1..50).contains(&cloud.bodies("q").len()), "{}", cloud.bodies("q").len());
    assert_eq!(cloud.services.events("a").unwrap()[0].id, cloud.services.events("b").unwrap()[0].id);
}

#[test]
fn a_rule_fires_by_its_schedule_while_it_is_on() {
    let mut cloud =
        Cloud::of(Setup::new().queue("q").rule(Rule::new("tick").schedule("rate(5 minutes)").to_queue("q")));
    cloud.wait(299);
    assert!(cloud.bodies("q").is_empty());
    cloud.wait(601);
    let times = |cloud: &Cloud| -> Vec<String> {
        let read = |body: &String| serde_json::from_str::<serde_json::Value>(body).unwrap();
        cloud.bodies("q").iter().map(|b| read(b)["time"].as_str().unwrap()[11..19].to_owned()).collect()
    };
    assert_eq!(times(&cloud), ["00:05:00", "00:10:00", "00:15:00"]);
    let first: serde_json::Value = serde_json::from_str(&cloud.bodies("q")[0]).unwrap();
    assert_eq!((&first["detail-type"], &first["source"]), (&json!("Scheduled Event"), &json!("aws.events")));
    assert_eq!(first["resources"], json!(["arn:aws:events:us-east-1:123456789012:rule/tick"]));
    cloud.events("DisableRule", json!({ "Name": "tick" }));
    cloud.wait(3600);
    cloud.events("EnableRule", json!({ "Name": "tick" }));
    cloud.wait(300);
    assert_eq!(times(&cloud).len(), 4);
}

fn schedule(expression: &str, target: &str) -> serde_json::Value {
    let target = json!({ "Arn": target, "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": "<aws.scheduler.scheduled-time>" });
    json!({ "Name": "s", "ScheduleExpression": expression, "FlexibleTimeWindow": { "Mode": "OFF" }, "Target": target })
}

#[test]
fn the_scheduler_fires_once_or_again_until_its_end() {
    let mut cloud = Cloud::of(Setup::new().queue("q").queue("later"));
    let mut once = schedule("at(2024-01-01T00:10:00)", &queue("q"));
    once["ActionAfterCompletion"] = "DELETE".into();
    cloud.scheduler("CreateSchedule", once);
    let mut again = schedule("rate(1 hour)", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage");
    again["Name"] = "again".into();
    again["Target"]["Input"] =
        json!({ "QueueUrl": "later", "MessageBody": "<aws.scheduler.scheduled-time>" }).to_string().into();
    again["StartDate"] = "2024-01-01T06:30:00Z".into();
    again["EndDate"] = "2024-01-01T08:30:00Z".into();
    cloud.scheduler("CreateSchedule", again);
    cloud.wait(86_400);
    assert_eq!(cloud.bodies("q"), ["2024-01-01T00:10:00Z"]);
    assert_eq!(cloud.bodies("later"), ["2024-01-01T06:30:00Z", "2024-01-01T07:30:00Z", "2024-01-01T08:30:00Z"]);
    let left = cloud.scheduler("ListSchedules", json!({}));
    assert_eq!(left["Schedules"].as_array().unwrap().iter().map(|s| &s["Name"]).collect::<Vec<_>>(), ["again"]);
    let mut refused = |input: serde_json::Value| cloud.call(Service::Scheduler, "CreateSchedule", input).unwrap_err();
    assert_eq!(
        refused(schedule("rate(1 hours)", &queue("q"))).to_string(),
        "ValidationException: Invalid Schedule Expression rate(1 hours)."
    );
    let mut zone = schedule("rate(1 hour)", &queue("q"));
    zone["ScheduleExpressionTimezone"] = "Mars/Olympus".into();
    let zone = refused(zone);
    assert!(zone.message.contains("Mars/Olympus"), "{zone}");
    let unknown = refused(schedule("rate(1 hour)", "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"));
    assert!(unknown.is_not_modelled(), "{unknown}");
    let mut twice = schedule("rate(1 hour)", &queue("q"));
    twice["Name"] = "again".into();
    assert_eq!((refused(twice.clone()).code, refused(twice).status), ("ConflictException".to_owned(), 409));
}

#[test]
fn a_workflow_puts_events_that_name_its_execution() {
    let put = |source: &str| {
        single(json!({ "Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Parameters": { "Entries": [
            { "Source": source, "DetailType": "Paid", "Detail": { "id.$": "$.id" } }] } }))
    };
    let setup =
        || Setup::new().queue("q").rule(Rule::new("r").pattern(json!({ "detail": { "id": ["o-1"] } })).to_queue("q"));
    let run = Harness::new(&put("shop")).services(setup()).run(json!({ "id": "o-1" }));
    let output = run.output().unwrap();
    assert_eq!(output.as_object().unwrap().keys().collect::<Vec<_>>(), ["Entries", "FailedEntryCount"]);
    let event = &run.services().events("default").unwrap()[0];
    assert_eq!(event.detail, json!({ "id": "o-1" }).into());
    assert_eq!(event.resources[0], run.arn());
    assert!(event.resources[1].contains(":stateMachine:"), "{:?}", event.resources);
    assert_eq!(run.services().messages("q").unwrap().len(), 1);
    let run = Harness::new(&put("aws.shop")).services(setup()).run(json!({ "id": "o-1" }));
    assert_eq!(run.error(), Some("EventBridge.FailedEntry"));
    assert!(run.cause().unwrap().contains("NotAuthorizedForSourceException"));
}

#[test]
fn an_event_starts_an_execution_and_a_schedule_goes_on_while_a_workflow_waits() {
    let wait = single(json!({ "Type": "Wait", "Seconds": 7200 }));
    let sent = json!({ "StartAt": "Send", "States": { "Send": { "Type": "Task", "End": true,
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": { "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody.$": "$.source" } } } });
    let consumer = machine(sent).named("Consumer");
    let tick = Rule::new("tick").schedule("rate(1 hour)").to_machine("Consumer");
    let run = Harness::new(&wait).machine(&consumer).services(Setup::new().queue("q").rule(tick)).run(json!({}));
    let bodies: Vec<_> = run.services().messages("q").unwrap().iter().map(|m| m.body().to_owned()).collect();
    assert!(bodies.iter().all(|body| body == "aws.events") && (1..=2).contains(&bodies.len()), "{bodies:?}");
}

#[test]
fn connections_keep_what_lets_requests_in_and_show_no_secret() {
    let mut cloud = Cloud::of(Setup::new().with(Service::Events));
    let basic = json!({ "BasicAuthParameters": { "Username": "u", "Password": "p" },
        "InvocationHttpParameters": { "HeaderParameters": [{ "Key": "X-A", "Value": "s", "IsValueSecret": true }] } });
    let input = json!({ "Name": "c", "AuthorizationType": "BASIC", "AuthParameters": basic });
    let made = cloud.events("CreateConnection", input.clone());
    let arn = made["ConnectionArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:events:us-east-1:123456789012:connection/c/"), "{arn}");
    let shown = cloud.events("DescribeConnection", json!({ "Name": "c" }));
    assert_eq!(shown["AuthParameters"]["BasicAuthParameters"], json!({ "Username": "u" }));
    assert!(shown["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"][0].get("Value").is_none());
    assert!(shown["SecretArn"].as_str().unwrap().contains("secret:events!connection/c/"));
    let headers = cloud.services.connection(arn).unwrap().headers();
    let want = [("Authorization", "Basic dTpw"), ("X-A", "s")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, want);
    assert!(cloud.refused("CreateConnection", input).starts_with("ResourceAlreadyExistsException"));
    let unfit = json!({ "Name": "d", "AuthorizationType": "API_KEY", "AuthParameters": {} });
    assert!(cloud.refused("CreateConnection", unfit).starts_with("ValidationException"));
    assert_eq!(cloud.events("DeleteConnection", json!({ "Name": "c" }))["ConnectionState"], "DELETING");
    assert!(cloud.refused("DescribeConnection", json!({ "Name": "c" })).starts_with("ResourceNotFoundException"));
}
