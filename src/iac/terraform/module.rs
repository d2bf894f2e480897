//! A Terraform module as it is written: all that the files of a folder declare.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};

use crate::diagnostic::Diagnostic;
use crate::iac::files::Files;
use crate::source::{Assembled, Source, Span};

/// The largest Terraform file that is read, in bytes; the longest that people write hold a tenth of it.
pub(super) const MAX_FILE_BYTES: usize = 4 << 20;

/// How many files of a folder are read.
const MAX_FILES: usize = 1_000;

/// A block and where it is.
#[derive(Debug)]
pub(super) struct Declared {
    pub input: Rc<Assembled>,
    pub block: Block,
    /// The block's first words, such as `resource "aws_sqs_queue" "orders"`.
    pub span: Span,
}

impl Declared {
    pub(super) fn source(&self) -> &Arc<Source> {
        self.input.source()
    }

    /// The expression of an argument.
    pub(super) fn argument(&self, name: &str) -> Option<&Expression> {
        self.block.body.get_attribute(name).map(|a| &a.value)
    }
}

/// An expression of a `locals` block, or of a file of variables.
#[derive(Debug)]
pub(super) struct Assigned {
    pub input: Rc<Assembled>,
    pub value: Expression,
}

/// What the files of a folder declare.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub folder: PathBuf,
    pub variables: BTreeMap<String, Declared>,
    pub locals: BTreeMap<String, Assigned>,
    pub outputs: BTreeMap<String, Declared>,
    pub calls: BTreeMap<String, Declared>,
    /// By type and name.
    pub resources: BTreeMap<(String, String), Declared>,
    pub data: BTreeMap<(String, String), Declared>,
    /// What the folder's files of variables assign; the last one counts.
    pub assigned: BTreeMap<String, Assigned>,
    /// What is wrong with files that cannot be read; the others are used all the same.
    pub broken: Vec<Diagnostic>,
}

impl Module {
    /// Reads all Terraform files of a folder.
    pub(super) fn read(files: &Files, folder: &Path) -> Module {
        let mut module = Module { folder: folder.to_owned(), ..Module::default() };
        let paths = match files.list(folder) {
            Ok(paths) => paths,
            Err(e) => {
                let message = format!("the folder `{}` cannot be read: {e}", folder.display());
                module.broken.push(Diagnostic::error("file", message));
                return module;
            }
        };
        let of_kind = |ending: &'static str| {
            let fits = move |p: &&PathBuf| name_of(p).ends_with(ending) && !name_of(p).starts_with('.');
            paths.iter().filter(fits).take(MAX_FILES)
        };
        for path in of_kind(".tf") {
            if let Some((input, body)) = module.open(files, path) {
                module.declare(&input, body);
            }
        }
        // Terraform reads them in this order, and later ones win.
        let named = paths.iter().filter(|p| name_of(p) == "terraform.tfvars");
        for path in named.chain(of_kind(".auto.tfvars")) {
            if let Some((input, body)) = module.open(files, path) {
                for attribute in body.into_iter().filter_map(|s| s.into_attribute().ok()) {
                    let name = attribute.key.as_str().to_owned();
                    module.assigned.insert(name, Assigned { input: input.clone(), value: attribute.value });
                }
            }
        }
        module
    }

    fn open(&mut self, files: &Files, path: &Path) -> Option<(Rc<Assembled>, Body)> {
        let source = match files.read(path, MAX_FILE_BYTES) {
            Ok(source) => source,
            Err(unread) => {
                let said = unread.into_error(path);
                match said.diagnostics() {
                    [] => self.broken.push(Diagnostic::error("file", format!("failed to read `{}`", path.display()))),
                    found => self.broken.extend(found.iter().cloned()),
                }
                return None;
            }
        };
        match parse_file(&source) {
            Ok(parsed) => Some(parsed),
            Err(found) => {
                self.broken.push(*found);
                None
            }
        }
    }

    fn declare(&mut self, input: &Rc<Assembled>, body: Body) {
        for structure in body {
            let Structure::Block(block) = structure else { continue };
            let labels: Vec<String> = block.labels.iter().map(|l| l.as_str().to_owned()).collect();
            let declared = |block: Block| Declared { input: input.clone(), span: head(&block), block };
            match (block.ident.as_str(), labels.as_slice()) {
                ("locals", _) => {
                    for attribute in block.body.into_iter().filter_map(|s| s.into_attribute().ok()) {
                        let name = attribute.key.as_str().to_owned();
                        self.locals.insert(name, Assigned { input: input.clone(), value: attribute.value });
                    }
                }
                ("variable", [name]) => _ = self.variables.insert(name.clone(), declared(block)),
                ("output", [name]) => _ = self.outputs.insert(name.clone(), declared(block)),
                ("module", [name]) => _ = self.calls.insert(name.clone(), declared(block)),
                ("resource", [kind, name]) => {
                    self.resources.insert((kind.clone(), name.clone()), declared(block));
                }
                ("data", [kind, name]) => _ = self.data.insert((kind.clone(), name.clone()), declared(block)),
                _ => {}
            }
        }
    }
}

/// Reads a file into blocks and arguments.
pub(super) fn parse_file(source: &Arc<Source>) -> Result<(Rc<Assembled>, Body), Box<Diagnostic>> {
    let mut whole = Assembled::new(source);
    whole.push_slice(Span::new(0, source.text().len()));
    match parse_body(source.text()) {
        Ok(body) => Ok((Rc::new(whole), body)),
        Err(e) => Err(Box::new(syntax(&whole, e.location().offset(), e.message()))),
    }
}

/// The finding about a text that is not Terraform's language.
pub(super) fn syntax(input: &Assembled, offset: usize, said: &str) -> Diagnostic {
    let length = input.text().get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let name = input.source().name();
    let expected = said.split_once("expected ").map_or("", |(_, what)| what);
    let unfit = said.strip_prefix("invalid ").and_then(|rest| rest.split(';').next()).unwrap_or_default();
    let (code, what, help) = match (unfit, expected) {
        ("nesting depth", _) => ("too-deep", "nests too deeply".to_owned(), format!("there may be {expected}")),
        ("binary operation", _) => {
            ("too-deep", "chains too many operators".to_owned(), format!("there may be {expected}"))
        }
        ("expression", _) => {
            let help = "a value is expected: a string, a number, a reference, a call, a list or an object";
            ("syntax", "has no value where one is needed".to_owned(), help.to_owned())
        }
        (_, "heredoc end delimiter") => {
            let help = "end it with its word on a line of its own: `EOF`";
            ("syntax", "has a heredoc without an end".to_owned(), help.to_owned())
        }
        ("", "" | "token") => {
            let help = "`terraform validate` says more about the file";
            ("syntax", "is not Terraform's language".to_owned(), help.to_owned())
        }
        ("", expected) => ("syntax", "is not Terraform's language".to_owned(), format!("here may stand {expected}")),
        (unfit, expected) => ("syntax", format!("has no valid {unfit}"), format!("here may stand {expected}")),
    };
    let label = if length == 0 { "the text ends here" } else { "here" };
    let found = Diagnostic::error(code, format!("`{name}` {what}"));
    found.at(input.source(), input.span(offset, offset + length), label).help(help)
}

/// The characters of a block's first words.
fn head(block: &Block) -> Span {
    let first = block.ident.span().unwrap_or_default();
    let last = block.labels.last().and_then(|label| match label {
        BlockLabel::Ident(ident) => ident.span(),
        BlockLabel::String(text) => text.span(),
    });
    Span::new(first.start, last.map_or(first.end, |l| l.end))
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default()
}
