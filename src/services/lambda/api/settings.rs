//! What hangs on functions: reserved concurrency, what becomes of events, permissions, tags.

use super::{check_revision, conflict, missing, page, wrong};
use crate::services::lambda::Lambda;
use crate::services::lambda::asynchronous::service_of;
use crate::services::lambda::deployed::Deployed;
use crate::services::lambda::name::{Target, arn_of, invalid_members, not_found};
use crate::services::members::Members;
use crate::services::{Service, ServiceError, Surroundings};
use crate::value::{Map, Str, Value};

/// How many invocations of all functions may go on in an account, and how many of them no function may reserve.
pub(super) const ACCOUNT_CONCURRENCY: u64 = 1000;
const UNRESERVED: u64 = 100;

/// The members of PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig.
pub(super) const EVENT_CONFIG: &[&str] =
    &["FunctionName", "Qualifier", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"];

/// The members of AddPermission.
pub(super) const PERMISSION: &[&str] = &[
    "FunctionName",
    "StatementId",
    "Action",
    "Principal",
    "SourceArn",
    "SourceAccount",
    "Qualifier",
    "RevisionId",
    "PrincipalOrgID",
];

fn nothing() -> Value {
    Value::empty_object()
}

impl Lambda {
    pub(super) fn put_concurrency(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let most = input.number("ReservedConcurrentExecutions");
        let Some(most) = most.and_then(|n| u64::try_from(n).ok()) else {
            return Err(invalid_members(&[
                "Value at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value greater \
                 than or equal to 0"
                    .into(),
            ]));
        };
        let name = self.named(input)?.0.name;
        let others: u64 = self.functions.values().filter(|f| f.name != name).filter_map(|f| f.reserved).sum();
        if others.saturating_add(most) > ACCOUNT_CONCURRENCY - UNRESERVED {
            return Err(wrong(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution \
                 below its minimum value of [{UNRESERVED}]."
            )));
        }
        self.named(input)?.1.reserved = Some(most);
        self.get_concurrency_of(&name)
    }
    fn get_concurrency_of(&self, name: &str) -> Result<Value, ServiceError> {
        let reserved = self.functions.get(name).and_then(|f| f.reserved).and_then(|n| i64::try_from(n).ok());
        Ok(reserved.map_or_else(nothing, |n| Value::object([("ReservedConcurrentExecutions", Value::from(n))])))
    }
    pub(super) fn get_concurrency(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = self.named(input)?.0.name;
        self.get_concurrency_of(&name)
    }
    pub(super) fn delete_concurrency(
        &mut self,
        _: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        self.named(input)?.1.reserved = None;
        Ok(nothing())
    }

    pub(super) fn put_event_config(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        if EVENT_CONFIG[2..].iter().all(|member| input.get(member).is_none()) {
            return Err(wrong("You must specify at least one of error handling or destination setting."));
        }
        self.configure_events(around, input, Map::new())
    }
    pub(super) fn update_event_config(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        let qualifier = qualifier_of(&target);
        let present = deployed.event_configs.get(qualifier).cloned();
        let present = present.ok_or_else(|| no_event_config(&target))?;
        self.configure_events(around, input, present)
    }
    fn configure_events(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
        mut config: Map,
    ) -> Result<Value, ServiceError> {
        for (member, name, least, most) in [
            ("MaximumRetryAttempts", "maximumRetryAttempts", 0, 2),
            ("MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 21_600),
        ] {
            let Some(n) = input.number(member) else { continue };
            if !(least..=most).contains(&n) {
                let (what, bound) = if n < least { ("greater", least) } else { ("less", most) };
                return Err(invalid_members(&[format!(
                    "Value '{n}' at '{name}' failed to satisfy constraint: Member must have value {what} than or equal to \
                     {bound}"
                )]));
            }
            config.insert(member, n);
        }
        let (target, deployed) = self.named(input)?;
        deployed.chosen(&target, around)?;
        if let Some(destinations) = input.get("DestinationConfig") {
            for on in ["OnSuccess", "OnFailure"] {
                let Some(to) = destinations.get(on).and_then(|d| d.get("Destination")).and_then(Value::as_str) else {
                    continue;
                };
                match service_of(to) {
                    Some(Service::Sqs | Service::Sns | Service::Lambda | Service::Events) => {}
                    Some(Service::S3) => {
                        return Err(ServiceError::not_modelled("an S3 bucket as the destination of events"));
                    }
                    _ => {
                        return Err(wrong(format!(
                            "The provided destination config DestinationConfig(onSuccess=null, onFailure=null) is invalid: {to}"
                        )));
                    }
                }
                if to == arn_of(&target.name) {
                    return Err(wrong("You can't specify the function as a destination for itself."));
                }
            }
            let part = |on: &str| destinations.get(on).cloned().unwrap_or_else(nothing);
            config.insert(
                "DestinationConfig",
                Value::object([("OnSuccess", part("OnSuccess")), ("OnFailure", part("OnFailure"))]),
            );
        } else if !config.contains_key("DestinationConfig") {
            config.insert("DestinationConfig", Value::object([("OnSuccess", nothing()), ("OnFailure", nothing())]));
        }
        let qualifier = qualifier_of(&target);
        config.insert("FunctionArn", format!("{}:{qualifier}", arn_of(&target.name)));
        config.insert("LastModified", around.now.as_millis() / 1000);
        deployed.event_configs.insert(qualifier.to_owned(), config.clone());
        Ok(config.into())
    }
    pub(super) fn get_event_config(
        &mut self,
        _: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        let config = deployed.event_configs.get(qualifier_of(&target));
        config.map(|c| c.clone().into()).ok_or_else(|| no_event_config(&target))
    }
    pub(super) fn delete_event_config(
        &mut self,
        _: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        let removed = deployed.event_configs.remove(qualifier_of(&target));
        removed.map(|_| nothing()).ok_or_else(|| no_event_config(&target))
    }
    pub(super) fn list_event_configs(
        &mut self,
        _: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let all = self.named(input)?.1.event_configs.values().map(|c| Value::from(c.clone())).collect();
        page(all, input, "FunctionEventInvokeConfigs")
    }

    pub(super) fn add_permission(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (id, action, principal) =
            (input.needed("StatementId")?, input.needed("Action")?, input.needed("Principal")?);
        let (target, deployed) = self.named(input)?;
        deployed.chosen(&target, around)?;
        check_revision(input, deployed.configuration.get("RevisionId"))?;
        let key = target.qualifier.clone().unwrap_or_default();
        let statements = deployed.policies.entry(key).or_default();
        if statements.iter().any(|s| is_called(s, id)) {
            return Err(conflict(format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement."
            )));
        }
        let is_account = principal.len() == 12 && principal.bytes().all(|b| b.is_ascii_digit());
        let who = match principal {
            "*" => Value::from("*"),
            arn if arn.starts_with("arn:") => Value::object([("AWS", Value::from(arn))]),
            account if is_account => Value::object([("AWS", Value::from(format!("arn:aws:iam::{account}:root")))]),
            service => Value::object([("Service", Value::from(service))]),
        };
        let mut statement = Map::new();
        statement.insert("Sid", id);
        statement.insert("Effect", "Allow");
        statement.insert("Principal", who);
        statement.insert("Action", action);
        statement.insert("Resource", target.arn());
        let conditions = [
            ("StringEquals", "AWS:SourceAccount", "SourceAccount"),
            ("StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID"),
            ("ArnLike", "AWS:SourceArn", "SourceArn"),
        ];
        let mut condition = Map::new();
        for (operator, key, member) in conditions {
            let Some(value) = input.text(member) else { continue };
            let mut of = condition.get(operator).and_then(Value::as_object).cloned().unwrap_or_default();
            of.insert(key, value);
            condition.insert(operator, of);
        }
        if !condition.is_empty() {
            statement.insert("Condition", condition);
        }
        let statement = Value::from(statement);
        statements.push(statement.clone());
        deployed.changed(around);
        Ok(Value::object([("Statement", Value::from(statement.to_string()))]))
    }
    pub(super) fn remove_permission(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let id = input.needed("StatementId")?;
        let (target, deployed) = self.named(input)?;
        check_revision(input, deployed.configuration.get("RevisionId"))?;
        let key = target.qualifier.clone().unwrap_or_default();
        let statements = deployed.policies.get_mut(&key).filter(|s| !s.is_empty());
        let statements = statements.ok_or_else(|| missing("No policy is associated with the given resource."))?;
        let before = statements.len();
        statements.retain(|s| !is_called(s, id));
        if statements.len() == before {
            return Err(missing(format!("Statement {id} is not found in resource policy.")));
        }
        deployed.changed(around);
        Ok(nothing())
    }
    pub(super) fn get_policy(&mut self, around: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        deployed.chosen(&target, around)?;
        let key = target.qualifier.clone().unwrap_or_default();
        let statements = deployed.policies.get(&key).filter(|s| !s.is_empty());
        let statements = statements.ok_or_else(|| missing("The resource you requested does not exist."))?;
        let policy = Value::object([
            ("Version", Value::from("2012-10-17")),
            ("Id", "default".into()),
            ("Statement", Value::array(statements.clone())),
        ]);
        let revision = deployed.configuration.get("RevisionId").cloned().unwrap_or_default();
        Ok(Value::object([("Policy", policy.to_string().into()), ("RevisionId", revision)]))
    }

    fn tagged(&mut self, input: &Members<'_>) -> Result<&mut Deployed, ServiceError> {
        let arn = input.needed("Resource")?;
        let target = Target::of(arn, None)?;
        self.functions.get_mut(&target.name).ok_or_else(|| not_found(&target.arn()))
    }
    pub(super) fn tag(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let given = input.get("Tags").and_then(Value::as_object).cloned().unwrap_or_default();
        if given.is_empty() {
            return Err(wrong("An error occurred and the request cannot be processed."));
        }
        let tags = &mut self.tagged(input)?.tags;
        for (name, value) in given.iter() {
            tags.insert(name.clone(), value.clone());
        }
        Ok(nothing())
    }
    pub(super) fn untag(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let names: Vec<Str> = input.items("TagKeys").iter().filter_map(|v| v.as_str().map(Str::from)).collect();
        let tags = &mut self.tagged(input)?.tags;
        names.iter().for_each(|name| drop(tags.remove(name)));
        Ok(nothing())
    }
    pub(super) fn tags(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        Ok(Value::object([("Tags", self.tagged(input)?.tags.clone().into())]))
    }
}

fn qualifier_of(target: &Target) -> &str {
    target.qualifier.as_deref().unwrap_or("$LATEST")
}

fn is_called(statement: &Value, id: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(id)
}

fn no_event_config(target: &Target) -> ServiceError {
    let arn = format!("{}:{}", arn_of(&target.name), qualifier_of(target));
    missing(format!("The function {arn} doesn't have an EventInvokeConfig"))
}
