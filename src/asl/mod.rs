//! The Amazon States Language: definitions as written, machines as run.

mod compile;
mod cursor;
pub(crate) mod flows;
pub mod lint;
pub(crate) mod machine;
mod resource;
pub(crate) mod spots;
pub(crate) mod ways;

pub use compile::CompileOptions;
pub(crate) use compile::compile;
pub use machine::{Machine, MachineType, QueryLanguage, StateType};
pub use resource::{Pattern, Resource, ResourceKind};
