//! Machines in Terraform files: found, evaluated, and what is wrong told where it is written.

use std::path::{Path, PathBuf};

use rehearsal::{Machine, iac};

/// A folder of these files, for one test.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("terraform").join(name);
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
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
