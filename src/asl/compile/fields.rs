//! Which fields a state may have: one row a field, as `ValidateStateMachineDefinition` accepts them.

use super::Compiler;
use crate::asl::StateType;
use crate::asl::cursor::Cursor;
use crate::asl::machine::QueryLanguage::{self, JsonPath, Jsonata};
use crate::diagnostic::did_you_mean;

const PASS: u8 = 1;
const TASK: u8 = 2;
const WAIT: u8 = 4;
const PARALLEL: u8 = 8;
const MAP: u8 = 16;
const CHOICE: u8 = 32;
const SUCCEED: u8 = 64;
const FAIL: u8 = 128;
const ANY: u8 = u8::MAX;
/// The states that do work which can fail.
const WORK: u8 = TASK | PARALLEL | MAP;
/// The states that lead on to another.
const STEP: u8 = PASS | WAIT | WORK;

const TYPES: [(StateType, u8); 8] = [
    (StateType::Pass, PASS),
    (StateType::Task, TASK),
    (StateType::Wait, WAIT),
    (StateType::Parallel, PARALLEL),
    (StateType::Map, MAP),
    (StateType::Choice, CHOICE),
    (StateType::Succeed, SUCCEED),
    (StateType::Fail, FAIL),
];

/// A field, the states that may have it, and the query language it belongs to, if only one.
struct Field(&'static str, u8, Option<QueryLanguage>);

const FIELDS: &[Field] = &[
    Field("Type", ANY, None),
    Field("Comment", ANY, None),
    Field("QueryLanguage", ANY, None),
    Field("Next", STEP, None),
    Field("End", STEP, None),
    Field("InputPath", ANY ^ FAIL, Some(JsonPath)),
    Field("OutputPath", ANY ^ FAIL, Some(JsonPath)),
    Field("ResultPath", PASS | WORK, Some(JsonPath)),
    Field("ResultSelector", WORK, Some(JsonPath)),
    Field("Parameters", PASS | WORK, Some(JsonPath)),
    Field("Arguments", TASK | PARALLEL, Some(Jsonata)),
    Field("Output", ANY ^ FAIL, Some(Jsonata)),
    Field("Assign", STEP | CHOICE, None),
    Field("Retry", WORK, None),
    Field("Catch", WORK, None),
    Field("Result", PASS, Some(JsonPath)),
    Field("Resource", TASK, None),
    Field("Credentials", TASK, None),
    Field("TimeoutSeconds", TASK, None),
    Field("TimeoutSecondsPath", TASK, Some(JsonPath)),
    Field("HeartbeatSeconds", TASK, None),
    Field("HeartbeatSecondsPath", TASK, Some(JsonPath)),
    Field("Seconds", WAIT, None),
    Field("SecondsPath", WAIT, Some(JsonPath)),
    Field("Timestamp", WAIT, None),
    Field("TimestampPath", WAIT, Some(JsonPath)),
    Field("Choices", CHOICE, None),
    Field("Default", CHOICE, None),
    Field("Error", FAIL, None),
    Field("ErrorPath", FAIL, Some(JsonPath)),
    Field("Cause", FAIL, None),
    Field("CausePath", FAIL, Some(JsonPath)),
    Field("Branches", PARALLEL, None),
    Field("ItemProcessor", MAP, None),
    Field("Iterator", MAP, None),
    Field("ItemsPath", MAP, Some(JsonPath)),
    Field("Items", MAP, Some(Jsonata)),
    Field("ItemSelector", MAP, None),
    Field("ItemReader", MAP, None),
    Field("ItemBatcher", MAP, None),
    Field("ResultWriter", MAP, None),
    Field("MaxConcurrency", MAP, None),
    Field("MaxConcurrencyPath", MAP, Some(JsonPath)),
    Field("ToleratedFailureCount", MAP, None),
    Field("ToleratedFailureCountPath", MAP, Some(JsonPath)),
    Field("ToleratedFailurePercentage", MAP, None),
    Field("ToleratedFailurePercentagePath", MAP, Some(JsonPath)),
    Field("Label", MAP, None),
];

/// The type of this name.
pub(super) fn state_type(name: &str) -> Option<StateType> {
    TYPES.iter().map(|(t, _)| *t).find(|t| t.name() == name)
}

/// The names of all types.
pub(super) fn type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(t, _)| t.name())
}

/// The names of all fields, with whether they belong to one language only.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, bool)> {
    FIELDS.iter().map(|f| (f.0, f.2.is_some()))
}

/// What the definition calls a query language.
pub(super) fn language_name(language: QueryLanguage) -> &'static str {
    match language {
        JsonPath => "JSONPath",
        Jsonata => "JSONata",
    }
}

impl Compiler<'_> {
    /// Reports the fields that a state of this type and language does not have.
    pub(super) fn state_fields(&mut self, at: &Cursor<'_>, state_type: StateType, language: QueryLanguage) {
        let bit = TYPES.iter().find(|(t, _)| *t == state_type).map_or(0, |(_, bit)| *bit);
        let type_name = state_type.name();
        for (name, field) in at.members() {
            match FIELDS.iter().find(|f| f.0 == name) {
                None => {
                    let of_type = FIELDS.iter().filter(|f| f.1 & bit != 0).map(|f| f.0);
                    self.unknown_field(at, &field, &format!("a {type_name} state"), of_type);
                }
                Some(Field(_, on, _)) if on & bit == 0 => {
                    let message = format!("a {type_name} state has no `{name}`");
                    let found = field.key_error("unsupported-field", message, "not for this type of state");
                    let others: Vec<_> = TYPES.iter().filter(|(_, b)| on & b != 0).map(|(t, _)| t.name()).collect();
                    let found = found.help(format!("`{name}` belongs to {} states", others.join(", ")));
                    self.report(found.aws(at.schema(format!("Field '{name}' is not supported"))));
                }
                Some(Field(_, _, Some(only))) if *only != language => self.other_language(at, &field, language),
                Some(_) => {}
            }
        }
    }

    /// Reports a field of the other query language.
    pub(super) fn other_language(&mut self, at: &Cursor<'_>, field: &Cursor<'_>, language: QueryLanguage) {
        let name = field.name();
        let here = language_name(language);
        let (other, instead) = match language {
            Jsonata => ("JSONPath", instead(&name, TO_JSONATA)),
            JsonPath => ("JSONata", instead(&name, TO_JSONPATH)),
        };
        let found = field
            .key_error("query-language", format!("`{name}` is for {other}, and this state speaks {here}"), other)
            .aws(at.schema(format!(
                "The QueryLanguage is set to '{here}', but field '{name}' is only supported for the '{other}' QueryLanguage"
            )));
        self.report(match instead {
            Some(instead) => found.help(format!("write {instead}")),
            None => found.help(format!("set `\"QueryLanguage\": \"{other}\"`, or remove the field")),
        });
    }

    /// Reports members of an object that are not among the known ones; `Comment` is always known.
    pub(super) fn known_fields(&mut self, at: &Cursor<'_>, what: &str, known: &[&str]) {
        for (name, field) in at.members() {
            if name != "Comment" && !known.contains(&name) {
                self.unknown_field(at, &field, what, known.iter().copied());
            }
        }
    }

    fn unknown_field<'n>(
        &mut self,
        at: &Cursor<'_>,
        field: &Cursor<'_>,
        what: &str,
        known: impl Iterator<Item = &'n str>,
    ) {
        let name = field.name();
        let known: Vec<&str> = known.collect();
        let found = field
            .key_error("unknown-field", format!("{what} has no field `{name}`"), "not a field")
            .aws(at.schema(format!("Field '{name}' is not supported")));
        self.report(match did_you_mean(&name, known.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help(format!("the fields are {}", known.join(", "))),
        });
    }

    /// Reports that not exactly one of these fields is there, and gives the first that is.
    pub(super) fn only_one<'n>(&mut self, at: &Cursor<'_>, names: &[&'n str], is_required: bool) -> Option<&'n str> {
        let present: Vec<&str> = names.iter().copied().filter(|n| at.has(n)).collect();
        let listed = names.join(", ");
        if let [first, second, ..] = present.as_slice()
            && let (Some(one), Some(two)) = (at.get(first), at.get(second))
        {
            let found = two
                .key_error("exclusive-fields", format!("`{first}` and `{second}` exclude each other"), "and this")
                .also(one.key_span(), "this")
                .aws(at.schema(format!("There should only be one of the following fields: [{listed}]")));
            self.report(found.help("keep one of the two"));
        }
        if present.is_empty() && is_required {
            let words = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ");
            let found = at
                .key_error("missing-field", format!("{words} is missing"), "in this one")
                .aws(at.schema(format!("This object should have only one of the following fields: [{listed}]")));
            self.report(found);
        }
        present.first().and_then(|first| names.iter().copied().find(|n| n == first))
    }
}

/// What a field of one language is called in the other.
fn instead(name: &str, table: &[(&str, &'static str)]) -> Option<&'static str> {
    table.iter().find(|(n, _)| *n == name).map(|(_, instead)| *instead)
}

const TO_JSONATA: &[(&str, &str)] = &[
    ("Parameters", "`Arguments`, or `ItemSelector` in a Map"),
    ("ResultSelector", "`Output`, with `$states.result` for the result"),
    ("ResultPath", "`Output`, which may merge: `{% $merge([$states.input, {'x': $states.result}]) %}`"),
    ("OutputPath", "`Output`"),
    ("InputPath", "`Arguments`, with `$states.input` for the input"),
    ("Result", "`Output`"),
    ("ItemsPath", "`Items`"),
    ("SecondsPath", "`Seconds` with an expression"),
    ("TimestampPath", "`Timestamp` with an expression"),
    ("TimeoutSecondsPath", "`TimeoutSeconds` with an expression"),
    ("HeartbeatSecondsPath", "`HeartbeatSeconds` with an expression"),
    ("MaxConcurrencyPath", "`MaxConcurrency` with an expression"),
    ("ToleratedFailureCountPath", "`ToleratedFailureCount` with an expression"),
    ("ToleratedFailurePercentagePath", "`ToleratedFailurePercentage` with an expression"),
    ("MaxItemsPath", "`MaxItems` with an expression"),
    ("MaxItemsPerBatchPath", "`MaxItemsPerBatch` with an expression"),
    ("MaxInputBytesPerBatchPath", "`MaxInputBytesPerBatch` with an expression"),
    ("ErrorPath", "`Error` with an expression"),
    ("CausePath", "`Cause` with an expression"),
    ("Variable", "`Condition` with an expression"),
];

const TO_JSONPATH: &[(&str, &str)] = &[
    ("Arguments", "`Parameters`, or set `\"QueryLanguage\": \"JSONata\"`"),
    ("Output", "`ResultSelector`, `ResultPath` or `OutputPath`, or set `\"QueryLanguage\": \"JSONata\"`"),
    ("Items", "`ItemsPath`, or set `\"QueryLanguage\": \"JSONata\"`"),
    ("Condition", "`Variable` and a comparison, or set `\"QueryLanguage\": \"JSONata\"`"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_once_in_the_table() {
        for (i, field) in FIELDS.iter().enumerate() {
            assert!(FIELDS.iter().skip(i + 1).all(|f| f.0 != field.0), "{}", field.0);
        }
    }

    #[test]
    fn every_replacement_is_about_a_field_of_the_language_it_replaces() {
        for (table, language) in [(TO_JSONATA, JsonPath), (TO_JSONPATH, Jsonata)] {
            for (name, _) in table {
                let is_known = FIELDS.iter().any(|f| f.0 == *name);
                assert!(!is_known || FIELDS.iter().any(|f| f.0 == *name && f.2 == Some(language)), "{name}");
            }
        }
    }
}
