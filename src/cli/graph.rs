//! `rehearsal graph`: a machine as a picture.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rehearsal::Machine;
use rehearsal::asl::CompileOptions;
use rehearsal::graph::{Graph, SvgOptions};

use super::args::substitution;
use super::exit::Exit;
use super::files;
use super::screen::{Failure, Screen};

/// What `--help` ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  rehearsal graph order.asl.json -o order.svg
  rehearsal graph template.yaml#Order -o order.mmd
  rehearsal graph order.asl.json --format dot | dot -Tpdf -o order.pdf";

#[derive(Args, Debug)]
pub(crate) struct GraphArgs {
    /// The machine: a definition, a template, Terraform or Serverless file or a folder, with `#ID` where there are
    /// several
    #[arg(value_name = "FILE[#ID]")]
    pub(crate) file: PathBuf,
    /// What to write [default: what the ending of the file after -o says, else svg]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<Form>,
    /// Where to write it; `.svg`, `.mmd` and `.mermaid`, `.dot` and `.gv` say the form [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A value for a placeholder, a parameter or a reference, as NAME=VALUE
    #[arg(long = "substitute", value_name = "NAME=VALUE", value_parser = substitution)]
    pub(crate) substitutions: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A picture for browsers and documents, light and dark
    Svg,
    /// A state diagram for Markdown
    Mermaid,
    /// A digraph for Graphviz
    Dot,
}

/// The endings of files and what they hold.
const ENDINGS: &[(&str, Form)] =
    &[("svg", Form::Svg), ("mmd", Form::Mermaid), ("mermaid", Form::Mermaid), ("dot", Form::Dot), ("gv", Form::Dot)];

pub(crate) fn graph(args: &GraphArgs, screen: &mut Screen) -> Result<Exit, Failure> {
    let form = form(args)?;
    let substitute = |options: CompileOptions, (name, value): &(String, String)| options.substitute(name, value);
    let options = args.substitutions.iter().fold(CompileOptions::default(), substitute);
    let machine = Machine::load_with(&args.file, &options)?;
    let graph = Graph::of(&machine);
    let text = match form {
        Form::Svg => graph.svg(&SvgOptions::default()),
        Form::Mermaid => graph.mermaid(),
        Form::Dot => graph.dot(),
    };
    match &args.output {
        None => screen.show(|out| write!(out, "{text}"))?,
        Some(path) => {
            files::write(path, text.as_bytes())?;
            let states = match graph.nodes().len() {
                1 => "1 state".to_owned(),
                n => format!("{n} states"),
            };
            let name = files::printable(graph.name());
            screen.show(|out| writeln!(out, "{}: {name}, {states}", path.display()))?;
        }
    }
    Ok(Exit::Succeeded)
}

fn form(args: &GraphArgs) -> Result<Form, Failure> {
    let ending = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let Some(path) = args.output.as_deref().filter(|_| args.format.is_none()) else {
        return Ok(args.format.unwrap_or(Form::Svg));
    };
    let ending = ending(path).unwrap_or_default();
    ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, form)| *form).ok_or_else(|| {
        let known: Vec<String> = ENDINGS.iter().map(|(ending, _)| format!(".{ending}")).collect();
        let message = format!("the name `{}` does not say what to write", path.display());
        let help =
            format!("end it in {}, or add `--format svg`, `--format mermaid` or `--format dot`", known.join(", "));
        Failure::new(Exit::Usage, message).help(help)
    })
}
