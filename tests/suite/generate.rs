//! A small generator of valid machines with mocks, for the laws.
//!
//! A machine is a tree of [`Node`]s, which proptest makes and shrinks; [`Plan::definition`] writes it down as a
//! definition and [`Plan::harness`] gives every task its mock. States hand their input on with something added, so
//! that `$.n` and `$.items` are there wherever a state looks for them.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::mock::{self, Mock, Reply};
use rehearsal::prelude::*;
use serde_json::{Map, Value};

/// A machine, what it is given and who answers it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub jsonata: bool,
    pub express: bool,
    pub timeout: Option<u64>,
    pub seed: u64,
    pub n: i64,
    pub nodes: Vec<Node>,
}

/// One state, or a few that belong together.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Pass { kind: PassKind, jsonata: bool },
    Task(Box<Task>),
    Choice { limit: i64, jsonata: bool, then: Vec<Node>, otherwise: Vec<Node> },
    Wait { seconds: u64, kind: WaitKind, jsonata: bool },
    Succeed,
    Fail { jsonata: bool },
    Parallel { branches: Vec<Vec<Node>>, handling: Handling, jsonata: bool },
    Map { items: usize, concurrency: u64, style: MapStyle, body: Vec<Node>, handling: Handling, jsonata: bool },
    Loop { turns: u64, jsonata: bool, body: Vec<Node> },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum PassKind {
    Result,
    Computed,
    Random,
    Assign,
    MissingPath,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum WaitKind {
    Constant,
    Computed,
    Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum MapStyle {
    Inline,
    Distributed { tolerated: Option<u64>, batch: Option<u64> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    FunctionArn,
    Invoke,
    Token,
    Activity,
    Job,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub resource: Resource,
    pub timeout: Option<u64>,
    pub heartbeat: bool,
    pub handling: Handling,
    pub replies: Vec<Answer>,
    pub jsonata: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub kind: AnswerKind,
    pub takes: u64,
    pub times: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum AnswerKind {
    Value,
    Error(usize),
    TimedOut,
    Silence,
}

/// Retry and Catch of a state.
#[derive(Clone, Debug)]
pub(crate) struct Handling {
    pub retries: Vec<(usize, u64, u64, bool)>,
    pub catches: bool,
}

/// Errors that mocks report and retriers name.
const ERRORS: [&str; 4] = ["Busy", "Broken", "States.Timeout", "States.TaskFailed"];

fn handling() -> impl Strategy<Value = Handling> {
    let retrier = (0..ERRORS.len(), 0..3_u64, 1..4_u64, any::<bool>());
    (vec(retrier, 0..3), any::<bool>()).prop_map(|(retries, catches)| Handling { retries, catches })
}

fn answer() -> impl Strategy<Value = Answer> {
    let kind = prop_oneof![
        4 => Just(AnswerKind::Value),
        3 => (0..2_usize).prop_map(AnswerKind::Error),
        1 => Just(AnswerKind::TimedOut),
        1 => Just(AnswerKind::Silence),
    ];
    (kind, 0..6_u64, 1..3_u64).prop_map(|(kind, takes, times)| Answer { kind, takes, times })
}

fn task() -> impl Strategy<Value = Node> {
    let resource = prop_oneof![
        Just(Resource::FunctionArn),
        Just(Resource::Invoke),
        Just(Resource::Token),
        Just(Resource::Activity),
        Just(Resource::Job),
    ];
    (resource, proptest::option::of(2..6_u64), any::<bool>(), handling(), vec(answer(), 1..4), any::<bool>()).prop_map(
        |(resource, timeout, heartbeat, handling, replies, jsonata)| {
            Node::Task(Box::new(Task { resource, timeout, heartbeat, handling, replies, jsonata }))
        },
    )
}

fn leaf() -> impl Strategy<Value = Node> {
    let pass_kind = prop_oneof![
        3 => Just(PassKind::Result),
        3 => Just(PassKind::Computed),
        3 => Just(PassKind::Random),
        3 => Just(PassKind::Assign),
        1 => Just(PassKind::MissingPath),
    ];
    let wait_kind = prop_oneof![Just(WaitKind::Constant), Just(WaitKind::Computed), Just(WaitKind::Timestamp)];
    prop_oneof![
        4 => (pass_kind, any::<bool>()).prop_map(|(kind, jsonata)| Node::Pass { kind, jsonata }),
        6 => task(),
        2 => (0..8_u64, wait_kind, any::<bool>())
            .prop_map(|(seconds, kind, jsonata)| Node::Wait { seconds, kind, jsonata }),
        1 => Just(Node::Succeed),
        1 => any::<bool>().prop_map(|jsonata| Node::Fail { jsonata }),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(3, 24, 3, |inner| {
        let flow = vec(inner, 0..3);
        let style = prop_oneof![
            2 => Just(MapStyle::Inline),
            1 => (proptest::option::of(0..3_u64), proptest::option::of(1..3_u64))
                .prop_map(|(tolerated, batch)| MapStyle::Distributed { tolerated, batch }),
        ];
        prop_oneof![
            2 => (0..4_i64, any::<bool>(), flow.clone(), flow.clone())
                .prop_map(|(limit, jsonata, then, otherwise)| Node::Choice { limit, jsonata, then, otherwise }),
            2 => (vec(flow.clone(), 1..4), handling(), any::<bool>())
                .prop_map(|(branches, handling, jsonata)| Node::Parallel { branches, handling, jsonata }),
            3 => (0..4_usize, 0..3_u64, style, flow.clone(), handling(), any::<bool>()).prop_map(
                |(items, concurrency, style, body, handling, jsonata)| Node::Map {
                    items, concurrency, style, body, handling, jsonata,
                },
            ),
            1 => (0..3_u64, any::<bool>(), flow)
                .prop_map(|(turns, jsonata, body)| Node::Loop { turns, jsonata, body }),
        ]
    })
}

/// Machines of every state type in both query languages, with mocks that answer, fail, dawdle and fall silent.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let odds = prop_oneof![3 => Just(false), 1 => Just(true)];
    let timeout = prop_oneof![4 => Just(None), 1 => (1..30_u64).prop_map(Some)];
    (any::<bool>(), odds, timeout, any::<u64>(), 0..4_i64, vec(node(), 1..5))
        .prop_map(|(jsonata, express, timeout, seed, n, nodes)| Plan { jsonata, express, timeout, seed, n, nodes })
}

impl Plan {
    pub(crate) fn definition(&self) -> Value {
        let mut writer = Writer::new(self);
        let start = writer.scope(&self.nodes);
        let states = std::mem::take(&mut writer.states);
        let mut definition = json!({ "StartAt": start, "States": states });
        if self.jsonata {
            definition["QueryLanguage"] = "JSONata".into();
        }
        if let Some(seconds) = self.timeout {
            definition["TimeoutSeconds"] = seconds.into();
        }
        definition
    }
    pub(crate) fn machine(&self) -> Machine {
        self.compile(&self.definition().to_string())
    }
    pub(crate) fn compile(&self, text: &str) -> Machine {
        let machine_type = if self.express { MachineType::Express } else { MachineType::Standard };
        let options = CompileOptions::default().name("generated").machine_type(machine_type);
        match Machine::parse_with(text, &options) {
            Ok(machine) => machine,
            Err(e) => panic!("a generated machine does not compile: {e}\n{:#}", self.definition()),
        }
    }
    pub(crate) fn input(&self) -> Value {
        json!({ "n": self.n, "items": [1, "two", null] })
    }
    pub(crate) fn mocks(&self) -> Vec<(String, Mock)> {
        let mut writer = Writer::new(self);
        writer.scope(&self.nodes);
        // A task that nothing leads to was left out, and a mock must not name it.
        let written = Value::from(std::mem::take(&mut writer.states)).to_string();
        writer.mocks.retain(|(state, _)| written.contains(&format!("\"{state}\":{{")));
        writer.mocks
    }
    pub(crate) fn harness(&self) -> Harness {
        let harness = Harness::new(&self.machine()).seed(self.seed);
        self.mocks().into_iter().fold(harness, |h, (state, mock)| h.mock(&state, mock))
    }
}

/// Writes a plan down.
struct Writer<'a> {
    plan: &'a Plan,
    count: usize,
    states: Map<String, Value>,
    mocks: Vec<(String, Mock)>,
}

impl Writer<'_> {
    fn new(plan: &Plan) -> Writer<'_> {
        Writer { plan, count: 0, states: Map::new(), mocks: Vec::new() }
    }
    fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind} {}", self.count)
    }
    fn put(&mut self, name: &str, jsonata: bool, mut state: Value) {
        // A machine in JSONata has JSONata throughout; in a JSONPath machine each state may choose.
        if jsonata && !self.plan.jsonata {
            state["QueryLanguage"] = "JSONata".into();
        }
        self.states.insert(name.to_owned(), state);
    }
    /// A whole scope: the root, a branch or an item's machine. Gives its first state.
    fn scope(&mut self, nodes: &[Node]) -> String {
        let end = self.name("End");
        self.put(&end, false, json!({ "Type": "Succeed" }));
        let start = self.flow(nodes, &end);
        let reached = self.reached_from(&start);
        self.states.retain(|name, _| reached.contains(name));
        start
    }
    fn sub_machine(&mut self, nodes: &[Node]) -> Value {
        let outer = std::mem::take(&mut self.states);
        let start = self.scope(nodes);
        let states = std::mem::replace(&mut self.states, outer);
        json!({ "StartAt": start, "States": states })
    }
    /// States one after the other, then on to `next`. Gives the first one's name.
    fn flow(&mut self, nodes: &[Node], next: &str) -> String {
        // What comes behind an end cannot be reached, and a definition must not hold it.
        let end = nodes.iter().position(|n| matches!(n, Node::Succeed | Node::Fail { .. }));
        let nodes = &nodes[..end.map_or(nodes.len(), |i| i + 1)];
        nodes.iter().rev().fold(next.to_owned(), |next, node| self.node(node, &next))
    }
    fn node(&mut self, node: &Node, next: &str) -> String {
        match node {
            Node::Pass { kind, jsonata } => self.pass(*kind, *jsonata || self.plan.jsonata, next),
            Node::Task(task) => self.task(task, next),
            Node::Choice { limit, jsonata, then, otherwise } => {
                let jsonata = *jsonata || self.plan.jsonata;
                let (then, otherwise) = (self.flow(then, next), self.flow(otherwise, next));
                let name = self.name("Choice");
                let rule = if jsonata {
                    json!({ "Condition": format!("{{% $states.input.n < {limit} %}}"), "Next": then })
                } else {
                    json!({ "Variable": "$.n", "NumericLessThan": limit, "Next": then })
                };
                self.put(&name, jsonata, json!({ "Type": "Choice", "Choices": [rule], "Default": otherwise }));
                name
            }
            Node::Wait { seconds, kind, jsonata } => self.wait(*seconds, *kind, *jsonata || self.plan.jsonata, next),
            Node::Succeed => {
                let name = self.name("Succeed");
                self.put(&name, false, json!({ "Type": "Succeed" }));
                name
            }
            Node::Fail { jsonata } => {
                let jsonata = *jsonata || self.plan.jsonata;
                let name = self.name("Fail");
                let error = if jsonata { "{% 'Bro' & 'ken' %}" } else { "Broken" };
                self.put(&name, jsonata, json!({ "Type": "Fail", "Error": error, "Cause": "it was to be" }));
                name
            }
            Node::Parallel { branches, handling, jsonata } => {
                let jsonata = *jsonata || self.plan.jsonata;
                let branches: Vec<Value> = branches.iter().map(|b| self.sub_machine(b)).collect();
                let name = self.name("Parallel");
                let mut state = json!({ "Type": "Parallel", "Branches": branches, "Next": next });
                self.finish(&name, jsonata, Some(handling), &mut state, next);
                name
            }
            Node::Map { items, concurrency, style, body, handling, jsonata } => {
                self.map(*items, *concurrency, *style, body, handling, *jsonata || self.plan.jsonata, next)
            }
            Node::Loop { turns, jsonata, body } => self.turns(*turns, *jsonata || self.plan.jsonata, body, next),
        }
    }
    fn pass(&mut self, kind: PassKind, jsonata: bool, next: &str) -> String {
        let name = self.name("Pass");
        let n = self.count;
        let place = format!("$.p{n}");
        let state = match (kind, jsonata) {
            (PassKind::Result, false) => {
                json!({ "Type": "Pass", "Result": { "text": "grün", "list": [1, 2.5] }, "ResultPath": place })
            }
            (PassKind::Computed, false) => json!({
                "Type": "Pass", "ResultPath": place,
                "Parameters": { "sum.$": "States.MathAdd($.n, 1)", "all.$": "$.items[*]", "at.$": "$$.State.EnteredTime" },
            }),
            (PassKind::Random, false) => json!({
                "Type": "Pass", "ResultPath": place,
                "Parameters": { "id.$": "States.UUID()", "dice.$": "States.MathRandom(1, 7)" },
            }),
            (PassKind::Assign, false) => {
                json!({ "Type": "Pass", "Assign": { format!("v{n}.$"): "$.n" } })
            }
            (PassKind::MissingPath, false) => json!({ "Type": "Pass", "InputPath": "$.missing" }),
            (PassKind::Result, true) => json!({ "Type": "Pass", "Output": merged(&format!("{{'p{n}': 'x'}}")) }),
            (PassKind::Computed, true) => {
                json!({ "Type": "Pass", "Output": merged(&format!("{{'p{n}': $states.input.n + 1, 'now': $now()}}")) })
            }
            (PassKind::Random, true) => {
                json!({ "Type": "Pass", "Output": merged(&format!("{{'p{n}': $uuid(), 'dice': $random()}}")) })
            }
            (PassKind::Assign, true) => {
                json!({ "Type": "Pass", "Assign": { format!("v{n}"): "{% $states.input.n %}" } })
            }
            (PassKind::MissingPath, true) => json!({ "Type": "Pass", "Output": "{% $states.input.missing %}" }),
        };
        let mut state = state;
        state["Next"] = next.into();
        self.put(&name, jsonata, state);
        name
    }
    fn wait(&mut self, seconds: u64, kind: WaitKind, jsonata: bool, next: &str) -> String {
        let name = self.name("Wait");
        let (field, value) = match (kind, jsonata) {
            (WaitKind::Constant, _) => ("Seconds", json!(seconds)),
            (WaitKind::Computed, false) => ("SecondsPath", json!("$.n")),
            (WaitKind::Computed, true) => ("Seconds", json!("{% $states.input.n %}")),
            (WaitKind::Timestamp, false) => ("Timestamp", json!(format!("2024-01-01T00:00:{seconds:02}Z"))),
            (WaitKind::Timestamp, true) => ("Timestamp", json!(format!("{{% '2024-01-01T00:00:{seconds:02}Z' %}}"))),
        };
        self.put(&name, jsonata, json!({ "Type": "Wait", field: value, "Next": next }));
        name
    }
    fn task(&mut self, task: &Task, next: &str) -> String {
        let jsonata = task.jsonata || self.plan.jsonata;
        let name = self.name("Task");
        // Express machines know request and response only.
        let resource = if self.plan.express { Resource::Invoke } else { task.resource };
        let n = if jsonata { json!({ "n": "{% $states.input.n %}" }) } else { json!({ "n.$": "$.n" }) };
        let (arn, parameters) = match resource {
            Resource::FunctionArn => ("arn:aws:lambda:us-east-1:123456789012:function:work", n),
            Resource::Invoke => ("arn:aws:states:::lambda:invoke", json!({ "FunctionName": "work", "Payload": n })),
            Resource::Token => {
                let body = if jsonata {
                    json!({ "token": "{% $states.context.Task.Token %}" })
                } else {
                    json!({ "token.$": "$$.Task.Token" })
                };
                (
                    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    json!({ "QueueUrl": "https://q", "MessageBody": body }),
                )
            }
            Resource::Activity => ("arn:aws:states:us-east-1:123456789012:activity:pack", n),
            Resource::Job => ("arn:aws:states:::glue:startJobRun.sync", json!({ "JobName": "nightly" })),
        };
        let mut state = json!({ "Type": "Task", "Resource": arn, "Next": next });
        state[if jsonata { "Arguments" } else { "Parameters" }] = parameters;
        if let Some(seconds) = task.timeout {
            state["TimeoutSeconds"] = seconds.into();
            if task.heartbeat && matches!(resource, Resource::Token | Resource::Activity) {
                state["HeartbeatSeconds"] = 1.into();
            }
        }
        self.finish(&name, jsonata, Some(&task.handling), &mut state, next);
        self.mocks.push((name.clone(), mock_of(task)));
        name
    }
    #[expect(clippy::too_many_arguments, reason = "the fields of one node, written down once")]
    fn map(
        &mut self,
        items: usize,
        concurrency: u64,
        style: MapStyle,
        body: &[Node],
        handling: &Handling,
        jsonata: bool,
        next: &str,
    ) -> String {
        let mut processor = self.sub_machine(body);
        let name = self.name("Map");
        let list: Vec<usize> = (0..items).collect();
        let mut state = json!({ "Type": "Map", "MaxConcurrency": concurrency, "Next": next });
        let (n, index) = ("$.n", "$$.Map.Item.Index");
        if jsonata {
            state["Items"] = json!(list);
            state["ItemSelector"] = json!({
                "n": "{% $states.input.n %}", "items": "{% $states.input.items %}", "i": "{% $states.context.Map.Item.Index %}"
            });
        } else {
            let source = self.name("Items");
            self.put(&source, false, json!({ "Type": "Pass", "Result": list, "ResultPath": "$.list", "Next": name }));
            state["ItemsPath"] = "$.list".into();
            state["ItemSelector"] = json!({ "n.$": n, "items.$": "$.items", "i.$": index });
            return self.map_of(&source, &name, style, &mut processor, state, handling, jsonata, next);
        }
        self.map_of(&name.clone(), &name, style, &mut processor, state, handling, jsonata, next)
    }
    #[expect(clippy::too_many_arguments, reason = "the rest of `map`")]
    fn map_of(
        &mut self,
        first: &str,
        name: &str,
        style: MapStyle,
        processor: &mut Value,
        mut state: Value,
        handling: &Handling,
        jsonata: bool,
        next: &str,
    ) -> String {
        if let MapStyle::Distributed { tolerated, batch } = style
            && !self.plan.express
        {
            processor["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
            if let Some(most) = tolerated {
                state["ToleratedFailureCount"] = most.into();
            }
            if let Some(most) = batch {
                state["ItemBatcher"] = json!({ "MaxItemsPerBatch": most });
                // A batch holds its items in `Items`; what follows looks for `$.n` as everywhere.
                let unpack = self.name("Unpack");
                let start = processor["StartAt"].take();
                let mut pass = if self.plan.jsonata {
                    json!({ "Type": "Pass", "Output": { "n": "{% $states.input.Items[0].n %}", "items": [1] }, "Next": start })
                } else {
                    json!({ "Type": "Pass", "Parameters": { "n.$": "$.Items[0].n", "items": [1] }, "Next": start })
                };
                pass["Comment"] = "the first of the batch stands for all".into();
                processor["States"][&unpack] = pass;
                processor["StartAt"] = unpack.into();
            }
        }
        state["ItemProcessor"] = processor.take();
        self.finish(name, jsonata, Some(handling), &mut state, next);
        first.to_owned()
    }
    /// A loop that a variable counts.
    fn turns(&mut self, turns: u64, jsonata: bool, body: &[Node], next: &str) -> String {
        let (bump, test, init) = (self.name("Bump"), self.name("Again"), self.name("Loop"));
        let count = format!("turn{}", self.count);
        let first = self.flow(body, &bump);
        let (zero, plus, rule) = if jsonata {
            (
                json!({ &count: 0 }),
                json!({ &count: format!("{{% ${count} + 1 %}}") }),
                json!({ "Condition": format!("{{% ${count} < {turns} %}}"), "Next": first }),
            )
        } else {
            (
                json!({ &count: 0 }),
                json!({ format!("{count}.$"): format!("States.MathAdd(${count}, 1)") }),
                json!({ "Variable": format!("${count}"), "NumericLessThan": turns, "Next": first }),
            )
        };
        self.put(&init, jsonata, json!({ "Type": "Pass", "Assign": zero, "Next": first }));
        self.put(&bump, jsonata, json!({ "Type": "Pass", "Assign": plus, "Next": test }));
        self.put(&test, jsonata, json!({ "Type": "Choice", "Choices": [rule], "Default": next }));
        init
    }
    /// A body that ends the execution leaves states to which nothing leads, and a definition must not hold those.
    fn reached_from(&self, start: &str) -> BTreeSet<String> {
        let (mut open, mut seen) = (vec![start.to_owned()], BTreeSet::new());
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some(state) = self.states.get(&name) else { continue };
            let named = |from: &Value, field: &str| from[field].as_str().map(str::to_owned);
            open.extend(named(state, "Next").into_iter().chain(named(state, "Default")));
            for list in ["Choices", "Catch"] {
                open.extend(state[list].as_array().into_iter().flatten().filter_map(|e| named(e, "Next")));
            }
        }
        seen
    }
    /// Adds where the result goes and what happens to errors, and writes the state down.
    fn finish(&mut self, name: &str, jsonata: bool, handling: Option<&Handling>, state: &mut Value, next: &str) {
        let n = self.count;
        if jsonata {
            state["Output"] = merged(&format!("{{'r{n}': $states.result}}"));
        } else {
            state["ResultPath"] = format!("$.r{n}").into();
        }
        if let Some(handling) = handling {
            let retries = handling.retries.iter().map(|(error, attempts, interval, jitter)| {
                let mut retrier =
                    json!({ "ErrorEquals": [ERRORS[*error]], "MaxAttempts": attempts, "IntervalSeconds": interval });
                if *jitter {
                    retrier["JitterStrategy"] = "FULL".into();
                    retrier["MaxDelaySeconds"] = 4.into();
                }
                retrier
            });
            state["Retry"] = retries.collect();
            if handling.catches {
                let mut catcher = json!({ "ErrorEquals": ["States.ALL"], "Next": next });
                if jsonata {
                    catcher["Output"] = merged("{'caught': $states.errorOutput}");
                } else {
                    catcher["ResultPath"] = "$.caught".into();
                }
                state["Catch"] = json!([catcher]);
            }
        }
        self.put(name, jsonata, state.take());
    }
}

/// The state's input with something added.
fn merged(addition: &str) -> Value {
    format!("{{% $merge([$states.input, {addition}]) %}}").into()
}

fn mock_of(task: &Task) -> Mock {
    let one = |answer: &Answer| {
        let silent = task.timeout.is_some();
        let reply = match answer.kind {
            AnswerKind::Value => Reply::done(json!({ "StatusCode": 200, "Payload": { "ok": true } })),
            AnswerKind::Error(i) => Reply::failed(rehearsal::task::TaskError::new(ERRORS[i], "as told")),
            AnswerKind::TimedOut => Reply::timed_out(false),
            // Without a timeout of its own a silent task would keep the execution open for ever.
            AnswerKind::Silence if silent => Reply::never().worker("rehearsal"),
            AnswerKind::Silence => Reply::done(json!("quiet")),
        };
        Mock::from(reply.takes(answer.takes.secs())).times(answer.times)
    };
    let (last, first) = task.replies.split_last().expect("a task has a reply");
    let last = Mock::from(Reply::done(json!({ "last": true })).takes(last.takes.secs()));
    match first.iter().map(one).reduce(Mock::then) {
        Some(mock) => mock.then(last),
        None => mock::returns(json!({ "only": true })).takes(task.replies[0].takes.secs()),
    }
}
