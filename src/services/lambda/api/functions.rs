//! Functions: created, shown, changed, deleted, listed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{check_revision, conflict, page, wrong};
use crate::services::lambda::Lambda;
use crate::services::lambda::deployed::Deployed;
use crate::services::lambda::name::{Target, arn_of, invalid_members, not_found, unfit};
use crate::services::members::Members;
use crate::services::{ServiceError, Surroundings};
use crate::value::{Map, Value};

/// The members of CreateFunction.
pub(super) const CREATE: &[&str] = &[
    "FunctionName",
    "Runtime",
    "Role",
    "Handler",
    "Code",
    "Description",
    "Timeout",
    "MemorySize",
    "Publish",
    "VpcConfig",
    "PackageType",
    "DeadLetterConfig",
    "Environment",
    "KMSKeyArn",
    "TracingConfig",
    "Tags",
    "Layers",
    "ImageConfig",
    "Architectures",
    "EphemeralStorage",
    "LoggingConfig",
];

/// The members of UpdateFunctionConfiguration.
pub(super) const UPDATE: &[&str] = &[
    "FunctionName",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "VpcConfig",
    "Environment",
    "Runtime",
    "DeadLetterConfig",
    "KMSKeyArn",
    "TracingConfig",
    "RevisionId",
    "Layers",
    "ImageConfig",
    "EphemeralStorage",
    "LoggingConfig",
];

/// The members of UpdateFunctionCode.
pub(super) const UPDATE_CODE: &[&str] = &[
    "FunctionName",
    "ZipFile",
    "S3Bucket",
    "S3Key",
    "S3ObjectVersion",
    "ImageUri",
    "Publish",
    "DryRun",
    "RevisionId",
    "Architectures",
];

/// Those that become members of the configuration as they are.
const KEPT: &[&str] = &[
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "PackageType",
    "DeadLetterConfig",
    "Environment",
    "KMSKeyArn",
    "TracingConfig",
    "Architectures",
    "EphemeralStorage",
    "LoggingConfig",
];

const ROLE_PATTERN: &str = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+";

/// Variables that belong to the service.
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// The runtimes that there are or were.
const RUNTIMES: &[&str] = &[
    "dotnet10",
    "dotnet6",
    "dotnet8",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "java11",
    "java17",
    "java21",
    "java25",
    "java8",
    "java8.al2",
    "nodejs",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "provided",
    "provided.al2",
    "provided.al2023",
    "python2.7",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// What is wrong with the settings of a function.
fn check(input: &Members<'_>) -> Result<(), ServiceError> {
    if let Some(runtime) = input.text("Runtime").filter(|runtime| !RUNTIMES.contains(runtime)) {
        return Err(wrong(format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a \
             valid ARN",
            RUNTIMES.join(", ")
        )));
    }
    let mut broken = Vec::new();
    for (member, name, least, most) in [("MemorySize", "memorySize", 128, 10_240), ("Timeout", "timeout", 1, 900)] {
        let Some(n) = input.number(member) else { continue };
        let bound = |what: &str, bound: i64| {
            format!(
                "Value '{n}' at '{name}' failed to satisfy constraint: Member must have value {what} than or equal to {bound}"
            )
        };
        if n < least {
            broken.push(bound("greater", least));
        } else if n > most {
            broken.push(bound("less", most));
        }
    }
    if !broken.is_empty() {
        return Err(invalid_members(&broken));
    }
    if let Some(role) = input.text("Role") {
        let rest = role.strip_prefix("arn:aws").and_then(|r| r.split_once(":iam::")).map(|(_, rest)| rest);
        let account = rest.and_then(|r| r.split_once(":role/"));
        let is_fit = |(account, name): (&str, &str)| {
            account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty()
        };
        if !account.is_some_and(is_fit) {
            return Err(unfit("role", role, ROLE_PATTERN));
        }
    }
    let variables = input.get("Environment").and_then(|e| e.get("Variables")).and_then(Value::as_object);
    let taken: Vec<&str> =
        variables.into_iter().flat_map(Map::keys).map(|k| &**k).filter(|k| RESERVED.contains(k)).collect();
    if !taken.is_empty() {
        return Err(wrong(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            taken.join(", ")
        )));
    }
    if let Some(target) = input.get("DeadLetterConfig").and_then(|d| d.get("TargetArn")).and_then(Value::as_str)
        && !target.is_empty()
        && !["sqs", "sns"].contains(&target.split(':').nth(2).unwrap_or_default())
    {
        let pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
        return Err(unfit("deadLetterConfig.targetArn", target, pattern));
    }
    Ok(())
}

/// Takes the settings of an input into a configuration.
fn configure(configuration: &mut Map, input: &Members<'_>) {
    for name in KEPT {
        if let Some(value) = input.get(name) {
            configuration.insert(*name, value.clone());
        }
    }
    let is_empty = |c: &Map, name: &str, member: &str| {
        c.get(name).is_some_and(|v| {
            v.get(member).is_none_or(|m| m.as_str() == Some("") || m.as_object().is_some_and(Map::is_empty))
        })
    };
    for (name, member) in [("DeadLetterConfig", "TargetArn"), ("Environment", "Variables")] {
        if is_empty(configuration, name, member) {
            configuration.remove(name);
        }
    }
    if let Some(vpc) = input.get("VpcConfig").and_then(Value::as_object).filter(|v| !v.is_empty()) {
        configuration.insert("VpcConfig", vpc.clone());
    }
    if input.get("Layers").is_some() {
        let layer = |arn: &Value| Value::object([("Arn", arn.clone()), ("CodeSize", 0.into())]);
        configuration.insert("Layers", Value::array(input.items("Layers").iter().map(layer).collect()));
    }
    if let Some(image) = input.get("ImageConfig") {
        configuration.insert("ImageConfigResponse", Value::object([("ImageConfig", image.clone())]));
    }
}

/// # Errors
/// An archive that is none, or an empty one. What is in it nobody reads here.
fn check_archive(code: &Value) -> Result<(), ServiceError> {
    /// What the directory at the end of an archive begins with, and how long it is at least.
    const END: (&[u8], usize) = (b"PK\x05\x06", 22);
    let Some(text) = code.get("ZipFile").and_then(Value::as_str) else { return Ok(()) };
    let Ok(bytes) = STANDARD.decode(text) else {
        return Err(ServiceError::coded("SerializationException", "ZipFile is not Base64"));
    };
    let (mark, length) = END;
    let at = bytes.windows(length).rposition(|window| window.starts_with(mark));
    let entries = at.and_then(|at| bytes.get(at + 10..at + 12));
    match entries {
        None => Err(wrong("Could not unzip uploaded file. Please check your file, then try to upload again.")),
        Some([0, 0]) => Err(wrong("Uploaded file must be a non-empty zip")),
        Some(_) => Ok(()),
    }
}

/// The size and the digest of code: of an archive that is sent, or of where one lies.
fn measure(code: &Value) -> (usize, String) {
    let zip = code.get("ZipFile").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    match zip {
        Some(bytes) => (bytes.len(), STANDARD.encode(Sha256::digest(&bytes))),
        None => (0, STANDARD.encode(Sha256::digest(code.to_string().as_bytes()))),
    }
}

impl Lambda {
    pub(super) fn create_function(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let target = Target::of(input.needed("FunctionName")?, None)?;
        check(input)?;
        input.needed("Role")?;
        let is_image = input.text("PackageType") == Some("Image");
        if !is_image && (input.text("Runtime").is_none() || input.text("Handler").is_none()) {
            return Err(wrong(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            ));
        }
        if self.functions.contains_key(&target.name) {
            return Err(conflict(format!("Function already exist: {}", target.name)));
        }
        let code = input.get("Code").cloned().unwrap_or_default();
        check_archive(&code)?;
        let (size, digest) = measure(&code);
        let mut configuration = Map::new();
        configuration.insert("FunctionName", target.name.as_str());
        configuration.insert("FunctionArn", arn_of(&target.name));
        configuration.insert("Description", "");
        configuration.insert("Timeout", 3);
        configuration.insert("MemorySize", 128);
        configuration.insert("CodeSize", i64::try_from(size).unwrap_or(i64::MAX));
        configuration.insert("CodeSha256", digest);
        configure(&mut configuration, input);
        let mut deployed = Deployed::new(&target.name, configuration, around);
        deployed.code = code;
        if let Some(tags) = input.get("Tags").and_then(Value::as_object) {
            deployed.tags = tags.clone();
        }
        let shown = match input.get("Publish").and_then(Value::as_bool) {
            Some(true) => deployed.publish(None).clone(),
            _ => deployed.configuration.clone(),
        };
        self.deleted.remove(&target.name);
        self.functions.insert(target.name, deployed);
        Ok(shown.into())
    }

    pub(super) fn get_function(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        let mut shown = Map::new();
        shown.insert("Configuration", deployed.shown(&target, around)?);
        let mut code = Map::new();
        match deployed.code.get("ImageUri") {
            Some(uri) => {
                code.insert("RepositoryType", "ECR");
                code.insert("ImageUri", uri.clone());
            }
            None => {
                code.insert("RepositoryType", "S3");
            }
        }
        shown.insert("Code", code);
        if !deployed.tags.is_empty() {
            shown.insert("Tags", deployed.tags.clone());
        }
        if let Some(reserved) = deployed.reserved {
            let n = i64::try_from(reserved).unwrap_or(i64::MAX);
            shown.insert("Concurrency", Value::object([("ReservedConcurrentExecutions", Value::from(n))]));
        }
        Ok(shown.into())
    }

    pub(super) fn get_configuration(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        deployed.shown(&target, around)
    }

    pub(super) fn update_configuration(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        check(input)?;
        let (_, deployed) = self.named(input)?;
        check_revision(input, deployed.configuration.get("RevisionId"))?;
        configure(&mut deployed.configuration, input);
        deployed.changed(around);
        Ok(deployed.configuration.clone().into())
    }

    pub(super) fn update_code(
        &mut self,
        around: &mut Surroundings,
        input: &Members<'_>,
    ) -> Result<Value, ServiceError> {
        let (_, deployed) = self.named(input)?;
        check_revision(input, deployed.configuration.get("RevisionId"))?;
        let members = ["ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"];
        let code = Value::object(members.iter().filter_map(|name| Some((*name, input.get(name)?.clone()))));
        check_archive(&code)?;
        let (size, digest) = measure(&code);
        let mut configuration = deployed.configuration.clone();
        configuration.insert("CodeSize", i64::try_from(size).unwrap_or(i64::MAX));
        configuration.insert("CodeSha256", digest);
        if let Some(architectures) = input.get("Architectures") {
            configuration.insert("Architectures", architectures.clone());
        }
        if input.get("DryRun").and_then(Value::as_bool) == Some(true) {
            return Ok(configuration.into());
        }
        deployed.configuration = configuration;
        deployed.code = code;
        deployed.changed(around);
        Ok(match input.get("Publish").and_then(Value::as_bool) {
            Some(true) => deployed.publish(None).clone().into(),
            _ => deployed.configuration.clone().into(),
        })
    }

    pub(super) fn delete_function(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let (target, deployed) = self.named(input)?;
        let Some(qualifier) = &target.qualifier else {
            self.functions.remove(&target.name);
            self.deleted.insert(target.name);
            return Ok(Value::empty_object());
        };
        if qualifier == "$LATEST" {
            return Err(wrong("$LATEST version cannot be deleted without deleting the function."));
        }
        let number = qualifier.parse().ok().filter(|n| deployed.versions.contains_key(n));
        let Some(number) = number else {
            // Deleting what is not there is fine, unless it is an alias, which is deleted otherwise.
            return if deployed.aliases.contains_key(qualifier) {
                Err(not_found(&target.arn()))
            } else {
                Ok(Value::empty_object())
            };
        };
        let is_of = |alias: &&String| {
            deployed.aliases.get(*alias).and_then(|a| a.get("FunctionVersion")).and_then(Value::as_str)
                == Some(qualifier)
        };
        let aliases: Vec<&str> = deployed.aliases.keys().filter(is_of).map(String::as_str).collect();
        if !aliases.is_empty() {
            let all = aliases.join(", ");
            return Err(conflict(format!(
                "Unable to delete version because the following aliases reference it: [{all}]"
            )));
        }
        deployed.versions.remove(&number);
        Ok(Value::empty_object())
    }

    pub(super) fn list_functions(&mut self, _: &mut Surroundings, input: &Members<'_>) -> Result<Value, ServiceError> {
        let is_all = match input.text("FunctionVersion") {
            None => false,
            Some("ALL") => true,
            Some(other) => {
                return Err(invalid_members(&[format!(
                    "Value '{other}' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value \
                     set: [ALL]"
                )]));
            }
        };
        let mut all = Vec::new();
        for deployed in self.functions.values() {
            all.push(match is_all {
                true => deployed.qualified(&deployed.configuration, "$LATEST"),
                false => deployed.configuration.clone().into(),
            });
            if is_all {
                all.extend(deployed.versions.values().map(|v| Value::from(v.clone())));
            }
        }
        page(all, input, "Functions")
    }

    pub(super) fn account_settings(&mut self, _: &mut Surroundings, _: &Members<'_>) -> Result<Value, ServiceError> {
        let reserved: u64 = self.functions.values().filter_map(|f| f.reserved).sum();
        let size: i64 = self.functions.values().filter_map(|f| f.configuration.get("CodeSize")?.as_whole()).sum();
        let number = |n: u64| Value::from(i64::try_from(n).unwrap_or(i64::MAX));
        Ok(Value::object([
            (
                "AccountLimit",
                Value::object([
                    ("TotalCodeSize", Value::from(80_530_636_800_i64)),
                    ("CodeSizeUnzipped", Value::from(262_144_000)),
                    ("CodeSizeZipped", Value::from(52_428_800)),
                    ("ConcurrentExecutions", number(super::settings::ACCOUNT_CONCURRENCY)),
                    (
                        "UnreservedConcurrentExecutions",
                        number(super::settings::ACCOUNT_CONCURRENCY.saturating_sub(reserved)),
                    ),
                ]),
            ),
            (
                "AccountUsage",
                Value::object([
                    ("TotalCodeSize", Value::from(size)),
                    ("FunctionCount", number(self.functions.len() as u64)),
                ]),
            ),
        ]))
    }
}
