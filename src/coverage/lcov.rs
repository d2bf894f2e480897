//! lcov's tracefile: what editors and code review show beside the lines of a definition.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Coverage;
use super::machine::MachineCoverage;
use super::point::{Event, Kind, Point};

/// A record for every file. States are functions, ways out of them are branches, and every line on which something is
/// written that can be reached is a line.
pub(super) fn write(coverage: &Coverage) -> String {
    let mut files: BTreeMap<&str, Vec<&MachineCoverage>> = BTreeMap::new();
    for machine in coverage.machines() {
        if let Some(file) = machine.file() {
            files.entry(file).or_default().push(machine);
        }
    }
    let mut text = String::new();
    for (file, machines) in files {
        record(&mut text, file, &machines);
    }
    text
}

fn record(text: &mut String, file: &str, machines: &[&MachineCoverage]) {
    let mut functions: Vec<(usize, String, u64)> = Vec::new();
    let mut lines: BTreeMap<usize, u64> = BTreeMap::new();
    let mut branches: Vec<(usize, usize, usize, Option<u64>)> = Vec::new();
    let mut block = 0;
    for machine in machines {
        let counts = machine.counts();
        let (mut state, mut entered, mut branch) = ("", 0, 0);
        for (point, count) in machine.points().iter().zip(counts) {
            if point.event == Event::Entered {
                (state, entered, branch) = (&point.state, count, 0);
                block += 1;
            }
            let Some(line) = point.line else { continue };
            let most = lines.entry(line).or_default();
            *most = count.max(*most);
            if point.event == Event::Entered {
                let name = if machines.len() == 1 { state.to_owned() } else { format!("{}/{state}", machine.name()) };
                functions.push((line, name, count));
            } else if is_branch(point) {
                branches.push((line, block, branch, (entered > 0).then_some(count)));
                branch += 1;
            }
        }
    }
    let _ = writeln!(text, "TN:\nSF:{file}");
    for (line, name, _) in &functions {
        let _ = writeln!(text, "FN:{line},{name}");
    }
    for (_, name, count) in &functions {
        let _ = writeln!(text, "FNDA:{count},{name}");
    }
    let hit = functions.iter().filter(|(.., count)| *count > 0).count();
    let _ = writeln!(text, "FNF:{}\nFNH:{hit}", functions.len());
    for (line, block, branch, count) in &branches {
        let count = count.map_or_else(|| "-".to_owned(), |c| c.to_string());
        let _ = writeln!(text, "BRDA:{line},{block},{branch},{count}");
    }
    let taken = branches.iter().filter(|(.., count)| count.is_some_and(|c| c > 0)).count();
    let _ = writeln!(text, "BRF:{}\nBRH:{taken}", branches.len());
    for (line, count) in &lines {
        let _ = writeln!(text, "DA:{line},{count}");
    }
    let hit = lines.values().filter(|count| **count > 0).count();
    let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
}

/// Whether a point is one of several things that may happen in a state. Where the machine goes on without a choice, a
/// branch would say nothing that the line does not.
fn is_branch(point: &Point) -> bool {
    !matches!(point.event, Event::Entered | Event::Next) && !point.kinds().contains(&Kind::Branches)
}
