//! Turns what JSONata's parser reads into what Step Functions runs.
//!
//! The clock is the engine's variable instead of the machine's, `$eval` does not exist, and what could make text
//! without bounds goes through a stand-in that has one.

use jsonata_core::ast::{AstNode, BinaryOp, Stage};
use jsonata_core::parser::{Lexer, Token};

use super::checked::{self, CHECKED};
use super::inspect::Findings;
use super::limits::{CLAMPED, CONCATENATE, Guards, MEASURED, WIDTH};

/// The variable that holds the time. Nobody can write a name with a blank.
pub(super) const CLOCK: &str = "clock millis";

/// A name that no function has.
const NO_FUNCTION: &str = "no function";

/// As many `&` as may stand in an expression, one behind the other, without a bound on what they make.
const HARMLESS_CONCATENATIONS: usize = 8;

/// Rewrites an expression; tells which stand-ins it now needs.
pub(super) fn adapt(root: &mut AstNode, findings: &Findings) -> Guards {
    let mut guards = Guards::default();
    let many = findings.concatenations > HARMLESS_CONCATENATIONS;
    let mut work: Vec<(&mut AstNode, Place)> = vec![(root, Place { repeats: many, chained: false })];
    while let Some((node, place)) = work.pop() {
        replace(node, findings, place, &mut guards);
        check(node, findings, place, &mut guards);
        push_children(node, place.repeats, &mut work);
    }
    guards
}

/// How a node stands in its expression.
#[derive(Clone, Copy)]
struct Place {
    /// It may run more than once.
    repeats: bool,
    /// It is to the right of `~>`, where calls get a first argument besides those that are written.
    chained: bool,
}

impl From<bool> for Place {
    fn from(repeats: bool) -> Self {
        Place { repeats, chained: false }
    }
}

/// Lets the functions that do not bear every argument have theirs checked.
fn check(node: &mut AstNode, findings: &Findings, place: Place, guards: &mut Guards) {
    let (AstNode::Function { name, is_builtin: true, .. } | AstNode::Variable(name)) = &*node else { return };
    let found = CHECKED.iter().enumerate().find(|(_, function)| function.name == name);
    let Some((i, function)) = found.filter(|_| !findings.bound.contains(name)) else { return };
    match node {
        AstNode::Function { name, args, .. } => {
            let partial = args.iter().any(|arg| matches!(arg, AstNode::Placeholder));
            if partial || place.chained {
                *name = function.bare.to_owned();
            } else if checked::is_harmless(name, args) {
                return;
            } else {
                *name = function.with_context.to_owned();
                args.insert(0, AstNode::Variable(String::new()));
            }
        }
        other => *other = AstNode::Variable(function.bare.to_owned()),
    }
    guards.checked |= 1 << i;
}

/// Whether a function's signature is written with letters that the parser does not bear.
pub(super) fn has_foreign_signature(source: &str) -> bool {
    enum At {
        Elsewhere,
        Parameters,
        BeforeSignature,
        Signature,
    }
    if source.is_ascii() || !(source.contains("function") || source.contains('λ')) {
        return false;
    }
    let mut lexer = Lexer::new(source.to_owned());
    let mut at = At::Elsewhere;
    while let Ok(token) = lexer.next_token() {
        at = match (at, token) {
            (_, Token::Eof) => return false,
            (_, Token::Function(_)) => At::Parameters,
            (At::Parameters, Token::RightParen) => At::BeforeSignature,
            (At::BeforeSignature, Token::LessThan) => At::Signature,
            (At::Signature, Token::Identifier(name) | Token::Variable(name) | Token::String(name))
                if !name.is_ascii() =>
            {
                return true;
            }
            (At::BeforeSignature, _) | (_, Token::LeftBrace) => At::Elsewhere,
            (same, _) => same,
        };
    }
    false
}

fn replace(node: &mut AstNode, findings: &Findings, place: Place, guards: &mut Guards) {
    let is_ours = |name: &str| !findings.bound.contains(name);
    let repeats = place.repeats;
    match node {
        AstNode::Binary { op: BinaryOp::Concatenate, .. } if repeats => {
            *node = concatenation(std::mem::replace(node, AstNode::Null));
            guards.concatenate = true;
        }
        AstNode::Function { name, args, is_builtin: true } if is_ours(name) => match name.as_str() {
            "eval" => *name = NO_FUNCTION.to_owned(),
            "millis" if place.chained => *node = constant_function(clock()),
            "millis" if args.is_empty() => *node = clock(),
            "now" if place.chained => {
                let picture = AstNode::Variable("picture".to_owned());
                *node = function(&["picture"], call("fromMillis", vec![clock(), picture]));
            }
            "now" if args.len() <= 2 => {
                *name = "fromMillis".to_owned();
                args.insert(0, clock());
            }
            "toMillis" => {
                if let [timestamp, picture] = args.as_mut_slice() {
                    complete_date(timestamp, picture);
                }
            }
            "pad" => {
                args.iter_mut().for_each(|arg| wrap(arg, WIDTH));
                guards.width = true;
            }
            "substring" if args.len() == 3 => {
                args.iter_mut().for_each(|arg| wrap(arg, CLAMPED));
                guards.clamped = true;
            }
            "string" | "join" if repeats => {
                if let Some(arg) = args.first_mut() {
                    wrap(arg, MEASURED);
                    guards.measured = true;
                }
            }
            _ => {}
        },
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } => {
            if let AstNode::Function { name, args, is_builtin: true } = &mut **rhs
                && name == "toMillis"
                && is_ours(name)
                && let [picture] = args.as_mut_slice()
            {
                complete_date(lhs, picture);
            }
        }
        // A function that is handed around instead of called.
        AstNode::Variable(name) if is_ours(name) => match name.as_str() {
            "eval" => *node = AstNode::Undefined,
            "millis" => *node = constant_function(clock()),
            "now" => *node = constant_function(call("fromMillis", vec![clock()])),
            _ => {}
        },
        _ => {}
    }
}

fn clock() -> AstNode {
    AstNode::Variable(CLOCK.to_owned())
}

fn call(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function { name: name.to_owned(), args, is_builtin: true }
}

fn function(params: &[&str], body: AstNode) -> AstNode {
    let params = params.iter().map(|param| (*param).to_owned()).collect();
    AstNode::Lambda { params, body: Box::new(body), signature: None, thunk: false }
}

fn constant_function(body: AstNode) -> AstNode {
    function(&[], body)
}

/// The parts of a time, greatest first, and the pictures they are written with here.
const PARTS: &[(char, &str)] = &[('Y', "[Y0001] "), ('M', "[M01] "), ('D', "[D01] "), ('H', "[H01] "), ('m', "[m01] ")];

/// Parts that stand for greater ones: the day of the year, and others that are not completed.
const OTHER_PARTS: &str = "dXxWw";

/// Where a picture leaves out what is greater than its first part, the engine takes that from the machine's clock.
/// Here it comes from ours, written in front of the timestamp. A picture that is not a literal is left alone.
fn complete_date(timestamp: &mut AstNode, picture: &mut AstNode) {
    let AstNode::String(text) = &*picture else { return };
    let written: Vec<char> = text.split('[').skip(1).filter_map(|part| part.chars().next()).collect();
    if written.iter().any(|part| OTHER_PARTS.contains(*part)) {
        return;
    }
    // Twelve hours and the half of the day are as good as hours.
    let has = |part: char| written.contains(&part) || part == 'H' && written.contains(&'h');
    let missing: String = PARTS.iter().take_while(|(part, _)| !has(*part)).map(|(_, text)| *text).collect();
    if missing.is_empty() || written.is_empty() || !text.contains(']') {
        return;
    }
    *picture = AstNode::String(format!("{missing}{text}"));
    let date = call("fromMillis", vec![clock(), AstNode::String(missing)]);
    let rest = std::mem::replace(timestamp, AstNode::Null);
    *timestamp = AstNode::Binary { op: BinaryOp::Concatenate, lhs: Box::new(date), rhs: Box::new(rest) };
}

/// Puts a call around an argument, unless that is a hole to be filled later or harmless.
fn wrap(arg: &mut AstNode, name: &str) {
    let harmless = match arg {
        AstNode::Placeholder | AstNode::String(_) => true,
        AstNode::Number(n) => name != WIDTH && n.abs() < 1e15,
        // What is made of a length cannot be too great.
        AstNode::Function { name: function, .. } => name == CLAMPED && function == "length",
        AstNode::Binary { op: BinaryOp::Add | BinaryOp::Subtract, lhs, rhs } => {
            name == CLAMPED && is_small(lhs) && is_small(rhs)
        }
        _ => false,
    };
    if !harmless {
        let inner = std::mem::replace(arg, AstNode::Null);
        *arg = call(name, vec![inner]);
    }
}

fn is_small(node: &AstNode) -> bool {
    match node {
        AstNode::Number(n) => n.abs() < 1e15,
        AstNode::Function { name, .. } => name == "length",
        _ => false,
    }
}

/// `a & b & c` as one call.
fn concatenation(mut node: AstNode) -> AstNode {
    let mut args = Vec::new();
    loop {
        match node {
            AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } => {
                args.push(*rhs);
                node = *lhs;
            }
            first => {
                args.push(first);
                args.reverse();
                return call(CONCATENATE, args);
            }
        }
    }
}

/// Pushes what a node consists of, with whether it may run more than once.
fn push_children<'a>(node: &'a mut AstNode, repeats: bool, work: &mut Vec<(&'a mut AstNode, Place)>) {
    match node {
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => {}
        AstNode::Path { steps } => {
            for (i, step) in steps.iter_mut().enumerate() {
                work.push((&mut step.node, (repeats || i > 0).into()));
                for stage in &mut step.stages {
                    if let Stage::Filter(filter) = stage {
                        work.push((filter, true.into()));
                    }
                }
            }
        }
        AstNode::Binary { op, lhs, rhs } => {
            if *op != BinaryOp::ColonEqual {
                work.push((lhs, repeats.into()));
            }
            work.push((rhs, Place { repeats, chained: *op == BinaryOp::ChainPipe }));
        }
        AstNode::Unary { operand, .. } => work.push((operand, repeats.into())),
        AstNode::Function { args, .. } => work.extend(args.iter_mut().map(|arg| (arg, repeats.into()))),
        AstNode::Call { procedure, args } => {
            work.push((procedure, repeats.into()));
            work.extend(args.iter_mut().map(|arg| (arg, repeats.into())));
        }
        AstNode::Lambda { body, .. } => work.push((body, true.into())),
        AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => {
            work.extend(items.iter_mut().map(|item| (item, repeats.into())));
        }
        AstNode::Object(pairs) => push_pairs(pairs, repeats, work),
        AstNode::ObjectTransform { input, pattern } => {
            work.push((input, repeats.into()));
            push_pairs(pattern, true, work);
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            work.push((condition, repeats.into()));
            work.push((then_branch, repeats.into()));
            work.extend(else_branch.iter_mut().map(|branch| (&mut **branch, repeats.into())));
        }
        AstNode::FunctionApplication(inner) => work.push((inner, repeats.into())),
        AstNode::Sort { input, terms } => {
            work.push((input, repeats.into()));
            work.extend(terms.iter_mut().map(|(term, _)| (term, true.into())));
        }
        AstNode::Transform { location, update, delete } => {
            work.push((location, true.into()));
            work.push((update, true.into()));
            work.extend(delete.iter_mut().map(|delete| (&mut **delete, true.into())));
        }
    }
}

fn push_pairs<'a>(pairs: &'a mut [(AstNode, AstNode)], repeats: bool, work: &mut Vec<(&'a mut AstNode, Place)>) {
    for (key, value) in pairs {
        work.push((key, repeats.into()));
        work.push((value, repeats.into()));
    }
}
