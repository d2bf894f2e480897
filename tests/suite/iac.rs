//! Definitions where they live: what is found, what it becomes, where findings point, and what cannot be read.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rehearsal::Machine;
use rehearsal::asl::{CompileOptions, MachineType, QueryLanguage};
use rehearsal::iac::{self, Found};
use serde_json::Value;

use crate::support::shared;

fn templates(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates").join(name)
}

#[track_caller]
fn load(target: &str) -> Machine {
    match Machine::load(templates(target)) {
        Ok(machine) => machine,
        Err(e) => panic!("{target}: {e}"),
    }
}

/// A value of a machine's definition.
#[track_caller]
fn value(machine: &Machine, pointer: &str) -> Value {
    let definition = machine.definition();
    definition.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {definition:#}")).clone()
}

/// An empty folder for one test with these files in it.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("iac").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn target(folder: &Path, rest: &str) -> String {
    folder.join(rest).to_string_lossy().into_owned()
}

/// Why a machine is refused, in the form that editors read: `template.yaml:3:7: error[code]: message`, without folders.
#[track_caller]
fn refused(target: &str) -> String {
    let began = Instant::now();
    let error = match Machine::load(target) {
        Ok(_) => panic!("{target} was loaded"),
        Err(e) => e,
    };
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(!error.to_string().is_empty());
    let short = |line: String| {
        let folder = Path::new(target.split('#').next().unwrap()).parent().unwrap().to_string_lossy().into_owned();
        line.replace(&format!("{folder}/"), "")
    };
    match error.diagnostics() {
        [] => short(error.to_string()),
        found => {
            let help = found[0].help.as_deref().map_or(String::new(), |help| format!("  help: {help}"));
            short(format!("{}{help}", found.iter().map(|d| d.one_line()).collect::<Vec<_>>().join("\n")))
        }
    }
}

/// `Order@21 Standard JSONPath`: what is found, in short.
fn listed(path: &Path) -> Vec<String> {
    let show = |f: &Found| {
        let file = f.file().file_name().unwrap().to_string_lossy().into_owned();
        let language = match f.query_language() {
            Some(QueryLanguage::Jsonata) => "JSONata",
            Some(QueryLanguage::JsonPath) => "JSONPath",
            None => "unreadable",
        };
        format!("{file}:{} {} {:?} {language}", f.line(), f.id(), f.machine_type())
    };
    iac::find(path).unwrap().iter().map(show).collect()
}

#[test]
fn every_machine_of_a_folder_is_listed_once_with_its_place() {
    let mut all = listed(&templates(""));
    // Terraform has tests of its own.
    all.retain(|line| !line.starts_with("main.tf"));
    assert_eq!(
        all,
        [
            "Depot.template.json:3 Pack6F7A8B9C Standard JSONPath",
            "Shop.template.json:12 Order5E6F7A8B Standard JSONPath",
            "Shop.template.json:51 Import0A1B2C3D Standard JSONPath",
            "Shop.template.json:65 LegalNestedStackLegalNestedStackResource4B5C6D7E/Review2B3C4D5E Express JSONPath",
            "template.yaml:19 Joined Standard JSONPath",
            "template.yaml:36 Filled Express JSONPath",
            "template.yaml:59 Stack/Inner Standard JSONPath",
            "template.yaml:66 Outer Standard JSONPath",
            "template.yaml:22 Order Standard JSONPath",
            "template.yaml:34 Greet Express JSONata",
            "serverless.yml:29 order Standard JSONPath",
            "serverless.yml:58 hello Express JSONPath",
        ]
    );
    for found in iac::find(templates("")).unwrap() {
        let again = Machine::load(found.target()).unwrap();
        assert_eq!(again.definition(), found.load().unwrap().definition(), "{found:?}");
        assert_eq!(again.machine_type(), found.machine_type());
    }
}

#[test]
fn a_sam_machine_is_read_from_its_own_file_with_its_substitutions() {
    let machine = load("sam/template.yaml#Order");
    let lambda = "arn:aws:lambda:us-east-1:123456789012:function:";
    assert_eq!(value(&machine, "/States/Charge/Resource"), format!("{lambda}ChargeFunction"));
    assert_eq!(value(&machine, "/States/Charge/Retry/0/MaxAttempts"), 2);
    assert_eq!(value(&machine, "/States/CoolOff/Seconds"), 90);
    assert_eq!(value(&machine, "/States/Save/Parameters/TableName"), "Orders");
    assert_eq!(value(&machine, "/States/Ship/Resource"), format!("{lambda}ship-test:blue"));
    let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/Parcels";
    assert_eq!(value(&machine, "/States/Ship/Parameters/queue"), queue);
    assert_eq!(value(&machine, "/States/Ship/Parameters/note"), "${LeftAsItIs}");
    assert_eq!((machine.name(), machine.machine_type()), ("Order", MachineType::Standard));

    let greet = load("sam#Greet");
    assert_eq!((greet.name(), greet.machine_type()), ("test-greet", MachineType::Express));
    assert_eq!(value(&greet, "/States/Say/Arguments/table"), "Orders");
    assert_eq!(value(&greet, "/States/Say/TimeoutSeconds"), 90);
}

#[test]
fn what_the_caller_gives_wins_over_the_template() {
    let options = CompileOptions::default()
        .substitute("Wait", "7")
        .substitute("Stage", "production")
        .substitute("ChargeFunction.Arn", "arn:aws:lambda:eu-west-1:123456789012:function:other");
    let machine = Machine::load_with(templates("sam#Order"), &options).unwrap();
    assert_eq!(value(&machine, "/States/CoolOff/Seconds"), 7);
    assert_eq!(value(&machine, "/States/Charge/Retry/0/MaxAttempts"), 6);
    let other = "arn:aws:lambda:eu-west-1:123456789012:function:other";
    assert_eq!(value(&machine, "/States/Charge/Resource"), other);

    let express = options.machine_type(MachineType::Express);
    assert_eq!(Machine::load_with(templates("sam#Order"), &express).unwrap().machine_type(), MachineType::Express);
    let named = CompileOptions::default().substitute("Charge", "charge-card");
    let machine = Machine::load_with(templates("sam#Order"), &named).unwrap();
    assert_eq!(value(&machine, "/States/Charge/Resource"), "charge-card");
}

#[test]
fn cloudformation_functions_are_evaluated() {
    let joined = load("cfn/template.yaml#Joined");
    assert_eq!((joined.name(), value(&joined, "/States/Rest/Seconds")), ("joined", 5.into()));
    let filled = load("cfn/template.yaml#Filled");
    assert_eq!(filled.machine_type(), MachineType::Express);
    assert_eq!(value(&filled, "/States/Tell/Resource"), "arn:aws:states:::sns:publish");
    assert_eq!(value(&filled, "/States/Tell/Parameters/TopicArn"), "arn:aws:sns:us-east-1:123456789012:News");
    assert_eq!(value(&filled, "/States/Tell/Parameters/Message"), "b ${Literal}");
    let green = CompileOptions::default().substitute("Environment", "green");
    let joined = Machine::load_with(templates("cfn/template.yaml#Joined"), &green).unwrap();
    assert_eq!(value(&joined, "/States/Rest/Seconds"), 50);
    let filled = Machine::load_with(templates("cfn/template.yaml#Filled"), &green).unwrap();
    assert_eq!(filled.machine_type(), MachineType::Standard);
}

#[test]
fn a_nested_stack_gets_its_parameters_and_gives_its_outputs() {
    for id in ["Stack/Inner", "Inner"] {
        let inner = load(&format!("cfn/template.yaml#{id}"));
        assert_eq!(inner.name(), "Inner");
        let caller = "arn:aws:lambda:us-east-1:123456789012:function:Caller";
        assert_eq!(value(&inner, "/States/Call/Resource"), caller);
    }
    let outer = load("cfn/template.yaml#Outer");
    let parameters = value(&outer, "/States/Start/Parameters");
    assert_eq!(parameters["StateMachineArn"], "arn:aws:states:us-east-1:123456789012:stateMachine:Inner");
    assert_eq!(parameters["Imported"], "arn:aws:lambda:us-east-1:123456789012:function:AuditFunction");
    assert_eq!(parameters.get("Absent"), None);
}

#[test]
fn the_output_of_the_cdk_is_read_with_assets_nested_stacks_and_exports() {
    let charge = "arn:aws:lambda:us-east-1:123456789012:function:ChargeFunction7A1B2C3D";
    for id in ["Order", "Order5E6F7A8B", "Shop/Order/Resource", "Shop/Order"] {
        let order = load(&format!("cdk.out#{id}"));
        assert_eq!(value(&order, "/States/Charge/Parameters/FunctionName"), charge, "{id}");
    }
    assert_eq!(value(&load("cdk.out#Import"), "/StartAt"), "Work");
    assert_eq!(value(&load("cdk.out#Legal/Review"), "/States/Check/Resource"), charge);
    assert_eq!(load("cdk.out#Review").machine_type(), MachineType::Express);
    assert_eq!(value(&load("cdk.out/Depot.template.json"), "/States/Ask/Resource"), charge);
}

#[test]
fn a_serverless_file_is_read_with_its_variables_and_files() {
    let order = load("serverless/serverless.yml#order");
    assert_eq!(order.name(), "orders-dev");
    let lambda = "arn:aws:lambda:us-east-1:123456789012:function:";
    assert_eq!(value(&order, "/States/Charge/Resource"), format!("{lambda}shop-dev-charge-card"));
    assert_eq!(value(&order, "/States/Rest/Seconds"), 5);
    assert_eq!(value(&order, "/States/Ship/Resource"), format!("{lambda}ship-it"));
    assert_eq!(value(&order, "/States/Save/Parameters/TableName"), "orders-dev");
    assert_eq!(value(&order, "/States/Save/Parameters/Item/id/S.$"), "$.id");
    assert_eq!(value(&order, "/States/Pack/Resource"), "arn:aws:states:us-east-1:123456789012:activity:packing");
    let hello = load("serverless#hello");
    assert_eq!((hello.machine_type(), value(&hello, "/States/Hello/Result")), (MachineType::Express, "shop".into()));
    let live = CompileOptions::default().substitute("opt:stage", "live");
    let order = Machine::load_with(templates("serverless#order"), &live).unwrap();
    assert_eq!((order.name(), value(&order, "/States/Rest/Seconds")), ("orders-live", 500.into()));
}

/// One machine in each kind of file, with the same mistake; where it is, is where people edit it.
#[test]
fn findings_point_into_the_file_that_people_edit() {
    let bad = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"${Kind}\", \"Next\": \"${Next}\"}\n  }\n}\n";
    let sam = "Transform: AWS::Serverless-2016-10-31\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    \
               Properties:\n      DefinitionUri: m.asl.json\n      DefinitionSubstitutions:\n        Kind: Pass\n        Next: Nowhere\n";
    let text = "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: !Sub\n        - |\n          \
                {\n            \"StartAt\": \"A\",\n            \"States\": {\"A\": {\"Type\": \"Pass\", \"Next\": \"${Next}\"}}\n          }\n        - Next: Nowhere\n";
    let block = "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: !Sub |\n        {\"StartAt\": \"A\",\n         \
                 \"States\": {\"A\": {\"Type\": \"Pass\", \"Next\": \"x${AWS::Region}\"}}}\n";
    let object = "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      Definition:\n        StartAt: A\n        \
                  States:\n          A:\n            Type: Pass\n            Next: !Join [\"\", [No, where]]\n";
    let json = "{\"Resources\": {\"M\": {\"Type\": \"AWS::StepFunctions::StateMachine\", \"Properties\": {\n\"DefinitionString\": {\"Fn::Join\": [\"\", [\n\
                \"{\\\"StartAt\\\": \\\"A\\\", \\\"States\\\": {\\\"A\\\": {\\\"Type\\\": \\\"Pass\\\",\\n \\\"Next\\\": \\\"Nowhere\\\"}}}\"]]}}}}}\n";
    let serverless = "service: s\nprovider: {name: aws}\nstepFunctions:\n  stateMachines:\n    m:\n      definition: ${file(m.yml):machine}\n";
    let part = "machine:\n  StartAt: A\n  States:\n    A:\n      Type: Pass\n      Next: Nowhere\n";
    let folder = folder(
        "places",
        &[
            ("template.yaml", sam),
            ("m.asl.json", bad),
            ("text.yaml", text),
            ("block.yaml", block),
            ("object.yaml", object),
            ("out.template.json", json),
            ("serverless.yml", serverless),
            ("m.yml", part),
        ],
    );
    for (file, place, marked) in [
        ("template.yaml", "m.asl.json:4:38", "\"${Next}\""),
        ("text.yaml", "text.yaml:9:54", "\"${Next}\""),
        ("block.yaml", "block.yaml:7:51", "\"x${AWS::Region}\""),
        ("object.yaml", "object.yaml:10:19", "!Join"),
        ("out.template.json", "out.template.json:3:76", "\\\"Nowhere\\\""),
        ("serverless.yml", "m.yml:6:13", "Nowhere"),
    ] {
        let error = Machine::load(folder.join(file)).expect_err(file);
        let found = error.diagnostics().iter().find(|d| d.code == "transition-target").expect(file);
        let line = found.one_line();
        assert!(line.ends_with("there is no such state here"), "{line}");
        assert!(line.contains(&format!("/{place}: error")), "{file}: {line}\n{found}");
        let (source, label) = (found.source.as_ref().unwrap(), found.primary.as_ref().unwrap());
        let slice = source.slice(label.span);
        assert!(slice.starts_with(marked), "{file}: {slice}");
    }
}

#[test]
fn a_placeholder_without_a_value_names_those_that_have_one() {
    let machine = r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${Secnods}, "Next": "B"},
 "B": {"Type": "Task", "Resource": "${Fnuction}", "Comment": "${any} text", "End": true}}}"#;
    let sam = |substitutions: &str| {
        format!(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      \
             DefinitionUri: m.asl.json\n      DefinitionSubstitutions: {substitutions}\n  F: {{Type: AWS::Serverless::Function}}\n"
        )
    };
    let folder = folder(
        "placeholders",
        &[
            ("m.asl.json", machine),
            ("bare.yaml", &sam("{Seconds: 3, Function: !GetAtt F.Arn}")),
            ("strict.yaml", &sam("{Secnods: 3, Function: !GetAtt F.Arn}")),
            ("all.yaml", &sam("{Secnods: 3, Fnuction: !GetAtt F.Arn}")),
            ("ref.yaml", &sam("{Secnods: 3, Fnuction: !GetAtt G.Arn}")),
        ],
    );
    let said = |file: &str| refused(&target(&folder, file));
    let bare = said("bare.yaml");
    assert!(
        bare.starts_with("m.asl.json:1:62: error[placeholder]: the placeholder `${Secnods}` has no value"),
        "{bare}"
    );
    assert!(bare.contains("did you mean `${Seconds}`?"), "{bare}");
    let strict = said("strict.yaml");
    assert!(strict.starts_with("m.asl.json:2:36: error[placeholder]"), "{strict}");
    assert!(strict.contains("did you mean `${Function}`?"), "{strict}");
    let machine = Machine::load(folder.join("all.yaml")).unwrap();
    assert_eq!(value(&machine, "/States/B/Comment"), "${any} text");
    // A reference to nothing is a placeholder as well.
    let nothing = said("ref.yaml");
    assert!(nothing.contains("error[placeholder]") && nothing.contains("G.Arn"), "{nothing}");
}

#[test]
fn an_id_that_is_not_there_is_answered_with_those_that_are() {
    let sam = target(&templates("sam"), "template.yaml");
    let said = refused(&format!("{sam}#Ordre"));
    assert!(said.contains("error[no-machine]: `template.yaml` holds no state machine `Ordre`"), "{said}");
    assert!(said.contains("did you mean `Order`?"), "{said}");
    let said = refused(&sam);
    assert!(said.contains("error[which-machine]: `template.yaml` holds 2 state machines: `Order`, `Greet`"), "{said}");
    assert!(said.contains("name one, such as `template.yaml#Order`"), "{said}");
    let other = folder("other", &[("notes.yaml", "a: 1\n"), ("empty/readme.md", "x")]);
    let said = refused(&target(&other, "notes.yaml"));
    assert!(said.contains("`notes.yaml` holds no state machine") && said.contains("StartAt"), "{said}");
    assert!(iac::find(&other).unwrap().is_empty());
    assert!(refused(&target(&other, "nothing.yaml#X")).contains("failed to read `nothing.yaml`"));
}

#[test]
fn comments_in_json_are_refused_where_they_are() {
    let text = "// charges\n{\n  \"StartAt\": \"A\", /* one */\n  \"States\": {\"A\": {\"Type\": \"Succeed\"}}\n}\n";
    let folder = folder("comments", &[("m.json5", text), ("m.asl.json", &text.replace("// charges\n", ""))]);
    let said = refused(&target(&folder, "m.json5"));
    assert!(said.starts_with("m.json5:1:1: error[syntax]: JSON has no comments"), "{said}");
    let said = refused(&target(&folder, "m.asl.json"));
    assert!(said.starts_with("m.asl.json:2:19: error[syntax]: JSON has no comments"), "{said}");
}

#[test]
fn one_broken_machine_does_not_lose_the_others() {
    let good = "{Type: AWS::StepFunctions::StateMachine, Properties: {Definition: {StartAt: A, States: {A: {Type: Succeed}}}}}";
    let template = format!(
        "Resources:\n  Good: {good}\n  None: {{Type: AWS::StepFunctions::StateMachine}}\n  Bad:\n    Type: AWS::StepFunctions::StateMachine\n    \
         Properties: {{DefinitionString: !Sub [oops]}}\n  Gone: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: gone.yaml}}}}\n"
    );
    let folder = folder("broken", &[("t.yaml", &template), ("x.asl.json", "{oops"), ("other.yaml", "{{ not: yaml")]);
    let search = iac::search(&folder, &CompileOptions::default());
    let ids: Vec<(&str, bool)> = search.found.iter().map(|f| (f.id(), f.load().is_ok())).collect();
    assert_eq!(ids, [("Good", true), ("None", false), ("Bad", false), ("x", false)]);
    assert_eq!(search.failures.len(), 1, "{:?}", search.failures);
    assert!(search.failures[0].to_string().contains("gone.yaml"), "{:?}", search.failures);
    assert!(Machine::load(folder.join("t.yaml#Good")).is_ok());
    let said = refused(&target(&folder, "t.yaml#None"));
    assert!(said.starts_with("t.yaml:3:3: error[definition]: the state machine `None` has no definition"), "{said}");
}

#[test]
fn circles_end_in_a_finding() {
    let machine = |properties: &str| {
        format!(
            "  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties: {{{properties}, Definition: {{StartAt: A, States: {{A: {{Type: Succeed}}}}}}}}\n"
        )
    };
    let conditions = format!(
        "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources:\n{}",
        machine("StateMachineType: !If [A, STANDARD, EXPRESS]")
    );
    let stacks = "Resources:\n  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: stack.yaml}}\n";
    let outputs = "Resources:\n  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: in.yaml, Parameters: {P: !GetAtt T.Outputs.O}}}\n  \
                   T: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: in.yaml, Parameters: {P: !GetAtt S.Outputs.O}}}\n  \
                   M: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: !GetAtt S.Outputs.O}}\n";
    let names: String = (0..60)
        .map(|i| {
            let next = (i + 1) % 60;
            format!("  F{i}: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: !Sub \"${{F{next}}}${{F{next}}}\"}}}}\n")
        })
        .collect();
    let names = format!("Resources:\n{names}{}", machine("StateMachineName: !Ref F0"));
    let chain: String = (0..5_000).map(|i| format!("  C{i}: !Condition C{}\n", i + 1)).collect();
    let chain = format!(
        "Conditions:\n{chain}  C5000: !Equals [a, a]\nResources:\n{}",
        machine("StateMachineType: !If [C0, STANDARD, EXPRESS]")
    );
    let serverless = "service: s\nprovider: {name: aws}\ncustom: {a: \"${self:custom.b}\", b: \"${self:custom.a}\"}\nstepFunctions:\n  stateMachines:\n    \
                      m: {definition: \"${self:custom.a}\"}\n    n: {definition: \"${file(serverless.yml):stepFunctions.stateMachines.n.definition}\"}\n";
    let folder = folder(
        "circles",
        &[
            ("conditions.yaml", &conditions),
            ("stack.yaml", stacks),
            ("outputs.yaml", outputs),
            (
                "in.yaml",
                "Parameters: {P: {Type: String}}\nResources: {B: {Type: AWS::S3::Bucket}}\nOutputs: {O: {Value: !Ref P}}\n",
            ),
            ("names.yaml", &names),
            ("chain.yaml", &chain),
            ("serverless.yml", serverless),
        ],
    );
    for (file, code) in [
        (
            "conditions.yaml",
            "error[template-cycle]: a value depends on itself: Conditions.A → Conditions.B → Conditions.A",
        ),
        ("stack.yaml", "stack.yaml:2:67: error[template-cycle]: the stack `S` holds itself"),
        ("outputs.yaml", "error["),
        ("chain.yaml", "error[too-deep]: values lead to one another more than 160 levels deep"),
        ("serverless.yml#m", "error[template-cycle]: a value depends on itself: self:custom."),
        ("serverless.yml#n", "error[template-cycle]: a value depends on itself: file(serverless.yml)"),
    ] {
        let said = refused(&target(&folder, file));
        assert!(said.contains(code), "{file}: {said}");
    }
    // A name that depends on itself is no name; the machine is not the worse for it.
    let began = Instant::now();
    let machine = Machine::load(folder.join("names.yaml"));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(machine.is_ok(), "{machine:?}");
}

#[test]
fn what_is_huge_is_refused_by_its_size() {
    let folder = folder("huge", &[]);
    let path = folder.join("template.yaml");
    // A file with a hole: its size is all that counts, and it is not read.
    std::fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    let began = Instant::now();
    let said = refused(&target(&folder, "template.yaml"));
    assert!(said.contains("`template.yaml` holds 104857600 bytes; 16777216 are the limit"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());

    let mut bomb = String::from("x: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for i in 1..12 {
        bomb.push_str(&format!("y{i}: &a{i} [{}]\n", format!("*a{}, ", i - 1).repeat(9)));
    }
    bomb.push_str("Resources:\n  M: {Type: AWS::StepFunctions::StateMachine}\n");
    let long = "x".repeat(100_000);
    let many = "${a}".repeat(10_000);
    let grown = format!(
        "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      DefinitionUri: m.asl.json\n      DefinitionSubstitutions: {{a: {long}}}\n"
    );
    let sub = format!(
        "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: !Sub [\"{many}\", {{a: {long}}}]\n"
    );
    std::fs::write(folder.join("bomb.yaml"), bomb).unwrap();
    std::fs::write(folder.join("grown.yaml"), grown).unwrap();
    std::fs::write(folder.join("sub.yaml"), sub).unwrap();
    std::fs::write(folder.join("m.asl.json"), format!("{{\"Comment\": \"{many}\"}}")).unwrap();
    assert!(refused(&target(&folder, "bomb.yaml")).contains("aliases repeat more than"));
    assert!(refused(&target(&folder, "grown.yaml")).contains("error[too-large]"));
    assert!(refused(&target(&folder, "sub.yaml")).contains("error[too-large]"));
}

#[test]
fn deep_nesting_of_functions_is_refused() {
    let nested = |open: &str, close: &str| format!("{}x{}", open.repeat(120), close.repeat(120));
    let template = |definition: &str| {
        format!(
            "{{\"Resources\": {{\"M\": {{\"Type\": \"AWS::StepFunctions::StateMachine\", \"Properties\": {{\"DefinitionString\": {definition}}}}}}}}}"
        )
    };
    let folder = folder("deep", &[]);
    for (i, (open, close)) in [
        ("{\"Fn::Join\": [\"\", [", "]]}"),
        ("{\"Fn::Sub\": [\"${x}\", {\"x\": ", "}]}"),
        ("{\"Fn::If\": [\"C\", ", ", 1]}"),
        ("[", "]"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = template(&nested(open, close).replace('x', "\"x\""));
        std::fs::write(folder.join(format!("{i}.json")), text).unwrap();
        let said = refused(&target(&folder, &format!("{i}.json")));
        assert!(said.contains("error["), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_read_and_loops_of_links_end() {
    let sam = |uri: &str| {
        format!(
            "Resources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      DefinitionUri: {uri}\n"
        )
    };
    let good = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    let folder = folder(
        "links",
        &[
            ("app/secret.yaml", &sam("../outside")),
            ("app/device.yaml", &sam("/dev/zero")),
            ("app/loop.yaml", &sam("round.asl.json")),
            ("app/folder.yaml", &sam("machines")),
            ("app/binary.yaml", &sam("binary.asl.json")),
            ("app/machines/m.asl.json", good),
            ("outside", "root:x:0:0:super secret:/root\n"),
        ],
    );
    std::fs::write(folder.join("app/binary.asl.json"), b"\x00\xff\xfe\x01").unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.join("app").join(name)).unwrap();
    link("round.asl.json", "round.asl.json");
    link("..", "machines/up");
    link("machines", "again");
    let app = folder.join("app");
    let said = |file: &str| refused(&target(&app, file));
    let secret = Machine::load(app.join("secret.yaml")).err().unwrap().to_string();
    assert!(secret.contains("outside` holds no definition") && !secret.contains("super secret"), "{secret}");
    assert!(said("device.yaml").contains("`/dev/zero` is a device or a pipe and no file"), "{}", said("device.yaml"));
    assert!(said("loop.yaml").contains("loop.yaml:5:22: error[file]"), "{}", said("loop.yaml"));
    assert!(said("folder.yaml").contains("is a folder and no file"), "{}", said("folder.yaml"));
    assert!(said("binary.yaml").contains("is not UTF-8"), "{}", said("binary.yaml"));
    // Whichever way leads to the folder, the machine in it is one.
    let search = iac::search(&app, &CompileOptions::default());
    let whole: Vec<String> = search.found.iter().filter(|f| f.id() == "m").map(Found::target).collect();
    assert_eq!(whole.len(), 1, "{whole:?}");
    assert!(search.failures.iter().any(|e| e.to_string().contains("round.asl.json")), "{:?}", search.failures);
}

#[test]
fn folders_of_others_are_passed_over() {
    let good = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    let folder = folder(
        "walk",
        &[
            ("b/m.asl.json", good),
            ("a/n.json", good),
            ("node_modules/x/m.asl.json", good),
            (".aws-sam/build/m.asl.json", good),
            (".hidden.asl.json", good),
            ("package.json", "{\"name\": \"StartAt\"}"),
        ],
    );
    assert_eq!(listed(&folder), ["n.json:1 n Standard JSONPath", "m.asl.json:1 m Standard JSONPath"]);
    assert_eq!(listed(&folder.join(".aws-sam")), ["m.asl.json:1 m Standard JSONPath"]);
}

/// Published templates whose definition is not among the published files.
const WITHOUT_A_FILE: &[(&str, &str)] =
    &[("parallelized-embedding-pipeline/template.yaml", "`statemachine.json` is not there")];

#[test]
fn every_machine_of_the_published_templates_is_found_and_compiles() {
    let Some(root) = shared("templates") else { return };
    let expected = std::fs::read_to_string(root.join("expected.json")).unwrap();
    let root = root.canonicalize().unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let mut wrong = Vec::new();
    let mut loaded = 0;
    for (file, count) in expected.as_object().unwrap() {
        let path = root.join(file);
        let found = match iac::find(&path) {
            Ok(found) => found,
            Err(e) => {
                wrong.push(format!("{file}: {e}"));
                continue;
            }
        };
        if found.len() as u64 != count.as_u64().unwrap() {
            wrong.push(format!("{file}: {} machines, and {count} are expected", found.len()));
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for machine in &found {
            let declared = text.lines().nth(machine.line() - 1).unwrap_or_default();
            // Terraform writes type and name apart.
            let id = if file.ends_with(".tf") { machine.id().rsplit('.').next().unwrap() } else { machine.id() };
            assert!(declared.contains(id), "{file}:{}: {declared}", machine.line());
            let is_listed = WITHOUT_A_FILE.iter().any(|(known, _)| known == file);
            match (machine.load(), is_listed) {
                (Ok(compiled), false) => {
                    loaded += 1;
                    assert!(compiled.state_names().next().is_some());
                    let source = machine.source().unwrap();
                    assert!(Path::new(source.name()).starts_with(&root), "{}", source.name());
                }
                (Err(e), true) => assert!(e.to_string().contains("there is no file"), "{file}: {e}"),
                (Ok(_), true) => wrong.push(format!("{file} loads now: take it off the list")),
                (Err(e), false) => wrong.push(format!("{file}#{}: {e}", machine.id())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(loaded >= 50, "only {loaded}");
}
