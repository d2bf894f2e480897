//! Columns: the vertices of all ranks are lined up with what they are connected with, so that ways are straight.
//!
//! This is Brandes' and Köpf's method: four times, each beginning in another corner, vertices are joined to blocks with
//! the middle one of those they are connected with, and blocks are pushed together. The mean of the two middle results
//! keeps all distances, because each of the four does.

use super::layered::Layers;

/// The column of every vertex; the leftmost edge of all is at 0.
pub(super) fn columns(layers: &Layers) -> Vec<f64> {
    let is_crossed = crossed(layers);
    let corners = [(false, false), (false, true), (true, false), (true, true)];
    let mut found: Vec<Vec<f64>> =
        corners.iter().map(|(is_up, from_right)| Corner::new(layers, *is_up, *from_right).solve(&is_crossed)).collect();
    lean_on_narrowest(layers, &mut found);
    let mut x: Vec<f64> = (0..layers.vertices.len())
        .map(|id| {
            let mut four: Vec<f64> = found.iter().map(|x| x[id]).collect();
            four.sort_by(f64::total_cmp);
            (four[1] + four[2]) / 2.0
        })
        .collect();
    let leftmost = layers.vertices.iter().zip(&x).map(|(v, x)| x - v.left).fold(f64::INFINITY, f64::min);
    x.iter_mut().for_each(|x| *x -= leftmost);
    x
}

/// How far the anchors of two neighbours are apart at least.
fn distance(layers: &Layers, left: usize, right: usize) -> f64 {
    let (l, r) = (&layers.vertices[left], &layers.vertices[right]);
    l.right + (l.apart + r.apart) / 2.0 + r.left
}

/// Pairs of a vertex and one above it whose way crosses one between two columns: the latter stays straight.
fn crossed(layers: &Layers) -> std::collections::HashSet<(usize, usize)> {
    let mut found = std::collections::HashSet::new();
    let mut position = vec![0; layers.vertices.len()];
    for rank in &layers.ranks {
        rank.iter().enumerate().for_each(|(i, id)| position[*id] = i);
    }
    for (upper, lower) in layers.ranks.iter().zip(layers.ranks.iter().skip(1)) {
        let inner = |id: usize| {
            let v = &layers.vertices[id];
            let is_column = |other: &&usize| !layers.vertices[**other].is_item;
            if v.is_item { None } else { v.above.iter().filter(is_column).map(|o| position[*o]).max() }
        };
        let mut from = 0;
        let mut scanned = 0;
        for (i, id) in lower.iter().enumerate() {
            let is_last = i + 1 == lower.len();
            let bound = match inner(*id) {
                None if !is_last => continue,
                None => upper.len().saturating_sub(1),
                Some(bound) => bound,
            };
            for other in &lower[scanned..=i] {
                let v = &layers.vertices[*other];
                for above in &v.above {
                    let at = position[*above];
                    let is_inner = !v.is_item && !layers.vertices[*above].is_item;
                    if (at < from || at > bound) && !is_inner {
                        found.insert((*other, *above));
                    }
                }
            }
            scanned = i + 1;
            from = bound;
        }
    }
    found
}

/// One of the four ways to begin: from the top or the bottom, from the left or the right.
struct Corner<'a> {
    layers: &'a Layers,
    is_up: bool,
    from_right: bool,
    ranks: Vec<Vec<usize>>,
    position: Vec<usize>,
}

impl<'a> Corner<'a> {
    fn new(layers: &'a Layers, is_up: bool, from_right: bool) -> Corner<'a> {
        let mut ranks = layers.ranks.clone();
        if is_up {
            ranks.reverse();
        }
        if from_right {
            ranks.iter_mut().for_each(|rank| rank.reverse());
        }
        let mut position = vec![0; layers.vertices.len()];
        for rank in &ranks {
            rank.iter().enumerate().for_each(|(i, id)| position[*id] = i);
        }
        Corner { layers, is_up, from_right, ranks, position }
    }

    fn solve(&self, is_crossed: &std::collections::HashSet<(usize, usize)>) -> Vec<f64> {
        let root = self.blocks(is_crossed);
        let mut x = self.push_together(&root);
        if self.from_right {
            x.iter_mut().for_each(|x| *x = -*x);
        }
        x
    }

    /// The block of every vertex, by its first one.
    fn blocks(&self, is_crossed: &std::collections::HashSet<(usize, usize)>) -> Vec<usize> {
        let mut root: Vec<usize> = (0..self.layers.vertices.len()).collect();
        for rank in &self.ranks {
            let mut free_from = 0;
            for id in rank {
                let vertex = &self.layers.vertices[*id];
                let mut others = if self.is_up { vertex.below.clone() } else { vertex.above.clone() };
                others.sort_unstable_by_key(|other| self.position[*other]);
                let Some(last) = others.len().checked_sub(1) else { continue };
                let main = if self.is_up { vertex.main_below } else { vertex.main_above };
                for other in main.iter().chain(others.get(last / 2..=last.div_ceil(2)).unwrap_or_default()) {
                    let pair = if self.is_up { (*other, *id) } else { (*id, *other) };
                    // It stays free for the one that is its usual way on.
                    if self.is_kept(*other, *id) {
                        continue;
                    }
                    if self.position[*other] >= free_from && !is_crossed.contains(&pair) {
                        root[*id] = root[*other];
                        free_from = self.position[*other] + 1;
                        break;
                    }
                }
            }
        }
        root
    }

    /// Whether a vertex is one that another than this should be straight with, which wants the same.
    fn is_kept(&self, vertex: usize, from: usize) -> bool {
        let v = |id: usize| &self.layers.vertices[id];
        let (theirs, back) = match self.is_up {
            true => (v(vertex).main_above, v(vertex).main_above.and_then(|w| v(w).main_below)),
            false => (v(vertex).main_below, v(vertex).main_below.and_then(|w| v(w).main_above)),
        };
        theirs.is_some_and(|w| w != from) && back == Some(vertex)
    }

    /// Columns of the blocks: as far to the beginning as their neighbours allow, then back towards what follows.
    fn push_together(&self, root: &[usize]) -> Vec<f64> {
        let count = root.len();
        let mut after: Vec<Vec<(usize, f64)>> = vec![Vec::new(); count];
        let mut missing = vec![0_usize; count];
        for rank in &self.ranks {
            for pair in rank.windows(2) {
                let apart = match self.from_right {
                    false => distance(self.layers, pair[0], pair[1]),
                    true => distance(self.layers, pair[1], pair[0]),
                };
                after[root[pair[0]]].push((root[pair[1]], apart));
                missing[root[pair[1]]] += 1;
            }
        }
        let mut x = vec![0.0_f64; count];
        let mut sorted: Vec<usize> = (0..count).filter(|id| root[*id] == *id && missing[*id] == 0).collect();
        let mut next = 0;
        while let Some(block) = sorted.get(next).copied() {
            next += 1;
            for (other, apart) in &after[block] {
                x[*other] = x[*other].max(x[block] + apart);
                missing[*other] -= 1;
                if missing[*other] == 0 {
                    sorted.push(*other);
                }
            }
        }
        for block in sorted.iter().rev() {
            let room = after[*block].iter().map(|(other, apart)| x[*other] - apart).fold(f64::INFINITY, f64::min);
            if room.is_finite() {
                x[*block] = x[*block].max(room);
            }
        }
        root.iter().map(|block| x[*block]).collect()
    }
}

/// Shifts the four results so that they share the left or right edge of the narrowest.
fn lean_on_narrowest(layers: &Layers, found: &mut [Vec<f64>]) {
    let bounds = |x: &[f64]| {
        let edges = layers.vertices.iter().zip(x);
        edges.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (v, x)| {
            (low.min(x - v.left), high.max(x + v.right))
        })
    };
    let all: Vec<(f64, f64)> = found.iter().map(|x| bounds(x)).collect();
    let Some(narrowest) = all.iter().copied().min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0))) else { return };
    for (i, (x, (low, high))) in found.iter_mut().zip(all).enumerate() {
        let from_right = i % 2 == 1;
        let shift = if from_right { narrowest.1 - high } else { narrowest.0 - low };
        x.iter_mut().for_each(|x| *x += shift);
    }
}
