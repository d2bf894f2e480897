//! `FILE#ID`: one machine of those that a file or a folder holds.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::error::Error;
use crate::iac::files::Files;
use crate::iac::find::Found;
use crate::iac::placeholder::listed;

/// The file or folder of `FILE#ID`, and the id. A file whose name has such a character is found as well.
///
/// ```
/// let (path, id) = rehearsal::iac::parts("infra/template.yaml#Order");
/// assert_eq!((path.to_str(), id.as_deref()), (Some("infra/template.yaml"), Some("Order")));
/// ```
pub fn parts(target: impl AsRef<Path>) -> (PathBuf, Option<String>) {
    let path = target.as_ref();
    let files = Files::new();
    let exists = |path: &Path| files.is_file(path) || !path.as_os_str().is_empty() && files.is_folder(path);
    let text = path.to_string_lossy();
    if exists(path) {
        return (path.to_owned(), None);
    }
    let cut = |at: usize| {
        let (file, id) = text.split_at(at);
        (PathBuf::from(file), Some(id.get(1..).unwrap_or_default().to_owned()).filter(|id| !id.is_empty()))
    };
    let mut marks = text.match_indices('#').map(|(at, _)| at);
    let first = marks.clone().next();
    match marks.find(|at| text.get(..*at).is_some_and(|file| exists(Path::new(file)))).or(first) {
        Some(at) => cut(at),
        None => (path.to_owned(), None),
    }
}

/// The only machine there is.
pub(super) fn only<'f>(path: &Path, found: &'f [Found]) -> Result<&'f Found, Error> {
    let path = path.display();
    match found {
        [only] => Ok(only),
        [] => refused("no-machine", format!("`{path}` holds no state machine"), "name a file that does".to_owned()),
        [first, ..] => refused(
            "which-machine",
            format!("`{path}` holds {} state machines: {}", found.len(), listed(&ids(found))),
            format!("name one, such as `{}`", first.target()),
        ),
    }
}

/// Which machine has this id.
pub(super) fn chosen(path: &Path, id: &str, found: &[Found]) -> Result<usize, Error> {
    let path = path.display();
    for fits in FITS {
        let fitting: Vec<usize> = found.iter().enumerate().filter(|(_, f)| fits(f, id)).map(|(i, _)| i).collect();
        match fitting[..] {
            [] => {}
            [only] => return Ok(only),
            [first, ..] => {
                let fitting: Vec<String> = fitting.iter().map(|i| found[*i].target()).collect();
                return refused(
                    "which-machine",
                    format!("`{id}` fits {} state machines: {}", fitting.len(), listed(&fitting)),
                    format!("name one, such as `{}`", found[first].target()),
                );
            }
        }
    }
    let ids = ids(found);
    let help = match did_you_mean(id, ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if ids.is_empty() => "it holds none at all".to_owned(),
        None => format!("it holds {}", listed(&ids)),
    };
    refused("no-machine", format!("`{path}` holds no state machine `{id}`"), help)
}

fn ids(found: &[Found]) -> Vec<String> {
    found.iter().map(|f| f.id().to_owned()).collect()
}

fn refused<T>(code: &'static str, message: String, help: String) -> Result<T, Error> {
    Err(Diagnostic::error(code, message).help(help).into())
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
