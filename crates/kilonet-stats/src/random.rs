//! A generator of random numbers from a seed.
//!
//! Our own, because those of a library may change with its version, and what a plan drew may not. Knows nothing of what is
//! drawn. Invariant: the same seed gives the same numbers, on every machine and in every version.

use std::hint::black_box;

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

/// The odd number next to 2^64 divided by the golden ratio: the generator's own increment.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl SplitMix {
    /// The generator that belongs to a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The 64 bits that the generator of a seed draws after `before` others: its state grows by the same at each.
    #[must_use]
    pub fn nth(seed: u64, before: u64) -> u64 {
        Self(seed.wrapping_add(GOLDEN.wrapping_mul(before))).draw()
    }

    /// What so many draws of a seed's generator come to, each laid over the others: work that takes the same time every time. One by
    /// one: by twos, as a compiler would have it, multiplying takes a processor of the plainest kind half as long again.
    #[must_use]
    pub fn laid_over(seed: u64, draws: u32) -> u64 {
        let mut random = Self(seed);
        (0..draws).fold(0, |all, _| black_box(all ^ random.draw()))
    }

    /// A number from 0 up to, but not including, 1: the upper 53 bits, which is what one holds.
    pub fn share(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `last`. The bias, `last` in 2^64, is out of sight.
    pub fn up_to(&mut self, last: usize) -> usize {
        let scaled = u128::from(self.draw()) * (last as u128 + 1);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a product's upper half is at most `last`, a usize"
        )]
        let index = (scaled >> 64) as usize;
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first values of the reference implementation (Vigna, splitmix64.c) for the seed 1234567.
        let mut random = SplitMix::new(1_234_567);
        let values = [random.draw(), random.draw(), random.draw()];
        assert_eq!(
            values,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
        let each = [0, 1, 2].map(|before| SplitMix::nth(1_234_567, before));
        assert_eq!(each, values);
        let laid_over = SplitMix::laid_over(1_234_567, 3);
        assert_eq!(laid_over, values[0] ^ values[1] ^ values[2]);
    }
}
