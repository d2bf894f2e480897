//! The configuration of each file: the nearest one at or above its folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rehearsal::asl::lint::{CONFIG_FILES, LintOptions};
use rehearsal::diagnostic::Diagnostics;
use rehearsal::source::Source;

use super::LintArgs;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::screen::Failure;

/// A configuration is short; one of this size is another file.
const MOST: usize = 1 << 20;

/// The configurations that were read, by the folders they count for.
pub(super) struct Configs {
    known: BTreeMap<PathBuf, LintOptions>,
    /// The one that was named, or none at all.
    fixed: Option<Option<PathBuf>>,
}

impl Configs {
    pub(super) fn new(args: &LintArgs) -> Configs {
        let fixed = if args.no_config { Some(None) } else { args.config.clone().map(Some) };
        Configs { known: BTreeMap::new(), fixed }
    }

    /// What counts for the machines of a file.
    pub(super) fn options(&mut self, file: &Path) -> Result<LintOptions, Failure> {
        let folder = match &self.fixed {
            Some(_) => PathBuf::new(),
            None => std::path::absolute(file).ok().and_then(|path| Some(path.parent()?.to_owned())).unwrap_or_default(),
        };
        if let Some(known) = self.known.get(&folder) {
            return Ok(known.clone());
        }
        let path = match &self.fixed {
            Some(named) => named.clone(),
            None => nearest(&folder),
        };
        let options = match path {
            Some(path) => read(&path)?,
            None => LintOptions::default(),
        };
        self.known.insert(folder, options.clone());
        Ok(options)
    }
}

/// The configuration in a folder or the nearest one above it.
fn nearest(folder: &Path) -> Option<PathBuf> {
    let in_folder = |folder: &Path| CONFIG_FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    folder.ancestors().find_map(in_folder)
}

fn read(path: &Path) -> Result<LintOptions, Failure> {
    let bytes = files::read(path, MOST)?;
    // People know the file by the way from where they are.
    let here = std::path::absolute(".").ok();
    let name = here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_string_lossy().into_owned();
    let refused = |found: Diagnostics| Failure::found(Exit::Usage, found);
    let source = Arc::new(Source::from_bytes(name, &bytes, MOST).map_err(refused)?);
    LintOptions::default().with_config(&source).map_err(refused)
}
