//! The table of intrinsic functions: one row each.

use std::fmt;

use super::arguments::Arguments;
use super::{arrays, encoding, generic, json, math, strings};
use crate::expr::env::Env;
use crate::value::Value;

/// One intrinsic function.
pub struct Function {
    /// The name it is called by.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives.
    pub doc: &'static str,
    /// The fewest arguments it takes.
    pub min_arguments: usize,
    /// The most arguments it takes; `usize::MAX` where there is no limit.
    pub max_arguments: usize,
    pub(super) run: Run,
}

pub(super) type Run = fn(&Arguments<'_>, &mut dyn Env) -> Result<Value, String>;

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.signature)
    }
}

/// Every intrinsic function, in alphabetical order.
pub fn functions() -> &'static [Function] {
    TABLE
}

const ANY: usize = usize::MAX;

const TABLE: &[Function] = &[
    Function {
        name: "States.Array",
        signature: "States.Array(value, …)",
        doc: "An array of the arguments.",
        min_arguments: 0,
        max_arguments: ANY,
        run: arrays::array,
    },
    Function {
        name: "States.ArrayContains",
        signature: "States.ArrayContains(array, value)",
        doc: "Whether an element equals the value.",
        min_arguments: 2,
        max_arguments: 2,
        run: arrays::contains,
    },
    Function {
        name: "States.ArrayGetItem",
        signature: "States.ArrayGetItem(array, index)",
        doc: "The element at an index; the first has index 0.",
        min_arguments: 2,
        max_arguments: 2,
        run: arrays::get_item,
    },
    Function {
        name: "States.ArrayLength",
        signature: "States.ArrayLength(array)",
        doc: "How many elements there are.",
        min_arguments: 1,
        max_arguments: 1,
        run: arrays::length,
    },
    Function {
        name: "States.ArrayPartition",
        signature: "States.ArrayPartition(array, size)",
        doc: "The elements in chunks of a size; the last chunk may be shorter.",
        min_arguments: 2,
        max_arguments: 2,
        run: arrays::partition,
    },
    Function {
        name: "States.ArrayRange",
        signature: "States.ArrayRange(first, last, step)",
        doc: "The numbers from the first to the last, which is included when hit; at most 1,000.",
        min_arguments: 3,
        max_arguments: 3,
        run: arrays::range,
    },
    Function {
        name: "States.ArrayUnique",
        signature: "States.ArrayUnique(array)",
        doc: "The elements without those that equal an earlier one.",
        min_arguments: 1,
        max_arguments: 1,
        run: arrays::unique,
    },
    Function {
        name: "States.Base64Decode",
        signature: "States.Base64Decode(text)",
        doc: "The text that a Base64 text of at most 10,000 characters stands for.",
        min_arguments: 1,
        max_arguments: 1,
        run: encoding::base64_decode,
    },
    Function {
        name: "States.Base64Encode",
        signature: "States.Base64Encode(text)",
        doc: "The Base64 text of a text of at most 10,000 characters.",
        min_arguments: 1,
        max_arguments: 1,
        run: encoding::base64_encode,
    },
    Function {
        name: "States.Format",
        signature: "States.Format(template, value, …)",
        doc: "The template with each `{}` replaced by the next value.",
        min_arguments: 1,
        max_arguments: ANY,
        run: generic::format,
    },
    Function {
        name: "States.Hash",
        signature: "States.Hash(text, algorithm)",
        doc: "The hash of a text of at most 10,000 characters, in hexadecimal: MD5, SHA-1, SHA-256, SHA-384 or SHA-512.",
        min_arguments: 2,
        max_arguments: 2,
        run: encoding::hash,
    },
    Function {
        name: "States.JsonMerge",
        signature: "States.JsonMerge(object, object, false)",
        doc: "The members of both objects; of two with the same name the second's. Deep merging does not exist.",
        min_arguments: 3,
        max_arguments: 3,
        run: json::merge,
    },
    Function {
        name: "States.JsonToString",
        signature: "States.JsonToString(value)",
        doc: "The value as compact JSON text.",
        min_arguments: 1,
        max_arguments: 1,
        run: json::to_text,
    },
    Function {
        name: "States.MathAdd",
        signature: "States.MathAdd(number, number)",
        doc: "The sum of two numbers, each rounded to an integer first.",
        min_arguments: 2,
        max_arguments: 2,
        run: math::add,
    },
    Function {
        name: "States.MathRandom",
        signature: "States.MathRandom(start, end[, seed])",
        doc: "A random integer from the start up to, not including, the end; with a seed always the same.",
        min_arguments: 2,
        max_arguments: 3,
        run: math::random,
    },
    Function {
        name: "States.StringSplit",
        signature: "States.StringSplit(text, delimiters)",
        doc: "The parts of a text between any of the delimiter characters, without empty ones.",
        min_arguments: 2,
        max_arguments: 2,
        run: strings::split,
    },
    Function {
        name: "States.StringToJson",
        signature: "States.StringToJson(text)",
        doc: "The value that a JSON text stands for.",
        min_arguments: 1,
        max_arguments: 1,
        run: json::from_text,
    },
    Function {
        name: "States.UUID",
        signature: "States.UUID()",
        doc: "A random UUID of version 4, drawn from the execution's seed.",
        min_arguments: 0,
        max_arguments: 0,
        run: generic::uuid,
    },
];
