//! Definitions in files of their own, and in documents about a machine.

use std::sync::Arc;

use crate::asl::MachineType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::iac::placeholder::{explain, fill, fill_node, too_long};
use crate::iac::{Definition, Extracted, Settings};
use crate::source::{Assembled, Format, MAX_DEFINITION_BYTES, Member, Node, NodeKind, Source, Span, parse};

/// The machine of a file that is a definition.
pub(super) fn read(source: &Arc<Source>, settings: &Settings) -> Extracted {
    let place = (source.clone(), Span::default());
    let whole = Extracted::new(stem(source.name()), place, definition(source, settings));
    Extracted { is_whole_file: true, ..whole }
}

/// The definition of a file that is one.
pub(super) fn definition(source: &Arc<Source>, settings: &Settings) -> Result<Definition, Diagnostics> {
    let size = source.text().len();
    if size > MAX_DEFINITION_BYTES {
        return Err(too_large(source.name(), size as u64).into());
    }
    let value = |name: &str| settings.given(name).map(str::to_owned);
    of_file(source, &value, settings.substitutions.keys().cloned().collect())
}

/// A definition in a file of its own, with its placeholders replaced in the text.
pub(super) fn of_file(
    source: &Arc<Source>,
    value: &impl Fn(&str) -> Option<String>,
    names: Vec<String>,
) -> Result<Definition, Diagnostics> {
    let format = source.format();
    let node = if source.text().contains("${") {
        let mut text = Assembled::new(source);
        text.push_slice(Span::new(0, source.text().len()));
        fill(&text, value).and_then(|text| read_text(&text, format))
    } else {
        parse(source, format)
    };
    Ok(Definition { source: source.clone(), node: node.map_err(|found| explain(found, &names))?, names })
}

/// Reads a text that a definition was put together in.
pub(super) fn read_text(text: &Assembled, format: Format) -> Result<Node, Diagnostics> {
    if text.text().len() > MAX_DEFINITION_BYTES {
        return Err(too_long(text.source().name()).into());
    }
    text.parse(format)
}

/// The machine of a document whose member `definition` is one, as an object or as a text.
pub(super) fn read_description(source: &Arc<Source>, root: &Node, settings: &Settings) -> Extracted {
    let null = Node::new(NodeKind::Null, root.span);
    let member = root.member("definition");
    let node = member.map_or(&null, |m| &m.value);
    // Documents that people keep may give values as scenario files do; what was asked for wins.
    let text = |m: &Member| {
        (m.key.to_string(), m.value.as_str().map_or_else(|| m.value.to_value().to_string(), |t| t.to_string()))
    };
    let mut all = Settings::with(root.get("substitutions").map_or(&[][..], Node::members).iter().map(text));
    all.substitutions.extend(settings.substitutions.clone());
    let value = |name: &str| all.given(name).map(str::to_owned);
    let names: Vec<String> = all.substitutions.keys().cloned().collect();
    let read = || -> Result<Node, Diagnostics> {
        let Some(text) = node.as_str() else {
            let mut node = node.clone();
            fill_node(&mut node, &value).map_err(|span| too_long(source.name()).at(source, span, ""))?;
            return Ok(node);
        };
        let mut assembled = Assembled::new(source);
        assembled.push_string(text, node.span);
        read_text(&fill(&assembled, value)?, Format::sniff(text))
    };
    let definition = match read() {
        Ok(node) => Ok(Definition { source: source.clone(), node, names }),
        Err(found) => Err(explain(found, &names)),
    };
    let machine_type = match root.get("type").and_then(Node::as_str).map(|t| &**t) {
        Some("EXPRESS") => Some(MachineType::Express),
        Some("STANDARD") => Some(MachineType::Standard),
        _ => None,
    };
    let name = root.get("name").and_then(Node::as_str).filter(|name| !name.contains("${")).map(|n| n.to_string());
    let place = (source.clone(), member.map_or(root.span, |m| m.key_span));
    Extracted { name, machine_type, ..Extracted::new("definition", place, definition) }
}

/// Whether a value looks like a definition: an object with what every definition has, or a text of one.
pub(super) fn is_definition(node: &Node) -> bool {
    match node.as_str() {
        Some(text) => text.contains("StartAt") && text.contains("States"),
        None => node.get("StartAt").is_some() && node.get("States").is_some(),
    }
}

/// A file's name without folders and endings.
pub(super) fn stem(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    base.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("StateMachine").to_owned()
}

/// The finding about a definition that is larger than the service accepts.
pub(super) fn too_large(name: &str, bytes: u64) -> Diagnostic {
    let message = format!("`{name}` holds {bytes} bytes, and a definition may hold {MAX_DEFINITION_BYTES}");
    Diagnostic::error("too-large", message)
}
