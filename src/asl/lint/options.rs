//! Which rules count, and how much.

use std::collections::BTreeMap;

use super::ApiModels;
use crate::diagnostic::Severity;

/// What somebody decided about the findings of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// They are not reported.
    Allow,
    /// They are warnings.
    Warn,
    /// They are errors.
    Deny,
}

/// How definitions are linted: which rules are switched off and which count more than usual. Without any settings every
/// rule has the severity of its row.
///
/// ```
/// use rehearsal::Machine;
/// use rehearsal::asl::lint::LintOptions;
///
/// let machine = Machine::parse(r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Succeed"}}}"#)?;
/// let options = LintOptions::default().allow("timeout-missing").deny("warnings");
/// assert!(machine.lint_with(&options).as_slice().is_empty());
/// # Ok::<(), rehearsal::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LintOptions {
    levels: BTreeMap<String, Level>,
    /// The models that calls of services are compared with; without them, that is left out.
    pub api_models: Option<ApiModels>,
}

/// The names that stand for all findings of a severity.
pub(super) const GROUPS: &[(&str, Severity)] = &[("warnings", Severity::Warning), ("notes", Severity::Note)];

impl LintOptions {
    /// The same, without the findings of this code; `warnings` and `notes` are all of that severity.
    #[must_use]
    pub fn allow(self, code: impl Into<String>) -> Self {
        self.level(code, Level::Allow)
    }

    /// The same, with the findings of this code as warnings.
    #[must_use]
    pub fn warn(self, code: impl Into<String>) -> Self {
        self.level(code, Level::Warn)
    }

    /// The same, with the findings of this code as errors; `warnings` and `notes` are all of that severity.
    #[must_use]
    pub fn deny(self, code: impl Into<String>) -> Self {
        self.level(code, Level::Deny)
    }

    /// The same, with this decision about a code. The last decision about a code counts.
    #[must_use]
    pub fn level(mut self, code: impl Into<String>, level: Level) -> Self {
        self.levels.insert(code.into(), level);
        self
    }

    /// The same, comparing calls of services with these models.
    #[must_use]
    pub fn api_models(mut self, models: ApiModels) -> Self {
        self.api_models = Some(models);
        self
    }

    /// The severity that findings of a code have; `None` where they are not reported. What is decided about the code
    /// itself counts before what is decided about all of its severity.
    pub(super) fn severity(&self, code: &str, usual: Severity) -> Option<Severity> {
        let of_group = || GROUPS.iter().find(|(_, s)| *s == usual).and_then(|(group, _)| self.levels.get(*group));
        match self.levels.get(code).or_else(of_group) {
            None => Some(usual),
            Some(Level::Allow) => None,
            Some(Level::Warn) => Some(Severity::Warning),
            Some(Level::Deny) => Some(Severity::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_its_own_counts_before_its_group() {
        let options = LintOptions::default().deny("warnings").allow("notes").warn("a").allow("b");
        assert_eq!(options.severity("a", Severity::Warning), Some(Severity::Warning));
        assert_eq!(options.severity("b", Severity::Warning), None);
        assert_eq!(options.severity("c", Severity::Warning), Some(Severity::Error));
        assert_eq!(options.severity("c", Severity::Note), None);
        assert_eq!(options.severity("a", Severity::Note), Some(Severity::Warning));
        assert_eq!(options.severity("c", Severity::Error), Some(Severity::Error));
    }
}
