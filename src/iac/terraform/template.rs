//! Templates: quoted strings, heredocs and files with `${…}` and `%{…}`, as texts whose characters keep their places.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::template::{Directive, Element, HeredocTemplate, Strip, Template};

use super::eval::{Cx, Scope, shortened};
use super::value::{Kind, Val};
use crate::diagnostic::Diagnostic;
use crate::source::Assembled;

/// How a template is written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Between quotation marks, with backslash escapes.
    quoted: bool,
    /// How many blanks each line loses, for `<<-`.
    indent: usize,
}

impl Form {
    /// A template in a file of its own.
    pub(super) const PLAIN: Form = Form { quoted: false, indent: 0 };
    const QUOTED: Form = Form { quoted: true, indent: 0 };
}

/// Whether blanks are taken away before and after an element, which `~` asks for.
#[derive(Clone, Copy, Default)]
struct Trim {
    start: bool,
    end: bool,
}

impl Cx<'_> {
    /// A string between quotation marks without anything to evaluate.
    pub(super) fn literal(&self, range: Range<usize>) -> Val {
        let mut out = Assembled::new(self.input.source());
        let inner = range.start + 1..range.end.saturating_sub(1).max(range.start + 1);
        self.write_literal(inner, Form::QUOTED, false, &mut out);
        Val::new(Kind::Text(out.into()), self.place(range))
    }

    /// A string between quotation marks. One that is nothing but an interpolation is its value, whatever that is.
    pub(super) fn quoted(&self, template: &Template, range: Range<usize>) -> Val {
        if let Some(Element::Interpolation(only)) = template.as_single_element() {
            return self.eval(&only.expr);
        }
        self.template(template, Form::QUOTED, range)
    }

    pub(super) fn heredoc(&self, heredoc: &HeredocTemplate, range: Range<usize>) -> Val {
        let is_flush = self.input.text().get(range.start..).is_some_and(|text| text.starts_with("<<-"));
        let indent = if is_flush { self.indent(&heredoc.template) } else { 0 };
        self.template(&heredoc.template, Form { quoted: false, indent }, range)
    }

    /// The text of a template.
    pub(super) fn template(&self, template: &Template, form: Form, range: Range<usize>) -> Val {
        let mut out = Assembled::new(self.input.source());
        self.write(template, form, Trim::default(), true, &mut out);
        Val::new(Kind::Text(out.into()), self.place(range))
    }

    fn write(&self, template: &Template, form: Form, outer: Trim, at_line_start: bool, out: &mut Assembled) {
        let elements: Vec<&Element> = template.iter().collect();
        for (i, element) in elements.iter().enumerate() {
            let before = i.checked_sub(1).and_then(|i| elements.get(i));
            let trim = Trim {
                start: before.map_or(outer.start, |e| asks(e).1),
                end: elements.get(i + 1).map_or(outer.end, |e| asks(e).0),
            };
            match element {
                Element::Literal(text) => {
                    let Some(range) = text.span() else { continue };
                    let first = at_line_start && i == 0 && !trim.start;
                    self.write_literal(self.trimmed(range, trim), form, first, out);
                }
                Element::Interpolation(inner) => {
                    let value = self.eval(&inner.expr);
                    self.write_value(&value, &inner.expr, out);
                }
                Element::Directive(directive) => self.write_directive(directive, form, out),
            }
            if !self.world.spend(1 + out.text().len() / 4096, &self.place_of(element.span())) {
                return;
            }
        }
    }

    fn write_value(&self, value: &Val, expr: &Expression, out: &mut Assembled) {
        let place = self.place_of(expr.span());
        match value.to_text() {
            Some(text) => {
                if self.world.spend(1 + text.text().len() / 8, &place) {
                    out.push(&text, place.span);
                }
            }
            None => {
                let written = shortened(self.written(expr.span()));
                let message = format!("`{written}` is {}, which has no text", value.kind_name());
                let found = Diagnostic::error("wrong-type", message);
                let found = found.at(&place.source, place.span, "stands in a text");
                let help = match value.kind {
                    Kind::Null => format!("give it a value: `coalesce({written}, \"\")`"),
                    _ => format!("write `jsonencode({written})`"),
                };
                self.world.report(found.help(help));
            }
        }
    }

    fn write_directive(&self, directive: &Directive, form: Form, out: &mut Assembled) {
        match directive {
            Directive::If(directive) => {
                let (yes, no) = (&directive.if_expr, directive.else_expr.as_ref());
                let end = directive.endif_expr.strip;
                let Some(truth) = self.truth(&yes.cond_expr) else {
                    let place = self.place_of(yes.cond_expr.span());
                    // What is not known does not choose; the placeholder says what would.
                    out.push_for(&format!("${{{}}}", self.written(yes.cond_expr.span())), place.span);
                    return;
                };
                if truth {
                    let end = no.map_or(end, |no| no.strip);
                    let trim = Trim { start: yes.strip.strip_end(), end: end.strip_start() };
                    self.write(&yes.template, form, trim, false, out);
                } else if let Some(no) = no {
                    let trim = Trim { start: no.strip.strip_end(), end: end.strip_start() };
                    self.write(&no.template, form, trim, false, out);
                }
            }
            Directive::For(directive) => {
                let intro = &directive.for_expr;
                let trim = Trim { start: intro.strip.strip_end(), end: directive.endfor_expr.strip.strip_start() };
                let collection = self.eval(&intro.collection_expr);
                let Some(items) = self.items(&collection, &intro.collection_expr) else {
                    let place = self.place_of(intro.collection_expr.span());
                    out.push_for(&format!("${{{}}}", self.written(intro.collection_expr.span())), place.span);
                    return;
                };
                for (key, value) in items {
                    let mut names = vec![(intro.value_var.as_str().into(), value)];
                    names.extend(intro.key_var.as_ref().map(|k| (k.as_str().into(), key)));
                    let scope = Scope { names, outer: self.scope };
                    let inner = Cx { scope: Some(&scope), ..*self };
                    inner.write(&intro.template, form, trim, false, out);
                }
            }
        }
    }

    /// The range of a literal without the blanks that its neighbours take.
    fn trimmed(&self, range: Range<usize>, trim: Trim) -> Range<usize> {
        let text = self.input.text().get(range.clone()).unwrap_or_default();
        let start = if trim.start { text.len() - text.trim_start().len() } else { 0 };
        let end = if trim.end { text.trim_end().len().max(start) } else { text.len() };
        range.start + start..range.start + end
    }

    /// Writes characters of a template, with its escapes read, each where it stands.
    fn write_literal(&self, range: Range<usize>, form: Form, at_line_start: bool, out: &mut Assembled) {
        let text = self.input.text().get(range.clone()).unwrap_or_default();
        let (mut at, mut plain) = (0, 0);
        let take = |out: &mut Assembled, from: usize, to: usize| {
            out.push_part(self.input, range.start + from..range.start + to);
        };
        let skip_indent = |at: usize| {
            let line = text.get(at..).unwrap_or_default();
            let blanks = line.chars().take(form.indent).take_while(|c| *c == ' ' || *c == '\t');
            at + blanks.map(char::len_utf8).sum::<usize>()
        };
        if at_line_start {
            at = skip_indent(at);
            plain = at;
        }
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let escape = if rest.starts_with("$${") || rest.starts_with("%%{") {
                Some((3, rest.get(1..3).unwrap_or_default().to_owned()))
            } else if form.quoted && rest.starts_with('\\') {
                Some(unescaped(rest))
            } else {
                None
            };
            if let Some((length, stands_for)) = escape {
                take(out, plain, at);
                let span = self.input.span(range.start + at, range.start + at + length);
                out.push_for(&stands_for, span);
                at += length;
                plain = at;
            } else if form.indent > 0 && rest.starts_with('\n') {
                take(out, plain, at + 1);
                at = skip_indent(at + 1);
                plain = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        take(out, plain, text.len());
    }

    /// How many blanks every line of a heredoc begins with, apart from those that are nothing else.
    fn indent(&self, template: &Template) -> usize {
        let mut literals = Vec::new();
        self.collect(template, &mut literals);
        let mut least = usize::MAX;
        let mut at_line_start = true;
        let last = literals.len().saturating_sub(1);
        for (i, literal) in literals.iter().enumerate() {
            let Some(text) = literal else {
                if at_line_start {
                    least = 0;
                }
                at_line_start = false;
                continue;
            };
            for line in text.split_inclusive('\n') {
                let blanks = line.len() - line.trim_start().len();
                let is_blank = blanks == line.len() && line.ends_with('\n');
                if at_line_start && !is_blank && !(i == last && blanks == line.len()) {
                    least = least.min(blanks);
                }
                at_line_start = line.ends_with('\n');
            }
        }
        if least == usize::MAX { 0 } else { least }
    }

    /// The literals of a template in their order, and nothing for what is evaluated between them.
    fn collect<'t>(&'t self, template: &Template, literals: &mut Vec<Option<&'t str>>) {
        for element in template.iter() {
            match element {
                Element::Literal(text) => literals.push(text.span().and_then(|range| self.input.text().get(range))),
                Element::Interpolation(_) => literals.push(None),
                Element::Directive(directive) => {
                    literals.push(None);
                    match &**directive {
                        Directive::If(directive) => {
                            self.collect(&directive.if_expr.template, literals);
                            if let Some(no) = &directive.else_expr {
                                literals.push(None);
                                self.collect(&no.template, literals);
                            }
                        }
                        Directive::For(directive) => self.collect(&directive.for_expr.template, literals),
                    }
                    literals.push(None);
                }
            }
        }
    }
}

/// Whether an element takes the blanks before it, and those after it.
fn asks(element: &Element) -> (bool, bool) {
    let both = |first: Strip, last: Strip| (first.strip_start(), last.strip_end());
    match element {
        Element::Literal(_) => (false, false),
        Element::Interpolation(inner) => both(inner.strip, inner.strip),
        Element::Directive(directive) => match &**directive {
            Directive::If(directive) => both(directive.if_expr.strip, directive.endif_expr.strip),
            Directive::For(directive) => both(directive.for_expr.strip, directive.endfor_expr.strip),
        },
    }
}

/// The length of the escape a text begins with, and what it stands for.
fn unescaped(text: &str) -> (usize, String) {
    let letter = text.chars().nth(1).unwrap_or('\\');
    let code = |digits: usize| {
        let code = text.get(2..2 + digits).and_then(|d| u32::from_str_radix(d, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map(String::from).unwrap_or_default())
    };
    match letter {
        'n' => (2, "\n".into()),
        'r' => (2, "\r".into()),
        't' => (2, "\t".into()),
        'u' => code(4),
        'U' => code(8),
        other => (1 + other.len_utf8(), other.into()),
    }
}
