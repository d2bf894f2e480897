//! How a mock, a fault or a question about the log names calls.

use std::fmt;

use crate::asl::ResourceKind;
use crate::task::Call;
use crate::value::Str;

/// The text that names calls: a path, a state, an ARN, a function, an activity or `service:action`.
///
/// Which of these a key is follows from the call it is held against, so that names may contain any character.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(Str);

/// In what way a key names a call; the later, the more specific.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// `sqs:sendMessage`, whatever the pattern.
    Action,
    /// `sqs:sendMessage.waitForTaskToken`, `activity:pack`.
    Api,
    /// A Lambda function's or an activity's bare name.
    Function,
    /// The whole ARN of the resource, or of the function that `lambda:invoke` is told to call.
    Arn {
        /// Whether it is the function's ARN rather than the resource's.
        of_function: bool,
    },
    /// The state's name.
    State,
    /// The state's name after those of its Maps and Parallels, which may carry indices.
    Path {
        /// How many names there are.
        names: usize,
        /// How many of them have an index.
        indices: usize,
    },
}

impl Reach {
    /// Whether the key names the function itself, so that its mock gives what the function returned.
    pub(super) fn is_of_function(self) -> bool {
        matches!(self, Reach::Function | Reach::Arn { of_function: true })
    }
}

/// The names by which one call is known, found once for all keys.
pub(super) struct CallNames<'a> {
    pub(super) call: &'a Call,
    api: String,
    action: String,
}

impl<'a> CallNames<'a> {
    pub(super) fn of(call: &'a Call) -> CallNames<'a> {
        let api = call.resource.short();
        let action = match call.resource.kind() {
            ResourceKind::Service { service, action, .. } => format!("{service}:{action}"),
            ResourceKind::Lambda { .. } | ResourceKind::Activity { .. } => api.clone(),
        };
        CallNames { call, api, action }
    }
    /// The function's or activity's bare name.
    pub(super) fn function(&self) -> Option<&'a str> {
        match self.call.resource.kind() {
            ResourceKind::Activity { name } => Some(name),
            ResourceKind::Lambda { .. } | ResourceKind::Service { .. } => self.call.function_name(),
        }
    }
    /// Everything a key could have been meant to say, the most likely first.
    pub(super) fn all(&self) -> Vec<String> {
        let location = plain_location(self.call);
        let names =
            [Some(&*self.call.state), Some(location.as_str()), self.function(), Some(&self.action), Some(&self.api)];
        names.into_iter().flatten().map(str::to_owned).collect()
    }
}

/// `Outer/Inner`: the call's location without indices.
pub(super) fn plain_location(call: &Call) -> String {
    let names = call.path.iter().map(|step| &*step.state).chain([&*call.state]);
    names.collect::<Vec<_>>().join("/")
}

impl Key {
    /// The key as written, to share.
    pub(super) fn text(&self) -> Str {
        self.0.clone()
    }
    /// The key as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether the key names this call in any way.
    pub fn names(&self, call: &Call) -> bool {
        self.reach(&CallNames::of(call)).is_some()
    }
    /// Whether the key names calls that differ from this one in nothing but the items and branches they come from: all
    /// of them, or those of an item or branch.
    pub(super) fn names_like(&self, call: &Call) -> Option<bool> {
        let outer = || call.path.iter().rev().map(|step| &*step.state);
        match path_reach(&self.0, &call.state, outer().map(|name| (name, None))) {
            Some(Reach::Path { indices: 1.., .. }) => Some(false),
            Some(_) => Some(true),
            None => self.names(call).then_some(true),
        }
    }
    /// In what way the key names this call, if it does.
    pub(super) fn reach(&self, names: &CallNames<'_>) -> Option<Reach> {
        let (key, call) = (&*self.0, names.call);
        let outer = call.path.iter().rev().map(|step| (&*step.state, Some(step.index)));
        if let Some(reach) = path_reach(key, &call.state, outer) {
            return Some(reach);
        }
        if key.starts_with("arn:") {
            let is_resource = **call.resource.arn() == *key;
            let of_function = !is_resource && invoked_arn(call) == Some(key);
            return (is_resource || of_function).then_some(Reach::Arn { of_function });
        }
        if names.function() == Some(key) {
            return Some(Reach::Function);
        }
        match key {
            _ if key == names.action => Some(Reach::Action),
            _ if key == names.api => Some(Reach::Api),
            _ => None,
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key(text.into())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Key {
        Key(text.into())
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Key {
        Key(text.as_str().into())
    }
}

impl From<Str> for Key {
    fn from(text: Str) -> Key {
        Key(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The function's ARN in the payload of `lambda:invoke`.
pub(super) fn invoked_arn(call: &Call) -> Option<&str> {
    match call.resource.kind() {
        ResourceKind::Service { service, .. } if &**service == "lambda" => call.payload.get("FunctionName")?.as_str(),
        _ => None,
    }
}

/// Whether a key is a state's name, alone or after names of what encloses it, given from the inside out with their
/// indices; without an index any index in the key will do. The key is taken apart from its end by the names themselves,
/// since these may hold slashes and brackets.
pub(super) fn path_reach<'a>(
    key: &str,
    state: &str,
    outer: impl Iterator<Item = (&'a str, Option<usize>)>,
) -> Option<Reach> {
    let mut rest = key.strip_suffix(state)?;
    let (mut names, mut indices) = (1, 0);
    for (name, index) in outer {
        if rest.is_empty() {
            break;
        }
        rest = rest.strip_suffix('/')?;
        if let Some((head, written)) = split_index(rest)
            && head.ends_with(name)
            && index.is_none_or(|i| i == written)
        {
            rest = head;
            indices += 1;
        }
        rest = rest.strip_suffix(name)?;
        names += 1;
    }
    let reach = if names == 1 { Reach::State } else { Reach::Path { names, indices } };
    rest.is_empty().then_some(reach)
}

/// `Map[2]` as `Map` and 2.
pub(crate) fn split_index(text: &str) -> Option<(&str, usize)> {
    let (head, digits) = text.strip_suffix(']')?.rsplit_once('[')?;
    Some((head, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::call;
    use super::*;

    fn reach(key: &str, call: &Call) -> Option<Reach> {
        Key::from(key).reach(&CallNames::of(call))
    }

    #[test]
    fn a_call_is_known_by_many_names_and_the_path_is_the_most_specific() {
        let call = call("arn:aws:states:::lambda:invoke.waitForTaskToken", "Work")
            .inside("Outer", 2)
            .inside("Inner", 0)
            .payload(r#"{"FunctionName":"arn:aws:lambda:eu-west-1:1:function:charge:live"}"#);
        let keys = [
            "lambda:invoke",
            "lambda:invoke.waitForTaskToken",
            "charge",
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "arn:aws:lambda:eu-west-1:1:function:charge:live",
            "Work",
            "Inner/Work",
            "Inner[0]/Work",
            "Outer/Inner/Work",
            "Outer/Inner[0]/Work",
            "Outer[2]/Inner[0]/Work",
        ];
        let found: Vec<_> = keys.iter().map(|k| reach(k, &call)).collect();
        assert!(found.iter().all(Option::is_some), "{found:?}");
        assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
        for other in ["Inner", "Outer/Work", "Inner[1]/Work", "/Work", "Outer[2]/Work", "", "invoke", "Outer[2]"] {
            assert_eq!(reach(other, &call), None, "{other}");
        }
    }

    #[test]
    fn names_may_hold_slashes_and_brackets() {
        let call = call("arn:aws:states:us-east-1:1:activity:pack", "A/B").inside("M[1]", 3);
        for key in ["A/B", "M[1]/A/B", "M[1][3]/A/B", "pack", "activity:pack"] {
            assert!(reach(key, &call).is_some(), "{key}");
        }
        assert_eq!(reach("M[1][2]/A/B", &call), None);
    }
}
