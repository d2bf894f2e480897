//! What the service refuses: a row for every code that compilation reports, so that each can be explained.

use super::{Rule, Subject};
use crate::diagnostic::{Diagnostics, Severity};

/// Refused definitions never reach a rule.
fn found_by_compilation(_: &Subject<'_>, _: &mut Diagnostics) {}

/// Compilation finds it.
const fn row(code: &'static str, summary: &'static str, explanation: &'static str, example: &'static str) -> Rule {
    Rule { code, severity: Severity::Error, summary, explanation, example, check: found_by_compilation }
}

/// The same for what has no definition to show.
pub(super) const fn plain_row(code: &'static str, summary: &'static str, explanation: &'static str) -> Rule {
    row(code, summary, explanation, "")
}

pub(super) static ROWS: &[Rule] = &[
    row(
        "syntax",
        "the text is neither JSON nor YAML",
        "The file cannot be read as JSON or YAML. The place is where reading stopped; what is wrong often stands \
         just before it. JSON has no comments, no commas at the end of a list and no single quotes.",
        r#"{"StartAt": "Done", "States": {"Done": {"Type": "Succeed",}}}"#,
    ),
    row(
        "duplicate-key",
        "an object has the same key twice",
        "Of two members with one name, one would be lost without a word, and parsers differ in which.",
        r#"{
  "StartAt": "Done",
  "States": {"Done": {"Type": "Succeed", "Comment": "one", "Comment": "two"}}
}"#,
    ),
    row(
        "too-deep",
        "the document nests too deeply",
        "A definition nests at most 127 levels of objects and arrays. Deeper ones come from a generator that \
         nests what it should repeat.",
        "",
    ),
    row(
        "too-large",
        "the definition is larger than AWS accepts",
        "A definition may have 1 MiB. Move parts of the workflow into machines of their own and start them with \
         `states:startExecution`.",
        "",
    ),
    row(
        "missing-field",
        "a field that must be there is missing",
        "Every state has a `Type`; a Task has a `Resource`, a Choice has `Choices`; states that are not the last \
         have `Next`, the others `\"End\": true`; the machine has `StartAt` and `States`.",
        r#"{"States": {"Done": {"Type": "Succeed"}}}"#,
    ),
    row(
        "unknown-field",
        "a field that nothing has",
        "AWS refuses fields that it does not know, which is how most spelling mistakes are noticed.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "ResultsPath": "$.x", "End": true}
  }
}"#,
    ),
    row(
        "unsupported-field",
        "a field of another type of state",
        "The field exists, but states of this type do not have it: only Task, Parallel and Map can `Retry`, for \
         example.",
        r#"{
  "StartAt": "Done",
  "States": {
    "Done": {"Type": "Succeed", "Next": "Done"}
  }
}"#,
    ),
    row(
        "exclusive-fields",
        "two fields that exclude each other",
        "A constant and its path, `Next` and `End`, `Iterator` and `ItemProcessor`: only one of the two can \
         count.",
        r#"{
  "StartAt": "Wait",
  "States": {
    "Wait": {"Type": "Wait", "Seconds": 5, "SecondsPath": "$.delay", "End": true}
  }
}"#,
    ),
    row(
        "wrong-type",
        "a value of the wrong JSON type",
        "A number in quotes is a string, and a single entry is not a list. A value known only at run time is \
         given by a path (`TimeoutSecondsPath`) or, in JSONata, by an expression.",
        r#"{
  "StartAt": "Wait",
  "States": {
    "Wait": {"Type": "Wait", "Seconds": "5", "End": true}
  }
}"#,
    ),
    row(
        "wrong-value",
        "a value that is not one of the words that may stand here",
        "`Type`, `Mode`, `JitterStrategy` and the like take one of a few words, in exactly these capitals.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pas", "End": true}
  }
}"#,
    ),
    row(
        "out-of-range",
        "a number outside the range that AWS accepts",
        "Times are whole seconds up to 99,999,999, a backoff rate is at least 1, and a heartbeat is shorter than \
         its timeout.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work",
      "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 0.5}],
      "End": true
    }
  }
}"#,
    ),
    row(
        "empty",
        "a list or an object that needs an entry has none",
        "`States`, `Choices`, `Branches` and `ErrorEquals` hold at least one entry.",
        r#"{
  "StartAt": "Decide",
  "States": {
    "Decide": {"Type": "Choice", "Choices": [], "Default": "Done"},
    "Done": {"Type": "Succeed"}
  }
}"#,
    ),
    row(
        "state-name",
        "the name of a state is empty or too long",
        "The name of a state has 1 to 80 characters.",
        r#"{
  "StartAt": "",
  "States": {"": {"Type": "Succeed"}}
}"#,
    ),
    row(
        "duplicate-state",
        "two states have the same name",
        "A name is used once in the whole machine, states inside of Parallel and Map included, because events and \
         metrics know states by their names alone.",
        r#"{
  "StartAt": "Both",
  "States": {
    "Both": {
      "Type": "Parallel",
      "Branches": [
        {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "End": true}}},
        {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "End": true}}}
      ],
      "End": true
    }
  }
}"#,
    ),
    row(
        "transition-target",
        "a transition leads to a state that is not there",
        "`StartAt`, `Next` and `Default` name a state of the same list. A transition cannot enter a branch or \
         leave it.",
        r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {"Type": "Pass", "Next": "Shp"},
    "Ship": {"Type": "Succeed"}
  }
}"#,
    ),
    row(
        "unreachable-state",
        "nothing leads to a state",
        "AWS refuses a state that no `StartAt`, `Next`, `Default` or `Catch` names: it is left over, or a \
         transition is missing.",
        r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {"Type": "Pass", "End": true},
    "Refund": {"Type": "Pass", "End": true}
  }
}"#,
    ),
    row(
        "no-terminal-state",
        "no state ends the workflow",
        "At least one state of the machine has to be a Succeed, a Fail, or have `\"End\": true`.",
        r#"{
  "StartAt": "Again",
  "States": {
    "Again": {"Type": "Wait", "Seconds": 60, "Next": "Again"}
  }
}"#,
    ),
    row(
        "query-language",
        "a field of the other query language",
        "JSONPath has `Parameters`, `ResultSelector`, `ResultPath`, `InputPath` and `OutputPath`; JSONata has \
         `Arguments` and `Output`. A state speaks one of the two: its own `QueryLanguage`, else the machine's. A \
         JSONata machine cannot have JSONPath states.",
        r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "ResultPath": "$.x", "End": true}
  }
}"#,
    ),
    row(
        "jsonpath-syntax",
        "a path that cannot be read",
        "The field needs a JSONPath, and some fields a Reference Path: names and indexes only, such as \
         `$.order.lines[0]`, which lead to one place.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "ResultPath": "$.lines[*]", "End": true}
  }
}"#,
    ),
    row(
        "template",
        "a member of a payload template cannot be read",
        "A member whose name ends in `.$` holds a path, a path of the context object (`$$.`), or an intrinsic \
         function such as `States.Format('{}', $.x)`. For a constant, leave the `.$` away.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "Parameters": {"orderId.$": "orderId"}, "End": true}
  }
}"#,
    ),
    row(
        "jsonata-syntax",
        "an expression that cannot be read",
        "An expression stands between `{%` and `%}`, with nothing before or after them, and is parsed when the \
         machine is created.",
        r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "Output": "{% $states.input.total + %}", "End": true}
  }
}"#,
    ),
    row(
        "jsonata-reference",
        "an expression reads what does not exist in this place",
        "A state's input is `$states.input`: there is no implicit input, so `total` and `$.total` find nothing. \
         `$states.errorOutput` exists in a Catch only.",
        r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "Output": "{% $.total %}", "End": true}
  }
}"#,
    ),
    row(
        "variable-name",
        "a name that no variable can have",
        "A variable's name has letters, digits and `_`, does not begin with a digit, and has at most 80 \
         characters. `states` is reserved.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {"Type": "Pass", "Assign": {"order-id": 7}, "End": true}
  }
}"#,
    ),
    row(
        "choice-rule",
        "a rule of a Choice that cannot be read",
        "A rule compares one `Variable` by one operator, or combines rules with `And`, `Or` and `Not`. Only the \
         outermost rule has a `Next`.",
        r#"{
  "StartAt": "Decide",
  "States": {
    "Decide": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.total", "NumericIsAbove": 100, "Next": "Done"}],
      "Default": "Done"
    },
    "Done": {"Type": "Succeed"}
  }
}"#,
    ),
    row(
        "error-equals",
        "`States.ALL` is not alone or not the last",
        "`States.ALL` matches the other names as well. It stands alone in its list, and its entry is the last.",
        r#"{
  "StartAt": "Work",
  "States": {
    "Work": {
      "Type": "Task",
      "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work",
      "Catch": [
        {"ErrorEquals": ["States.ALL"], "Next": "Done"},
        {"ErrorEquals": ["Busy"], "Next": "Done"}
      ],
      "Next": "Done"
    },
    "Done": {"Type": "Succeed"}
  }
}"#,
    ),
    row(
        "resource",
        "a resource that cannot be called",
        "A task calls a Lambda function by its ARN, an activity by its ARN, an optimised integration as \
         `arn:aws:states:::service:action`, or any API as `arn:aws:states:::aws-sdk:service:action`. Which \
         actions have `.sync` and `.waitForTaskToken` is fixed.",
        r#"{
  "StartAt": "Save",
  "States": {
    "Save": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putitem", "Parameters": {}, "End": true}
  }
}"#,
    ),
    row(
        "placeholder",
        "a placeholder of a template has no value",
        "`${…}` is replaced before AWS sees the definition. Load the template it belongs to, name its value with \
         `--substitute NAME=VALUE`, or replace it.",
        r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {"Type": "Task", "Resource": "${ChargeFunctionArn}", "End": true}
  }
}"#,
    ),
    row(
        "express-pattern",
        "an Express workflow waits for a job or a token",
        "Express workflows call and get their answer at once: no `.sync`, no `.waitForTaskToken`, no activities, \
         no distributed Map.",
        r#"{
  "StartAt": "Each",
  "States": {
    "Each": {
      "Type": "Map",
      "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Import",
        "States": {
          "Import": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "import"},
            "End": true
          }
        }
      },
      "End": true
    }
  }
}"#,
    ),
    row(
        "distributed-only",
        "a field of a distributed Map on an inline one",
        "`ItemReader`, `ItemBatcher`, `ResultWriter` and `Label` belong to a Map whose item processor says \
         `\"ProcessorConfig\": {\"Mode\": \"DISTRIBUTED\", …}`.",
        r#"{
  "StartAt": "Each",
  "States": {
    "Each": {
      "Type": "Map",
      "Label": "orders",
      "ItemProcessor": {"StartAt": "Work", "States": {"Work": {"Type": "Pass", "End": true}}},
      "End": true
    }
  }
}"#,
    ),
    row(
        "label",
        "a label that no Map can have",
        "The label of a distributed Map has 1 to 40 characters without blanks and punctuation, and no other Map \
         has it.",
        r#"{
  "StartAt": "Each",
  "States": {
    "Each": {
      "Type": "Map",
      "Label": "all orders",
      "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Work",
        "States": {"Work": {"Type": "Pass", "End": true}}
      },
      "End": true
    }
  }
}"#,
    ),
    row(
        "timestamp",
        "a text that is not a timestamp",
        "A `Timestamp` is written as RFC 3339 has it, with an upper-case `T` and with `Z` or an offset: \
         `2024-05-17T09:30:00Z`.",
        r#"{
  "StartAt": "Wait",
  "States": {
    "Wait": {"Type": "Wait", "Timestamp": "2024-05-17 09:30", "End": true}
  }
}"#,
    ),
];
