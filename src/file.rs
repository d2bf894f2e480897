//! Files that are written whole or not at all.
//!
//! Reports, snapshots and mended definitions take the place of what people already have. [`replace`] writes the new
//! content beside the old one and moves it over, so that a full disk, an interrupted run or a killed process leaves
//! either the old file or the new one, and never a half.

use std::collections::BTreeSet;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Error;

/// How many links lead to a file at most, as in Linux.
const MOST_LINKS: usize = 40;

/// Nothing takes so long to write.
const ABANDONED: Duration = Duration::from_hours(1);

/// Puts a whole file in the place of another, or makes it with the folders that it needs; where that fails, what was
/// there is as it was and nothing lies beside it.
///
/// Through a symbolic link the file is replaced that it leads to. The file keeps its permissions and, where the system
/// lets us, its owner; one that may not be written to is not replaced. What is no regular file, such as `/dev/stdout`
/// or a pipe, is written to as it stands. Only a process that is killed can leave something behind, a hidden file named
/// `.rehearsal-PROCESS-NUMBER.tmp`; it goes when a later process writes into the folder after an hour.
///
/// # Errors
/// What the system says, with the step that failed where that is not obvious.
///
/// ```
/// let path = std::env::temp_dir().join(format!("rehearsal-doc-{}/report.xml", std::process::id()));
/// rehearsal::file::replace(&path, b"<testsuites/>")?;
/// assert_eq!(std::fs::read_to_string(&path)?, "<testsuites/>");
/// # std::fs::remove_dir_all(path.parent().unwrap())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[expect(clippy::disallowed_methods, reason = "files are written here only")]
pub fn replace(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let path = end_of_links(path.as_ref())?;
    let old = match std::fs::metadata(&path) {
        Ok(about) => Some(about),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    if let Some(old) = &old {
        // Moving a file over another asks the folder for permission and not the file. This asks the file.
        let mut writable = OpenOptions::new().write(true).open(&path)?;
        if !old.is_file() {
            return writable.write_all(bytes);
        }
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if old.is_none() {
        std::fs::create_dir_all(folder)?;
    }
    let (beside, mut file) =
        beside(folder).map_err(|e| told(format!("nothing can be put into its folder: {e}"), &e))?;
    let written = fill(&mut file, bytes, old.as_ref());
    // Some systems do not move files that are open.
    drop(file);
    let moved = written.and_then(|()| {
        std::fs::rename(&beside, &path).map_err(|e| told(format!("the new file cannot take its place: {e}"), &e))
    });
    if moved.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    moved
}

/// The path that symbolic links lead to; the last one may not exist yet.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if !path.is_symlink() {
            return Ok(path);
        }
        let target = path.read_link()?;
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    Err(io::Error::other("too many symbolic links lead to one another"))
}

/// A new file in a folder, under a name that nobody else has.
#[expect(clippy::disallowed_methods, reason = "files are written here only")]
fn beside(folder: &Path) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".rehearsal-{}-{number}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            // An earlier process of this number was killed.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            opened => {
                let file = opened?;
                sweep(folder, &file);
                return Ok((path, file));
            }
        }
    }
}

/// Deletes what killed processes left in a folder, once for each folder; what cannot be deleted stays.
#[expect(clippy::disallowed_methods, reason = "files are written here only")]
fn sweep(folder: &Path, new: &File) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
        return;
    }
    // The file system's own clock tells how old a file is.
    let Ok(now) = new.metadata().and_then(|about| about.modified()) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|n| n.starts_with(".rehearsal-") && n.ends_with(".tmp"));
        let age = || now.duration_since(entry.metadata().ok()?.modified().ok()?).ok();
        if is_ours && age().is_some_and(|age| age > ABANDONED) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn fill(file: &mut File, bytes: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    file.write_all(bytes)?;
    if let Some(old) = old {
        keep_owner(file, old);
        file.set_permissions(old.permissions())?;
        // Where there is something to lose, the new content is on the disk before the old one goes.
        file.sync_data()?;
    }
    Ok(())
}

/// Only few may give files away; for others the file becomes theirs, as with every editor.
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let Ok(new) = file.metadata() else { return };
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}

/// The same error, in other words.
fn told(words: String, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), words)
}

/// Folders that hold nothing of the project itself.
const SKIPPED: [&str; 4] = ["node_modules", "target", "cdk.out", "__pycache__"];

/// How deep folders are searched; a circle of links ends there at the latest.
const MOST_FOLDERS: usize = 64;

/// The files in a folder and below it whose names are wanted, in the order of their paths; a file that is named itself is
/// taken whatever it is called. Hidden folders, `target` and `node_modules` are passed over, and links to folders are not
/// followed.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub(crate) fn below(path: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    Ok(below_with_folders(path, is_wanted)?.0)
}

/// The same, with the folders that were looked through.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub(crate) fn below_with_folders(
    path: &Path,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
    let (mut found, mut folders) = (Vec::new(), Vec::new());
    search(path, 0, is_wanted, &mut found, &mut folders)?;
    found.sort();
    Ok((found, folders))
}

#[expect(clippy::disallowed_methods, reason = "what the files of a project are is asked here")]
fn search(
    path: &Path,
    depth: usize,
    is_wanted: &dyn Fn(&str) -> bool,
    found: &mut Vec<PathBuf>,
    folders: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let asked = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let about = std::fs::metadata(asked).map_err(|e| Error::io("read", asked, e))?;
    if !about.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    if depth > MOST_FOLDERS {
        return Ok(());
    }
    folders.push(asked.to_owned());
    for entry in std::fs::read_dir(asked).map_err(|e| Error::io("read", asked, e))? {
        let entry = entry.map_err(|e| Error::io("read", asked, e))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_folder = entry.file_type().is_ok_and(|t| t.is_dir());
        let path = if path.as_os_str() == "." { PathBuf::from(&*name) } else { path.join(&*name) };
        if is_folder && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
            search(&path, depth + 1, is_wanted, found, folders)?;
        } else if !is_folder && is_wanted(&name) {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("rehearsal-file-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
        fn names(&self) -> Vec<String> {
            let entries = std::fs::read_dir(&self.0).unwrap();
            let mut names: Vec<String> =
                entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_made_with_its_folders_and_then_replaced() {
        let folder = Folder::new("made");
        let path = folder.0.join("a/b.txt");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.0.join("a")).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_goes_an_hour_later() {
        let folder = Folder::new("swept");
        let names = [".rehearsal-1-2.tmp", ".rehearsal-1-3.tmp", "rehearsal-1-4.tmp"];
        for (name, minutes) in names.into_iter().zip([90, 10, 90]) {
            let file = File::create(folder.0.join(name)).unwrap();
            let then = file.metadata().unwrap().modified().unwrap() - Duration::from_mins(minutes);
            file.set_modified(then).unwrap();
        }
        replace(folder.0.join("new"), b"one").unwrap();
        assert_eq!(folder.names(), [".rehearsal-1-3.tmp", "new", "rehearsal-1-4.tmp"]);
    }

    #[test]
    fn a_folder_is_not_replaced_and_nothing_is_left() {
        let folder = Folder::new("folder");
        std::fs::create_dir(folder.0.join("x")).unwrap();
        let error = replace(folder.0.join("x"), b"one").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        let error = replace(folder.0.join("a\0b"), b"one").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(folder.names(), ["x"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced_with_its_permissions() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = Folder::new("link");
        std::fs::create_dir(folder.0.join("deep")).unwrap();
        std::fs::write(folder.0.join("deep/real"), "old").unwrap();
        std::fs::set_permissions(folder.0.join("deep/real"), std::fs::Permissions::from_mode(0o750)).unwrap();
        symlink("second", folder.0.join("first")).unwrap();
        symlink("deep/real", folder.0.join("second")).unwrap();
        replace(folder.0.join("first"), b"new").unwrap();
        assert!(folder.0.join("first").is_symlink() && folder.0.join("second").is_symlink());
        let about = std::fs::metadata(folder.0.join("deep/real")).unwrap();
        assert_eq!((about.permissions().mode() & 0o7777, about.len()), (0o750, 3));

        // What a link leads to may be missing, and links may go round.
        symlink("later", folder.0.join("dangling")).unwrap();
        replace(folder.0.join("dangling"), b"made").unwrap();
        assert_eq!(std::fs::read(folder.0.join("later")).unwrap(), b"made");
        symlink("round", folder.0.join("round")).unwrap();
        let error = replace(folder.0.join("round"), b"x").unwrap_err();
        assert_eq!(error.to_string(), "too many symbolic links lead to one another");
        assert_eq!(folder.names(), ["dangling", "deep", "first", "later", "round", "second"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_as_it_stands() {
        replace("/dev/null", b"gone").unwrap();
        if Path::new("/dev/full").exists() {
            assert_eq!(replace("/dev/full", b"gone").unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }
}
