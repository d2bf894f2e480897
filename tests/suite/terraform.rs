//! State machines in Terraform: what is found, what its expressions say, where findings point, and what cannot be read.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rehearsal::Machine;
use rehearsal::asl::{CompileOptions, MachineType};
use rehearsal::iac;
use serde_json::{Value, json};

use crate::support::shared;

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/terraform")
}

fn target(folder: &Path, rest: &str) -> String {
    folder.join(rest).to_string_lossy().into_owned()
}

#[track_caller]
fn load(id: &str) -> Machine {
    match Machine::load(target(&templates(), &format!("main.tf#{id}"))) {
        Ok(machine) => machine,
        Err(e) => panic!("{id}: {e}"),
    }
}

/// Names of files and what is in them.
type Files<'t> = &'t [(&'t str, &'t str)];

/// An empty folder for one test with these files in it.
fn folder(name: &str, files: Files<'_>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terraform").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// A state machine whose definition is an expression.
fn resource(definition: &str) -> String {
    format!("resource \"aws_sfn_state_machine\" \"m\" {{\n  definition = {definition}\n}}\n")
}

/// A definition that waits for as long as an expression says.
fn waits(expression: &str) -> String {
    resource(&format!(
        "jsonencode({{ StartAt = \"W\", States = {{ W = {{ Type = \"Wait\", Seconds = {expression}, End = true }} }} }})"
    ))
}

/// A definition that passes on an expression.
fn passes(expression: &str) -> String {
    resource(&format!(
        "jsonencode({{ StartAt = \"P\", States = {{ P = {{ Type = \"Pass\", Result = {expression}, End = true }} }} }})"
    ))
}

/// What is said about a file: `main.tf:2:10: error[code]: message  help: …`, a line a finding.
#[track_caller]
fn refused(folder: &Path) -> String {
    let began = Instant::now();
    let error = match Machine::load(folder.join("main.tf")) {
        Ok(machine) => panic!("loaded: {}", machine.definition()),
        Err(e) => e,
    };
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let line = |d: &rehearsal::diagnostic::Diagnostic| {
        format!("{}  help: {}", d.one_line(), d.help.as_deref().unwrap_or("none"))
    };
    let lines: Vec<String> = error.diagnostics().iter().map(line).collect();
    assert!(!lines.is_empty(), "{error}");
    lines.join("\n").replace(&target(folder, ""), "")
}

#[test]
fn a_folder_is_read_as_terraform_reads_it() {
    let found = iac::find(templates().join("main.tf")).unwrap();
    let shown: Vec<String> =
        found.iter().map(|f| format!("{} {:?} {} line {}", f.id(), f.machine_type(), f.name(), f.line())).collect();
    assert_eq!(
        shown,
        [
            "aws_sfn_state_machine.order Express orders-dev line 54",
            "aws_sfn_state_machine.approval Standard approval line 83",
            "aws_sfn_state_machine.report Standard report-0 line 111",
            "aws_sfn_state_machine.tidy Standard tidy line 123",
            "module.refund.aws_sfn_state_machine.this Standard refund line 129",
            "module.refund_later.aws_sfn_state_machine.this Standard later line 135",
        ]
    );
    for found in found {
        found.load().unwrap();
        Machine::load(found.target()).unwrap();
    }
    let of_folder = iac::find(templates()).unwrap();
    assert_eq!(of_folder.len(), shown.len(), "each once: {of_folder:?}");
}

#[test]
fn an_object_is_evaluated_with_its_locals_variables_and_resources() {
    let order = load("order");
    assert_eq!((order.name(), order.machine_type()), ("orders-dev", MachineType::Express));
    let function = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}");
    let want = json!({
        "Comment": "Orders of DEV",
        "StartAt": "Charge",
        "States": {
            "Charge": {
                "Type": "Task",
                "Resource": function("orders-dev-charge"),
                "Retry": [
                    { "ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 2, "MaxAttempts": 3 },
                    { "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 }
                ],
                "Next": "Pause"
            },
            "Pause": { "Type": "Wait", "Seconds": 30, "Next": "Ship-north" },
            // Terraform knows one function for all carriers, whose name cannot be told.
            "Ship-north": { "Type": "Task", "Resource": function("ship"), "Next": "Ship-south" },
            "Ship-south": { "Type": "Task", "Resource": function("ship"), "End": true }
        }
    });
    assert_eq!(order.definition(), want);
}

#[test]
fn a_heredoc_is_evaluated_where_it_says_so_and_is_a_text_elsewhere() {
    let approval = load("approval").definition();
    assert_eq!(approval.pointer("/States/Remind/Next"), Some(&json!("Pack")), "a directive that holds");
    let ask = &approval["States"]["Ask"];
    assert_eq!(ask["Resource"], "arn:aws:states:::sqs:sendMessage.waitForTaskToken");
    assert_eq!(ask["TimeoutSeconds"], 60);
    assert_eq!(ask["Parameters"]["QueueUrl"], "https://sqs.us-east-1.amazonaws.com/123456789012/approvals");
    assert_eq!(
        ask["Parameters"]["MessageBody"],
        json!({ "Token.$": "$$.Task.Token", "Note": "${kept}", "Stages": ["dev"] })
    );
    assert_eq!(ask["Retry"][0]["MaxAttempts"], 3);
    assert_eq!(
        approval.pointer("/States/Pack/Resource"),
        Some(&json!("arn:aws:states:us-east-1:123456789012:activity:pack-suffix"))
    );
}

#[test]
fn a_template_file_is_filled_in() {
    let report = load("report");
    assert_eq!(report.name(), "report-0");
    let definition = report.definition();
    assert_eq!(definition.pointer("/States/Wait/Seconds"), Some(&json!(30)));
    let branches = definition.pointer("/States/Each/Branches").and_then(Value::as_array).unwrap();
    let starts: Vec<&str> = branches.iter().filter_map(|b| b["StartAt"].as_str()).collect();
    assert_eq!(starts, ["Count north", "Count south"]);
    assert_eq!(branches[0]["States"]["Count north"]["Result"], "reports-us-east-1");
    assert_eq!(load("tidy").definition()["States"], json!({ "Sweep": { "Type": "Succeed" } }));
}

#[test]
fn a_module_has_the_arguments_of_its_calls() {
    let refund = load("module.refund.aws_sfn_state_machine.this").definition();
    assert_eq!(
        refund.pointer("/States/Refund/Resource"),
        Some(&json!("arn:aws:lambda:us-east-1:123456789012:function:orders-dev-charge"))
    );
    let later = load("module.refund_later.aws_sfn_state_machine.this").definition();
    assert_eq!(
        later.pointer("/States/Later/Parameters/StateMachineArn"),
        Some(&json!("arn:aws:states:us-east-1:123456789012:stateMachine:refund")),
        "an output of another module"
    );
    // On its own it has those of the first call above it.
    let alone = Machine::load(templates().join("modules/refund/main.tf")).unwrap();
    assert_eq!(alone.definition(), refund);
}

#[test]
fn a_value_from_outside_wins() {
    let options = CompileOptions::default().substitute("wait_seconds", "5").substitute("stage", "prod");
    let load = |id: &str| Machine::load_with(target(&templates(), &format!("main.tf#{id}")), &options).unwrap();
    let order = load("order");
    assert_eq!(order.name(), "orders-prod");
    assert_eq!(order.definition().pointer("/States/Pause/Seconds"), Some(&json!(5)), "a number for a number");
    assert_eq!(order.definition().pointer("/States/Charge/Retry/0/IntervalSeconds"), Some(&json!(10)));
    assert!(load("approval").definition().pointer("/States/Remind").is_none(), "a directive that does not hold");
}

/// The characters that each finding is about, and their file and line.
#[track_caller]
fn findings(folder: &Path) -> Vec<String> {
    let error = Machine::load(folder.join("main.tf")).expect_err("it is refused");
    let place = |found: &rehearsal::diagnostic::Diagnostic| {
        let source = found.source.as_ref().unwrap();
        let file = Path::new(source.name()).file_name().unwrap().to_string_lossy().into_owned();
        let (line, _) = found.line_col().unwrap();
        format!("{} at {file}:{line}", source.slice(found.primary.as_ref().unwrap().span))
    };
    error.diagnostics().iter().map(place).collect()
}

#[test]
fn findings_point_at_what_somebody_wrote() {
    let elsewhere = "locals {\n  retry = [{ ErrorEquals = [\"States.ALL\"], MaxAttempts = -1 }]\n}\n";
    let state = |fields: &str| {
        let object =
            format!("{{ StartAt = \"T\", States = {{\n  T = {{ Type = \"Task\", {fields}, End = true }}\n}} }}");
        resource(&format!("jsonencode({object})"))
    };
    let heredoc = "<<-EOF\n    {\n      \"StartAt\": \"W\",\n      \"States\": { \"W\": { \"Type\": \"Wait\", \"Seconds\": ${-4}, \"End\": tru } }\n    }\n  EOF";
    let table: [(&str, Files<'_>, &str, &str); 9] = [
        ("a value", &[("main.tf", &waits("-1"))], "-1", "main.tf:2"),
        ("an expression", &[("main.tf", &waits("2 - 5"))], "2 - 5", "main.tf:2"),
        (
            "a local of the same file",
            &[("main.tf", &format!("{}locals {{\n  wait = -3\n}}\n", waits("local.wait")))],
            "-3",
            "main.tf:5",
        ),
        (
            "a local of another file",
            &[
                ("main.tf", &state("Resource = \"arn:aws:states:::lambda:invoke\", Retry = local.retry")),
                ("locals.tf", elsewhere),
            ],
            "local.retry",
            "main.tf:3",
        ),
        ("a string", &[("main.tf", &state("Resource = \"nothing\""))], "\"nothing\"", "main.tf:3"),
        (
            "a key",
            &[("main.tf", &state("Resource = \"arn:aws:states:::lambda:invoke\", TimeoutSecs = 3"))],
            "TimeoutSecs",
            "main.tf:3",
        ),
        ("a heredoc", &[("main.tf", &resource(heredoc))], "tru", "main.tf:5"),
        (
            "a template file",
            &[
                ("main.tf", &resource("templatefile(\"m.json\", { wait = -7 })")),
                (
                    "m.json",
                    "{ \"StartAt\": \"W\", \"States\": {\n\"W\": { \"Type\": \"Wait\", \"Seconds\": ${wait}, \"End\": true } } }",
                ),
            ],
            "wait",
            "m.json:2",
        ),
        (
            "a file with marks replaced",
            &[
                ("main.tf", &resource("replace(file(\"m.json\"), \"@WAIT@\", \"-8\")")),
                (
                    "m.json",
                    "{ \"StartAt\": \"W\", \"States\": {\n\"W\": { \"Type\": \"Wait\", \"Seconds\": @WAIT@, \"End\": true } } }",
                ),
            ],
            "@WAIT@",
            "m.json:2",
        ),
    ];
    for (i, (what, files, characters, place)) in table.into_iter().enumerate() {
        let folder = folder(&format!("places-{i}"), files);
        let (found, want) = (findings(&folder), format!("{characters} at {place}"));
        assert!(found.contains(&want), "{what}: {want} is not among {found:?}");
    }
}

#[test]
fn functions_give_what_terraform_gives() {
    let table = [
        (r#"format("%s-%03d-%.1f-%%", "a", 7, 2.25)"#, json!("a-007-2.2-%")),
        (r#"join(",", ["a", "b"])"#, json!("a,b")),
        (r#"split("/", "a/b/")"#, json!(["a", "b", ""])),
        (r#"replace("a.b.c", ".", "::")"#, json!("a::b::c")),
        (r#"replace("a1b22", "/([0-9]+)/", "<$1>")"#, json!("a<1>b<22>")),
        (r#"lookup({ a = 1 }, "b", 2)"#, json!(2)),
        (r#"merge({ b = 1, a = 1 }, { b = 2 })"#, json!({ "a": 1, "b": 2 })),
        (r#"concat([1], [2, 3])"#, json!([1, 2, 3])),
        (r#"flatten([[1, [2]], [], 3])"#, json!([1, 2, 3])),
        (r#"keys({ b = 1, a = 2 })"#, json!(["a", "b"])),
        (r#"values({ b = 1, a = 2 })"#, json!([2, 1])),
        (r#"element(["a", "b"], 3)"#, json!("b")),
        (r#"coalesce("", null, "x")"#, json!("x")),
        (r#"try({}.missing, "instead")"#, json!("instead")),
        (r#"can({}.missing)"#, json!(false)),
        (r#"tonumber("5") + 1"#, json!(6)),
        (r#"tostring(5)"#, json!("5")),
        (r#"sort(toset(["b", "a", "b"]))"#, json!(["a", "b"])),
        (r#"jsondecode("{\"a\": [1, null]}").a"#, json!([1, null])),
        (r#"yamldecode("a: {b: yes}\n")"#, json!({ "a": { "b": "yes" } })),
        (r#"trimprefix("abc", "a")"#, json!("bc")),
        (r#"substr("hello", 1, 3)"#, json!("ell")),
        (r#"regex("([a-z]+)-([0-9]+)", "job-12")"#, json!(["job", "12"])),
        (r#"range(3)"#, json!([0, 1, 2])),
        (r#"[for k, v in { b = 2, a = 1 } : "${k}${v}" if v > 0]"#, json!(["a1", "b2"])),
        (r#"{ for v in ["x", "y", "x"] : v => 1... }"#, json!({ "x": [1, 1], "y": [1] })),
        (r#"[{ n = 1 }, { n = 2 }][*].n"#, json!([1, 2])),
        (r#"length("日本") == 2 && !false ? "yes" : "no""#, json!("yes")),
        (r#"7 % 4 * 2 - -1"#, json!(7)),
        (r#""$${a} \"q\" \u00e9""#, json!("${a} \"q\" é")),
        (r#"setproduct(["a"], [1, 2])"#, json!([["a", 1], ["a", 2]])),
        (r#"one(["x"])"#, json!("x")),
        (r#"basename("a/b.json")"#, json!("b.json")),
        (r#"base64decode(base64encode("hé"))"#, json!("hé")),
        ("path.module", json!(".")),
        ("terraform.workspace", json!("default")),
    ];
    for (i, (expression, want)) in table.into_iter().enumerate() {
        let folder = folder(&format!("function-{i}"), &[("main.tf", &passes(expression))]);
        let machine = Machine::load(folder.join("main.tf")).unwrap_or_else(|e| panic!("{expression}: {e}"));
        assert_eq!(machine.definition()["States"]["P"]["Result"], want, "{expression}");
    }
}

#[test]
fn what_only_a_deployment_could_tell_is_readable_or_a_placeholder() {
    let resources = "resource \"aws_lambda_function\" \"f\" {}\nresource \"aws_vpc\" \"main\" {}\nvariable \"n\" {}\n\
                     module \"jobs\" {\n  source = \"terraform-aws-modules/lambda/aws\"\n  function_name = \"jobs\"\n}\n";
    let result = |name: &str, expression: &str| {
        let folder = folder(name, &[("main.tf", &format!("{resources}{}", passes(expression)))]);
        let machine = Machine::load(folder.join("main.tf")).unwrap_or_else(|e| panic!("{expression}: {e}"));
        machine.definition()["States"]["P"]["Result"].clone()
    };
    let table = [
        ("aws_lambda_function.f.arn", "arn:aws:lambda:us-east-1:123456789012:function:f"),
        ("aws_lambda_function.f[0].function_name", "f"),
        ("aws_vpc.main.cidr_block", "${aws_vpc.main.cidr_block}"),
        ("module.jobs.lambda_function_arn", "arn:aws:lambda:us-east-1:123456789012:function:jobs"),
        ("module.jobs.role_name", "${module.jobs.role_name}"),
        ("var.n", "${var.n}"),
        ("\"a-${var.n}\"", "a-${var.n}"),
        ("var.n == \"x\" ? 1 : 2", "${var.n == 'x' ? 1 : 2}"),
        ("timestamp()", "${timestamp()}"),
    ];
    for (i, (expression, want)) in table.into_iter().enumerate() {
        assert_eq!(result(&format!("unknown-{i}"), expression), json!(want), "{expression}");
    }
    let strict = folder("unknown-strict", &[("main.tf", &format!("variable \"n\" {{}}\n{}", waits("var.n")))]);
    let said = refused(&strict);
    assert!(said.contains("main.tf:3:") && said.contains("error[placeholder]: `var.n` has no value here"), "{said}");
    assert!(said.contains("`--substitute 'var.n=…'`"), "{said}");
    let options = CompileOptions::default().substitute("var.n", "9");
    // Without a type it is a string, as `-var` gives it.
    assert!(Machine::load_with(strict.join("main.tf"), &options).is_err());
    std::fs::write(strict.join("main.tf"), format!("variable \"n\" {{\n  type = number\n}}\n{}", waits("var.n")))
        .unwrap();
    assert!(Machine::load_with(strict.join("main.tf"), &options).is_ok());
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let with = |more: &str, definition: String| format!("{more}{definition}");
    let template =
        "{\"StartAt\": \"W\", \"States\": {\"W\": {\"Type\": \"Wait\", \"Seconds\": ${second}, \"End\": true}}}";
    let cyclic = "locals {\n  a = local.b\n  b = local.a\n}\n";
    let missing = "module \"x\" {\n  source = \"./nowhere\"\n}\n";
    let table: [(Files<'_>, &str); 17] = [
        (
            &[("main.tf", "resource \"x\" \"y\" {\n  name = \n}\n")],
            "main.tf:2:10: error[syntax]: `main.tf` has no value where one is needed",
        ),
        (&[("main.tf", "locals {\n  a = <<EOF\n{}\n")], "error[syntax]: `main.tf` has a heredoc without an end"),
        (
            &[("main.tf", &with(cyclic, waits("local.a")))],
            "main.tf:3:7: error[cyclic-reference]: `local.a` depends on itself",
        ),
        (
            &[("main.tf", &waits("lenght(\"a\")"))],
            "error[unknown-function]: `lenght` is no function of Terraform  help: did you mean `length`?",
        ),
        (&[("main.tf", &waits("length()"))], "error[wrong-arguments]: `length` takes 1 argument and gets 0"),
        (
            &[("main.tf", &with("locals {\n  waits = 1\n}\n", waits("local.wait")))],
            "error[unknown-name]: the module declares no local `wait`  help: did you mean `waits`?",
        ),
        (
            &[("main.tf", &waits("aws_sqs_queue.q.delay_seconds"))],
            "error[unknown-name]: the module declares no `aws_sqs_queue` named `q`",
        ),
        (
            &[("main.tf", &waits("{ wait = 1 }.wiat"))],
            "error[unknown-name]: there is no `wiat` in this object  help: did you mean `wait`?",
        ),
        (&[("main.tf", &waits("[1][2]"))], "error[wrong-value]: there is no item 2 in a list of 1"),
        (
            &[("main.tf", &resource("templatefile(\"m.json\", { seconds = 1 })")), ("m.json", template)],
            "m.json:1:64: error[template-variable]: the template names `second`, which it is not given  help: did you mean `seconds`?",
        ),
        (
            &[("main.tf", &resource("file(\"machine.jsn\")")), ("machine.json", "{}")],
            "main.tf:2:21: error[file]: there is no file `machine.jsn`",
        ),
        (
            &[("main.tf", &resource("file(\"/dev/zero\")"))],
            "error[file]: `/dev/zero` is a device or a pipe and no file",
        ),
        (
            &[("main.tf", &with(missing, waits("module.x.wait")))],
            "main.tf:2:12: error[file]: the module `x` is not there",
        ),
        (
            &[("main.tf", &waits("local.wait")), ("broken.tf", "locals {\n  wait = = 3\n}\n")],
            "broken.tf:2:10: error[syntax]: `broken.tf` has no value where one is needed",
        ),
        (
            &[("main.tf", &resource("{ StartAt = \"A\" }"))],
            "error[wrong-type]: the definition of `aws_sfn_state_machine.m` is an object, and a text is needed  help: write `jsonencode({ StartAt = \"A\" })`",
        ),
        (
            &[("main.tf", "resource \"aws_sfn_state_machine\" \"m\" {\n  name = \"m\"\n}\n")],
            "main.tf:1:1: error[missing-field]: the state machine `aws_sfn_state_machine.m` has no `definition`",
        ),
        (
            &[("main.tf", &resource("\"{\\\"StartAt\\\": \\\"${[1]}\\\"}\""))],
            "error[wrong-type]: `[1]` is a list, which has no text  help: write `jsonencode([1])`",
        ),
    ];
    for (i, (files, want)) in table.into_iter().enumerate() {
        let said = refused(&folder(&format!("wrong-{i}"), files));
        assert!(said.contains(want), "{want}\n{said}");
    }
}

#[test]
fn one_machine_that_cannot_be_read_does_not_lose_the_others() {
    let text = format!("{}{}", waits("1"), waits("local.nothing").replace("\"m\"", "\"n\""));
    let folder = folder("two", &[("main.tf", &text)]);
    let found = iac::find(folder.join("main.tf")).unwrap();
    let loads: Vec<(&str, bool)> = found.iter().map(|f| (f.id(), f.load().is_ok())).collect();
    assert_eq!(loads, [("aws_sfn_state_machine.m", true), ("aws_sfn_state_machine.n", false)]);
}

#[test]
fn nothing_that_somebody_writes_takes_long_or_overflows() {
    let locals = |first: &str, next: &dyn Fn(usize) -> String, count: usize| {
        let lines: String = (1..count).map(|i| format!("  a{i} = {}\n", next(i - 1))).collect();
        format!("locals {{\n  a0 = {first}\n{lines}}}\n")
    };
    let list = |n: usize| format!("[{}]", vec![format!("local.a{n}"); 6].join(", "));
    let text = |n: usize| format!("\"{}\"", format!("${{local.a{n}}}").repeat(3));
    let chain = locals("1", &|n| format!("local.a{n}"), 3_000);
    let laughs = locals("\"ha\"", &list, 30);
    let texts = locals("\"ha\"", &text, 40);
    let thousand = "range(1000)";
    let table = [
        ("too-deep", resource(&"[".repeat(100_000))),
        ("too-deep", resource(&format!("{}true", "!".repeat(5_000)))),
        ("too-deep", resource(&vec!["1"; 5_000].join("+"))),
        ("too-deep", resource(&format!("{}1{}", "\"${".repeat(5_000), "}\"".repeat(5_000)))),
        ("too-deep", resource(&format!("<<EOF\n{}x{}\nEOF", "%{if true}".repeat(500), "%{endif}".repeat(500)))),
        ("too-deep", format!("{chain}{}", waits("local.a2999"))),
        ("too-large", format!("{laughs}{}", resource("jsonencode(local.a29)"))),
        ("too-large", format!("{texts}{}", resource("local.a39"))),
        ("too-large", resource(&format!("jsonencode(setproduct({thousand}, {thousand}, {thousand}))"))),
        (
            "too-large",
            resource(&format!("jsonencode([for a in {thousand} : [for b in {thousand} : [for c in {thousand} : c]]])")),
        ),
        ("too-large", resource(&format!("{}1{}", "jsonencode([".repeat(30), "])".repeat(30)))),
        ("wrong-type", resource(&format!("{}{}", "[".repeat(60), "]".repeat(60)))),
        ("wrong-type", resource(&format!("{}1{}", "{a=".repeat(60), "}".repeat(60)))),
        ("wrong-type", resource(&format!("{}[]{}", "[for x in ".repeat(60), " : x]".repeat(60)))),
    ];
    for (i, (code, text)) in table.into_iter().enumerate() {
        let said = refused(&folder(&format!("hostile-{i}"), &[("main.tf", &text)]));
        assert!(said.contains(&format!("error[{code}]")), "{i}: {}", said.chars().take(300).collect::<String>());
    }
}

#[test]
fn modules_that_call_one_another_end() {
    let call = |source: &str| format!("module \"m\" {{\n  source = \"{source}\"\n}}\n");
    let folder =
        folder("circle", &[("main.tf", &format!("{}{}", call("./a"), waits("1"))), ("a/main.tf", &call("../"))]);
    let found = iac::find(folder.join("main.tf")).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn what_terraform_shows_is_read() {
    let machine = |text: &str| {
        json!({
            "address": "module.orders.aws_sfn_state_machine.this", "mode": "managed", "type": "aws_sfn_state_machine",
            "name": "this", "values": { "name": "orders", "type": "EXPRESS", "definition": text }
        })
    };
    let plan = |text: &str| {
        let child = json!({ "address": "module.orders", "resources": [machine(text)] });
        json!({
            "format_version": "1.2", "terraform_version": "1.9.0",
            "planned_values": { "root_module": { "resources": [], "child_modules": [child] } }
        })
    };
    let wrong = "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succed\"}}}";
    let folder = folder("shown", &[("plan.json", &plan(&wrong.replace("Succed", "Succeed")).to_string())]);
    let found = iac::find(folder.join("plan.json")).unwrap();
    assert_eq!(found[0].target(), target(&folder, "plan.json#module.orders.aws_sfn_state_machine.this"));
    assert_eq!((found[0].name(), found[0].machine_type()), ("orders", MachineType::Express));
    assert_eq!(found[0].load().unwrap().name(), "orders");
    std::fs::write(folder.join("plan.json"), plan(wrong).to_string()).unwrap();
    let error = Machine::load(folder.join("plan.json")).err().unwrap();
    let about = |d: &rehearsal::diagnostic::Diagnostic| {
        d.source.as_ref().unwrap().slice(d.primary.as_ref().unwrap().span).to_owned()
    };
    let about: Vec<String> = error.diagnostics().iter().map(about).collect();
    assert!(about.contains(&"\\\"Succed\\\"".to_owned()), "{about:?}");
}

#[test]
fn published_projects_are_read() {
    let Some(shared) = shared("templates") else { return };
    let expected = std::fs::read_to_string(shared.join("expected.json")).unwrap();
    let expected: std::collections::BTreeMap<String, usize> = serde_json::from_str(&expected).unwrap();
    let mut looked_at = 0;
    for (file, count) in expected.into_iter().filter(|(file, _)| file.ends_with(".tf")) {
        looked_at += count;
        let found = iac::find(shared.join(&file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(found.len(), count, "{file}: {found:?}");
        for found in found {
            let source = found.source().unwrap_or_else(|| panic!("{file}: {}", found.load().err().unwrap()));
            let named = std::fs::read_to_string(source.name()).unwrap();
            assert_eq!(source.text(), named, "places are those of the file");
            match found.load() {
                Ok(machine) => assert!(machine.state_names().count() > 0),
                Err(e) => panic!("{file}: {e}"),
            }
        }
    }
    assert_eq!(looked_at, 8);
}

const MODULE: &str = r#"variable "seconds" { default = 30 }
locals {
  pause = var.seconds * 2
}
resource "aws_lambda_function" "charge" { function_name = "charge-card" }
resource "aws_sfn_state_machine" "encoded" {
  definition = jsonencode({
    StartAt = "Pause"
    States = {
      Pause  = { Type = "Wait", Seconds = local.pause, Next = "Charge" }
      Charge = { Type = "Task", Resource = aws_lambda_function.charge.arn, End = true }
    }
  })
}
resource "aws_sfn_state_machine" "written" {
  type       = "EXPRESS"
  definition = <<-EOF
    {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${aws_lambda_function.charge.arn}", "TimeoutSeconds": ${var.seconds}, "End": true}}}
  EOF
}
resource "aws_sfn_state_machine" "beside" {
  definition = templatefile("${path.module}/machine.json", { arn = aws_lambda_function.charge.arn })
}
"#;

const BESIDE: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${arn}", "End": true}}}"#;

#[test]
fn definitions_are_evaluated_however_they_are_written() {
    let folder = folder("good", &[("main.tf", MODULE), ("machine.json", BESIDE)]);
    let found = iac::find(folder.join("main.tf")).unwrap();
    let ids: Vec<(&str, usize)> = found.iter().map(|m| (m.id(), m.line())).collect();
    let want = [
        ("aws_sfn_state_machine.encoded", 6),
        ("aws_sfn_state_machine.written", 15),
        ("aws_sfn_state_machine.beside", 21),
    ];
    assert_eq!(ids, want);
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:charge-card";
    let load = |id: &str| Machine::load(folder.join(format!("main.tf#{id}"))).unwrap().definition();
    let encoded = load("aws_sfn_state_machine.encoded");
    assert_eq!(encoded["States"]["Pause"]["Seconds"], 60);
    assert_eq!(encoded["States"]["Charge"]["Resource"], arn);
    let written = load("aws_sfn_state_machine.written");
    assert_eq!(
        (&written["States"]["A"]["Resource"], &written["States"]["A"]["TimeoutSeconds"]),
        (&arn.into(), &30.into())
    );
    assert_eq!(load("aws_sfn_state_machine.beside")["States"]["A"]["Resource"], arn);
}

#[test]
fn what_is_wrong_is_told_where_it_is_written() {
    let table = [
        (
            "circle",
            "locals {\n  a = local.b\n  b = local.a\n}\nresource \"aws_sfn_state_machine\" \"m\" { definition = local.a }\n",
            "cyclic-reference",
        ),
        ("broken", "resource \"aws_sfn_state_machine\" \"m\" {\n  definition = jsonencode({ StartAt = \n", "syntax"),
        (
            "unknown",
            "resource \"aws_sfn_state_machine\" \"m\" { definition = \"${aws_lambda_function.f.arn}\" }\n",
            "unknown-name",
        ),
        ("missing", "resource \"aws_sfn_state_machine\" \"m\" { definition = file(\"nope.json\") }\n", "file"),
    ];
    for (name, text, code) in table {
        let path = folder(name, &[("main.tf", text)]).join("main.tf");
        let error = Machine::load(&path).err().unwrap_or_else(|| panic!("{name} loads"));
        let found = error.diagnostics();
        assert!(found.iter().any(|d| d.code == code && d.line_col().is_some()), "{name}: {error}");
    }
    let state = MODULE.replace("Next = \"Charge\"", "Next = \"Chrage\"");
    let path =
        folder("state", &[("main.tf", &state), ("machine.json", BESIDE)]).join("main.tf#aws_sfn_state_machine.encoded");
    let error = Machine::load(path).err().unwrap();
    let found = &error.diagnostics()[0];
    assert_eq!((found.code, found.line_col().unwrap().0), ("transition-target", 10), "{error}");
}
