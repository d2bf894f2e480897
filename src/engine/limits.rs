//! The service's limits, as values so that a test can look at them.

/// What the service allows. [`Limits::default`] is what AWS documents.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of an input, a result or an output: 262,144.
    pub payload_bytes: usize,
    /// Levels to which a payload may nest: 500. The service's own bound is not documented; without any, a loop that
    /// wraps its input could build a value nobody can print.
    pub payload_depth: usize,
    /// Events of a Standard history: 25,000. The last one is always the end.
    pub events: usize,
    /// How long a Standard execution may take: 31,536,000 seconds, a year.
    pub standard_seconds: u64,
    /// How long an Express execution may take: 300 seconds.
    pub express_seconds: u64,
    /// Events an Express execution may write without time passing before it counts as an endless loop: 2,000,000.
    pub events_at_one_instant: usize,
    /// Bytes of one variable and of one `Assign`: 262,144.
    pub variable_bytes: usize,
    /// Bytes of all variables together: 10 MiB.
    pub all_variables_bytes: usize,
    /// The longest delay a Wait state takes: 2,147,483,647 seconds.
    pub wait_seconds: i64,
    /// Iterations of an inline Map that run at once: 40.
    pub inline_concurrency: usize,
    /// Child executions of a distributed Map that run at once: 10,000.
    pub distributed_concurrency: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            payload_bytes: 262_144,
            payload_depth: 500,
            events: 25_000,
            standard_seconds: 31_536_000,
            express_seconds: 300,
            events_at_one_instant: 2_000_000,
            variable_bytes: 262_144,
            all_variables_bytes: 10 * 1024 * 1024,
            wait_seconds: i32::MAX as i64,
            inline_concurrency: 40,
            distributed_concurrency: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn events_cause(&self) -> String {
        format!("The execution reached the maximum number of history events ({}).", self.events)
    }
}
