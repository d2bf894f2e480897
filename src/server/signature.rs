//! The signatures of requests, checked where a test asks for it: version 4, in a header or in a presigned address.
//!
//! Dates are not compared with the clock: the client's is the real one, and ours is virtual.

use crate::outside::sign::{ALGORITHM, sha256, signature};
use crate::services::hex;
use crate::services::wire::{Request, unescaped};
use crate::services::{Service, ServiceError};

/// Who may ask, and with which secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Credentials").field(&self.access_key).finish()
    }
}

/// What a request says about its signature.
struct Signed<'a> {
    access_key: String,
    /// `20240102/us-east-1/sqs/aws4_request`
    scope: String,
    /// The names of the signed headers, as they are written.
    headers: String,
    signature: String,
    date: String,
    is_presigned: bool,
    request: &'a Request,
}

/// Checks the signature where credentials are asked for. A function's own runtime signs nothing.
///
/// # Errors
/// As [`check`].
pub(super) fn check_for(
    credentials: Option<&Credentials>,
    service: Option<Service>,
    request: &Request,
) -> Result<(), ServiceError> {
    match credentials {
        Some(credentials) if !request.uri().path().starts_with("/2018-06-01/runtime") => {
            check(credentials, service, request)
        }
        _ => Ok(()),
    }
}

/// Checks the signature of a request.
///
/// # Errors
/// What the service says to a request that is not signed, or not with these credentials.
pub(super) fn check(
    credentials: &Credentials,
    service: Option<Service>,
    request: &Request,
) -> Result<(), ServiceError> {
    // Theirs is a client's mistake as any other.
    let is_plain = matches!(service, Some(Service::DynamoDb | Service::Events));
    look(credentials, service, request).map_err(|error| if is_plain { error.status(400) } else { error })
}

fn look(credentials: &Credentials, service: Option<Service>, request: &Request) -> Result<(), ServiceError> {
    let is_s3 = service == Some(Service::S3);
    let signed = signed(request, is_s3)?;
    if signed.access_key != credentials.access_key {
        return Err(unknown_key(service));
    }
    let parts: Vec<&str> = signed.scope.split('/').collect();
    let &[day, _, _, "aws4_request"] = parts.as_slice() else {
        return Err(incomplete(is_s3, "Credential must have exactly 5 slash-delimited elements"));
    };
    if !signed.date.starts_with(day) {
        return Err(incomplete(
            is_s3,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date",
        ));
    }
    let canonical = signed.canonical(is_s3);
    let expected = signature(&credentials.secret, &signed.date, &signed.scope, &canonical);
    let is_same = expected.len() == signed.signature.len()
        && expected.bytes().zip(signed.signature.bytes()).fold(0, |d, (a, b)| d | (a ^ b)) == 0;
    if is_same { Ok(()) } else { Err(mismatch(is_s3)) }
}

fn mismatch(is_s3: bool) -> ServiceError {
    let text = match is_s3 {
        true => {
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
             method."
        }
        false => {
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
             Key and signing method. Consult the service documentation for details."
        }
    };
    match is_s3 {
        true => ServiceError::coded("SignatureDoesNotMatch", text).status(403),
        // JSON services call it so; query services the same way as S3.
        false => ServiceError::coded("InvalidSignatureException", text).status(403).query_code("SignatureDoesNotMatch"),
    }
}

fn unknown_key(service: Option<Service>) -> ServiceError {
    match service {
        Some(Service::S3) => {
            let text = "The AWS Access Key Id you provided does not exist in our records.";
            ServiceError::coded("InvalidAccessKeyId", text).status(403)
        }
        Some(Service::Sns) => {
            let text = "The security token included in the request is invalid.";
            ServiceError::coded("InvalidClientTokenId", text).status(403)
        }
        _ => {
            let text = "The security token included in the request is invalid.";
            ServiceError::coded("UnrecognizedClientException", text).status(403).query_code("InvalidClientTokenId")
        }
    }
}

fn unsigned(is_s3: bool) -> ServiceError {
    match is_s3 {
        true => ServiceError::coded("AccessDenied", "Access Denied").status(403),
        false => ServiceError::coded("MissingAuthenticationTokenException", "Missing Authentication Token")
            .status(403)
            .query_code("MissingAuthenticationToken"),
    }
}

fn incomplete(is_s3: bool, text: &str) -> ServiceError {
    match is_s3 {
        true => ServiceError::coded("AuthorizationHeaderMalformed", text),
        false => {
            ServiceError::coded("IncompleteSignatureException", text).status(403).query_code("IncompleteSignature")
        }
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The query's parts as they are written: names and values.
fn query(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    let parts = request.uri().query().unwrap_or_default().split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// # Errors
/// The request is not signed, or says only part of what is needed.
fn signed(request: &Request, is_s3: bool) -> Result<Signed<'_>, ServiceError> {
    let in_query =
        |name: &str| query(request).find(|(own, _)| *own == name).map(|(_, value)| unescaped(value).into_owned());
    let (credential, headers, signature, date, is_presigned);
    if let Some(text) = header(request, "authorization") {
        let Some(rest) = text.strip_prefix(ALGORITHM) else {
            return Err(incomplete(is_s3, "Authorization header requires 'AWS4-HMAC-SHA256'"));
        };
        let part = |name: &str| rest.split(',').find_map(|p| p.trim().strip_prefix(name)?.strip_prefix('='));
        let needed = |name: &str| {
            let text = format!(
                "Authorization header requires '{name}' parameter. (Hashed with SHA-256 and encoded with Base64)"
            );
            part(name).map(str::to_owned).ok_or_else(|| incomplete(is_s3, &text))
        };
        (credential, headers, signature) = (needed("Credential")?, needed("SignedHeaders")?, needed("Signature")?);
        date = header(request, "x-amz-date").map(str::to_owned);
        is_presigned = false;
    } else if in_query("X-Amz-Algorithm").is_some() {
        let needed = |name: &str| {
            let text = format!("AWS query-string parameters must include '{name}'");
            in_query(name).ok_or_else(|| incomplete(is_s3, &text))
        };
        credential = needed("X-Amz-Credential")?;
        (headers, signature) = (needed("X-Amz-SignedHeaders")?, needed("X-Amz-Signature")?);
        date = in_query("X-Amz-Date");
        is_presigned = true;
    } else {
        return Err(unsigned(is_s3));
    }
    let date = date.ok_or_else(|| {
        incomplete(is_s3, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    })?;
    let (access_key, scope) = credential
        .split_once('/')
        .ok_or_else(|| incomplete(is_s3, "Credential must have exactly 5 slash-delimited elements"))?;
    Ok(Signed {
        access_key: access_key.to_owned(),
        scope: scope.to_owned(),
        headers: headers.to_ascii_lowercase(),
        signature,
        date,
        is_presigned,
        request,
    })
}

impl Signed<'_> {
    /// The request in the one form in which both sides write it.
    fn canonical(&self, is_s3: bool) -> String {
        let request = self.request;
        let raw = match request.uri().path() {
            "" => "/",
            path => path,
        };
        // S3 signs the path as it is sent; others normalise it and escape it once more.
        let path = if is_s3 { raw.to_owned() } else { escaped_path(&normalised(raw)) };
        let mut parts: Vec<(&str, &str)> = query(request).filter(|(name, _)| *name != "X-Amz-Signature").collect();
        parts.sort_unstable();
        let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = String::new();
        for name in self.headers.split(';') {
            let values = request.headers().get_all(name).iter().map(|value| {
                let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            });
            let values: Vec<String> = values.collect();
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        let told = header(request, "x-amz-content-sha256").map(str::to_owned);
        let payload = match told {
            // Also `UNSIGNED-PAYLOAD` and `STREAMING-…`, whose chunks say the rest.
            Some(told) if is_s3 => told,
            None if is_s3 && self.is_presigned => "UNSIGNED-PAYLOAD".to_owned(),
            _ => hex(&sha256(request.body())),
        };
        let method = request.method();
        format!("{method}\n{path}\n{}\n{headers}\n{}\n{payload}", parts.join("&"), self.headers)
    }
}

/// The path without `.`, `..` and empty parts.
fn normalised(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

fn escaped_path(path: &str) -> String {
    let escaped: Vec<String> = path.split('/').map(crate::outside::escaped).collect();
    escaped.join("/")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::outside::sign::hmac;

    const KEY: &str = "AKIDEXAMPLE";
    const DATE: &str = "20240102T030405Z";

    fn credentials(secret: &str) -> Credentials {
        Credentials { access_key: KEY.into(), secret: secret.into() }
    }

    /// A request as botocore 1.43 signs it with `wJalr…EXAMPLEKEY`.
    fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Request {
        let mut builder = http::Request::builder().method(method).uri(path).header("host", "127.0.0.1:8083");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    fn authorization(service: &str, headers: &str, signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={KEY}/20240102/us-east-1/{service}/aws4_request, SignedHeaders={headers}, \
             Signature={signature}"
        )
    }

    fn vectors() -> Vec<(Service, Request)> {
        let json = authorization(
            "sqs",
            "content-type;host;x-amz-date;x-amz-target",
            "60e1d116513444a172c316710a2c26aa424978085eb43f14049ed6df05adfdfe",
        );
        let rest = authorization(
            "lambda",
            "host;x-amz-date",
            "e5611924db568b55590c0d45c1b50e8b8a952eb52ac21615a47e5a9f4a1bb95a",
        );
        let s3 = authorization(
            "s3",
            "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a",
            "6982cdf6783594ae5b4f94bc99109f387138c5654139ba960c3a40ca3e888df2",
        );
        let token = authorization(
            "sns",
            "content-type;host;x-amz-date;x-amz-security-token",
            "a0c74fae29964059c06e8781ac3b87bef9508ad936df9299c3252a182b90b9fd",
        );
        let date = ("x-amz-date", DATE);
        vec![
            (
                Service::Sqs,
                request(
                    "POST",
                    "/",
                    &[
                        ("x-amz-target", "AmazonSQS.SendMessage"),
                        ("content-type", "application/x-amz-json-1.0"),
                        date,
                        ("authorization", &json),
                    ],
                    r#"{"QueueUrl": "q", "MessageBody": "b"}"#,
                ),
            ),
            (
                Service::Lambda,
                request(
                    "GET",
                    "/2015-03-31/functions/a%20b%3A1/x?b=2&a=%C3%A4+1&c",
                    &[date, ("authorization", &rest)],
                    "",
                ),
            ),
            (
                Service::S3,
                request(
                    "PUT",
                    "/bucket/a%20b/%C3%A4%3D",
                    &[
                        ("x-amz-meta-a", "  x   y "),
                        date,
                        ("x-amz-content-sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
                        ("authorization", &s3),
                    ],
                    "hello",
                ),
            ),
            (
                Service::S3,
                request(
                    "GET",
                    "/bucket/a%20b?versionId=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20240102%2Fus-\
                     east-1%2Fs3%2Faws4_request&X-Amz-Date=20240102T030405Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-\
                     Signature=e0c7279c6c83c362f47672ce7d37e1865a09d20978bfccf56d56f4930e94f619",
                    &[],
                    "",
                ),
            ),
            (
                Service::Sns,
                request(
                    "POST",
                    "/",
                    &[
                        ("content-type", "application/x-www-form-urlencoded"),
                        date,
                        ("x-amz-security-token", "TOKEN/=="),
                        ("authorization", &token),
                    ],
                    "Action=Publish",
                ),
            ),
        ]
    }

    #[test]
    fn what_botocore_signs_is_let_in_and_with_another_secret_it_is_not() {
        for (service, request) in vectors() {
            let right = credentials("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
            check(&right, Some(service), &request).unwrap_or_else(|e| panic!("{service:?} {}: {e}", request.uri()));
            let refused = check(&credentials("other"), Some(service), &request).unwrap_err();
            let code = if service == Service::S3 { "SignatureDoesNotMatch" } else { "InvalidSignatureException" };
            let status = if service == Service::DynamoDb { 400 } else { 403 };
            assert_eq!((refused.code.as_str(), refused.status), (code, status));
            let stranger = Credentials { access_key: "AKIDOTHER".into(), secret: "x".into() };
            let refused = check(&stranger, Some(service), &request).unwrap_err();
            assert!(
                ["InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"]
                    .contains(&refused.code.as_str())
            );
        }
    }

    #[test]
    fn a_changed_body_or_path_is_noticed() {
        let right = credentials("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        for (service, mut request) in vectors() {
            *request.uri_mut() = "/elsewhere".parse().unwrap();
            let refused = check(&right, Some(service), &request);
            assert!(refused.is_err(), "{service:?}");
        }
        let (_, mut json) = vectors().remove(0);
        *json.body_mut() = Bytes::from_static(b"{}");
        assert!(check(&right, Some(Service::Sqs), &json).is_err());
    }

    #[test]
    fn a_request_without_a_signature_is_refused_as_the_service_does() {
        let right = credentials("x");
        let bare = request("POST", "/", &[], "");
        let code = |service, request: &Request| check(&right, Some(service), request).unwrap_err().code;
        assert_eq!(code(Service::S3, &bare), "AccessDenied");
        assert_eq!(code(Service::DynamoDb, &bare), "MissingAuthenticationTokenException");
        let half = request("POST", "/", &[("authorization", "AWS4-HMAC-SHA256 Credential=a/b")], "");
        assert_eq!(code(Service::DynamoDb, &half), "IncompleteSignatureException");
    }

    #[test]
    fn the_hash_with_a_key_is_that_of_the_standard() {
        // RFC 4231, test case 2 and a key longer than a block (6).
        let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&hmac(b"Jefe", b"what do ya want for nothing?")), want);
        let want = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        assert_eq!(hex(&hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")), want);
    }
}
