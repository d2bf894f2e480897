//! Signatures of requests, version 4.

use sha2::{Digest, Sha256};

#[cfg(feature = "client")]
use super::{form::escaped, http::Outgoing};

use crate::services::hex;

/// What a request is signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    access_key: String,
    secret: String,
    session_token: Option<String>,
}

impl Credentials {
    /// An access key and its secret.
    pub fn new(access_key: impl Into<String>, secret: impl Into<String>) -> Credentials {
        Credentials { access_key: access_key.into(), secret: secret.into(), session_token: None }
    }
    /// The token that goes with temporary credentials.
    #[must_use]
    pub fn session_token(mut self, token: impl Into<String>) -> Credentials {
        self.session_token = Some(token.into());
        self
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Credentials").field(&self.access_key).finish()
    }
}

/// The hash of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The hash of a text with a key.
pub(crate) fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    let hashed;
    let key = if key.len() > block.len() {
        hashed = sha256(key);
        &hashed[..]
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(b, k)| *b = *k);
    let mut inner: Vec<u8> = block.iter().map(|b| b ^ 0x36).collect();
    inner.extend_from_slice(text);
    let mut outer: Vec<u8> = block.iter().map(|b| b ^ 0x5c).collect();
    outer.extend_from_slice(&sha256(&inner));
    sha256(&outer)
}

/// The signature of a canonical request.
pub(crate) fn signature(secret: &str, date: &str, scope: &str, canonical: &str) -> String {
    let text = format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(&sha256(canonical.as_bytes())));
    let key = format!("AWS4{secret}").into_bytes();
    let key = scope.split('/').fold(key, |key, part| hmac(&key, part.as_bytes()).to_vec());
    hex(&hmac(&key, text.as_bytes()))
}

/// How signatures of this kind are called.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Which service is called, where.
#[cfg(feature = "client")]
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// `20240102T030405Z`
    pub(crate) date: &'a str,
}

/// Signs a request, whose older signature goes.
#[cfg(feature = "client")]
pub(crate) fn sign(request: &mut Outgoing, credentials: &Credentials, scope: &Scope<'_>) {
    const OWN: [&str; 4] = ["authorization", "x-amz-date", "x-amz-security-token", "host"];
    let is_s3 = scope.service == "s3";
    request.headers.retain(|(name, _)| !OWN.contains(&&*name.to_ascii_lowercase()));
    let (host, place) = parts(&request.url);
    let (host, path) = (host.to_owned(), place.split('?').next().unwrap_or_default().to_owned());
    request.headers.push(("host".into(), host));
    request.headers.push(("x-amz-date".into(), scope.date.to_owned()));
    if let Some(token) = &credentials.session_token {
        request.headers.push(("x-amz-security-token".into(), token.clone()));
    }
    let of = |request: &Outgoing, name: &str| {
        request.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let payload = match of(request, "x-amz-content-sha256") {
        Some(told) if is_s3 => told,
        _ => hex(&sha256(&request.body)),
    };
    if is_s3 && of(request, "x-amz-content-sha256").is_none() {
        request.headers.push(("x-amz-content-sha256".into(), payload.clone()));
    }
    // What proxies change is not signed.
    let is_signed = |name: &str| name == "host" || name == "content-type" || name.starts_with("x-amz-");
    let mut signed: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .filter(|(name, _)| is_signed(name))
        .collect();
    signed.sort();
    let headers: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names: Vec<&str> = signed.iter().map(|(name, _)| &**name).collect();
    let names = names.join(";");
    let path = if is_s3 { path } else { path.split('/').map(escaped).collect::<Vec<_>>().join("/") };
    let mut query: Vec<(&str, &str)> = place
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .collect();
    query.sort_unstable();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let canonical = format!("{}\n{path}\n{}\n{headers}\n{names}\n{payload}", request.method, query.join("&"));
    let day = scope.date.get(..8).unwrap_or_default();
    let place = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let signature = signature(&credentials.secret, scope.date, &place, &canonical);
    let text = format!(
        "{ALGORITHM} Credential={}/{place}, SignedHeaders={names}, Signature={signature}",
        credentials.access_key
    );
    request.headers.push(("authorization".into(), text));
}

/// An address's host with its port, and what comes after it.
#[cfg(feature = "client")]
fn parts(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find(['/', '?']) {
        Some(at) => match rest.split_at(at) {
            (host, place) if place.starts_with('?') => (host, place),
            split => split,
        },
        None => (rest, "/"),
    }
}

/// The real instant as signatures have it.
#[cfg(feature = "client")]
#[expect(clippy::disallowed_methods, reason = "who checks a signature has a real clock")]
pub(crate) fn date() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = crate::time::Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or_default());
    // `2024-01-02T03:04:05.678Z`
    let text: String = now.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{}Z", text.split(['.', 'Z']).next().unwrap_or_default())
}
