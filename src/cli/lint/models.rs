//! Where boto3 or the AWS CLI has put its API models.

use std::path::{Path, PathBuf};

use rehearsal::asl::lint::ApiModels;

use super::LintArgs;
use crate::cli::exit::Exit;
use crate::cli::screen::Failure;

/// The models the command line names, or those that are found on the machine.
pub(super) fn find(args: &LintArgs) -> Result<Option<ApiModels>, Failure> {
    if args.no_api_models {
        return Ok(None);
    }
    let Some(folder) = &args.api_models else { return Ok(candidates().into_iter().find_map(ApiModels::open)) };
    // The folder of the package will do as well as that of its data.
    let found =
        [folder.clone(), folder.join("data"), folder.join("botocore/data")].into_iter().find_map(ApiModels::open);
    match found {
        Some(models) => Ok(Some(models)),
        None => Err(Failure::new(Exit::Usage, format!("there are no API models in `{}`", folder.display()))
            .help("the folder is `botocore/data`, which holds `lambda`, `sqs` and others")),
    }
}

/// The folders that may hold them: of an active environment, of the interpreters on the path, of the user, of the
/// system, of the AWS CLI.
#[expect(clippy::disallowed_methods, reason = "the command line looks for the models on the machine it runs on")]
fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(environment) = variable("VIRTUAL_ENV") {
        packages(&environment, &mut found);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path) {
        for name in ["python3", "aws"] {
            // A link leads to where the interpreter is installed.
            for program in
                [Some(folder.join(name)), std::fs::canonicalize(folder.join(name)).ok()].into_iter().flatten()
            {
                if program.is_file()
                    && let Some(installed) = program.parent().and_then(Path::parent)
                {
                    packages(installed, &mut found);
                }
            }
        }
    }
    let home = variable("HOME");
    if let Some(versions) = variable("PYENV_ROOT").or_else(|| Some(home.as_ref()?.join(".pyenv"))) {
        folders(&versions.join("versions")).iter().rev().for_each(|version| packages(version, &mut found));
    }
    if let Some(home) = home {
        packages(&home.join(".local"), &mut found);
    }
    packages(Path::new("/usr/local"), &mut found);
    found.push("/usr/lib/python3/dist-packages/botocore/data".into());
    found.push("/usr/local/aws-cli/v2/current/dist/awscli/botocore/data".into());
    found
}

/// The packages of the Pythons installed below a folder, the youngest first.
fn packages(installed: &Path, found: &mut Vec<PathBuf>) {
    for python in folders(&installed.join("lib")).iter().rev() {
        if python.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3")) {
            found.extend(["site-packages", "dist-packages"].map(|kind| python.join(kind).join("botocore/data")));
        }
    }
}

/// The folders in a folder, in order of their names, numbers counting as numbers.
#[expect(clippy::disallowed_methods, reason = "the command line looks for the models on the machine it runs on")]
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    let key = |path: &PathBuf| -> Vec<u64> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    found.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
    found
}
