//! Inline Map: iterations on threads of this execution.

use std::sync::Arc;

use crate::asl::machine::{Items, Map, State};
use crate::engine::block::Block;
use crate::engine::data::Fields;
use crate::engine::fault::Fault;
use crate::engine::states::{name_of, results};
use crate::engine::thread::{Doing, MapItem, Thread};
use crate::engine::{Execution, Step};
use crate::expr::jsonata_template::wrong_type;
use crate::history::{Detail, Phase};
use crate::value::Value;

pub(super) struct MapBlock {
    /// An array.
    items: Value,
    /// What the ItemSelector's `$` means.
    input: Value,
    next: usize,
    limit: usize,
    pub members: Vec<u32>,
    pub results: Vec<Value>,
    /// The youngest `MapIterationSucceeded`, at which the end of the state points.
    pub last_success: u32,
}

impl Execution {
    pub(super) fn start_map(&mut self, t: &mut Thread, state: &State, map: &Map) -> Result<Step, Fault> {
        let most = self.core.settings.limits.inline_concurrency;
        let mut fields = Fields::new(&mut self.core, t, state);
        let input = fields.effective_input()?;
        let items = fields.items(map, &input)?;
        let limit = match fields.max_concurrency(map, &input)? {
            0 => most,
            n => n.min(most),
        };
        let length = items.as_array().map_or(0, <[Value]>::len);
        t.last = self.core.push(t.last, Detail::MapStateStarted { length });
        if self.core.probe.is_some() {
            return self.finish_stood_in_map(t, state, map, (&items, &input));
        }
        let results = vec![Value::Null; length];
        t.doing = Doing::Block(Box::new(Block::Map(MapBlock {
            items,
            input,
            next: 0,
            limit,
            members: Vec::with_capacity(limit.min(length)),
            results,
            last_success: t.last,
        })));
        self.go_on_with_map(t, state, map)
    }

    /// Starts as many further iterations as may run; ends the state when none is left.
    pub(super) fn go_on_with_map(&mut self, t: &mut Thread, state: &State, map: &Map) -> Result<Step, Fault> {
        let Doing::Block(mut block) = std::mem::replace(&mut t.doing, Doing::Retrying) else {
            return Ok(Step::Parked);
        };
        let Block::Map(b) = &mut *block else { return Ok(Step::Parked) };
        while b.members.len() < b.limit
            && let Some(value) = b.items.at(b.next).cloned()
        {
            let index = b.next;
            b.next += 1;
            let item = MapItem { index, value, source: None };
            let input = match &map.item_selector {
                Some(selector) => {
                    let mut fields = Fields { item: Some(&item), ..Fields::new(&mut self.core, t, state) };
                    let states = fields.states();
                    match fields.payload(selector, &b.input, &states) {
                        Ok(input) => input,
                        Err(fault) => {
                            // Iterations that run already are stopped along with the state.
                            t.doing = Doing::Block(block);
                            return Err(fault);
                        }
                    }
                }
                None => item.value.clone(),
            };
            let started = Detail::MapIteration { phase: Phase::Started, name: name_of(state), index };
            let last = self.core.push(t.last, started);
            let parent = Some((t.id, index));
            b.members.push(self.spawn(parent, map.processor, input, last, t.scope.inner(), Some(Arc::new(item))));
        }
        if !b.members.is_empty() {
            t.doing = Doing::Block(block);
            return Ok(Step::Parked);
        }
        let result = results(&mut b.results);
        t.last = b.last_success;
        self.core.push(t.last, Detail::MapStateSucceeded);
        self.finish_block(t, state, result, map.result_selector.as_ref(), &map.result_path)
    }
}

impl Fields<'_> {
    /// The array a Map works on.
    pub(super) fn items(&mut self, map: &Map, input: &Value) -> Result<Value, Fault> {
        let items = self.items_of(map, input)?;
        if let Some(seen) = self.core.seen() {
            seen.after_items_path = Some(items.clone());
        }
        Ok(items)
    }

    fn items_of(&mut self, map: &Map, input: &Value) -> Result<Value, Fault> {
        let value = match &map.items {
            Items::Input if self.is_jsonata() => {
                if input.as_array().is_none() {
                    return Err(Fault::query(format!("Map state input must be an array but was: {input}")));
                }
                return Ok(input.clone());
            }
            Items::Input => input.clone(),
            Items::Path(p) => self.path(p, input)?,
            Items::Jsonata(template) => {
                let states = self.states();
                let value = self.jsonata(template, &states)?;
                return match (value.as_array(), template.as_expression()) {
                    (None, Some(e)) => Err(wrong_type(e, "Items", "array", &value).into()),
                    _ => Ok(value),
                };
            }
        };
        if value.as_array().is_some() {
            return Ok(value);
        }
        let path = match &map.items {
            Items::Path(p) => p.as_str(),
            _ => "$",
        };
        Err(Fault::Runtime(format!("Reference path \"{path}\" must point to array.")))
    }

    pub(super) fn max_concurrency(&mut self, map: &Map, input: &Value) -> Result<usize, Fault> {
        let limit = match &map.max_concurrency {
            Some(operand) => {
                let n = self.whole(operand, "MaxConcurrency", input)?;
                usize::try_from(n).map_err(|_| self.out_of_range("MaxConcurrency cannot be negative.".into()))?
            }
            None => 0,
        };
        if let Some(seen) = self.core.seen() {
            seen.max_concurrency = Some(limit);
        }
        Ok(limit)
    }
}
