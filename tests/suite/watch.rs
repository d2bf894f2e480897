//! `rehearsal test --watch`, with a real process and real files.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

/// A busy machine is slow; nothing waits so long unless it fails.
const DEADLINE: Duration = Duration::from_secs(30);
/// Each round ends so.
const END: &str = "watching; Ctrl-C ends it";

const CHECKOUT: &str = "machine: ../checkout.asl.json
use: ../mocks.yaml
scenarios:
  - { name: pays, input: { orderId: 1 }, expect: { status: SUCCEEDED, elapsed: 1s } }
";

const APPROVAL: &str = "machine: ../approval.asl.json
scenarios:
  - { name: waits, input: { orderId: 7 }, timeline: [], expect: { path: [Ask, Escalate] } }
";

const MOCKS: &str = "mocks:
  Charge: { payload: { chargeId: c-1 }, takes: 1s }
  Email: { return: {} }
  Audit: { return: {} }
";

/// A project that is watched.
struct Watched {
    folder: PathBuf,
    child: Child,
    lines: Receiver<String>,
}

impl Watched {
    /// Two scenario files on two machines, one of which shares mocks; what the first round prints.
    fn start(name: &str, args: &[&str]) -> (Watched, String) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("s")).unwrap();
        let machine = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines").join(name);
            (name.to_owned(), std::fs::read_to_string(path).unwrap())
        };
        let own = [("s/a.rehearsal.yaml", CHECKOUT), ("s/b.rehearsal.yaml", APPROVAL), ("mocks.yaml", MOCKS)];
        let own = own.map(|(name, text)| (name.to_owned(), text.to_owned()));
        for (name, text) in own.into_iter().chain([machine("checkout.asl.json"), machine("approval.asl.json")]) {
            std::fs::write(folder.join(&name), text).unwrap();
            // Files that are written while it starts are looked at twice.
            let file = std::fs::File::options().write(true).open(folder.join(&name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_rehearsal"))
            .args(["test", "--watch", "--no-real-time"])
            .args(args)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut watched = Watched { folder, child, lines };
        let first = watched.round();
        (watched, first)
    }

    /// What the next round prints.
    #[track_caller]
    fn round(&mut self) -> String {
        let (mut said, began) = (String::new(), Instant::now());
        loop {
            match self.lines.recv_timeout(DEADLINE.saturating_sub(began.elapsed())) {
                Ok(line) if line == END => return said,
                Ok(line) => said += &format!("{line}\n"),
                Err(e) => panic!("no round came: {e}: {said}"),
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(name, &text.replace(from, to));
    }

    /// Interrupts it as Ctrl-C does; the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let done = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
        let code = self.child.wait().unwrap().code();
        assert_eq!(self.lines.recv_timeout(DEADLINE), Err(RecvTimeoutError::Disconnected));
        code
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ONE: &str = "1 passed · 1 file\n";

#[test]
fn a_change_runs_what_it_touches_and_nothing_else() {
    let (mut watched, first) = Watched::start("watch-change", &[]);
    assert_eq!(first, "ok    s/a.rehearsal.yaml  1 check\nok    s/b.rehearsal.yaml  1 check\n\n2 passed · 2 files\n");

    watched.replace("s/a.rehearsal.yaml", "elapsed: 1s", "elapsed: 2s");
    let said = watched.round();
    assert!(
        said.starts_with("\nchanged: s/a.rehearsal.yaml\nFAIL  s/a.rehearsal.yaml  1 of 1 check failed\n"),
        "{said}"
    );
    assert!(said.contains("elapsed: it took 1s on the virtual clock, expected 2s"), "{said}");

    // What the file shares with others.
    watched.replace("mocks.yaml", "takes: 1s", "takes: 2s");
    let want = format!("\nchanged: mocks.yaml\nok    s/a.rehearsal.yaml  1 check\n\n{ONE}");
    assert_eq!(watched.round(), want);

    // The definition that the other file rehearses.
    watched.replace("approval.asl.json", "\"Ask\"", "\"Ask\" ");
    let want = format!("\nchanged: approval.asl.json\nok    s/b.rehearsal.yaml  1 check\n\n{ONE}");
    assert_eq!(watched.round(), want);
    assert_eq!(watched.interrupt(), Some(0));
}

#[test]
fn what_goes_away_or_breaks_is_said_and_waited_for() {
    let (mut watched, _) = Watched::start("watch-gone", &["s"]);
    std::fs::rename(watched.path("approval.asl.json"), watched.path("away.json")).unwrap();
    let said = watched.round();
    assert!(said.contains("FAIL  s/b.rehearsal.yaml › the file can be read"), "{said}");
    assert!(said.contains("failed to read `approval.asl.json`"), "{said}");

    watched.write("s/a.rehearsal.yaml", "machine: [");
    let said = watched.round();
    assert!(said.contains("FAIL  s/a.rehearsal.yaml › the file can be read"), "{said}");
    assert!(said.ends_with("still failing: s/b.rehearsal.yaml\n"), "{said}");

    std::fs::rename(watched.path("away.json"), watched.path("approval.asl.json")).unwrap();
    let said = watched.round();
    let want = format!(
        "\nchanged: approval.asl.json\nok    s/b.rehearsal.yaml  1 check\n\n{ONE}still failing: s/a.rehearsal.yaml\n"
    );
    assert_eq!(said, want);

    std::fs::remove_file(watched.path("s/a.rehearsal.yaml")).unwrap();
    assert_eq!(watched.round(), "\ngone: s/a.rehearsal.yaml\n");

    watched.write("s/c.rehearsal.yaml", &CHECKOUT.replace("1s", "3s"));
    let said = watched.round();
    assert!(said.starts_with("\nnew: s/c.rehearsal.yaml\nFAIL  s/c.rehearsal.yaml  1 of 1 check failed\n"), "{said}");
    assert_eq!(watched.interrupt(), Some(1), "something fails");
}

#[test]
fn editors_that_put_a_new_file_in_the_place_of_the_old_one_are_seen() {
    let (mut watched, _) = Watched::start("watch-rename", &[]);
    for n in 0..3 {
        let modified = std::fs::metadata(watched.path("mocks.yaml")).unwrap().modified().unwrap();
        // The same length and the same time.
        watched.write("mocks.yaml~", &MOCKS.replace("c-1", &format!("c-{}", n + 2)));
        let file = std::fs::File::options().write(true).open(watched.path("mocks.yaml~")).unwrap();
        file.set_modified(modified).unwrap();
        std::fs::rename(watched.path("mocks.yaml~"), watched.path("mocks.yaml")).unwrap();
        assert!(watched.round().starts_with("\nchanged: mocks.yaml\nok    s/a.rehearsal.yaml"));
    }
}

#[test]
fn a_burst_of_changes_is_one_round() {
    let (mut watched, _) = Watched::start("watch-burst", &[]);
    let mut during = 0;
    for n in 0..50 {
        watched.write("s/a.rehearsal.yaml", &CHECKOUT.replace("orderId: 1", &format!("orderId: {n}")));
        watched.write("mocks.yaml", &MOCKS.replace("c-1", &format!("c-{n}")));
        // Five milliseconds between two changes, in which nothing should be said.
        during += usize::from(watched.lines.recv_timeout(Duration::from_millis(5)).is_ok_and(|line| line == END));
    }
    watched.replace("approval.asl.json", "\"Ask\"", "\"Ask\" ");
    let mut rounds = 1;
    while !watched.round().contains("approval.asl.json") {
        rounds += 1;
    }
    // One would do; a busy machine may stop the writer for longer than a change lasts.
    assert!(during + rounds <= 3, "{during} rounds in the burst and {rounds} after it");
}

#[test]
fn a_snapshot_that_is_accepted_elsewhere_is_compared_again() {
    let (mut watched, _) = Watched::start("watch-snapshot", &[]);
    watched.replace("s/a.rehearsal.yaml", "elapsed: 1s }", "elapsed: 1s }, snapshot: true");
    let said = watched.round();
    assert!(said.contains("snapshot: there is none yet"), "{said}");
    let stored = watched.path("s/snapshots/a@pays.snap");
    std::fs::rename(watched.path("s/snapshots/a@pays.snap.new"), &stored).unwrap();
    let said = watched.round();
    assert!(said.starts_with("\nchanged: s/snapshots/a@pays.snap\nok    s/a.rehearsal.yaml"), "{said}");
}

#[test]
fn a_snapshot_that_it_stores_itself_is_no_change() {
    let (mut watched, _) = Watched::start("watch-store", &["--update-snapshots"]);
    watched.replace("s/a.rehearsal.yaml", "elapsed: 1s }", "elapsed: 1s }, snapshot: true");
    assert!(watched.round().ends_with(ONE));
    assert!(watched.path("s/snapshots/a@pays.snap").is_file());
    watched.replace("approval.asl.json", "\"Ask\"", "\"Ask\" ");
    assert!(watched.round().starts_with("\nchanged: approval.asl.json\n"));
}

#[test]
fn what_has_no_place_beside_watching_is_refused() {
    for other in [["--json"].as_slice(), &["--list"], &["--junit", "x.xml"]] {
        let done =
            Command::new(env!("CARGO_BIN_EXE_rehearsal")).args(["test", "--watch"]).args(other).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{other:?}");
    }
}
