//! Ways to a machine: a file of any kind, a text, a JSON value.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::asl::{CompileOptions, Machine, compile};
use crate::diagnostic::Diagnostics;
use crate::error::{Error, ErrorKind};
use crate::iac::find::search;
use crate::iac::placeholder::explain;
use crate::iac::target::only;
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
        let search = search(path, options);
        looked_at.extend(search.looked_at);
        match search.failures.into_iter().next() {
            Some(failure) if search.found.is_empty() => Err(failure),
            _ => only(path, &search.found)?.load(),
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
