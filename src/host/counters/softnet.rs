//! The backlogs of the CPUs, through which packets pass from one namespace to another.
//!
//! The invariant: a CPU's counter that has wrapped once is read right.

use crate::host::pseudo;

/// Packets through the CPUs' backlogs, all CPUs and all namespaces together, from `/proc/net/softnet_stat`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softnet {
    /// Packets taken off a backlog or out of a driver.
    pub processed: u64,
    /// Packets dropped because the backlog was full (`net.core.netdev_max_backlog`).
    pub dropped: u64,
    /// Times a softirq gave up with work left (`net.core.netdev_budget`).
    pub squeezed: u64,
    /// Times a CPU was woken to take what another had queued for it, as receive packet steering has them do; absent where the
    /// kernel does not say.
    pub steered: Option<u64>,
}

/// The column of [`Softnet::steered`], of which old kernels have no such.
const RECEIVED_RPS: usize = 9;

/// The counters are 32 bits wide per CPU and wrap; at a million packets a second that takes over an hour, so between
/// two snapshots of one window a CPU's counter wraps at most once.
const SOFTNET_WRAP: u64 = 1 << 32;

impl Softnet {
    /// Reads them, a row for each CPU; absent where they are not there, or not in the columns that are known.
    #[must_use]
    pub fn read() -> Option<Vec<Self>> {
        Self::parse(&pseudo::word("/proc/net/softnet_stat")?)
    }

    /// How often CPUs were handed packets by others since an earlier reading; absent where there is one CPU, which nobody can hand
    /// anything, and where the kernel does not say.
    #[must_use]
    pub fn steered_since(now: &[Self], earlier: &[Self]) -> Option<u64> {
        Self::growth(now, earlier).steered.filter(|_| now.len() > 1)
    }

    /// One line of three hexadecimal columns and more per CPU.
    fn parse(text: &str) -> Option<Vec<Self>> {
        text.lines().map(Self::parse_line).collect()
    }

    fn parse_line(line: &str) -> Option<Self> {
        let column = |number| {
            let word = line.split_whitespace().nth(number)?;
            u64::from_str_radix(word, 16).ok()
        };
        Some(Self {
            processed: column(0)?,
            dropped: column(1)?,
            squeezed: column(2)?,
            steered: column(RECEIVED_RPS),
        })
    }

    /// The growth over all CPUs. A CPU that came online in between starts from zero; one that went is left out.
    pub(super) fn growth(now: &[Self], earlier: &[Self]) -> Self {
        let nothing = Self::default();
        let none_yet = Self {
            steered: Some(0),
            ..nothing
        };
        let before = earlier.iter().chain(std::iter::repeat(&nothing));
        now.iter()
            .zip(before)
            .fold(none_yet, |sum, (now, before)| Self {
                processed: sum.processed + wrapping(now.processed, before.processed),
                dropped: sum.dropped + wrapping(now.dropped, before.dropped),
                squeezed: sum.squeezed + wrapping(now.squeezed, before.squeezed),
                steered: sum
                    .steered
                    .zip(now.steered)
                    .map(|(sum, now)| sum + wrapping(now, before.steered.unwrap_or(0))),
            })
    }
}

fn wrapping(now: u64, earlier: u64) -> u64 {
    if now >= earlier {
        now - earlier
    } else {
        now + SOFTNET_WRAP - earlier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softnet_is_hexadecimal_whatever_the_number_of_columns() {
        let old =
            "0000000a 00000002 00000001 00000000 00000000 00000000 00000000 00000000 00000000\n";
        let new =
            "00001c8f 00000000 000000ff 0 0 0 0 0 0 0 0 00000000 00000001 00000000 00000000\n";
        let parsed = Softnet::parse(&format!("{old}{new}")).unwrap();
        assert_eq!(
            parsed[0],
            Softnet {
                processed: 10,
                dropped: 2,
                squeezed: 1,
                steered: None,
            }
        );
        assert_eq!(
            parsed[1],
            Softnet {
                processed: 0x1c8f,
                dropped: 0,
                squeezed: 255,
                steered: Some(0),
            }
        );
        assert_eq!(Softnet::parse("0000000a 00000002\n"), None);
    }

    #[test]
    fn softnet_survives_a_wrap_and_a_new_cpu() {
        let earlier = [Softnet {
            processed: 0xffff_fff0,
            dropped: 1,
            squeezed: 0,
            steered: None,
        }];
        let now = [
            Softnet {
                processed: 0x10,
                dropped: 3,
                squeezed: 0,
                steered: None,
            },
            Softnet {
                processed: 5,
                dropped: 0,
                squeezed: 2,
                steered: None,
            },
        ];
        let growth = Softnet::growth(&now, &earlier);
        assert_eq!(
            growth,
            Softnet {
                processed: 0x20 + 5,
                dropped: 2,
                squeezed: 2,
                steered: None,
            }
        );
    }

    #[test]
    fn what_cpus_were_handed_is_the_tenth_column_of_every_one() {
        let line = |number: u32| format!("00000001 0 0 0 0 0 0 0 0 {number:08x} 0 0 00000000\n");
        let two = |one, other| Softnet::parse(&format!("{}{}", line(one), line(other))).unwrap();
        let steered = Softnet::steered_since(&two(16, 2), &two(6, 0));
        assert_eq!(steered, Some(12));
        let wrapped = Softnet::steered_since(&two(1, 2), &two(u32::MAX, 2));
        assert_eq!(wrapped, Some(2));
        let one = Softnet::parse(&line(16)).unwrap();
        assert_eq!(Softnet::steered_since(&one, &one), None, "one CPU");
        let old = Softnet::parse("1 2 3\n1 2 3\n").unwrap();
        assert_eq!(Softnet::steered_since(&old, &old), None, "an old kernel");
    }
}
