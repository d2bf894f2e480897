//! Checksums of content: those that clients send to be verified and ask for again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use crate::services::error::ServiceError;
use crate::services::hex;

/// How a checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// Every algorithm with its name and the member of inputs and outputs that holds its value.
const ALGORITHMS: [(Algorithm, &str, &str); 5] = [
    (Algorithm::Crc32, "CRC32", "ChecksumCRC32"),
    (Algorithm::Crc32c, "CRC32C", "ChecksumCRC32C"),
    (Algorithm::Crc64Nvme, "CRC64NVME", "ChecksumCRC64NVME"),
    (Algorithm::Sha1, "SHA1", "ChecksumSHA1"),
    (Algorithm::Sha256, "SHA256", "ChecksumSHA256"),
];

/// The polynomials, with their bits in reverse as the tables are.
const CRC32: [u64; 256] = table(0xEDB8_8320);
const CRC32C: [u64; 256] = table(0x82F6_3B78);
const CRC64_NVME: [u64; 256] = table(0x9A6C_9329_AC4B_C9B5);

const fn table(polynomial: u64) -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ polynomial } else { rest >> 1 };
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

/// A cyclic redundancy check that begins and ends with all bits set.
fn crc(table: &[u64; 256], ones: u64, bytes: &[u8]) -> u64 {
    let step = |rest: u64, byte: &u8| (rest >> 8) ^ table[usize::from(rest as u8 ^ byte)];
    bytes.iter().fold(ones, step) ^ ones
}

impl Algorithm {
    /// The one of this name: `CRC32`.
    pub(super) fn of_name(name: &str) -> Option<Algorithm> {
        ALGORITHMS.iter().find(|(_, own, _)| own.eq_ignore_ascii_case(name)).map(|(algorithm, ..)| *algorithm)
    }
    pub(super) fn all() -> impl Iterator<Item = Algorithm> {
        ALGORITHMS.iter().map(|(algorithm, ..)| *algorithm)
    }
    pub(in crate::services) fn name(self) -> &'static str {
        ALGORITHMS.iter().find(|(own, ..)| *own == self).map_or("", |(_, name, _)| name)
    }
    /// The member that holds its value: `ChecksumCRC32`.
    pub(super) fn member(self) -> &'static str {
        ALGORITHMS.iter().find(|(own, ..)| *own == self).map_or("", |(.., member)| member)
    }
    /// The checksum's bytes.
    pub(super) fn raw(self, bytes: &[u8]) -> Vec<u8> {
        let narrow = |value: u64| u32::try_from(value).unwrap_or_default().to_be_bytes().to_vec();
        match self {
            Algorithm::Crc32 => narrow(crc(&CRC32, 0xFFFF_FFFF, bytes)),
            Algorithm::Crc32c => narrow(crc(&CRC32C, 0xFFFF_FFFF, bytes)),
            Algorithm::Crc64Nvme => crc(&CRC64_NVME, u64::MAX, bytes).to_be_bytes().to_vec(),
            Algorithm::Sha1 => Sha1::digest(bytes).to_vec(),
            Algorithm::Sha256 => Sha256::digest(bytes).to_vec(),
        }
    }
    /// The checksum as headers have it.
    pub(super) fn of(self, bytes: &[u8]) -> String {
        BASE64.encode(self.raw(bytes))
    }
    /// The checksum of checksums: that of a multipart object whose type is `COMPOSITE`.
    pub(super) fn composite<'a>(self, parts: impl Iterator<Item = &'a str>) -> String {
        let mut count = 0;
        let mut all = Vec::new();
        for part in parts {
            count += 1;
            all.extend(BASE64.decode(part).unwrap_or_default());
        }
        format!("{}-{count}", self.of(&all))
    }
    /// # Errors
    /// What is no checksum of this kind, and one of other bytes.
    pub(in crate::services) fn verify(self, given: &str, bytes: &[u8]) -> Result<(), ServiceError> {
        let computed = self.raw(bytes);
        let header = format!("x-amz-checksum-{}", self.name().to_ascii_lowercase());
        match BASE64.decode(given) {
            Ok(given) if given == computed => Ok(()),
            Ok(given) if given.len() == computed.len() => Err(ServiceError::coded(
                "BadDigest",
                format!("The {} you specified did not match the calculated checksum.", self.name()),
            )),
            _ => Err(ServiceError::coded("InvalidRequest", format!("Value for {header} header is invalid."))),
        }
    }
}

/// What an ETag of plain content has in its quotes.
pub(super) fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// # Errors
/// A `Content-MD5` that is none, or that of other bytes.
pub(super) fn verify_md5(given: &str, bytes: &[u8]) -> Result<(), ServiceError> {
    match BASE64.decode(given) {
        Ok(given) if given[..] == Md5::digest(bytes)[..] => Ok(()),
        Ok(given) if given.len() == 16 => {
            let message = "The Content-MD5 you specified did not match what we received.";
            Err(ServiceError::coded("BadDigest", message))
        }
        _ => Err(ServiceError::coded("InvalidDigest", "The Content-MD5 you specified was invalid.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_that_others_compute() {
        // The values that each algorithm's specification gives for these nine digits.
        let known = [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ];
        for (algorithm, digits) in known {
            assert_eq!(hex(&algorithm.raw(b"123456789")), digits, "{algorithm:?}");
        }
        // As recorded of an object that a state machine put.
        assert_eq!(Algorithm::Crc32.of(br#"{"Dict":"Value"}"#), "hnEfWw==");
        assert_eq!(md5_hex(br#"{"Dict":"Value"}"#), "49e31cee5aec8faf3345893addb14346");
    }

    #[test]
    fn a_checksum_of_other_bytes_and_one_that_is_none_are_told_apart() {
        let code = |given: &str| Algorithm::Crc32.verify(given, b"abc").map_err(|e| e.code);
        assert_eq!(code(&Algorithm::Crc32.of(b"abc")), Ok(()));
        assert_eq!(code(&Algorithm::Crc32.of(b"abd")), Err("BadDigest".into()));
        assert_eq!(code("AAAA"), Err("InvalidRequest".into()));
        assert_eq!(code("no"), Err("InvalidRequest".into()));
        assert_eq!(verify_md5("no", b"").map_err(|e| e.code), Err("InvalidDigest".into()));
    }
}
