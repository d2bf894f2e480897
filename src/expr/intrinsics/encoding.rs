//! Base64 and hashes.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::arguments::Arguments;
use crate::expr::env::Env;
use crate::expr::error::did_you_mean;
use crate::value::Value;

const MAX_CHARACTERS: usize = 10_000;

/// Java's basic decoder does without padding.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn base64_encode(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    Ok(STANDARD.encode(arguments.short_text(0, MAX_CHARACTERS)?).into())
}

pub(super) fn base64_decode(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let bytes = DECODER.decode(arguments.short_text(0, MAX_CHARACTERS)?);
    let bytes = bytes.map_err(|e| format!("The text is not Base64: {e}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

type Digester = fn(&[u8]) -> String;

const ALGORITHMS: [(&str, Digester); 5] = [
    ("MD5", hex::<Md5>),
    ("SHA-1", hex::<Sha1>),
    ("SHA-256", hex::<Sha256>),
    ("SHA-384", hex::<Sha384>),
    ("SHA-512", hex::<Sha512>),
];

pub(super) fn hash(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let (text, wanted) = (arguments.short_text(0, MAX_CHARACTERS)?, arguments.text(1)?);
    match ALGORITHMS.iter().find(|(name, _)| *name == wanted) {
        Some((_, digest)) => Ok(digest(text.as_bytes()).into()),
        None => {
            let names = ALGORITHMS.map(|(name, _)| name);
            Err(format!("There is no hash algorithm `{wanted}`{}", did_you_mean(wanted, names)))
        }
    }
}

fn hex<D: Digest>(bytes: &[u8]) -> String {
    D::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
