//! `rehearsal.yaml`: what a project decided about the rules.

use std::sync::Arc;

use super::options::{GROUPS, Level, LintOptions};
use super::suggestion;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::source::{Node, NodeKind, Source, Span, parse};

const LEVELS: &[(&str, Level)] = &[("allow", Level::Allow), ("warn", Level::Warn), ("deny", Level::Deny)];

/// The names a configuration file may have, the preferred one first.
pub const CONFIG_FILES: &[&str] = &["rehearsal.yaml", "rehearsal.yml", "rehearsal.json"];

impl LintOptions {
    /// The same, with what a configuration file decides.
    ///
    /// ```yaml
    /// lint:
    ///   allow: [lambda-retry]
    ///   deny: [timeout-missing]     # also warn; `warnings` and `notes` stand for all of them
    /// ```
    ///
    /// # Errors
    /// A file that is no YAML or JSON, fields it does not have, and codes that no rule has.
    pub fn with_config(self, source: &Arc<Source>) -> Result<LintOptions, Diagnostics> {
        let root = parse(source, source.format())?;
        let mut reader = Reader { source, found: Diagnostics::default() };
        let options = reader.file(&root, self);
        if reader.found.as_slice().is_empty() { Ok(options) } else { Err(reader.found) }
    }
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    found: Diagnostics,
}

impl Reader<'_> {
    fn file(&mut self, root: &Node, mut options: LintOptions) -> LintOptions {
        if !self.object(root, "the configuration") {
            return options;
        }
        self.known(root, &["lint"]);
        let Some(lint) = root.get("lint") else { return options };
        if !self.object(lint, "`lint`") {
            return options;
        }
        self.known(lint, &LEVELS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (name, level) in LEVELS {
            let Some(list) = lint.get(name) else { continue };
            let NodeKind::Array(codes) = &list.kind else {
                let message = format!("`{name}` must be a list of codes, not {}", list.type_name());
                self.report(list.span, message, "a list is needed", Some(format!("write `{name}: [timeout-missing]`")));
                continue;
            };
            for code in codes {
                match code.as_str() {
                    Some(text) if is_code(text) => options = options.level(&**text, *level),
                    Some(text) => self.report(
                        code.span,
                        format!("there is no rule `{text}`"),
                        "no such code",
                        Some(suggestion(text)),
                    ),
                    None => {
                        let message = format!("a code must be a string, not {}", code.type_name());
                        self.report(code.span, message, "here", None);
                    }
                }
            }
        }
        options
    }

    fn object(&mut self, node: &Node, what: &str) -> bool {
        let is_object = matches!(node.kind, NodeKind::Object(_));
        if !is_object {
            let message = format!("{what} must be an object, not {}", node.type_name());
            self.report(node.span, message, "here", Some("write `lint: {allow: [timeout-missing]}`".to_owned()));
        }
        is_object
    }

    fn known(&mut self, node: &Node, names: &[&str]) {
        for member in node.members().iter().filter(|m| !names.contains(&&*m.key)) {
            let help = match did_you_mean(&member.key, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the fields are {}", names.join(", ")),
            };
            let message = format!("the configuration has no field `{}`", member.key);
            self.report(member.key_span, message, "not a field", Some(help));
        }
    }

    fn report(&mut self, span: Span, message: String, label: &str, help: Option<String>) {
        let found = Diagnostic::error("configuration", message).at(self.source, span, label);
        self.found.push(Diagnostic { help, ..found });
    }
}

/// Whether a word is the code of a rule, or stands for all of a severity.
pub fn is_code(word: &str) -> bool {
    super::find(word).is_some() || GROUPS.iter().any(|(name, _)| *name == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn read(text: &str) -> Result<LintOptions, String> {
        let source = Arc::new(Source::new("rehearsal.yaml", text));
        LintOptions::default().with_config(&source).map_err(|found| found.to_string())
    }

    #[test]
    fn a_configuration_decides_about_codes() {
        let options = read("lint:\n  allow: [timeout-missing]\n  deny: [warnings]\n").unwrap();
        assert_eq!(options.severity("timeout-missing", Severity::Warning), None);
        assert_eq!(options.severity("other", Severity::Warning), Some(Severity::Error));
        assert!(read("{}").is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_configuration_is_said() {
        let table = [
            ("lint: {alow: []}", "did you mean `allow`?"),
            ("lints: {}", "did you mean `lint`?"),
            ("lint: {allow: [timeout-mising]}", "did you mean `timeout-missing`?"),
            ("lint: {allow: timeout-missing}", "must be a list of codes, not string"),
            ("lint: {allow: [1]}", "a code must be a string, not number"),
            ("lint: []", "`lint` must be an object"),
            ("- 1", "the configuration must be an object"),
        ];
        for (text, want) in table {
            let said = read(text).unwrap_err();
            assert!(said.contains(want) && said.contains("error[configuration]"), "{text}: {said}");
        }
    }
}
