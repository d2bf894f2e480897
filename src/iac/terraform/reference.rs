//! What names refer to: variables, locals, modules, data sources and resources.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::parser::parse_expr;
use hcl_edit::repr::Decorated;

use super::eval::{Cx, listed, text_of};
use super::module::Declared;
use super::resource;
use super::value::{Kind, Val};
use super::world::{Instance, World, is_local};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::iac::files::joined;
use crate::source::Assembled;

type Operators<'o> = &'o [Decorated<TraversalOperator>];
type At = Option<Range<usize>>;

impl Cx<'_> {
    /// The value of a name with what follows it: `local.retry[0].MaxAttempts`.
    pub(super) fn reference(&self, root: &str, root_at: At, operators: Operators<'_>, whole: At) -> Val {
        if let Some(value) = self.scope.and_then(|scope| scope.get(root)) {
            let given = self.closed.then(|| self.world.settings.given(root)).flatten();
            let value = given.map_or_else(|| value.clone(), |given| Val::text(given, self.place_of(root_at)));
            return self.follow(value, operators, whole);
        }
        let given = self.world.settings.given(self.written(whole.clone()));
        if let Some(given) = given.filter(|_| root != "var") {
            return Val::text(given, self.place_of(whole));
        }
        if self.closed {
            return self.no_such_template_name(root, root_at, whole);
        }
        let name = operators.first().and_then(attribute);
        let rest = operators.get(1..).unwrap_or_default();
        match (root, name) {
            ("var", Some(name)) => self.variable(name, rest, whole),
            ("local", Some(name)) => self.local(name, rest, whole),
            ("module", Some(name)) => self.module_output(name, rest, whole),
            ("path", Some(name)) => self.known(self.path(name), whole),
            ("terraform", Some("workspace")) => self.known(Some("default"), whole),
            ("each", Some("key" | "value")) | ("count", Some("index")) | ("self", _) | ("terraform", _) => {
                self.unknown(whole)
            }
            ("data", Some(kind)) => self.data(kind, rest, whole),
            (kind, Some(name)) => self.resource(kind, name, rest, whole),
            (name, None) => self.no_such_name(name, root_at, whole),
        }
    }

    fn known(&self, text: Option<&str>, whole: At) -> Val {
        match text {
            Some(text) => Val::text(text, self.place_of(whole)),
            None => self.unknown(whole),
        }
    }

    fn path(&self, name: &str) -> Option<&str> {
        match name {
            "module" => Some(&self.instance.path),
            "root" | "cwd" => Some("."),
            _ => None,
        }
    }

    fn no_such_template_name(&self, name: &str, at: At, whole: At) -> Val {
        let names = self.scope.map(|scope| scope.names()).unwrap_or_default();
        let message = format!("the template names `{name}`, which it is not given");
        let found = self.error("template-variable", message, at, "no value");
        self.world.report(match did_you_mean(name, names.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => {
                found.help(format!("give it to the template: `{{ {name} = … }}`, or write `$${{{name}}}` for the text"))
            }
            None => found.help(format!("it is given {}; `$${{{name}}}` would be the text itself", listed(names))),
        });
        self.unknown(whole)
    }

    fn no_such_name(&self, name: &str, at: At, whole: At) -> Val {
        let found = self.error("unknown-name", format!("`{name}` names nothing"), at, "not a reference");
        self.world
            .report(found.help(format!("a reference has two parts, such as `local.{name}`; a text needs quotes")));
        self.unknown(whole)
    }

    /// Reports a name that the module does not declare. Where a file of the module cannot be read, that is why.
    fn undeclared<'n>(&self, what: &str, name: &str, known: impl IntoIterator<Item = &'n str>, whole: At) -> Val {
        let broken = &self.instance.module.broken;
        broken.iter().for_each(|d| self.world.report(d.clone()));
        if broken.is_empty() {
            let known: Vec<&str> = known.into_iter().collect();
            let message = format!("the module declares no {what} `{name}`");
            let found = self.error("unknown-name", message, whole.clone(), "not declared");
            self.world.report(match did_you_mean(name, known.iter().copied()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => found,
                None => found.help(format!("it declares {}", listed(known))),
            });
        }
        self.unknown(whole)
    }

    /// Evaluates something that has a name once, and reports a name that depends on itself.
    fn once(&self, instance: &Rc<Instance>, name: &str, whole: At, work: impl FnOnce() -> Val) -> Val {
        match self.world.remember(instance, name, work) {
            Some(value) => value,
            None => {
                let message = format!("`{name}` depends on itself");
                let found = self.error("cyclic-reference", message, whole.clone(), "leads back to itself");
                self.world.report(found.help("give one of the values on the way as a literal"));
                self.unknown(whole)
            }
        }
    }

    fn local(&self, name: &str, rest: Operators<'_>, whole: At) -> Val {
        let Some(local) = self.instance.module.locals.get(name) else {
            return self.undeclared("local", name, self.instance.module.locals.keys().map(String::as_str), whole);
        };
        let value = self.once(self.instance, &format!("local.{name}"), whole.clone(), || {
            self.elsewhere(self.instance, &local.input).eval(&local.value)
        });
        self.follow(value, rest, whole)
    }

    fn variable(&self, name: &str, rest: Operators<'_>, whole: At) -> Val {
        let module = &self.instance.module;
        let Some(declared) = module.variables.get(name) else {
            return self.undeclared("variable", name, module.variables.keys().map(String::as_str), whole);
        };
        let at = whole.clone();
        let value = self.once(self.instance, &format!("var.{name}"), whole.clone(), || {
            self.variable_value(name, declared)
                .unwrap_or_else(|| Val::unknown(&format!("var.{name}"), self.place_of(at)))
        });
        self.follow(value, rest, whole)
    }

    /// The value of a variable: given, an argument of the call, assigned in a file, its default.
    fn variable_value(&self, name: &str, declared: &Declared) -> Option<Val> {
        let in_module = self.elsewhere(self.instance, &declared.input);
        let given = self.world.settings.given(&format!("var.{name}")).or_else(|| self.world.settings.given(name));
        if let Some(given) = given {
            return Some(in_module.typed(given, declared));
        }
        if let Some((caller, call)) = &self.instance.caller {
            let caller = self.world.instance(*caller)?;
            let call = caller.module.calls.get(call)?;
            if let Some(argument) = call.argument(name) {
                return Some(self.elsewhere(&caller, &call.input).eval(argument));
            }
        } else if let Some(assigned) = self.instance.module.assigned.get(name) {
            return Some(self.elsewhere(self.instance, &assigned.input).eval(&assigned.value));
        }
        Some(in_module.eval(declared.argument("default")?))
    }

    /// A text that somebody gave for a variable: an expression where the variable is no string.
    fn typed(&self, given: &str, declared: &Declared) -> Val {
        let place = self.place_of(declared.block.ident.span());
        let text = || Val::text(given, place.clone());
        let is_text = match declared.argument("type") {
            None => true,
            Some(Expression::Variable(kind)) => kind.as_str() == "string",
            Some(_) => false,
        };
        let Some(expr) = (!is_text).then(|| parse_expr(given).ok()).flatten() else { return text() };
        let mut input = Assembled::new(self.input.source());
        input.push_for(given, place.span);
        let input = Rc::new(input);
        let (value, found) = self.world.apart(|| Cx { input: &input, ..*self }.eval(&expr));
        if found.is_empty() { value } else { text() }
    }

    fn module_output(&self, name: &str, rest: Operators<'_>, whole: At) -> Val {
        let module = &self.instance.module;
        let Some(call) = module.calls.get(name) else {
            return self.undeclared("module", name, module.calls.keys().map(String::as_str), whole);
        };
        let rest = without_index(rest);
        let Some(output) = rest.first().and_then(attribute) else { return self.unknown(whole) };
        let after = rest.get(1..).unwrap_or_default();
        let Some(child) = child_of(self.world, self.instance, name) else {
            return self.output_elsewhere(name, call, output, whole);
        };
        let Some(declared) = child.module.outputs.get(output) else {
            let inside = Cx { instance: &child, ..*self };
            return inside.undeclared("output", output, child.module.outputs.keys().map(String::as_str), whole);
        };
        let inside = self.elsewhere(&child, &declared.input);
        let value =
            self.once(&child, &format!("output.{output}"), whole.clone(), || match declared.argument("value") {
                Some(expr) => inside.eval(expr),
                None => inside.unknown(declared.block.ident.span()),
            });
        self.follow(value, after, whole)
    }

    /// An output of a module that is not on this machine: readable where its name says what it is.
    fn output_elsewhere(&self, name: &str, call: &Declared, output: &str, whole: At) -> Val {
        if call.argument("source").and_then(|s| s.as_str()).is_some_and(is_local) {
            self.world.report(self.elsewhere(self.instance, &call.input).no_module(name, call));
            return self.unknown(whole);
        }
        let Some((kind, arguments, is_name)) = resource::output(output) else { return self.unknown(whole) };
        let named = arguments.iter().find_map(|argument| self.certain(call, argument));
        let named = named.unwrap_or_else(|| name.to_owned());
        let text = if is_name { named } else { resource::arn_of(kind, &named) };
        Val::text(&text, self.place_of(whole))
    }

    /// The finding about a call of a module on this machine that has no instance.
    pub(super) fn no_module(&self, name: &str, call: &Declared) -> Diagnostic {
        let expr = call.argument("source");
        let source = expr.and_then(|s| s.as_str()).unwrap_or_default();
        let folder = joined(&self.instance.module.folder, source);
        let (message, label, help) = if self.world.files.is_folder(&folder) {
            let message = format!("the module `{name}` calls itself, or more modules are called than anybody has");
            (message, "leads back here", "a module can call others, but no module that calls it")
        } else {
            let message = format!("the module `{name}` is not there: `{}` is no folder", folder.display());
            (message, "names it", "the path of a module starts from the folder of the file that calls it")
        };
        self.error("file", message, expr.and_then(|e| e.span()), label).help(help)
    }

    /// An argument of a block as a text, if all of it is known. Nothing is reported: a name that cannot be known has
    /// another to stand for it.
    pub(super) fn certain(&self, declared: &Declared, argument: &str) -> Option<String> {
        let expr = declared.argument(argument)?;
        let inside = self.elsewhere(self.instance, &declared.input);
        let key = format!("{} {} {argument}", declared.source().name(), declared.span.start);
        let (value, _) = self.world.apart(|| self.world.remember(self.instance, &key, || inside.eval(expr)));
        let value = value.filter(|v| matches!(v.kind, Kind::Text(_) | Kind::Number(_)))?;
        text_of(&value).filter(|text| !text.contains("${") && !text.is_empty()).map(|text| text.to_string())
    }

    fn data(&self, kind: &str, rest: Operators<'_>, whole: At) -> Val {
        let Some(name) = rest.first().and_then(attribute) else { return self.unknown(whole) };
        let rest = without_index(rest.get(1..).unwrap_or_default());
        let Some(wanted) = rest.first().and_then(attribute) else { return self.unknown(whole) };
        let key = (kind.to_owned(), name.to_owned());
        let data = &self.instance.module.data;
        let Some(declared) = data.get(&key) else {
            let names = data.keys().filter(|(k, _)| k == kind).map(|(_, name)| &**name);
            return self.undeclared(&format!("data source `{kind}` named"), name, names, whole);
        };
        let after = rest.get(1..).unwrap_or_default();
        let (of_data, at) = (format!("data.{kind}.{name}"), whole.clone());
        let value = match (kind, wanted) {
            ("template_file", "rendered") => {
                Some(self.once(self.instance, &of_data, whole.clone(), || self.template_file(declared, at)))
            }
            ("local_file", "content") => {
                Some(self.once(self.instance, &of_data, whole.clone(), || self.local_file(declared, at)))
            }
            _ => None,
        };
        if let Some(value) = value {
            return self.follow(value, after, whole);
        }
        if let Some(text) = resource::surroundings(kind, wanted) {
            return Val::text(&text, self.place_of(whole));
        }
        self.attribute_of(kind, name, declared, rest, whole)
    }

    /// `data "template_file"`: a template and its variables.
    fn template_file(&self, declared: &Declared, whole: At) -> Val {
        let inside = self.elsewhere(self.instance, &declared.input);
        let Some(template) = declared.argument("template") else { return self.unknown(whole) };
        let text = inside.eval(template);
        let vars = declared.argument("vars").map(|vars| inside.eval(vars));
        match &text.kind {
            Kind::Text(text) => inside.render(text, vars.as_ref(), template.span()),
            _ => self.unknown(whole),
        }
    }

    fn local_file(&self, declared: &Declared, whole: At) -> Val {
        let inside = self.elsewhere(self.instance, &declared.input);
        let Some(expr) = declared.argument("filename") else { return self.unknown(whole) };
        let name = inside.eval(expr);
        inside.file(&name, expr.span()).unwrap_or_else(|| self.unknown(whole))
    }

    fn resource(&self, kind: &str, name: &str, rest: Operators<'_>, whole: At) -> Val {
        let resources = &self.instance.module.resources;
        let Some(declared) = resources.get(&(kind.to_owned(), name.to_owned())) else {
            let names = resources.keys().filter(|(k, _)| k == kind).map(|(_, name)| &**name);
            return self.undeclared(&format!("`{kind}` named"), name, names, whole);
        };
        // All of several: as far as we know there is one.
        let splat = rest
            .first()
            .is_some_and(|o| matches!(o.value(), TraversalOperator::FullSplat(_) | TraversalOperator::AttrSplat(_)));
        if splat {
            let one = self.attribute_of(kind, name, declared, rest.get(1..).unwrap_or_default(), whole.clone());
            return Val::list(vec![one], self.place_of(whole));
        }
        self.attribute_of(kind, name, declared, without_index(rest), whole)
    }

    /// An attribute: as it is written in the block, or as the provider would compute it.
    fn attribute_of(&self, kind: &str, name: &str, declared: &Declared, rest: Operators<'_>, whole: At) -> Val {
        let Some(wanted) = rest.first().and_then(attribute) else { return self.unknown(whole) };
        let after = rest.get(1..).unwrap_or_default();
        let naming = resource::naming_argument(kind);
        if wanted != naming
            && wanted != "id"
            && let Some(expr) = declared.argument(wanted)
        {
            let inside = self.elsewhere(self.instance, &declared.input);
            let key = format!("{} {} {wanted}", declared.source().name(), declared.span.start);
            let value = self.once(self.instance, &key, whole.clone(), || inside.eval(expr));
            return self.follow(value, after, whole);
        }
        let named = self.certain(declared, naming).unwrap_or_else(|| name.to_owned());
        let named = match kind {
            "aws_lambda_alias" if wanted != naming => {
                let function = self.certain(declared, "function_name").unwrap_or_else(|| name.to_owned());
                let function = function.rsplit(":function:").next().unwrap_or_default();
                format!("{function}:{named}")
            }
            _ => named,
        };
        match resource::attribute(kind, &named, wanted) {
            Some(text) => Val::text(&text, self.place_of(whole)),
            None => self.unknown(whole),
        }
    }
}

/// The instance that a call of a module on this machine makes.
pub(super) fn child_of(world: &World<'_>, parent: &Rc<Instance>, call: &str) -> Option<Rc<Instance>> {
    let source = parent.module.calls.get(call)?.argument("source")?.as_str()?;
    world.child(parent, call, source)
}

/// The name that an operator asks for.
fn attribute(operator: &Decorated<TraversalOperator>) -> Option<&str> {
    match operator.value() {
        TraversalOperator::GetAttr(name) => Some(name.as_str()),
        TraversalOperator::Index(Expression::String(name)) => Some(name.value()),
        _ => None,
    }
}

/// What follows the index of one of several: `[0]`, `["eu"]`, `[each.key]`.
fn without_index(operators: Operators<'_>) -> Operators<'_> {
    match operators.first().map(|o| o.value()) {
        Some(TraversalOperator::Index(_) | TraversalOperator::LegacyIndex(_)) => operators.get(1..).unwrap_or_default(),
        _ => operators,
    }
}

/// The folder of a path that a module names, as its root has it.
pub(super) fn in_root(instance: &Instance, named: &str) -> std::path::PathBuf {
    joined(Path::new(&instance.root), named)
}
