//! How the requests of services are written: what `services.txt` says, which `tools/upstream-services.py` makes from the
//! API models.
//!
//! ```text
//! # cloudwatchlogs logs logs CloudWatchLogs 1.1 Logs_20140328 camel
//!   its name in resources, of its endpoint, in signatures, in errors; the version of JSON and the target, or `rest -`
//! ! the errors that SDKs have classes for
//! > Operation input output [METHOD /path]
//! @ Structure Name:where=wire:kind …
//! ```
//!
//! `where` is nothing for the body, or `u`ri, `q`uery, `h`eader, `H`eaders with a prefix, `s`tatus, `p`ayload. Kinds are
//! those of the script.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) endpoint: &'static str,
    pub(super) signing: &'static str,
    /// `Kms`, as its errors begin.
    pub(super) errors: &'static str,
    /// The version of JSON and the prefix of targets; nothing where operations have methods and paths.
    pub(super) target: Option<(&'static str, &'static str)>,
    /// Whether its members begin with small letters.
    pub(super) is_camel: bool,
    exceptions: Vec<&'static str>,
    operations: BTreeMap<&'static str, Operation>,
    structures: BTreeMap<&'static str, Vec<Member>>,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) input: &'static str,
    pub(super) output: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
}

/// A member that is not as usual.
#[derive(Debug)]
pub(super) struct Member {
    /// The name that Step Functions gives it.
    pub(super) own: &'static str,
    /// The letter of where it is, or nothing.
    pub(super) place: &'static str,
    pub(super) wire: &'static str,
    pub(super) kind: &'static str,
}

impl Service {
    /// An operation; where members are all in the body and as usual, it need not be known.
    pub(super) fn operation(&self, name: &str) -> Option<Operation> {
        let usual = self.target.map(|_| Operation { input: "-", output: "-", method: "POST", path: "/" });
        self.operations.get(name).copied().or(usual)
    }
    /// The members of a structure that are not as usual, for the kind `@Name`.
    pub(super) fn members(&self, kind: &str) -> &[Member] {
        kind.strip_prefix('@').and_then(|name| self.structures.get(name)).map_or(&[], Vec::as_slice)
    }
    /// Whether SDKs have a class for an error.
    pub(super) fn has_class_for(&self, code: &str) -> bool {
        self.exceptions.contains(&code)
    }
}

fn services() -> &'static [Service] {
    static SERVICES: OnceLock<Vec<Service>> = OnceLock::new();
    SERVICES.get_or_init(|| read(include_str!("services.txt")))
}

/// The service of any of its names; Step Functions has a further one.
pub(super) fn service(name: &str) -> Option<&'static Service> {
    let name = if name == "stepfunctions" { "sfn" } else { name };
    let is = |s: &&Service| [s.name, s.endpoint, s.signing].contains(&name);
    services().iter().find(is)
}

/// The service of the prefix of a target.
pub(super) fn service_of_target(prefix: &str) -> Option<&'static Service> {
    services().iter().find(|s| s.target.is_some_and(|(_, own)| own == prefix))
}

fn read(text: &'static str) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for line in text.lines() {
        let (Some(mark), Some(rest)) = (line.get(..1), line.get(2..)) else { continue };
        let mut words = rest.split(' ').filter(|word| !word.is_empty());
        let mut word = || words.next().unwrap_or("-");
        if mark == "#" {
            services.push(Service {
                name: word(),
                endpoint: word(),
                signing: word(),
                errors: word(),
                target: Some((word(), word())).filter(|(version, _)| *version != "rest"),
                is_camel: word() == "camel",
                exceptions: Vec::new(),
                operations: BTreeMap::new(),
                structures: BTreeMap::new(),
            });
        }
        let Some(service) = services.last_mut() else { continue };
        match mark {
            "!" => service.exceptions.extend(words),
            ">" => {
                let name = word();
                let (input, output) = (word(), word());
                let (method, path) = match (word(), word()) {
                    ("-", _) => ("POST", "/"),
                    place => place,
                };
                service.operations.insert(name, Operation { input, output, method, path });
            }
            "@" => {
                let name = word();
                service.structures.insert(name, words.filter_map(member).collect());
            }
            _ => {}
        }
    }
    services
}

/// `FunctionName:u=FunctionName:-`
fn member(text: &'static str) -> Option<Member> {
    let (own, rest) = text.split_once(':')?;
    let (place, rest) = rest.split_once('=')?;
    // Names on the wire may hold colons, kinds do not.
    let (wire, kind) = rest.rsplit_once(':')?;
    Some(Member { own, place, wire, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_table_is_one_that_is_known() {
        let mut kinds = 0;
        for service in services() {
            let of_members = service.structures.values().flatten().map(|m| m.kind);
            let of_operations = service.operations.values().flat_map(|o| [o.input, o.output]);
            for kind in of_members.chain(of_operations) {
                kinds += 1;
                let inner = kind.trim_start_matches(['[', '{']);
                let is_known = matches!(inner, "-" | "a" | "t" | "x")
                    || inner.strip_prefix('@').is_some_and(|name| service.structures.contains_key(name));
                assert!(is_known, "{}: {kind}", service.name);
            }
        }
        assert!(services().len() > 20 && kinds > 2_000, "{kinds}");
        assert_eq!(service("states").map(|s| s.name), Some("sfn"));
        assert_eq!(service_of_target("TrentService").map(|s| s.name), Some("kms"));
        assert!(service("kms").is_some_and(|s| s.has_class_for("NotFoundException") && !s.has_class_for("Nothing")));
    }
}
