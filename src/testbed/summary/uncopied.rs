//! What is said where the kernel copied though it was not to.
//!
//! Must not know how it is found out.

use crate::traffic::Uncopied;

/// What a reader should be told.
pub(super) fn warnings(uncopied: Uncopied) -> Vec<String> {
    let copied = uncopied.copied_ratio.filter(|ratio| *ratio > 0.0);
    let copied = copied.map(|ratio| {
        format!(
            "the kernel copied {} of the messages sent without a copy, as it does if a packet stays on its node",
            share(ratio)
        )
    });
    let mapped = uncopied.mapped_ratio.filter(|ratio| *ratio < 1.0);
    let mapped = mapped.map(|ratio| {
        format!(
            "receivers had {} of their bytes mapped, and copied the rest",
            share(ratio)
        )
    });
    copied.into_iter().chain(mapped).collect()
}

/// Rounded, but to nothing or to all only what is that.
fn share(ratio: f64) -> String {
    match ratio {
        0.0 => "none".to_owned(),
        1.0 => "all".to_owned(),
        _ => format!("{:.0} %", (ratio * 100.0).clamp(1.0, 99.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_all_the_same_is_said() {
        let said = |copied_ratio, mapped_ratio| {
            warnings(Uncopied {
                copied_ratio,
                mapped_ratio,
            })
        };
        assert!(said(None, None).is_empty());
        assert!(said(Some(0.0), Some(1.0)).is_empty());
        let both = said(Some(1.0), Some(0.0));
        assert!(both[0].starts_with("the kernel copied all of"), "{both:?}");
        assert!(both[1].contains("had none of"), "{both:?}");
        assert!(said(Some(0.0001), None)[0].contains("copied 1 % of"));
        assert!(said(None, Some(0.9999))[0].contains("had 99 % of"));
    }
}
