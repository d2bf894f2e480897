//! The graph as a Mermaid state diagram, for Markdown pages.
//!
//! A frame becomes a state with states in it; branches are its concurrent regions. What a label must not hold is written
//! as Mermaid's own entities.

use std::fmt::Write as _;

use super::{Graph, Region, Way};

pub(super) fn render(graph: &Graph) -> String {
    let mut text = "stateDiagram-v2\n    direction TB\n".to_owned();
    region(graph, &graph.root, 1, &mut text);
    text
}

fn region(graph: &Graph, region: &Region, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for id in &region.nodes {
        let node = &graph.nodes[*id];
        let _ = write!(text, "{indent}state \"{}\" as s{id}", plain(&node.name));
        let Some(frame) = &node.frame else {
            text.push('\n');
            continue;
        };
        text.push_str(" {\n");
        for (i, inner) in frame.regions.iter().enumerate() {
            if i > 0 {
                let _ = writeln!(text, "{indent}    --");
            }
            self::region(graph, inner, depth + 1, text);
        }
        let _ = writeln!(text, "{indent}}}");
    }
    let _ = writeln!(text, "{indent}[*] --> s{}", region.start);
    for edge in graph.edges.iter().filter(|edge| region.nodes.binary_search(&edge.from).is_ok()) {
        let label = match edge.way {
            // Mermaid draws one way from a state to itself.
            Way::Retry(0) => format!("retry {}", graph.retries(edge.from).join("; ")),
            Way::Retry(_) => continue,
            Way::Catch(_) => format!("catch {}", edge.label),
            Way::Next | Way::Rule(_) | Way::Default => edge.label.clone(),
        };
        let label = if label.is_empty() { label } else { format!(" : {}", plain(&label)) };
        let to = edge.to.map_or("[*]".to_owned(), |to| format!("s{to}"));
        let _ = writeln!(text, "{indent}s{} --> {to}{label}", edge.from);
    }
    // Succeed and Fail end without a field that says so.
    for id in &region.nodes {
        if matches!(graph.nodes[*id].state_type, crate::asl::StateType::Succeed | crate::asl::StateType::Fail) {
            let _ = writeln!(text, "{indent}s{id} --> [*]");
        }
    }
}

/// A text of which nothing means anything to Mermaid.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric()
                || matches!(c, ' ' | '.' | ',' | '_' | '/' | '=' | '(' | ')' | '×' | '·' | '…') =>
            {
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => {
                let _ = write!(out, "#{};", c as u32);
            }
        }
    }
    out
}
