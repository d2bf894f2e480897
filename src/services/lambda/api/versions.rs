//! Versions and aliases of functions.

use super::{check_revision, conflict, missing, page, wrong};
use crate::services::lambda::Lambda;
use crate::services::lambda::deployed::Deployed;
use crate::services::lambda::name::{Target, arn_of, not_found, unfit};
use crate::services::members::Members;
use crate::services::{ServiceError, Surroundings};
use crate::value::{Map, Value};

/// The members of CreateAlias and UpdateAlias.
pub(super) const ALIAS: &[&str] =
    &["FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig", "RevisionId"];

/// What differs between a version and what it was published from.
const OWN: &[&str] = &["FunctionArn", "Version", "RevisionId", "LastModified", "Description"];

impl Deployed {
    /// Publishes `$LATEST`, unless nothing has changed since the last time.
    pub(in crate::services::lambda) fn publish(&mut self, description: Option<&str>) -> &Map {
        let differs = |last: &Map| {
            let members = |c: &Map| {
                let kept = c.iter().filter(|(name, _)| !OWN.contains(&&***name));
                let mut kept: Vec<(String, Value)> = kept.map(|(k, v)| (k.to_string(), v.clone())).collect();
                kept.sort_by(|(a, _), (b, _)| a.cmp(b));
                kept
            };
            members(last) != members(&self.configuration)
        };
        if self.versions.last_key_value().is_none_or(|(_, last)| differs(last)) {
            self.last_version += 1;
            let version = self.last_version.to_string();
            let mut configuration = self.configuration.clone();
            configuration.insert("FunctionArn", format!("{}:{version}", arn_of(&self.name)));
            configuration.insert("Version", version);
            if let Some(description) = description.filter(|d| !d.is_empty()) {
                configuration.insert("Description", description);
            }
            self.versions.insert(self.last_version, configuration);
        }
        self.versions.last_key_value().map_or(&self.configuration, |(_, last)| last)
    }

    /// A configuration with the ARN of the qualifier under which it was asked for.
    pub(in crate::services::lambda) fn qualified(&self, configuration: &Map, qualifier: &str) -> Value {
        let mut shown = configuration.clone();
        shown.insert("FunctionArn", format!("{}:{qualifier}", arn_of(&self.name)));
        shown.into()
    }

    /// The configuration that a qualifier names.
    pub(in crate::services::lambda) fn shown(
        &self,
        target: &Target,
        around: &mut Surroundings,
    ) -> Result<Value, ServiceError> {
        let (_, configuration) = self.version(target, around)?;
        Ok(match &target.qualifier {
            Some(qualifier) => self.qualified(configuration, qualifier),
            None => configuration.clone().into(),
        })
    }
}

impl Lambda {
    pub(super) fn publish_version(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let (_, deployed) = self.named(input)?;
        check_revision(input, deployed.configuration.get("RevisionId"))?;
        let present = deployed.configuration.get("CodeSha256").and_then(Value::as_str).unwrap_or_default();
        if let Some(given) = input.text("CodeSha256").filter(|given| *given != present) {
            return Err(wrong(format!(
                "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({present}). Please try again with \
                 the CodeSHA256 in $LATEST."
            )));
        }
        Ok(deployed.publish(input.text("Description")).clone().into())
    }

    pub(super) fn list_versions(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let (_, deployed) = self.named(input)?;
        let latest = deployed.qualified(&deployed.configuration, "$LATEST");
        let versions = deployed.versions.values().map(|v| Value::from(v.clone()));
        page(std::iter::once(latest).chain(versions).collect(), input, "Versions")
    }

    pub(super) fn create_alias(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (name, version) = (input.needed("Name")?, input.needed("FunctionVersion")?);
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_number = name.bytes().all(|b| b.is_ascii_digit());
        if name.is_empty() || name.len() > 128 || is_number || !name.chars().all(is_fit) {
            return Err(unfit("name", name, "(?!^[0-9]+$)([a-zA-Z0-9-_]+)"));
        }
        let revision = around.uuid();
        let (target, deployed) = self.named(input)?;
        check_version(deployed, &target.name, version)?;
        check_routing(deployed, &target.name, input)?;
        let arn = format!("{}:{name}", arn_of(&target.name));
        if deployed.aliases.contains_key(name) {
            return Err(conflict(format!("Alias already exists: {arn}")));
        }
        let mut alias = Map::new();
        alias.insert("AliasArn", arn);
        alias.insert("Name", name);
        alias.insert("FunctionVersion", version);
        alias.insert("Description", input.text("Description").unwrap_or_default());
        route(&mut alias, input);
        alias.insert("RevisionId", revision);
        deployed.aliases.insert(name.to_owned(), alias.clone());
        Ok(alias.into())
    }

    pub(super) fn update_alias(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let name = input.needed("Name")?;
        let revision = around.uuid();
        let (target, deployed) = self.named(input)?;
        if let Some(version) = input.text("FunctionVersion") {
            check_version(deployed, &target.name, version)?;
        }
        check_routing(deployed, &target.name, input)?;
        let alias = deployed.aliases.get_mut(name).ok_or_else(|| no_alias(&target.name, name))?;
        check_revision(input, alias.get("RevisionId"))?;
        for member in ["FunctionVersion", "Description"] {
            if let Some(text) = input.text(member) {
                alias.insert(member, text);
            }
        }
        route(alias, input);
        alias.insert("RevisionId", revision);
        Ok(alias.clone().into())
    }

    pub(super) fn get_alias(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = input.needed("Name")?;
        let (target, deployed) = self.named(input)?;
        let alias = deployed.aliases.get(name).ok_or_else(|| no_alias(&target.name, name))?;
        Ok(alias.clone().into())
    }

    pub(super) fn delete_alias(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let name = input.needed("Name")?;
        self.named(input)?.1.aliases.remove(name);
        Ok(Value::empty_object())
    }

    pub(super) fn list_aliases(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let version = input.text("FunctionVersion");
        let (_, deployed) = self.named(input)?;
        let is_of =
            |alias: &&Map| version.is_none_or(|v| alias.get("FunctionVersion").and_then(Value::as_str) == Some(v));
        let all = deployed.aliases.values().filter(is_of).map(|a| Value::from(a.clone())).collect();
        page(all, input, "Aliases")
    }
}

fn no_alias(function: &str, name: &str) -> ServiceError {
    missing(format!("Cannot find alias arn: {}:{name}", arn_of(function)))
}

fn check_version(deployed: &Deployed, function: &str, version: &str) -> Result<(), ServiceError> {
    let is_there = version == "$LATEST" || version.parse().is_ok_and(|n: u64| deployed.versions.contains_key(&n));
    match is_there {
        true => Ok(()),
        false => Err(not_found(&format!("{}:{version}", arn_of(function)))),
    }
}

/// The other version that an alias gives a share of its invocations to.
fn check_routing(deployed: &Deployed, function: &str, input: &Members<'_>) -> Result<(), ServiceError> {
    let weights = input.get("RoutingConfig").and_then(|r| r.get("AdditionalVersionWeights"));
    let Some(weights) = weights.and_then(Value::as_object) else { return Ok(()) };
    if weights.len() > 1 {
        return Err(wrong(format!(
            "Number of items in AdditionalVersionWeights cannot be greater than 1. Requested: {}",
            weights.len()
        )));
    }
    for (version, weight) in weights.iter() {
        if &**version == "$LATEST" {
            return Err(wrong("$LATEST is not supported for an alias pointing to more than 1 version"));
        }
        check_version(deployed, function, version)?;
        if !weight.as_f64().is_some_and(|w| (0.0..=1.0).contains(&w)) {
            return Err(super::super::name::invalid_members(&[format!(
                "Value '{{{version}={weight}}}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: \
                 Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have \
                 value greater than or equal to 0.0]"
            )]));
        }
    }
    Ok(())
}

fn route(alias: &mut Map, input: &Members<'_>) {
    let Some(routing) = input.get("RoutingConfig") else { return };
    let is_empty = routing.get("AdditionalVersionWeights").and_then(Value::as_object).is_none_or(Map::is_empty);
    if is_empty {
        alias.remove("RoutingConfig");
    } else {
        alias.insert("RoutingConfig", routing.clone());
    }
}
