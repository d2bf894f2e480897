//! Tokens of connections with OAuth: fetched once, kept for the run, fetched again where one is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::connection::OAuth;
use super::form::{escaped, with_query};
use super::http::{Outgoing, Unreached, send};
use crate::value::Value;

/// The tokens of a run, by where and for whom they were fetched.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens(Arc<Mutex<BTreeMap<(String, String), String>>>);

impl Tokens {
    /// The token of a connection whose endpoint is at `address`.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn of(&self, oauth: &OAuth, address: &str, patience: Duration) -> Result<String, String> {
        let key = (address.to_owned(), oauth.client_id.clone());
        // Whoever else needs it waits here, so that it is fetched once.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = known.get(&key) {
            return Ok(token.clone());
        }
        let token = fetch(oauth, address, patience)?;
        known.insert(key, token.clone());
        Ok(token)
    }
    /// Forgets a token that was refused.
    pub(super) fn forget(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, known| known != token);
    }
}

fn fetch(oauth: &OAuth, address: &str, patience: Duration) -> Result<String, String> {
    let own = [
        ("grant_type", "client_credentials"),
        ("client_id", oauth.client_id.as_str()),
        ("client_secret", oauth.client_secret.as_str()),
    ];
    let pair = |name: &str, value: &str| format!("{}={}", escaped(name), escaped(value));
    let own = own.iter().filter(|(name, _)| !oauth.body.iter().any(|(given, _)| given == name));
    let mut form: Vec<String> = own.map(|(name, value)| pair(name, value)).collect();
    form.extend(oauth.body.iter().map(|(name, value)| pair(name, value)));
    let query: Vec<String> = oauth.query.iter().map(|(name, value)| pair(name, value)).collect();
    let mut headers = oauth.headers.clone();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    }
    let request = Outgoing {
        method: oauth.method.clone(),
        url: with_query(address, &query.join("&")),
        headers,
        body: form.join("&").into_bytes(),
    };
    let response = send(request, patience).map_err(|e| match e {
        Unreached::TimedOut => "the authorization endpoint does not answer".to_owned(),
        Unreached::Failed(why) => why,
    })?;
    if !(200..300).contains(&response.status) {
        return Err(format!("the authorization endpoint answers with status {}", response.status));
    }
    let read = Value::parse_bytes(&response.body).ok();
    let token = read.as_ref().and_then(|read| read.get("access_token")).and_then(Value::as_str);
    token.map(str::to_owned).ok_or_else(|| "the authorization endpoint gives no `access_token`".to_owned())
}
