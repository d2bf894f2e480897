//! Filters: `[?(...)]`, evaluated on one item.

use std::borrow::Cow;

use crate::value::Value;

use super::eval::{self, Context, Fault, Missing};
use super::node::Node;
use super::operator::Operator;
use super::program::Program;

/// A condition on an item.
#[derive(Debug)]
pub(super) enum Filter {
    /// `a || b || c`
    Any(Vec<Filter>),
    /// `a && b && c`
    All(Vec<Filter>),
    /// `!(...)`
    Not(Box<Filter>),
    /// `@.a`, or `!@.a` if it must not be there.
    Exists { path: Program, wanted: bool },
    /// `@.a == 1`
    Compare { left: Operand, operator: &'static Operator, right: Operand },
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Operand {
    Path(Program),
    Literal(Node),
}

impl Filter {
    /// Whether the item passes. A condition that makes no sense for this item does not hold.
    pub(super) fn accepts(&self, item: &Value, ctx: Context<'_>) -> Result<bool, Fault> {
        match self.holds(item, ctx) {
            Err(Fault::NotFound(_) | Fault::InvalidPath(_)) => Ok(false),
            other => other,
        }
    }

    fn holds(&self, item: &Value, ctx: Context<'_>) -> Result<bool, Fault> {
        match self {
            Filter::Any(all) => {
                for filter in all {
                    if filter.holds(item, ctx)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Filter::All(all) => {
                for filter in all {
                    if !filter.holds(item, ctx)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Filter::Not(filter) => Ok(!filter.holds(item, ctx)?),
            Filter::Exists { path, wanted } => Ok(exists(path, item, ctx)? == *wanted),
            Filter::Compare { left, operator, right } => {
                (operator.test)(&*left.node(item, ctx)?, &*right.node(item, ctx)?, ctx)
            }
        }
    }
}

/// Whether a path finds something. Even one that begins with `$` is followed from the item here, as Jayway does.
fn exists(path: &Program, item: &Value, ctx: Context<'_>) -> Result<bool, Fault> {
    if path.plain {
        ctx.visit(path.steps.len())?;
        return Ok(path.find(item).is_ok());
    }
    match eval::evaluate(path, item, ctx, Missing::Fails) {
        Ok(_) => Ok(true),
        Err(Fault::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

impl Operand {
    fn node(&self, item: &Value, ctx: Context<'_>) -> Result<Cow<'_, Node>, Fault> {
        let path = match self {
            Operand::Literal(node) => return Ok(Cow::Borrowed(node)),
            Operand::Path(path) => path,
        };
        let base = if path.start == '$' { ctx.root } else { item };
        let node = if path.plain {
            ctx.visit(path.steps.len())?;
            path.find(base).map_or(Node::Undefined, Node::found)
        } else {
            match eval::evaluate(path, base, ctx, Missing::IsSkipped) {
                Ok(value) => Node::found(&value),
                Err(Fault::NotFound(_)) => Node::Undefined,
                Err(other) => return Err(other),
            }
        };
        Ok(Cow::Owned(node))
    }
}
