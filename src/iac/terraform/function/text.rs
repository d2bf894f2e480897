//! Functions of strings. Those that only move characters keep their places.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::super::value::{Field, Kind, Val};
use super::{Answer, Call, Refused};
use crate::source::Assembled;

pub(super) fn lower(call: &Call<'_, '_>) -> Answer {
    call.new_text(&call.string(0)?.to_lowercase())
}

pub(super) fn upper(call: &Call<'_, '_>) -> Answer {
    call.new_text(&call.string(0)?.to_uppercase())
}

pub(super) fn title(call: &Call<'_, '_>) -> Answer {
    let text = call.string(0)?;
    let mut at_start = true;
    let mut title = String::with_capacity(text.len());
    for c in text.chars() {
        if at_start {
            title.extend(c.to_uppercase())
        } else {
            title.push(c)
        }
        at_start = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    call.new_text(&title)
}

pub(super) fn reverse(call: &Call<'_, '_>) -> Answer {
    call.new_text(&call.string(0)?.chars().rev().collect::<String>())
}

pub(super) fn to_string(call: &Call<'_, '_>) -> Answer {
    match &call.arg(0)?.kind {
        Kind::Null | Kind::Unknown(_) => Ok(call.arg(0)?.clone()),
        _ => part(call, 0, |text| 0..text.len()),
    }
}

/// A part of an argument.
fn part(call: &Call<'_, '_>, index: usize, range: impl FnOnce(&str) -> Range<usize>) -> Answer {
    let text = call.text(index)?;
    let mut out = Assembled::new(text.source());
    out.push_part(&text, range(text.text()));
    call.pay(out.text().len() / 8)?;
    Ok(Val::new(Kind::Text(out.into()), call.arg(index)?.place.clone()))
}

/// The range of what is left after cutting so many bytes at the start, to an end.
fn kept(text: &str, start: &str, end: &str) -> Range<usize> {
    let from = text.len() - start.len();
    from..end.len().max(from)
}

pub(super) fn chomp(call: &Call<'_, '_>) -> Answer {
    part(call, 0, |text| 0..text.trim_end_matches(['\n', '\r']).len())
}

pub(super) fn trim_space(call: &Call<'_, '_>) -> Answer {
    part(call, 0, |text| kept(text, text.trim_start(), text.trim_end()))
}

pub(super) fn trim(call: &Call<'_, '_>) -> Answer {
    let set = call.string(1)?;
    let is_cut = |c: char| set.contains(c);
    part(call, 0, |text| kept(text, text.trim_start_matches(is_cut), text.trim_end_matches(is_cut)))
}

pub(super) fn trim_prefix(call: &Call<'_, '_>) -> Answer {
    let prefix = call.string(1)?;
    part(call, 0, |text| kept(text, text.strip_prefix(&*prefix).unwrap_or(text), text))
}

pub(super) fn trim_suffix(call: &Call<'_, '_>) -> Answer {
    let suffix = call.string(1)?;
    part(call, 0, |text| kept(text, text, text.strip_suffix(&*suffix).unwrap_or(text)))
}

pub(super) fn substr(call: &Call<'_, '_>) -> Answer {
    let (offset, length) = (call.whole(1)?, call.whole(2)?);
    part(call, 0, |text| {
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let first = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
        let last = if length < 0 { count } else { first.saturating_add(length).min(count) };
        let at = |n: i64| {
            let n = usize::try_from(n).unwrap_or(0);
            text.char_indices().nth(n).map_or(text.len(), |(at, _)| at)
        };
        at(first)..at(last).max(at(first))
    })
}

pub(super) fn starts_with(call: &Call<'_, '_>) -> Answer {
    call.truth(call.string(0)?.starts_with(&*call.string(1)?))
}

pub(super) fn ends_with(call: &Call<'_, '_>) -> Answer {
    call.truth(call.string(0)?.ends_with(&*call.string(1)?))
}

pub(super) fn contains(call: &Call<'_, '_>) -> Answer {
    call.truth(call.string(0)?.contains(&*call.string(1)?))
}

pub(super) fn indent(call: &Call<'_, '_>) -> Answer {
    let Ok(blanks) = usize::try_from(call.whole(0)?) else { return call.wrong(0, "needs a number of blanks") };
    if blanks > 1_000 {
        return call.wrong(0, "needs a number of blanks up to 1000");
    }
    let text = call.text(1)?;
    let ends: Vec<usize> = text.text().match_indices('\n').map(|(at, _)| at + 1).collect();
    call.pay(ends.len() * blanks / 8)?;
    let ranges: Vec<_> = ends.into_iter().map(|at| (at..at, " ".repeat(blanks))).collect();
    Ok(Val::new(Kind::Text(text.replaced(&ranges).into()), call.arg(1)?.place.clone()))
}

pub(super) fn join(call: &Call<'_, '_>) -> Answer {
    let separator = call.string(0)?;
    let mut out = Assembled::new(&call.place.source);
    let mut is_first = true;
    for index in 1..call.args.len() {
        for item in call.list(index)? {
            let Some(text) = item.to_text() else {
                return call.wrong(index, format!("needs a list of strings, and one of these is {}", item.kind_name()));
            };
            call.pay((text.text().len() + separator.len()) / 8)?;
            if !is_first {
                out.push_for(&separator, call.place.span);
            }
            out.push(&text, call.place.span);
            is_first = false;
        }
    }
    call.assembled(out)
}

pub(super) fn split(call: &Call<'_, '_>) -> Answer {
    let separator = call.string(0)?;
    let text = call.text(1)?;
    let mut items = Vec::new();
    let mut from = 0;
    let place = &call.arg(1)?.place;
    let mut add = |range: Range<usize>| {
        let mut out = Assembled::new(text.source());
        out.push_part(&text, range);
        items.push(Val::new(Kind::Text(out.into()), place.clone()));
    };
    if !separator.is_empty() {
        for (at, _) in text.text().match_indices(&*separator) {
            call.pay(1)?;
            add(from..at);
            from = at + separator.len();
        }
    }
    add(from..text.text().len());
    call.new_list(items)
}

/// `replace`: characters that stay keep their places, so that a definition may be a file with marks replaced.
pub(super) fn replace(call: &Call<'_, '_>) -> Answer {
    let (text, what, with) = (call.text(0)?, call.string(1)?, call.string(2)?);
    call.pay(text.text().len())?;
    let pattern = what.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let mut length = text.text().len();
    let mut ranges: Vec<(Range<usize>, String)> = Vec::new();
    match pattern {
        Some(pattern) => {
            for found in compiled(call, 1, pattern)?.captures_iter(text.text()) {
                let Some(all) = found.get(0) else { continue };
                let mut new = String::new();
                found.expand(&with, &mut new);
                length += new.len();
                call.pay(new.len() / 8)?;
                ranges.push((all.range(), new));
            }
        }
        None if what.is_empty() => return Ok(call.arg(0)?.clone()),
        None => {
            for (at, found) in text.text().match_indices(&*what) {
                length += with.len();
                call.pay(with.len() / 8)?;
                ranges.push((at..at + found.len(), with.to_string()));
            }
        }
    }
    call.pay(length / 8)?;
    Ok(Val::new(Kind::Text(text.replaced(&ranges).into()), call.arg(0)?.place.clone()))
}

fn compiled(call: &Call<'_, '_>, index: usize, pattern: &str) -> Result<Regex, Refused> {
    match RegexBuilder::new(pattern).size_limit(1 << 20).build() {
        Ok(regex) => Ok(regex),
        Err(e) => {
            let said = e.to_string();
            let why = said.lines().last().unwrap_or_default().trim().to_owned();
            call.wrong(index, format!("needs a pattern: {why}"))
        }
    }
}

pub(super) fn regex(call: &Call<'_, '_>) -> Answer {
    let (regex, text) = (compiled(call, 0, &call.string(0)?)?, call.string(1)?);
    call.pay(text.len())?;
    match regex.captures(&text) {
        Some(found) => Ok(captured(call, &regex, &found)),
        None => call.wrong(1, "finds nothing in this text"),
    }
}

pub(super) fn regex_all(call: &Call<'_, '_>) -> Answer {
    let (regex, text) = (compiled(call, 0, &call.string(0)?)?, call.string(1)?);
    call.pay(text.len())?;
    call.new_list(regex.captures_iter(&text).map(|found| captured(call, &regex, &found)).collect())
}

/// What a pattern found: the text, or its groups as a list, or as an object if they have names.
fn captured(call: &Call<'_, '_>, regex: &Regex, found: &regex::Captures<'_>) -> Val {
    let text = |m: Option<regex::Match<'_>>| match m {
        Some(m) => Val::text(m.as_str(), call.place.clone()),
        None => Val::new(Kind::Null, call.place.clone()),
    };
    let named: Vec<&str> = regex.capture_names().flatten().collect();
    if !named.is_empty() {
        let field =
            |name: &str| Field { key: name.into(), key_place: call.place.clone(), value: text(found.name(name)) };
        return Val::object(named.into_iter().map(field).collect(), call.place.clone());
    }
    match found.len() {
        1 => text(found.get(0)),
        groups => Val::list((1..groups).map(|i| text(found.get(i))).collect(), call.place.clone()),
    }
}

pub(super) fn format(call: &Call<'_, '_>) -> Answer {
    formatted(call, &call.args.iter().skip(1).cloned().collect::<Vec<_>>())
}

pub(super) fn format_list(call: &Call<'_, '_>) -> Answer {
    let given = call.args.get(1..).unwrap_or_default();
    let lists = given.iter().filter_map(|v| if let Kind::List(items) = &v.kind { Some(items.len()) } else { None });
    let mut items = Vec::new();
    for i in 0..lists.min().unwrap_or(1) {
        let of = |v: &Val| match &v.kind {
            Kind::List(items) => items.get(i).cloned().unwrap_or_else(|| v.clone()),
            _ => v.clone(),
        };
        items.push(formatted(call, &given.iter().map(of).collect::<Vec<_>>())?);
    }
    call.new_list(items)
}

/// Go's verbs as far as Terraform has them.
fn formatted(call: &Call<'_, '_>, values: &[Val]) -> Answer {
    let pattern = call.text(0)?;
    let text = pattern.text();
    let mut out = Assembled::new(&call.place.source);
    let at_pattern = call.place_of(0).span;
    let mut rest = text;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        out.push_for(rest.get(..at).unwrap_or_default(), at_pattern);
        let verb = rest.get(at + 1..).unwrap_or_default();
        let length = verb.find(|c: char| !(c.is_ascii_digit() || "+-# .[]".contains(c))).unwrap_or(verb.len());
        let (flags, after) = verb.split_at(length);
        let letter = after.chars().next();
        rest = after.get(letter.map_or(0, char::len_utf8)..).unwrap_or_default();
        if letter == Some('%') {
            out.push_for("%", at_pattern);
            continue;
        }
        let Some(value) = values.get(next) else {
            let message = format!("has more verbs in its pattern than the {} values after it", values.len());
            return call.wrong(0, message);
        };
        next += 1;
        let unfit = || {
            Refused::Argument(
                0,
                format!("has a verb `%{flags}{}` for {}", letter.unwrap_or(' '), value.kind_name()),
                None,
            )
        };
        let written = match (letter, &value.kind) {
            (Some('s' | 'v' | 'd' | 'f' | 'q' | 't' | 'g' | 'b' | 'o' | 'x' | 'X' | 'e'), Kind::Unknown(_)) => None,
            (Some('s' | 'v'), Kind::List(_) | Kind::Object(_) | Kind::Null) if letter == Some('v') => {
                let spend = |bytes: usize| call.cx.world.spend(bytes, &call.place);
                Some(super::super::value::to_json(value, &call.place.source, &spend).text().to_owned())
            }
            (Some('s' | 'v'), _) if flags.is_empty() => None,
            (Some('s' | 'v' | 't'), _) => Some(padded(value.to_text().ok_or_else(unfit)?.text(), flags)),
            (Some('q'), _) => Some(serde_json::Value::from(value.to_text().ok_or_else(unfit)?.text()).to_string()),
            (Some('d'), _) => Some(padded(&value.to_whole().ok_or_else(unfit)?.to_string(), flags)),
            (Some('x'), _) => Some(padded(&format!("{:x}", value.to_whole().ok_or_else(unfit)?), flags)),
            (Some('X'), _) => Some(padded(&format!("{:X}", value.to_whole().ok_or_else(unfit)?), flags)),
            (Some('f'), _) => {
                let number = value.to_number().and_then(|n| n.as_f64()).ok_or_else(unfit)?;
                let (width, digits) = flags.split_once('.').unwrap_or((flags, "6"));
                let digits = digits.parse::<usize>().unwrap_or(0).min(60);
                Some(padded(&format!("{number:.digits$}"), width))
            }
            _ => return Err(unfit()),
        };
        match written {
            Some(written) => out.push_for(&written, value.place.span_in(&call.place)),
            None => {
                let text = value.to_text().ok_or_else(unfit)?;
                call.pay(text.text().len() / 8)?;
                out.push(&text, call.place.span);
            }
        }
    }
    if next < values.len() {
        return call.wrong(0, format!("has {next} verbs in its pattern for {} values", values.len()));
    }
    out.push_for(rest, at_pattern);
    call.assembled(out)
}

/// Padded to the width of a verb: `5`, `-5`, `05`.
fn padded(text: &str, flags: &str) -> String {
    let is_left = flags.contains('-');
    let digits = flags.trim_start_matches(['+', '-', '#', ' ']);
    let width = digits.split('.').next().and_then(|w| w.parse::<usize>().ok()).unwrap_or(0).min(1_000);
    match text.strip_prefix('-') {
        _ if is_left => format!("{text:<width$}"),
        Some(positive) if digits.starts_with('0') => format!("-{positive:0>width$}", width = width.saturating_sub(1)),
        None if digits.starts_with('0') => format!("{text:0>width$}"),
        _ => format!("{text:>width$}"),
    }
}
