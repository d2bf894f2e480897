//! What names in a template stand for: parameters, resources and their attributes, pseudo parameters, exports.

use crate::iac::account;
use crate::source::{Node, NodeKind, Span};
use crate::value::Value;

use super::call::Call;
use super::functions::{placed, shown};
use super::template::Template;

/// What SAM makes of a resource and names after it: what is appended to the id, and the type of what it makes.
const MADE: &[(&str, &str, &str)] = &[
    ("AWS::Serverless::Function", "Role", "AWS::IAM::Role"),
    ("AWS::Serverless::StateMachine", "Role", "AWS::IAM::Role"),
    ("AWS::Serverless::Function", "Url", "AWS::Lambda::Url"),
];

impl Template<'_> {
    /// What `Ref` gives for a name; a placeholder of that name where nothing is known.
    pub(super) fn reference(&self, name: &str, span: Span) -> Node {
        let string = |text: &str| Node::new(NodeKind::String(text.into()), span);
        if let Some(parameter) = self.section("Parameters").iter().find(|m| &*m.key == name) {
            return placed(&self.parameter(name, &parameter.value), span);
        }
        if let Some(given) = self.settings.given(name) {
            return string(given);
        }
        if let Some(value) = account::pseudo(name) {
            return string(value);
        }
        if let Some((of, own)) = self.known(name) {
            return string(&account::reference(&of, &own));
        }
        // SAM: the alias and the version that a function publishes.
        if let Some((id, part @ ("Alias" | "Version"))) = name.split_once('.')
            && let Some((of, own)) = self.known(id)
        {
            let property = self.resource(id).and_then(|r| Some(self.words(r.property("AutoPublishAlias")?)));
            let qualifier =
                if part == "Alias" { property.unwrap_or_else(|| "live".to_owned()) } else { "1".to_owned() };
            return string(&format!("{}:{qualifier}", account::arn(&of, &own)));
        }
        string(&format!("${{{name}}}"))
    }

    fn parameter(&self, name: &str, declared: &Node) -> Node {
        let of = declared.get("Type").and_then(|t| t.as_str()).map_or("String", |t| t);
        let string = |text: &str| Node::new(NodeKind::String(text.into()), declared.span);
        let given = match self.settings.given(name).map(string) {
            Some(given) => Some(given),
            None => self.given.get(name).cloned(),
        };
        // The default of such a parameter is the name under which its value is kept.
        let is_kept_elsewhere = of.starts_with("AWS::SSM::Parameter::Value");
        let value = given.or_else(|| declared.get("Default").filter(|_| !is_kept_elsewhere).cloned());
        let Some(value) = value else {
            return string(&account::promised_arn(name).unwrap_or_else(|| format!("${{{name}}}")));
        };
        let text = shown(&value);
        match of {
            "Number" => match Value::parse(text.trim()) {
                Ok(Value::Number(number)) => Node::new(NodeKind::Number(number), declared.span),
                _ => value,
            },
            _ if (of == "CommaDelimitedList" || of.starts_with("List<"))
                && !matches!(value.kind, NodeKind::Array(_)) =>
            {
                let items = text.split(',').map(|item| string(item.trim())).collect();
                Node::new(NodeKind::Array(items), declared.span)
            }
            // A default written without quotation marks is a text nevertheless.
            _ => match value.kind {
                NodeKind::Number(_) | NodeKind::Bool(_) => string(&text),
                _ => value,
            },
        }
    }

    pub(super) fn get_att(&self, call: &Call<'_>) -> Option<Node> {
        let (id, attribute) = match (call.word(), call.list()) {
            (Some(text), _) => match text.split_once('.') {
                Some((id, attribute)) => (id.to_owned(), attribute.to_owned()),
                None => (text.to_owned(), String::new()),
            },
            (None, [id, rest @ ..]) if !rest.is_empty() => {
                let rest: Vec<String> = rest.iter().map(|part| self.words(part)).collect();
                (self.words(id), rest.join("."))
            }
            _ => (String::new(), String::new()),
        };
        if attribute.is_empty() {
            self.report(
                call.span,
                "template-function",
                "`GetAtt` takes the name of a resource and of its attribute",
                "something else is written here",
                "write `!GetAtt Resource.Arn`",
            );
            return None;
        }
        self.attribute(&id, &attribute, call.span)
    }

    /// What `Fn::GetAtt` gives; a placeholder where nothing is known of the resource.
    pub(super) fn attribute(&self, id: &str, attribute: &str, span: Span) -> Option<Node> {
        let string = |text: String| Some(Node::new(NodeKind::String(text.into()), span));
        let whole = format!("{id}.{attribute}");
        if let Some(given) = self.settings.given(&whole) {
            return string(given.to_owned());
        }
        if let Some(output) = attribute.strip_prefix("Outputs.")
            && let Some(value) = self.output_of(id, output, span)
        {
            return Some(placed(&value, span));
        }
        if matches!(attribute, "Alias" | "Version") {
            return Some(self.reference(&whole, span));
        }
        match self.known(id) {
            Some((of, own)) => match account::promised_arn(attribute.strip_prefix("Outputs.").unwrap_or("")) {
                Some(arn) => string(arn),
                None => string(account::attribute(&of, &own, attribute)),
            },
            None => string(format!("${{{whole}}}")),
        }
    }

    /// The type and the name of a resource.
    fn known(&self, id: &str) -> Option<(String, String)> {
        if let Some((of, name)) = self.implied.get(id) {
            return Some((of.clone(), name.clone()));
        }
        if let Some(resource) = self.resource(id) {
            let property = account::name_property(resource.of).and_then(|name| resource.property(name));
            let named = property.and_then(|node| self.name(id, node));
            return Some((resource.of.to_owned(), named.unwrap_or_else(|| id.to_owned())));
        }
        let made = MADE.iter().find_map(|(of, suffix, made)| {
            let owner = self.resource(id.strip_suffix(suffix)?)?;
            (owner.of == *of).then(|| ((*made).to_owned(), id.to_owned()))
        });
        made.or_else(|| match id {
            "ServerlessRestApi" => Some(("AWS::ApiGateway::RestApi".to_owned(), id.to_owned())),
            "ServerlessHttpApi" => Some(("AWS::ApiGatewayV2::Api".to_owned(), id.to_owned())),
            _ => None,
        })
    }

    /// The name that a template gives a resource, where it can be known.
    pub(super) fn name(&self, id: &str, node: &Node) -> Option<String> {
        if let Some(known) = self.named.borrow().get(id) {
            return known.clone();
        }
        let key = format!("{}{id}", self.way);
        let evaluate = || self.value(node).map(|value| shown(&value));
        let name = self.state.quietly(|| self.state.once(key, &self.source, node.span, evaluate));
        let is_name =
            |name: &String| !name.is_empty() && name.len() < 1024 && !name.contains("${") && !name.contains("{{");
        let name = name.filter(is_name);
        self.named.borrow_mut().insert(id.to_owned(), name.clone());
        name
    }

    /// `Fn::ImportValue`: what a template beside this one exports, or what the name promises.
    pub(super) fn import(&self, call: &Call<'_>) -> Node {
        let name = self.argument(call).map(|v| shown(&v)).unwrap_or_default();
        let string = |text: String| Node::new(NodeKind::String(text.into()), call.span);
        if let Some(given) = self.settings.given(&name) {
            return string(given.to_owned());
        }
        let key = format!("ImportValue {name}");
        let exported = || self.exported_beside(&name);
        if let Some(value) = self.state.once(key, &self.source, call.span, exported) {
            return placed(&value, call.span);
        }
        string(account::promised_arn(&name).unwrap_or_else(|| format!("${{{name}}}")))
    }
}
