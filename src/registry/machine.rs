//! State machines: created, updated, described, listed, deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alias::Alias;
use super::arn::{MachineArn, Qualifier, labelled};
use super::page::Paging;
use super::refusal::{self, invalid_arn, invalid_name, machine_does_not_exist, validation};
use super::revision::{INITIAL, Revision};
use super::setting::{self, given, member, shared, text};
use super::tag::Tags;
use super::version::Version;
use super::{Registry, seconds};
use crate::asl::{Machine, MachineType};
use crate::pretend::PARTITION;
use crate::services::ServiceError;
use crate::time::Timestamp;
use crate::validate::{compile, invalid_definition, name_is_good, role_is_good};
use crate::value::{Map, Str, Value};

/// A state machine and all that belongs to it.
pub(super) struct Registered {
    newest: Arc<Revision>,
    pub(super) versions: BTreeMap<u64, Version>,
    /// The number of the last version that was published, which is never given again.
    pub(super) last_version: u64,
    pub(super) aliases: Vec<Alias>,
    pub(super) tags: Tags,
    /// What CreateStateMachine was asked to publish, which a repeated request has to repeat.
    publication: Publication,
}

/// `publish` and `versionDescription`.
#[derive(Clone, Debug, PartialEq)]
struct Publication {
    is_asked: bool,
    description: Option<Str>,
}

impl Publication {
    fn of(input: &Value) -> Result<Publication, ServiceError> {
        let read =
            Publication { is_asked: setting::flag(input, "publish"), description: shared(input, "versionDescription") };
        if !read.is_asked && read.description.is_some() {
            return Err(validation("Version description can only be set when publish is true"));
        }
        Ok(read)
    }
}

impl Registered {
    fn new(newest: Revision, tags: Tags, publication: Publication) -> Registered {
        Registered {
            newest: Arc::new(newest),
            versions: BTreeMap::new(),
            last_version: 0,
            aliases: Vec::new(),
            tags,
            publication,
        }
    }
    pub(super) fn newest(&self) -> &Arc<Revision> {
        &self.newest
    }
    pub(super) fn version(&self, number: u64) -> Option<&Version> {
        self.versions.get(&number)
    }
    pub(super) fn alias(&self, name: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.is_named(name))
    }
}

fn checked_role(input: &Value) -> Result<Option<&str>, ServiceError> {
    match text(input, "roleArn") {
        Some(role) if !role_is_good(role) => {
            Err(ServiceError::modelled("InvalidArn", format!("Invalid Role Arn: '{role}'")))
        }
        role => Ok(role),
    }
}

fn compiled(definition: &str, kind: MachineType, name: &str) -> Result<Machine, ServiceError> {
    let machine = compile(definition, kind).map_err(|found| refusal::of(invalid_definition(found)))?;
    Ok(machine.named(name))
}

impl Registry {
    pub(super) fn registered(&mut self, arn: &str) -> Result<&mut Registered, ServiceError> {
        let base = MachineArn::unqualified(arn)?;
        self.machines.get_mut(base).ok_or_else(|| machine_does_not_exist(arn))
    }

    pub(super) fn create_machine(&mut self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let name = given(input, "name");
        if !name_is_good(name) {
            return Err(invalid_name(name));
        }
        let role_arn = checked_role(input)?.unwrap_or_default();
        let logging = setting::logging(input)?.unwrap_or_else(setting::no_logging);
        let tracing = setting::tracing(input).unwrap_or_else(setting::no_tracing);
        let encryption = setting::encryption(input)?.unwrap_or_else(setting::no_encryption);
        let publication = Publication::of(input)?;
        let (definition, kind) = (given(input, "definition"), setting::kind(input));
        let arn = self.home.machine(name);
        let tags = Tags::of(input, &arn)?;
        if let Some(there) = self.machines.get(&arn) {
            // Neither the role nor the tags are compared.
            let r = &there.newest;
            let is_same = (&*r.definition, r.kind) == (definition, kind)
                && (&r.logging, &r.tracing, &r.encryption) == (&logging, &tracing, &encryption)
                && there.publication == publication;
            if !is_same {
                let message = format!("State Machine Already Exists: '{arn}'");
                return Err(ServiceError::modelled("StateMachineAlreadyExists", message));
            }
            return Ok(created(there));
        }
        let revision = Revision {
            machine: compiled(definition, kind, name)?,
            arn: arn.clone(),
            name: name.into(),
            definition: definition.into(),
            role_arn: role_arn.into(),
            kind,
            revision_id: INITIAL.into(),
            created: now,
            updated: now,
            logging,
            tracing,
            encryption,
        };
        let mut new = Registered::new(revision, tags, publication);
        if new.publication.is_asked {
            new.publish(now, new.publication.description.clone())?;
        }
        let answer = created(&new);
        self.machines.insert(arn, new);
        Ok(answer)
    }

    pub(super) fn update_machine(&mut self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "stateMachineArn");
        const CHANGES: [&str; 5] =
            ["definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"];
        if CHANGES.iter().all(|name| member(input, name).is_none()) {
            let message = "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or \
                           the EncryptionConfiguration must be specified";
            return Err(ServiceError::modelled("MissingRequiredParameter", message));
        }
        let role_arn = checked_role(input)?;
        let (logging, tracing) = (setting::logging(input)?, setting::tracing(input));
        let encryption = setting::encryption(input)?;
        let publication = Publication::of(input)?;
        let revision_id = self.draw_id();
        let there = self.registered(arn)?;

        let mut next = (*there.newest).clone();
        if let Some(definition) = text(input, "definition") {
            next.machine = compiled(definition, next.kind, &next.name)?;
            next.definition = definition.into();
        }
        if let Some(role) = role_arn {
            next.role_arn = role.into();
        }
        next.logging = logging.unwrap_or(next.logging);
        next.tracing = tracing.unwrap_or(next.tracing);
        next.encryption = encryption.unwrap_or(next.encryption);
        next.revision_id = revision_id;
        next.updated = now;
        // A version that cannot be published leaves the machine as it was.
        let before = std::mem::replace(&mut there.newest, Arc::new(next));
        let version = match publication.is_asked.then(|| there.publish(now, publication.description)).transpose() {
            Ok(version) => version,
            Err(error) => {
                there.newest = before;
                return Err(error);
            }
        };
        let mut answer = Map::new();
        answer.insert("updateDate", seconds(now));
        answer.insert("revisionId", &there.newest.revision_id);
        if let Some(version) = version {
            answer.insert("stateMachineVersionArn", &version.arn);
        }
        Ok(answer.into())
    }

    pub(super) fn delete_machine(&mut self, input: &Value) -> Result<Value, ServiceError> {
        self.machines.shift_remove(MachineArn::unqualified(given(input, "stateMachineArn"))?);
        Ok(Value::empty_object())
    }

    pub(super) fn describe_machine(&self, input: &Value) -> Result<Value, ServiceError> {
        let arn = given(input, "stateMachineArn");
        let metadata_only = text(input, "includedData") == Some("METADATA_ONLY");
        let read = MachineArn::parse(arn)?;
        let missing = || machine_does_not_exist(arn);
        let there = self.machines.get(read.base);
        let (revision, version) = match read.qualifier {
            Qualifier::None => (&there.ok_or_else(missing)?.newest, None),
            Qualifier::Version(number) => {
                let version = there.and_then(|t| t.version(number)).ok_or_else(missing)?;
                (&version.revision, Some(version))
            }
            Qualifier::Alias(_) => return Err(invalid_arn(arn)),
            Qualifier::Label(_) => return Err(labelled()),
        };
        let mut shown = revision.described(metadata_only);
        shown.insert("stateMachineArn", version.map_or(&revision.arn, |v| &v.arn));
        shown.insert("status", "ACTIVE");
        shown.insert("type", revision.type_word());
        shown.insert("creationDate", seconds(version.map_or(revision.created, |v| v.created)));
        if let Some(description) = version.and_then(|v| v.description.as_ref()) {
            shown.insert("description", description);
        }
        Ok(shown.into())
    }

    pub(super) fn list_machines(&self, now: Timestamp, input: &Value) -> Result<Value, ServiceError> {
        let paging = Paging::of(now, "ListStateMachines", input);
        let page = paging.page(self.machines(), |revision| revision.arn.to_string())?;
        Ok(page.into_value("stateMachines", |revision| {
            Value::object([
                ("stateMachineArn", Value::from(&revision.arn)),
                ("name", Value::from(&revision.name)),
                ("type", revision.type_word().into()),
                ("creationDate", seconds(revision.created)),
            ])
        }))
    }

    /// A machine that a file holds, under its own name. It replaces what had that name, as an update would: versions,
    /// aliases and tags stay.
    pub(crate) fn load(&mut self, now: Timestamp, machine: &Machine) -> Arc<Revision> {
        let name = machine.name();
        let arn = self.home.machine(name);
        let there = self.machines.get(&arn).map(|there| Arc::clone(&there.newest));
        let definition: Str = machine.inner.node.to_value().to_pretty().into();
        let kind = machine.machine_type();
        if let Some(same) = there.as_ref().filter(|r| r.definition == definition && r.kind == kind) {
            return Arc::clone(same);
        }
        let revision_id = if there.is_some() { self.draw_id() } else { INITIAL.into() };
        let role_arn = || format!("arn:{PARTITION}:iam::{}:role/{name}", self.home.account).into();
        let revision = Revision {
            machine: machine.clone(),
            arn: arn.clone(),
            name: name.into(),
            definition,
            role_arn: there.as_ref().map_or_else(role_arn, |r| r.role_arn.clone()),
            kind,
            revision_id,
            created: there.as_ref().map_or(now, |r| r.created),
            updated: now,
            logging: there.as_ref().map_or_else(setting::no_logging, |r| r.logging.clone()),
            tracing: there.as_ref().map_or_else(setting::no_tracing, |r| r.tracing.clone()),
            encryption: there.as_ref().map_or_else(setting::no_encryption, |r| r.encryption.clone()),
        };
        let nothing = Publication { is_asked: false, description: None };
        let revision = match self.machines.get_mut(&arn) {
            Some(there) => {
                there.newest = Arc::new(revision);
                &there.newest
            }
            None => &self.machines.entry(arn).or_insert(Registered::new(revision, Tags::default(), nothing)).newest,
        };
        Arc::clone(revision)
    }
}

/// The answer of CreateStateMachine, which is the same the second time.
fn created(there: &Registered) -> Value {
    let mut answer = Map::new();
    answer.insert("stateMachineArn", &there.newest.arn);
    answer.insert("creationDate", seconds(there.newest.created));
    if let Some(first) = there.version(1).filter(|_| there.publication.is_asked) {
        answer.insert("stateMachineVersionArn", &first.arn);
    }
    answer.into()
}
