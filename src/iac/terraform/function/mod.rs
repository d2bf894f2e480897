//! Terraform's functions, as far as definitions need them.

use std::ops::Range;
use std::rc::Rc;

use hcl_edit::Span as _;
use hcl_edit::expr::FuncCall;

use super::eval::Cx;
use super::value::{Kind, Place, Val};
use crate::diagnostic::did_you_mean;
use crate::source::Assembled;
use crate::value::Str;

mod collection;
mod encoding;
mod file;
mod text;

/// A call with its arguments evaluated.
pub(super) struct Call<'a, 'c> {
    pub cx: &'c Cx<'a>,
    pub args: Vec<Val>,
    /// Where each argument stands; an expanded one has several values in one place.
    pub spans: Vec<Option<Range<usize>>>,
    pub place: Place,
}

/// Why a call has no value.
pub(super) enum Refused {
    /// It depends on what is not known.
    Unknown,
    /// An argument, by its index, cannot be used: what is wrong with it, and what to write.
    Argument(usize, String, Option<String>),
    /// It was reported already.
    Reported,
}

type Answer = Result<Val, Refused>;

/// A function: its name, how many arguments it takes, whether it is called although one is not known, and what it does.
struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    takes_unknown: bool,
    run: fn(&Call<'_, '_>) -> Answer,
}

const MANY: usize = usize::MAX;

const fn row(name: &'static str, least: usize, most: usize, run: fn(&Call<'_, '_>) -> Answer) -> Function {
    Function { name, least, most, takes_unknown: false, run }
}

const fn open(name: &'static str, least: usize, most: usize, run: fn(&Call<'_, '_>) -> Answer) -> Function {
    Function { name, least, most, takes_unknown: true, run }
}

const FUNCTIONS: &[Function] = &[
    row("abs", 1, 1, collection::abs),
    row("abspath", 1, 1, same),
    row("alltrue", 1, 1, collection::all_true),
    row("anytrue", 1, 1, collection::any_true),
    row("base64decode", 1, 1, encoding::base64_decode),
    row("base64encode", 1, 1, encoding::base64_encode),
    row("basename", 1, 1, file::base_name),
    row("ceil", 1, 1, collection::ceil),
    row("chomp", 1, 1, text::chomp),
    row("chunklist", 2, 2, collection::chunk_list),
    open("coalesce", 1, MANY, collection::coalesce),
    row("coalescelist", 1, MANY, collection::coalesce_list),
    row("compact", 1, 1, collection::compact),
    row("concat", 1, MANY, collection::concat),
    row("contains", 2, 2, collection::contains),
    row("dirname", 1, 1, file::dir_name),
    row("distinct", 1, 1, collection::distinct),
    row("element", 2, 2, collection::element),
    row("endswith", 2, 2, text::ends_with),
    row("file", 1, 1, file::file),
    row("fileexists", 1, 1, file::file_exists),
    row("flatten", 1, 1, collection::flatten),
    row("floor", 1, 1, collection::floor),
    open("format", 1, MANY, text::format),
    row("formatlist", 1, MANY, text::format_list),
    row("indent", 2, 2, text::indent),
    row("index", 2, 2, collection::index),
    open("join", 2, MANY, text::join),
    row("jsondecode", 1, 1, encoding::json_decode),
    open("jsonencode", 1, 1, encoding::json_encode),
    row("keys", 1, 1, collection::keys),
    row("length", 1, 1, collection::length),
    row("lookup", 2, 3, collection::lookup),
    row("lower", 1, 1, text::lower),
    row("max", 1, MANY, collection::max),
    row("merge", 0, MANY, collection::merge),
    row("min", 1, MANY, collection::min),
    open("nonsensitive", 1, 1, same),
    row("one", 1, 1, collection::one),
    row("pathexpand", 1, 1, same),
    row("range", 1, 3, collection::range),
    row("regex", 2, 2, text::regex),
    row("regexall", 2, 2, text::regex_all),
    row("replace", 3, 3, text::replace),
    row("reverse", 1, 1, collection::reverse),
    open("sensitive", 1, 1, same),
    row("setproduct", 1, MANY, collection::set_product),
    row("setunion", 1, MANY, collection::set_union),
    row("slice", 3, 3, collection::slice),
    row("sort", 1, 1, collection::sort),
    row("split", 2, 2, text::split),
    row("startswith", 2, 2, text::starts_with),
    row("strcontains", 2, 2, text::contains),
    row("strrev", 1, 1, text::reverse),
    row("substr", 3, 3, text::substr),
    row("sum", 1, 1, collection::sum),
    open("templatefile", 2, 2, file::template_file),
    open("templatestring", 2, 2, file::template_string),
    row("title", 1, 1, text::title),
    row("tobool", 1, 1, collection::to_bool),
    open("tolist", 1, 1, same),
    open("tomap", 1, 1, same),
    row("tonumber", 1, 1, collection::to_number),
    row("toset", 1, 1, collection::to_set),
    open("tostring", 1, 1, text::to_string),
    row("trim", 2, 2, text::trim),
    row("trimprefix", 2, 2, text::trim_prefix),
    row("trimspace", 1, 1, text::trim_space),
    row("trimsuffix", 2, 2, text::trim_suffix),
    row("upper", 1, 1, text::upper),
    row("values", 1, 1, collection::values),
    row("yamldecode", 1, 1, encoding::yaml_decode),
    open("yamlencode", 1, 1, encoding::json_encode),
    row("zipmap", 2, 2, collection::zip_map),
];

/// Functions of Terraform whose values are not known here: of time, chance, networks, keys and files' bytes.
const KNOWN_ELSEWHERE: &[&str] = &[
    "base64gzip",
    "base64sha256",
    "base64sha512",
    "bcrypt",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "csvdecode",
    "ephemeralasnull",
    "filebase64",
    "filebase64sha256",
    "filebase64sha512",
    "filemd5",
    "fileset",
    "filesha1",
    "filesha256",
    "filesha512",
    "formatdate",
    "issensitive",
    "log",
    "matchkeys",
    "md5",
    "parseint",
    "plantimestamp",
    "pow",
    "rsadecrypt",
    "setintersection",
    "setsubtract",
    "sha1",
    "sha256",
    "sha512",
    "signum",
    "textdecodebase64",
    "textencodebase64",
    "timeadd",
    "timecmp",
    "timestamp",
    "transpose",
    "type",
    "urlencode",
    "uuid",
    "uuidv5",
];

/// Functions that look at whether an argument can be evaluated at all.
const TRYING: &[&str] = &["try", "can"];

impl Cx<'_> {
    pub(super) fn call(&self, call: &FuncCall, whole: Option<Range<usize>>) -> Val {
        let name = call.name.name.as_str();
        if call.name.is_namespaced() && call.name.namespace.first().is_none_or(|n| n.as_str() != "core") {
            return self.unknown(whole);
        }
        match name {
            "try" => return self.try_each(call, whole),
            "can" => {
                let Some(first) = call.args.get(0) else { return self.unknown(whole) };
                let (_, found) = self.world.apart(|| self.eval(first));
                return Val::new(Kind::Bool(found.is_empty()), self.place_of(whole));
            }
            _ => {}
        }
        let Some(function) = FUNCTIONS.iter().find(|f| f.name == name) else {
            return self.no_such_function(name, call, whole);
        };
        let (mut args, mut spans) = (Vec::new(), Vec::new());
        for (i, expr) in call.args.iter().enumerate() {
            let value = self.eval(expr);
            match &value.kind {
                Kind::List(items) if call.args.expand_final() && i + 1 == call.args.len() => {
                    args.extend(items.iter().cloned());
                    spans.extend(items.iter().map(|_| expr.span()));
                }
                _ => {
                    args.push(value);
                    spans.push(expr.span());
                }
            }
        }
        if args.len() < function.least || args.len() > function.most {
            let wanted = match (function.least, function.most) {
                (least, MANY) => format!("{least} or more"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            let noun = if wanted == "1" { "argument" } else { "arguments" };
            let message = format!("`{name}` takes {wanted} {noun} and gets {}", args.len());
            self.world.report(self.error("wrong-arguments", message, whole.clone(), ""));
            return self.unknown(whole);
        }
        if !function.takes_unknown && args.iter().any(Val::is_unknown) {
            return self.unknown(whole);
        }
        let place = self.place_of(whole.clone());
        let called = Call { cx: self, args, spans, place };
        match (function.run)(&called) {
            Ok(value) => value,
            Err(Refused::Unknown | Refused::Reported) => self.unknown(whole),
            Err(Refused::Argument(index, message, help)) => {
                let at = called.spans.get(index).cloned().flatten().or(whole.clone());
                let found = self.error("wrong-arguments", format!("`{name}` {message}"), at, "");
                self.world.report(match help {
                    Some(help) => found.help(help),
                    None => found,
                });
                self.unknown(whole)
            }
        }
    }

    /// The first argument that can be evaluated.
    fn try_each(&self, call: &FuncCall, whole: Option<Range<usize>>) -> Val {
        let mut last = Vec::new();
        for expr in call.args.iter() {
            let (value, found) = self.world.apart(|| self.eval(expr));
            if found.is_empty() {
                return value;
            }
            last = found;
        }
        last.into_iter().for_each(|d| self.world.report(d));
        self.unknown(whole)
    }

    fn no_such_function(&self, name: &str, call: &FuncCall, whole: Option<Range<usize>>) -> Val {
        if !KNOWN_ELSEWHERE.contains(&name) {
            let message = format!("`{name}` is no function of Terraform");
            let found = self.error("unknown-function", message, call.name.name.span(), "not a function");
            let names =
                FUNCTIONS.iter().map(|f| f.name).chain(KNOWN_ELSEWHERE.iter().copied()).chain(TRYING.iter().copied());
            self.world.report(match did_you_mean(name, names) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found,
            });
        }
        self.unknown(whole)
    }
}

impl Call<'_, '_> {
    pub(super) fn arg(&self, index: usize) -> Result<&Val, Refused> {
        self.args.get(index).ok_or(Refused::Unknown)
    }

    pub(super) fn place_of(&self, index: usize) -> Place {
        self.cx.place_of(self.spans.get(index).cloned().flatten())
    }

    fn wants(&self, index: usize, what: &str) -> Refused {
        let kind = self.args.get(index).map_or("nothing", Val::kind_name);
        Refused::Argument(index, format!("needs {what}, and this is {kind}"), None)
    }

    /// An argument as a text; one with something unknown in it is as good as unknown to those that look into it.
    pub(super) fn text(&self, index: usize) -> Result<Rc<Assembled>, Refused> {
        self.arg(index)?.to_text().ok_or_else(|| self.wants(index, "a string"))
    }

    pub(super) fn string(&self, index: usize) -> Result<Str, Refused> {
        Ok(self.text(index)?.text().into())
    }

    pub(super) fn whole(&self, index: usize) -> Result<i64, Refused> {
        self.arg(index)?.to_whole().ok_or_else(|| self.wants(index, "a whole number"))
    }

    pub(super) fn float(&self, index: usize) -> Result<f64, Refused> {
        let number = self.arg(index)?.to_number().and_then(|n| n.as_f64());
        number.ok_or_else(|| self.wants(index, "a number"))
    }

    pub(super) fn list(&self, index: usize) -> Result<&[Val], Refused> {
        match &self.arg(index)?.kind {
            Kind::List(items) => Ok(items),
            Kind::Unknown(_) => Err(Refused::Unknown),
            _ => Err(self.wants(index, "a list")),
        }
    }

    pub(super) fn wrong<T>(&self, index: usize, message: impl Into<String>) -> Result<T, Refused> {
        Err(Refused::Argument(index, message.into(), None))
    }

    /// A new text that stands for the call.
    pub(super) fn new_text(&self, text: &str) -> Answer {
        self.pay(text.len() / 8)?;
        Ok(Val::text(text, self.place.clone()))
    }

    pub(super) fn assembled(&self, text: Assembled) -> Answer {
        self.pay(text.text().len() / 8)?;
        Ok(Val::new(Kind::Text(Rc::new(text)), self.place.clone()))
    }

    pub(super) fn new_list(&self, items: Vec<Val>) -> Answer {
        self.pay(items.len())?;
        Ok(Val::list(items, self.place.clone()))
    }

    pub(super) fn truth(&self, truth: bool) -> Answer {
        Ok(Val::new(Kind::Bool(truth), self.place.clone()))
    }

    pub(super) fn pay(&self, steps: usize) -> Result<(), Refused> {
        if self.cx.world.spend(1 + steps, &self.place) { Ok(()) } else { Err(Refused::Reported) }
    }
}

/// What changes nothing that matters here.
fn same(call: &Call<'_, '_>) -> Answer {
    Ok(call.arg(0)?.clone())
}
