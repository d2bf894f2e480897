//! The AWS SDK for Rust, as it is, against `Harness::serve()`.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_smithy_http_client::Builder as Http;
use rehearsal::prelude::*;
use rehearsal::server::Server;
use rehearsal::services::{Function, Setup};

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:smoke";

/// A server with a queue, a topic and a function.
fn server() -> Server {
    let machine = Machine::parse(r#"{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}"#).unwrap();
    let charge = Function::new("charge").mock(rehearsal::mock::returns(json!({ "charged": true })));
    let setup = Setup::new().queue("smoke").topic("smoke").subscribe("smoke", "smoke").function(charge);
    Harness::new(&machine).services(setup).serve()
}

/// A client of a service for a server.
macro_rules! client {
    ($sdk:ident, $server:expr $(, $setting:ident($value:expr))*) => {{
        let config = $sdk::Config::builder()
            .behavior_version_latest()
            .region($sdk::config::Region::new("us-east-1"))
            .credentials_provider($sdk::config::Credentials::new("any", "any", None, None, "test"))
            .endpoint_url($server.url())
            .http_client(Http::new().build_http())
            $(.$setting($value))*
            .build();
        $sdk::Client::from_conf(config)
    }};
}

async fn body_of_the_next(sqs: &aws_sdk_sqs::Client) -> String {
    let url = sqs.get_queue_url().queue_name("smoke").send().await.unwrap().queue_url.unwrap();
    let got = sqs.receive_message().queue_url(&url).wait_time_seconds(5).send().await.unwrap();
    let message = &got.messages()[0];
    sqs.delete_message().queue_url(&url).receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    message.body().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_through_a_queue() {
    let server = server();
    let sqs = client!(aws_sdk_sqs, server);
    let url = sqs.get_queue_url().queue_name("smoke").send().await.unwrap().queue_url.unwrap();
    sqs.send_message().queue_url(&url).message_body("grüß 🎈").send().await.unwrap();
    assert_eq!(body_of_the_next(&sqs).await, "grüß 🎈");
    let refused = sqs.get_queue_url().queue_name("nobody").send().await.unwrap_err().into_service_error();
    assert!(refused.is_queue_does_not_exist(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_reaches_its_queue() {
    let server = server();
    let (sns, sqs) = (client!(aws_sdk_sns, server), client!(aws_sdk_sqs, server));
    let topic = "arn:aws:sns:us-east-1:123456789012:smoke";
    sns.publish().topic_arn(topic).message("hello").send().await.unwrap();
    assert_eq!(body_of_the_next(&sqs).await, "hello");
    let refused = sns.publish().topic_arn(format!("{topic}-no")).message("x").send().await.unwrap_err();
    assert!(refused.into_service_error().is_not_found_exception());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_waited_for_and_keeps_items() {
    use aws_sdk_dynamodb::client::Waiters as _;

    let server = server();
    let db = client!(aws_sdk_dynamodb, server);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let id =
        AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build().unwrap();
    let create = db.create_table().table_name("smoke").key_schema(key).attribute_definitions(id);
    create.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    let patience = std::time::Duration::from_secs(30);
    db.wait_until_table_exists().table_name("smoke").wait(patience).await.unwrap();
    let one = AttributeValue::S("1".into());
    db.put_item()
        .table_name("smoke")
        .item("id", one.clone())
        .item("n", AttributeValue::N("5".into()))
        .send()
        .await
        .unwrap();
    let got = db.get_item().table_name("smoke").key("id", one.clone()).send().await.unwrap();
    assert_eq!(got.item().unwrap()["n"], AttributeValue::N("5".into()));
    let again = db.put_item().table_name("smoke").item("id", one).condition_expression("attribute_not_exists(id)");
    assert!(again.send().await.unwrap_err().into_service_error().is_conditional_check_failed_exception());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_comes_back_as_it_was() {
    let server = server();
    let s3 = client!(aws_sdk_s3, server, force_path_style(true));
    s3.create_bucket().bucket("smoke").send().await.unwrap();
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"hello");
    s3.put_object().bucket("smoke").key("a b/ü.txt").body(body).metadata("a", "1").send().await.unwrap();
    let got = s3.get_object().bucket("smoke").key("a b/ü.txt").send().await.unwrap();
    assert_eq!(got.metadata().unwrap()["a"], "1");
    assert_eq!(&*got.body.collect().await.unwrap().into_bytes(), b"hello");
    let listed = s3.list_objects_v2().bucket("smoke").send().await.unwrap();
    assert_eq!(listed.contents()[0].key(), Some("a b/ü.txt"));
    let refused = s3.get_object().bucket("smoke").key("no").send().await.unwrap_err().into_service_error();
    assert!(refused.is_no_such_key(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_invoked() {
    let server = server();
    let lambda = client!(aws_sdk_lambda, server);
    let payload = aws_sdk_lambda::primitives::Blob::new(r#"{"total": 5}"#);
    let done = lambda.invoke().function_name("charge").payload(payload).send().await.unwrap();
    assert_eq!((done.status_code(), done.function_error()), (200, None));
    assert_eq!(done.payload().unwrap().as_ref(), br#"{"charged":true}"#);
    let refused = lambda.invoke().function_name("nobody").send().await.unwrap_err().into_service_error();
    assert!(refused.is_resource_not_found_exception(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_reaches_the_target_of_a_rule() {
    use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};

    let server = server();
    let (events, sqs) = (client!(aws_sdk_eventbridge, server), client!(aws_sdk_sqs, server));
    events.put_rule().name("smoke").event_pattern(r#"{"source": ["shop"]}"#).send().await.unwrap();
    let target = Target::builder().id("1").arn(QUEUE).input_path("$.detail").build().unwrap();
    events.put_targets().rule("smoke").targets(target).send().await.unwrap();
    let entry = PutEventsRequestEntry::builder().source("shop").detail_type("Placed").detail(r#"{"n":1}"#).build();
    let done = events.put_events().entries(entry).send().await.unwrap();
    assert_eq!(done.failed_entry_count(), 0);
    assert_eq!(body_of_the_next(&sqs).await, r#"{"n":1}"#);
    let refused = events.describe_rule().name("nobody").send().await.unwrap_err().into_service_error();
    assert!(refused.is_resource_not_found_exception(), "{refused:?}");
}
