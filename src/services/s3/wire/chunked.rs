//! Bodies in chunks of AWS' own kind, `aws-chunked`: sizes in hexadecimal with signatures, and headers at the end.

use bytes::Bytes;

use crate::services::error::ServiceError;

/// Headers that come after the body.
pub(super) type Trailers = Vec<(String, String)>;

fn incomplete() -> ServiceError {
    ServiceError::coded("IncompleteBody", "The request body terminated unexpectedly")
}

/// The content of a body in chunks, and the headers after it. One that came in one chunk is not copied.
///
/// # Errors
/// A body that ends too early, or is not in chunks at all, or is not as long as was said.
pub(super) fn decoded(body: &Bytes, length: Option<usize>) -> Result<(Bytes, Trailers), ServiceError> {
    let mut chunks: Vec<Bytes> = Vec::new();
    let mut at = 0;
    loop {
        let head = line(body, &mut at).ok_or_else(incomplete)?;
        let size = head.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| incomplete())?;
        if size == 0 {
            break;
        }
        let end = at.checked_add(size).filter(|end| *end <= body.len()).ok_or_else(incomplete)?;
        chunks.push(body.slice(at..end));
        at = end;
        if body.get(at..at + 2) != Some(b"\r\n") {
            return Err(incomplete());
        }
        at += 2;
    }
    let mut trailers = Trailers::new();
    while let Some(text) = line(body, &mut at).filter(|text| !text.is_empty()) {
        let (name, value) = text.split_once(':').ok_or_else(odd_trailer)?;
        trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let content = match <[Bytes; 1]>::try_from(chunks) {
        Ok([one]) => one,
        Err(chunks) => chunks.concat().into(),
    };
    if length.is_some_and(|length| length != content.len()) {
        return Err(incomplete());
    }
    Ok((content, trailers))
}

pub(super) fn odd_trailer() -> ServiceError {
    let message =
        "The request contained trailing data that was not well-formed or did not conform to our published schema.";
    ServiceError::coded("MalformedTrailerError", message)
}

/// The text up to the end of the line; the last line may lack its end.
fn line<'b>(body: &'b Bytes, at: &mut usize) -> Option<&'b str> {
    let rest = body.get(*at..).filter(|rest| !rest.is_empty())?;
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    *at += (end + 1).min(rest.len());
    std::str::from_utf8(rest.get(..end)?).ok().map(|text| text.trim_end_matches('\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &'static str, length: usize) -> Result<(Bytes, Trailers), String> {
        decoded(&Bytes::from_static(body.as_bytes()), Some(length)).map_err(|e| e.code)
    }

    #[test]
    fn chunks_are_put_together_and_trailers_read() {
        let (content, trailers) = read(
            "5;chunk-signature=ab\r\nhello\r\n1\r\n!\r\n0;chunk-signature=cd\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
            6,
        )
        .unwrap();
        assert_eq!(&content[..], b"hello!");
        assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "AA==".to_owned())]);
        assert_eq!(&read("0\r\n\r\n", 0).unwrap().0[..], b"");
        assert_eq!(&read("3\r\na\r\n\r\n0\r\n", 3).unwrap().0[..], b"a\r\n");
    }

    #[test]
    fn what_is_cut_off_or_no_chunk_is_refused() {
        for (body, length) in [
            ("", 0),
            ("5\r\nhel", 5),
            ("5\r\nhello", 5),
            ("zz\r\nhello\r\n0\r\n\r\n", 5),
            ("ffffffffffffffff\r\na\r\n0\r\n", 1),
            ("5\r\nhello\r\n0\r\n\r\n", 6),
            ("5\r\nhello\r\n", 5),
        ] {
            assert_eq!(read(body, length).map(drop), Err("IncompleteBody".into()), "{body:?}");
        }
        assert_eq!(read("0\r\nnonsense\r\n\r\n", 0).map(drop), Err("MalformedTrailerError".into()));
    }
}
