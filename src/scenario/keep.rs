//! Keeping the case that breaks a property: a scenario file beside the others, which fails until the machine is mended.

use std::path::PathBuf;

use super::check::Failure;
use super::file::ScenarioFile;
use super::header::read;
use super::laws::Written;
use super::property::Property;
use super::run::Outcome;
use super::write::{Draft, Entry};
use crate::file;
use crate::fuzz::{Found, Why};
use crate::source::Span;
use crate::value::Value;

/// How many different failing cases of one property are kept.
const MOST_KEPT: usize = 99;
/// A file of a failing case is not larger.
const MOST_BYTES: u64 = 64 << 20;

impl ScenarioFile {
    /// Writes the failing case of a property into a file of its own, unless one there shows the same.
    pub(super) fn keep(&self, property: &Property, found: &Found, outcome: &mut Outcome) {
        let Why::Broken { law, .. } = &found.why else { return };
        let Some(law) = property.laws.get(*law) else { return };
        let text = self.scenario_of(property, found, law, outcome);
        for number in 1..=MOST_KEPT {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let name = format!("{}{suffix}.rehearsal.yaml", property.kept.stem);
            let path = property.kept.folder.join(name);
            match read(&path, MOST_BYTES) {
                Ok(there) if there == text.as_bytes() || still_fails(&path) => outcome.kept = Some(path),
                // What passes by now guards against an old mistake, and stays.
                Ok(_) => continue,
                Err(_) => match file::replace(&path, text.as_bytes()) {
                    Ok(()) => outcome.kept = Some(path),
                    Err(e) => {
                        let message = format!("`{}` cannot be written: {e}", path.display());
                        outcome.failures.push(Failure::new(None::<Span>, "the failing case", message));
                    }
                },
            }
            return;
        }
    }

    /// A failing case as a scenario file.
    fn scenario_of(&self, property: &Property, found: &Found, law: &Written, outcome: &Outcome) -> String {
        let mut draft = Draft::default();
        let file = self.path().file_name().unwrap_or_default().to_string_lossy();
        draft.about = vec![
            format!(
                "The smallest case found that breaks `{}` of ../{file}, with seed {}.",
                property.name, outcome.seed
            ),
            "It fails until the machine is mended. Keep it, so that the machine stays mended.".to_owned(),
        ];
        for (key, value) in &property.kept.head {
            match (&**key, value.as_object()) {
                ("mocks", Some(mocks)) => {
                    draft.mocks = mocks.iter().map(|(k, v)| Entry::new(&**k, v.clone())).collect()
                }
                _ => draft.head.push(Entry::new(&**key, value.clone())),
            }
        }
        let case = &found.case;
        let mut words = vec![Entry::new("name", property.name.as_str()), Entry::new("input", case.input.clone())];
        if case.seed != 0 {
            words.push(Entry::new("seed", case.seed));
        }
        if !case.faults.is_empty() {
            words.push(Entry::new("faults", Value::array(case.faults.iter().map(|fault| fault.to_value()).collect())));
        }
        words.push(match law.written.get("expect") {
            Some(expect) => Entry::new("expect", expect.clone()),
            None => {
                let laws = Value::array(vec![law.written.clone()]);
                Entry::words("expect", vec![Entry::new("always", laws)])
            }
        });
        draft.scenarios.push(words);
        draft.to_yaml()
    }
}

/// Whether a file of a failing case shows a mistake that is still there.
fn still_fails(path: &PathBuf) -> bool {
    let Ok(file) = ScenarioFile::load(path) else { return false };
    file.scenarios().iter().any(|scenario| !file.run(scenario, None).passed())
}
