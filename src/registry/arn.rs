//! The ARNs of what is registered.

use super::refusal::{invalid_arn, wrong_kind};
use crate::pretend::PARTITION;
use crate::services::ServiceError;
use crate::value::Str;

/// Where everything of a registry lives.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) account: Str,
    pub(super) region: Str,
}

impl Home {
    pub(super) fn machine(&self, name: &str) -> Str {
        self.arn("stateMachine", name)
    }
    pub(super) fn activity(&self, name: &str) -> Str {
        self.arn("activity", name)
    }
    fn arn(&self, kind: &str, name: &str) -> Str {
        format!("arn:{PARTITION}:states:{}:{}:{kind}:{name}", self.region, self.account).into()
    }
}

/// What follows the name of a state machine in an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Qualifier<'a> {
    /// Nothing: the newest revision.
    None,
    /// `:3`
    Version(u64),
    /// `:PROD`
    Alias(&'a str),
    /// `/Label`: the item processor of a distributed Map.
    Label(&'a str),
}

/// The ARN of a state machine, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MachineArn<'a> {
    /// The ARN without what qualifies it.
    pub(crate) base: &'a str,
    pub(crate) qualifier: Qualifier<'a>,
}

impl<'a> MachineArn<'a> {
    /// Reads an ARN.
    ///
    /// # Errors
    /// `InvalidArn`, where it does not name a state machine.
    pub(crate) fn parse(arn: &'a str) -> Result<MachineArn<'a>, ServiceError> {
        MachineArn::read(arn).ok_or_else(|| wrong_arn(arn, "stateMachine"))
    }

    fn read(arn: &'a str) -> Option<MachineArn<'a>> {
        let rest = resource(arn, "stateMachine")?;
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let base = &arn[..arn.len() - after.len()];
        let qualifier = match (after.as_bytes().first(), after.get(1..).unwrap_or_default()) {
            (None, _) => Qualifier::None,
            (Some(_), "") => return None,
            (Some(b'/'), label) => Qualifier::Label(label),
            (Some(_), word) if word.contains([':', '/']) => return None,
            (Some(_), word) => match word.parse() {
                Ok(number) => Qualifier::Version(number),
                Err(_) => Qualifier::Alias(word),
            },
        };
        (!name.is_empty()).then_some(MachineArn { base, qualifier })
    }

    /// An ARN that must not be qualified.
    ///
    /// # Errors
    /// `InvalidArn`, or `ValidationException` for an ARN with the label of a Map.
    pub(crate) fn unqualified(arn: &'a str) -> Result<&'a str, ServiceError> {
        let read = MachineArn::parse(arn)?;
        match read.qualifier {
            Qualifier::None => Ok(read.base),
            Qualifier::Label(_) => Err(labelled()),
            _ => Err(invalid_arn(arn)),
        }
    }
}

/// Of operations that know no Map's label.
pub(crate) fn labelled() -> ServiceError {
    let reason = "API_DOES_NOT_SUPPORT_LABELED_ARNS";
    super::refusal::validation("This API does not support ARNs with the label of a Map state").with("reason", reason)
}

/// The ARN of an activity.
///
/// # Errors
/// `InvalidArn`, where it is none.
pub(crate) fn activity(arn: &str) -> Result<&str, ServiceError> {
    let good = resource(arn, "activity").is_some_and(|name| !name.is_empty() && !name.contains([':', '/']));
    if good { Ok(arn) } else { Err(wrong_arn(arn, "activity")) }
}

/// What follows `arn:aws:states:REGION:ACCOUNT:KIND:`.
fn resource<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let (its, rest) = kind_and_rest(arn)?;
    (its == kind).then_some(rest)
}

/// What is said of an ARN that does not name a thing of the wanted kind.
fn wrong_arn(arn: &str, wanted: &str) -> ServiceError {
    const KINDS: [&str; 5] = ["stateMachine", "activity", "execution", "express", "mapRun"];
    match kind_and_rest(arn) {
        Some((kind, _)) if kind != wanted && KINDS.contains(&kind) => wrong_kind(kind),
        _ => invalid_arn(arn),
    }
}

/// `stateMachine` and what follows it, of an ARN of Step Functions.
pub(crate) fn kind_and_rest(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(7, ':');
    let mut next = || parts.next();
    let is_arn = next()? == "arn" && !next()?.is_empty() && next()? == "states";
    let has_home = is_arn && !next()?.is_empty() && !next()?.is_empty();
    let kind = next()?;
    let rest = next()?;
    has_home.then_some((kind, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_what_of_a_machine_is_meant() {
        let base = "arn:aws:states:us-east-1:123456789012:stateMachine:order";
        for (after, qualifier) in [
            ("", Qualifier::None),
            (":12", Qualifier::Version(12)),
            (":PROD", Qualifier::Alias("PROD")),
            ("/Each", Qualifier::Label("Each")),
        ] {
            assert_eq!(MachineArn::parse(&format!("{base}{after}")).unwrap(), MachineArn { base, qualifier });
        }
    }

    #[test]
    fn other_arns_are_refused() {
        for arn in [
            "",
            "order",
            "arn:aws:states:us-east-1:123456789012:stateMachine",
            "arn:aws:states:us-east-1:123456789012:stateMachine:",
            "arn:aws:states:us-east-1:123456789012:stateMachine:order:",
            "arn:aws:states:us-east-1:123456789012:stateMachine:order:1:2",
            "arn:aws:lambda:us-east-1:123456789012:function:order",
            "arn:aws:states:us-east-1::stateMachine:order",
        ] {
            let error = MachineArn::parse(arn).unwrap_err();
            assert_eq!((error.code.as_str(), error.message), ("InvalidArn", format!("Invalid Arn: '{arn}'")));
        }
        let of_a_run = MachineArn::parse("arn:aws:states:us-east-1:123456789012:execution:order:1").unwrap_err();
        assert_eq!(
            of_a_run.to_string(),
            "InvalidArn: Invalid Arn: 'Resource type not valid in this context: execution'"
        );
        assert_eq!(activity("arn:aws:states:r:1:activity:a").unwrap(), "arn:aws:states:r:1:activity:a");
        assert!(activity("arn:aws:states:r:1:activity:a:b").is_err());
    }
}
