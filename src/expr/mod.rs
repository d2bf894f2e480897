//! The expression languages of the States Language: value × surroundings → value.
//!
//! Nothing here knows states, executions or time; the engine hands in an [`Env`](env::Env).

pub mod choice;
pub mod env;
pub mod error;
pub mod intrinsics;
pub mod jsonata;
pub mod jsonata_template;
pub mod jsonpath;
pub mod query_path;
pub mod reference_path;
pub mod template;
