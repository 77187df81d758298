//! The order of a block, drawn from a seed.
//!
//! Knows no trial.

use crate::random::SplitMix;

/// Puts a block into the order that belongs to the seed and the block's number (Fisher and Yates).
pub(super) fn shuffle<T>(block: &mut [T], seed: u64, number: u32) {
    // Neighbouring seeds must not give the same orders one block apart, so the seed is mixed before the number joins it.
    let mut random = SplitMix::new(SplitMix::new(seed).draw() ^ u64::from(number));
    for last in (1..block.len()).rev() {
        block.swap(last, random.up_to(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_three_comes_up_about_equally_often() {
        let mut seen = std::collections::HashMap::new();
        for number in 0..6000 {
            let mut block = [0, 1, 2];
            shuffle(&mut block, 1, number);
            *seen.entry(block).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        // 1000 expected of each; five standard deviations are 144.
        assert!(
            seen.values().all(|count| (850..1150).contains(count)),
            "{seen:?}"
        );
    }

    #[test]
    fn seed_and_number_both_matter() {
        let order = |seed, number| {
            let mut block: Vec<_> = (0..50).collect();
            shuffle(&mut block, seed, number);
            block
        };
        assert_eq!(order(1, 0), order(1, 0));
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
        assert_ne!(order(1, 1), order(2, 0));
    }
}
