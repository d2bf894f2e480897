//! `services:` of a scenario file: what models hold at first, and what they have to hold at the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::check::Failure;
use super::expect::{At, Expected, expected};
use super::file::MOST_BYTES;
use super::format::{
    BODY, DYNAMODB, EVENTS, Field, HOLDS, JOB, LAMBDA, NEXT_JOB, RULE, S3, SERVICES, SNS, SQS, TABLE, names,
};
use super::function::function;
use super::header::{MOST_OBJECT, about, beside, read};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::error::Error;
use crate::harness::Run;
use crate::services::events::Event;
use crate::services::{Job, JobRun, Rule, Service, Setup, Table, jobs};
use crate::source::words::Reader;
use crate::source::{self, Member, Node, NodeKind, Source};
use crate::value::{Str, Value};

/// Where the files lie that are named, and which were looked at.
pub(super) struct Files<'a> {
    pub(super) folder: &'a Path,
    pub(super) looked_at: &'a mut BTreeSet<PathBuf>,
}

/// `{ dynamodb: { tables: … }, sqs: { queues: … }, s3: { buckets: … }, sns: { topics: … } }`
pub(super) fn setup(reader: &mut Reader<'_>, files: &mut Files<'_>, member: &Member) -> Setup {
    let mut setup = Setup::new();
    for of in reader.members(member) {
        if !reader.knows(of, &names(SERVICES), "`services`") {
            continue;
        }
        if &*of.key == "jobs" {
            setup = jobs_of(reader, setup, of);
            continue;
        }
        let Some(service) = Service::of_name(&of.key) else { continue };
        setup = setup.with(service);
        let words = match service {
            Service::DynamoDb => DYNAMODB,
            Service::Events => EVENTS,
            Service::Lambda => LAMBDA,
            Service::S3 => S3,
            Service::Sns => SNS,
            Service::Sqs => SQS,
            // The reader knows no other word.
            _ => continue,
        };
        for list in reader.members(of) {
            if !reader.knows(list, &names(words), &format!("`{}`", of.key)) {
                continue;
            }
            if service == Service::Events && &*list.key == "rules" {
                for member in reader.members(list) {
                    setup = rule(reader, setup, member);
                }
                continue;
            }
            if service == Service::Lambda {
                for member in reader.members(list) {
                    setup = function(reader, setup, member);
                }
                continue;
            }
            for (name, node) in named(reader, list) {
                setup = match service {
                    Service::DynamoDb => table(reader, setup, &name, node),
                    Service::Events if &*name == "default" => setup,
                    Service::Events => setup.bus(&name),
                    Service::S3 => bucket(reader, files, setup, &name, node),
                    Service::Sns => topic(reader, setup, &name, node),
                    Service::Sqs => match node {
                        Some(attributes) => setup.queue_with(&name, attributes.value.to_value()),
                        None => setup.queue(&name),
                    },
                    _ => setup,
                };
            }
        }
    }
    setup
}

impl Setup {
    /// What a file sets up: a YAML or JSON file whose `services:` has the words that scenario files have.
    ///
    /// # Errors
    /// The file can't be read, or something in it is wrong; everything that is is said at once.
    pub fn load(path: impl AsRef<Path>) -> Result<Setup, Error> {
        let path = path.as_ref();
        let source = Source::from_bytes(path.to_string_lossy(), &read(path, MOST_BYTES as u64)?, MOST_BYTES)?;
        let source = Arc::new(source);
        let root = source::parse(&source, source.format()).map_err(Diagnostics::without_aws)?;
        let mut reader = Reader::new(&source);
        let mut made = Setup::new();
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut files = Files { folder, looked_at: &mut BTreeSet::new() };
        for member in root.members() {
            if reader.knows(member, &["services"], "a file that sets up services") {
                made = setup(&mut reader, &mut files, member);
            }
        }
        if root.member("services").is_none() {
            let finding = reader.error("missing-field", "the file sets up no services", &root, "no `services`");
            reader.push(Diagnostic { primary: None, ..finding }.help("begin with `services:`"));
        }
        let mut found = Diagnostics::default();
        reader.found.into_iter().for_each(|d| found.push(d));
        found.sort();
        if found.has_errors() { Err(found.into()) } else { Ok(made) }
    }
}

/// A list of names, or names with what belongs to each.
fn named<'n>(reader: &mut Reader<'_>, list: &'n Member) -> Vec<(Str, Option<&'n Member>)> {
    match &list.value.kind {
        NodeKind::Object(members) => members.iter().map(|m| (m.key.clone(), Some(m))).collect(),
        _ => reader.texts(list).into_iter().map(|(name, _)| (name, None)).collect(),
    }
}

fn table(reader: &mut Reader<'_>, setup: Setup, name: &str, node: Option<&Member>) -> Setup {
    let mut of = Table::new(name, "id");
    let Some(member) = node else { return setup.table(of) };
    let mut items = Vec::new();
    for field in reader.members(member) {
        if !reader.knows(field, &names(TABLE), "a table") {
            continue;
        }
        match &*field.key {
            "key" => {
                let keys: Vec<(Str, Option<Str>)> = match &field.value.kind {
                    NodeKind::Object(types) => {
                        types.iter().map(|m| (m.key.clone(), m.value.as_str().cloned())).collect()
                    }
                    _ => reader.texts(field).into_iter().map(|(name, _)| (name, None)).collect(),
                };
                if !(1..=2).contains(&keys.len()) {
                    let finding =
                        reader.error("wrong-value", "a key has one attribute or two", &field.value, "not a key");
                    reader.push(finding.help("write `key: id`, or `key: [customer, id]` with a sort key"));
                    continue;
                }
                of = Table::new(name, &keys[0].0);
                if let Some((sort, _)) = keys.get(1) {
                    of = of.sort_key(sort);
                }
                for (key, kind) in &keys {
                    match kind.as_deref() {
                        Some("N") => of = of.number_key(key),
                        None | Some("S") => {}
                        Some(other) => {
                            let finding = reader.error(
                                "wrong-value",
                                format!("`{other}` is no type of a key"),
                                &field.value,
                                "not a type",
                            );
                            reader.push(finding.help("write `S` for texts or `N` for numbers"));
                        }
                    }
                }
            }
            _ => items.extend(reader.items(field).iter().map(Node::to_value)),
        }
    }
    setup.table(items.into_iter().fold(of, Table::item))
}

/// The jobs of each service.
fn jobs_of(reader: &mut Reader<'_>, mut setup: Setup, member: &Member) -> Setup {
    for service in reader.members(member) {
        if !reader.knows(service, &jobs::services(), "`jobs`") {
            continue;
        }
        for job in reader.members(service) {
            let fields = reader.members(job);
            setup = setup.job(&service.key, &job.key, job_of(reader, fields, JOB));
        }
    }
    setup
}

/// How a job fares.
fn job_of(reader: &mut Reader<'_>, fields: &[Member], words: &'static [Field]) -> Job {
    let (mut job, mut takes, mut describes, mut next) = (Job::succeeds(), None, None, Vec::new());
    for field in fields {
        if !reader.knows(field, &names(words), "a job") {
            continue;
        }
        match &*field.key {
            "takes" => takes = reader.duration(field),
            "fail" => job = reader.text(field).map_or(job, Job::fails),
            "forever" if reader.flag(field) => job = Job::runs_forever(),
            "describes" => describes = Some(field.value.to_value()),
            "then" => next.extend(reader.items(field).iter().map(|node| job_of(reader, node.members(), NEXT_JOB))),
            _ => {}
        }
    }
    let job = takes.into_iter().fold(job, Job::takes);
    let job = describes.into_iter().fold(job, Job::describes);
    next.into_iter().fold(job, Job::then)
}

/// A rule with its targets.
fn rule(reader: &mut Reader<'_>, setup: Setup, member: &Member) -> Setup {
    let mut rule = Rule::new(&member.key);
    for field in reader.members(member) {
        if !reader.knows(field, &names(RULE), "a rule") {
            continue;
        }
        let add = match &*field.key {
            "pattern" => {
                rule = rule.pattern(field.value.to_value());
                continue;
            }
            "bus" | "schedule" => {
                if let Some(text) = reader.text(field) {
                    rule = if &*field.key == "bus" { rule.on_bus(&text) } else { rule.schedule(&text) };
                }
                continue;
            }
            "queues" => Rule::to_queue,
            "topics" => Rule::to_topic,
            "functions" => Rule::to_function,
            _ => Rule::to_machine,
        };
        rule = reader.texts(field).iter().fold(rule, |rule, (target, _)| add(rule, target));
    }
    setup.rule(rule)
}

/// A topic with the queues that subscribe to it.
fn topic(reader: &mut Reader<'_>, setup: Setup, name: &str, queues: Option<&Member>) -> Setup {
    let queues = queues.map(|member| reader.texts(member)).unwrap_or_default();
    let setup = setup.topic(name);
    queues.iter().fold(setup, |setup, (queue, _)| setup.subscribe(name, queue))
}

/// A bucket with its objects.
fn bucket(reader: &mut Reader<'_>, files: &mut Files<'_>, setup: Setup, name: &str, objects: Option<&Member>) -> Setup {
    let objects = objects.map_or(&[][..], |member| reader.members(member));
    let setup = setup.bucket(name);
    objects.iter().fold(setup, |setup, object| match body(reader, files, object) {
        Some(body) => setup.object(name, &object.key, body),
        None => setup,
    })
}

/// What is in an object: a file, or what is said here.
fn body(reader: &mut Reader<'_>, files: &mut Files<'_>, object: &Member) -> Option<Vec<u8>> {
    let NodeKind::Object(words) = &object.value.kind else {
        return content(reader, files, object);
    };
    for word in words {
        if !reader.knows(word, &names(BODY), "an object") {
            return None;
        }
    }
    let [word] = words.as_slice() else {
        let finding = reader.error("wrong-value", "what is in an object is said once", &object.value, "not once");
        reader.push(finding.help("write a file's name, or one of `file`, `text` and `json`"));
        return None;
    };
    match &*word.key {
        "file" => content(reader, files, word),
        "text" => reader.text(word).map(|text| text.as_bytes().to_vec()),
        _ => Some(word.value.to_value().to_string().into_bytes()),
    }
}

/// What is in a file.
fn content(reader: &mut Reader<'_>, files: &mut Files<'_>, named: &Member) -> Option<Vec<u8>> {
    let path = beside(files.folder, &reader.text(named)?);
    files.looked_at.insert(path.clone());
    // Why it could not be read has been said then.
    read(&path, MOST_OBJECT).map_err(|e| about(reader, named, e)).ok()
}

/// What a table, a queue or a topic has to hold.
#[derive(Clone, Debug)]
pub(super) struct Holds {
    /// None for the jobs of all services, whose name is their service's.
    service: Option<Service>,
    name: Str,
    what: At<Expected>,
}

/// `services: { dynamodb: { orders: [{ id: o-1 }] } }` of an expectation.
pub(super) fn holds(reader: &mut Reader<'_>, member: &Member) -> Vec<Holds> {
    let mut all = Vec::new();
    for of in reader.members(member) {
        if !reader.knows(of, &names(HOLDS), "`services`") {
            continue;
        }
        let service = Service::of_name(&of.key);
        for thing in reader.members(of) {
            if service.is_none() && !reader.knows(thing, &jobs::services(), "`jobs`") {
                continue;
            }
            let what = expected(reader, &thing.value);
            all.extend(what.map(|what| Holds { service, name: thing.key.clone(), what }));
        }
    }
    all
}

/// What differs from what the models hold at the end.
pub(super) fn check(expected: &Holds, run: &Run) -> Option<Failure> {
    let (noun, found, names) = match expected.service {
        Some(service) => held(run, service, &expected.name),
        None => ("service", Some(runs_of(run, &expected.name)), Vec::new()),
    };
    let about = format!("{} {}", expected.service.map_or("jobs", Service::name), expected.name);
    let failure = |message: String| Failure::new(Some(expected.what.span), about.clone(), message);
    let Some(found) = found else {
        let near = did_you_mean(&expected.name, names.iter().map(String::as_str));
        let help = match (near, names.as_slice()) {
            (Some(near), _) => format!("; did you mean `{near}`?"),
            (None, []) => String::new(),
            (None, some) => format!("; there are {}", some.join(", ")),
        };
        return Some(failure(format!("there is no {noun} `{}`{help}", expected.name)));
    };
    let mismatch = expected.what.of.matcher.check(&found).err()?;
    Some(failure(mismatch.to_string()).with(shown(&found)))
}

/// What there is, one line each.
fn shown(found: &Value) -> String {
    let lines: Vec<String> = match found {
        Value::Object(objects) => objects.iter().map(|(key, body)| format!("{key}: {body}")).collect(),
        _ => found.as_array().unwrap_or_default().iter().map(ToString::to_string).collect(),
    };
    if lines.is_empty() { "it holds nothing".into() } else { lines.join("\n") }
}

/// The jobs that a service ran, in order.
fn runs_of(run: &Run, service: &str) -> Value {
    run.services().jobs().iter().filter(|job| job.service() == service).map(JobRun::to_value).collect::<Vec<_>>().into()
}

/// What a thing is called, what it holds as people write it, and the names of all such things.
fn held(run: &Run, service: Service, name: &str) -> (&'static str, Option<Value>, Vec<String>) {
    let services = run.services();
    match service {
        #[cfg(feature = "dynamodb")]
        Service::DynamoDb => ("table", services.items(name).map(Value::array), services.tables()),
        #[cfg(not(feature = "dynamodb"))]
        Service::DynamoDb => ("table", None, Vec::new()),
        Service::Events => {
            let all = services.events(name).map(|all| all.iter().map(Event::to_value).collect());
            ("event bus", all.map(Value::array), services.buses().map(str::to_owned).collect())
        }
        Service::S3 => {
            let all = services.s3();
            let object = |key: &str| (Str::from(key), all.get(name, key).map_or(Value::Null, shown_body));
            let found = all.has_bucket(name).then(|| Value::object(all.keys(name, "").map(object)));
            ("bucket", found, all.buckets().map(str::to_owned).collect())
        }
        Service::Sns => {
            let all = services.published(name).map(|all| all.iter().map(|p| readable(&p.message)).collect());
            ("topic", all.map(Value::array), services.topics().map(str::to_owned).collect())
        }
        Service::Sqs => {
            let all = services.messages(name).map(|all| all.iter().map(|m| readable(m.body())).collect());
            ("queue", all.map(Value::array), services.queues().map(str::to_owned).collect())
        }
        // The reader knows no words of these.
        _ => ("thing", None, Vec::new()),
    }
}

/// An object's content: as JSON, as text, or as bytes in Base64.
fn shown_body(body: &[u8]) -> Value {
    std::str::from_utf8(body).map_or_else(|_| BASE64.encode(body).into(), readable)
}

/// A body that is JSON as JSON, any other as the text it is.
fn readable(body: &str) -> Value {
    Value::parse(body).unwrap_or_else(|_| body.into())
}
