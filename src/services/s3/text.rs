//! Texts of S3: URL encoding, the names of buckets and keys, version ids.

use crate::services::error::ServiceError;

/// Percent encoding of everything but letters, digits, `-._~/`; a space becomes `+`, as listings have it.
pub(super) fn url_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'*' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => {
                let _infallible = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

/// Takes percent encoding back; `plus` says whether a `+` is a space. Nothing where the bytes are no text.
pub(in crate::services) fn url_decoded(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', ..) if plus => bytes.push(b' '),
            (other, ..) => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// # Errors
/// What no bucket may be called.
pub(super) fn check_bucket_name(name: &str) -> Result<(), ServiceError> {
    let bytes = name.as_bytes();
    let is_letter_or_digit = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let looks_like_an_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    let is_fine = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| is_letter_or_digit(Some(b)) || matches!(b, b'.' | b'-'))
        && is_letter_or_digit(bytes.first())
        && is_letter_or_digit(bytes.last())
        && !name.contains("..")
        && !looks_like_an_address
        && !name.starts_with("xn--")
        && !name.starts_with("sthree-")
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3"].iter().any(|ending| name.ends_with(ending));
    if is_fine {
        return Ok(());
    }
    Err(ServiceError::coded("InvalidBucketName", "The specified bucket is not valid.").with("BucketName", name))
}

/// # Errors
/// A key that is too long.
pub(super) fn check_key(key: &str) -> Result<(), ServiceError> {
    const MOST: usize = 1024;
    if key.len() <= MOST {
        return Ok(());
    }
    Err(ServiceError::coded("KeyTooLongError", "Your key is too long")
        .with("Size", key.len().to_string())
        .with("MaxSizeAllowed", MOST.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_taken_back() {
        let odd = "a b/+ü%.txt";
        assert_eq!(url_encoded(odd), "a+b/%2B%C3%BC%25.txt");
        assert_eq!(url_decoded(&url_encoded(odd), true).as_deref(), Some(odd));
        assert_eq!(url_decoded("%zz%4", false).as_deref(), Some("%zz%4"));
        assert_eq!(url_decoded("%FF", false), None);
    }

    #[test]
    fn names_of_buckets_follow_the_rules() {
        for fine in ["abc", "my.bucket-1", "123"] {
            assert_eq!(check_bucket_name(fine), Ok(()), "{fine}");
        }
        for wrong in ["ab", "Abc", "a_b", "-abc", "abc-", "a..b", "192.168.0.1", "xn--a", &"a".repeat(64)] {
            assert!(check_bucket_name(wrong).is_err(), "{wrong}");
        }
    }
}
