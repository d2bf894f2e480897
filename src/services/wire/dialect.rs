//! How a service spells lists and maps in forms and in XML.

use crate::services::Service;

/// What a member is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A list, each item of which has the element's name.
    List,
    /// A map whose entries have the element's name, with the names of their keys and values.
    Map(&'static str, &'static str),
}

/// How a service spells lists and maps.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) namespace: &'static str,
    pub(super) version: &'static str,
    /// Flattened members of inputs: as the form and as the API names them.
    pub(super) inputs: &'static [(&'static str, &'static str, Kind)],
    /// Flattened members of outputs: as the API names them and as the XML does. Others are wrapped: `member`, `entry`.
    pub(super) outputs: &'static [(&'static str, &'static str, Kind)],
    /// Wrapped members of outputs that are maps.
    pub(super) maps: &'static [&'static str],
    /// Operations whose responses have no result.
    pub(super) silent: &'static [&'static str],
    /// Operations whose request's path does not name their queue.
    pub(super) without_path: &'static [&'static str],
}

const NAME_VALUE: Kind = Kind::Map("Name", "Value");

const SQS: Dialect = Dialect {
    namespace: "http://queue.amazonaws.com/doc/2012-11-05/",
    version: "2012-11-05",
    inputs: &[
        ("AWSAccountId", "AWSAccountIds", Kind::List),
        ("ActionName", "Actions", Kind::List),
        ("Attribute", "Attributes", NAME_VALUE),
        ("AttributeName", "AttributeNames", Kind::List),
        ("ChangeMessageVisibilityBatchRequestEntry", "Entries", Kind::List),
        ("DeleteMessageBatchRequestEntry", "Entries", Kind::List),
        ("MessageAttribute", "MessageAttributes", NAME_VALUE),
        ("MessageAttributeName", "MessageAttributeNames", Kind::List),
        ("MessageSystemAttribute", "MessageSystemAttributes", NAME_VALUE),
        ("MessageSystemAttributeName", "MessageSystemAttributeNames", Kind::List),
        ("SendMessageBatchRequestEntry", "Entries", Kind::List),
        ("Tag", "Tags", Kind::Map("Key", "Value")),
        ("TagKey", "TagKeys", Kind::List),
    ],
    outputs: &[
        ("Attributes", "Attribute", NAME_VALUE),
        ("Failed", "BatchResultErrorEntry", Kind::List),
        ("MessageAttributes", "MessageAttribute", NAME_VALUE),
        ("Messages", "Message", Kind::List),
        ("QueueUrls", "QueueUrl", Kind::List),
        ("Results", "ListMessageMoveTasksResultEntry", Kind::List),
        // The operation's own name goes before it.
        ("Successful", "ResultEntry", Kind::List),
        ("Tags", "Tag", Kind::Map("Key", "Value")),
        ("queueUrls", "QueueUrl", Kind::List),
    ],
    maps: &[],
    silent: &[
        "AddPermission",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteQueue",
        "PurgeQueue",
        "RemovePermission",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
    ],
    without_path: &[
        "CancelMessageMoveTask",
        "CreateQueue",
        "GetQueueUrl",
        "ListMessageMoveTasks",
        "ListQueues",
        "StartMessageMoveTask",
    ],
};

const SNS: Dialect = Dialect {
    namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
    version: "2010-03-31",
    inputs: &[],
    outputs: &[],
    maps: &["Attributes", "attributes"],
    silent: &[
        "AddPermission",
        "DeleteEndpoint",
        "DeletePlatformApplication",
        "DeleteTopic",
        "PutDataProtectionPolicy",
        "RemovePermission",
        "SetEndpointAttributes",
        "SetPlatformApplicationAttributes",
        "SetSubscriptionAttributes",
        "SetTopicAttributes",
        "Unsubscribe",
    ],
    without_path: &[],
};

/// The dialect of a service that speaks in forms.
pub(super) const fn of(service: Service) -> Option<&'static Dialect> {
    match service {
        Service::Sns => Some(&SNS),
        Service::Sqs => Some(&SQS),
        _ => None,
    }
}
