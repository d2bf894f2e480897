//! Functions of lists, maps and numbers.

use super::super::value::{Field, Kind, Val, number_of};
use super::{Answer, Call, Refused};
use crate::diagnostic::did_you_mean;
use crate::value::Number;

pub(super) fn length(call: &Call<'_, '_>) -> Answer {
    let length = match &call.arg(0)?.kind {
        Kind::List(items) => items.len(),
        Kind::Object(fields) => fields.len(),
        Kind::Text(text) => text.text().chars().count(),
        _ => {
            return call.wrong(0, format!("needs a list, a map or a string, and this is {}", call.arg(0)?.kind_name()));
        }
    };
    Ok(Val::number(length, call.place.clone()))
}

fn fields<'c>(call: &'c Call<'_, '_>, index: usize) -> Result<&'c [Field], Refused> {
    match &call.arg(index)?.kind {
        Kind::Object(fields) => Ok(fields),
        _ => call.wrong(index, format!("needs a map, and this is {}", call.arg(index)?.kind_name())),
    }
}

pub(super) fn keys(call: &Call<'_, '_>) -> Answer {
    call.new_list(fields(call, 0)?.iter().map(|f| Val::text(&f.key, f.key_place.clone())).collect())
}

pub(super) fn values(call: &Call<'_, '_>) -> Answer {
    call.new_list(fields(call, 0)?.iter().map(|f| f.value.clone()).collect())
}

pub(super) fn merge(call: &Call<'_, '_>) -> Answer {
    let mut all = Vec::new();
    for index in 0..call.args.len() {
        if matches!(call.arg(index)?.kind, Kind::Null) {
            continue;
        }
        let place = call.place_of(index);
        let of = |f: &Field| Field { value: f.value.seen_from(&place), ..f.clone() };
        all.extend(fields(call, index)?.iter().map(of));
        call.pay(all.len())?;
    }
    Ok(Val::object(all, call.place.clone()))
}

pub(super) fn lookup(call: &Call<'_, '_>) -> Answer {
    let key = call.string(1)?;
    fields(call, 0)?;
    if let Some(found) = call.arg(0)?.get(&key) {
        return Ok(found.clone());
    }
    match call.args.get(2) {
        Some(default) => Ok(default.clone()),
        None => {
            let keys = call.arg(0)?.fields().iter().map(|f| &*f.key);
            let help = did_you_mean(&key, keys).map(|near| format!("did you mean `{near}`?"));
            Err(Refused::Argument(1, format!("finds no `{key}` in the map, and no default is given"), help))
        }
    }
}

pub(super) fn concat(call: &Call<'_, '_>) -> Answer {
    let mut all = Vec::new();
    for index in 0..call.args.len() {
        let place = call.place_of(index);
        all.extend(call.list(index)?.iter().map(|v| v.seen_from(&place)));
        call.pay(all.len())?;
    }
    call.new_list(all)
}

pub(super) fn flatten(call: &Call<'_, '_>) -> Answer {
    fn add(items: &[Val], all: &mut Vec<Val>, call: &Call<'_, '_>) -> Result<(), Refused> {
        for item in items {
            call.pay(1)?;
            match &item.kind {
                Kind::List(inner) => add(inner, all, call)?,
                _ => all.push(item.clone()),
            }
        }
        Ok(())
    }
    let mut all = Vec::new();
    add(call.list(0)?, &mut all, call)?;
    call.new_list(all)
}

pub(super) fn element(call: &Call<'_, '_>) -> Answer {
    let (items, index) = (call.list(0)?, call.whole(1)?);
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return call.wrong(0, "needs a list that is not empty");
    }
    let at = usize::try_from(index.rem_euclid(count)).unwrap_or(0);
    items.get(at).cloned().ok_or(Refused::Unknown)
}

pub(super) fn slice(call: &Call<'_, '_>) -> Answer {
    let (from, to) = (usize::try_from(call.whole(1)?), usize::try_from(call.whole(2)?));
    let items = call.list(0)?;
    match (from, to) {
        (Ok(from), Ok(to)) if from <= to && to <= items.len() => {
            call.new_list(items.get(from..to).unwrap_or_default().to_vec())
        }
        _ => call.wrong(1, format!("reaches beyond the list of {}", items.len())),
    }
}

pub(super) fn chunk_list(call: &Call<'_, '_>) -> Answer {
    let Some(size) = usize::try_from(call.whole(1)?).ok().filter(|n| *n > 0) else {
        return call.wrong(1, "needs a size of 1 or more");
    };
    let chunks = call.list(0)?.chunks(size).map(|c| Val::list(c.to_vec(), call.place.clone()));
    call.new_list(chunks.collect())
}

pub(super) fn coalesce(call: &Call<'_, '_>) -> Answer {
    for value in &call.args {
        match &value.kind {
            Kind::Null => {}
            Kind::Text(text) if text.text().is_empty() => {}
            _ => return Ok(value.clone()),
        }
    }
    call.wrong(0, "finds nothing but null and empty strings")
}

pub(super) fn coalesce_list(call: &Call<'_, '_>) -> Answer {
    for (index, value) in call.args.iter().enumerate() {
        if !call.list(index)?.is_empty() {
            return Ok(value.clone());
        }
    }
    call.wrong(0, "finds nothing but empty lists")
}

pub(super) fn compact(call: &Call<'_, '_>) -> Answer {
    let is_empty = |v: &&Val| matches!(&v.kind, Kind::Null) || matches!(&v.kind, Kind::Text(t) if t.text().is_empty());
    call.new_list(call.list(0)?.iter().filter(|v| !is_empty(v)).cloned().collect())
}

fn unique(call: &Call<'_, '_>, items: &[Val]) -> Result<Vec<Val>, Refused> {
    let mut all: Vec<Val> = Vec::new();
    for item in items {
        call.pay(all.len())?;
        if !all.iter().any(|other| other.same(item) == Some(true)) {
            all.push(item.clone());
        }
    }
    Ok(all)
}

pub(super) fn distinct(call: &Call<'_, '_>) -> Answer {
    call.new_list(unique(call, call.list(0)?)?)
}

/// A set has no order; Terraform goes through sets of strings in the order of the alphabet.
pub(super) fn to_set(call: &Call<'_, '_>) -> Answer {
    let mut items = unique(call, call.list(0)?)?;
    items.sort_by_key(|v| v.to_text().map(|t| t.text().to_owned()));
    call.new_list(items)
}

pub(super) fn set_union(call: &Call<'_, '_>) -> Answer {
    let mut all = Vec::new();
    for index in 0..call.args.len() {
        all.extend(call.list(index)?.iter().cloned());
    }
    let mut items = unique(call, &all)?;
    items.sort_by_key(|v| v.to_text().map(|t| t.text().to_owned()));
    call.new_list(items)
}

pub(super) fn set_product(call: &Call<'_, '_>) -> Answer {
    let mut rows: Vec<Vec<Val>> = vec![Vec::new()];
    for index in 0..call.args.len() {
        let items = call.list(index)?;
        call.pay(rows.len().saturating_mul(items.len()).saturating_mul(index + 1))?;
        let longer = |row: &Vec<Val>, item: &Val| row.iter().chain([item]).cloned().collect();
        rows = rows.iter().flat_map(|row| items.iter().map(move |item| longer(row, item))).collect();
    }
    call.new_list(rows.into_iter().map(|row| Val::list(row, call.place.clone())).collect())
}

pub(super) fn contains(call: &Call<'_, '_>) -> Answer {
    let wanted = call.arg(1)?;
    let mut is_sure = true;
    for item in call.list(0)? {
        match item.same(wanted) {
            Some(true) => return call.truth(true),
            Some(false) => {}
            None => is_sure = false,
        }
    }
    if is_sure { call.truth(false) } else { Err(Refused::Unknown) }
}

pub(super) fn index(call: &Call<'_, '_>) -> Answer {
    let wanted = call.arg(1)?;
    match call.list(0)?.iter().position(|item| item.same(wanted) == Some(true)) {
        Some(at) => Ok(Val::number(at, call.place.clone())),
        None => call.wrong(1, "does not find this in the list"),
    }
}

pub(super) fn reverse(call: &Call<'_, '_>) -> Answer {
    call.new_list(call.list(0)?.iter().rev().cloned().collect())
}

pub(super) fn sort(call: &Call<'_, '_>) -> Answer {
    let mut items = call.list(0)?.to_vec();
    call.pay(items.len())?;
    items.sort_by_key(|v| v.to_text().map(|t| t.text().to_owned()));
    call.new_list(items)
}

pub(super) fn one(call: &Call<'_, '_>) -> Answer {
    match call.list(0)? {
        [] => Ok(Val::new(Kind::Null, call.place.clone())),
        [only] => Ok(only.clone()),
        more => call.wrong(0, format!("needs a list of one or none, and this has {}", more.len())),
    }
}

pub(super) fn zip_map(call: &Call<'_, '_>) -> Answer {
    let (keys, values) = (call.list(0)?, call.list(1)?);
    if keys.len() != values.len() {
        return call.wrong(1, format!("needs as many values as keys: {} and not {}", keys.len(), values.len()));
    }
    let mut fields = Vec::new();
    for (key, value) in keys.iter().zip(values) {
        let Some(text) = key.to_text() else { return call.wrong(0, "needs keys that are strings") };
        fields.push(Field { key: text.text().into(), key_place: key.place.clone(), value: value.clone() });
    }
    Ok(Val::object(fields, call.place.clone()))
}

/// The most numbers that Terraform's `range` makes.
const LONGEST_RANGE: usize = 1024;

pub(super) fn range(call: &Call<'_, '_>) -> Answer {
    let (start, limit) = match call.args.len() {
        1 => (0.0, call.float(0)?),
        _ => (call.float(0)?, call.float(1)?),
    };
    let step = match call.args.len() {
        3 => call.float(2)?,
        _ if limit < start => -1.0,
        _ => 1.0,
    };
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0.0 && at < limit) || (step < 0.0 && at > limit) {
        if items.len() >= LONGEST_RANGE {
            return call.wrong(0, format!("makes more than {LONGEST_RANGE} numbers, which Terraform refuses"));
        }
        items.push(Val::number(number_of(at).ok_or(Refused::Unknown)?, call.place.clone()));
        at += step;
    }
    if step == 0.0 { call.wrong(2, "needs a step that is not 0") } else { call.new_list(items) }
}

fn truths(call: &Call<'_, '_>) -> Result<Vec<bool>, Refused> {
    call.list(0)?.iter().map(|v| v.to_bool().ok_or(Refused::Unknown)).collect()
}

pub(super) fn all_true(call: &Call<'_, '_>) -> Answer {
    call.truth(truths(call)?.into_iter().all(|t| t))
}

pub(super) fn any_true(call: &Call<'_, '_>) -> Answer {
    call.truth(truths(call)?.into_iter().any(|t| t))
}

pub(super) fn to_number(call: &Call<'_, '_>) -> Answer {
    let value = call.arg(0)?;
    match (&value.kind, value.to_number()) {
        (Kind::Null, _) => Ok(value.clone()),
        (_, Some(number)) => Ok(Val::number(number, value.place.clone())),
        (Kind::Text(text), None) if text.text().contains("${") => Err(Refused::Unknown),
        _ => call.wrong(0, format!("needs a number, and this is {}", value.kind_name())),
    }
}

pub(super) fn to_bool(call: &Call<'_, '_>) -> Answer {
    let value = call.arg(0)?;
    match (&value.kind, value.to_bool()) {
        (Kind::Null, _) => Ok(value.clone()),
        (_, Some(truth)) => Ok(Val::new(Kind::Bool(truth), value.place.clone())),
        (Kind::Text(text), None) if text.text().contains("${") => Err(Refused::Unknown),
        _ => call.wrong(0, "needs `true` or `false`"),
    }
}

fn computed(call: &Call<'_, '_>, of: fn(f64) -> f64) -> Answer {
    let number = number_of(of(call.float(0)?)).ok_or(Refused::Unknown)?;
    Ok(Val::number(number, call.place.clone()))
}

pub(super) fn abs(call: &Call<'_, '_>) -> Answer {
    computed(call, f64::abs)
}

pub(super) fn ceil(call: &Call<'_, '_>) -> Answer {
    computed(call, f64::ceil)
}

pub(super) fn floor(call: &Call<'_, '_>) -> Answer {
    computed(call, f64::floor)
}

fn extreme(call: &Call<'_, '_>, is_better: fn(f64, f64) -> bool) -> Answer {
    let mut best: Option<(f64, Number)> = None;
    for index in 0..call.args.len() {
        let float = call.float(index)?;
        if best.as_ref().is_none_or(|(than, _)| is_better(float, *than)) {
            best = call.arg(index)?.to_number().map(|n| (float, n));
        }
    }
    let (_, number) = best.ok_or(Refused::Unknown)?;
    Ok(Val::number(number, call.place.clone()))
}

pub(super) fn max(call: &Call<'_, '_>) -> Answer {
    extreme(call, |a, b| a > b)
}

pub(super) fn min(call: &Call<'_, '_>) -> Answer {
    extreme(call, |a, b| a < b)
}

pub(super) fn sum(call: &Call<'_, '_>) -> Answer {
    let numbers: Option<Vec<f64>> = call.list(0)?.iter().map(|v| v.to_number()?.as_f64()).collect();
    let total = numbers.ok_or(Refused::Unknown)?.into_iter().sum();
    Ok(Val::number(number_of(total).ok_or(Refused::Unknown)?, call.place.clone()))
}
