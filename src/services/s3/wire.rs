//! S3 over HTTP: methods and paths, bodies of XML or of anything.

mod chunked;
mod presigned;
mod request;
mod response;
mod route;
mod xml;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Reply;
use crate::services::error::ServiceError;
use crate::services::wire::{Handled, Identified, Request, Response};
use crate::services::{Service, Services, hex};
use crate::time::Timestamp;
use crate::value::Content;
use request::Asked;

pub(super) use presigned::Seen;

/// The operation of a request, for logs and faults.
pub(in crate::services) fn operation_of(request: &Request) -> Option<&'static str> {
    Asked::of(request).ok().map(|asked| asked.operation)
}

/// An error that is said before anybody has looked at the request.
pub(in crate::services) fn refusal(error: &ServiceError) -> Response {
    response::refused(error, "/", "", false)
}

/// Answers a request.
pub(in crate::services) fn handle(
    services: &mut Services,
    now: Timestamp,
    _: &Identified,
    request: &Request,
) -> Handled {
    let is_head = request.method() == http::Method::HEAD;
    let id = services.around.uuid();
    let (operation, outcome) = match Asked::of(request).and_then(|asked| checked(services, now, request, asked)) {
        Ok((asked, body)) => {
            let outcome = services
                .across(Service::S3, asked.operation, &asked.input)
                .and_then(|()| services.s3.perform(&mut services.around, asked.operation, &asked.input, Some(body)));
            (asked.operation, outcome)
        }
        Err(error) => ("", Err(error)),
    };
    let mut answer = match outcome {
        Ok(reply) => response::written(operation, reply),
        Err(error) => response::refused(&error, request.uri().path(), &id, is_head),
    };
    response::sign(&mut answer, &id);
    Handled::Now(answer)
}

/// The body as it is meant, if it is what its signature says, and if nobody comes too late with it.
fn checked(
    services: &mut Services,
    now: Timestamp,
    request: &Request,
    mut asked: Asked,
) -> Result<(Asked, Content), ServiceError> {
    presigned::check(&mut services.s3.presigned, now, &asked.query)?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sha = header("x-amz-content-sha256");
    let body = request.body();
    if sha.starts_with("STREAMING-") || header("content-encoding").contains("aws-chunked") {
        let length = header("x-amz-decoded-content-length").parse().ok();
        let (content, trailers) = chunked::decoded(body, length)?;
        let expected = header("x-amz-trailer").split(',').map(str::trim).filter(|name| !name.is_empty());
        asked.take_trailers(expected, &trailers)?;
        return Ok((asked, Content::holding(content)));
    }
    let is_digest = sha.len() == 64 && sha.bytes().all(|b| b.is_ascii_hexdigit());
    if is_digest {
        let computed = hex(&Sha256::digest(body));
        if !sha.eq_ignore_ascii_case(&computed) {
            let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
            return Err(ServiceError::coded("XAmzContentSHA256Mismatch", message)
                .with("ClientComputedContentSHA256", sha)
                .with("S3ComputedContentSHA256", computed));
        }
    }
    Ok((asked, Content::holding(body.clone())))
}

/// Parameters of a query, decoded.
type Query = BTreeMap<String, String>;
