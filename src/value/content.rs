//! Bytes that several hold at once: the content of an object, a part of it.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Shared bytes, or a part of them. Whatever they came in, such as a request's body, is held and not copied.
#[derive(Clone)]
pub struct Content {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl Content {
    /// What holds bytes, as it is.
    pub fn holding(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Content {
        let range = 0..bytes.as_ref().len();
        Content { bytes: Arc::new(bytes), range }
    }
    /// A part; what lies beyond the end is left out.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Content {
        let end = self.range.start.saturating_add(range.end).min(self.range.end);
        let start = self.range.start.saturating_add(range.start).min(end);
        Content { bytes: Arc::clone(&self.bytes), range: start..end }
    }
}

impl Default for Content {
    fn default() -> Content {
        Content::holding([])
    }
}

impl Deref for Content {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        (*self.bytes).as_ref().get(self.range.clone()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Content {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Content {
        Content::holding(bytes)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Content {
        Content::holding(text)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_part_never_reaches_beyond_it() {
        let whole = Content::from("abcdefgh".to_owned());
        let part = whole.part(2..6);
        assert_eq!(&*part, b"cdef");
        assert_eq!(&*part.part(1..100), b"def");
        assert_eq!(&*part.part(9..100), b"");
        assert_eq!(&*whole.part(3..usize::MAX), b"defgh");
    }
}
