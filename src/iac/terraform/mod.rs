//! Terraform: state machines of modules, and of what `terraform show -json` prints.
//!
//! A file is read with all of its folder, as Terraform does: variables with their defaults and the folder's files of
//! variables, locals, modules on this machine with the arguments of their calls, templates. What a definition says is
//! evaluated; what only a deployment could tell becomes something readable (the ARN of a function with the function's
//! name) or stays as a placeholder with the expression in it.
//!
//! Every part of a definition has the place where somebody wrote it: in `jsonencode({…})` the key and the expression, in
//! a heredoc or a template file the characters.

#[cfg(feature = "iac")]
mod eval;
#[cfg(feature = "iac")]
mod function;
#[cfg(feature = "iac")]
mod machine;
#[cfg(feature = "iac")]
mod module;
#[cfg(feature = "iac")]
mod reference;
#[cfg(feature = "iac")]
mod resource;
pub(crate) mod show;
#[cfg(feature = "iac")]
mod template;
#[cfg(feature = "iac")]
mod value;
#[cfg(feature = "iac")]
mod world;

#[cfg(feature = "iac")]
pub(crate) use machine::read;

/// Says that Terraform's language is not read by this build.
#[cfg(not(feature = "iac"))]
pub(crate) fn read(
    _: &crate::iac::files::Files,
    source: &std::sync::Arc<crate::source::Source>,
    _: &crate::iac::Settings,
) -> Result<Vec<crate::iac::Extracted>, crate::diagnostic::Diagnostics> {
    let message = format!("`{}` is Terraform's language, which this build of rehearsal does not read", source.name());
    let found = crate::diagnostic::Diagnostic::error("built-without", message);
    Err(found
        .help("build with the feature `iac`, which `cli` includes, or give it what `terraform show -json` prints")
        .into())
}
