//! `rehearsal list`: the machines of files and folders.

use rehearsal::asl::{CompileOptions, MachineType, QueryLanguage};
use rehearsal::diagnostic::Diagnostic;
use rehearsal::iac::{self, Found};
use serde_json::{Value, json};

use super::args::ListArgs;
use super::exit::Exit;
use super::screen::{Failure, Screen};

pub(crate) fn list(args: &ListArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let substitute = |options: CompileOptions, (name, value): &(String, String)| options.substitute(name, value);
    let options = args.substitutions.iter().fold(CompileOptions::default(), substitute);
    let mut found = Vec::new();
    let mut failures = Vec::new();
    let mut warnings = Vec::new();
    for path in &args.paths {
        let search = iac::search(path, &options);
        found.extend(search.found);
        failures.extend(search.failures);
        warnings.extend(search.warnings);
    }
    screen.show(|out| match args.json {
        true => {
            let rows: Vec<Value> = found.iter().map(described).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
        false => table(&found).iter().try_for_each(|line| writeln!(out, "{line}")),
    })?;
    screen.report(&warnings);
    // What could be read is shown before what could not.
    let Some(worst) = failures.iter().map(|e| Exit::from(e.kind())).max_by_key(|exit| *exit as u8) else {
        if found.is_empty() {
            let paths: Vec<String> = args.paths.iter().map(|path| format!("`{}`", path.display())).collect();
            let note = Diagnostic::note("no-machine", format!("there is no state machine in {}", paths.join(", ")));
            screen.report(&[note]);
        }
        return Ok(Exit::Succeeded);
    };
    for failure in failures {
        screen.complain(&failure.into());
    }
    Ok(worst)
}

fn described(found: &Found) -> Value {
    json!({
        "file": found.file().to_string_lossy(),
        "id": found.id(),
        "line": found.line(),
        "type": kind(found).to_uppercase(),
        "queryLanguage": found.query_language().map(language),
    })
}

/// Lines with columns: what `run` takes, where it is, what it is.
fn table(found: &[Found]) -> Vec<String> {
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|f| {
            let place = format!("{}:{}", f.file().display(), f.line());
            let language = f.query_language().map_or("unreadable", language);
            [f.id().to_owned(), kind(f).to_owned(), language.to_owned(), place]
        })
        .collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..4).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &[String; 4]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    };
    rows.iter().map(line).collect()
}

fn kind(found: &Found) -> &'static str {
    match found.machine_type() {
        MachineType::Standard => "Standard",
        MachineType::Express => "Express",
    }
}

fn language(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "JSONPath",
        QueryLanguage::Jsonata => "JSONata",
    }
}
