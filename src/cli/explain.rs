//! `rehearsal explain`: what a code is about.

use clap::Args;
use rehearsal::asl::lint::{self, Rule};

use super::exit::Exit;
use super::screen::{Failure, Screen};

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The code of a finding, such as timeout-missing
    #[arg(required_unless_present = "list", value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Show all codes, a line each
    #[arg(long, conflicts_with = "codes")]
    pub(crate) list: bool,
}

pub(crate) fn explain(args: &ExplainArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    if args.list {
        screen.show(|out| out.write_all(list().as_bytes()))?;
        return Ok(Exit::Succeeded);
    }
    let found = args.codes.iter().map(|code| {
        let unknown = || Failure::new(Exit::Usage, format!("there is no code `{code}`")).help(lint::suggestion(code));
        lint::find(code).ok_or_else(unknown)
    });
    let found: Vec<&Rule> = found.collect::<Result<_, _>>()?;
    let color = screen.color();
    let text: Vec<String> = found.iter().map(|rule| rule.render(color)).collect();
    screen.show(|out| out.write_all(text.join("\n").as_bytes()))?;
    Ok(Exit::Succeeded)
}

/// All codes, those of accepted definitions first.
fn list() -> String {
    let width = lint::all().map(|rule| rule.code.len()).max().unwrap_or(0);
    let row = |rule: &Rule| format!("  {:<width$}  {:<7}  {}\n", rule.code, rule.severity.as_str(), rule.summary);
    let groups: [(&str, Vec<&Rule>); 3] = [
        ("accepted, and probably not meant", lint::rules().collect()),
        ("refused by AWS", lint::refusals().collect()),
        ("not to be read", lint::unreadable().collect()),
    ];
    let group =
        |(title, rules): (&str, Vec<&Rule>)| format!("{title}\n{}", rules.into_iter().map(row).collect::<String>());
    groups.map(group).join("\n")
}
