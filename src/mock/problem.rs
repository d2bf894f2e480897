//! What is wrong with a set of mocks as such: keys that name nothing, replies that were never given.

use std::fmt;
use std::sync::Arc;

use super::key::{Key, path_reach};
use crate::asl::{Resource, ResourceKind};
use crate::diagnostic::did_you_mean;
use crate::value::Str;

/// A state that a key may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The names of the Maps and Parallels around it, outermost first.
    pub path: Vec<Str>,
    /// Its own name.
    pub name: Str,
    /// Whether it is a Task, the only states that call anything.
    pub is_task: bool,
}

/// Everything a key may name in one machine.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// All states, nested ones too.
    pub states: Vec<Target>,
    /// The resources of its tasks.
    pub resources: Vec<Arc<Resource>>,
    /// The names and ARNs of functions that `lambda:invoke` tasks are known to call.
    pub functions: Vec<String>,
    /// Whether some task computes the function it calls, so that a key may name a function that is not listed.
    pub has_computed_functions: bool,
}

/// A key that names nothing, or nothing that can be mocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key.
    pub key: String,
    /// What is wrong: one lower-case sentence.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// A mock, one reply of a mock, or a fault that no call asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unused {
    /// A whole mock.
    Mock {
        /// Its key.
        key: String,
    },
    /// One reply of a mock that was used otherwise.
    Reply {
        /// The mock's key.
        key: String,
        /// Which reply, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// A fault.
    Fault {
        /// Its key.
        key: String,
    },
}

impl Unused {
    /// The key of the mock or fault.
    pub fn key(&self) -> &str {
        match self {
            Unused::Mock { key } | Unused::Reply { key, .. } | Unused::Fault { key } => key,
        }
    }
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unused::Mock { key } => write!(f, "the mock of `{key}` was never used"),
            Unused::Reply { key, number, of } => {
                write!(f, "reply {number} of {of} in the mock of `{key}` was never used")
            }
            Unused::Fault { key } => write!(f, "the fault on `{key}` was never used"),
        }
    }
}

impl Targets {
    /// What is wrong with a key, if anything is.
    pub fn problem_of(&self, key: &Key) -> Option<Problem> {
        let text = key.as_str();
        let problem = |message: String, help: Option<String>| Some(Problem { key: text.to_owned(), message, help });
        let names_it =
            |t: &&Target| path_reach(text, &t.name, t.path.iter().rev().map(|name| (&**name, None))).is_some();
        let mut named = self.states.iter().filter(names_it).peekable();
        let is_state = named.peek().is_some();
        if named.any(|t| t.is_task) || self.names().any(|name| name == text) {
            return None;
        }
        if is_state {
            return problem(
                format!("`{text}` is not a task, so nothing is called there"),
                Some("mock the tasks inside it, or the task that follows".into()),
            );
        }
        // A function that is only known while the machine runs cannot be refused, unless the key is plainly no
        // function's name.
        if self.has_computed_functions && !text.contains('/') && (!text.contains(':') || text.starts_with("arn:")) {
            return None;
        }
        let tasks = || self.states.iter().filter(|t| t.is_task);
        let nested = tasks().filter(|t| !t.path.is_empty()).map(|t| format!("{}/{}", t.path.join("/"), t.name));
        let candidates: Vec<String> = tasks().map(|t| t.name.to_string()).chain(nested).chain(self.names()).collect();
        let near = did_you_mean(text, candidates.iter().map(String::as_str));
        let nothing = if text.starts_with("arn:") || text.contains(':') { "no such resource" } else { "no such state" };
        let help = near.map(|near| format!("did you mean `{near}`?"));
        problem(format!("nothing answers to the key `{text}`: there is {nothing}"), help)
    }
    /// Every key that is not a state's.
    fn names(&self) -> impl Iterator<Item = String> {
        let of_resource = |r: &Arc<Resource>| {
            let bare = match r.kind() {
                ResourceKind::Lambda { function: name } | ResourceKind::Activity { name } => name.to_string(),
                ResourceKind::Service { service, action, .. } => format!("{service}:{action}"),
            };
            [bare, r.short(), r.arn().to_string()]
        };
        let functions = self.functions.iter().flat_map(|f| {
            let bare = f.rsplit_once(":function:").map_or(f.as_str(), |(_, name)| name).split(':').next();
            [f.clone(), bare.unwrap_or_default().to_owned()]
        });
        self.resources.iter().flat_map(of_resource).chain(functions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets() -> Targets {
        let state = |path: &[&str], name: &str, is_task| Target {
            path: path.iter().map(|p| Str::from(*p)).collect(),
            name: name.into(),
            is_task,
        };
        let resource = |arn| Arc::new(Resource::parse(arn).unwrap());
        Targets {
            states: vec![state(&[], "Charge", true), state(&[], "Each", false), state(&["Each"], "Work", true)],
            resources: vec![
                resource("arn:aws:states:::sqs:sendMessage.waitForTaskToken"),
                resource("arn:aws:lambda:us-east-1:1:function:work:live"),
            ],
            functions: vec!["arn:aws:lambda:us-east-1:1:function:charge:1".into()],
            has_computed_functions: false,
        }
    }

    #[test]
    fn every_form_of_key_is_known() {
        let keys = [
            "Charge",
            "Work",
            "Each/Work",
            "Each[3]/Work",
            "sqs:sendMessage",
            "sqs:sendMessage.waitForTaskToken",
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "work",
            "charge",
            "arn:aws:lambda:us-east-1:1:function:charge:1",
        ];
        for key in keys {
            assert_eq!(targets().problem_of(&key.into()), None, "{key}");
        }
    }

    #[test]
    fn a_key_that_names_nothing_is_a_problem_with_the_nearest_name() {
        let said = |key: &str| targets().problem_of(&key.into()).map(|p| p.to_string());
        let table = [
            ("Chrage", "nothing answers to the key `Chrage`: there is no such state; did you mean `Charge`?"),
            ("Each/Wrok", "nothing answers to the key `Each/Wrok`: there is no such state; did you mean `Each/Work`?"),
            (
                "sqs:sendMesage",
                "nothing answers to the key `sqs:sendMesage`: there is no such resource; did you mean `sqs:sendMessage`?",
            ),
            ("Wholly other", "nothing answers to the key `Wholly other`: there is no such state"),
            (
                "Each",
                "`Each` is not a task, so nothing is called there; mock the tasks inside it, or the task that follows",
            ),
        ];
        for (key, want) in table {
            assert_eq!(said(key).as_deref(), Some(want));
        }
        let computed = Targets { has_computed_functions: true, ..targets() };
        assert_eq!(computed.problem_of(&"some-function".into()), None);
        assert!(computed.problem_of(&"sqs:sendMesage".into()).is_some());
    }
}
