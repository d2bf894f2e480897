//! Evaluates Terraform's expressions. What is wrong is reported, and the value is then unknown, so that one mistake is
//! one finding and the next is found too.

use std::ops::Range;
use std::rc::Rc;

use hcl_edit::Span as _;
use hcl_edit::expr::{
    Array, BinaryOp, BinaryOperator, Conditional, Expression, ForExpr, Object, ObjectKey, TraversalOperator, UnaryOp,
    UnaryOperator,
};
use hcl_edit::repr::Decorated;

use super::value::{Field, Kind, Place, Val, number_of};
use super::world::{Instance, World};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::source::Assembled;
use crate::value::{Number, Str};

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Cx<'a> {
    pub world: &'a World<'a>,
    pub instance: &'a Rc<Instance>,
    /// The text that the expression was read from.
    pub input: &'a Rc<Assembled>,
    pub scope: Option<&'a Scope<'a>>,
    /// Whether only the scope's names are known, as in a template file.
    pub closed: bool,
}

/// Names that an expression around introduces.
pub(super) struct Scope<'a> {
    pub names: Vec<(Str, Val)>,
    pub outer: Option<&'a Scope<'a>>,
}

impl Scope<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&Val> {
        let own = self.names.iter().find(|(n, _)| &**n == name).map(|(_, value)| value);
        own.or_else(|| self.outer?.get(name))
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.iter().map(|(name, _)| &**name).collect();
        names.extend(self.outer.iter().flat_map(|outer| outer.names()));
        names
    }
}

impl<'a> Cx<'a> {
    pub(super) fn place(&self, range: Range<usize>) -> Place {
        Place::new(self.input.source(), self.input.span(range.start, range.end))
    }

    pub(super) fn place_of(&self, range: Option<Range<usize>>) -> Place {
        self.place(range.unwrap_or_default())
    }

    /// The characters of an expression.
    pub(super) fn written(&self, range: Option<Range<usize>>) -> &'a str {
        self.input.text().get(range.unwrap_or_default()).unwrap_or_default().trim()
    }

    /// A finding about an expression.
    pub(super) fn error(
        &self,
        code: &'static str,
        message: String,
        range: Option<Range<usize>>,
        label: &str,
    ) -> Diagnostic {
        let place = self.place_of(range);
        Diagnostic::error(code, message).at(&place.source, place.span, label)
    }

    /// What an expression is that cannot be known; the person who runs this may know it.
    pub(super) fn unknown(&self, range: Option<Range<usize>>) -> Val {
        let written = self.written(range.clone());
        match self.world.settings.given(written) {
            Some(given) => Val::text(given, self.place_of(range)),
            None => Val::unknown(written, self.place_of(range)),
        }
    }

    pub(super) fn eval(&self, expr: &Expression) -> Val {
        let at = || self.place_of(expr.span());
        if !self.world.enter(at) || !self.world.spend(1, &at()) {
            self.world.leave();
            return Val::unknown(self.written(expr.span()), at());
        }
        let value = self.eval_inner(expr);
        self.world.leave();
        value
    }

    fn eval_inner(&self, expr: &Expression) -> Val {
        let range = expr.span();
        let place = || self.place_of(range.clone());
        match expr {
            Expression::Null(_) => Val::new(Kind::Null, place()),
            Expression::Bool(b) => Val::new(Kind::Bool(*b.value()), place()),
            Expression::Number(n) => {
                let n = n.value();
                let number = match (n.as_i64(), n.as_u64()) {
                    (Some(i), _) => Some(Number::from(i)),
                    (_, Some(u)) => Some(Number::from(u)),
                    _ => n.as_f64().and_then(number_of),
                };
                number.map_or_else(|| self.unknown(range.clone()), |n| Val::number(n, place()))
            }
            Expression::String(_) => self.literal(range.unwrap_or_default()),
            Expression::StringTemplate(template) => self.quoted(template, range.unwrap_or_default()),
            Expression::HeredocTemplate(heredoc) => self.heredoc(heredoc, range.unwrap_or_default()),
            Expression::Array(array) => self.array(array, place()),
            Expression::Object(object) => self.object(object, place()),
            Expression::Parenthesis(inner) => self.eval(inner.inner()),
            Expression::Variable(name) => self.reference(name.as_str(), name.span(), &[], range),
            Expression::Traversal(traversal) => match &traversal.expr {
                Expression::Variable(name) => self.reference(name.as_str(), name.span(), &traversal.operators, range),
                other => {
                    let value = self.eval(other);
                    self.follow(value, &traversal.operators, range)
                }
            },
            Expression::Conditional(conditional) => self.conditional(conditional, range),
            Expression::FuncCall(call) => self.call(call, range),
            Expression::UnaryOp(operation) => self.unary(operation, range),
            Expression::BinaryOp(operation) => self.binary(operation, range),
            Expression::ForExpr(each) => self.for_each(each, range),
        }
    }

    fn array(&self, array: &Array, place: Place) -> Val {
        Val::list(array.iter().map(|item| self.eval(item)).collect(), place)
    }

    fn object(&self, object: &Object, place: Place) -> Val {
        let mut fields = Vec::with_capacity(object.len());
        for (key, value) in object.iter() {
            let (key, key_place) = match key {
                ObjectKey::Ident(name) => (Some(Str::from(name.as_str())), self.place_of(name.span())),
                ObjectKey::Expression(expr) => (self.key(expr), self.place_of(expr.span())),
            };
            let value = self.eval(value.expr());
            if let Some(key) = key {
                fields.push(Field { key, key_place, value });
            }
        }
        Val::object(fields, place)
    }

    /// The key that an expression gives.
    fn key(&self, expr: &Expression) -> Option<Str> {
        // A bare word is itself, whatever it would name elsewhere.
        if let Expression::Variable(name) = expr {
            return Some(name.as_str().into());
        }
        let value = self.eval(expr);
        let text = value.to_text().map(|text| text.text().into());
        if text.is_none() {
            let message = format!("`{}` is {}, and a key is a string", self.written(expr.span()), value.kind_name());
            self.world.report(self.error("wrong-type", message, expr.span(), "no key"));
        }
        text
    }

    /// Whether a condition holds; nothing if that cannot be known, which is reported if it never could.
    pub(super) fn truth(&self, expr: &Expression) -> Option<bool> {
        let value = self.eval(expr);
        let truth = value.to_bool();
        if truth.is_none() && !value.is_unknown() && value.to_text().is_none_or(|t| !t.text().contains("${")) {
            let message =
                format!("`{}` is {}, and a condition is true or false", self.written(expr.span()), value.kind_name());
            self.world.report(self.error("wrong-type", message, expr.span(), "no condition"));
        }
        truth
    }

    fn conditional(&self, conditional: &Conditional, range: Option<Range<usize>>) -> Val {
        match self.truth(&conditional.cond_expr) {
            Some(true) => self.eval(&conditional.true_expr),
            Some(false) => self.eval(&conditional.false_expr),
            None => self.unknown(range),
        }
    }

    fn unary(&self, operation: &UnaryOp, range: Option<Range<usize>>) -> Val {
        let place = self.place_of(range.clone());
        match *operation.operator.value() {
            UnaryOperator::Not => match self.truth(&operation.expr) {
                Some(truth) => Val::new(Kind::Bool(!truth), place),
                None => self.unknown(range),
            },
            UnaryOperator::Neg => {
                let value = self.eval(&operation.expr);
                let negated = value.to_number().and_then(|n| match n.as_i64() {
                    Some(i) => i.checked_neg().map(Number::from),
                    None => number_of(-n.as_f64()?),
                });
                match negated {
                    Some(number) => Val::number(number, place),
                    None => self.no_number(&value, operation.expr.span(), range),
                }
            }
        }
    }

    fn no_number(&self, value: &Val, at: Option<Range<usize>>, range: Option<Range<usize>>) -> Val {
        if !value.is_unknown() && value.to_text().is_none_or(|t| !t.text().contains("${")) {
            let message = format!("`{}` is {}, and a number is needed", self.written(at.clone()), value.kind_name());
            self.world.report(self.error("wrong-type", message, at, "no number"));
        }
        self.unknown(range)
    }

    fn binary(&self, operation: &BinaryOp, range: Option<Range<usize>>) -> Val {
        let place = self.place_of(range.clone());
        let truth = |truth: bool| Val::new(Kind::Bool(truth), place.clone());
        let operator = *operation.operator.value();
        match operator {
            BinaryOperator::And | BinaryOperator::Or => {
                let decides = operator == BinaryOperator::Or;
                return match self.truth(&operation.lhs_expr) {
                    Some(left) if left == decides => truth(left),
                    Some(_) => self.truth(&operation.rhs_expr).map_or_else(|| self.unknown(range), truth),
                    None => self.unknown(range),
                };
            }
            _ => {}
        }
        let (left, right) = (self.eval(&operation.lhs_expr), self.eval(&operation.rhs_expr));
        if matches!(operator, BinaryOperator::Eq | BinaryOperator::NotEq) {
            let same = left.same(&right).map(|same| same == (operator == BinaryOperator::Eq));
            return same.map_or_else(|| self.unknown(range), truth);
        }
        let Some(a) = left.to_number() else { return self.no_number(&left, operation.lhs_expr.span(), range) };
        let Some(b) = right.to_number() else { return self.no_number(&right, operation.rhs_expr.span(), range) };
        let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else { return self.unknown(range) };
        let whole = |of: fn(i64, i64) -> Option<i64>| of(a.as_i64()?, b.as_i64()?).map(Number::from);
        let result = match operator {
            BinaryOperator::Less => return truth(x < y),
            BinaryOperator::LessEq => return truth(x <= y),
            BinaryOperator::Greater => return truth(x > y),
            BinaryOperator::GreaterEq => return truth(x >= y),
            BinaryOperator::Plus => whole(i64::checked_add).or_else(|| number_of(x + y)),
            BinaryOperator::Minus => whole(i64::checked_sub).or_else(|| number_of(x - y)),
            BinaryOperator::Mul => whole(i64::checked_mul).or_else(|| number_of(x * y)),
            BinaryOperator::Div => number_of(x / y),
            BinaryOperator::Mod => whole(i64::checked_rem).or_else(|| number_of(x % y)),
            _ => None,
        };
        match result {
            Some(number) => Val::number(number, place),
            None => {
                let message = format!("`{}` is no number", self.written(range.clone()));
                let found = self.error("wrong-value", message, range.clone(), "cannot be computed");
                self.world.report(found.help("dividing by zero has no result"));
                self.unknown(range)
            }
        }
    }

    fn for_each(&self, each: &ForExpr, range: Option<Range<usize>>) -> Val {
        let collection = self.eval(&each.intro.collection_expr);
        let Some(items) = self.items(&collection, &each.intro.collection_expr) else { return self.unknown(range) };
        let place = self.place_of(range.clone());
        let (mut list, mut fields): (Vec<Val>, Vec<Field>) = (Vec::new(), Vec::new());
        for (key, value) in items {
            let mut names = vec![(each.intro.value_var.as_str().into(), value)];
            names.extend(each.intro.key_var.as_ref().map(|k| (k.as_str().into(), key)));
            let scope = Scope { names, outer: self.scope };
            let inner = Cx { scope: Some(&scope), ..*self };
            if let Some(condition) = &each.cond {
                match inner.truth(&condition.expr) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return self.unknown(range),
                }
            }
            let value = inner.eval(&each.value_expr);
            let Some(key) = &each.key_expr else {
                list.push(value);
                continue;
            };
            let Some(text) = inner.eval(key).to_text() else { return self.unknown(range) };
            let key_place = self.place_of(key.span());
            match fields.iter_mut().find(|f| each.grouping && *f.key == *text.text()) {
                Some(group) => {
                    if let Kind::List(items) = &mut group.value.kind {
                        Rc::make_mut(items).push(value);
                    }
                }
                None => {
                    let at = value.place.clone();
                    let value = if each.grouping { Val::list(vec![value], at) } else { value };
                    fields.push(Field { key: text.text().into(), key_place, value });
                }
            }
        }
        if each.key_expr.is_some() { Val::object(fields, place) } else { Val::list(list, place) }
    }

    /// The keys and values of a collection; none if it is not known or no collection, which is reported.
    pub(super) fn items(&self, collection: &Val, expr: &Expression) -> Option<Vec<(Val, Val)>> {
        let place = || self.place_of(expr.span());
        match &collection.kind {
            Kind::List(items) => {
                let numbered = items.iter().enumerate();
                Some(numbered.map(|(i, v)| (Val::number(i, place()), v.clone())).collect())
            }
            Kind::Object(fields) => {
                Some(fields.iter().map(|f| (Val::text(&f.key, f.key_place.clone()), f.value.clone())).collect())
            }
            Kind::Unknown(_) => None,
            _ => {
                let message =
                    format!("`{}` is {}, and no list or map", self.written(expr.span()), collection.kind_name());
                self.world.report(self.error("wrong-type", message, expr.span(), "nothing to go through"));
                None
            }
        }
    }

    /// Follows the rest of a traversal from a value.
    pub(super) fn follow(
        &self,
        start: Val,
        operators: &[Decorated<TraversalOperator>],
        whole: Option<Range<usize>>,
    ) -> Val {
        let mut value = start;
        for (i, operator) in operators.iter().enumerate() {
            let rest = operators.get(i + 1..).unwrap_or_default();
            if value.is_unknown() {
                return self.unknown(whole);
            }
            let next = match operator.value() {
                TraversalOperator::GetAttr(name) => self.member(&value, name.as_str(), operator.span()),
                TraversalOperator::LegacyIndex(index) => self.item(&value, *index.value() as i64, operator.span()),
                TraversalOperator::Index(expr) => match self.eval(expr) {
                    index if index.is_unknown() => return self.unknown(whole),
                    index => match (&value.kind, index.to_whole(), index.to_text()) {
                        (Kind::List(_), Some(index), _) => self.item(&value, index, operator.span()),
                        (_, _, Some(key)) => self.member(&value, key.text(), operator.span()),
                        _ => self.member(&value, "", operator.span()),
                    },
                },
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    let is_full = matches!(operator.value(), TraversalOperator::FullSplat(_));
                    let is_attribute =
                        |o: &&Decorated<TraversalOperator>| matches!(o.value(), TraversalOperator::GetAttr(_));
                    let each = if is_full { rest.len() } else { rest.iter().take_while(is_attribute).count() };
                    let (of_each, after) = rest.split_at(each);
                    let place = value.place.clone();
                    let items: Vec<Val> = match &value.kind {
                        Kind::Null => Vec::new(),
                        Kind::List(items) => items.to_vec(),
                        _ => vec![value.clone()],
                    };
                    let items = items.into_iter().map(|item| self.follow(item, of_each, whole.clone())).collect();
                    return self.follow(Val::list(items, place), after, whole);
                }
            };
            match next {
                Some(next) => value = next,
                None => return Val::unknown(self.written(whole.clone()), self.place_of(whole)),
            }
        }
        value.seen_from(&self.place_of(whole))
    }

    fn member(&self, value: &Val, name: &str, range: Option<Range<usize>>) -> Option<Val> {
        if let Some(found) = value.get(name) {
            return Some(found.clone());
        }
        let keys: Vec<&str> = value.fields().iter().map(|f| &*f.key).collect();
        let (message, label) = match &value.kind {
            Kind::Object(_) => (format!("there is no `{name}` in this object"), "not in it"),
            _ => (format!("`{name}` is asked of {}", value.kind_name()), "it has no members"),
        };
        let found = self.error("unknown-name", message, range, label);
        self.world.report(match did_you_mean(name, keys.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if keys.is_empty() => found,
            None => found.help(format!("it has {}", listed(keys))),
        });
        None
    }

    fn item(&self, value: &Val, index: i64, range: Option<Range<usize>>) -> Option<Val> {
        let Kind::List(items) = &value.kind else { return self.member(value, &index.to_string(), range) };
        if let Some(item) = usize::try_from(index).ok().and_then(|i| items.get(i)) {
            return Some(item.clone());
        }
        let message = format!("there is no item {index} in a list of {}", items.len());
        self.world.report(self.error("wrong-value", message, range, "counted from 0"));
        None
    }

    /// The same, in another instance and text.
    pub(super) fn elsewhere<'b>(&self, instance: &'b Rc<Instance>, input: &'b Rc<Assembled>) -> Cx<'b>
    where
        'a: 'b,
    {
        Cx { world: self.world, instance, input, scope: None, closed: false }
    }
}

/// Names for people: `a`, `b` and 3 more, in backticks.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(8);
    names.truncate(8);
    let text = names.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

/// An expression as it may stand in a sentence.
pub(super) fn shortened(written: &str) -> String {
    match written.char_indices().nth(40) {
        Some(_) => "…".to_owned(),
        None if written.contains('\n') => "…".to_owned(),
        None => written.to_owned(),
    }
}

/// The text that Terraform makes of a value.
pub(super) fn text_of(value: &Val) -> Option<Str> {
    value.to_text().map(|text| text.text().into())
}
