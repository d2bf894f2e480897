//! `extends`: a scenario takes the words of another where it has none of its own.

use crate::diagnostic::did_you_mean;
use crate::source::words::Reader;
use crate::source::{Node, NodeKind};

/// How many scenarios may stand on one another.
const MOST_EXTENSIONS: usize = 50;

/// A scenario with the words of those it extends.
pub(super) fn extended(reader: &mut Reader<'_>, all: &[Node], node: &Node) -> Option<Node> {
    let mut whole = node.clone();
    let mut next = node.member("extends").cloned();
    let mut depth = 0;
    while let Some(member) = next {
        depth += 1;
        let name = reader.text(&member)?;
        let named = |n: &&Node| n.get("name").and_then(Node::as_str).is_some_and(|own| **own == *name);
        let Some(base) = all.iter().find(named) else {
            let message = format!("there is no scenario `{name}` to extend");
            let finding = reader.error("unknown-scenario", message, &member.value, "no such scenario");
            let names = all.iter().filter_map(|n| n.get("name")?.as_str()).map(|n| &**n);
            reader.push(match did_you_mean(&name, names) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding,
            });
            return None;
        };
        if depth > MOST_EXTENSIONS {
            let finding =
                reader.error("cycle", "these scenarios extend one another in a circle", &member.value, "round it goes");
            reader.push(finding);
            return None;
        }
        let NodeKind::Object(members) = &mut whole.kind else { return Some(whole) };
        for inherited in base.members() {
            match members.iter_mut().find(|m| m.key == inherited.key) {
                None if &*inherited.key != "extends" => members.push(inherited.clone()),
                // Mocks are laid over those of the base, as they are over the file's.
                Some(own) if &*inherited.key == "mocks" => lay_under(&mut own.value, &inherited.value),
                _ => {}
            }
        }
        next = base.member("extends").cloned();
    }
    Some(whole)
}

/// Adds the members of another object that this one does not have.
fn lay_under(own: &mut Node, base: &Node) {
    if let NodeKind::Object(members) = &mut own.kind {
        for inherited in base.members() {
            if !members.iter().any(|m| m.key == inherited.key) {
                members.push(inherited.clone());
            }
        }
    }
}
