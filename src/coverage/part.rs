//! Parts: what one process or one test reached, as a file. A folder of them is put together into one coverage.

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Coverage;
use super::machine::MachineCoverage;
use crate::error::Error;
use crate::source::Source;

/// The ending of a part's name.
const SUFFIX: &str = ".coverage.json";

/// The form of parts that this version writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Part {
    /// What the file is: `coverage`.
    rehearsal: String,
    version: u32,
    /// From where the tests ran: where the files of another checkout are looked for, this is the part of a path that
    /// need not be the same.
    #[serde(default)]
    base: String,
    machines: Vec<MachineCoverage>,
}

/// The parts of a folder, put together.
#[derive(Debug, Default)]
pub struct Parts {
    /// What all of them reach.
    pub coverage: Coverage,
    /// How many there are.
    pub count: usize,
    /// Definitions of which some parts know another text than the newest part does, with how many such parts are left
    /// out.
    pub outdated: Vec<(String, usize)>,
    /// Files that hold another text by now than when the newest part was written, so that lines may have moved.
    pub changed: Vec<String>,
    /// Files that are no parts, or parts of another version, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Reads the parts of a folder. Of a definition that has changed, the newest text counts and parts of others are left
/// out. Paths are made relative to `base` where they are below it, and where they are of another checkout and the same
/// file is below `base`.
///
/// # Errors
/// A folder that cannot be read; one that does not exist has no parts.
#[expect(clippy::disallowed_methods, reason = "parts are read here only")]
pub fn read(folder: &Path, base: &Path) -> Result<Parts, Error> {
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Parts::default()),
        Err(e) => return Err(Error::io("read", folder, e)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read", folder, e))?;
        if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
            let written = entry.metadata().and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((written, entry.path()));
        }
    }
    // The newest comes first: what it says of a definition is how the definition is.
    files.sort_by(|a, b| b.cmp(a));
    let mut parts = Parts { count: files.len(), ..Parts::default() };
    for (_, path) in files {
        let text = std::fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        match serde_json::from_slice::<Part>(&text) {
            Ok(part) if part.rehearsal == "coverage" && part.version == VERSION => parts.take(part, base),
            Ok(part) => {
                let why = format!("it is of version {}, and this program reads version {VERSION}", part.version);
                parts.unreadable.push((path, why));
            }
            Err(e) => parts.unreadable.push((path, e.to_string())),
        }
    }
    parts.unreadable.sort();
    let changed = |m: &&MachineCoverage| m.file().is_some_and(|file| m.is_of_other_text(&base.join(file)));
    parts.changed = parts.coverage.machines.iter().filter(changed).filter_map(|m| m.file.clone()).collect();
    parts.changed.sort();
    parts.changed.dedup();
    Ok(parts)
}

impl Parts {
    fn take(&mut self, part: Part, base: &Path) {
        for mut machine in part.machines {
            machine.shorten(base, &part.base);
            let known =
                self.coverage.machines().iter().find(|own| own.is_place_of(&machine) && machine.file().is_some());
            if known.is_some_and(|known| !known.is_same(&machine)) {
                let name = machine.file().unwrap_or_default().to_owned();
                match self.outdated.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, count)) => *count += 1,
                    None => self.outdated.push((name, 1)),
                }
                continue;
            }
            self.coverage.merge(Coverage { machines: vec![machine] });
        }
    }
}

impl Coverage {
    /// Writes this coverage as the part of this name, in place of an earlier one; the folder is made. Relative paths
    /// of definitions are taken from `base`.
    ///
    /// # Errors
    /// A folder or file that cannot be written; an earlier part stays as it is.
    pub fn write_part(&self, folder: &Path, name: &str, base: &Path) -> Result<PathBuf, Error> {
        let mut machines = self.machines.clone();
        machines.iter_mut().for_each(|machine| machine.lengthen(base));
        let base = tidy(&base.to_string_lossy());
        let part = Part { rehearsal: "coverage".into(), version: VERSION, base, machines };
        let text = serde_json::to_string(&part).map_err(|e| Error::io("write", folder, e.into()))?;
        make(folder)?;
        let path = folder.join(format!("{name}{SUFFIX}"));
        crate::file::replace(&path, text.as_bytes()).map_err(|e| Error::io("write", &path, e))?;
        Ok(path)
    }
}

/// Makes the folder, with a note that it is nothing to keep where it is our own.
#[expect(clippy::disallowed_methods, reason = "parts are written here only")]
fn make(folder: &Path) -> Result<(), Error> {
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, e))?;
    if is_new && folder.ends_with(super::FOLDER) {
        let ignore = folder.join(".gitignore");
        crate::file::replace(&ignore, b"*\n").map_err(|e| Error::io("write", &ignore, e))?;
    }
    Ok(())
}

/// Takes all parts out of a folder; says how many there were. Other files stay.
///
/// # Errors
/// A folder that cannot be read, a part that cannot be removed.
#[expect(clippy::disallowed_methods, reason = "parts are removed here only")]
pub fn clear(folder: &Path) -> Result<usize, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(Error::io("read", folder, e)),
    };
    let mut count = 0;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io("read", folder, e))?;
        if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
            std::fs::remove_file(entry.path()).map_err(|e| Error::io("remove", entry.path(), e))?;
            count += 1;
        }
    }
    Ok(count)
}

impl MachineCoverage {
    /// The path as seen from `base`, where it is below it, or the same file below `theirs` was.
    fn shorten(&mut self, base: &Path, theirs: &str) {
        let Some(file) = &self.file else { return };
        let own = Path::new(file).strip_prefix(base).map(|short| tidy(&short.to_string_lossy())).ok();
        if let Some(short) = own.or_else(|| same_file(file, base, theirs)) {
            self.file = Some(short);
        }
    }
    /// Whether the file is there and holds another text than the one that was run.
    #[expect(clippy::disallowed_methods, reason = "parts are compared with what is there now here only")]
    fn is_of_other_text(&self, file: &Path) -> bool {
        let now = || Source::from_bytes("", &std::fs::read(file).ok()?, usize::MAX).ok();
        self.digest.as_ref().is_some_and(|then| now().is_some_and(|now| *then != digest(now.text())))
    }
    /// The whole path.
    fn lengthen(&mut self, base: &Path) {
        if let Some(file) = &self.file {
            self.file = Some(tidy(&base.join(file).to_string_lossy()));
        }
    }
}

/// The file below `base` that a file of another checkout is here, such as one that another runner of a continuous
/// integration recorded: the longest end of its path that is there, which holds at least what follows after `theirs`.
fn same_file(file: &str, base: &Path, theirs: &str) -> Option<String> {
    if Path::new(file).exists() {
        return None;
    }
    let names: Vec<&str> = file.split('/').filter(|name| !name.is_empty()).collect();
    let own = Path::new(file).strip_prefix(theirs).ok().filter(|_| !theirs.is_empty());
    let least = own.map_or(2, |own| own.components().count().max(1));
    let last = names.len().checked_sub(least)?;
    (0..=last).map(|i| names[i..].join("/")).find(|end| base.join(end).is_file())
}

/// What stands for a text, to see whether it has changed.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A path without `.` and without what `..` takes back, with `/` on every system.
pub(super) fn tidy(path: &str) -> String {
    let mut tidy = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_detours() {
        assert_eq!(tidy("tests/scenarios/../machines/./a.json"), "tests/machines/a.json");
        assert_eq!(tidy("../a.json"), "../a.json");
        assert_eq!(tidy("/x/../a.json"), "/a.json");
        assert_eq!(tidy("../../x/../a.json"), "../../a.json");
    }
}
