//! The workflow in Rust, where a test needs code.

use checkout_service::{REVIEWED_FROM, total};
use rehearsal::prelude::*;

fn checkout() -> Harness {
    let machine = Machine::load("infra/checkout.asl.json").unwrap();
    Harness::new(&machine)
        .mock("ReserveStock", json!({}))
        .mock("ChargeCard", mock::payload(json!({"chargeId": "c-1"})))
        .mock("AskForReview", mock::later())
        .mock("PackItem", mock::answers(|call| call.payload.clone()))
        .mock("Confirm", json!({"MessageId": "m-1"}))
        .mock("Refund", mock::payload(json!({})))
        .mock("ReleaseStock", json!({}))
}

#[test]
fn orders_are_reviewed_from_the_amount_that_the_code_says() {
    let small = total(&[REVIEWED_FROM - 2, 1]);
    let run = checkout().run(json!({"id": "o-1", "total": small, "items": []}));
    run.assert_succeeded();
    assert!(run.calls_to("AskForReview").is_empty());

    let mut session = checkout().start(json!({"id": "o-2", "total": small + 1, "items": []}));
    session.advance(3.hours());
    session.token("AskForReview").succeed(json!({"by": "Kim"}));
    session.finish().assert_succeeded().assert_elapsed(3.hours());
}

#[test]
fn what_an_order_goes_through_stays_as_it_is() {
    let run = checkout().run(json!({"id": "o-1", "total": 30, "items": ["book", "pen"]}));
    rehearsal::assert_history_snapshot!(run);
}
