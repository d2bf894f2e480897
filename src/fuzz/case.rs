//! One case: the input, the faults and the seed of an execution, and smaller ones to try in its place.

use proptest::prelude::{BoxedStrategy, Strategy as _};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::faults::{Faults, MOST_STRIKES};
use crate::error::{Error, ErrorKind};
use crate::mock::Fault;
use crate::random::Seeded;
use crate::value::Value;

/// How many cases are tried on the way to the smallest.
const MOST_STEPS: usize = 4_000;

/// One execution to rehearse.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) faults: Vec<Fault>,
    pub(crate) seed: u64,
    pub(crate) input: Value,
}

/// Where cases come from.
pub(super) struct Cases {
    strategy: BoxedStrategy<(Vec<Fault>, u64, Value)>,
    runner: TestRunner,
}

/// A case that has been drawn and can be made smaller.
pub(super) struct Drawn {
    tree: Box<dyn proptest::strategy::ValueTree<Value = (Vec<Fault>, u64, Value)>>,
}

impl Cases {
    /// The same seed gives the same cases.
    pub(super) fn new(faults: BoxedStrategy<Vec<Fault>>, input: BoxedStrategy<Value>, seed: u64) -> Cases {
        let mut bytes = Vec::with_capacity(32);
        let mut seeds = Seeded::new(seed);
        (0..4).for_each(|_| bytes.extend(seeds.next_u64().to_le_bytes()));
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        // What the environment says to proptest is about other tests.
        let config = Config { max_local_rejects: 10_000, failure_persistence: None, ..Config::default() };
        // What is in the way goes first: faults, then chance, then the input.
        Cases { strategy: (faults, 0..=999_u64, input).boxed(), runner: TestRunner::new_with_rng(config, rng) }
    }

    /// Draws the next case.
    pub(super) fn draw(&mut self) -> Result<Drawn, Error> {
        let tree = self.strategy.new_tree(&mut self.runner).map_err(|reason| {
            Error::new(ErrorKind::Input, format!("draw an input: {reason} in ten thousand attempts"))
        })?;
        Ok(Drawn { tree: Box::new(tree) })
    }
}

impl Drawn {
    pub(super) fn case(&self) -> Case {
        let (faults, seed, input) = self.tree.current();
        Case { faults, seed, input }
    }

    /// The smallest case that still fails; `fails` says what comes of one that does. It has no faults but of the choice.
    pub(super) fn smallest<T>(
        mut self,
        mut found: (Case, T),
        choice: &Faults,
        mut fails: impl FnMut(&Case) -> Option<T>,
    ) -> (Case, T) {
        let mut goes_on = self.tree.simplify();
        for _ in 0..MOST_STEPS {
            if !goes_on {
                break;
            }
            let case = self.case();
            goes_on = match fails(&case) {
                Some(what) => {
                    found = (case, what);
                    self.tree.simplify()
                }
                None => self.tree.complicate(),
            };
        }
        let mut fails =
            |case: &Case| if case.faults.iter().all(|fault| choice.allow(fault)) { fails(case) } else { None };
        // What became needless, or could be simpler, only while something else shrank.
        let mut at = 0;
        while at < found.0.faults.len() {
            let fewer = one_fewer(&found.0, at);
            match fewer.into_iter().find_map(|case| fails(&case).map(|what| (case, what))) {
                Some(smaller) => found = smaller,
                None => at += 1,
            }
        }
        for at in 0..found.0.faults.len() {
            while let Some(simpler) = found.0.faults[at].simpler().into_iter().find_map(|fault| {
                let mut case = found.0.clone();
                case.faults[at] = fault;
                let what = fails(&case)?;
                Some((case, what))
            }) {
                found = simpler;
            }
        }
        if found.0.seed != 0 {
            let plain = Case { seed: 0, ..found.0.clone() };
            if let Some(what) = fails(&plain) {
                found = (plain, what);
            }
        }
        found
    }
}

/// Cases without one of the faults; others may strike more often for it.
fn one_fewer(case: &Case, fault: usize) -> Vec<Case> {
    let mut without = case.clone();
    without.faults.remove(fault);
    let mut all = vec![without.clone()];
    for (i, other) in without.faults.iter().enumerate() {
        for times in 2..=MOST_STRIKES {
            let mut more = without.clone();
            more.faults[i] = other.clone().times(times);
            all.push(more);
        }
    }
    all
}
