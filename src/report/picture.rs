//! A machine's picture in the colours of its coverage.

use std::collections::HashSet;

use crate::coverage::{Event, MachineCoverage, Point};
use crate::graph::{Cover, Graph, Mark, Marks, SvgOptions, Way};

/// The picture's name of a coverage point: of its state, edge or branch. A time limit is the state's own.
pub(super) fn id(point: &Point) -> String {
    let state = &point.state;
    match (point.event, way(point)) {
        (Event::Entered, _) => state.clone(),
        (Event::Ended, _) => format!("{state}#branch-{}", point.index.unwrap_or(0)),
        (Event::Timeout, _) => format!("{state}#timeout"),
        (Event::Heartbeat, _) => format!("{state}#heartbeat"),
        (Event::Exhausted, _) => format!("{state}#exhausted-{}", point.index.unwrap_or(0)),
        (Event::Next | Event::Rule | Event::Default | Event::Catch | Event::Retry, Some(way)) => {
            format!("{state}#{way}")
        }
        (Event::Next | Event::Rule | Event::Default | Event::Catch | Event::Retry, None) => state.clone(),
    }
}

fn way(point: &Point) -> Option<Way> {
    let index = point.index.unwrap_or(0);
    match point.event {
        Event::Next => Some(Way::Next),
        Event::Rule => Some(Way::Rule(index)),
        Event::Default => Some(Way::Default),
        Event::Catch => Some(Way::Catch(index)),
        Event::Retry => Some(Way::Retry(index)),
        Event::Entered | Event::Exhausted | Event::Ended | Event::Timeout | Event::Heartbeat => None,
    }
}

/// The picture as SVG without a style of its own; none where the definition needs more than itself to be read.
pub(super) fn picture(machine: &MachineCoverage) -> Option<String> {
    let graph = Graph::of(&machine.machine()?);
    let marks = marks(machine, &graph);
    Some(graph.svg(&SvgOptions { marks: Some(&marks), bare: true }))
}

fn marks(machine: &MachineCoverage, graph: &Graph) -> Marks {
    let counts = machine.counts();
    // What is missing because something before it is missing does not cry as loud.
    let told: HashSet<String> = machine.missing().map(id).collect();
    let exhausted = |point: &Point| {
        let is_it = |p: &Point| p.event == Event::Exhausted && p.state == point.state && p.index == point.index;
        machine.points().iter().zip(&counts).any(|(p, count)| is_it(p) && *count > 0)
    };
    let mut marks = Marks::default();
    for (point, count) in machine.points().iter().zip(&counts) {
        let cover = match count {
            0 if told.contains(&id(point)) => Cover::Uncovered,
            0 => Cover::Unreached,
            _ if point.event == Event::Retry && !exhausted(point) => Cover::Partly,
            _ => Cover::Covered,
        };
        let mark = Mark { cover: Some(cover), count: Some(*count), on_path: false };
        match (point.event, way(point)) {
            (Event::Entered, _) => {
                marks.node(&point.state, mark);
                // A state that ends its list of states has no way on that could be counted.
                let ends = |edge: &&crate::graph::Edge| edge.to.is_none();
                let own = graph.edges().iter().filter(ends).find(|e| graph.nodes()[e.from].place == point.state);
                if own.is_some() && *count == 0 {
                    marks.edge(&point.state, Way::Next, Mark { cover: Some(Cover::Unreached), ..Mark::default() });
                }
            }
            (Event::Ended, _) => marks.branch(&point.state, point.index.unwrap_or(0), mark),
            (_, Some(way)) => marks.edge(&point.state, way, mark),
            (_, None) => {}
        }
    }
    marks
}
