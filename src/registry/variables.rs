//! The variables that each state of a machine references: `variableReferences` of a description.

use crate::asl::Machine;
use crate::asl::machine::{
    Condition, Distributed, InOutPath, Items, Map, Operand, Payload, State, StateKind, Text, Wait,
};
use crate::expr::jsonata::Expression;
use crate::expr::jsonata_template::JsonataTemplate;
use crate::expr::query_path::{QueryPath, Root};
use crate::value::{self, Str, Value};

/// By state, the names of the variables that it references, without `$`; states without any are left out.
pub(super) fn references(machine: &Machine) -> value::Map {
    let mut all = value::Map::new();
    for state in machine.inner.states.iter() {
        let mut names = Names::default();
        names.state(state);
        if !names.0.is_empty() {
            all.insert(state.name.clone(), names.0.into_iter().map(Value::from).collect::<Vec<_>>());
        }
    }
    all
}

/// Each name once, in the order of the state's fields.
#[derive(Default)]
struct Names(Vec<Str>);

impl Names {
    fn state(&mut self, state: &State) {
        self.in_out(&state.input_path);
        match &state.kind {
            StateKind::Pass(pass) => self.payload(pass.parameters.as_ref()),
            StateKind::Task(task) => {
                self.payload(task.parameters.as_ref());
                self.payload(task.result_selector.as_ref());
                self.operand(task.timeout.as_ref());
                self.operand(task.heartbeat.as_ref());
                self.text(task.role_arn.as_ref());
            }
            StateKind::Choice(choice) => {
                for rule in &choice.rules {
                    match &rule.condition {
                        Condition::JsonPath(rule) => rule.for_each_path(&mut |path| self.path(path)),
                        Condition::Jsonata(expression) => self.expression(expression),
                        Condition::Constant(_) => {}
                    }
                    self.template(rule.output.as_ref());
                    self.payload(rule.assign.as_ref());
                }
            }
            StateKind::Wait(Wait::Seconds(seconds)) => self.operand(Some(seconds)),
            StateKind::Wait(Wait::Timestamp(timestamp)) => self.operand(Some(timestamp)),
            StateKind::Succeed => {}
            StateKind::Fail(fail) => {
                self.text(fail.error.as_ref());
                self.text(fail.cause.as_ref());
            }
            StateKind::Parallel(parallel) => {
                self.payload(parallel.parameters.as_ref());
                self.payload(parallel.result_selector.as_ref());
            }
            StateKind::Map(map) => self.map(map),
        }
        self.template(state.output.as_ref());
        self.payload(state.assign.as_ref());
        for catcher in &state.catch {
            self.template(catcher.output.as_ref());
            self.payload(catcher.assign.as_ref());
        }
        self.in_out(&state.output_path);
    }

    fn map(&mut self, map: &Map) {
        match &map.items {
            Items::Input => {}
            Items::Path(path) => self.path(path),
            Items::Jsonata(template) => self.template(Some(template)),
        }
        self.payload(map.item_selector.as_ref());
        self.operand(map.max_concurrency.as_ref());
        if let Some(distributed) = &map.distributed {
            self.distributed(distributed);
        }
        self.payload(map.result_selector.as_ref());
    }

    fn distributed(&mut self, distributed: &Distributed) {
        if let Some(reader) = &distributed.reader {
            self.payload(reader.parameters.as_ref());
            self.operand(reader.max_items.as_ref());
        }
        if let Some(batcher) = &distributed.batcher {
            self.operand(batcher.max_items.as_ref());
            self.operand(batcher.max_bytes.as_ref());
            self.payload(batcher.batch_input.as_ref());
        }
        self.payload(distributed.writer.as_ref().and_then(|writer| writer.parameters.as_ref()));
        self.operand(distributed.tolerated_count.as_ref());
        self.operand(distributed.tolerated_percentage.as_ref());
    }

    fn payload(&mut self, payload: Option<&Payload>) {
        match payload {
            None => {}
            Some(Payload::JsonPath(template)) => template.for_each_path(&mut |path| self.path(path)),
            Some(Payload::Jsonata(template)) => self.template(Some(template)),
        }
    }
    fn operand<T>(&mut self, operand: Option<&Operand<T>>) {
        match operand {
            None | Some(Operand::Constant(_)) => {}
            Some(Operand::Path(path)) => self.path(path),
            Some(Operand::Jsonata(expression)) => self.expression(expression),
        }
    }
    fn text(&mut self, text: Option<&Text>) {
        match text {
            None | Some(Text::Constant(_)) => {}
            Some(Text::Path(path)) => path.for_each_path(&mut |path| self.path(path)),
            Some(Text::Jsonata(expression)) => self.expression(expression),
        }
    }
    fn in_out(&mut self, path: &InOutPath) {
        if let InOutPath::Path(path) = path {
            self.path(path);
        }
    }
    fn template(&mut self, template: Option<&JsonataTemplate>) {
        for (_, expression) in template.map(JsonataTemplate::expressions).unwrap_or_default() {
            self.expression(expression);
        }
    }
    fn path(&mut self, path: &QueryPath) {
        if let Root::Variable(name) = path.root() {
            self.name(name);
        }
    }
    fn expression(&mut self, expression: &Expression) {
        for name in &expression.mentions().variables {
            self.name(name);
        }
    }
    fn name(&mut self, name: &Str) {
        if !self.0.contains(name) {
            self.0.push(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(definition: &str) -> String {
        Value::from(references(&Machine::parse(definition).unwrap())).to_string()
    }

    #[test]
    fn paths_and_intrinsic_functions_reference_variables() {
        let definition = r#"{
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Assign": {"n": 1, "list": [1]}, "Next": "B"},
                "B": {
                    "Type": "Map", "ItemsPath": "$list",
                    "ItemSelector": {"n.$": "$n", "again.$": "$n", "text.$": "States.Format('{}', $name.first)"},
                    "ItemProcessor": {
                        "StartAt": "C", "States": {"C": {"Type": "Wait", "SecondsPath": "$seconds", "End": true}}
                    },
                    "Next": "D"
                },
                "D": {
                    "Type": "Choice",
                    "Choices": [{"Not": {"Variable": "$left", "NumericEqualsPath": "$right"}, "Next": "E"}],
                    "Default": "E"
                },
                "E": {"Type": "Fail", "ErrorPath": "$error", "Cause": "$cause"}
            }
        }"#;
        assert_eq!(said(definition), r#"{"B":["list","n","name"],"C":["seconds"],"D":["left","right"],"E":["error"]}"#);
    }

    #[test]
    fn expressions_reference_variables() {
        let definition = r#"{
            "QueryLanguage": "JSONata",
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Pass", "Output": {"x": "{% $a + $states.input.b %}", "y": ["{% $sum($c) + $a %}"]},
                    "Assign": {"d": "{% $d + 1 %}"}, "Next": "B"
                },
                "B": {"Type": "Wait", "Seconds": "{% ($local := $e; $local) %}", "Next": "C"},
                "C": {"Type": "Succeed"}
            }
        }"#;
        assert_eq!(said(definition), r#"{"A":["a","c","d"],"B":["e"]}"#);
    }
}
