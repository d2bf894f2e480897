//! Functions in templates, evaluated to values whose places are those of the functions.

use crate::diagnostic::did_you_mean;
use crate::iac::placeholder::placeholders;
use crate::pretend;
use crate::source::{Assembled, MAX_DEFINITION_BYTES, Member, Node, NodeKind, Span};

use super::call::{Call, FUNCTIONS};
use super::template::Template;

impl Template<'_> {
    /// A value with all functions evaluated; `None` for `AWS::NoValue`, which is as if nothing had been written.
    pub(crate) fn value(&self, node: &Node) -> Option<Node> {
        let null = || Some(Node::new(NodeKind::Null, node.span));
        let evaluate = || match Call::of(node) {
            Some(call) => self.call(&call),
            None => Some(self.plain(node)),
        };
        let is_part = matches!(node.kind, NodeKind::Array(_) | NodeKind::Object(_)) || node.tag.is_some();
        if !is_part {
            return Some(node.clone());
        }
        self.state.deeper(&self.source, node.span, evaluate).unwrap_or_else(null)
    }

    /// A value as a text.
    pub(crate) fn words(&self, node: &Node) -> String {
        self.text(node).text().to_owned()
    }

    fn plain(&self, node: &Node) -> Node {
        let kind = match &node.kind {
            NodeKind::Array(items) => NodeKind::Array(items.iter().filter_map(|item| self.value(item)).collect()),
            NodeKind::Object(members) => {
                let member = |m: &Member| {
                    Some(Member { key: m.key.clone(), key_span: m.key_span, value: self.value(&m.value)? })
                };
                NodeKind::Object(members.iter().filter_map(member).collect())
            }
            other => other.clone(),
        };
        Node::new(kind, node.span)
    }

    fn call(&self, call: &Call<'_>) -> Option<Node> {
        let string = |text: String| Some(Node::new(NodeKind::String(text.into()), call.span));
        match call.name {
            "Ref" => match call.word() {
                Some("AWS::NoValue") => None,
                Some(name) => Some(self.reference(name, call.span)),
                None => self.malformed(call, "the name of a parameter or a resource"),
            },
            "GetAtt" => self.get_att(call),
            "Sub" | "Join" | "Base64" => string(self.call_text(call).text().to_owned()),
            "If" => match call.list() {
                [condition, then, otherwise] => {
                    self.value(if self.named_condition(condition) { then } else { otherwise })
                }
                _ => self.malformed(call, "a condition's name and two values"),
            },
            "Equals" | "And" | "Or" | "Not" | "Condition" => {
                Some(Node::new(NodeKind::Bool(self.condition_call(call)), call.span))
            }
            "Select" => self.select(call),
            "Split" => match call.list() {
                [by, text] => {
                    let (by, text) = (self.words(by), self.words(text));
                    let part = |part: &str| Node::new(NodeKind::String(part.into()), call.span);
                    let parts = if by.is_empty() { vec![part(&text)] } else { text.split(&*by).map(part).collect() };
                    Some(Node::new(NodeKind::Array(parts), call.span))
                }
                _ => self.malformed(call, "what to split at, and a text"),
            },
            "FindInMap" => self.find_in_map(call),
            "ImportValue" => Some(self.import(call)),
            "GetAZs" => {
                let zone = |z: char| Node::new(NodeKind::String(format!("{}{z}", pretend::REGION).into()), call.span);
                Some(Node::new(NodeKind::Array(['a', 'b', 'c'].map(zone).into()), call.span))
            }
            "ToJsonString" => {
                let value = self.argument(call)?;
                string(value.to_value().to_string())
            }
            "Length" => {
                let items = self.argument(call)?;
                Some(Node::new(NodeKind::Number((items.items().len() as u64).into()), call.span))
            }
            "Transform" => {
                self.report(
                    call.span,
                    "template-transform",
                    "a transform writes this part of the template when it is deployed",
                    "not known before",
                    "write the part here, or load the template that the transform makes",
                );
                None
            }
            // What rules and other services' templates have stays as it is written.
            name if FUNCTIONS.contains(&name) => string(format!("${{{name}}}")),
            name => {
                let near = did_you_mean(name, FUNCTIONS.iter().copied());
                let help = near.map_or(String::new(), |near| format!("did you mean `{near}`?"));
                self.report(
                    call.span,
                    "template-function",
                    format!("there is no function `{name}`"),
                    "not known",
                    &help,
                );
                None
            }
        }
    }

    /// The argument's value.
    pub(super) fn argument(&self, call: &Call<'_>) -> Option<Node> {
        match call.inner() {
            Some(inner) => self.state.deeper(&self.source, inner.span, || self.call(&inner)).unwrap_or_default(),
            None => self.state.deeper(&self.source, call.span, || Some(self.plain(call.argument))).unwrap_or_default(),
        }
    }

    fn malformed(&self, call: &Call<'_>, takes: &str) -> Option<Node> {
        let message = format!("`{}` takes {takes}", call.name);
        self.report(call.span, "template-function", message, "something else is written here", "");
        None
    }

    fn select(&self, call: &Call<'_>) -> Option<Node> {
        let [index, list] = call.list() else { return self.malformed(call, "an index and a list") };
        let (index, list) = (self.words(index), self.value(list)?);
        let chosen = index.trim().parse::<usize>().ok().and_then(|i| list.items().get(i));
        if let Some(chosen) = chosen {
            return Some(chosen.clone());
        }
        if index.contains("${") || list.as_str().is_some_and(|text| text.contains("${")) {
            return Some(Node::new(NodeKind::String(format!("${{Select.{index}}}").into()), call.span));
        }
        let message = format!("`Select` asks for element {index} of a list of {}", list.items().len());
        self.report(call.span, "template-function", message, "there is no such element", "elements are counted from 0");
        None
    }

    fn find_in_map(&self, call: &Call<'_>) -> Option<Node> {
        let [map, first, second, rest @ ..] = call.list() else {
            return self.malformed(call, "the name of a mapping and two keys");
        };
        let default = rest.first().and_then(|d| d.get("DefaultValue"));
        let keys = [map, first, second].map(|key| self.words(key));
        let mut at = self.root.get("Mappings");
        for key in &keys {
            let Some(here) = at else { break };
            let Some(next) = here.get(key) else {
                if let Some(default) = default {
                    return self.value(default);
                }
                if key.contains("${") {
                    return Some(Node::new(NodeKind::String(key.as_str().into()), call.span));
                }
                let names = here.members().iter().map(|m| &*m.key);
                let help = match did_you_mean(key, names.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
                };
                let message = format!("the mapping `{}` has no `{key}`", keys[0]);
                let message = if *key == keys[0] { format!("there is no mapping `{key}`") } else { message };
                self.report(call.span, "template-reference", message, "looked up here", &help);
                return None;
            };
            at = Some(next);
        }
        match at {
            Some(found) => Some(placed(&self.value(found)?, call.span)),
            None => {
                let message = format!("there is no mapping `{}`", keys[0]);
                self.report(
                    call.span,
                    "template-reference",
                    message,
                    "looked up here",
                    "the template has no `Mappings`",
                );
                None
            }
        }
    }

    /// A value as a text whose characters know where they are written.
    pub(crate) fn text(&self, node: &Node) -> Assembled {
        let mut text = Assembled::new(&self.source);
        let Some(call) = Call::of(node) else {
            match node.as_str() {
                Some(value) => text.push_string(value, node.span),
                None => text.push_for(&shown(&self.plain(node)), node.span),
            }
            return text;
        };
        self.state.deeper(&self.source, node.span, || self.call_text(&call)).unwrap_or(text)
    }

    fn call_text(&self, call: &Call<'_>) -> Assembled {
        let mut text = Assembled::new(&self.source);
        match call.name {
            "Sub" => self.sub(call, &mut text),
            "Join" => match call.list() {
                [by, list] => {
                    let by = self.words(by);
                    let literal =
                        (Call::of(list).is_none() && matches!(list.kind, NodeKind::Array(_))).then(|| list.items());
                    let value;
                    let items = match literal {
                        Some(items) => items,
                        None => {
                            value = self.value(list);
                            value.as_ref().map_or(&[][..], Node::items)
                        }
                    };
                    let mut is_first = true;
                    for item in items {
                        if literal.is_some() && is_no_value(item) {
                            continue;
                        }
                        if !std::mem::take(&mut is_first) {
                            text.push_for(&by, call.span);
                        }
                        match literal {
                            Some(_) => text.push(&self.text(item), item.span),
                            None => text.push_for(&shown(item), call.span),
                        }
                        if self.is_too_long(&text, call.span) {
                            break;
                        }
                    }
                }
                _ => {
                    self.malformed(call, "a delimiter and a list");
                }
            },
            "If" => match call.list() {
                [condition, then, otherwise] => {
                    return self.text(if self.named_condition(condition) { then } else { otherwise });
                }
                _ => {
                    self.malformed(call, "a condition's name and two values");
                }
            },
            "Base64" => {
                use base64::Engine as _;
                let plain = self.argument(call).map(|v| shown(&v)).unwrap_or_default();
                text.push_for(&base64::engine::general_purpose::STANDARD.encode(plain), call.span);
            }
            _ => {
                if let Some(value) = self.call(call) {
                    text.push_for(&shown(&value), call.span);
                }
            }
        }
        text
    }

    /// `Fn::Sub`, with and without values of its own.
    fn sub(&self, call: &Call<'_>, text: &mut Assembled) {
        let (template, own) = match (call.word(), call.list()) {
            (Some(template), _) => ((template, call.argument.span), None),
            (None, [first]) if first.as_str().is_some() => ((first.as_str().map_or("", |s| s), first.span), None),
            (None, [first, values]) if first.as_str().is_some() => {
                ((first.as_str().map_or("", |s| s), first.span), Some(values))
            }
            _ => {
                self.malformed(call, "a text, or a text and values for it");
                return;
            }
        };
        let (template, written) = template;
        let mut done = 0;
        let found: Vec<(std::ops::Range<usize>, String)> =
            placeholders(template).map(|(range, name)| (range, name.to_owned())).collect();
        for (range, name) in found {
            text.push_value(template, written, done, range.start);
            done = range.end;
            // The place of the placeholder itself, so that a finding marks its characters.
            let mut here = Assembled::new(&self.source);
            here.push_value(template, written, range.start, range.end);
            let span = here.span(0, range.len());
            let name = name.trim();
            if let Some(literal) = name.strip_prefix('!') {
                text.push_for(&format!("${{{literal}}}"), span);
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                let value = self.value(value).map(|v| shown(&v)).unwrap_or_default();
                text.push_for(&value, span);
            } else {
                let value = match name.split_once('.') {
                    Some((id, attribute)) => self.attribute(id, attribute, span),
                    None if name == "AWS::NoValue" => None,
                    None => Some(self.reference(name, span)),
                };
                text.push_for(&value.map(|v| shown(&v)).unwrap_or_default(), span);
            }
            if self.is_too_long(text, call.span) {
                return;
            }
        }
        text.push_value(template, written, done, template.len());
    }

    fn is_too_long(&self, text: &Assembled, span: Span) -> bool {
        let is_too_long = text.text().len() > 2 * MAX_DEFINITION_BYTES;
        if is_too_long {
            self.state.too_long(&self.source, span, 2 * MAX_DEFINITION_BYTES);
        }
        is_too_long
    }
}

fn is_no_value(node: &Node) -> bool {
    Call::of(node).is_some_and(|call| call.name == "Ref" && call.word() == Some("AWS::NoValue"))
}

/// A value as it stands in a text: a string bare, anything else as JSON.
pub(crate) fn shown(node: &Node) -> String {
    match node.as_str() {
        Some(text) => text.to_string(),
        None => node.to_value().to_string(),
    }
}

/// The same value at another place.
pub(crate) fn placed(node: &Node, span: Span) -> Node {
    let kind = match &node.kind {
        NodeKind::Array(items) => NodeKind::Array(items.iter().map(|item| placed(item, span)).collect()),
        NodeKind::Object(members) => {
            let member = |m: &Member| Member { key: m.key.clone(), key_span: span, value: placed(&m.value, span) };
            NodeKind::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    };
    Node::new(kind, span)
}
