//! The order of a block, drawn from a seed.
//!
//! A generator of our own, because those of a library may change with its version, and a plan may not. Knows no trial.

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SplitMix(u64);

/// The odd number next to 2^64 divided by the golden ratio: the generator's own increment.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `last`. The bias, `last` in 2^64, is out of sight.
    fn up_to(&mut self, last: usize) -> usize {
        let scaled = u128::from(self.next()) * (last as u128 + 1);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a product's upper half is at most `last`, a usize"
        )]
        let index = (scaled >> 64) as usize;
        index
    }
}

/// Puts a block into the order that belongs to the seed and the block's number (Fisher and Yates).
pub(super) fn shuffle<T>(block: &mut [T], seed: u64, number: u32) {
    // Neighbouring seeds must not give the same orders one block apart, so the seed is mixed before the number joins it.
    let mut random = SplitMix(SplitMix(seed).next() ^ u64::from(number));
    for last in (1..block.len()).rev() {
        block.swap(last, random.up_to(last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first values of the reference implementation (Vigna, splitmix64.c) for the seed 1234567.
        let mut random = SplitMix(1_234_567);
        let values = [random.next(), random.next(), random.next()];
        assert_eq!(
            values,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

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
