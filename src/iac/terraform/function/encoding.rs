//! Functions that write values as texts and read them back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::value::{Val, to_json};
use super::{Answer, Call, Refused};
use crate::source::Format;

/// `jsonencode`: a text whose every token stands where its value was written. A definition written as an object has its
/// places that way, and so has an object that a template puts into a text.
pub(super) fn json_encode(call: &Call<'_, '_>) -> Answer {
    let value = call.arg(0)?;
    let spend = |bytes: usize| call.cx.world.spend(1 + bytes / 8, &call.place);
    // Findings are to point at what people edit: the object, wherever it is.
    let source = value.place.source.clone();
    let text = to_json(value, &source, &spend);
    call.pay(0)?;
    Ok(Val::new(super::Kind::Text(text.into()), value.place.clone()))
}

pub(super) fn json_decode(call: &Call<'_, '_>) -> Answer {
    decode(call, Format::Json)
}

pub(super) fn yaml_decode(call: &Call<'_, '_>) -> Answer {
    decode(call, Format::Yaml)
}

fn decode(call: &Call<'_, '_>, format: Format) -> Answer {
    let text = call.text(0)?;
    call.pay(text.text().len())?;
    match text.parse(format) {
        Ok(node) => Ok(Val::of_node(&node, text.source()).seen_from(&call.place)),
        Err(found) => {
            found.into_iter().for_each(|d| call.cx.world.report(d));
            Err(Refused::Reported)
        }
    }
}

pub(super) fn base64_encode(call: &Call<'_, '_>) -> Answer {
    call.new_text(&STANDARD.encode(call.string(0)?.as_bytes()))
}

pub(super) fn base64_decode(call: &Call<'_, '_>) -> Answer {
    let bytes = STANDARD.decode(call.string(0)?.as_bytes());
    match bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => call.new_text(&text),
        None => call.wrong(0, "needs a text in base64"),
    }
}
