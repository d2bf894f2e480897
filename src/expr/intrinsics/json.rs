//! JSON and text of JSON.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::arguments::Arguments;
use super::strings::java_double;
use crate::expr::env::Env;
use crate::value::{Map, Value};

pub(super) fn from_text(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    Value::parse(arguments.text(0)?).map_err(|e| format!("The text is not valid JSON: {e}"))
}

pub(super) fn to_text(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let mut bytes = Vec::new();
    let written = arguments.value(0).serialize(&mut Serializer::with_formatter(&mut bytes, JavaNumbers));
    let text = written.map_err(|e| e.to_string()).and_then(|()| String::from_utf8(bytes).map_err(|e| e.to_string()));
    Ok(text?.into())
}

pub(super) fn merge(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let (first, second) = (arguments.object(0)?, arguments.object(1)?);
    match arguments.value(2) {
        Value::Bool(false) => {}
        Value::Bool(true) => return Err("Deep merging is not supported: the third argument must be false".into()),
        _ => return Err(arguments.wrong(2, "the boolean false")),
    }
    let mut merged: Map = first.clone();
    for (name, value) in second.iter() {
        merged.insert(name.clone(), value.clone());
    }
    Ok(merged.into())
}

/// Compact JSON whose doubles are spelled as the service's Java spells them.
struct JavaNumbers;

impl Formatter for JavaNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(java_double(value).as_bytes())
    }
}
