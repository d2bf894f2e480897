//! Snapshots as people see them: looked at, accepted and rejected, left over, and never half written.

use std::process::{Command, Stdio};

use crate::support::Folder;

const BIN: &str = env!("CARGO_BIN_EXE_rehearsal");

/// A project in a folder of its own, with one scenario file.
struct Project(Folder);

/// What a command printed, what it complained about, its exit code.
type Seen = (String, String, i32);

const MACHINE: &str = r#"{"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "End": true}}}"#;

/// A scenario file in which each scenario of these names passes its input on, and keeps a snapshot in a form.
fn scenarios(form: &str, names: &[&str], input: &str) -> String {
    let one = |name: &&str| format!("  - {{ name: {name}, input: {{ is: {input} }}, snapshot: {form} }}\n");
    format!("machine: keep.asl.json\nscenarios:\n{}", names.iter().map(one).collect::<String>())
}

impl Project {
    fn new(name: &str) -> Project {
        let project = Project(Folder::new(&format!("snapshots-{name}")));
        project.write("keep.asl.json", MACHINE);
        project
    }
    /// One whose scenarios have stored snapshots.
    fn with_stored(name: &str, names: &[&str]) -> Project {
        let project = Project::new(name);
        project.write("a.rehearsal.yaml", &scenarios("true", names, "1"));
        assert_eq!(project.run(&["test", "--update-snapshots"]).2, 0);
        project
    }
    fn write(&self, name: &str, text: &str) {
        self.0.write(name, text);
    }
    fn read(&self, name: &str) -> String {
        self.0.read(name)
    }
    /// What lies in `snapshots`, hidden files too.
    fn snapshots(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path("snapshots")).into_iter().flatten();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
    fn run(&self, args: &[&str]) -> Seen {
        let mut command = Command::new(BIN);
        seen(command.args(args).current_dir(self.0.root()).stdin(Stdio::null()))
    }
    /// The same by a shell, which may set limits first; `$0` is the program.
    fn shell(&self, script: &str) -> Seen {
        seen(Command::new("sh").args(["-c", script, BIN]).current_dir(self.0.root()).stdin(Stdio::null()))
    }
}

fn seen(command: &mut Command) -> Seen {
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(done.stdout), text(done.stderr), done.status.code().unwrap_or(-1))
}

#[test]
fn what_waits_is_listed_with_its_origin_accepted_and_then_gone() {
    let project = Project::with_stored("accepted", &["first", "second"]);
    project.write("a.rehearsal.yaml", &scenarios("true", &["first", "second", "third"], "2"));
    assert_eq!(project.run(&["test"]).2, 1);
    let listed = "\
snapshots/a@first.snap   changed  a.rehearsal.yaml › first
snapshots/a@second.snap  changed  a.rehearsal.yaml › second
snapshots/a@third.snap   new      a.rehearsal.yaml › third
";
    let (out, err, code) = project.run(&["snapshot", "list"]);
    assert_eq!((out.as_str(), err.as_str(), code), (listed, "", 0));

    // Without a terminal, a review is a list that says how to go on.
    let (out, err, code) = project.run(&["snapshot", "review"]);
    let how = "
there is no terminal to ask on: `rehearsal snapshot accept` and `rehearsal snapshot reject`
decide about them all, or about the paths that follow
";
    assert_eq!((out, err.as_str(), code), (format!("{listed}{how}"), "", 1));

    let (out, _, code) = project.run(&["snapshot", "reject", "snapshots/a@second.snap"]);
    assert_eq!((out.as_str(), code), ("rejected  snapshots/a@second.snap\n1 snapshot rejected\n", 0));
    let (out, _, code) = project.run(&["snapshot", "accept"]);
    let want = "accepted  snapshots/a@first.snap\naccepted  snapshots/a@third.snap\n2 snapshots accepted\n";
    assert_eq!((out.as_str(), code), (want, 0));
    assert_eq!(project.snapshots(), ["a@first.snap", "a@second.snap", "a@third.snap"]);
    assert!(project.read("snapshots/a@first.snap").contains("{\"is\":2}"));
    assert!(project.read("snapshots/a@second.snap").contains("{\"is\":1}"));

    let (out, _, code) = project.run(&["snapshot", "review"]);
    assert_eq!((out.as_str(), code), ("no snapshot waits for a review\n", 0));
    let (out, _, code) = project.run(&["test", "--no-real-time", "-t", "first", "-t", "third"]);
    assert_eq!((out.as_str(), code), ("ok    a.rehearsal.yaml  2 checks\n\n2 passed · 1 file\n", 0));
}

#[test]
fn paths_are_folders_snapshots_and_scenario_files() {
    let project = Project::new("paths");
    project.write("a.rehearsal.yaml", &scenarios("true", &["one"], "1"));
    project.write("deep/b.rehearsal.yaml", &scenarios("true", &["two"], "1").replace("keep", "../keep"));
    project.write("target/c@three.snap.new", "---\nsource: c.rs\n---\nbuilt\n");
    assert_eq!(project.run(&["test"]).2, 1);
    for (path, stored) in [
        (".", &["snapshots/a@one.snap", "deep/snapshots/b@two.snap"][..]),
        ("deep", &["deep/snapshots/b@two.snap"]),
        ("a.rehearsal.yaml", &["snapshots/a@one.snap"]),
        ("snapshots/a@one.snap", &["snapshots/a@one.snap"]),
        ("snapshots/a@one.snap.new", &["snapshots/a@one.snap"]),
        ("target", &["target/c@three.snap"]),
    ] {
        let (out, err, code) = project.run(&["snapshot", "list", path]);
        let mut found: Vec<&str> = out.lines().filter_map(|line| line.split("  ").next()).map(str::trim).collect();
        let mut want = stored.to_vec();
        found.sort_unstable();
        want.sort_unstable();
        assert_eq!((found, code), (want, 0), "{path}: {err}");
    }
    let (_, err, code) = project.run(&["snapshot", "accept", "keep.asl.json"]);
    let told =
        "failed to look for snapshots: `keep.asl.json` is no folder, snapshot or scenario file\nhelp: name folders";
    assert!(err.contains(told) && code == 2, "{err}");
    for missing in ["nowhere", "snapshots/a@none.snap", "snapshots/a@none.snap.new", "none.rehearsal.yaml"] {
        let (_, err, code) = project.run(&["snapshot", "accept", missing]);
        assert!(err.contains(&format!("failed to read `{missing}`: ")) && code == 6, "{missing}: {err}");
    }
}

#[test]
fn what_insta_wrote_is_accepted_with_its_header_but_for_the_line() {
    let project = Project::new("insta");
    let header = "source: tests/pay.rs\ndescription: how it pays\nexpression: \"a: b\"\ninfo:\n  n: 1\n";
    project.write("snapshots/pay__x.snap", &format!("---\n{header}---\none\n---\nthree\n"));
    project.write("snapshots/pay__x.snap.new", &format!("---\n{header}assertion_line: 12\n---\none\n---\ntwo\n"));
    let (out, _, _) = project.run(&["snapshot", "list"]);
    assert_eq!(out, "snapshots/pay__x.snap  changed  tests/pay.rs:12 › a: b\n");
    project.run(&["snapshot", "accept"]);
    assert_eq!(project.read("snapshots/pay__x.snap"), format!("---\n{header}---\none\n---\ntwo\n"));

    // Content that is no text lies in a file of its own.
    let binary = "---\nsource: tests/pay.rs\nextension: png\nsnapshot_kind: binary\n---\n";
    project.write("snapshots/pay__x.snap.new", binary);
    project.write("snapshots/pay__x.snap.new.png", "a picture");
    project.run(&["snapshot", "accept"]);
    assert_eq!(project.snapshots(), ["pay__x.snap", "pay__x.snap.png"]);
    assert_eq!(project.read("snapshots/pay__x.snap.png"), "a picture");
    project.write("snapshots/pay__x.snap.new", binary);
    project.write("snapshots/pay__x.snap.new.png", "another");
    project.run(&["snapshot", "reject"]);
    assert_eq!(project.read("snapshots/pay__x.snap.png"), "a picture");
    project.write("snapshots/pay__x.snap.new", "---\nsource: tests/pay.rs\n---\ntext again\n");
    project.run(&["snapshot", "accept"]);
    assert_eq!(project.snapshots(), ["pay__x.snap"]);
}

#[test]
fn on_a_terminal_each_is_shown_and_asked_about() {
    let has_script = Command::new("script").arg("--version").output().is_ok_and(|o| o.status.success());
    if !has_script {
        return println!("skipped: there is no `script` to make a terminal with");
    }
    let project = Project::with_stored("asked", &["first", "second", "third", "fourth"]);
    project.write("a.rehearsal.yaml", &scenarios("true", &["first", "second", "third", "fourth"], "2"));
    assert_eq!(project.run(&["test"]).2, 1);
    let review = |answers: &str| {
        let script = format!("printf '{answers}' | script -qec \"'$0' --color never snapshot review\" /dev/null");
        project.shell(&script)
    };
    let (out, _, code) = review("a\\nwhat\\nR\\nskip\\nq\\n");
    let out = out.replace('\r', "");
    let shown = "
1 of 4 snapshots/a@first.snap  changed
  a.rehearsal.yaml › first

  - T+0       Keep  Pass
  - output    {\"is\":1}
  + T+0       Keep  Pass
  + output    {\"is\":2}
";
    let expected = shown.replace("  - T+0       Keep  Pass\n", "    T+0       Keep  Pass\n");
    let expected = expected.replace("  + T+0       Keep  Pass\n", "");
    assert!(out.contains(&expected), "{out}");
    assert!(out.contains("1 accepted, 1 rejected, 2 still waiting") && code == 1, "{code} {out}");
    assert_eq!(out.matches("a(ccept), r(eject), s(kip) or q(uit)? ").count(), 5, "{out}");
    assert_eq!(project.run(&["snapshot", "list"]).0.lines().count(), 2);
    assert!(project.read("snapshots/a@first.snap").contains("{\"is\":2}"));
    let (out, _, code) = review("a\\na\\n");
    assert!(out.contains("2 accepted, 0 rejected, 0 still waiting") && code == 0, "{code} {out}");
}

#[test]
fn a_snapshot_that_no_scenario_asks_for_is_told_and_deleted_on_request() {
    let project = Project::with_stored("left", &["first", "second"]);
    project.write("gone.rehearsal.yaml", &scenarios("true", &["other"], "1"));
    project.run(&["test", "--update-snapshots"]);
    // A file of scenarios goes, a scenario gets another name, and tests in Rust keep theirs in the same folder.
    std::fs::remove_file(project.0.path("gone.rehearsal.yaml")).unwrap();
    project.write("a.rehearsal.yaml", &scenarios("true", &["first", "zweite"], "1"));
    project.run(&["test", "--update-snapshots"]);
    project.write("snapshots/pay__x.snap", "---\nsource: tests/pay.rs\n---\none\n");
    project.write("snapshots/plain.snap", "no header\n");

    let told = "\
[unreferenced]: no scenario asks for 2 snapshots:
`snapshots/a@second.snap`, once `second` of a.rehearsal.yaml
`snapshots/gone@other.snap`, once `other` of gone.rehearsal.yaml, which is gone
help: `--unreferenced delete` deletes such snapshots, `--unreferenced ignore` says nothing of them";
    let plain = |err: &str| {
        let lines = err.lines().map(|line| line.trim_start_matches([' ', '│', '╰'])).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    };
    let (_, err, code) = project.run(&["test"]);
    assert_eq!((plain(&err), code), (format!("warning{told}"), 0));
    let (_, err, code) = project.run(&["test", "--unreferenced", "reject", "-t", "first"]);
    assert_eq!((plain(&err), code), (format!("error{told}"), 1));
    // Who runs a part, or one file, hears of that alone.
    for args in [&["test", "-t", "first"][..], &["test", "--shard", "1/2"], &["test", "--unreferenced", "ignore"]] {
        assert_eq!(project.run(args).1, "", "{args:?}");
    }
    let (_, err, _) = project.run(&["test", "a.rehearsal.yaml"]);
    assert!(err.contains("1 snapshot:") && err.contains("a@second") && !err.contains("gone@other"), "{err}");

    // Nobody knows what a file asks for that cannot be read.
    project.write("b.rehearsal.yaml", "machine: [");
    let (_, err, code) = project.run(&["test", "--unreferenced", "delete"]);
    assert_eq!((err.as_str(), code), ("", 1));
    std::fs::remove_file(project.0.path("b.rehearsal.yaml")).unwrap();

    let (_, err, code) = project.run(&["test", "--unreferenced", "delete"]);
    assert!(err.starts_with("note[unreferenced]: deleted 2 snapshots") && code == 0, "{err}");
    assert_eq!(project.snapshots(), ["a@first.snap", "a@zweite.snap", "pay__x.snap", "plain.snap"]);
    assert_eq!(project.run(&["test"]).1, "");
}

#[test]
fn a_snapshot_in_json_has_the_events_with_offsets() {
    let project = Project::new("json");
    let machine = r#"{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 90, "End": true}}}"#;
    project.write("keep.asl.json", machine);
    project.write("a.rehearsal.yaml", &scenarios("json", &["first"], "1"));
    assert_eq!(project.run(&["test", "--update-snapshots"]).2, 0);
    assert_eq!(project.run(&["test"]).2, 0);
    let stored = project.read("snapshots/a@first.snap");
    let body = stored.strip_prefix("---\nsource: a.rehearsal.yaml\nexpression: first\n---\n").unwrap();
    let events: serde_json::Value = serde_json::from_str(body).unwrap();
    let seen: Vec<_> = events["events"].as_array().unwrap().iter().map(|e| (&e["timestamp"], &e["type"])).collect();
    let want = [
        ("T+0", "ExecutionStarted"),
        ("T+0", "WaitStateEntered"),
        ("T+1m30s", "WaitStateExited"),
        ("T+1m30s", "ExecutionSucceeded"),
    ];
    assert_eq!(seen.iter().map(|(t, e)| (t.as_str().unwrap(), e.as_str().unwrap())).collect::<Vec<_>>(), want);
    // The other form of the same run is another snapshot.
    project.write("a.rehearsal.yaml", &scenarios("text", &["first"], "1"));
    assert_eq!(project.run(&["test"]).2, 1);

    for (form, told) in [
        ("jsno", "`jsno` is no form of a snapshot\n"),
        ("jsno", "did you mean `json`?"),
        ("7", "`7` is no form of a snapshot\n"),
        ("7", "write `true` for the compact history, or `json` for the events as AWS writes them"),
    ] {
        project.write("a.rehearsal.yaml", &scenarios(form, &["first"], "1"));
        let (out, _, code) = project.run(&["test"]);
        assert!(out.contains(told) && out.contains("a.rehearsal.yaml:3:") && code == 1, "{out}");
    }
}

/// A value that makes a snapshot of some kilobytes.
fn long(letter: &str) -> String {
    letter.repeat(5_000)
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_what_was_there_and_nothing_else() {
    let project = Project::new("full");
    project.write("a.rehearsal.yaml", &scenarios("true", &["first"], &long("a")));
    assert_eq!(project.run(&["test", "--update-snapshots"]).2, 0);
    let before = project.read("snapshots/a@first.snap");
    project.write("a.rehearsal.yaml", &scenarios("true", &["first", "second"], &long("b")));
    // The limit of a process stands for the limit of a disk: nothing of more than 2 blocks can be written.
    let (out, _, code) = project.shell("trap '' XFSZ; ulimit -f 2; exec \"$0\" test --update-snapshots");
    assert!(out.contains("`snapshots/a@first.snap` cannot be written: File too large"), "{out}");
    assert!(out.contains("2 failed") && code == 1, "{out}");
    assert_eq!(project.snapshots(), ["a@first.snap"]);
    assert_eq!(project.read("snapshots/a@first.snap"), before);
    // Without a word of ours: the system ends the process in the middle of the file.
    let (_, _, code) = project.shell("ulimit -f 2; exec \"$0\" test --update-snapshots");
    assert_eq!(code, -1);
    assert_eq!(project.read("snapshots/a@first.snap"), before);

    assert_eq!(project.run(&["test"]).2, 1);
    let (_, err, code) = project.shell("trap '' XFSZ; ulimit -f 2; exec \"$0\" snapshot accept");
    assert!(err.contains("failed to write `snapshots/a@first.snap`: File too large") && code == 6, "{err}");
    assert_eq!(project.read("snapshots/a@first.snap"), before);
    // What failed is seen even where the report of it cannot be written.
    let (out, err, code) = project.shell("trap '' XFSZ; ulimit -f 2; exec \"$0\" test --junit report.xml");
    assert!(err.contains("failed to write `report.xml`: File too large") && code == 6, "{err}");
    assert!(out.contains("2 failed") && !project.0.path("report.xml").exists(), "{out}");
}

#[cfg(unix)]
#[test]
fn a_kill_or_an_interrupt_leaves_the_old_snapshot_or_the_new_one() {
    use std::os::unix::fs::MetadataExt as _;

    let names: Vec<String> = (0..100).map(|i| format!("s{i:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let project = Project::new("killed");
    let whole: Vec<String> = ["a", "b"]
        .map(|letter| {
            project.write("a.rehearsal.yaml", &scenarios("true", &names, &long(letter)));
            assert_eq!(project.run(&["test", "--update-snapshots"]).2, 0);
            project.read("snapshots/a@s07.snap").replace("s07", "")
        })
        .to_vec();
    let mut were_mixed = false;
    for round in 0..16 {
        project.write("a.rehearsal.yaml", &scenarios("true", &names, &long(["a", "b"][round % 2])));
        // Each round ends one snapshot later.
        let at = project.0.path(&format!("snapshots/a@s{round:02}.snap"));
        let state = || std::fs::metadata(&at).map(|about| (about.ino(), about.mtime_nsec())).unwrap();
        let before = state();
        let mut command = Command::new(BIN);
        command.args(["test", "--update-snapshots"]).current_dir(project.0.root());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while state() == before && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        match round % 4 {
            0 => drop(Command::new("kill").args(["-INT", &child.id().to_string()]).output()),
            _ => child.kill().unwrap(),
        }
        child.wait().unwrap();
        let mut seen = [0, 0];
        for name in project.snapshots().iter().filter(|name| name.ends_with(".snap")) {
            let text = project.read(&format!("snapshots/{name}"));
            let own = name.trim_start_matches("a@").trim_end_matches(".snap");
            let which = whole.iter().position(|whole| *whole == text.replace(own, ""));
            seen[which.unwrap_or_else(|| panic!("half of {name}: {} bytes", text.len()))] += 1;
        }
        assert_eq!(seen[0] + seen[1], names.len());
        were_mixed |= seen[0] > 0 && seen[1] > 0;
    }
    assert!(were_mixed, "no kill came while snapshots were written");
}

#[cfg(unix)]
#[test]
fn a_link_to_a_snapshot_stays_a_link() {
    let project = Project::with_stored("link", &["first"]);
    let (link, real) = (project.0.path("snapshots/a@first.snap"), project.0.path("kept.txt"));
    std::fs::rename(&link, &real).unwrap();
    std::os::unix::fs::symlink("../kept.txt", &link).unwrap();
    project.write("a.rehearsal.yaml", &scenarios("true", &["first"], "2"));
    project.run(&["test"]);
    project.run(&["snapshot", "accept"]);
    assert!(link.is_symlink());
    assert!(project.read("kept.txt").contains("{\"is\":2}"));
}
