//! What continuous integration reads: JUnit's XML, and GitHub's annotations word for word.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with three scenario files: one with every sort of result, and two that are refused.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("s")).unwrap();
    let machine = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines/checkout.asl.json");
    std::fs::copy(machine, folder.join("checkout.asl.json")).unwrap();
    for (name, text) in [("a", RESULTS), ("b", MISSPELT), ("c", NOWHERE)] {
        std::fs::write(folder.join(format!("s/{name}.rehearsal.yaml")), text).unwrap();
    }
    folder
}

const RESULTS: &str = r#"machine: ../checkout.asl.json
strict: true
mocks:
  Charge: { payload: { chargeId: c-1 } }
  sns:publish: { return: {} }
  Audit: { return: {} }
  Refund: { return: {} }
scenarios:
  - { name: "passes, with <angles> & \"quotes\"", input: { orderId: 1 }, expect: { status: SUCCEEDED } }
  - { name: "100%: fails, twice", input: { orderId: 1 }, expect: { status: FAILED, elapsed: 5s } }
  - { name: "a ]]> bell rings", input: { orderId: "\x00\x1b[31m]]>" }, expect: { output: { orderId: 2 } } }
  - { name: waits, ignore: "not <yet>", expect: { status: FAILED } }
  - name: hangs
    strict: false
    input: { orderId: 1 }
    mocks: { Audit: { fail: X } , Refund: { never: true } }
    expect: { status: FAILED }
"#;

const MISSPELT: &str = "machine: ../checkout.asl.json
scenarios:
  - { name: a, exepct: 1, expect: { path: [Validate, Chareg] } }
";

const NOWHERE: &str = "machine: ../nowhere.asl.json
scenarios: []
";

/// What a command printed to standard output and to standard error.
fn rehearsal(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
    command.args(args).current_dir(folder).env_remove("GITHUB_ACTIONS").env_remove("GITHUB_WORKSPACE");
    let seen = command.envs(environment.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(seen.stdout), text(seen.stderr))
}

const ON_GITHUB: &[(&str, &str)] = &[("GITHUB_ACTIONS", "true")];

fn annotations(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("::")).collect()
}

#[test]
fn github_is_told_what_failed_and_where() {
    let folder = folder("github-test");
    let (plain, _) = rehearsal(&folder, &["test", "--no-real-time"], &[]);
    let (out, err) = rehearsal(&folder, &["test", "--no-real-time"], ON_GITHUB);
    assert_eq!((annotations(&plain).len(), err.as_str()), (0, ""));
    let want = [
        "::error file=s/a.rehearsal.yaml,line=10,title=100%25%3A fails%2C twice::status: it is SUCCEEDED, expected \
         FAILED%0Aelapsed: it took 0 on the virtual clock, expected 5s%0Aagain: rehearsal test s/a.rehearsal.yaml -t \
         \"100%25: fails, twice\"",
        "::error file=s/a.rehearsal.yaml,line=11,title=a ]]> bell rings::output: `orderId` is \
         \"\\u0000\\u001b[31m]]>\", expected 2%0Aagain: rehearsal test s/a.rehearsal.yaml -t \"a ]]> bell rings\"",
        "::error file=s/a.rehearsal.yaml,line=13,title=hangs::failed to rehearse `checkout`: nothing is scheduled, and \
         the execution is still running%0A  every task that runs was told never to answer%0A  help: let the mock \
         answer, give the state a TimeoutSeconds, or, in Rust, drive the clock with `start`%0Aagain: rehearsal test \
         s/a.rehearsal.yaml -t hangs",
        "::error file=s/a.rehearsal.yaml,line=1,title=every mock of the file is used::no scenario of the file uses the \
         mock of `Refund`",
        "::error file=s/b.rehearsal.yaml,line=3,col=16,title=unknown-key::`exepct` is not a word of a scenario%0Ahelp: \
         did you mean `expect`?",
        "::error file=s/b.rehearsal.yaml,line=3,col=54,title=unknown-state::there is no state `Chareg`%0Ahelp: did you \
         mean `Charge`?",
        "::error file=s/c.rehearsal.yaml,line=1,col=10,title=unreadable::failed to read `nowhere.asl.json`: No \
         such file or directory (os error 2)",
    ];
    assert_eq!(annotations(&out), want);
    // They come after what people read.
    assert_eq!(out, format!("{plain}{}\n", want.join("\n")));
}

#[test]
fn github_finds_the_file_whatever_folder_the_command_runs_in() {
    let folder = folder("github-folder");
    let workspace = folder.to_string_lossy().into_owned();
    let environment = [("GITHUB_ACTIONS", "true"), ("GITHUB_WORKSPACE", workspace.as_str())];
    let (out, _) = rehearsal(&folder.join("s"), &["test", "-t", "hangs"], &environment);
    assert!(annotations(&out)[0].starts_with("::error file=s/a.rehearsal.yaml,line=13,"), "{out}");
    // What another program reads stays whole.
    let (out, err) = rehearsal(&folder, &["test", "--json"], ON_GITHUB);
    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok() && annotations(&err).len() == 7, "{out}{err}");
}

#[test]
fn github_is_told_what_lint_finds() {
    let folder = folder("github-lint");
    let text = r#"{"StartAt": "Ask", "States": {
  "Ask": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:ask", "Next": "Gnoe"},
  "Gone": {"Type": "Fail", "Error": "Gone"}
}}"#;
    std::fs::write(folder.join("ask.asl.json"), text).unwrap();
    let (out, _) = rehearsal(&folder, &["lint", "--no-api-models", "--no-real-time", "ask.asl.json"], ON_GITHUB);
    let want = "::error file=ask.asl.json,line=2,col=101,title=transition-target::";
    assert!(annotations(&out)[0].starts_with(want), "{out}");
    assert!(annotations(&out)[0].ends_with("%0Ahelp: did you mean `Gone`?"), "{out}");
    let shown = out.find("error[transition-target]").unwrap();
    assert!(shown < out.find("::error").unwrap(), "{out}");
    std::fs::write(folder.join("ask.asl.json"), text.replace("Gnoe", "Gone")).unwrap();
    let (out, _) = rehearsal(&folder, &["lint", "--no-api-models", "ask.asl.json"], ON_GITHUB);
    assert!(annotations(&out)[0].starts_with("::warning file=ask.asl.json,line=2,"), "{out}");
    let (out, err) = rehearsal(&folder, &["lint", "--no-api-models", "--format", "sarif", "ask.asl.json"], ON_GITHUB);
    assert!(annotations(&out).is_empty() && !annotations(&err).is_empty(), "{out}{err}");
}

/// The elements of an XML text: names with their attributes, in order; `/name` where one ends.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("a tag without an end: {part}"));
        assert!(!text.contains("]]>") && text.split('&').skip(1).all(is_entity), "{text}");
        if tag.starts_with('?') {
            continue;
        }
        let (inner, is_empty) = tag.strip_suffix('/').map_or((tag, false), |inner| (inner, true));
        let (name, rest) = inner.split_once(' ').unwrap_or((inner, ""));
        let mut attributes = Vec::new();
        let mut quoted = rest.split('"');
        while let (Some(key), Some(value)) = (quoted.next(), quoted.next()) {
            assert!(value.split('&').skip(1).all(is_entity), "{value}");
            attributes.push((key.trim().trim_end_matches('=').to_owned(), value.to_owned()));
        }
        found.push((name.to_owned(), attributes));
        if is_empty {
            found.push((format!("/{name}"), Vec::new()));
        }
    }
    found
}

fn is_entity(rest: &str) -> bool {
    ["lt;", "gt;", "amp;", "quot;", "apos;", "#"].iter().any(|entity| rest.starts_with(entity))
}

#[test]
fn junit_is_well_formed_and_its_sums_are_right() {
    let folder = folder("junit");
    rehearsal(&folder, &["test", "--no-real-time", "--junit", "out.xml"], &[]);
    let xml = std::fs::read_to_string(folder.join("out.xml")).unwrap();
    rehearsal(&folder, &["test", "--no-real-time", "--junit", "again.xml"], &[]);
    assert_eq!(xml, std::fs::read_to_string(folder.join("again.xml")).unwrap(), "the same run writes the same bytes");
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"), "{xml}");
    let is_allowed = |c: char| c >= ' ' && c != '\u{7f}' || c == '\n';
    assert!(xml.chars().all(is_allowed), "{xml:?}");

    let mut open: Vec<String> = Vec::new();
    for (name, _) in elements(&xml) {
        match name.strip_prefix('/') {
            Some(ended) => assert_eq!(open.pop().as_deref(), Some(ended)),
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let tags: Vec<String> = elements(&xml)
        .into_iter()
        .filter(|(name, _)| !name.starts_with('/'))
        .map(|(name, attributes)| {
            let attributes = attributes.iter().map(|(key, value)| format!(" {key}={value}"));
            format!("{name}{}", attributes.collect::<String>())
        })
        .collect();
    let want = [
        "testsuites name=rehearsal tests=8 failures=6 errors=0 time=0.000",
        "testsuite name=s/a.rehearsal.yaml tests=6 disabled=0 errors=0 failures=4 time=0.000 skipped=1",
        "testcase name=passes, with &lt;angles&gt; &amp; &quot;quotes&quot; classname=s.a time=0.000 \
         file=s/a.rehearsal.yaml line=9",
        "system-out",
        "testcase name=100%: fails, twice classname=s.a time=0.000 file=s/a.rehearsal.yaml line=10",
        "failure message=status: it is SUCCEEDED, expected FAILED type=expectation",
        "system-out",
        "testcase name=a ]]&gt; bell rings classname=s.a time=0.000 file=s/a.rehearsal.yaml line=11",
        "failure message=output: `orderId` is &quot;\\u0000\\u001b[31m]]&gt;&quot;, expected 2 type=expectation",
        "system-out",
        "testcase name=waits classname=s.a time=0.000 file=s/a.rehearsal.yaml line=12",
        "skipped message=not &lt;yet&gt;",
        "testcase name=hangs classname=s.a time=0.000 file=s/a.rehearsal.yaml line=13",
        "failure message=failed to rehearse `checkout`: nothing is scheduled, and the execution is still running \
         type=trouble",
        "testcase name=every mock of the file is used classname=s.a time=0.000 file=s/a.rehearsal.yaml",
        "failure message=no scenario of the file uses the mock of `Refund` type=expectation",
        "testsuite name=s/b.rehearsal.yaml tests=1 disabled=0 errors=0 failures=1 time=0.000 skipped=0",
        "testcase name=the file can be read classname=s.b time=0.000 file=s/b.rehearsal.yaml",
        "failure message=the file is refused type=file",
        "testsuite name=s/c.rehearsal.yaml tests=1 disabled=0 errors=0 failures=1 time=0.000 skipped=0",
        "testcase name=the file can be read classname=s.c time=0.000 file=s/c.rehearsal.yaml",
        "failure message=the file is refused type=file",
    ];
    assert_eq!(tags, want);
    assert!(xml.contains("<system-out>SUCCEEDED · 0 on the clock · seed 0</system-out>"), "{xml}");
}
