//! Ways to a machine: a file of any kind, a text, a JSON value.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::asl::{CompileOptions, Machine, compile};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::error::{Error, ErrorKind};
use crate::iac::files::Files;
use crate::iac::find::{Found, search};
use crate::iac::placeholder::{explain, listed};
use crate::iac::{Settings, plain};
use crate::source::{Format, MAX_DEFINITION_BYTES, Source, parse};

impl Machine {
    /// Loads a machine from where it lives: a definition's file (JSON or YAML, as its ending says), a SAM or
    /// CloudFormation template, the CDK's output, Terraform, a Serverless file. `FILE#ID` names one machine of several;
    /// a folder will do where it holds one, or with `#ID`.
    ///
    /// ```no_run
    /// use rehearsal::Machine;
    ///
    /// let order = Machine::load("order.asl.json")?;
    /// let refund = Machine::load("template.yaml#RefundMachine")?;
    /// # Ok::<(), rehearsal::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file that cannot be read, an id that is not there, and everything that is wrong with the definition.
    pub fn load(path: impl AsRef<Path>) -> Result<Machine, Error> {
        Machine::load_with(path, &CompileOptions::default())
    }

    /// Loads a machine from where it lives, saying what the file does not.
    ///
    /// # Errors
    /// As [`load`](Machine::load).
    pub fn load_with(path: impl AsRef<Path>, options: &CompileOptions) -> Result<Machine, Error> {
        Machine::load_noting(path.as_ref(), options, &mut BTreeSet::new())
    }

    /// The same, noting everything that was looked at, also where it comes to nothing.
    pub(crate) fn load_noting(
        path: &Path,
        options: &CompileOptions,
        looked_at: &mut BTreeSet<PathBuf>,
    ) -> Result<Machine, Error> {
        let (path, id) = split(path);
        let search = search(&path, options);
        looked_at.extend(search.looked_at);
        match search.failures.into_iter().next() {
            Some(failure) if search.found.is_empty() => Err(failure),
            _ => chosen(&path, id.as_deref(), &search.found)?.load(),
        }
    }

    /// Reads a definition from a text, JSON or YAML.
    ///
    /// # Errors
    /// Everything that is wrong with the definition.
    pub fn parse(text: &str) -> Result<Machine, Error> {
        Machine::parse_with(text, &CompileOptions::default())
    }

    /// Reads a definition from a text, saying what the text does not.
    ///
    /// # Errors
    /// Everything that is wrong with the definition.
    pub fn parse_with(text: &str, options: &CompileOptions) -> Result<Machine, Error> {
        if text.len() > MAX_DEFINITION_BYTES {
            return Err(plain::too_large("definition", text.len() as u64).into());
        }
        let mut options = options.clone();
        options.name.get_or_insert_with(|| "StateMachine".into());
        Machine::from_source(&Arc::new(Source::new("definition", text)), &options).map_err(Error::from)
    }

    /// Takes a definition that is JSON already. Findings point into its indented text.
    ///
    /// # Errors
    /// Everything that is wrong with the definition.
    pub fn from_json(definition: &serde_json::Value) -> Result<Machine, Error> {
        let text = serde_json::to_string_pretty(definition)
            .map_err(|e| Error::new(ErrorKind::Definition, "write the definition as text").because(e))?;
        let source = Arc::new(Source::new("definition", text));
        let options = CompileOptions::default().name("StateMachine");
        let node = parse(&source, Format::Json)?;
        compile(&source, &node, &options).map_err(Error::from)
    }

    /// Reads a definition from a source, which is nothing but the definition. Its placeholders are replaced by the
    /// options' substitutions.
    ///
    /// # Errors
    /// Everything that is wrong with the definition.
    pub fn from_source(source: &Arc<Source>, options: &CompileOptions) -> Result<Machine, Diagnostics> {
        let settings = Settings::of(options);
        let definition = plain::definition(source, &settings)?;
        let machine = compile(&definition.source, &definition.node, options);
        machine.map_err(|found| explain(found, &definition.names))
    }
}

/// A path and the id behind its `#`. A file whose name has such a character is found as well.
fn split(path: &Path) -> (PathBuf, Option<String>) {
    let files = Files::new();
    let exists = |path: &Path| files.is_file(path) || !path.as_os_str().is_empty() && files.is_folder(path);
    let text = path.to_string_lossy();
    if exists(path) {
        return (path.to_owned(), None);
    }
    let parts = |at: usize| {
        let (file, id) = text.split_at(at);
        (PathBuf::from(file), Some(id.get(1..).unwrap_or_default().to_owned()).filter(|id| !id.is_empty()))
    };
    let mut marks = text.match_indices('#').map(|(at, _)| at);
    let first = marks.clone().next();
    match marks.find(|at| text.get(..*at).is_some_and(|file| exists(Path::new(file)))).or(first) {
        Some(at) => parts(at),
        None => (path.to_owned(), None),
    }
}

/// The machine that was asked for.
fn chosen<'f>(path: &Path, id: Option<&str>, found: &'f [Found]) -> Result<&'f Found, Error> {
    let refused = |code, message: String, help: String| Err(Error::from(Diagnostic::error(code, message).help(help)));
    let path = path.display();
    let ids = || -> Vec<String> { found.iter().map(|f| f.id().to_owned()).collect() };
    let Some(id) = id else {
        return match found {
            [only] => Ok(only),
            [] => refused("no-machine", format!("`{path}` holds no state machine"), "name a file that does".to_owned()),
            [first, ..] => refused(
                "which-machine",
                format!("`{path}` holds {} state machines: {}", found.len(), listed(&ids())),
                format!("name one, such as `{}`", first.target()),
            ),
        };
    };
    for fits in FITS {
        match found.iter().filter(|f| fits(f, id)).collect::<Vec<_>>()[..] {
            [] => {}
            [only] => return Ok(only),
            [first, ..] => {
                let fitting: Vec<String> = found.iter().filter(|f| fits(f, id)).map(Found::target).collect();
                return refused(
                    "which-machine",
                    format!("`{id}` fits {} state machines: {}", fitting.len(), listed(&fitting)),
                    format!("name one, such as `{}`", first.target()),
                );
            }
        }
    }
    let ids = ids();
    let help = match did_you_mean(id, ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if ids.is_empty() => "it holds none at all".to_owned(),
        None => format!("it holds {}", listed(&ids)),
    };
    refused("no-machine", format!("`{path}` holds no state machine `{id}`"), help)
}

/// How an id may fit a machine, the strictest first.
const FITS: &[fn(&Found, &str) -> bool] = &[
    |found, id| found.id() == id,
    |found, id| found.extracted().also.iter().any(|also| also == id),
    |found, id| found.extracted().name.as_deref() == Some(id),
    // The last part of a way through nested stacks or modules.
    |found, id| found.id().rsplit_once('/').is_some_and(|(_, last)| last == id),
    // What the CDK generates ends in eight characters of a hash.
    |found, id| {
        let rest = found.id().rsplit('/').next().and_then(|last| last.strip_prefix(id));
        found.extracted().is_generated && rest.is_some_and(|r| r.len() == 8 && r.bytes().all(|b| b.is_ascii_hexdigit()))
    },
    |found, id| {
        found.extracted().is_generated
            && !id.is_empty()
            && found.id().rsplit('/').next().is_some_and(|l| l.starts_with(id))
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Succeed"}}}"#;

    #[test]
    fn a_text_may_be_json_or_yaml() {
        let yaml = "StartAt: Hello\nStates:\n  Hello:\n    Type: Succeed\n";
        for text in [HELLO, yaml] {
            let machine = Machine::parse(text).unwrap();
            assert_eq!((machine.name(), machine.state_names().collect::<Vec<_>>()), ("StateMachine", vec!["Hello"]));
        }
    }

    #[test]
    fn a_json_value_is_a_definition_too() {
        let value: serde_json::Value = serde_json::from_str(HELLO).unwrap();
        assert_eq!(Machine::from_json(&value).unwrap().definition(), value);
        assert!(Machine::from_json(&serde_json::json!([1])).is_err());
    }

    #[test]
    fn a_placeholder_without_quotation_marks_takes_a_number() {
        let text = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": ${wait}, "End": true}}}"#;
        assert!(Machine::parse_with(text, &CompileOptions::default().substitute("wait", "30")).is_ok());
        let error = Machine::parse_with(text, &CompileOptions::default().substitute("wiat", "30")).err().unwrap();
        assert_eq!(error.diagnostics()[0].code, "placeholder");
        assert!(error.to_string().contains("did you mean `${wiat}`?"), "{error}");
    }

    #[test]
    fn a_file_gives_the_machine_its_name() {
        let folder = std::env::temp_dir().join(format!("rehearsal-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("checkout.asl.json");
        std::fs::write(&path, HELLO).unwrap();
        assert_eq!(Machine::load(&path).unwrap().name(), "checkout");
        assert_eq!(Machine::load(folder.join("checkout.asl.json#checkout")).unwrap().name(), "checkout");
        std::fs::rename(&path, folder.join("a#b.json")).unwrap();
        assert_eq!(Machine::load(folder.join("a#b.json")).unwrap().name(), "a#b");
        std::fs::write(&path, " ".repeat(MAX_DEFINITION_BYTES + 7)).unwrap();
        let error = Machine::load(&path).err().unwrap();
        assert!(error.to_string().contains("holds 1048583 bytes"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(Machine::load(&path).err().unwrap().kind(), ErrorKind::Io);
    }
}
