//! Paths, templates and expressions in fields: parsed here once, with findings that point into the text.

use super::Compiler;
use crate::asl::cursor::Cursor;
use crate::asl::machine::{InOutPath, Payload, QueryLanguage, ResultPath, Text};
use crate::diagnostic::Diagnostic;
use crate::expr::error::FieldError;
use crate::expr::jsonata::{Expression, JsonataError};
use crate::expr::jsonata_template::{JsonataTemplate, delimited};
use crate::expr::jsonpath::PathSyntaxError;
use crate::expr::query_path::{QueryPath, Root};
use crate::expr::reference_path::ReferencePath;
use crate::expr::template::{PathOrIntrinsic, Template};
use crate::source::NodeKind;
use crate::value::Str;

/// How long the name of a variable may be, in characters.
const MAX_VARIABLE: usize = 80;

impl Compiler<'_> {
    /// `InputPath` or `OutputPath`.
    pub(super) fn in_out_path(&mut self, at: Option<Cursor<'_>>) -> InOutPath {
        let Some(at) = at else { return InOutPath::Whole };
        if at.node().is_null() {
            return InOutPath::Nothing;
        }
        match self.query_path(&at) {
            Some(path) if path.as_str() != "$" => InOutPath::Path(path),
            _ => InOutPath::Whole,
        }
    }

    /// `ResultPath`.
    pub(super) fn result_path(&mut self, at: Option<Cursor<'_>>) -> ResultPath {
        let Some(at) = at else { return ResultPath::Replace };
        if at.node().is_null() {
            return ResultPath::Discard;
        }
        let Some(text) = self.string(&at) else { return ResultPath::Replace };
        match ReferencePath::parse(&text) {
            Ok(path) if path.is_root() => ResultPath::Replace,
            Ok(path) => ResultPath::Put(path),
            Err(e) => {
                self.not_a_reference_path(&at, &e);
                ResultPath::Replace
            }
        }
    }

    /// A path that may find any number of values.
    pub(super) fn query_path(&mut self, at: &Cursor<'_>) -> Option<QueryPath> {
        let text = self.string(at)?;
        match QueryPath::parse(&text) {
            Ok(path) => Some(path),
            Err(e) => {
                let message = format!("`{}` is not a JSONPath: {}", at.name(), e.message);
                let found = at.error_at(at.point(e.at), "jsonpath-syntax", message, "here");
                self.report(found.aws(at.schema("Value must be a valid JSONPath.")));
                None
            }
        }
    }

    /// A path that leads to one value.
    pub(super) fn definite_path(&mut self, at: &Cursor<'_>) -> Option<QueryPath> {
        let path = self.query_path(at)?;
        if !path.is_definite() {
            let e = PathSyntaxError { message: "it may find several values".into(), at: 0 };
            self.not_a_reference_path(at, &e);
            return None;
        }
        Some(path)
    }

    /// The path of a number or time. It reads the input or a variable; the context object is refused.
    pub(super) fn number_path(&mut self, at: &Cursor<'_>) -> Option<QueryPath> {
        let path = self.definite_path(at)?;
        if *path.root() == Root::Context {
            let e = PathSyntaxError { message: "it reads the context object".into(), at: 0 };
            self.not_a_reference_path(at, &e);
            return None;
        }
        Some(path)
    }

    fn not_a_reference_path(&mut self, at: &Cursor<'_>, error: &PathSyntaxError) {
        let message = format!("`{}` is not a Reference Path: {}", at.name(), error.message);
        let found = at.error_at(at.point(error.at), "jsonpath-syntax", message, "here");
        let found = found.help("write names and indexes only: `$.order.lines[0]`");
        self.report(found.aws(at.schema("Value is not a Reference Path")));
    }

    /// A text that is a path or an intrinsic function: `ErrorPath`, `CausePath`.
    pub(super) fn path_or_intrinsic(&mut self, at: &Cursor<'_>) -> Option<PathOrIntrinsic> {
        let text = self.string(at)?;
        match PathOrIntrinsic::parse(&text) {
            Ok(parsed) => Some(parsed),
            Err(e) => {
                let name = at.name();
                let message = format!("`{name}` is neither a path nor an intrinsic function: {}", e.message);
                let found = at.error_at(at.point(e.at), "jsonpath-syntax", message, "here");
                let aws = format!(
                    "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call"
                );
                self.report(found.aws(at.schema(aws)));
                None
            }
        }
    }

    /// A constant text with a `…Path` twin (JSONPath) or an expression (JSONata).
    pub(super) fn text(&mut self, at: &Cursor<'_>, name: &str, language: QueryLanguage) -> Option<Text> {
        let path_name = format!("{name}Path");
        self.only_one(at, &[name, &path_name], false);
        if language == QueryLanguage::JsonPath
            && let Some(path) = at.get(&path_name)
        {
            return self.path_or_intrinsic(&path).map(Text::Path);
        }
        self.text_or_expression(&at.get(name)?, language)
    }

    /// A constant text or, in JSONata, an expression.
    pub(super) fn text_or_expression(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<Text> {
        let text = self.string(at)?;
        if language == QueryLanguage::Jsonata && looks_like_expression(&text) {
            return self.expression(at).map(Text::Jsonata);
        }
        Some(Text::Constant(text))
    }

    /// A payload template or an object with expressions, whichever the language has.
    pub(super) fn payload(&mut self, at: &Cursor<'_>, language: QueryLanguage) -> Option<Payload> {
        match language {
            QueryLanguage::JsonPath => self.template(at).map(Payload::JsonPath),
            QueryLanguage::Jsonata => self.jsonata(at).map(Payload::Jsonata),
        }
    }

    fn template(&mut self, at: &Cursor<'_>) -> Option<Template> {
        match Template::parse(&at.node().to_value(), &at.name()) {
            Ok(template) => Some(template),
            Err(errors) => {
                self.template_errors(at, &errors);
                None
            }
        }
    }

    /// Reports what is wrong in a payload template, at the very members; the messages are the service's.
    fn template_errors(&mut self, at: &Cursor<'_>, errors: &[FieldError]) {
        for error in errors {
            descend(at, &error.pointer, &mut |place, parent| {
                self.report(field_error(place, "template", error).aws(parent.schema(error.message.clone())));
            });
        }
    }

    /// Reports what is wrong in a Choice rule, at the very members.
    pub(super) fn rule_errors(&mut self, at: &Cursor<'_>, errors: &[FieldError]) {
        for error in errors {
            descend(at, &error.pointer, &mut |place, _| self.report(field_error(place, "choice-rule", error)));
        }
    }

    /// `Assign`: an object whose members are names of variables.
    pub(super) fn assign(&mut self, at: Option<Cursor<'_>>, language: QueryLanguage) -> Option<Payload> {
        let at = at?;
        self.object(&at, "`Assign`")?;
        for (key, value) in at.members() {
            let name = match language {
                QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
                QueryLanguage::Jsonata => key,
            };
            self.variable_name(&at, &value, name);
        }
        self.payload(&at, language)
    }

    fn variable_name(&mut self, assign: &Cursor<'_>, at: &Cursor<'_>, name: &str) {
        let mut letters = name.chars();
        let begins_well = letters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
        let length = name.chars().count();
        let found = if name == "states" {
            at.key_error("variable-name", "`$states` cannot be assigned", "reserved")
                .aws(assign.aws("RESERVED_VARIABLE_NAME", "Cannot assign to reserved variable '$states'."))
        } else if !begins_well || letters.any(|c| !(c.is_alphanumeric() || c == '_')) {
            let said = format!("Invalid variable name '{name}': the variable name contains invalid characters.");
            at.key_error("variable-name", format!("`{name}` cannot be the name of a variable"), "not a name")
                .help("a name is made of letters, digits and `_`, and does not begin with a digit")
                .aws(assign.aws("INVALID_VARIABLE_NAME", said))
        } else if length > MAX_VARIABLE {
            let message = format!("the name of a variable has {length} characters; {MAX_VARIABLE} are the limit");
            at.key_error("variable-name", message, "too long")
        } else {
            return;
        };
        self.report(found);
    }

    /// JSONata's `Output`.
    pub(super) fn output(&mut self, at: Option<Cursor<'_>>, language: QueryLanguage) -> Option<JsonataTemplate> {
        let at = at?;
        if language == QueryLanguage::JsonPath {
            return None;
        }
        self.jsonata(&at)
    }

    /// A value with expressions in it.
    pub(super) fn jsonata(&mut self, at: &Cursor<'_>) -> Option<JsonataTemplate> {
        let before = self.found.as_slice().len();
        self.delimiters(at);
        match JsonataTemplate::parse(&at.node().to_value(), &at.field()) {
            Ok(template) => {
                walk_expressions(at, &mut |place, text| {
                    if let Some(expression) = delimited(text).and_then(|source| Expression::parse(source).ok()) {
                        self.references(place, &expression);
                    }
                });
                (self.found.as_slice().len() == before).then_some(template)
            }
            Err(bad) => {
                for one in &bad {
                    descend(at, &one.pointer, &mut |place, _| self.bad_expression(place, &one.error));
                }
                None
            }
        }
    }

    /// A field that is one expression.
    pub(super) fn expression(&mut self, at: &Cursor<'_>) -> Option<Expression> {
        let text = self.string(at)?;
        let Some(source) = delimited(&text) else {
            self.undelimited(at);
            return None;
        };
        match Expression::parse(source) {
            Ok(expression) => self.references(at, &expression).then_some(expression),
            Err(e) => {
                self.bad_expression(at, &e);
                None
            }
        }
    }

    fn undelimited(&mut self, at: &Cursor<'_>) {
        let message = format!("`{}` needs an expression between `{{%` and `%}}`", at.name());
        let found = at.error("jsonata-syntax", message, "nothing may stand before or after them");
        self.report(found.aws(at.schema("JSONata string must start with {% and end with %}")));
    }

    /// Reports strings that begin or end like an expression and do not do both.
    fn delimiters(&mut self, at: &Cursor<'_>) {
        walk_expressions(at, &mut |place, text| {
            if delimited(text).is_none() {
                self.undelimited(place);
            }
        });
    }

    fn bad_expression(&mut self, at: &Cursor<'_>, error: &JsonataError) {
        let text = at.node().as_str().cloned().unwrap_or_else(|| Str::from(""));
        // The expression begins behind the mark and the blanks that follow it.
        let start = text.len() - text.strip_prefix("{%").unwrap_or(&text).trim_start().len();
        let span = error.position.map_or(at.node().span, |p| at.point(start + p));
        let message = format!("`{}` is not a JSONata expression: {}", at.name(), sentence(&error.message));
        let found = at.error_at(span, "jsonata-syntax", message, "here");
        let found = found.aws(at.aws("INVALID_JSONATA_EXPRESSION", error.message.clone()));
        let hint = foreign_operator(&text).filter(|_| found.help.is_none());
        self.report(match hint {
            Some(help) => found.help(help),
            None => found,
        });
    }

    /// Reports what an expression refers to and the service does not offer; says whether all is well.
    fn references(&mut self, at: &Cursor<'_>, expression: &Expression) -> bool {
        let mentions = expression.mentions();
        let is_caught = at.field().starts_with("Catch[");
        let found: Diagnostic = if mentions.implicit_input {
            let found = at
                .error("jsonata-reference", "the expression reads an input that does not exist", "no `$states` here")
                .help("write `$states.input.name` for the input and `$name` for a variable");
            match mentions.context_reference {
                true => found.aws(at.aws("UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$$' is not supported.")),
                false => found,
            }
        } else if mentions.states_members.error_output && !is_caught {
            at.error("jsonata-reference", "`$states.errorOutput` exists only inside a Catch", "not here")
                .aws(at.aws("UNSUPPORTED_JSONATA_EXPRESSION", "Field '$states.errorOutput' does not exist."))
        } else {
            return true;
        };
        self.report(found);
        false
    }
}

/// Operators of other languages, and how JSONata writes them.
const FOREIGN_OPERATORS: &[(&str, &str)] = &[
    ("===", "JSONata compares with a single `=`"),
    ("!==", "JSONata compares with `!=`"),
    ("==", "JSONata compares with a single `=`"),
    ("&&", "JSONata writes `and`"),
    ("||", "JSONata writes `or`"),
    ("[?(", "a filter of JSONPath; JSONata writes the condition alone, as in `orders[total > 10]`"),
    ("=>", "JSONata writes functions as `function($x){ $x + 1 }`"),
    ("!$", "JSONata negates with `$not(…)`"),
    ("`${", "JSONata joins texts with `&`"),
];

/// What to write instead of an operator of another language, if an expression holds one outside its texts.
fn foreign_operator(source: &str) -> Option<&'static str> {
    let mut quote = None;
    for (at, c) in source.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, _) => {
                let rest = source.get(at..).unwrap_or_default();
                if let Some((_, help)) = FOREIGN_OPERATORS.iter().find(|(operator, _)| rest.starts_with(operator)) {
                    return Some(help);
                }
            }
        }
    }
    None
}

/// The finding about one member of a template or rule.
fn field_error(at: &Cursor<'_>, code: &'static str, error: &FieldError) -> Diagnostic {
    match &error.syntax {
        Some(e) => {
            let message = format!("`{}` is neither a path nor an intrinsic function: {}", at.name(), e.message);
            at.error_at(at.point(e.at), code, message, "here")
        }
        None => at.error(code, sentence(&error.message), ""),
    }
}

/// Whether a text is meant to be an expression, rightly delimited or not.
fn looks_like_expression(text: &str) -> bool {
    text.starts_with("{%") || text.ends_with("%}")
}

/// Visits every string that is meant to be an expression.
fn walk_expressions(at: &Cursor<'_>, visit: &mut dyn FnMut(&Cursor<'_>, &str)) {
    match &at.node().kind {
        NodeKind::String(text) if looks_like_expression(text) => visit(at, text),
        NodeKind::Array(_) => at.items().for_each(|item| walk_expressions(&item, visit)),
        NodeKind::Object(_) => at.members().for_each(|(_, member)| walk_expressions(&member, visit)),
        _ => {}
    }
}

/// Follows member names and indexes down from a node, as far as they lead, and visits the node with its parent.
fn descend(at: &Cursor<'_>, pointer: &[String], visit: &mut dyn FnMut(&Cursor<'_>, &Cursor<'_>)) {
    fn step(at: &Cursor<'_>, parent: &Cursor<'_>, rest: &[String], visit: &mut dyn FnMut(&Cursor<'_>, &Cursor<'_>)) {
        let Some((first, rest)) = rest.split_first() else { return visit(at, parent) };
        let child = match &at.node().kind {
            NodeKind::Array(_) => first.parse::<usize>().ok().and_then(|i| at.items().nth(i)),
            _ => at.get(first),
        };
        match child {
            Some(child) => step(&child, at, rest, visit),
            None => visit(at, parent),
        }
    }
    step(at, at, pointer, visit);
}

/// A message as our sentences begin: in lower case, unless the first word is a name.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => message.to_owned(),
    }
}
