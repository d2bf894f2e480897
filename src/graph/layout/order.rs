//! The order within ranks: things move towards what they are connected with, as long as crossings become fewer.

use super::layered::Layers;

/// How often the ranks are gone through, down and up.
const SWEEPS: usize = 8;
/// Exchanging neighbours costs a look at all their ways; beyond so many vertices it is left out.
const MOST_EXCHANGED: usize = 3_000;

/// Puts the vertices of each rank into an order with few crossings. Where two orders are as good as each other the one
/// that is nearer to the definition's stays.
pub(super) fn order(layers: &mut Layers) {
    let mut position = vec![0; layers.vertices.len()];
    renumber(&layers.ranks, &mut position);
    let mut best = layers.ranks.clone();
    let mut fewest = crossings(layers, &position);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let is_down = sweep % 2 == 0;
        let count = layers.ranks.len();
        for step in 0..count {
            let rank = if is_down { step } else { count - 1 - step };
            settle(layers, rank, is_down, &mut position);
        }
        exchange(layers, &mut position);
        let now = crossings(layers, &position);
        if now < fewest {
            fewest = now;
            best.clone_from(&layers.ranks);
        }
    }
    layers.ranks = best;
}

fn renumber(ranks: &[Vec<usize>], position: &mut [usize]) {
    for rank in ranks {
        for (i, vertex) in rank.iter().enumerate() {
            position[*vertex] = i;
        }
    }
}

/// Sorts a rank by the middle of what its vertices are connected with; those that are not keep their places.
fn settle(layers: &mut Layers, rank: usize, is_down: bool, position: &mut [usize]) {
    let vertices = &layers.vertices;
    let middle = |id: usize| {
        let others = if is_down { &vertices[id].above } else { &vertices[id].below };
        let sum: usize = others.iter().map(|other| position[*other]).sum();
        (!others.is_empty()).then(|| sum as f64 / others.len() as f64)
    };
    let wish = |id: usize| middle(id).or_else(|| Some(middle(vertices[id].beside?)? + 0.3));
    let list = &layers.ranks[rank];
    let mut moving: Vec<(f64, usize)> = list.iter().filter_map(|id| Some((wish(*id)?, *id))).collect();
    moving.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut moving = moving.into_iter();
    let moves: Vec<bool> = list.iter().map(|id| wish(*id).is_some()).collect();
    for (slot, _) in moves.iter().enumerate().filter(|(_, moves)| **moves) {
        if let Some((_, id)) = moving.next() {
            layers.ranks[rank][slot] = id;
        }
    }
    for (i, id) in layers.ranks[rank].iter().enumerate() {
        position[*id] = i;
    }
}

/// Exchanges neighbours as long as that takes crossings away.
fn exchange(layers: &mut Layers, position: &mut [usize]) {
    if layers.vertices.len() > MOST_EXCHANGED {
        return;
    }
    for _ in 0..4 {
        let mut is_better = false;
        for rank in &mut layers.ranks {
            for i in 1..rank.len() {
                let (left, right) = (rank[i - 1], rank[i]);
                let (l, r) = (&layers.vertices[left], &layers.vertices[right]);
                let now = inversions(&l.above, &r.above, position) + inversions(&l.below, &r.below, position);
                let then = inversions(&r.above, &l.above, position) + inversions(&r.below, &l.below, position);
                if then < now {
                    rank.swap(i - 1, i);
                    position.swap(left, right);
                    is_better = true;
                }
            }
        }
        if !is_better {
            break;
        }
    }
}

/// How many ways of the one on the left cross ways of the one on the right.
fn inversions(left: &[usize], right: &[usize], position: &[usize]) -> usize {
    left.iter().map(|l| right.iter().filter(|r| position[**r] < position[*l]).count()).sum()
}

/// How many ways cross in all.
fn crossings(layers: &Layers, position: &[usize]) -> usize {
    let mut count = 0;
    for (upper, lower) in layers.ranks.iter().zip(layers.ranks.iter().skip(1)) {
        let mut ends: Vec<(usize, usize)> = Vec::new();
        for id in upper {
            ends.extend(layers.vertices[*id].below.iter().map(|other| (position[*id], position[*other])));
        }
        ends.sort_unstable();
        // A Fenwick tree counts those that ended further to the right.
        let mut tree = vec![0_usize; lower.len() + 1];
        for (seen, (_, end)) in ends.iter().enumerate() {
            let mut not_right = 0;
            let mut i = end + 1;
            while i > 0 {
                not_right += tree[i];
                i &= i - 1;
            }
            count += seen - not_right;
            let mut i = end + 1;
            while i < tree.len() {
                tree[i] += 1;
                i += i & i.wrapping_neg();
            }
        }
    }
    count
}
