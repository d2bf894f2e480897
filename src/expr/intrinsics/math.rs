//! Arithmetic and random numbers.

use super::arguments::Arguments;
use crate::expr::env::Env;
use crate::random::{JavaRandom, unit_f64};
use crate::value::Value;

pub(super) fn add(arguments: &Arguments<'_>, _: &mut dyn Env) -> Result<Value, String> {
    let (a, b) = (arguments.rounded(0)?, arguments.rounded(1)?);
    Ok(a.checked_add(b).ok_or_else(|| format!("The sum of {a} and {b} is too large"))?.into())
}

pub(super) fn random(arguments: &Arguments<'_>, env: &mut dyn Env) -> Result<Value, String> {
    let (start, end) = (arguments.rounded(0)?, arguments.rounded(1)?);
    let Some(span) = end.checked_sub(start).filter(|span| *span > 0) else {
        return Err(format!("The end of the range must be greater than its start, but they are {end} and {start}"));
    };
    let offset = match (arguments.values.get(2), i32::try_from(span)) {
        (Some(_), Ok(bound)) => i64::from(JavaRandom::new(arguments.rounded(2)?).next_below(bound)),
        (Some(_), Err(_)) => part_of(span, JavaRandom::new(arguments.rounded(2)?).next_f64()),
        (None, _) => part_of(span, unit_f64(env.next_u64())),
    };
    Ok((start + offset).into())
}

fn part_of(span: i64, fraction: f64) -> i64 {
    // The product of a wide span and a fraction just below 1 can round up to the span itself.
    ((span as f64 * fraction) as i64).min(span - 1)
}
