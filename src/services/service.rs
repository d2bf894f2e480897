//! The services that have a model.

/// The services that have a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Service {
    /// DynamoDB, with the cargo feature `dynamodb`.
    DynamoDb,
    /// EventBridge.
    Events,
    /// Lambda.
    Lambda,
    /// S3.
    S3,
    /// EventBridge Scheduler.
    Scheduler,
    /// SNS.
    Sns,
    /// SQS.
    Sqs,
}

/// Every service with its name in ARNs.
const NAMES: [(Service, &str); 7] = [
    (Service::DynamoDb, "dynamodb"),
    (Service::Events, "events"),
    (Service::Lambda, "lambda"),
    (Service::S3, "s3"),
    (Service::Scheduler, "scheduler"),
    (Service::Sns, "sns"),
    (Service::Sqs, "sqs"),
];

impl Service {
    /// The service's name in ARNs, credential scopes and resources of tasks: `dynamodb`, `sns`, `sqs`.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(service, _)| *service == self).map_or("", |(_, name)| name)
    }
    /// The service of a name; `eventbridge` is `events` as well, since the SDK integrations call it so.
    pub fn of_name(name: &str) -> Option<Service> {
        let name = if name == "eventbridge" { "events" } else { name };
        NAMES.iter().find(|(_, own)| *own == name).map(|(service, _)| *service)
    }
    /// All of them.
    pub fn all() -> impl Iterator<Item = Service> {
        NAMES.iter().map(|(service, _)| *service)
    }
}
