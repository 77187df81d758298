//! The CPUs of the machine, and those that kilonet may use.
//!
//! Must not know what they are used for. The invariant: a mask is lower-case hexadecimal digits, the lowest CPUs last.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

use crate::error::{Error, Result};
use crate::scenario::CpuList;

/// The CPUs that are online, as ranges.
const ONLINE: &str = "/sys/devices/system/cpu/online";

/// The CPUs that the calling thread may use.
///
/// # Errors
/// When the kernel does not say.
pub(crate) fn allowed() -> Result<CpuSet> {
    sched_getaffinity(Pid::from_raw(0))
        .map_err(|errno| Error::kernel("read", "the CPUs kilonet may use", errno.into()))
}

/// The same by number.
///
/// # Errors
/// When the kernel does not say.
pub(crate) fn usable() -> Result<Vec<usize>> {
    let allowed = allowed()?;
    let all = 0..CpuSet::count();
    Ok(all.filter(|cpu| allowed.is_set(*cpu) == Ok(true)).collect())
}

/// The mask of all that are online.
///
/// # Errors
/// When the kernel does not say.
pub(crate) fn online_mask() -> Result<String> {
    let failed = |source| Error::kernel("read", ONLINE, source);
    let ranges = fs::read_to_string(ONLINE).map_err(failed)?;
    let unknown = || Error::refused("read", ONLINE, format!("it says {ranges}"));
    mask_of(ranges.trim()).ok_or_else(unknown)
}

/// Whether a mask has no CPU that another one lacks.
pub(crate) fn is_within(mask: &str, other: &str) -> bool {
    let bits = |digit: char| digit.to_digit(16).unwrap_or(0);
    let others = other.chars().rev().map(bits).chain(std::iter::repeat(0));
    let own = mask.chars().rev().map(bits);
    own.zip(others).all(|(own, others)| own & !others == 0)
}

/// The mask of CPUs that are listed as `0-3,8`.
fn mask_of(ranges: &str) -> Option<String> {
    let list: CpuList = ranges.parse().ok()?;
    let mut digits = vec![0_u32; list.cpus().last()? as usize / 4 + 1];
    for cpu in list.cpus() {
        digits[cpu as usize / 4] |= 1 << (cpu % 4);
    }
    let digits = digits.iter().rev();
    digits.map(|digit| char::from_digit(*digit, 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_bits_of_a_mask() {
        for (ranges, mask) in [
            ("0", Some("1")),
            ("0-1", Some("3")),
            ("0-3,8", Some("10f")),
            ("1-2,32-35", Some("f00000006")),
            ("none", None),
        ] {
            assert_eq!(mask_of(ranges).as_deref(), mask, "{ranges}");
        }
    }

    #[test]
    fn a_mask_is_within_another_if_that_has_all_its_cpus() {
        for (mask, other, within) in [
            ("1", "3", true),
            ("3", "3", true),
            ("4", "3", false),
            ("10", "f", false),
            ("f00000000", "f0000000f", true),
            ("1f00000000", "f0000000f", false),
        ] {
            assert_eq!(is_within(mask, other), within, "{mask} {other}");
        }
    }
}
