//! A subscription: who gets what of a topic, and how.

use super::super::error::ServiceError;
use super::super::{ACCOUNT, arn, pattern};
use super::attributes::{texts, usual_delivery};
use super::{Publication, as_value, invalid};
use crate::value::{Map, Value};
use std::collections::BTreeMap;

/// How many keys a filter policy has at most; of one about bodies those at the top count.
const MOST_KEYS: usize = 5;

/// How a subscription delivers.
struct Protocol {
    name: &'static str,
    /// Whether the receiver has to say that it wants it.
    asks: bool,
    /// Whether the message can go without what is around it.
    can_be_raw: bool,
    is_endpoint: fn(&str) -> bool,
    /// What is said of an endpoint that is none.
    refusal: &'static str,
}

const PROTOCOLS: [Protocol; 8] = [
    Protocol {
        name: "application",
        asks: false,
        can_be_raw: false,
        is_endpoint: |text| text.starts_with("arn:") && text.contains(":sns:"),
        refusal: "Application endpoint arn invalid",
    },
    Protocol { name: "email", asks: true, can_be_raw: false, is_endpoint: is_mail, refusal: "Email address" },
    Protocol { name: "email-json", asks: true, can_be_raw: false, is_endpoint: is_mail, refusal: "Email address" },
    Protocol {
        name: "http",
        asks: true,
        can_be_raw: true,
        is_endpoint: |text| text.starts_with("http://"),
        refusal: "Endpoint must match the specified protocol",
    },
    Protocol {
        name: "https",
        asks: true,
        can_be_raw: true,
        is_endpoint: |text| text.starts_with("https://"),
        refusal: "Endpoint must match the specified protocol",
    },
    Protocol {
        name: "lambda",
        asks: false,
        can_be_raw: false,
        is_endpoint: |text| text.starts_with("arn:") && text.contains(":lambda:"),
        refusal: "Lambda endpoint ARN",
    },
    Protocol { name: "sms", asks: false, can_be_raw: false, is_endpoint: is_number, refusal: "Endpoint" },
    Protocol {
        name: "sqs",
        asks: false,
        can_be_raw: true,
        is_endpoint: |text| text.starts_with("arn:") && text.contains(":sqs:"),
        refusal: "SQS endpoint ARN",
    },
];

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(who, host)| !who.is_empty() && host.contains('.'))
}

fn is_number(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let rest = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '/' | '.' | '(' | ')'));
    rest && (7..=15).contains(&digits.len())
}

/// A subscription to a topic.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) arn: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
    attributes: BTreeMap<String, String>,
    /// What `FilterPolicy` says.
    policy: Option<Value>,
    /// What the receiver has to give back before it gets anything.
    pub(super) token: Option<String>,
}

impl Subscription {
    /// # Errors
    /// Protocols, endpoints and attributes that the service does not take.
    pub(super) fn new(
        arn: &str,
        protocol: &str,
        endpoint: &str,
        attributes: Option<&Value>,
        token: String,
    ) -> Result<Subscription, ServiceError> {
        if protocol == "firehose" {
            return Err(ServiceError::not_modelled("the protocol `firehose` of a subscription"));
        }
        let Some(known) = PROTOCOLS.iter().find(|known| known.name == protocol) else {
            return Err(invalid(&format!("Does not support this protocol string: {protocol}")));
        };
        if !(known.is_endpoint)(endpoint) {
            return Err(match protocol {
                "sms" => invalid(&format!("Invalid SMS endpoint: {endpoint}")),
                _ => invalid(known.refusal),
            });
        }
        let topic = arn.rsplit_once(':').map_or(arn, |(topic, _)| topic);
        if protocol == "sqs" && endpoint.ends_with(".fifo") && !topic.ends_with(".fifo") {
            return Err(invalid(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
            ));
        }
        let mut subscription = Subscription {
            arn: arn.to_owned(),
            protocol: protocol.to_owned(),
            endpoint: endpoint.to_owned(),
            attributes: BTreeMap::new(),
            policy: None,
            token: known.asks.then_some(token),
        };
        let given = texts(attributes);
        // What a policy may hold depends on its scope.
        let scope_first = |name: &&String| (name.as_str() != "FilterPolicyScope", (*name).clone());
        let mut names: Vec<&String> = given.keys().collect();
        names.sort_by_key(scope_first);
        for name in names {
            let text = given.get(name).map_or("", String::as_str);
            subscription.set(name, text).map_err(|error| of_attributes(error, name))?;
        }
        Ok(subscription)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.token.is_some()
    }
    pub(super) fn is_to_same(&self, other: &Subscription) -> bool {
        (&self.protocol, &self.endpoint) == (&other.protocol, &other.endpoint)
    }
    pub(super) fn has_same_attributes(&self, other: &Subscription) -> bool {
        self.attributes == other.attributes
    }
    pub(super) fn is_raw(&self) -> bool {
        self.attributes.get("RawMessageDelivery").is_some_and(|text| text == "true")
    }
    /// The queue for what can't be delivered.
    pub(super) fn dead_letters(&self) -> Option<String> {
        let policy = Value::parse(self.attributes.get("RedrivePolicy")?).ok()?;
        policy.get("deadLetterTargetArn")?.as_str().map(str::to_owned)
    }
    /// Whether the policy is about the message's body and not about its attributes.
    fn is_about_body(&self) -> bool {
        self.attributes.get("FilterPolicyScope").is_some_and(|scope| scope == "MessageBody")
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// Attributes that subscriptions do not have, and values that they can't have.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<(), ServiceError> {
        match name {
            "FilterPolicy" => {
                let policy = match text {
                    "" => Value::empty_object(),
                    _ => Value::parse(text).map_err(|_| invalid("FilterPolicy: failed to parse JSON"))?,
                };
                // An empty policy takes away the one that was there.
                if policy.as_object().is_some_and(Map::is_empty) {
                    self.policy = None;
                    self.attributes.remove(name);
                    return Ok(());
                }
                self.check_policy(&policy)?;
                self.policy = Some(policy);
            }
            "FilterPolicyScope" if !matches!(text, "MessageAttributes" | "MessageBody") => {
                return Err(invalid(&format!(
                    "FilterPolicyScope: Invalid value [{text}]. Please use either MessageBody or MessageAttributes"
                )));
            }
            "RawMessageDelivery" => {
                if !matches!(text.to_ascii_lowercase().as_str(), "true" | "false") {
                    return Err(invalid(&format!(
                        "RawMessageDelivery: Invalid value [{text}]. Must be true or false."
                    )));
                }
                let can_be_raw = PROTOCOLS.iter().any(|known| known.name == self.protocol && known.can_be_raw);
                if text.eq_ignore_ascii_case("true") && !can_be_raw {
                    return Err(invalid(&format!(
                        "RawMessageDelivery: Delivery protocol [{}] does not support raw message delivery.",
                        self.protocol
                    )));
                }
                self.attributes.insert(name.to_owned(), text.to_ascii_lowercase());
                return Ok(());
            }
            "RedrivePolicy" if !text.is_empty() => {
                let policy = Value::parse(text).map_err(|_| invalid("RedrivePolicy: failed to parse JSON"))?;
                let target = policy.get("deadLetterTargetArn").and_then(Value::as_str);
                if !target.is_some_and(|arn| arn.starts_with("arn:") && arn.contains(":sqs:")) {
                    return Err(invalid("RedrivePolicy: deadLetterTargetArn is not a valid SQS queue ARN"));
                }
            }
            "DeliveryPolicy" if !text.is_empty() && Value::parse(text).is_err() => {
                return Err(invalid("DeliveryPolicy: failed to parse JSON"));
            }
            "DeliveryPolicy" | "FilterPolicyScope" | "RedrivePolicy" => {}
            "ReplayPolicy" | "SubscriptionRoleArn" => {
                return Err(ServiceError::not_modelled(format!("the attribute `{name}` of a subscription")));
            }
            _ => return Err(invalid("AttributeName")),
        }
        if text.is_empty() {
            self.attributes.remove(name);
        } else {
            self.attributes.insert(name.to_owned(), text.to_owned());
        }
        Ok(())
    }

    fn check_policy(&self, policy: &Value) -> Result<(), ServiceError> {
        let members = policy.as_object();
        if !self.is_about_body()
            && members.into_iter().flat_map(Map::iter).any(|(_, value)| value.as_object().is_some())
        {
            return Err(invalid("Filter policy scope MessageAttributes does not support nested filter policy"));
        }
        if members.is_some_and(|members| members.len() > MOST_KEYS) {
            let why = format!("FilterPolicy: Filter policy can not have more than {MOST_KEYS} keys");
            return Err(invalid(&why));
        }
        pattern::check(policy, "FilterPolicy").map_err(|error| ServiceError { is_modelled: true, ..error })
    }

    /// What lists show of it.
    pub(super) fn shown(&self, topic_arn: &str) -> Value {
        let arn = if self.is_pending() { "PendingConfirmation" } else { &self.arn };
        Value::object([
            ("SubscriptionArn", Value::from(arn)),
            ("Owner", ACCOUNT.into()),
            ("Protocol", (&*self.protocol).into()),
            ("Endpoint", (&*self.endpoint).into()),
            ("TopicArn", topic_arn.into()),
        ])
    }

    /// All its attributes.
    pub(super) fn all(&self, topic_name: &str) -> Value {
        let mut all = self.attributes.clone();
        let told = [
            ("ConfirmationWasAuthenticated", (!self.is_pending()).to_string()),
            ("Endpoint", self.endpoint.clone()),
            ("Owner", ACCOUNT.to_owned()),
            ("PendingConfirmation", self.is_pending().to_string()),
            ("Protocol", self.protocol.clone()),
            ("SubscriptionArn", self.arn.clone()),
            ("SubscriptionPrincipal", format!("arn:aws:iam::{ACCOUNT}:user/rehearsal")),
            ("TopicArn", arn::of("sns", topic_name)),
        ];
        all.extend(told.map(|(name, text)| (name.to_owned(), text)));
        all.entry("RawMessageDelivery".into()).or_insert_with(|| "false".into());
        if all.contains_key("FilterPolicy") {
            all.entry("FilterPolicyScope".into()).or_insert_with(|| "MessageAttributes".into());
        }
        if matches!(self.protocol.as_str(), "http" | "https") {
            let own = self.attributes.get("DeliveryPolicy").cloned();
            all.insert("EffectiveDeliveryPolicy".into(), own.unwrap_or_else(|| usual_delivery().to_string()));
        }
        as_value(all)
    }

    /// Whether a message is for this subscription.
    pub(super) fn wants(&self, publication: &Publication) -> bool {
        if self.is_pending() {
            return false;
        }
        let Some(policy) = &self.policy else { return true };
        if self.is_about_body() {
            return Value::parse(&publication.message).is_ok_and(|body| pattern::fits(policy, &body));
        }
        let members = publication.attributes.as_object().into_iter().flat_map(Map::iter);
        let seen: Map = members
            .map(|(name, attribute)| {
                let part = |member: &str| attribute.get(member).and_then(Value::as_str).unwrap_or_default();
                let text = part("StringValue");
                let value = match part("DataType") {
                    "Number" | "String.Array" => Value::parse(text).unwrap_or_else(|_| text.into()),
                    _ => text.into(),
                };
                (name.clone(), value)
            })
            .collect();
        pattern::fits(policy, &seen.into())
    }
}

/// `Subscribe` says of which of its parameters it speaks.
fn of_attributes(error: ServiceError, name: &str) -> ServiceError {
    let what = error.message.strip_prefix("Invalid parameter: ");
    match what {
        Some("AttributeName") => invalid(&format!("Attributes Reason: Unknown attribute: {name}")),
        Some(what) if name == "RawMessageDelivery" => invalid(&format!("Attributes Reason: {what}")),
        _ => error,
    }
}
