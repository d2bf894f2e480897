//! New snapshots that wait for somebody to look at them: those of scenarios and those that insta wrote.

use std::io;
use std::path::{Path, PathBuf};

use super::difference::lines_that_differ;
use super::form::{Parts, with_plain_breaks};
use crate::error::{Error, ErrorKind};
use crate::file;
use crate::scenario::stem_of;

/// The end of a snapshot's name, and of one that waits.
const STORED: &str = ".snap";
const WAITING: &str = ".snap.new";

/// A new snapshot that waits beside the stored one, as `NAME.snap.new`.
#[derive(Debug)]
pub struct Pending {
    path: PathBuf,
}

/// What a snapshot that waits says of itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct About {
    /// Where it comes from: `order.rehearsal.yaml › a declined card`, or the place and expression of a Rust test.
    pub origin: String,
    /// What its author says about it.
    pub description: Option<String>,
    /// Whether there is no stored one yet.
    pub is_new: bool,
}

/// Finds what waits in folders, for snapshots by their names, and for scenario files, in the order of the paths. Hidden
/// folders, `target` and `node_modules` are passed over.
///
/// # Errors
/// A path that cannot be read, and one that is neither a folder nor a snapshot nor a scenario file.
pub fn pending<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Vec<Pending>, Error> {
    let mut found = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(file::below(path, &|name| name.ends_with(WAITING))?);
        } else if name.ends_with(STORED) {
            let waiting = with_ending(path, ".new");
            match waiting.exists() {
                true => found.push(waiting),
                // One for which nothing waits is no mistake; one that does not exist is.
                false => is_there(path)?,
            }
        } else if name.ends_with(WAITING) {
            is_there(path)?;
            found.push(path.to_owned());
        } else if stem_of(&name).is_some() {
            is_there(path)?;
            found.extend(of_scenarios(path, &name)?);
        } else {
            is_there(path)?;
            let what = format!("look for snapshots: `{}` is no folder, snapshot or scenario file", path.display());
            return Err(Error::new(ErrorKind::Usage, what));
        }
    }
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(|path| Pending { path }).collect())
}

/// What waits beside a scenario file and was made for it.
fn of_scenarios(path: &Path, name: &str) -> Result<Vec<PathBuf>, Error> {
    let folder = path.parent().unwrap_or(Path::new("")).join("snapshots");
    let mut found = Vec::new();
    if folder.is_dir() {
        for path in file::below(&folder, &|name| name.ends_with(WAITING))? {
            if Unreferenced::read(&path)?.is_some_and(|made_for| made_for.file == name) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

impl Pending {
    /// The new file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stored snapshot that it is going to replace, which may not exist yet.
    pub fn stored(&self) -> PathBuf {
        self.path.with_extension("")
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn about(&self) -> Result<About, Error> {
        let header = Parts::of(&self.text()?).header();
        let mut origin = header.source.unwrap_or_default();
        if let Some(line) = header.line {
            origin.push_str(&format!(":{line}"));
        }
        if let Some(expression) = header.expression {
            origin.push_str(&format!(" › {expression}"));
        }
        Ok(About { origin, description: header.description, is_new: !self.stored().exists() })
    }

    /// Line by line what is kept (` `), goes (`-`) and comes (`+`).
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn difference(&self) -> Result<String, Error> {
        let (new, old) = (self.text()?, read(&self.stored())?);
        let parts = Parts::of(&new);
        if parts.header().extension.is_some() {
            return Ok(format!("its content is no text; it lies in `{}`\n", self.binary(&new, true).display()));
        }
        Ok(lines_that_differ(old.as_deref().map_or("", |old| Parts::of(old).body), parts.body))
    }

    fn text(&self) -> Result<String, Error> {
        read(&self.path)?.ok_or_else(|| Error::io("read", &self.path, io::ErrorKind::NotFound.into()))
    }

    /// Puts the new snapshot in the place of the stored one.
    ///
    /// # Errors
    /// A file that cannot be read or written; the stored one is then as it was.
    #[expect(clippy::disallowed_methods, reason = "snapshots are moved here only")]
    pub fn accept(&self) -> Result<(), Error> {
        let stored = self.stored();
        let (new, old) = (self.text()?, read(&stored)?);
        let parts = Parts::of(&new);
        let content = parts.header().extension.is_some().then(|| self.binary(&new, false));
        if let Some(content) = &content {
            let waiting = self.binary(&new, true);
            std::fs::rename(&waiting, content).map_err(|e| Error::io("move", &waiting, e))?;
        }
        file::replace(&stored, parts.accepted().as_bytes()).map_err(|e| Error::io("write", &stored, e))?;
        // The content of the old snapshot, where the new one is a text or has its own elsewhere.
        if let Some(old) = old.filter(|old| Parts::of(old).header().extension.is_some()) {
            let old = self.binary(&old, false);
            if content.as_ref() != Some(&old) {
                gone(&old)?;
            }
        }
        gone(&self.path)
    }

    /// Takes the new snapshot away.
    ///
    /// # Errors
    /// A file that cannot be read or deleted.
    pub fn reject(&self) -> Result<(), Error> {
        if let Some(new) = read(&self.path)?.filter(|new| Parts::of(new).header().extension.is_some()) {
            gone(&self.binary(&new, true))?;
        }
        gone(&self.path)
    }

    /// Where the content lies of a snapshot that is no text: `NAME.snap.new.png`, and once accepted `NAME.snap.png`.
    fn binary(&self, file: &str, waits: bool) -> PathBuf {
        let extension = Parts::of(file).header().extension.unwrap_or_default();
        let path = if waits { self.path.clone() } else { self.stored() };
        with_ending(&path, &format!(".{extension}"))
    }
}

/// A snapshot of a scenario that no scenario asks for any more.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unreferenced {
    /// The file.
    pub path: PathBuf,
    /// The scenario file that it was made for.
    pub file: String,
    /// The scenario.
    pub scenario: String,
}

impl Unreferenced {
    /// The origin of a snapshot file, where it was made for a scenario.
    pub(crate) fn read(path: &Path) -> Result<Option<Unreferenced>, Error> {
        let Some(text) = read(path)? else { return Ok(None) };
        let header = Parts::of(&text).header();
        let Some(file) = header.source else { return Ok(None) };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Tests in Rust keep their snapshots in folders of the same name.
        let is_ours = stem_of(&file).is_some_and(|stem| name.starts_with(&format!("{stem}@")));
        let scenario = header.expression.unwrap_or_default();
        Ok(is_ours.then(|| Unreferenced { path: path.to_owned(), file, scenario }))
    }

    /// Deletes it.
    ///
    /// # Errors
    /// What the system says.
    pub fn delete(&self) -> Result<(), Error> {
        gone(&self.path)
    }
}

/// The name of a stored snapshot, of itself or of the one that waits beside it; nothing for other files.
pub(crate) fn stored_name(name: &str) -> Option<&str> {
    let stored = name.strip_suffix(".new").unwrap_or(name);
    stored.ends_with(STORED).then_some(stored)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

#[expect(clippy::disallowed_methods, reason = "a path that somebody typed has to be there")]
fn is_there(path: &Path) -> Result<(), Error> {
    std::fs::metadata(path).map(drop).map_err(|e| Error::io("read", path, e))
}

/// The text of a file, if there is one.
#[expect(clippy::disallowed_methods, reason = "snapshots are read here and where they are compared")]
fn read(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(with_plain_breaks(&text))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", path, e)),
    }
}

#[expect(clippy::disallowed_methods, reason = "snapshots are deleted here and where they are compared")]
fn gone(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("delete", path, e)),
        _ => Ok(()),
    }
}
