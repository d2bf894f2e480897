//! What the command line reads: files, standard input and JSON typed as an argument.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rehearsal::Error;
use rehearsal::diagnostic::{Diagnostic, Diagnostics};
use rehearsal::file;
use rehearsal::mock::{self, MockFile};
use rehearsal::source::{self, Format, Source};
use rehearsal::value::Value;

use super::exit::Exit;
use super::screen::Failure;

/// Files of mocks are short; one of this size is another file.
const MOST_MOCKS: usize = 16 << 20;
/// An input may have 256 KiB on the wire; blanks and line breaks may make its file larger.
const MOST_INPUT: usize = 4 << 20;
/// An object that a Map reads.
const MOST_OBJECT: usize = 1 << 30;

/// A file of mocks with its text, which findings point into.
pub(crate) struct Mocks {
    pub(crate) source: Arc<Source>,
    pub(crate) file: MockFile,
}

impl Mocks {
    pub(crate) fn read(path: &Path) -> Result<Mocks, Failure> {
        let bytes = read(path, MOST_MOCKS)?;
        let refused = |found: Diagnostics| Failure::found(Exit::Mocks, found);
        let source = Source::from_bytes(path.to_string_lossy(), &bytes, MOST_MOCKS).map_err(refused)?;
        let source = Arc::new(source);
        let file = mock::load(&source).map_err(refused)?;
        Ok(Mocks { source, file })
    }
    /// Where the file says who answers this key.
    pub(crate) fn place_of(&self, key: &str) -> Option<source::Span> {
        match self.file.mocks.iter().find(|entry| entry.key == key) {
            Some(entry) => Some(entry.key_span),
            None => self.place_of_fault(key),
        }
    }
    /// Where the file has this reply of a mock's list, counted from 1.
    pub(crate) fn place_of_reply(&self, key: &str, number: usize) -> Option<source::Span> {
        let root = source::parse(&self.source, self.source.format()).ok()?;
        let replies = root.get("mocks").unwrap_or(&root).get(key)?.items().get(number - 1)?.span;
        Some(replies)
    }
    /// Where the file has a fault on this key.
    pub(crate) fn place_of_fault(&self, key: &str) -> Option<source::Span> {
        let root = source::parse(&self.source, self.source.format()).ok()?;
        let names_it = |node: &&source::Node| node.as_str().is_some_and(|on| **on == *key);
        root.get("faults")?.items().iter().filter_map(|fault| fault.get("on")).find(names_it).map(|on| on.span)
    }
}

/// The input that was asked for, or `{}`.
pub(crate) fn input(text: Option<&str>, file: Option<&Path>) -> Result<Value, Failure> {
    match (text, file) {
        (_, Some(path)) => of_file(path, "write the input as JSON, such as {\"orderId\": 7}"),
        (Some("-"), None) => {
            let bytes = read_all("standard input", std::io::stdin().lock(), MOST_INPUT)?;
            let help = "write the input as JSON on standard input, such as {\"orderId\": 7}";
            json("standard input", &bytes, Format::Json, help)
        }
        (Some(text), None) => {
            json("--input", text.as_bytes(), Format::Json, "write JSON in single quotes: --input '{\"orderId\": 7}'")
        }
        (None, None) => Ok(Value::empty_object()),
    }
}

/// The members of the context object.
pub(crate) fn context(text: &str) -> Result<Value, Failure> {
    let value = argument("--context", text)?;
    if value.as_object().is_none() {
        let message = format!("the context is a JSON object, and this is `{value}`");
        return Err(Failure::new(Exit::Input, message).help("write --context '{\"Execution\": {\"Name\": \"e-1\"}}'"));
    }
    Ok(value)
}

/// An argument that is JSON, or `@` and the file it is in.
pub(crate) fn argument(name: &str, text: &str) -> Result<Value, Failure> {
    match text.strip_prefix('@') {
        Some(path) => of_file(Path::new(path), "write JSON into the file"),
        None => json(name, text.as_bytes(), Format::Json, "write JSON in single quotes, or @FILE"),
    }
}

/// The same for a JSON object.
pub(crate) fn object_argument(name: &str, text: &str) -> Result<Value, Failure> {
    let value = argument(name, text)?;
    if value.as_object().is_none() {
        let message = format!("{name} is a JSON object, and this is `{value}`");
        return Err(Failure::new(Exit::Input, message).help(format!("write {name} '{{\"name\": 1}}'")));
    }
    Ok(value)
}

/// A text without the control characters that could move a terminal's cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The content of an object for an ItemReader.
pub(crate) fn object(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, MOST_OBJECT)
}

/// Refuses where one of these files is there, unless they are to be written over.
pub(crate) fn refuse_to_overwrite(paths: &[PathBuf], force: bool) -> Result<(), Failure> {
    #[expect(clippy::disallowed_methods, reason = "nothing that somebody wrote is written over without being asked")]
    let there = paths.iter().find(|path| std::fs::metadata(path).is_ok());
    match there {
        Some(path) if !force => {
            let failure = Failure::new(Exit::Usage, format!("`{}` is there already", path.display()));
            Err(failure.help("add `--force` to write over it, or name another file by `-o FILE`"))
        }
        _ => Ok(()),
    }
}

/// Writes a file whole, with the folders that it needs, or leaves what is there as it is.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    file::replace(path, bytes).map_err(|e| Error::io("write", path, e).into())
}

/// Whether there is a folder of this name.
pub(crate) fn is_folder(path: &Path) -> bool {
    #[expect(clippy::disallowed_methods, reason = "a folder that is named takes files")]
    std::fs::metadata(path).is_ok_and(|about| about.is_dir())
}

/// A name that every file system takes.
pub(crate) fn file_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let name = name.trim_matches(['.', '-']).to_owned();
    if name.is_empty() { "machine".to_owned() } else { name }
}

fn of_file(path: &Path, help: &str) -> Result<Value, Failure> {
    let name = path.to_string_lossy();
    json(&name, &read(path, MOST_INPUT)?, Format::of_name(&name).unwrap_or(Format::Json), help)
}

fn json(name: &str, bytes: &[u8], format: Format, help: &str) -> Result<Value, Failure> {
    let refused = |found: Diagnostics| {
        let helped = found.without_aws().into_iter().map(|d| if d.help.is_none() { d.help(help) } else { d });
        Failure::found(Exit::Input, helped.collect::<Vec<Diagnostic>>())
    };
    let source = Arc::new(Source::from_bytes(name, bytes, MOST_INPUT).map_err(refused)?);
    if source.text().trim().is_empty() {
        let finding = Diagnostic::error("syntax", format!("{name} is empty, which is not JSON")).help(help);
        return Err(Failure::found(Exit::Input, finding));
    }
    Ok(source::parse(&source, format).map_err(refused)?.to_value())
}

pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the command line reads the files it is given")]
    let file = std::fs::File::open(path).map_err(|e| Failure::from(Error::io("read", path, e)))?;
    read_all(&path.to_string_lossy(), file, most)
}

/// Everything there is to read, up to one byte more than is accepted.
fn read_all(name: &str, from: impl Read, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|e| Failure::from(Error::io("read", name, e)))?;
    Ok(bytes)
}
