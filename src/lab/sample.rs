//! An even sample of many that are alike.

/// So many of them at most, spread evenly.
pub(crate) fn evenly<I: IntoIterator<IntoIter: ExactSizeIterator>>(
    all: I,
    most: usize,
) -> impl Iterator<Item = I::Item> {
    let all = all.into_iter();
    let step = all.len().div_ceil(most).max(1);
    all.step_by(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_even_and_has_all_of_few() {
        assert_eq!(evenly(0..3, 8).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(
            evenly(0..20, 8).collect::<Vec<_>>(),
            [0, 3, 6, 9, 12, 15, 18]
        );
        assert_eq!(evenly(0..0, 8).count(), 0);
    }
}
