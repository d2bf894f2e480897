//! The Serverless Framework's variables: `${self:custom.table, 'orders'}`, `${file(machines.yml):order}`.

use std::sync::Arc;

use crate::iac::Settings;
use crate::iac::cfn::{State, placed, shown};
use crate::iac::files::{Files, MAX_TEMPLATE_BYTES};
use crate::pretend;
use crate::source::{Member, Node, NodeKind, Source, Span, parse};

/// Values of a text may double with every variable; this is where it ends.
const MAX_TEXT: usize = 1 << 20;

/// A node and the source its places are in.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) source: Arc<Source>,
    pub(super) node: Node,
    /// The source of the key it stands under.
    pub(super) key: Arc<Source>,
}

impl Placed {
    /// A part of it.
    pub(super) fn with(&self, node: Node) -> Placed {
        Placed { node, source: self.source.clone(), key: self.key.clone() }
    }
}

/// A Serverless file in its surroundings.
pub(super) struct Variables<'a> {
    pub(super) files: &'a Files,
    pub(super) settings: &'a Settings,
    pub(super) state: &'a State,
    pub(super) main: &'a Arc<Source>,
    pub(super) root: &'a Node,
}

impl Variables<'_> {
    /// What stands at a path of the file, with the variables on the way followed.
    pub(super) fn at(&self, path: &[&str]) -> Option<Placed> {
        let here = |node: &Node| Placed { source: self.main.clone(), node: node.clone(), key: self.main.clone() };
        // As long as no variable leads elsewhere, nothing has to be copied.
        let mut node = self.root;
        for (i, name) in path.iter().enumerate() {
            if node.as_str().is_some() {
                let rest = path.get(i..).unwrap_or_default();
                return rest.iter().try_fold(self.follow(here(node)), |at, name| {
                    let node = step(&at.node, name)?.clone();
                    Some(self.follow(at.with(node)))
                });
            }
            node = step(node, name)?;
        }
        Some(self.follow(here(node)))
    }

    /// The text at a path.
    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        self.words(&self.at(path)?)
    }

    /// The text of a string with its variables replaced.
    pub(super) fn words(&self, placed: &Placed) -> Option<String> {
        let settled = self.settled(placed);
        match settled.kind {
            NodeKind::String(text) => Some(text.to_string()),
            NodeKind::Number(_) => Some(settled.to_value().to_string()),
            _ => None,
        }
    }

    /// The stage that would be deployed.
    pub(super) fn stage(&self) -> String {
        let given = ["opt:stage", "sls:stage"].iter().find_map(|name| self.settings.given(name));
        let declared = || self.text(&["provider", "stage"]).filter(|stage| !stage.contains("${"));
        given.map(str::to_owned).or_else(declared).unwrap_or_else(|| "dev".to_owned())
    }

    /// What a node is that is nothing but a variable; any other as it is.
    pub(super) fn follow(&self, placed: Placed) -> Placed {
        let Some(text) = placed.node.as_str().filter(|text| text.starts_with("${")) else { return placed };
        match variable(text) {
            Some(range) if range == (0..text.len()) => {
                let inner = text.get(2..text.len() - 1).unwrap_or_default();
                self.value(inner, &placed).unwrap_or(placed)
            }
            _ => placed,
        }
    }

    /// A tree with all its variables replaced; what comes from elsewhere is placed where the variable stands.
    pub(super) fn settled(&self, placed: &Placed) -> Node {
        let node = &placed.node;
        let settle = || -> Node {
            let kind = match &node.kind {
                NodeKind::String(text) if text.contains("${") => return self.settled_text(placed, text),
                NodeKind::Array(items) => {
                    NodeKind::Array(items.iter().map(|item| self.settled(&placed.with(item.clone()))).collect())
                }
                NodeKind::Object(members) => {
                    let member =
                        |m: &Member| Member { value: self.settled(&placed.with(m.value.clone())), ..m.clone() };
                    NodeKind::Object(members.iter().map(member).collect())
                }
                other => other.clone(),
            };
            Node { kind, span: node.span, tag: node.tag.clone() }
        };
        self.state.deeper(&placed.source, node.span, settle).unwrap_or_else(|| Node::new(NodeKind::Null, node.span))
    }

    fn settled_text(&self, at: &Placed, text: &str) -> Node {
        let span = at.node.span;
        let string = |text: String| Node { kind: NodeKind::String(text.into()), span, tag: at.node.tag.clone() };
        if variable(text) == Some(0..text.len()) {
            let inner = text.get(2..text.len() - 1).unwrap_or_default();
            return match self.value(inner, at) {
                Some(value) => Node { tag: at.node.tag.clone(), ..placed_tags(&self.settled(&value), span) },
                None => string(text.to_owned()),
            };
        }
        string(self.filled(at, text))
    }

    /// A text with its variables replaced, those without a value as they are.
    fn filled(&self, at: &Placed, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(range) = variable(rest) {
            filled.push_str(rest.get(..range.start).unwrap_or_default());
            let whole = rest.get(range.clone()).unwrap_or_default();
            let inner = whole.get(2..whole.len() - 1).unwrap_or_default();
            match self.value(inner, at) {
                Some(value) => filled.push_str(&shown(&self.settled(&value))),
                None => filled.push_str(whole),
            }
            rest = rest.get(range.end..).unwrap_or_default();
            if filled.len() > MAX_TEXT {
                self.state.too_long(&at.source, at.node.span, MAX_TEXT);
                return filled;
            }
        }
        filled + rest
    }

    /// The value of a variable, by what stands between its braces: the first of its alternatives that there is.
    fn value(&self, inner: &str, at: &Placed) -> Option<Placed> {
        let evaluate = || {
            let inner = self.filled(at, inner);
            let string = |text: &str| at.with(Node::new(NodeKind::String(text.into()), at.node.span));
            if let Some(given) = self.settings.given(&inner) {
                return Some(string(given));
            }
            let all = alternatives(&inner);
            let last = all.len().saturating_sub(1);
            all.iter().enumerate().find_map(|(i, alternative)| {
                let literal = literal(alternative, at.node.span);
                if let Some(literal) = literal.filter(|_| i > 0) {
                    return Some(at.with(literal));
                }
                // Where another one follows, it is no mistake that the first is not there.
                if i < last { self.state.quietly(|| self.one(alternative, at)) } else { self.one(alternative, at) }
            })
        };
        self.state.deeper(&at.source, at.node.span, evaluate).flatten()
    }

    fn one(&self, variable: &str, at: &Placed) -> Option<Placed> {
        let string = |text: &str| Some(at.with(Node::new(NodeKind::String(text.into()), at.node.span)));
        if let Some(given) = self.settings.given(variable) {
            return string(given);
        }
        if let Some(file) = variable.strip_prefix("file(") {
            let (name, address) = file.split_once(')')?;
            return self.file(name.trim(), address.strip_prefix(':').unwrap_or(""), at);
        }
        let (of, address) = variable.split_once(':').filter(|(_, address)| !address.starts_with(':'))?;
        match (of, address) {
            ("self", path) => {
                let follow = || {
                    let path: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
                    self.at(&path).filter(|found| !found.node.is_null())
                };
                self.state.once(variable.to_owned(), &at.source, at.node.span, follow)
            }
            ("sls", "stage") => string(&self.stage()),
            ("sls", "instanceId") => string("rehearsal"),
            ("opt", "region") => self.settings.given("region").and_then(string),
            ("aws", "accountId") => string(pretend::ACCOUNT),
            ("aws", "region") => string(pretend::REGION),
            ("param", name) => {
                let stage = self.stage();
                let of_stage = |stage: &str| self.at(&["params", stage, name]);
                let follow = || of_stage(&stage).or_else(|| of_stage("default"));
                self.state.once(variable.to_owned(), &at.source, at.node.span, follow)
            }
            // The environment, other stacks and stores are what a deployment knows.
            _ => None,
        }
    }

    fn file(&self, name: &str, address: &str, at: &Placed) -> Option<Placed> {
        let name = name.trim_matches(['"', '\'']);
        // Paths start from the folder of the service, whichever file names them.
        let path = self.files.beside(self.main, name);
        let read = || {
            let told = |unread| {
                let found = self.files.told(unread, &path, &at.source, at.node.span);
                found.into_iter().for_each(|d| self.state.report(d));
            };
            let source = self.files.read(&path, MAX_TEMPLATE_BYTES).map_err(told).ok()?;
            let is_data = [".json", ".yml", ".yaml", ".asl"].iter().any(|ending| name.ends_with(ending));
            if !is_data {
                // A program would have to run; anything else is a text.
                let is_program = [".js", ".cjs", ".mjs", ".ts"].iter().any(|ending| name.ends_with(ending));
                return (!is_program).then(|| at.with(Node::new(NodeKind::String(source.text().into()), at.node.span)));
            }
            let told = |found: crate::diagnostic::Diagnostics| found.into_iter().for_each(|d| self.state.report(d));
            let root = parse(&source, source.format()).map_err(told).ok()?;
            let whole = Placed { node: root, key: source.clone(), source };
            let mut names = address.split('.').filter(|name| !name.is_empty());
            names.try_fold(self.follow(whole), |here, name| {
                let node = step(&here.node, name)?.clone();
                Some(self.follow(here.with(node)))
            })
        };
        self.state.once(format!("file({name}):{address}"), &at.source, at.node.span, read)
    }
}

/// One step of an address: the name of a member or the index of an element.
fn step<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.kind {
        NodeKind::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => node.get(name),
    }
}

/// The first variable of a text, with those inside it.
fn variable(text: &str) -> Option<std::ops::Range<usize>> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("${")?;
        let mut depth = 0_usize;
        for (at, c) in text.get(start..)?.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => {
                    let range = start..start + at + 1;
                    let inner = text.get(start + 2..start + at).unwrap_or_default();
                    if is_variable(inner) {
                        return Some(range);
                    }
                    break;
                }
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        from = start + 2;
    }
}

/// Whether it is the framework's: a source and an address, and not CloudFormation's `AWS::Region`.
fn is_variable(inner: &str) -> bool {
    let source = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    let (source, rest) = inner.split_at(source);
    !source.is_empty() && (rest.starts_with('(') || rest.starts_with(':') && !rest.starts_with("::"))
}

/// What stands between the commas that are in no quotation marks or brackets.
fn alternatives(inner: &str) -> Vec<&str> {
    let (mut quote, mut depth) = (None, 0_i32);
    let mut is_comma = |c: char| {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '{') => depth += 1,
            (None, ')' | '}') => depth -= 1,
            (None, ',') => return depth == 0,
            _ => {}
        }
        false
    };
    inner.split(&mut is_comma).map(str::trim).collect()
}

/// A fallback that is a value itself.
fn literal(text: &str, span: Span) -> Option<Node> {
    let quoted = ['\'', '"'].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q));
    let kind = match (quoted, text) {
        (Some(inner), _) => NodeKind::String(inner.into()),
        (_, "true") => NodeKind::Bool(true),
        (_, "false") => NodeKind::Bool(false),
        (_, "null" | "") => NodeKind::Null,
        (_, number) => match crate::value::Value::parse(number) {
            Ok(crate::value::Value::Number(number)) => NodeKind::Number(number),
            _ => return None,
        },
    };
    Some(Node::new(kind, span))
}

/// The same tree at another place; tags stay, for they are functions still to be evaluated.
fn placed_tags(node: &Node, span: Span) -> Node {
    let kind = match &node.kind {
        NodeKind::Array(items) => NodeKind::Array(items.iter().map(|item| placed_tags(item, span)).collect()),
        NodeKind::Object(members) => {
            let member = |m: &Member| Member { key: m.key.clone(), key_span: span, value: placed_tags(&m.value, span) };
            NodeKind::Object(members.iter().map(member).collect())
        }
        _ => placed(node, span).kind,
    };
    Node { kind, span, tag: node.tag.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_told_from_what_other_tools_write() {
        let first = |text: &'static str| variable(text).and_then(|range| text.get(range));
        assert_eq!(first("a ${self:custom.${opt:stage}.x} b"), Some("${self:custom.${opt:stage}.x}"));
        assert_eq!(first("${AWS::Region} ${file(x.yml):a}"), Some("${file(x.yml):a}"));
        assert_eq!(first("${Plain} ${ ${sls:stage"), None);
    }

    #[test]
    fn alternatives_stand_between_commas() {
        assert_eq!(
            alternatives("opt:stage, self:provider.stage, 'a, b'"),
            ["opt:stage", "self:provider.stage", "'a, b'"]
        );
        assert_eq!(alternatives("file(a,b):c"), ["file(a,b):c"]);
        let shown = |text: &str| literal(text, Span::default()).map(|node| node.to_value().to_string());
        assert_eq!(shown("'x'").as_deref(), Some("\"x\""));
        assert_eq!(shown("3").as_deref(), Some("3"));
        assert_eq!(shown("self:x"), None);
    }
}
