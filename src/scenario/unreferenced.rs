//! Snapshots that scenarios have left behind: their scenario was renamed or taken away, or no longer asks for one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::suite::Suite;
use crate::error::Error;
use crate::file;
use crate::snapshot::{Unreferenced, stored_name};

/// What the scenario files of one folder have to do with its snapshots.
#[derive(Default)]
struct Folder {
    /// The names of the files.
    files: BTreeSet<String>,
    /// The names of the snapshots that they ask for.
    asked: BTreeSet<String>,
    /// Whether one of them cannot be read, so that nobody knows what it asks for.
    is_uncertain: bool,
}

impl Suite {
    /// The snapshots that no scenario asks for, among those that were made for the files of this suite and, in the
    /// folders of `places`, for files that are no longer there. Only what the scenario files say counts, not which of
    /// them run; snapshots of Rust tests are none of these, and where a file of a folder cannot be read, none in it are.
    ///
    /// # Errors
    /// A folder or a snapshot that cannot be read.
    pub fn unreferenced<P: AsRef<Path>>(&self, places: &[P]) -> Result<Vec<Unreferenced>, Error> {
        let folders = self.folders();
        let mut candidates: BTreeSet<PathBuf> = BTreeSet::new();
        let is_snapshot = |name: &str| stored_name(name).is_some();
        for place in places.iter().map(AsRef::as_ref).filter(|place| place.is_dir()) {
            candidates.extend(file::below(place, &is_snapshot)?);
        }
        let searched = candidates.clone();
        for folder in folders.keys().map(|folder| folder.join("snapshots")).filter(|folder| folder.is_dir()) {
            candidates.extend(file::below(&folder, &is_snapshot)?);
        }
        let mut found = Vec::new();
        for path in candidates {
            let (Some(name), Some(beside)) = (path.file_name(), path.parent()) else { continue };
            let name = name.to_string_lossy();
            let (Some(stored), true) = (stored_name(&name), beside.ends_with("snapshots")) else { continue };
            let place = beside.parent().unwrap_or(Path::new(""));
            let folder = folders.get(place);
            if folder.is_some_and(|folder| folder.is_uncertain || folder.asked.contains(stored)) {
                continue;
            }
            let Some(left) = Unreferenced::read(&path)? else { continue };
            let is_of_this_suite = folder.is_some_and(|folder| folder.files.contains(&left.file));
            let file_is_gone = || searched.contains(&path) && !place.join(&left.file).exists();
            if is_of_this_suite || file_is_gone() {
                found.push(left);
            }
        }
        Ok(found)
    }

    fn folders(&self) -> BTreeMap<PathBuf, Folder> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut folders: BTreeMap<PathBuf, Folder> = BTreeMap::new();
        for (path, file) in self.files() {
            let folder = folders.entry(path.parent().unwrap_or(Path::new("")).to_owned()).or_default();
            folder.files.insert(name(path));
            match file {
                Ok(file) => {
                    let stored = file.scenarios().iter().filter_map(|s| s.snapshot.as_ref());
                    folder.asked.extend(stored.map(|stored| name(&stored.path)));
                }
                Err(_) => folder.is_uncertain = true,
            }
        }
        folders
    }
}
