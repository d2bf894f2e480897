//! A function as the service keeps it: its configuration, versions, aliases, and all that hangs on it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::function::{Answers, Function};
use super::mailbox::Mailbox;
use super::name::{Target, arn_of, not_found};
use crate::services::{ACCOUNT, ServiceError, Surroundings};
use crate::time::Timestamp;
use crate::value::{Map, Str, Value};

/// A function as the service keeps it.
#[derive(Debug)]
pub(super) struct Deployed {
    pub name: String,
    /// The configuration of `$LATEST`, as GetFunctionConfiguration gives it.
    pub configuration: Map,
    /// Published versions by number.
    pub versions: BTreeMap<u64, Map>,
    /// The number of the last version that was published, even of one that is deleted.
    pub last_version: u64,
    pub aliases: BTreeMap<String, Map>,
    pub tags: Map,
    pub reserved: Option<u64>,
    /// Statements of the policies of the function and its qualifiers, by qualifier.
    pub policies: BTreeMap<String, Vec<Value>>,
    /// EventInvokeConfigs by qualifier.
    pub event_configs: BTreeMap<String, Map>,
    /// Where its code was said to be.
    pub code: Value,
    /// Who answers; nobody where the function was only created.
    pub answers: Option<Answers>,
    pub mailbox: Option<Arc<Mailbox>>,
    /// The timeout as the test gave it, which may be finer than the seconds of the configuration.
    exact_timeout: Duration,
    running: Running,
}

/// Invocations that go on.
#[derive(Debug, Default)]
struct Running {
    until: Vec<Timestamp>,
    real: Vec<Weak<()>>,
}

/// A version that an invocation runs.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// `$LATEST` or a number.
    pub version: String,
    pub timeout: Duration,
    pub memory: u64,
    pub environment: BTreeMap<String, String>,
}

impl Deployed {
    /// A function that a test sets up.
    pub(super) fn of(function: &Function, around: &mut Surroundings) -> Deployed {
        let mut configuration = Map::new();
        configuration.insert("FunctionName", function.name.as_str());
        configuration.insert("FunctionArn", arn_of(&function.name));
        configuration.insert("Runtime", "provided.al2023");
        configuration.insert("Role", format!("arn:aws:iam::{ACCOUNT}:role/rehearsal"));
        configuration.insert("Handler", "rehearsal");
        configuration.insert("Description", "");
        configuration.insert("Timeout", i64::try_from(function.timeout.as_secs()).unwrap_or(i64::MAX));
        configuration.insert("MemorySize", i64::try_from(function.memory).unwrap_or(i64::MAX));
        if !function.environment.is_empty() {
            let variables: Map =
                function.environment.iter().map(|(k, v)| (Str::from(k.as_str()), Value::from(v.as_str()))).collect();
            configuration.insert("Environment", Value::object([("Variables", Value::from(variables))]));
        }
        let mut deployed = Deployed::new(&function.name, configuration, around);
        deployed.reserved = function.reserved;
        deployed.exact_timeout = function.timeout;
        if let Some(answers) = &function.answers {
            deployed.answered_by(answers, function);
        }
        deployed
    }

    fn answered_by(&mut self, answers: &Answers, function: &Function) {
        let mut answers = answers.clone();
        match &mut answers {
            Answers::Mock(mocks) => mocks.rewind(),
            Answers::Command(program) | Answers::Runtime(Some(program)) => {
                program.directory.clone_from(&function.directory);
            }
            Answers::Closure(_) | Answers::Url(_) | Answers::Runtime(None) => {}
        }
        if matches!(answers, Answers::Runtime(_)) {
            self.mailbox = Some(Mailbox::new(&self.name));
        }
        self.answers = Some(answers);
    }

    /// A function with these members of its configuration.
    pub(super) fn new(name: &str, configuration: Map, around: &mut Surroundings) -> Deployed {
        let mut deployed = Deployed {
            name: name.to_owned(),
            configuration,
            versions: BTreeMap::new(),
            last_version: 0,
            aliases: BTreeMap::new(),
            tags: Map::new(),
            reserved: None,
            policies: BTreeMap::new(),
            event_configs: BTreeMap::new(),
            code: Value::Null,
            answers: None,
            mailbox: None,
            exact_timeout: Duration::ZERO,
            running: Running::default(),
        };
        let c = &mut deployed.configuration;
        c.insert("Version", "$LATEST");
        for (member, value) in [
            ("CodeSize", Value::from(0)),
            ("CodeSha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".into()),
            ("PackageType", "Zip".into()),
            ("Architectures", Value::array(vec!["x86_64".into()])),
            ("EphemeralStorage", Value::object([("Size", Value::from(512))])),
            ("TracingConfig", Value::object([("Mode", Value::from("PassThrough"))])),
            (
                "SnapStart",
                Value::object([("ApplyOn", Value::from("None")), ("OptimizationStatus", Value::from("Off"))]),
            ),
            (
                "LoggingConfig",
                Value::object([("LogFormat", Value::from("Text")), ("LogGroup", format!("/aws/lambda/{name}").into())]),
            ),
            ("State", "Active".into()),
            ("LastUpdateStatus", "Successful".into()),
        ] {
            if !c.contains_key(member) {
                c.insert(member, value);
            }
        }
        deployed.changed(around);
        deployed
    }

    /// Notes that the configuration has changed.
    pub(super) fn changed(&mut self, around: &mut Surroundings) {
        self.configuration.insert("LastModified", written(around.now));
        self.configuration.insert("RevisionId", around.uuid());
    }

    /// The version that a qualifier names, and its configuration.
    pub(super) fn version(&self, target: &Target, around: &mut Surroundings) -> Result<(String, &Map), ServiceError> {
        let Some(qualifier) = target.qualifier.as_deref().filter(|q| *q != "$LATEST") else {
            return Ok(("$LATEST".into(), &self.configuration));
        };
        let routed = self.aliases.get(qualifier).map(|alias| route(alias, around));
        let version = routed.as_deref().unwrap_or(qualifier);
        if version == "$LATEST" {
            return Ok(("$LATEST".into(), &self.configuration));
        }
        let number = version.parse().ok().and_then(|n: u64| Some((n, self.versions.get(&n)?)));
        number.map(|(n, configuration)| (n.to_string(), configuration)).ok_or_else(|| not_found(&target.arn()))
    }

    /// What an invocation of a target runs.
    pub(super) fn chosen(&self, target: &Target, around: &mut Surroundings) -> Result<Chosen, ServiceError> {
        let (version, configuration) = self.version(target, around)?;
        let number = |member: &str| configuration.get(member).and_then(Value::as_whole);
        let variables = configuration.get("Environment").and_then(|e| e.get("Variables"));
        let variables = variables.and_then(Value::as_object).into_iter().flat_map(|o| o.iter());
        let environment = variables.map(|(k, v)| (k.to_string(), v.as_str().unwrap_or_default().to_owned())).collect();
        let seconds = number("Timeout").and_then(|n| u64::try_from(n).ok()).unwrap_or(3);
        let is_exact = self.exact_timeout.as_secs() == seconds && !self.exact_timeout.is_zero();
        Ok(Chosen {
            version,
            timeout: if is_exact { self.exact_timeout } else { Duration::from_secs(seconds) },
            memory: number("MemorySize").and_then(|n| u64::try_from(n).ok()).unwrap_or(128),
            environment,
        })
    }

    /// Whether one more invocation may go on.
    pub(super) fn has_room(&mut self, now: Timestamp) -> bool {
        self.running.until.retain(|until| *until > now);
        self.running.real.retain(|of| of.strong_count() > 0);
        let going = self.running.until.len() + self.running.real.len();
        self.reserved.is_none_or(|most| (going as u64) < most)
    }
    /// One more goes on until then.
    pub(super) fn runs_until(&mut self, until: Timestamp) {
        self.running.until.push(until);
    }
    /// One more goes on as long as what this gives.
    pub(super) fn runs(&mut self) -> Arc<()> {
        let token = Arc::new(());
        self.running.real.push(Arc::downgrade(&token));
        token
    }
}

/// The version of an alias, or one of those that it shares its invocations with.
fn route(alias: &Map, around: &mut Surroundings) -> String {
    let own = alias.get("FunctionVersion").and_then(Value::as_str).unwrap_or("$LATEST");
    let weights = alias.get("RoutingConfig").and_then(|r| r.get("AdditionalVersionWeights"));
    let weights = weights.and_then(Value::as_object).into_iter().flat_map(|o| o.iter());
    let mut drawn: Option<f64> = None;
    for (version, weight) in weights {
        #[expect(clippy::cast_precision_loss, reason = "53 bits of a random number are enough to share invocations")]
        let left = *drawn.get_or_insert_with(|| (around.number() >> 11) as f64 / (1u64 << 53) as f64);
        let weight = weight.as_f64().unwrap_or(0.0);
        if left < weight {
            return version.to_string();
        }
        drawn = Some(left - weight);
    }
    own.to_owned()
}

/// `2024-01-01T00:00:00.000+0000`
pub(super) fn written(at: Timestamp) -> String {
    let text = at.to_string();
    let stem = text.trim_end_matches('Z');
    let stem = if stem.contains('.') { stem.to_owned() } else { format!("{stem}.000") };
    format!("{stem}+0000")
}
