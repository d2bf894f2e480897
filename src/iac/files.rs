//! The files that definitions are read from: a template, what it names, what lies beside it. Each is read once, whole or
//! not at all: regular files only, up to a size, so that no template can make us read a device, wait for a pipe or fill
//! the memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::error::Error;
use crate::source::{Source, Span};

/// The largest template, plan or module file that is read, in bytes. CloudFormation accepts 1 MiB; what Terraform shows
/// of a plan may be longer.
pub(crate) const MAX_TEMPLATE_BYTES: usize = 16 << 20;

/// How much all files together may hold that are read on behalf of one.
const MAX_TOTAL_BYTES: usize = 64 << 20;

/// The files read so far.
#[derive(Debug, Default)]
pub(crate) struct Files {
    read: RefCell<BTreeMap<PathBuf, Arc<Source>>>,
    /// The path of a source by its name, which for strange paths is not the same.
    paths: RefCell<BTreeMap<String, PathBuf>>,
    total: RefCell<usize>,
    /// What was asked for, whether it was there or not.
    asked: RefCell<BTreeSet<PathBuf>>,
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The system says no.
    Io(io::Error),
    /// There is something of this name, but no regular file: `a folder`, `a device`.
    NotAFile(&'static str),
    /// It holds so many bytes, and so many are the limit.
    TooLarge(u64, usize),
    /// It is no text.
    NotText(Diagnostics),
}

impl Files {
    pub(crate) fn new() -> Files {
        Files::default()
    }

    /// Reads a file, or remembers it.
    pub(crate) fn read(&self, path: &Path, limit: usize) -> Result<Arc<Source>, Unread> {
        if let Some(source) = self.read.borrow().get(path) {
            return Ok(source.clone());
        }
        self.note(path);
        let bytes = self.bytes(path, limit)?;
        let name = path.to_string_lossy().into_owned();
        let source = Arc::new(Source::from_bytes(&name, &bytes, limit).map_err(Unread::NotText)?);
        *self.total.borrow_mut() += bytes.len();
        self.paths.borrow_mut().insert(name, path.to_owned());
        self.read.borrow_mut().insert(path.to_owned(), source.clone());
        Ok(source)
    }

    #[expect(clippy::disallowed_methods, reason = "definitions are files, and are read here only")]
    fn bytes(&self, path: &Path, limit: usize) -> Result<Vec<u8>, Unread> {
        // Asked before it is opened: opening a pipe would wait for somebody to write into it.
        let about = std::fs::metadata(path).map_err(Unread::Io)?;
        if !about.is_file() {
            return Err(Unread::NotAFile(if about.is_dir() { "a folder" } else { "a device or a pipe" }));
        }
        if about.len() > limit as u64 {
            return Err(Unread::TooLarge(about.len(), limit));
        }
        let total = *self.total.borrow();
        if total + about.len() as usize > MAX_TOTAL_BYTES {
            return Err(Unread::TooLarge((total as u64).saturating_add(about.len()), MAX_TOTAL_BYTES));
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(Unread::Io)?;
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(Unread::Io)?;
        if bytes.len() > limit {
            return Err(Unread::TooLarge(bytes.len() as u64, limit));
        }
        Ok(bytes)
    }

    /// Everything that was asked for so far: files, whether they were there or not, and folders that were listed. Where
    /// none of it changes, everything that was read stays what it is.
    pub(crate) fn asked(&self) -> BTreeSet<PathBuf> {
        self.asked.borrow().clone()
    }

    fn note(&self, path: &Path) {
        self.asked.borrow_mut().insert(path.to_owned());
    }

    /// The folder a source lies in, which paths that it names start from.
    pub(crate) fn folder(&self, source: &Source) -> PathBuf {
        let path = self.path(source);
        path.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// The path a source was read from.
    pub(crate) fn path(&self, source: &Source) -> PathBuf {
        self.paths.borrow().get(source.name()).cloned().unwrap_or_else(|| PathBuf::from(source.name()))
    }

    /// The path of a file that a source names.
    pub(crate) fn beside(&self, source: &Source, named: &str) -> PathBuf {
        joined(&self.folder(source), named)
    }

    /// Reads a file that characters of a source name; what is wrong with it is said there.
    pub(crate) fn read_beside(
        &self,
        source: &Arc<Source>,
        span: Span,
        named: &str,
        limit: usize,
    ) -> Result<Arc<Source>, Diagnostics> {
        let path = self.beside(source, named);
        self.read(&path, limit).map_err(|unread| self.told(unread, &path, source, span))
    }

    /// Whether there is a regular file, behind however many links.
    #[expect(clippy::disallowed_methods, reason = "definitions are files, and are looked for here only")]
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        self.note(path);
        std::fs::metadata(path).is_ok_and(|about| about.is_file())
    }

    /// Whether there is a folder.
    #[expect(clippy::disallowed_methods, reason = "definitions are files, and are looked for here only")]
    pub(crate) fn is_folder(&self, path: &Path) -> bool {
        // An empty path is the folder people stand in.
        path.as_os_str().is_empty() || std::fs::metadata(path).is_ok_and(|about| about.is_dir())
    }

    /// What the system calls a file, the same for every way to it; the path itself where it cannot say.
    #[expect(clippy::disallowed_methods, reason = "two ways to one file are told by the system only")]
    pub(crate) fn identity(&self, path: &Path) -> PathBuf {
        let asked = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        std::fs::canonicalize(asked).unwrap_or_else(|_| path.to_owned())
    }

    /// What a folder holds, in the order of names.
    #[expect(clippy::disallowed_methods, reason = "folders are read here only")]
    pub(crate) fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let asked = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        self.note(asked);
        let names = std::fs::read_dir(asked)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        let mut paths: Vec<PathBuf> = names.into_iter().map(|name| folder.join(name)).collect();
        paths.sort();
        Ok(paths)
    }

    /// The finding about a file that something names and that is not read.
    pub(crate) fn told(&self, unread: Unread, path: &Path, source: &Arc<Source>, span: Span) -> Diagnostics {
        let name = path.display();
        let found = |message: String, label: &str| Diagnostic::error("file", message).at(source, span, label);
        match unread {
            Unread::Io(e) if e.kind() == io::ErrorKind::NotFound => {
                let found = found(format!("there is no file `{name}`"), "names it");
                match self.near(path) {
                    Some(near) => found.help(format!("did you mean `{near}`?")).into(),
                    None => found
                        .help(format!(
                            "paths start from the folder of the file that names them: {}",
                            shown(&self.folder(source))
                        ))
                        .into(),
                }
            }
            Unread::Io(e) => found(format!("the file `{name}` cannot be read: {e}"), "names it").into(),
            Unread::NotAFile(what) => {
                let found = found(format!("`{name}` is {what} and no file"), "names it");
                found.help("name the file itself; only regular files are read").into()
            }
            Unread::TooLarge(bytes, limit) => {
                found(format!("`{name}` holds {bytes} bytes; {limit} are the limit"), "names it").into()
            }
            Unread::NotText(found) => found,
        }
    }

    /// A file beside the one that is missing, with nearly its name.
    fn near(&self, path: &Path) -> Option<String> {
        let folder = path.parent()?;
        let there = self.list(folder).ok()?;
        let names: Vec<String> = there.iter().filter_map(|p| Some(p.file_name()?.to_str()?.to_owned())).collect();
        let near = did_you_mean(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
        Some(folder.join(near).display().to_string())
    }
}

impl Unread {
    /// As the error of somebody who asked for the file.
    pub(crate) fn into_error(self, path: &Path) -> Error {
        let finding = |message: String| Error::from(Diagnostic::error("too-large", message));
        match self {
            Unread::Io(e) => Error::io("read", path, e),
            Unread::NotAFile(what) => Error::io("read", path, io::Error::other(format!("it is {what} and no file"))),
            Unread::TooLarge(bytes, limit) => {
                finding(format!("`{}` holds {bytes} bytes; {limit} are the limit", path.display()))
            }
            Unread::NotText(found) => found.into(),
        }
    }
}

/// A path that starts from a folder, without detours: `a/./b/../c` is `a/c`.
pub(crate) fn joined(folder: &Path, named: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(named).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.file_name().is_some() => {
                path.pop();
            }
            // Above the root there is nothing but the root.
            Component::ParentDir if path.has_root() => {}
            other => path.push(other),
        }
    }
    path
}

/// A folder as people call it.
fn shown(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { "this one".to_owned() } else { format!("`{}`", folder.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_from_its_folder_and_takes_no_detours() {
        let table = [
            ("app", "./machines/order.asl.json", "app/machines/order.asl.json"),
            ("app/infra", "../machines/order.asl.json", "app/machines/order.asl.json"),
            ("", "../x.json", "../x.json"),
            ("..", "../x.json", "../../x.json"),
            ("app", "/srv/x.json", "/srv/x.json"),
            ("/srv", "../../x.json", "/x.json"),
        ];
        for (folder, named, want) in table {
            assert_eq!(joined(Path::new(folder), named), Path::new(want), "{folder} {named}");
        }
    }

    #[test]
    fn only_regular_files_of_a_bearable_size_are_read() {
        let folder = std::env::temp_dir().join(format!("rehearsal-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let source = Arc::new(Source::new(folder.join("template.yaml").to_string_lossy(), "A: order.asl.jsn"));
        std::fs::write(folder.join("order.asl.json"), "{}").unwrap();
        let files = Files::new();
        let said = |named: &str, limit| {
            let found = files.read_beside(&source, Span::new(3, 16), named, limit).unwrap_err();
            found.to_string().replace(&*folder.to_string_lossy(), "F")
        };
        let missing = said("order.asl.jsn", 100);
        assert!(missing.contains("there is no file `F/order.asl.jsn`"), "{missing}");
        assert!(missing.contains("help: did you mean `F/order.asl.json`?"), "{missing}");
        assert!(said(".", 100).contains("is a folder and no file"), "{}", said(".", 100));
        assert!(said("/dev/zero", 100).contains("is a device or a pipe and no file"), "{}", said("/dev/zero", 100));
        assert!(said("order.asl.json", 1).contains("holds 2 bytes; 1 are the limit"));
        assert_eq!(files.read_beside(&source, Span::default(), "order.asl.json", 2).unwrap().text(), "{}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
