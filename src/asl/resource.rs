//! What a Task calls: the `Resource` ARN, taken apart.

use crate::value::Str;

/// A Task's `Resource`, parsed. Which family of history events a task writes follows from it.
///
/// ```
/// use rehearsal::asl::Resource;
///
/// let r = Resource::parse("arn:aws:states:::sqs:sendMessage.waitForTaskToken").unwrap();
/// assert_eq!((r.service(), r.api()), ("sqs", "sendMessage.waitForTaskToken"));
/// assert!(r.waits_for_token());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    arn: Str,
    kind: ResourceKind,
}

/// The families of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A Lambda function's own ARN: raw payload in and out, `LambdaFunction*` events.
    Lambda {
        /// The function's name, without qualifier.
        function: Str,
    },
    /// An activity, polled by workers: `Activity*` events.
    Activity {
        /// The activity's name.
        name: Str,
    },
    /// An optimised integration, an `aws-sdk:` integration or `http:invoke`: `Task*` events.
    Service {
        /// `lambda`, `aws-sdk:dynamodb`, `http`: `resourceType` in the history.
        service: Str,
        /// `invoke`, `sendMessage.waitForTaskToken`: `resource` in the history.
        api: Str,
        /// The call alone: `sendMessage`.
        action: Str,
        /// When the task is done.
        pattern: Pattern,
    },
}

/// The service integration patterns: when a task counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// When the call answers.
    RequestResponse,
    /// When the job that the call started ends (`.sync`).
    Sync,
    /// The same, with the job's output parsed (`.sync:2`).
    Sync2,
    /// When somebody hands the task token back (`.waitForTaskToken`).
    WaitForTaskToken,
}

const PATTERNS: [(&str, Pattern); 3] =
    [(".sync:2", Pattern::Sync2), (".sync", Pattern::Sync), (".waitForTaskToken", Pattern::WaitForTaskToken)];

impl Resource {
    /// Takes an ARN apart; `None` where no integration has this form.
    pub fn parse(arn: &str) -> Option<Resource> {
        let mut parts = arn.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (_partition, service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let rest = parts.next().filter(|r| !r.is_empty())?;
        let kind = match service {
            "lambda" => {
                let function = rest.strip_prefix("function:")?;
                let function = function.split(':').next().filter(|f| !f.is_empty())?;
                ResourceKind::Lambda { function: function.into() }
            }
            "states" if !(region.is_empty() && account.is_empty()) && rest.starts_with("activity:") => {
                ResourceKind::Activity { name: rest.strip_prefix("activity:")?.into() }
            }
            // Integrations have neither region nor account; written with both they mean the same.
            "states" => {
                let (api, pattern) = PATTERNS
                    .iter()
                    .find_map(|(suffix, p)| rest.strip_suffix(suffix).map(|a| (a, *p)))
                    .unwrap_or((rest, Pattern::RequestResponse));
                let (service, action) = api.rsplit_once(':')?;
                let service_ok = match service.strip_prefix("aws-sdk:") {
                    Some(sdk) => !sdk.is_empty() && !sdk.contains(':'),
                    None => !service.is_empty() && !service.contains(':'),
                };
                let named = action.chars().all(|c| c.is_ascii_alphanumeric()) && !action.is_empty();
                if !service_ok || !named {
                    return None;
                }
                ResourceKind::Service {
                    service: service.into(),
                    api: rest.get(service.len() + 1..)?.into(),
                    action: action.into(),
                    pattern,
                }
            }
            _ => return None,
        };
        Some(Resource { arn: arn.into(), kind })
    }
    /// The ARN as written.
    pub fn arn(&self) -> &Str {
        &self.arn
    }
    /// The family and its parts.
    pub fn kind(&self) -> &ResourceKind {
        &self.kind
    }
    /// The service that answers: `lambda`, `activity`, `sqs`, `aws-sdk:s3`, …
    pub fn service(&self) -> &str {
        match &self.kind {
            ResourceKind::Lambda { .. } => "lambda",
            ResourceKind::Activity { .. } => "activity",
            ResourceKind::Service { service, .. } => service,
        }
    }
    /// The API with its pattern: `invoke`, `startExecution.sync:2`; for a Lambda or activity ARN its name.
    pub fn api(&self) -> &str {
        match &self.kind {
            ResourceKind::Lambda { function } => function,
            ResourceKind::Activity { name } => name,
            ResourceKind::Service { api, .. } => api,
        }
    }
    /// The integration pattern; Lambda and activity ARNs are request–response.
    pub fn pattern(&self) -> Pattern {
        match self.kind {
            ResourceKind::Service { pattern, .. } => pattern,
            _ => Pattern::RequestResponse,
        }
    }
    /// Whether the task ends by its token being handed back.
    pub fn waits_for_token(&self) -> bool {
        self.pattern() == Pattern::WaitForTaskToken
    }
    /// Whether the task starts a job and waits for its end.
    pub fn runs_a_job(&self) -> bool {
        matches!(self.pattern(), Pattern::Sync | Pattern::Sync2)
    }
    /// Whether this is an activity.
    pub fn is_activity(&self) -> bool {
        matches!(self.kind, ResourceKind::Activity { .. })
    }
    /// `service:action` as people write it: `dynamodb:putItem`, `aws-sdk:s3:getObject`, `lambda:invoke`; a
    /// Lambda function's ARN is `lambda:invoke` too, an activity `activity:NAME`.
    pub fn short(&self) -> String {
        match &self.kind {
            ResourceKind::Lambda { .. } => "lambda:invoke".into(),
            ResourceKind::Activity { name } => format!("activity:{name}"),
            ResourceKind::Service { service, api, .. } => format!("{service}:{api}"),
        }
    }
    /// What a too-large result is blamed on: the service for integrations, the ARN otherwise.
    pub fn blame(&self) -> &str {
        match &self.kind {
            ResourceKind::Service { service, .. } => service,
            _ => &self.arn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_resource_is_taken_apart() {
        let r = |s: &str| Resource::parse(s).map(|r| format!("{}|{}|{:?}", r.service(), r.api(), r.pattern()));
        for (arn, want) in [
            ("arn:aws:lambda:us-east-1:123456789012:function:charge:live", "lambda|charge|RequestResponse"),
            ("arn:aws:states:us-east-1:123456789012:activity:pack", "activity|pack|RequestResponse"),
            ("arn:aws:states:::lambda:invoke", "lambda|invoke|RequestResponse"),
            ("arn:aws:states:::states:startExecution.sync:2", "states|startExecution.sync:2|Sync2"),
            ("arn:aws-cn:states:::batch:submitJob.sync", "batch|submitJob.sync|Sync"),
            ("arn:aws:states:::aws-sdk:sfn:startSyncExecution", "aws-sdk:sfn|startSyncExecution|RequestResponse"),
            ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "sqs|sendMessage.waitForTaskToken|WaitForTaskToken"),
            ("arn:aws:states:us-east-1:123456789012:aws-sdk:s3:getObject", "aws-sdk:s3|getObject|RequestResponse"),
            ("arn:aws:states:::http:invoke", "http|invoke|RequestResponse"),
        ] {
            assert_eq!(r(arn).as_deref(), Some(want), "{arn}");
        }
        for wrong in ["", "charge", "arn:aws:s3:::bucket", "arn:aws:states:::lambda", "arn:aws:states:::a:b:c:d"] {
            assert_eq!(r(wrong), None, "{wrong}");
        }
    }
}
