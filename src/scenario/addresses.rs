//! `endpoints`, `connections` and `upstream`: which addresses outside a scenario file names.

use super::format::{API_KEY, BASIC, CONNECTION, OAUTH, names};
use crate::harness::Harness;
use crate::outside::{Connection, Upstream};
use crate::source::words::Reader;
use crate::source::{Member, NodeKind};

/// Whether a word is one of these.
pub(super) fn knows(word: &str) -> bool {
    matches!(word, "endpoints" | "connections" | "upstream")
}

/// A harness with what a word says.
pub(super) fn read(reader: &mut Reader<'_>, mut harness: Harness, member: &Member) -> Harness {
    match (&*member.key, &member.value.kind) {
        ("upstream", NodeKind::Object(_)) => {
            for (service, url) in texts(reader, member) {
                harness = harness.upstream(Upstream::of(&service, url));
            }
        }
        ("upstream", _) => {
            if let Some(url) = reader.text(member) {
                harness = harness.upstream(Upstream::all(&*url));
            }
        }
        ("endpoints", _) => {
            for (from, to) in texts(reader, member) {
                harness = harness.endpoint(&from, &to);
            }
        }
        _ => {
            for of in reader.members(member) {
                let connection = connection(reader, of);
                harness = harness.connection(&of.key, connection);
            }
        }
    }
    harness
}

/// Names and texts.
fn texts(reader: &mut Reader<'_>, member: &Member) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for of in reader.members(member) {
        if let Some(text) = reader.text(of) {
            found.push((of.key.to_string(), text.to_string()));
        }
    }
    found
}

fn connection(reader: &mut Reader<'_>, of: &Member) -> Connection {
    let mut connection = Connection::none();
    for word in reader.members(of) {
        if !reader.knows(word, &names(CONNECTION), "a connection") {
            continue;
        }
        let inner = match &*word.key {
            "basic" => BASIC,
            "apiKey" => API_KEY,
            "oauth" => OAUTH,
            _ => continue,
        };
        for field in reader.members(word) {
            reader.knows(field, &names(inner), &format!("`{}`", word.key));
        }
        let mut text = |name: &str| match word.value.member(name) {
            Some(member) => reader.text(member).unwrap_or_default().to_string(),
            None => {
                let finding = reader.error("missing-field", format!("`{}` has no `{name}`", word.key), &word.value, "");
                reader.push(finding);
                String::new()
            }
        };
        connection = match &*word.key {
            "basic" => Connection::basic(text("user"), text("password")),
            "apiKey" => Connection::api_key(text("header"), text("value")),
            _ => {
                let mut oauth = Connection::oauth(text("client"), text("secret"), text("endpoint"));
                if let Some(body) = word.value.member("body") {
                    for (name, value) in texts(reader, body) {
                        oauth = oauth.token_body(name, value);
                    }
                }
                oauth
            }
        };
    }
    for word in reader.members(of) {
        let add = match &*word.key {
            "headers" => Connection::header,
            "query" => Connection::query,
            "body" => Connection::body,
            _ => continue,
        };
        for (name, value) in texts(reader, word) {
            connection = add(connection, name, value);
        }
    }
    connection
}
