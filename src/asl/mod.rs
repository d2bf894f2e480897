//! The Amazon States Language: definitions as written, machines as run.

mod compile;
mod cursor;
pub mod lint;
mod load;
pub(crate) mod machine;
mod resource;

pub use compile::CompileOptions;
pub(crate) use compile::compile as compile_node;
pub use machine::{Machine, MachineType, QueryLanguage, StateType};
pub use resource::{Pattern, Resource, ResourceKind};
