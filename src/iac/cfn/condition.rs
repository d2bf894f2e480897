//! Conditions: `Fn::If` asks them by name.

use crate::diagnostic::did_you_mean;
use crate::source::{Node, NodeKind};

use super::call::Call;
use super::template::Template;

impl Template<'_> {
    /// Whether a condition that a node names, or writes out, holds.
    pub(super) fn named_condition(&self, node: &Node) -> bool {
        match (node.as_str(), &node.tag) {
            (Some(name), None) => self.holds(name, node),
            _ => self.condition(node),
        }
    }

    fn holds(&self, name: &str, at: &Node) -> bool {
        let Some(condition) = self.section("Conditions").iter().find(|m| &*m.key == name) else {
            let names: Vec<&str> = self.section("Conditions").iter().map(|m| &*m.key).collect();
            let help = did_you_mean(name, names).map_or(String::new(), |near| format!("did you mean `{near}`?"));
            self.report(
                at.span,
                "template-reference",
                format!("there is no condition `{name}`"),
                "asked for here",
                &help,
            );
            return false;
        };
        let key = format!("{}Conditions.{name}", self.way);
        self.state.once(key, &self.source, at.span, || Some(self.condition(&condition.value))).unwrap_or(false)
    }

    fn condition(&self, node: &Node) -> bool {
        let evaluate = || {
            if let Some(call) = Call::of(node) {
                return self.condition_call(&call);
            }
            // `Condition: Name` is a reference only where conditions stand; elsewhere it is somebody's member.
            if let [only] = node.members()
                && &*only.key == "Condition"
                && let Some(name) = only.value.as_str()
            {
                return self.holds(name, &only.value);
            }
            is_true(node)
        };
        self.state.deeper(&self.source, node.span, evaluate).unwrap_or(false)
    }

    pub(super) fn condition_call(&self, call: &Call<'_>) -> bool {
        match (call.name, call.list()) {
            ("Equals", [a, b]) => self.words(a) == self.words(b),
            ("And", all) if !all.is_empty() => all.iter().all(|c| self.condition(c)),
            ("Or", any) if !any.is_empty() => any.iter().any(|c| self.condition(c)),
            ("Not", [c]) => !self.condition(c),
            ("Condition", _) => call.word().is_some_and(|name| self.holds(name, call.argument)),
            ("Equals" | "And" | "Or" | "Not", _) => {
                let message = format!("`{}` does not hold what it compares", call.name);
                self.report(call.span, "template-function", message, "a list of conditions or values belongs here", "");
                false
            }
            _ => self.argument(call).is_some_and(|value| is_true(&value)),
        }
    }
}

fn is_true(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Bool(is) => *is,
        NodeKind::String(text) => &**text == "true",
        _ => false,
    }
}
