//! What services refuse, and what they take although it looks odd: codes and sentences, model by model.

use rehearsal::prelude::*;
use rehearsal::services::{Function, Service, ServiceError, Services, Setup};

/// Models at the first instant.
struct Cloud(Services);

type Case = (Service, &'static str, serde_json::Value, &'static str);

impl Cloud {
    fn of(setup: &Setup) -> Cloud {
        Cloud(Services::new(setup, Timestamp::EPOCH_DEFAULT, 0).unwrap())
    }
    fn call(
        &mut self,
        service: Service,
        operation: &str,
        input: serde_json::Value,
    ) -> Result<serde_json::Value, ServiceError> {
        self.0.call(Timestamp::EPOCH_DEFAULT, service, operation, &input.into()).map(|output| output.to_json())
    }
    #[track_caller]
    fn ok(&mut self, service: Service, operation: &str, input: serde_json::Value) -> serde_json::Value {
        self.call(service, operation, input).unwrap()
    }
    /// Every case is refused with its sentence, of which the beginning is given; an empty one stands for success.
    #[track_caller]
    fn refuses(&mut self, cases: impl IntoIterator<Item = Case>) {
        for (service, operation, input, want) in cases {
            let shown = format!("{operation} {input}");
            match self.call(service, operation, input) {
                Ok(output) => assert_eq!(want, "", "{shown} → {output}"),
                Err(error) => {
                    let said = error.to_string();
                    assert!(!want.is_empty() && said.starts_with(want), "{shown} → {said}, not {want}");
                }
            }
        }
    }
}

fn arn(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:us-east-1:123456789012:{name}")
}

#[test]
fn an_empty_filter_policy_takes_the_policy_away() {
    let mut cloud = Cloud::of(&Setup::new().topic("t").queue("q"));
    let (topic, queue) = (arn("sns", "t"), arn("sqs", "q"));
    let attributes = json!({ "FilterPolicy": r#"{"kind": ["order"]}"#, "RawMessageDelivery": "true" });
    let wanted = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": attributes });
    let made = cloud.ok(Service::Sns, "Subscribe", wanted);
    let subscription = made["SubscriptionArn"].clone();
    cloud.ok(Service::Sns, "Publish", json!({ "TopicArn": topic, "Message": "unwanted" }));
    let set = |text: &str| json!({ "SubscriptionArn": subscription, "AttributeName": "FilterPolicy", "AttributeValue": text });
    cloud.ok(Service::Sns, "SetSubscriptionAttributes", set("{}"));
    cloud.ok(Service::Sns, "Publish", json!({ "TopicArn": topic, "Message": "wanted" }));
    let bodies: Vec<_> = cloud.0.messages("q").unwrap().iter().map(|m| m.body().to_owned()).collect();
    assert_eq!(bodies, ["wanted"]);
    let all = cloud.ok(Service::Sns, "GetSubscriptionAttributes", json!({ "SubscriptionArn": subscription }));
    assert!(all["Attributes"]["FilterPolicy"].is_null(), "{all}");
    let keys = |n: usize| format!("{{{}}}", (0..n).map(|i| format!(r#""k{i}": ["v"]"#)).collect::<Vec<_>>().join(", "));
    cloud.refuses([
        (Service::Sns, "SetSubscriptionAttributes", set(&keys(5)), ""),
        (
            Service::Sns,
            "SetSubscriptionAttributes",
            set(&keys(6)),
            "InvalidParameter: Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys",
        ),
        (
            Service::Sns,
            "SetSubscriptionAttributes",
            set(r#"{"a": {}}"#),
            "InvalidParameter: Invalid parameter: Filter policy scope MessageAttributes does not support nested",
        ),
    ]);
}

#[test]
fn a_published_message_has_as_many_attributes_as_it_likes_and_only_raw_queues_mind() {
    let mut cloud = Cloud::of(&Setup::new().topic("t").queue("raw").queue("whole").queue("dead"));
    let topic = arn("sns", "t");
    let dead = json!({ "deadLetterTargetArn": arn("sqs", "dead") }).to_string();
    for (queue, raw) in [("raw", "true"), ("whole", "false")] {
        let attributes = json!({ "RawMessageDelivery": raw, "RedrivePolicy": dead });
        let endpoint = arn("sqs", queue);
        let wanted = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": endpoint, "Attributes": attributes });
        cloud.ok(Service::Sns, "Subscribe", wanted);
    }
    let text = |kind: &str, value: &str| json!({ "DataType": kind, "StringValue": value });
    let many: serde_json::Map<_, _> = (0..11).map(|i| (format!("a{i}"), text("String", "x"))).collect();
    cloud.ok(Service::Sns, "Publish", json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": many }));
    let count = |queue: &str| cloud.0.messages(queue).unwrap().len();
    assert_eq!([count("raw"), count("whole"), count("dead")], [0, 1, 1]);
    let with = |name: &str, attribute: serde_json::Value| json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": { name: attribute } });
    cloud.refuses([
        (
            Service::Sns,
            "Publish",
            with("a", text("Strung", "x")),
            "ParameterValueInvalid: The message attribute 'a' has an invalid message attribute type, the set of supported \
             type prefixes is Binary, Number, and String.",
        ),
        (
            Service::Sns,
            "Publish",
            with("a", text("Number", "NaN")),
            "ParameterValueInvalid: Could not cast message attribute 'a' value to number.",
        ),
        (
            Service::Sns,
            "Publish",
            with("a..b", text("String", "x")),
            "ParameterValueInvalid: Message attribute name can not have successive '.' character.",
        ),
        (
            Service::Sns,
            "Publish",
            with("a b", text("String", "x")),
            "ParameterValueInvalid: Invalid non-alphanumeric character '#x20' was found in the message attribute name.",
        ),
        (Service::Sns, "Publish", with("a.b", text("Number.int", "1e3")), ""),
    ]);
}

#[test]
fn a_fifo_queue_shows_its_defaults_and_takes_only_the_values_there_are() {
    let mut cloud = Cloud::of(&Setup::new());
    let fifo = |name: &str, more: serde_json::Value| {
        let mut attributes = json!({ "FifoQueue": "true" });
        attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "QueueName": name, "Attributes": attributes })
    };
    cloud.ok(Service::Sqs, "CreateQueue", fifo("a.fifo", json!({})));
    let all = cloud.ok(Service::Sqs, "GetQueueAttributes", json!({ "QueueUrl": "a.fifo", "AttributeNames": ["All"] }));
    let shown = |name: &str| all["Attributes"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"].map(shown),
        ["false", "queue", "perQueue"]
    );
    let set = |more: serde_json::Value| json!({ "QueueUrl": "a.fifo", "Attributes": more });
    let per_group = json!({ "FifoThroughputLimit": "perMessageGroupId" });
    cloud.refuses([
        (Service::Sqs, "CreateQueue", fifo("a.fifo", json!({ "DeduplicationScope": "queue" })), ""),
        (
            Service::Sqs,
            "CreateQueue",
            fifo("b.fifo", json!({ "DeduplicationScope": "foo" })),
            "InvalidAttributeValue: Invalid value for the parameter DeduplicationScope.",
        ),
        (
            Service::Sqs,
            "SetQueueAttributes",
            set(per_group.clone()),
            "InvalidAttributeValue: The perMessageGroupId value",
        ),
        (Service::Sqs, "SetQueueAttributes", set(json!({ "DeduplicationScope": "messageGroup" })), ""),
        (Service::Sqs, "SetQueueAttributes", set(per_group), ""),
        (
            Service::Sqs,
            "SetQueueAttributes",
            set(json!({ "DeduplicationScope": "queue" })),
            "InvalidAttributeValue: The perMessageGroupId value",
        ),
        (Service::Sqs, "CreateQueue", json!({ "QueueName": "plain" }), ""),
        (
            Service::Sqs,
            "SetQueueAttributes",
            json!({ "QueueUrl": "plain", "Attributes": { "DeduplicationScope": "queue" } }),
            "InvalidAttributeValue: You can specify the DeduplicationScope only when FifoQueue is set to true.",
        ),
    ]);
    let plain = cloud.ok(Service::Sqs, "GetQueueAttributes", json!({ "QueueUrl": "plain", "AttributeNames": ["All"] }));
    assert!(plain["Attributes"]["DeduplicationScope"].is_null());
}

#[test]
fn attributes_of_messages_have_names_and_values_that_the_service_allows() {
    let mut cloud = Cloud::of(&Setup::new().queue("q"));
    let mut send = |name: &str, kind: &str, value: &str| {
        let attributes = json!({ name: { "DataType": kind, "StringValue": value } });
        let input = json!({ "QueueUrl": "q", "MessageBody": "b", "MessageAttributes": attributes });
        cloud.call(Service::Sqs, "SendMessage", input).map_err(|error| (error.code, error.message))
    };
    for name in [".a", "a.", "a..b", "AWS.x", "aws.x", "Amazon.y", "a b", ""] {
        let (code, message) = send(name, "String", "v").unwrap_err();
        assert!(
            code == "InvalidParameterValue" && message.contains(&format!("'{name}' is invalid")),
            "{name}: {message}"
        );
    }
    for (kind, value, why) in [
        ("Number", "NaN", "Can't cast the value"),
        ("Number", "inf", "Can't cast the value"),
        ("String", "a\u{1}b", "Invalid binary character '#x1'"),
        (&*format!("String.{}", "x".repeat(250)), "v", "must be at most 256 characters long"),
    ] {
        let (code, message) = send("a", kind, value).unwrap_err();
        assert!(code == "InvalidParameterValue" && message.contains(why), "{kind} {value:?}: {message}");
    }
    for (name, kind, value) in [("a.b", "Number", "-1.5e3"), ("awsx", "String.custom", "ü\n"), ("a", "Number.int", "7")]
    {
        assert!(send(name, kind, value).is_ok(), "{name} {kind} {value}");
    }
}

#[test]
fn a_queue_has_fifty_tags_and_keys_that_are_some() {
    let mut cloud = Cloud::of(&Setup::new().queue("q"));
    let tags = |from: usize, to: usize| {
        let tags: serde_json::Map<_, _> = (from..to).map(|i| (format!("k{i}"), json!("v"))).collect();
        json!({ "QueueUrl": "q", "Tags": tags })
    };
    let untag = |keys: serde_json::Value| json!({ "QueueUrl": "q", "TagKeys": keys });
    let long = "x".repeat(129);
    cloud.refuses([
        (Service::Sqs, "TagQueue", tags(0, 0), "MissingParameter: The request must contain the parameter Tags."),
        (Service::Sqs, "TagQueue", tags(0, 51), "InvalidParameterValue: Too many tags added for queue q."),
        (Service::Sqs, "TagQueue", tags(0, 50), ""),
        (Service::Sqs, "TagQueue", tags(49, 50), ""),
        (Service::Sqs, "TagQueue", tags(50, 51), "InvalidParameterValue: Too many tags added for queue q."),
        (Service::Sqs, "UntagQueue", untag(json!([])), "InvalidParameterValue: Tag keys must be between 1 and 128"),
        (Service::Sqs, "UntagQueue", untag(json!([long])), "InvalidParameterValue: Tag keys must be between 1 and 128"),
        (Service::Sqs, "UntagQueue", untag(json!(["k0", "none"])), ""),
        (Service::Sqs, "TagQueue", tags(50, 51), ""),
    ]);
}

#[test]
fn a_parameter_of_another_type_is_no_absent_one() {
    let mut cloud = Cloud::of(&Setup::new().queue("q"));
    let role = "arn:aws:iam::123456789012:role/r";
    let code = json!({ "ZipFile": ZIP });
    let function = json!({ "FunctionName": "f", "Runtime": "python3.12", "Handler": "a.b", "Role": role, "Code": code,
        "Timeout": "abc" });
    let refused = "SerializationException: STRING_VALUE cannot be converted to Integer";
    cloud.refuses([
        (Service::Sqs, "SendMessage", json!({ "QueueUrl": "q", "MessageBody": "b", "DelaySeconds": "abc" }), refused),
        (
            Service::Sqs,
            "SendMessage",
            json!({ "QueueUrl": "q", "MessageBody": 5 }),
            "SerializationException: NUMBER_VALUE cannot be converted to String",
        ),
        (Service::Lambda, "CreateFunction", function, refused),
        (Service::Events, "PutEvents", json!({ "Entries": 5 }), "SerializationException: Expected list or null"),
        (Service::Sqs, "SendMessage", json!({ "QueueUrl": "q", "MessageBody": "b", "DelaySeconds": "5" }), ""),
        (Service::Sqs, "PurgeQueue", json!({ "QueueUrl": "q", "Hard": true }), "NotModelled: the parameter `Hard`"),
    ]);
}

#[test]
fn a_bucket_tells_only_those_who_are_there_and_of_what_there_is() {
    let setup = Setup::new().bucket("data").queue("q").topic("t").function(Function::new("f").mock(json!(1)));
    let mut cloud = Cloud::of(&setup);
    let told = |list: &str, member: &str, arn: &str, event: &str| {
        let entry = json!({ member: arn, "Events": [event] });
        json!({ "Bucket": "data", "NotificationConfiguration": { list: [entry] } })
    };
    let queue = |name: &str, event: &str| told("QueueConfigurations", "QueueArn", &arn("sqs", name), event);
    let topic = |name: &str| told("TopicConfigurations", "TopicArn", &arn("sns", name), "s3:ObjectCreated:Put");
    let function = |name: &str| {
        let arn = arn("lambda", &format!("function:{name}"));
        told("LambdaFunctionConfigurations", "LambdaFunctionArn", &arn, "s3:ObjectRemoved:*")
    };
    let mut unchecked = queue("gone", "s3:ObjectCreated:*");
    unchecked["SkipDestinationValidation"] = json!(true);
    let mut nowhere = queue("gone", "s3:ObjectCreated:*");
    nowhere["Bucket"] = json!("none");
    let put = "PutBucketNotificationConfiguration";
    let invalid = "InvalidArgument: Unable to validate the following destination configurations";
    cloud.refuses([
        (Service::S3, put, queue("q", "s3:ObjectCreated:*"), ""),
        (Service::S3, put, topic("t"), ""),
        (Service::S3, put, function("f"), ""),
        (Service::S3, put, queue("gone", "s3:ObjectCreated:*"), invalid),
        (Service::S3, put, topic("gone"), invalid),
        (Service::S3, put, function("gone"), invalid),
        (Service::S3, put, queue("q", "s3:Foo"), "InvalidArgument: The event is not supported for notifications"),
        (Service::S3, put, unchecked, ""),
        (Service::S3, put, nowhere, "NoSuchBucket"),
    ]);
}

#[test]
fn a_schedule_that_is_made_again_by_the_same_request_is_the_same() {
    let mut cloud = Cloud::of(&Setup::new().queue("q"));
    let schedule = |token: &str, minutes: u32| {
        json!({ "Name": "s", "ScheduleExpression": format!("rate({minutes} minutes)"), "ClientToken": token,
            "FlexibleTimeWindow": { "Mode": "OFF" },
            "Target": { "Arn": arn("sqs", "q"), "RoleArn": "arn:aws:iam::123456789012:role/r" } })
    };
    let group = |token: &str| json!({ "Name": "g", "ClientToken": token });
    let mut without = schedule("", 5);
    without.as_object_mut().unwrap().remove("ClientToken");
    let first = cloud.ok(Service::Scheduler, "CreateSchedule", schedule("one", 5));
    assert_eq!(cloud.ok(Service::Scheduler, "CreateSchedule", schedule("one", 5)), first);
    let first = cloud.ok(Service::Scheduler, "CreateScheduleGroup", group("one"));
    assert_eq!(cloud.ok(Service::Scheduler, "CreateScheduleGroup", group("one")), first);
    let conflict = "ConflictException: Schedule s already exists.";
    cloud.refuses([
        (Service::Scheduler, "CreateSchedule", schedule("two", 5), conflict),
        (Service::Scheduler, "CreateSchedule", schedule("one", 6), conflict),
        (Service::Scheduler, "CreateSchedule", without.clone(), conflict),
        (Service::Scheduler, "UpdateSchedule", schedule("three", 7), ""),
        (Service::Scheduler, "CreateSchedule", schedule("one", 5), ""),
        (
            Service::Scheduler,
            "CreateScheduleGroup",
            group("two"),
            "ConflictException: Schedule group g already exists.",
        ),
        (Service::Scheduler, "DeleteSchedule", json!({ "Name": "s" }), ""),
        (Service::Scheduler, "CreateSchedule", without.clone(), ""),
        (Service::Scheduler, "CreateSchedule", without, conflict),
    ]);
}

/// An archive with one empty file in it, `a`.
const ZIP: &str = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAABAAAAYVBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAACAAQAAAABhUEsFBgAAAAABAAEALwAAAB8AAAAAAA==";

#[test]
fn a_function_needs_a_runtime_that_there_is_and_code_that_can_be_had() {
    let mut cloud = Cloud::of(&Setup::new().bucket("code").object("code", "f.zip", "PK"));
    let function = |name: &str, runtime: &str, code: serde_json::Value| {
        json!({ "FunctionName": name, "Runtime": runtime, "Handler": "a.b", "Code": code,
            "Role": "arn:aws:iam::123456789012:role/r" })
    };
    let at = |bucket: &str, key: &str| json!({ "S3Bucket": bucket, "S3Key": key });
    let update = |bucket: &str| json!({ "FunctionName": "f", "S3Bucket": bucket, "S3Key": "f.zip" });
    let empty = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
    let create = "CreateFunction";
    let no_bucket = "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error \
                     Message: The specified bucket does not exist";
    cloud.refuses([
        (
            Service::Lambda,
            create,
            function("f", "foo", json!({ "ZipFile": ZIP })),
            "InvalidParameterValueException: Value foo at 'runtime' failed to satisfy constraint: Member must satisfy enum",
        ),
        (
            Service::Lambda,
            create,
            function("f", "python3.12", json!({ "ZipFile": "bm8gemlw" })),
            "InvalidParameterValueException: Could not unzip uploaded file.",
        ),
        (
            Service::Lambda,
            create,
            function("f", "python3.12", json!({ "ZipFile": empty })),
            "InvalidParameterValueException: Uploaded file must be a non-empty zip",
        ),
        (Service::Lambda, create, function("f", "python3.12", at("none", "f.zip")), no_bucket),
        (
            Service::Lambda,
            create,
            function("f", "python3.12", at("code", "g.zip")),
            "InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The \
             specified key does not exist.",
        ),
        (Service::Lambda, "UpdateFunctionCode", update("none"), "ResourceNotFoundException"),
        (Service::Lambda, create, function("f", "python3.12", at("code", "f.zip")), ""),
        (Service::Lambda, create, function("g", "nodejs22.x", json!({ "ZipFile": ZIP })), ""),
        (Service::Lambda, "UpdateFunctionCode", update("none"), no_bucket),
        (Service::Lambda, "UpdateFunctionCode", update("code"), ""),
    ]);
}

#[test]
fn a_mapping_from_a_stream_is_refused_as_such() {
    let mut cloud = Cloud::of(&Setup::new().function(Function::new("f").mock(json!(1))));
    let source = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/1";
    let input = json!({ "EventSourceArn": source, "FunctionName": "f", "StartingPosition": "LATEST" });
    let want = "NotModelled: an event source mapping from a stream of DynamoDB (`arn:aws:dynamodb";
    cloud.refuses([(Service::Lambda, "CreateEventSourceMapping", input, want)]);
}

#[cfg(feature = "dynamodb")]
mod tables {
    use rehearsal::services::Table;

    use super::*;

    const DYNAMODB: Service = Service::DynamoDb;

    fn cloud() -> Cloud {
        let (first, second) = (json!({ "id": "a", "n": 1 }), json!({ "id": "b" }));
        Cloud::of(&Setup::new().table(Table::new("tab", "id").item(first).item(second)))
    }

    #[test]
    fn a_transaction_that_would_change_a_key_is_cancelled_and_does_nothing() {
        let mut cloud = cloud();
        let update = |id: &str, expression: &str| {
            json!({ "Update": { "TableName": "tab", "Key": { "id": { "S": id } }, "UpdateExpression": expression,
                "ExpressionAttributeNames": { "#i": "id", "#n": "n" },
                "ExpressionAttributeValues": { ":x": { "S": "q" } } } })
        };
        let put = json!({ "Put": { "TableName": "tab", "Item": { "id": { "S": "c" } } } });
        let both = json!({ "TransactItems": [put, update("a", "SET #n = :x, #i = :x")] });
        let refused = cloud.call(DYNAMODB, "TransactWriteItems", both).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), ("TransactionCanceledException", 400));
        assert!(refused.message.ends_with("[None, ValidationError]"), "{}", refused.message);
        let reasons = refused.members.unwrap().to_json()["CancellationReasons"].clone();
        assert_eq!(
            reasons[1]["Message"],
            "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key"
        );
        let ids: Vec<_> = cloud.0.items("tab").unwrap().iter().map(|item| item.to_json()["id"].clone()).collect();
        assert_eq!(ids, [json!("a"), json!("b")]);
        let fine = json!({ "Update": { "TableName": "tab", "Key": { "id": { "S": "a" } },
            "UpdateExpression": "SET n = if_not_exists(id, :x)", "ExpressionAttributeValues": { ":x": { "S": "q" } } } });
        cloud.ok(DYNAMODB, "TransactWriteItems", json!({ "TransactItems": [fine] }));
    }

    #[test]
    fn values_without_an_expression_are_refused_in_transactions_too() {
        let put = |more: serde_json::Value| {
            let mut put = json!({ "TableName": "tab", "Item": { "id": { "S": "c" } } });
            put.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "TransactItems": [{ "Put": put }] })
        };
        let values = json!({ "ExpressionAttributeValues": { ":x": { "S": "1" } } });
        let used = json!({ "ExpressionAttributeValues": { ":x": { "S": "1" } }, "ConditionExpression": "id <> :x" });
        cloud().refuses([
            (
                DYNAMODB,
                "TransactWriteItems",
                put(values),
                "ValidationException: ExpressionAttributeValues can only be specified when using expressions: \
                 ConditionExpression is null",
            ),
            (
                DYNAMODB,
                "TransactWriteItems",
                put(json!({ "ExpressionAttributeNames": { "#x": "x" } })),
                "ValidationException: ExpressionAttributeNames can only be specified when using expressions",
            ),
            (DYNAMODB, "TransactWriteItems", put(used), ""),
        ]);
    }

    #[test]
    fn an_index_gives_only_what_it_has() {
        let mut cloud = Cloud::of(&Setup::new().with(DYNAMODB));
        let key = |name: &str| json!([{ "AttributeName": name, "KeyType": "HASH" }]);
        let text = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let index = json!({ "IndexName": "gix", "KeySchema": key("g"),
            "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"] } });
        let table = json!({ "TableName": "tab", "KeySchema": key("id"), "AttributeDefinitions": [text("id"), text("g")],
            "BillingMode": "PAY_PER_REQUEST", "GlobalSecondaryIndexes": [index] });
        cloud.ok(DYNAMODB, "CreateTable", table);
        let query = |projection: &str| {
            json!({ "TableName": "tab", "IndexName": "gix", "KeyConditionExpression": "g = :g",
                "ExpressionAttributeValues": { ":g": { "S": "x" } }, "ExpressionAttributeNames": { "#b": "b" },
                "ProjectionExpression": projection })
        };
        cloud.refuses([(
            DYNAMODB,
            "Query",
            query("id, a, #b.c"),
            "ValidationException: One or more parameter values were invalid: Global secondary index gix does not project [b]",
        )]);
        let mut fine = query("id, g, a.x[0]");
        fine.as_object_mut().unwrap().remove("ExpressionAttributeNames");
        cloud.ok(DYNAMODB, "Query", fine);
    }

    #[test]
    fn what_is_on_or_off_already_is_not_turned_so_again() {
        let expiry = |enabled: bool| {
            let wanted = json!({ "Enabled": enabled, "AttributeName": "ttl" });
            json!({ "TableName": "tab", "TimeToLiveSpecification": wanted })
        };
        let stream =
            |specification: serde_json::Value| json!({ "TableName": "tab", "StreamSpecification": specification });
        let on = || stream(json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" }));
        let off = || stream(json!({ "StreamEnabled": false }));
        let mut cloud = cloud();
        cloud.refuses([
            (DYNAMODB, "UpdateTimeToLive", expiry(false), "ValidationException: TimeToLive is already disabled"),
            (DYNAMODB, "UpdateTimeToLive", expiry(true), ""),
            (DYNAMODB, "UpdateTimeToLive", expiry(true), "ValidationException: TimeToLive is already enabled"),
            (DYNAMODB, "UpdateTimeToLive", expiry(false), ""),
            (DYNAMODB, "UpdateTable", off(), "ValidationException: Table has no enabled stream"),
            (DYNAMODB, "UpdateTable", on(), ""),
            (DYNAMODB, "UpdateTable", on(), "ValidationException: Table already has an enabled stream"),
        ]);
        let described = cloud.ok(DYNAMODB, "DescribeTable", json!({ "TableName": "tab" }));
        let stream = json!({ "StreamArn": described["Table"]["LatestStreamArn"] });
        let item = json!({ "TableName": "tab", "Item": { "id": { "S": "c" } } });
        cloud.ok(DYNAMODB, "PutItem", item);
        let described = cloud.ok(DYNAMODB, "DescribeStream", stream);
        let range = &described["StreamDescription"]["Shards"][0]["SequenceNumberRange"];
        assert!(range["StartingSequenceNumber"].is_string() && range["EndingSequenceNumber"].is_null(), "{described}");
        cloud.ok(DYNAMODB, "UpdateTable", off());
    }

    #[test]
    fn what_the_engine_does_not_read_is_not_swallowed() {
        let create = |more: (&str, serde_json::Value)| {
            let mut table = json!({ "TableName": "new", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
                "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }] });
            table[more.0] = more.1;
            table
        };
        let update = |member: &str, value: serde_json::Value| json!({ "TableName": "tab", member: value });
        let warmth = json!({ "ReadUnitsPerSecond": 100 });
        let replica = json!([{ "Create": { "RegionName": "eu-west-1" } }]);
        cloud().refuses([
            (
                DYNAMODB,
                "CreateTable",
                create(("ResourcePolicy", json!("{}"))),
                "NotModelled: the parameter `ResourcePolicy`",
            ),
            (
                DYNAMODB,
                "CreateTable",
                create(("WarmThroughput", warmth.clone())),
                "NotModelled: the parameter `WarmThroughput`",
            ),
            (DYNAMODB, "UpdateTable", update("WarmThroughput", warmth), "NotModelled: the parameter `WarmThroughput`"),
            (DYNAMODB, "UpdateTable", update("ReplicaUpdates", replica), "NotModelled: the parameter `ReplicaUpdates`"),
            (DYNAMODB, "CreateTable", create(("WarmThroughput", json!(null))), ""),
        ]);
    }

    #[test]
    fn key_conditions_and_types_are_refused_in_the_words_of_the_service() {
        let query = |condition: &str| {
            json!({ "TableName": "tab", "KeyConditionExpression": condition,
                "ExpressionAttributeValues": { ":a": { "S": "a" }, ":b": { "S": "b" } } })
        };
        let typed = |kind: &str| {
            json!({ "TableName": "tab", "FilterExpression": "attribute_type ( n, :k )",
                "ExpressionAttributeValues": { ":k": { "S": kind } } })
        };
        let operator = "ValidationException: Invalid operator used in KeyConditionExpression: ";
        let said = |operation: &str, input: serde_json::Value| {
            cloud().call(DYNAMODB, operation, input).map(|_| ()).map_err(|error| error.to_string())
        };
        for (condition, odd) in
            [("id = :a OR id = :b", "OR"), ("id <> :a", "<>"), ("id IN (:a, :b)", "IN"), ("NOT id = :a", "NOT")]
        {
            assert_eq!(said("Query", query(condition)), Err(format!("{operator}{odd}")), "{condition}");
        }
        assert_eq!(
            said("Scan", typed("Z")).unwrap_err(),
            "ValidationException: Invalid FilterExpression: Invalid attribute type name found; type: Z, valid types: \
             {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
        );
        assert_eq!(said("Scan", typed("N")), Ok(()));
    }
}
