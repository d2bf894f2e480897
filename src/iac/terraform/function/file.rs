//! Functions of files: their texts, and templates filled in.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use hcl_edit::parser::parse_template;

use super::super::eval::{Cx, Scope};
use super::super::module::syntax;
use super::super::reference::in_root;
use super::super::template::Form;
use super::super::value::{Kind, Place, Val};
use super::{Answer, Call, Refused};
use crate::iac::files::MAX_TEMPLATE_BYTES;
use crate::source::{Assembled, Span};

pub(super) fn file(call: &Call<'_, '_>) -> Answer {
    let at = call.spans.first().cloned().flatten();
    call.cx.file(call.arg(0)?, at).ok_or(Refused::Reported)
}

pub(super) fn file_exists(call: &Call<'_, '_>) -> Answer {
    let path = in_root(call.cx.instance, &call.string(0)?);
    call.truth(call.cx.world.files.is_file(&path))
}

pub(super) fn template_file(call: &Call<'_, '_>) -> Answer {
    let at = call.spans.first().cloned().flatten();
    let text = call.cx.file(call.arg(0)?, at.clone()).ok_or(Refused::Reported)?;
    match &text.kind {
        Kind::Text(text) => Ok(call.cx.render(text, Some(call.arg(1)?), at)),
        _ => Err(Refused::Unknown),
    }
}

pub(super) fn template_string(call: &Call<'_, '_>) -> Answer {
    let at = call.spans.first().cloned().flatten();
    match &call.arg(0)?.kind {
        Kind::Text(text) => Ok(call.cx.render(text, Some(call.arg(1)?), at)),
        _ => Err(Refused::Unknown),
    }
}

pub(super) fn base_name(call: &Call<'_, '_>) -> Answer {
    let path = call.string(0)?;
    call.new_text(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

pub(super) fn dir_name(call: &Call<'_, '_>) -> Answer {
    let path = call.string(0)?;
    let parent = Path::new(&*path).parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    call.new_text(if parent.is_empty() { "." } else { &parent })
}

impl Cx<'_> {
    /// The text of a file whose name is a value; what is wrong is reported.
    pub(in super::super) fn file(&self, name: &Val, at: Option<Range<usize>>) -> Option<Val> {
        let place = self.place_of(at);
        let name = match &name.kind {
            // A file whose name is not known cannot be missed.
            Kind::Unknown(_) => None,
            _ => name.to_text().filter(|text| !text.text().contains("${")),
        };
        let Some(name) = name else {
            let message = "the name of this file is not known before it is deployed";
            let found = crate::diagnostic::Diagnostic::error("placeholder", message);
            let found = found.at(&place.source, place.span, "depends on what has no value here");
            self.world
                .report(found.help("give the variables in it a value: a default, or a line in `terraform.tfvars`"));
            return None;
        };
        let path = in_root(self.instance, name.text());
        match self.world.files.read(&path, MAX_TEMPLATE_BYTES) {
            Ok(source) => {
                let whole = Span::new(0, source.text().len());
                let mut text = Assembled::new(&source);
                text.push_slice(whole);
                Some(Val::new(Kind::Text(Rc::new(text)), Place::new(&source, whole)))
            }
            Err(unread) => {
                let found = self.world.files.told(unread, &path, &place.source, place.span);
                found.into_iter().for_each(|d| self.world.report(d));
                None
            }
        }
    }

    /// A template with its variables filled in. Its names are those variables only.
    pub(in super::super) fn render(&self, text: &Rc<Assembled>, vars: Option<&Val>, at: Option<Range<usize>>) -> Val {
        let template = match parse_template(text.text()) {
            Ok(template) => template,
            Err(e) => {
                self.world.report(syntax(text, e.location().offset(), e.message()));
                return self.unknown(at);
            }
        };
        let names = vars.map(|vars| vars.fields().iter().map(|f| (f.key.clone(), f.value.clone())).collect());
        let scope = Scope { names: names.unwrap_or_default(), outer: None };
        let inside = Cx { world: self.world, instance: self.instance, input: text, scope: Some(&scope), closed: true };
        let range = 0..text.text().len();
        if vars.is_some_and(Val::is_unknown) {
            // Which names there are is not known either: the template stays as it is.
            return Val::new(Kind::Text(text.clone()), inside.place(range));
        }
        inside.template(&template, Form::PLAIN, range)
    }
}
