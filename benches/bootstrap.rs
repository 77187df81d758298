//! How long 10,000 resamples of 200 cells take: `cargo bench --bench bootstrap`.

use std::time::Instant;

use kilonet::random::SplitMix;
use kilonet::stats::Bootstrap;
use rayon::prelude::*;

const CELLS: u64 = 200;
const BLOCKS: usize = 10;
const RESAMPLES: usize = 10_000;

fn main() {
    let begin = Instant::now();
    let widest = (0..CELLS)
        .into_par_iter()
        .map(width)
        .reduce(|| 0.0, f64::max);
    let took = begin.elapsed().as_secs_f64();
    println!(
        "{CELLS} cells of {BLOCKS} blocks, {RESAMPLES} resamples each: {took:.3} s (widest {widest:.3})"
    );
}

/// How wide the interval of a cell's mean is.
fn width(cell: u64) -> f64 {
    let mut random = SplitMix::new(cell);
    let figures: Vec<_> = (0..BLOCKS).map(|_| random.share()).collect();
    let mean = |drawn: &[usize]| {
        let sum: f64 = drawn.iter().map(|block| figures[*block]).sum();
        Some(sum / drawn.len() as f64)
    };
    let interval = Bootstrap::of(BLOCKS, RESAMPLES, mean).around(0.0);
    interval.map_or(0.0, |(low, high)| high - low)
}
