//! What tasks answer, where the service writes the envelope itself.

use super::Shape;
use crate::asl::machine::StateId;
use crate::asl::resource::{Pattern, Resource, ResourceKind};

/// One integration: service, action, pattern, and the members its result may have.
struct Row {
    service: &'static str,
    action: &'static str,
    pattern: Pattern,
    members: &'static [Member],
}

#[derive(Clone, Copy)]
enum Member {
    Any(&'static str),
    Text(&'static str),
    Number(&'static str),
}

use Member::{Any, Number, Text};
use Pattern::{RequestResponse, Sync, Sync2};

/// What the service adds to results of optimised integrations.
const METADATA: [Member; 2] = [Any("SdkHttpMetadata"), Any("SdkResponseMetadata")];

const DESCRIPTION: &[Member] = &[
    Text("ExecutionArn"),
    Any("Input"),
    Any("InputDetails"),
    Text("Name"),
    Any("Output"),
    Any("OutputDetails"),
    Any("StartDate"),
    Text("StateMachineArn"),
    Text("Status"),
    Any("StopDate"),
    Any("TraceHeader"),
    Any("Error"),
    Any("Cause"),
    Any("MapRunArn"),
    Any("RedriveCount"),
    Any("RedriveDate"),
    Any("RedriveStatus"),
    Any("RedriveStatusReason"),
    Any("StateMachineAliasArn"),
    Any("StateMachineVersionArn"),
];
const WRITE: &[Member] = &[Any("Attributes"), Any("ConsumedCapacity"), Any("ItemCollectionMetrics")];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { service: "lambda", action: "invoke", pattern: RequestResponse, members: &[
        Text("ExecutedVersion"), Any("FunctionError"), Any("LogResult"), Any("Payload"), Number("StatusCode"),
    ] },
    Row { service: "sqs", action: "sendMessage", pattern: RequestResponse, members: &[
        Any("MD5OfMessageAttributes"), Text("MD5OfMessageBody"), Any("MD5OfMessageSystemAttributes"),
        Any("Md5OfMessageAttributes"), Any("Md5OfMessageBody"), Any("Md5OfMessageSystemAttributes"),
        Text("MessageId"), Any("SequenceNumber"),
    ] },
    Row { service: "sns", action: "publish", pattern: RequestResponse, members: &[Text("MessageId"), Any("SequenceNumber")] },
    Row { service: "events", action: "putEvents", pattern: RequestResponse, members: &[
        Any("Entries"), Number("FailedEntryCount"),
    ] },
    Row { service: "dynamodb", action: "getItem", pattern: RequestResponse, members: &[Any("ConsumedCapacity"), Any("Item")] },
    Row { service: "dynamodb", action: "putItem", pattern: RequestResponse, members: WRITE },
    Row { service: "dynamodb", action: "updateItem", pattern: RequestResponse, members: WRITE },
    Row { service: "dynamodb", action: "deleteItem", pattern: RequestResponse, members: WRITE },
    Row { service: "states", action: "startExecution", pattern: RequestResponse, members: &[
        Text("ExecutionArn"), Any("StartDate"),
    ] },
    Row { service: "states", action: "startExecution", pattern: Sync, members: DESCRIPTION },
    Row { service: "states", action: "startExecution", pattern: Sync2, members: DESCRIPTION },
];

/// The shape of a task's result.
pub(super) fn of(resource: &Resource, from: StateId) -> Shape {
    let ResourceKind::Service { service, action, pattern, .. } = resource.kind() else { return Shape::Unknown };
    let is_this = |row: &&Row| row.service == &**service && row.action == &**action && row.pattern == *pattern;
    let Some(row) = ROWS.iter().find(is_this) else { return Shape::Unknown };
    Shape::object(
        from,
        row.members.iter().chain(&METADATA).map(|member| match member {
            Any(name) => ((*name).into(), Shape::Unknown),
            Text(name) => ((*name).into(), Shape::TEXT),
            Number(name) => ((*name).into(), Shape::NUMBER),
        }),
    )
}

/// `{"Error": …, "Cause": …}`, as catchers get it.
pub(super) fn caught(from: StateId) -> Shape {
    Shape::object(from, [("Error".into(), Shape::TEXT), ("Cause".into(), Shape::TEXT)])
}
