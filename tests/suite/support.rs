//! What the tests by feature share: a way to a machine, and histories in a line an event.

use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::history::History;
use rehearsal::prelude::*;
use serde_json::Value;

/// A function that tasks call.
pub(crate) const WORK: &str = "arn:aws:lambda:us-east-1:123456789012:function:work";
/// An integration that hands out a task token.
pub(crate) const ASK: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
/// An activity.
pub(crate) const PACK: &str = "arn:aws:states:us-east-1:123456789012:activity:packing";

/// The machine of a definition.
#[track_caller]
pub(crate) fn machine(definition: Value) -> Machine {
    match Machine::from_json(&definition) {
        Ok(machine) => machine,
        Err(e) => panic!("{e}"),
    }
}

/// The Express machine of a definition.
#[track_caller]
pub(crate) fn express(definition: Value) -> Machine {
    let options = CompileOptions::default().machine_type(MachineType::Express);
    match Machine::parse_with(&definition.to_string(), &options) {
        Ok(machine) => machine,
        Err(e) => panic!("{e}"),
    }
}

/// A machine of one state, `S`, which is the last unless it says otherwise.
#[track_caller]
pub(crate) fn single(state: Value) -> Machine {
    machine(json!({ "StartAt": "S", "States": { "S": ended(state) } }))
}

/// The same in JSONata.
#[track_caller]
pub(crate) fn single_jsonata(state: Value) -> Machine {
    machine(json!({ "QueryLanguage": "JSONata", "StartAt": "S", "States": { "S": ended(state) } }))
}

/// A task that calls a function, with further fields; the last state.
pub(crate) fn task(fields: Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": WORK });
    for (name, value) in fields.as_object().unwrap() {
        state[name] = value.clone();
    }
    ended(state)
}

fn ended(mut state: Value) -> Value {
    let knows_an_end = !matches!(state["Type"].as_str(), Some("Succeed" | "Fail" | "Choice"));
    if knows_an_end && state.get("Next").is_none() {
        state["End"] = true.into();
    }
    state
}

/// `4<-3 MapIterationStarted`: the events with their ids and those they follow.
pub(crate) fn events(history: &History) -> Vec<String> {
    history.iter().map(|(id, e)| format!("{id}<-{} {}", e.previous, e.detail.type_name())).collect()
}

/// The types of the events in order.
pub(crate) fn types(history: &History) -> Vec<&'static str> {
    history.iter().map(|(_, e)| e.detail.type_name()).collect()
}

/// What a test panics with.
#[track_caller]
pub(crate) fn panic_of<R>(work: impl FnOnce() -> R) -> String {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    let panic = caught.err().expect("it should have panicked");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).expect("a panic with a text")
}

/// A folder of its own for a test, gone when the test is.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("rehearsal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
    pub(crate) fn root(&self) -> &std::path::Path {
        &self.0
    }
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
    pub(crate) fn write(&self, name: &str, text: &str) -> std::path::PathBuf {
        self.write_bytes(name, text.as_bytes())
    }
    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A folder of what is shared between projects, where it is here; a test that needs it says that it skips.
pub(crate) fn shared(part: &str) -> Option<std::path::PathBuf> {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("REHEARSAL_SHARED").map_or_else(beside, std::path::PathBuf::from);
    let path = root.join(part);
    if !path.is_dir() {
        println!("skipped: there is no {}; REHEARSAL_SHARED names the folder that has it", path.display());
        return None;
    }
    Some(path)
}

/// All files with an ending, in folders and below them, by name.
pub(crate) fn files_below(folder: &std::path::Path, ending: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// One message over HTTP: its head and as much of a body as it tells.
#[cfg(feature = "client")]
pub(crate) fn http_message(stream: &mut std::net::TcpStream) -> String {
    use std::io::Read as _;
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut part).unwrap_or(0);
        bytes.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length =
                head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if n == 0 || whole {
            return text;
        }
    }
}
