//! Where a definition is that a template names: a file beside it, or an object in a bucket that was uploaded from one.

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::files::{MAX_TEMPLATE_BYTES, joined};
use crate::iac::kind;
use crate::source::{Format, MAX_DEFINITION_BYTES, Node, Source, parse};

use super::functions::shown;
use super::nested::asset_path;
use super::template::{Resource, Template};

impl Template<'_> {
    /// The file that holds a machine's definition.
    pub(super) fn definition_file(&self, resource: &Resource<'_>, node: &Node) -> Result<Arc<Source>, Diagnostics> {
        let limit = MAX_DEFINITION_BYTES;
        let assets = ["DefinitionS3Location", "DefinitionUri"];
        if let Some((path, at)) = assets.iter().find_map(|property| asset_path(resource.node, property)) {
            let file = self.files.beside(&self.source, &path);
            if self.files.is_file(&file) {
                return self.files.read_beside(&self.source, at.span, &path, limit);
            }
        }
        let Some(value) = self.value(node) else {
            let found = Diagnostic::error("definition", "the template leaves out where the definition is");
            return Err(found.at(&self.source, node.span, "comes to nothing").into());
        };
        let (bucket, key) = match value.as_str() {
            Some(text) => match text.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
                Some((bucket, key)) => (bucket.to_owned(), key.to_owned()),
                None if text.contains("${") => {
                    let found = Diagnostic::error(
                        "placeholder",
                        format!("the file `{text}` has a placeholder without a value"),
                    )
                    .at(&self.source, node.span, "names no file yet");
                    return Err(found.help("give it a value: `--substitute NAME=…`").into());
                }
                None => return self.files.read_beside(&self.source, node.span, text, limit),
            },
            None => {
                let part = |name: &str| value.get(name).map(shown).unwrap_or_default();
                (part("Bucket"), part("Key"))
            }
        };
        if key.is_empty() {
            let message = "a definition's place is a path, or a bucket and a key";
            let found = Diagnostic::error("definition", message).at(&self.source, node.span, "has neither");
            return Err(found.help("write `Bucket` and `Key`, or the path of a file").into());
        }
        match self.uploaded(&key).or_else(|| self.only_definition()) {
            Some(path) => {
                let read = self.files.read(&path, limit);
                read.map_err(|unread| self.files.told(unread, &path, &self.source, node.span))
            }
            None => {
                let message =
                    format!("the definition is the object `{key}` of the bucket `{bucket}`, which is not here");
                let found = Diagnostic::error("file", message).at(&self.source, node.span, "not a local file");
                let folder = joined(&self.files.folder(&self.source), &key);
                Err(found.help(format!("put a copy at `{}`, or name a local file", folder.display())).into())
            }
        }
    }

    /// The local file that an object was uploaded from: of the same key or name, or what the CDK's list of assets says.
    fn uploaded(&self, key: &str) -> Option<PathBuf> {
        let folder = self.files.folder(&self.source);
        let name = key.rsplit('/').next().unwrap_or(key);
        let is_safe = !key.contains("..") && !key.starts_with('/');
        let beside = [key.to_owned(), name.to_owned(), format!("asset.{name}")];
        let found = beside.iter().map(|candidate| joined(&folder, candidate));
        let mut found = found.filter(|path| is_safe && self.files.is_file(path));
        found.next().or_else(|| self.listed_asset(name)).or_else(|| {
            // `asset.<hash>` may be a folder with the one file in it, or lack the ending.
            let hash = name.split('.').next().filter(|hash| !hash.is_empty())?;
            let asset = folder.join(format!("asset.{hash}"));
            self.files.is_file(&asset).then_some(asset)
        })
    }

    /// The one definition that lies with a template of one machine: what the object was uploaded from.
    fn only_definition(&self) -> Option<PathBuf> {
        let is_machine = |resource: &Resource<'_>| resource.of.ends_with("::StateMachine");
        (self.resources().filter(is_machine).count() == 1).then_some(())?;
        let mut rest = vec![(self.files.folder(&self.source), 0)];
        let mut found = None;
        let mut looked_at = 0;
        while let Some((folder, depth)) = rest.pop() {
            for path in self.files.list(&folder).unwrap_or_default() {
                looked_at += 1;
                // Where there is that much, it is no project of one machine.
                (looked_at < 1_000).then_some(())?;
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if depth < 2 && !name.starts_with('.') && name != "node_modules" && self.files.is_folder(&path) {
                    rest.push((path, depth + 1));
                } else if kind::is_definition_by_name(&name) && found.replace(path).is_some() {
                    return None;
                }
            }
        }
        found
    }

    /// The file that a list of assets gives for a hash.
    fn listed_asset(&self, name: &str) -> Option<PathBuf> {
        let hash = name.split('.').next().filter(|hash| !hash.is_empty())?;
        let folder = self.files.folder(&self.source);
        let lists = self.files.list(&folder).ok()?;
        lists.into_iter().filter(|path| path.to_string_lossy().ends_with(".assets.json")).find_map(|path| {
            let source = self.files.read(&path, MAX_TEMPLATE_BYTES).ok()?;
            let root = parse(&source, Format::Json).ok()?;
            let path = root.get("files")?.get(hash)?.get("source")?.get("path")?.as_str()?.to_string();
            Some(joined(&folder, &path)).filter(|path| self.files.is_file(path))
        })
    }
}
