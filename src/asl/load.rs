//! Ways to a machine: a file, a text, a JSON value.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::asl::compile::{CompileOptions, compile};
use crate::asl::machine::Machine;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::error::{Error, ErrorKind};
use crate::source::{Format, MAX_DEFINITION_BYTES, Source, parse};

impl Machine {
    /// Loads a definition from a file; its ending says whether it is JSON or YAML.
    ///
    /// # Errors
    /// A file that cannot be read, and everything that is wrong with the definition.
    pub fn load(path: impl AsRef<Path>) -> Result<Machine, Error> {
        Machine::load_with(path, &CompileOptions::default())
    }

    /// Loads a definition from a file, saying what the file does not.
    ///
    /// # Errors
    /// A file that cannot be read, and everything that is wrong with the definition.
    #[expect(clippy::disallowed_methods, reason = "definitions are files, and are read here only")]
    pub fn load_with(path: impl AsRef<Path>, options: &CompileOptions) -> Result<Machine, Error> {
        let path = path.as_ref();
        let name = path.to_string_lossy();
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
        // One byte more than is accepted, so that a file of any size is told from one that just fits.
        let most = MAX_DEFINITION_BYTES as u64 + 1;
        file.take(most).read_to_end(&mut bytes).map_err(|e| Error::io("read", path, e))?;
        if bytes.len() > MAX_DEFINITION_BYTES {
            let size = std::fs::metadata(path).map_or(most, |m| m.len());
            return Err(too_large(&name, size).into());
        }
        let source = Source::from_bytes(name, &bytes, MAX_DEFINITION_BYTES)?;
        Machine::from_source(&Arc::new(source), options).map_err(Error::from)
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
            return Err(too_large("definition", text.len() as u64).into());
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

    /// Reads a definition from a source.
    ///
    /// # Errors
    /// Everything that is wrong with the definition.
    pub fn from_source(source: &Arc<Source>, options: &CompileOptions) -> Result<Machine, Diagnostics> {
        let node = parse(source, source.format())?;
        compile(source, &node, options)
    }
}

fn too_large(name: &str, bytes: u64) -> Diagnostic {
    let message = format!("`{name}` holds {bytes} bytes, and a definition may hold {MAX_DEFINITION_BYTES}");
    Diagnostic::error("too-large", message)
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
    fn a_file_gives_the_machine_its_name() {
        let folder = std::env::temp_dir().join(format!("rehearsal-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("checkout.asl.json");
        std::fs::write(&path, HELLO).unwrap();
        assert_eq!(Machine::load(&path).unwrap().name(), "checkout");
        std::fs::write(&path, " ".repeat(MAX_DEFINITION_BYTES + 7)).unwrap();
        let error = Machine::load(&path).err().unwrap();
        assert!(error.to_string().contains("holds 1048583 bytes"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(Machine::load(&path).err().unwrap().kind(), ErrorKind::Io);
    }
}
