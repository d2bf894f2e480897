//! The children of a Map Run: which of them run, and what came of the others.

use std::collections::VecDeque;

use crate::time::Timestamp;
use crate::value::Value;

/// Children in item order. One that has ended is forgotten as soon as all before it have; only its output stays, where
/// the state gives it on.
pub(super) struct Children {
    /// Those from the first that runs on.
    waiting: VecDeque<Child>,
    /// How many are forgotten.
    forgotten: usize,
    running: usize,
    outputs: Vec<Value>,
    /// Whether an output that is a list counts as what is in it.
    flatten: bool,
    /// How long the outputs are as a JSON array.
    bytes: usize,
    /// How long they may be. Of more than that nobody gets anything, and nothing is kept.
    most_bytes: usize,
}

enum Child {
    Running(Started),
    Ended(Option<Value>),
}

/// A child that runs.
pub(super) struct Started {
    /// For how many items it stands.
    pub items: usize,
    /// Its input, where a ResultWriter will want it.
    pub input: Option<Value>,
    pub at: Timestamp,
}

impl Children {
    pub(super) fn new(flatten: bool, most_bytes: usize) -> Children {
        Children {
            waiting: VecDeque::new(),
            forgotten: 0,
            running: 0,
            outputs: Vec::new(),
            flatten,
            bytes: 2,
            most_bytes,
        }
    }
    pub(super) fn running(&self) -> usize {
        self.running
    }
    /// Adds one; gives its place among all.
    pub(super) fn start(&mut self, child: Started) -> usize {
        self.running += 1;
        self.waiting.push_back(Child::Running(child));
        self.forgotten + self.waiting.len() - 1
    }
    /// Ends one, if it runs.
    pub(super) fn end(&mut self, index: usize) -> Option<Started> {
        let child = self.waiting.get_mut(index.checked_sub(self.forgotten)?)?;
        let Child::Running(_) = child else { return None };
        let Child::Running(started) = std::mem::replace(child, Child::Ended(None)) else { return None };
        self.running -= 1;
        Some(started)
    }
    /// Keeps the output of one that has ended.
    pub(super) fn keep(&mut self, index: usize, output: Value) {
        // Brackets and a comma after each; the last has none, which the brackets make up for.
        self.bytes += match &output {
            Value::Array(list) if self.flatten && list.is_empty() => 0,
            Value::Array(_) if self.flatten => output.text_len() - 1,
            other => other.text_len() + 1,
        };
        if self.is_too_large() {
            self.outputs = Vec::new();
            return;
        }
        let place = index.checked_sub(self.forgotten).and_then(|at| self.waiting.get_mut(at));
        if let Some(Child::Ended(kept)) = place {
            *kept = Some(output);
        }
    }
    /// Whether the outputs together are larger than may be given on.
    pub(super) fn is_too_large(&self) -> bool {
        self.bytes > self.most_bytes.saturating_add(1)
    }
    /// Forgets those at the front that have ended.
    pub(super) fn forget(&mut self) {
        while let Some(Child::Ended(_)) = self.waiting.front() {
            self.forgotten += 1;
            let Some(Child::Ended(Some(output))) = self.waiting.pop_front() else { continue };
            match output {
                _ if self.is_too_large() => {}
                Value::Array(list) if self.flatten => self.outputs.extend(list.iter().cloned()),
                other => self.outputs.push(other),
            }
        }
    }
    /// What the children that succeeded gave, in item order.
    pub(super) fn take_outputs(&mut self) -> Value {
        Value::array(std::mem::take(&mut self.outputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(children: &mut Children, n: usize) {
        for i in 0..n {
            let child = Started { items: 1, input: None, at: Timestamp::EPOCH_DEFAULT };
            assert_eq!(children.start(child), i);
        }
    }

    fn ended(children: &mut Children, index: usize, output: &str) {
        assert!(children.end(index).is_some());
        assert!(children.end(index).is_none(), "a child ends once");
        children.keep(index, Value::parse(output).unwrap());
        children.forget();
    }

    #[test]
    fn outputs_come_in_item_order_whoever_is_first() {
        let mut children = Children::new(false, 100);
        started(&mut children, 4);
        ended(&mut children, 2, "2");
        ended(&mut children, 0, "0");
        // The second failed.
        assert!(children.end(1).is_some());
        children.forget();
        assert_eq!((children.forgotten, children.waiting.len(), children.running()), (3, 1, 1));
        ended(&mut children, 3, "[3]");
        assert_eq!(children.take_outputs().to_string(), "[0,2,[3]]");
    }

    #[test]
    fn what_is_too_large_is_known_to_the_byte() {
        for (flatten, outputs) in [(false, vec!["[1,2]", "\"ab\"", "[]"]), (true, vec!["[]", "[1,2]", "\"ab\"", "[]"])]
        {
            let run = |most: usize| {
                let mut children = Children::new(flatten, most);
                started(&mut children, outputs.len());
                for (i, output) in outputs.iter().enumerate().rev() {
                    ended(&mut children, i, output);
                }
                (children.is_too_large(), children.take_outputs())
            };
            let length = run(1000).1.text_len();
            assert!(!run(length).0);
            assert_eq!(run(length - 1), (true, Value::array(Vec::new())));
        }
    }
}
