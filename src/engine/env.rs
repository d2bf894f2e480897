//! What expressions see: the context object, variables, the clock, the seed.

use crate::asl::machine::{State, StateKind};
use crate::engine::core::Core;
use crate::engine::thread::{MapItem, Thread};
use crate::expr::env::Env;
use crate::value::{Map, Str, Value};

/// The surroundings of a state's expressions.
pub(super) struct Surroundings<'a> {
    pub core: &'a mut Core,
    pub thread: &'a Thread,
    pub state: &'a State,
    /// The item that an ItemSelector looks at; else the thread's own.
    pub item: Option<&'a MapItem>,
    pub token: Option<&'a Str>,
}

impl Env for Surroundings<'_> {
    fn context(&self) -> Value {
        let (execution, machine) = self.core.execution_context();
        let mut state = Map::with_capacity(3);
        state.insert("EnteredTime", self.thread.entered_at.to_string());
        state.insert("Name", &self.state.name);
        if matches!(self.state.kind, StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)) {
            state.insert("RetryCount", self.thread.retry_count);
        }
        let mut context = Map::with_capacity(5);
        context.insert("Execution", execution);
        context.insert("StateMachine", machine);
        context.insert("State", state);
        if let Some(token) = self.token {
            context.insert("Task", Value::object([("Token", token.into())]));
        }
        if let Some(item) = self.item.or(self.thread.item.as_deref()) {
            let mut of_item = Map::with_capacity(3);
            of_item.insert("Index", item.index);
            of_item.insert("Value", item.value.clone());
            if let Some(source) = &item.source {
                of_item.insert("Source", source);
            }
            context.insert("Map", Value::object([("Item", of_item.into())]));
        }
        for (name, value) in self.core.settings.context.iter().flat_map(Map::iter) {
            merge(&mut context, name, value);
        }
        context.into()
    }
    fn variable(&self, name: &str) -> Option<Value> {
        self.thread.scope.get(name).cloned()
    }
    fn now_millis(&self) -> i64 {
        self.core.now.as_millis()
    }
    fn next_u64(&mut self) -> u64 {
        self.core.random.next_u64()
    }
}

/// Puts a member given by the test into the context object; objects are merged member by member.
fn merge(into: &mut Map, name: &Str, value: &Value) {
    match (into.get_mut(name).and_then(Value::as_object_mut), value.as_object()) {
        (Some(old), Some(new)) => {
            for (k, v) in new.iter() {
                merge(old, k, v);
            }
        }
        _ => {
            into.insert(name.clone(), value.clone());
        }
    }
}

impl Core {
    /// `$$.Execution` and `$$.StateMachine`, which never change.
    fn execution_context(&self) -> (Value, Value) {
        self.context
            .get_or_init(|| {
                let s = &self.settings;
                let mut execution = Map::with_capacity(6);
                execution.insert("Id", &s.execution_arn);
                execution.insert("Input", self.input.clone());
                execution.insert("StartTime", self.started_at.to_string());
                execution.insert("Name", &s.execution_name);
                execution.insert("RoleArn", &s.role_arn);
                if !s.synchronous {
                    execution.insert("RedriveCount", 0);
                }
                let machine = Value::object([("Id", (&s.machine_arn).into()), ("Name", (&s.machine_name).into())]);
                (execution.into(), machine)
            })
            .clone()
    }
}
