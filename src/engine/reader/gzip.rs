//! gzip, in which readers take rows: every member of it, with its checksum.

#[cfg(feature = "gzip")]
use crate::gzip::body;
pub(super) use crate::gzip::is_gzip;

/// How many bytes come out of an object at most.
#[cfg(feature = "gzip")]
const MOST: usize = 1 << 30;

/// What is in it.
///
/// # Errors
/// It is cut short, something in it is wrong, or more comes out than anybody should hold.
#[cfg(feature = "gzip")]
pub(super) fn content(mut bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    const CUT: &str = "it ends before its end";
    let mut whole = Vec::new();
    while !bytes.is_empty() {
        let body = body(bytes).ok_or(CUT)?;
        let from = whole.len();
        let consumed = inflate(body, &mut whole)?;
        let (trailer, rest) = body.get(consumed..).and_then(|rest| rest.split_at_checked(8)).ok_or(CUT)?;
        let number = |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
        if number(0) != crc32fast::hash(&whole[from..]) || number(4) != (whole.len() - from) as u32 {
            return Err("its checksum is another");
        }
        bytes = rest;
    }
    Ok(whole)
}

/// Adds what is in one stream; gives how long the stream is.
#[cfg(feature = "gzip")]
fn inflate(body: &[u8], whole: &mut Vec<u8>) -> Result<usize, &'static str> {
    use miniz_oxide::inflate::TINFLStatus;
    use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
    let mut state = Box::<DecompressorOxide>::default();
    let (mut consumed, mut at) = (0, whole.len());
    // A guess that is right for most text, and grows.
    let mut room = body.len().saturating_mul(4).clamp(1024, 1 << 24);
    loop {
        whole.resize(at.saturating_add(room).min(MOST), 0);
        let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) = decompress(&mut state, &body[consumed..], whole, at, flags);
        consumed += read;
        at += written;
        match status {
            TINFLStatus::Done => {
                whole.truncate(at);
                return Ok(consumed);
            }
            TINFLStatus::HasMoreOutput if at < MOST => room = room.saturating_mul(2),
            TINFLStatus::HasMoreOutput => return Err("more than a gigabyte comes out of it"),
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => {
                return Err("it ends before its end");
            }
            _ => return Err("what is in it cannot be unpacked"),
        }
    }
}

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 255];
        bytes.extend(b"name\0");
        bytes.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
        bytes.extend(crc32fast::hash(text).to_le_bytes());
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes
    }

    #[test]
    fn all_members_are_unpacked_one_after_the_other() {
        let long = "a row of text\n".repeat(100_000);
        let mut bytes = packed(b"first\n");
        bytes.extend(packed(long.as_bytes()));
        assert_eq!(content(&bytes).unwrap(), format!("first\n{long}").into_bytes());
    }

    #[test]
    fn what_is_cut_or_changed_is_told() {
        let bytes = packed(b"some text that is long enough to be cut");
        for end in 1..bytes.len() {
            assert!(content(&bytes[..end]).is_err(), "{end}");
        }
        let mut wrong = bytes.clone();
        let last = wrong.len() - 8;
        wrong[last] ^= 1;
        assert_eq!(content(&wrong), Err("its checksum is another"));
    }
}
