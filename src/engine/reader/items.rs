//! The items of a distributed Map in a row: a list, or objects whose rows are read when they are wanted.

use std::collections::VecDeque;

use super::rows::{Format, Rows};
use super::{Bytes, DataFile};
use crate::asl::machine::ItemReader;
use crate::task::TaskError;
use crate::value::{Str, Value};

/// Items, of which one at a time is held unless they are a list anyway.
pub(in crate::engine) struct Items {
    length: usize,
    /// Where items begin that come from another source than those before.
    sources: Vec<(usize, Str)>,
    /// The next item, once somebody has looked at it.
    ahead: Option<Value>,
    format: Format,
    /// What is still to be read after `open`, with how many items are taken from it.
    parts: VecDeque<(Part, usize)>,
    open: Option<Rows>,
    /// How many items are still to be taken from `open`.
    left: usize,
}

/// Rows that wait for their turn: open where that costs little to keep, else to be opened again.
enum Part {
    Closed(Bytes),
    Open(Rows),
}

impl Items {
    /// A list.
    pub(in crate::engine) fn list(list: Vec<Value>) -> Items {
        let length = list.len();
        Items {
            length,
            sources: Vec::new(),
            ahead: None,
            format: Format::default(),
            parts: VecDeque::new(),
            open: Some(Rows::list(list)),
            left: length,
        }
    }

    /// The items in what was fetched, at most `max` of them. All are read once, so that what cannot be read is told now
    /// and their number is known, and none is kept.
    ///
    /// # Errors
    /// Something in them cannot be read.
    pub(in crate::engine) fn of(reader: &ItemReader, bytes: &Bytes, max: usize) -> Result<Items, TaskError> {
        let mut items = Items { format: Format::of(reader), ..Items::list(Vec::new()) };
        match bytes {
            Bytes::Files(files) => {
                for file in files {
                    if items.length >= max {
                        break;
                    }
                    items.add(file, max)?;
                }
            }
            one => items.add(&DataFile { source: None, bytes: one.clone() }, max)?,
        }
        Ok(items)
    }

    fn add(&mut self, file: &DataFile, max: usize) -> Result<(), TaskError> {
        let mut rows = Rows::open(&self.format, &file.bytes)?;
        let count = rows.count(max - self.length)?;
        self.sources.extend(file.source.clone().map(|source| (self.length, source)));
        let part = match rows.known_length() {
            Some(_) => Part::Open(rows),
            None => Part::Closed(file.bytes.clone()),
        };
        self.parts.push_back((part, count));
        self.length += count;
        Ok(())
    }

    /// How many there are in all.
    pub(in crate::engine) fn len(&self) -> usize {
        self.length
    }

    /// Where an item comes from, if not from where the others do.
    pub(in crate::engine) fn source_of(&self, index: usize) -> Option<&Str> {
        let before = self.sources.partition_point(|(from, _)| *from <= index);
        self.sources.get(before.checked_sub(1)?).map(|(_, source)| source)
    }

    /// The next item, which stays the next one until [`pass`](Self::pass).
    ///
    /// # Errors
    /// None that was not there when they were read first.
    pub(in crate::engine) fn peek(&mut self) -> Result<Option<&Value>, TaskError> {
        if self.ahead.is_none() {
            self.ahead = self.read()?;
        }
        Ok(self.ahead.as_ref())
    }

    /// Goes on to the item after the next.
    pub(in crate::engine) fn pass(&mut self) {
        self.ahead = None;
    }

    fn read(&mut self) -> Result<Option<Value>, TaskError> {
        loop {
            if self.left > 0
                && let Some(rows) = &mut self.open
            {
                self.left -= 1;
                if let Some(item) = rows.next()? {
                    return Ok(Some(item));
                }
            }
            self.open = None;
            let Some((part, count)) = self.parts.pop_front() else { return Ok(None) };
            let rows = match part {
                Part::Closed(bytes) => Rows::open(&self.format, &bytes)?,
                Part::Open(rows) => rows,
            };
            (self.open, self.left) = (Some(rows), count);
        }
    }

    /// All that are left, which are a list from now on.
    ///
    /// # Errors
    /// As [`peek`](Self::peek).
    pub(in crate::engine) fn make_list(&mut self) -> Result<Vec<Value>, TaskError> {
        let mut all = Vec::with_capacity(self.length);
        while let Some(item) = self.peek()?.cloned() {
            self.pass();
            all.push(item);
        }
        (self.open, self.left) = (Some(Rows::list(all.clone())), all.len());
        Ok(all)
    }
}
