//! Texts made short and safe to print on one line.

use std::borrow::Cow;
use std::io;

use crate::task::TaskError;
use crate::time::{Timestamp, format_offset};
use crate::value::Value;

/// `T+1d2h`: when, counted from the start.
pub(super) fn offset(at: Timestamp, start: Timestamp) -> String {
    format!("T+{}", format_offset(at.since(start)))
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// The text with line breaks, escape sequences and their like made visible, so that it stays on its line.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c.is_control() {
            true => cleaned.extend(c.escape_default()),
            false => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

/// Fewer columns than this are not worth a cut text.
const LEAST: usize = 24;

/// The text in at most `room` columns: what does not fit is cut off, with `…` in its place.
pub(super) fn shorten(text: &str, room: usize) -> Cow<'_, str> {
    let room = room.max(LEAST);
    match columns_up_to(text, room + 1) <= room {
        true => Cow::Borrowed(text),
        false => Cow::Owned(start(text, room, "…")),
    }
}

/// The text in at most `room` columns: what does not fit is cut off, and the whole length is told. The text may be
/// the start of one so many bytes long.
pub(super) fn cut(text: &str, bytes: usize, room: usize) -> Cow<'_, str> {
    let room = room.max(LEAST);
    if bytes == text.len() && columns_up_to(text, room + 1) <= room {
        return Cow::Borrowed(text);
    }
    Cow::Owned(start(text, room, &format!("… ({bytes} bytes)")))
}

/// The start of a text and, in its last columns, a note that it goes on.
fn start(text: &str, room: usize, note: &str) -> String {
    text.chars().take(room.saturating_sub(columns(note))).chain(note.chars()).collect()
}

/// Counts no further than needed to see that a long text is too long.
fn columns_up_to(text: &str, limit: usize) -> usize {
    text.chars().take(limit).count()
}

/// The text in lines of at most `room` columns, broken at blanks where there are some; what does not fit into so many
/// lines is cut off, and the whole length is told.
pub(super) fn wrap(text: &str, room: usize, lines: usize) -> Vec<Cow<'_, str>> {
    let room = room.max(LEAST);
    let mut wrapped = Vec::new();
    let mut rest = text;
    while wrapped.len() + 1 < lines
        && let Some((limit, _)) = rest.char_indices().nth(room)
    {
        let line = rest.get(..limit).unwrap_or(rest);
        // A blank in the first half would leave too ragged an edge.
        let end = line.rfind(' ').filter(|at| *at >= limit / 2).unwrap_or(limit);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        wrapped.push(Cow::Borrowed(line));
        rest = after.trim_start_matches(' ');
    }
    wrapped.push(match columns_up_to(rest, room + 1) <= room {
        true => Cow::Borrowed(rest),
        false => Cow::Owned(start(rest, room, &format!("… ({} bytes)", text.len()))),
    });
    wrapped
}

/// A value's compact JSON in at most `room` columns, without writing more of a long one than is shown.
pub(super) fn cut_value(value: &Value, room: usize) -> String {
    let mut start = Start { bytes: Vec::new(), limit: room.max(LEAST) * 4 };
    // Writing stops with an error where the limit is reached; what was written until then is what matters.
    let _ = serde_json::to_writer(&mut start, value);
    let text = String::from_utf8_lossy(&start.bytes);
    match value.text_len() {
        // The text is all there, and its length is that of what is printed.
        bytes if bytes == text.len() => {
            let text = clean(&text);
            cut(&text, text.len(), room).into_owned()
        }
        bytes => cut(&clean(&text), bytes, room).into_owned(),
    }
}

/// Keeps the first bytes of what is written to it, then refuses.
struct Start {
    bytes: Vec<u8>,
    limit: usize,
}

impl io::Write for Start {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let left = self.limit - self.bytes.len();
        if left == 0 {
            return Err(io::Error::other("enough"));
        }
        let taken = more.get(..left).unwrap_or(more);
        self.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What of a cause is worth a line under the state that it names anyway: the message of a function's exception, a
/// run-time error without its preamble.
pub(super) fn gist(cause: &str) -> Cow<'_, str> {
    const PREAMBLE: &str = "An error occurred while executing the state '";
    const ENTERED: &str = "' (entered at the event id #";
    if let Some((_, after)) = cause.strip_prefix(PREAMBLE).and_then(|rest| rest.split_once(ENTERED))
        && let Some((_, gist)) = after.split_once("). ")
    {
        return Cow::Borrowed(gist);
    }
    match cause.starts_with('{').then(|| Value::parse(cause)) {
        Some(Ok(told)) => gist_of(&told).map_or(Cow::Borrowed(cause), Cow::Owned),
        _ => Cow::Borrowed(cause),
    }
}

/// The same for causes that are JSON: a function's exception, or the description of an execution that a task ran.
fn gist_of(told: &Value) -> Option<String> {
    let text = |name| told.get(name).and_then(Value::as_str);
    if let Some(message) = text("errorMessage") {
        return Some(message.into());
    }
    text("ExecutionArn")?;
    let parts = [text("Status"), text("Error"), text("Cause")];
    Some(format!("execution {}", parts.into_iter().flatten().collect::<Vec<_>>().join(": ")))
}

/// The name of an error as a heading; it may have none.
pub(super) fn error_name(error: &TaskError) -> Cow<'_, str> {
    match (&error.error, &error.cause) {
        (Some(name), _) => clean(name),
        (None, Some(_)) => Cow::Borrowed("no error name"),
        (None, None) => Cow::Borrowed("no error name, no cause"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fills_its_room_and_tells_its_length() {
        assert_eq!(cut("short", 5, 30), "short");
        let long = "é".repeat(40);
        let short = cut(&long, long.len(), 30);
        assert_eq!(short, format!("{}… (80 bytes)", "é".repeat(18)));
        assert_eq!(columns(&short), 30);
        assert_eq!(shorten(&long, 30), format!("{}…", "é".repeat(29)));
        assert_eq!(shorten(&long, 40), long);
        assert_eq!(columns(&shorten(&long, 0)), LEAST);
    }

    #[test]
    fn a_cut_value_is_the_start_of_its_text() {
        let value = Value::array((0..1000).map(Value::from).collect());
        assert_eq!(cut_value(&value, 30), "[0,1,2,3,4,5,6,7… (3891 bytes)");
        assert_eq!(cut_value(&Value::from("a\u{7f}"), 30), "\"a\\u{7f}\"");
        assert_eq!(cut_value(&Value::from("é".repeat(100)), 30), format!("\"{}… (202 bytes)", "é".repeat(16)));
    }

    #[test]
    fn a_wrapped_text_breaks_at_blanks_and_is_cut_in_its_last_line() {
        let text = "An error occurred while executing the state 'Wait until noon' (entered at the event id #2).";
        assert_eq!(
            wrap(text, 30, 9),
            ["An error occurred while", "executing the state 'Wait", "until noon' (entered at the", "event id #2)."]
        );
        assert_eq!(wrap(text, 30, 2), ["An error occurred while", "executing the stat… (91 bytes)"]);
        let unbroken = "x".repeat(50);
        assert_eq!(wrap(&unbroken, 30, 9), ["x".repeat(30), "x".repeat(20)]);
        assert_eq!(wrap("", 30, 9), [""]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\n\u{1b}[31mé"), "a\\n\\u{1b}[31mé");
    }

    #[test]
    fn the_gist_of_a_cause_leaves_out_what_stands_beside_it() {
        let runtime = "An error occurred while executing the state 'a (b). c' (entered at the event id #12). No path.";
        assert_eq!(gist(runtime), "No path.");
        assert_eq!(gist(r#"{"errorMessage":"boom","errorType":"E"}"#), "boom");
        let child = r#"{"Cause":"no","Error":"E","ExecutionArn":"arn","Status":"FAILED"}"#;
        assert_eq!(gist(child), "execution FAILED: E: no");
        assert_eq!(gist(r#"{"message":"boom"}"#), r#"{"message":"boom"}"#);
        assert_eq!(gist("{boom"), "{boom");
    }
}
