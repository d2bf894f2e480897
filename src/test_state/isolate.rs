//! One state, taken out of its machine: the service puts it into a machine of its own under a name of its own, and so
//! `$$.State.Name` is `StateName` whatever the state was called. States it leads to are stood in for.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asl::flows::{all_states, inner, states};
use crate::asl::{CompileOptions, Machine, compile};
use crate::diagnostic::Diagnostics;
use crate::source::{Member, Node, NodeKind, Source, Span};

/// What the state under test is called.
pub(super) const STATE_NAME: &str = "StateName";

/// A state on its own.
pub(super) struct Isolated {
    pub(super) machine: Machine,
    /// Names of the states inside it.
    pub(super) inner: BTreeSet<String>,
    /// Whether it was taken out of a Map, whose item it works on.
    pub(super) is_in_map: bool,
}

/// Why there is no state to test.
pub(super) enum Missing {
    Refused(Diagnostics),
    NotFound,
}

impl From<Diagnostics> for Missing {
    fn from(found: Diagnostics) -> Missing {
        Missing::Refused(found)
    }
}

/// Takes the state out of a definition: the whole definition is the state unless it has a name.
pub(super) fn isolate(source: &Arc<Source>, root: &Node, state_name: Option<&str>) -> Result<Isolated, Missing> {
    let options = CompileOptions::default().name("StateMachine");
    let ((state, is_in_map), language) = match state_name {
        None => ((root, false), None),
        Some(name) => {
            // The machine around it has to be sound as a whole.
            compile(source, root, &options)?;
            (find(root, name, false).ok_or(Missing::NotFound)?, root.member("QueryLanguage"))
        }
    };
    let wrapped = wrap(state, language);
    match compile(source, &wrapped, &options) {
        Ok(machine) => Ok(Isolated { machine, inner: names(state), is_in_map }),
        Err(found) => {
            // A state that is wrong may seem not to lead where it does; what stands in there is nobody's mistake.
            let made_up: Vec<String> = targets(state).into_iter().map(|t| format!("States › {t}")).collect();
            let own = found.into_iter().filter(|d| d.code != "unreachable-state" || !made_up.contains(&d.path));
            Err(Missing::Refused(own.collect::<Vec<_>>().into()))
        }
    }
}

/// The state of a name in a list of states or inside one of them, and whether a Map is around it.
fn find<'a>(flow: &'a Node, name: &str, in_map: bool) -> Option<(&'a Node, bool)> {
    let here = states(flow).iter().find(|m| &*m.key == name).map(|m| (&m.value, in_map));
    let inside = |m: &'a Member| {
        let in_map = in_map || m.value.get("Branches").is_none();
        inner(&m.value).find_map(|(_, flow)| find(flow, name, in_map))
    };
    here.or_else(|| states(flow).iter().find_map(inside))
}

fn names(state: &Node) -> BTreeSet<String> {
    inner(state).flat_map(|(_, flow)| all_states(flow)).map(|member| member.key.to_string()).collect()
}

/// A machine that begins with the state. What is made up has the state's own place in the text.
fn wrap(state: &Node, language: Option<&Member>) -> Node {
    let at = Span { start: state.span.start, end: state.span.start };
    let node = |kind| Node::new(kind, at);
    let text = |t: &str| node(NodeKind::String(t.into()));
    let member = |key: &str, value| Member { key: key.into(), key_span: at, value };
    let mut all = vec![member(STATE_NAME, state.clone())];
    for target in targets(state) {
        let succeed = node(NodeKind::Object(vec![member("Type", text("Succeed"))]));
        if target != STATE_NAME {
            all.push(member(target, succeed));
        }
    }
    let mut members = vec![member("StartAt", text(STATE_NAME)), member("States", node(NodeKind::Object(all)))];
    members.extend(language.cloned());
    node(NodeKind::Object(members))
}

/// The names of all states that a state may lead to.
fn targets(state: &Node) -> BTreeSet<&str> {
    let rules = ["Choices", "Catch"].into_iter().filter_map(|name| state.get(name)).flat_map(Node::items);
    let named = rules.filter_map(|rule| rule.get("Next"));
    let own = ["Next", "Default"].into_iter().filter_map(|name| state.get(name));
    own.chain(named).filter_map(Node::as_str).map(|name| &**name).collect()
}
