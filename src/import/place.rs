//! Where things are: definitions by the name of their machine, files as others name them.

use std::path::{Component, Path, PathBuf};

use crate::asl::{CompileOptions, Machine};
use crate::diagnostic::did_you_mean;
use crate::iac::{self, Found};

/// How many folders above a file are searched for the definitions that it means.
const FOLDERS_UP: usize = 2;

/// A machine that somebody else's file means, and what names it in a scenario file.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What `machine:` takes: a path from where the program runs, with `#ID` where it needs one.
    pub target: String,
    /// The machine.
    pub machine: Machine,
}

/// Definitions to choose from, and where they were looked for.
#[derive(Debug, Default)]
pub struct Definitions {
    found: Vec<(Found, Option<Machine>)>,
    looked_in: Vec<PathBuf>,
}

/// How a name was found among definitions.
#[derive(Debug)]
pub enum Match<'a> {
    /// There is one.
    One(&'a Found),
    /// Nothing has the name, but only this one has the states that are asked for.
    ByStates(&'a Found),
    /// Several could be meant.
    Several(Vec<&'a Found>),
    /// None is.
    None,
}

impl Definitions {
    /// The definitions in files and folders.
    pub fn in_paths<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Definitions {
        let mut definitions = Definitions::default();
        for path in paths {
            definitions.add(path.as_ref());
        }
        definitions
    }

    /// Definitions near a file: those in its folder and below, then also those of the folder above, and so on up to that
    /// of the project, as long as they are not enough. What is nearer is meant first.
    pub fn near(file: &Path, enough: impl Fn(&Definitions) -> bool) -> Vec<Definitions> {
        let mut levels = Vec::new();
        let mut folder = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        for _ in 0..=FOLDERS_UP {
            let definitions = Definitions::in_paths([&folder]);
            let is_last = enough(&definitions) || is_project(&folder);
            levels.push(definitions);
            if is_last {
                break;
            }
            folder = up(&folder);
        }
        levels
    }

    fn add(&mut self, path: &Path) {
        self.looked_in.push(path.to_owned());
        for found in iac::search(path, &CompileOptions::default()).found {
            let machine = found.load().ok();
            self.found.push((found, machine));
        }
    }

    /// Where they were looked for.
    pub fn looked_in(&self) -> String {
        self.looked_in.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ")
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What they are called, for people.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.found.iter().map(|(found, _)| found.name().to_owned()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The name that is nearest to one that is not there.
    pub fn near_name(&self, name: &str) -> Option<String> {
        let names = self.names();
        did_you_mean(name, names.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The definition that a name means: the one it is deployed under, its id, its file's name; as written, or else
    /// without regard to case and punctuation. Where nothing has the name, the only definition with these states.
    pub fn named<'s>(&self, name: &str, states: impl Iterator<Item = &'s str> + Clone) -> Match<'_> {
        for how in [same, alike, generated] {
            let fits = |(found, _): &&(Found, Option<Machine>)| aliases(found).iter().any(|alias| how(alias, name));
            let all: Vec<&Found> = self.found.iter().filter(fits).map(|(found, _)| found).collect();
            match all.as_slice() {
                [] => {}
                [one] => return Match::One(one),
                _ => return Match::Several(all),
            }
        }
        match self.with_states(states).as_slice() {
            [one] => Match::ByStates(one),
            _ => Match::None,
        }
    }

    /// The definitions that have all of these states; none where no state is asked for.
    pub fn with_states<'s>(&self, states: impl Iterator<Item = &'s str> + Clone) -> Vec<&Found> {
        if states.clone().next().is_none() {
            return Vec::new();
        }
        let has_all = |machine: &Machine| states.clone().all(|state| machine.state_names().any(|name| name == state));
        self.found.iter().filter(|(_, m)| m.as_ref().is_some_and(has_all)).map(|(found, _)| found).collect()
    }
}

fn same(alias: &str, name: &str) -> bool {
    alias == name
}

fn alike(alias: &str, name: &str) -> bool {
    plain(alias) == plain(name)
}

/// `OrderMachine1A2B3C4D` for `OrderMachine`: what the CDK appends has eight hexadecimal digits.
fn generated(alias: &str, name: &str) -> bool {
    let digits = |rest: &str| rest.len() == 8 && rest.bytes().all(|b| b.is_ascii_hexdigit());
    plain(alias).strip_prefix(&plain(name)).is_some_and(digits)
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Every name that a definition goes by.
fn aliases(found: &Found) -> Vec<String> {
    let id = found.id();
    let mut names = vec![found.name().to_owned(), id.to_owned()];
    names.extend(id.rsplit(['/', '.']).next().map(str::to_owned));
    let file = found.file().file_name().unwrap_or_default().to_string_lossy().into_owned();
    if found.is_whole_file() {
        names.extend(file.split('.').next().map(str::to_owned));
        names.push(file);
    }
    names
}

/// What names a machine that was found, without an id where the file is nothing but the definition.
pub fn target(found: &Found) -> String {
    let target = if found.is_whole_file() { found.file().display().to_string() } else { found.target() };
    target.strip_prefix("./").map(str::to_owned).unwrap_or(target)
}

/// The path that leads from a folder to a file; both are taken from where the program runs.
pub fn relative(folder: &Path, to: &str) -> String {
    let (file, id) = match to.split_once('#') {
        Some((file, id)) => (file, Some(id)),
        None => (to, None),
    };
    let (from, to) = (tidy(folder), tidy(Path::new(file)));
    let path = match (from.is_absolute(), to.is_absolute()) {
        (true, true) | (false, false) if !from.starts_with("..") => {
            let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
            let mut path: PathBuf = from.components().skip(shared).map(|_| Component::ParentDir).collect();
            path.extend(to.components().skip(shared));
            path
        }
        // Nobody knows the name of the folder that `..` came from.
        _ => absolute(&to),
    };
    let path = path.to_string_lossy().replace('\\', "/");
    match id {
        Some(id) => format!("{path}#{id}"),
        None => path,
    }
}

#[expect(clippy::disallowed_methods, reason = "a path that cannot be had from another is written whole")]
fn absolute(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A path without `.` and without names that `..` takes back.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

fn up(folder: &Path) -> PathBuf {
    let up = tidy(&folder.join(".."));
    if up.as_os_str().is_empty() { PathBuf::from(".") } else { up }
}

/// Whether a folder is where a project begins.
#[expect(clippy::disallowed_methods, reason = "definitions are looked for no further than the project reaches")]
fn is_project(folder: &Path) -> bool {
    std::fs::metadata(folder.join(".git")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_from_one_folder_to_another() {
        for (folder, file, want) in [
            ("tests/scenarios", "infra/template.yaml#Order", "../../infra/template.yaml#Order"),
            ("tests", "tests/order.asl.json", "order.asl.json"),
            ("", "order.asl.json", "order.asl.json"),
            (".", "./a/../order.asl.json", "order.asl.json"),
            ("/p/tests", "/p/order.asl.json", "../order.asl.json"),
            ("tests", "../other/order.asl.json", "../../other/order.asl.json"),
        ] {
            assert_eq!(relative(Path::new(folder), file), want, "{folder} {file}");
        }
    }
}
