//! The words of the reference implementation for errors that the engine words in its own way.

/// What is known about an expression that failed, to name what the engine's text leaves out.
#[derive(Clone, Copy, Default)]
pub(super) struct Hints<'a> {
    /// The only function of the language it mentions.
    pub(super) function: Option<&'a str>,
    /// The only operator by which it compares sizes.
    pub(super) comparison: Option<&'a str>,
}

/// Puts a message into the reference implementation's words, as far as they are known.
pub(super) fn reworded(code: &str, message: &str, hints: Hints<'_>) -> String {
    let row = WORDS.binary_search_by_key(&code, |row| row.0).ok().and_then(|i| WORDS.get(i));
    let words = match (row, code) {
        (Some((_, Words::As(text))), _) => Some((*text).to_owned()),
        (Some((_, Words::Quoting(before, text, after))), _) => {
            cut(message, before, after).map(|inner| text.replacen("{}", &json_text(inner), 1))
        }
        (Some((_, Words::Token(before, text, after))), _) => {
            cut(message, before, after).map(|inner| text.replacen("{}", &token_text(inner), 1))
        }
        (None, "S0202") => cut(message, "Expected ", ", got ")
            .zip(cut(message, ", got ", ""))
            .map(|(wanted, got)| format!("Expected {}, got {}", token_text(wanted), token_text(got))),
        (None, "S0203") => cut(message, "Expected ", " before")
            .map(|wanted| format!("Expected {} before end of expression", token_text(wanted))),
        (None, "T0410" | "T0411" | "T0412") => signature(code, message, hints.function),
        (None, "T2010") => hints.comparison.map(|operator| {
            let operator = json_text(operator);
            format!("The expressions either side of operator {operator} must evaluate to numeric or string values")
        }),
        _ => None,
    };
    words.unwrap_or_else(|| message.to_owned())
}

/// How the reference implementation words an error.
enum Words {
    /// Always the same.
    As(&'static str),
    /// What the engine's text has between the first and the last goes, as JSON, into the hole of the second.
    Quoting(&'static str, &'static str, &'static str),
    /// The same for the engine's name of a token.
    Token(&'static str, &'static str, &'static str),
}

/// The messages that the engine words differently, by code.
#[rustfmt::skip]
const WORDS: &[(&str, Words)] = &[
    ("D1002", Words::As("Cannot negate a non-numeric value")),
    ("D2014", Words::As("The size of the sequence allocated by the range operator (..) is too large")),
    ("D3001", Words::As("Attempting to invoke string function on Infinity or NaN")),
    ("D3010", Words::As("Second argument of replace function cannot be an empty string")),
    ("D3011", Words::As("Fourth argument of replace function must evaluate to a positive number")),
    ("D3020", Words::As("Third argument of split function must evaluate to a positive number")),
    ("D3030", Words::Quoting("Cannot convert '", "Unable to cast value to a number: {}", "' to number")),
    ("D3080", Words::As("The picture string must only contain a maximum of two sub-pictures")),
    ("D3081", Words::As("The sub-picture must not contain more than one instance of the 'decimal-separator' character")),
    ("D3082", Words::As("The sub-picture must not contain more than one instance of the 'percent' character")),
    ("D3083", Words::As("The sub-picture must not contain more than one instance of the 'per-mille' character")),
    ("D3084", Words::As("The sub-picture must not contain both a 'percent' and a 'per-mille' character")),
    ("D3085", Words::As("The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'")),
    ("D3086", Words::As("The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character")),
    ("D3087", Words::As("The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character")),
    ("D3088", Words::As("The sub-picture must not contain a 'grouping-separator' at the end of the integer part")),
    ("D3089", Words::As("The sub-picture must not contain two adjacent instances of the 'grouping-separator' character")),
    ("D3090", Words::As("The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'")),
    ("D3091", Words::As("The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'")),
    ("D3092", Words::As("A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'")),
    ("D3093", Words::As("The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'")),
    ("D3100", Words::Quoting("36, got ", "The radix of the formatBase function must be between 2 and 36.  It was given {}", "")),
    ("D3130", Words::Quoting("", "Formatting or parsing an integer as a sequence starting with {} is not supported by this implementation", "")),
    ("D3131", Words::As("In a decimal digit pattern, all digits must be from the same decimal group")),
    ("D3132", Words::Quoting("", "Unknown component specifier {} in date/time picture string", "")),
    ("D3133", Words::Quoting("", "The 'name' modifier can only be applied to months and days in the date/time picture string, not {}", "")),
    ("D3134", Words::As("The timezone integer format specifier cannot have more than four digits")),
    ("D3135", Words::As("No matching closing bracket ']' in date/time picture string")),
    ("D3136", Words::As("The date/time picture string is missing specifiers required to parse the timestamp")),
    ("D3138", Words::As("The $single() function expected exactly 1 matching result.  Instead it matched more.")),
    ("D3139", Words::As("The $single() function expected exactly 1 matching result.  Instead it matched 0.")),
    ("S0101", Words::As("String literal must be terminated by a matching quote")),
    ("S0102", Words::Quoting("range: ", "Number out of range: {}", "")),
    ("S0103", Words::Quoting("sequence: \\", "Unsupported escape sequence: \\{}", "")),
    ("S0106", Words::As("Comment has no closing tag")),
    ("S0201", Words::Token("Syntax error: ", "Syntax error: {}", "")),
    ("S0204", Words::Quoting("operator: ", "Unknown operator: {}", "")),
    ("S0211", Words::Token("The symbol ", "The symbol {} cannot be used as a unary operator", " cannot be")),
    ("S0212", Words::As("The left side of := must be a variable name (start with $)")),
    ("S0214", Words::Quoting("reference after ", "The right side of {} must be a variable name (start with $)", "")),
    ("S0217", Words::As("The object representing the 'parent' cannot be derived from this expression")),
    ("S0301", Words::As("Empty regular expressions are not allowed")),
    ("S0302", Words::As("No terminating / in regular expression")),
    ("S0401", Words::As("Type parameters can only be applied to functions and arrays")),
    ("S0402", Words::As("Choice groups containing parameterized types are not supported")),
    ("T1006", Words::As("Attempted to invoke a non-function")),
    ("T1008", Words::As("Attempted to partially apply a non-function")),
    ("T2001", Words::Quoting("side of the ", "The left side of the {} operator must evaluate to a number", " operator")),
    ("T2002", Words::Quoting("side of the ", "The right side of the {} operator must evaluate to a number", " operator")),
    ("T2003", Words::As("The left side of the range operator (..) must evaluate to an integer")),
    ("T2004", Words::As("The right side of the range operator (..) must evaluate to an integer")),
    ("T2008", Words::As("The expressions within an order-by clause must evaluate to numeric or string values")),
    ("T2011", Words::As("The insert/update clause of the transform expression must evaluate to an object")),
    ("T2012", Words::As("The delete clause of the transform expression must evaluate to a string or array of strings")),
];

/// The engine's names of tokens that stand for a symbol.
#[rustfmt::skip]
const TOKENS: &[(&str, &str)] = &[
    ("LeftParen", "("), ("RightParen", ")"), ("LeftBracket", "["), ("RightBracket", "]"), ("LeftBrace", "{"),
    ("RightBrace", "}"), ("Comma", ","), ("Semicolon", ";"), ("Colon", ":"), ("Dot", "."), ("DotDot", ".."),
    ("Equal", "="), ("NotEqual", "!="), ("LessThan", "<"), ("LessThanOrEqual", "<="), ("GreaterThan", ">"),
    ("GreaterThanOrEqual", ">="), ("Plus", "+"), ("Minus", "-"), ("Star", "*"), ("StarStar", "**"), ("Slash", "/"),
    ("Percent", "%"), ("Ampersand", "&"), ("Pipe", "|"), ("Caret", "^"), ("Hash", "#"), ("At", "@"),
    ("Question", "?"), ("QuestionQuestion", "??"), ("QuestionColon", "?:"), ("ColonEqual", ":="),
    ("TildeArrow", "~>"), ("True", "true"), ("False", "false"), ("Null", "null"), ("And", "and"), ("Or", "or"),
    ("In", "in"), ("Eof", "(end)"),
];

/// The text of `message` between two marks; an empty second mark is the end.
fn cut<'a>(message: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = message.get(message.find(before)? + before.len()..)?;
    if after.is_empty() { Some(rest) } else { rest.get(..rest.find(after)?) }
}

fn json_text(inner: &str) -> String {
    serde_json::Value::from(inner).to_string()
}

/// A token by its engine name, such as `RightParen` or `Number(2.0)`, as JSON.
fn token_text(name: &str) -> String {
    if let Some((_, symbol)) = TOKENS.iter().find(|(known, _)| *known == name) {
        return json_text(symbol);
    }
    match name.split_once('(').and_then(|(kind, value)| Some((kind, value.strip_suffix(')')?))) {
        Some(("Number", number)) => number.strip_suffix(".0").unwrap_or(number).to_owned(),
        Some((_, quoted)) if quoted.starts_with('"') => quoted.to_owned(),
        _ => json_text(name),
    }
}

/// `Argument 1 of function "sum" does not match function signature` and the like. The engine's text may lack the
/// function, which is then the only one in question.
fn signature(code: &str, message: &str, only: Option<&str>) -> Option<String> {
    const MISMATCH: &str = "does not match function signature";
    let named = cut(message, " of function ", " ").map(|name| name.trim_matches(['"', '$']));
    let function = json_text(named.filter(|name| !["does", "must", "undefined"].contains(name)).or(only)?);
    if code == "T0411" {
        return Some(format!("Context value is not a compatible type with argument 1 of function {function}"));
    }
    if let Some((expected, got)) = cut(message, "expected ", ", got ").zip(cut(message, ", got ", "")) {
        let index = expected.parse::<usize>().ok()?.min(got.parse().ok()?) + 1;
        return Some(format!("Argument {index} of function {function} {MISMATCH}"));
    }
    let index = cut(message, "Argument ", " ")?;
    if code == "T0410" {
        return Some(format!("Argument {index} of function {function} {MISMATCH}"));
    }
    let element = cut(message, "array of ", "")?.to_lowercase();
    Some(format!("Argument {index} of function {function} must be an array of \"{element}s\""))
}
