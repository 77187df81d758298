//! The backlogs of the CPUs, through which packets pass from one namespace to another.
//!
//! The invariant: a CPU's counter that has wrapped once is read right.

/// Packets through the CPUs' backlogs, all CPUs and all namespaces together, from `/proc/net/softnet_stat`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softnet {
    /// Packets taken off a backlog or out of a driver.
    pub processed: u64,
    /// Packets dropped because the backlog was full (`net.core.netdev_max_backlog`).
    pub dropped: u64,
    /// Times a softirq gave up with work left (`net.core.netdev_budget`).
    pub squeezed: u64,
}

/// The counters are 32 bits wide per CPU and wrap; at a million packets a second that takes over an hour, so between
/// two snapshots of one window a CPU's counter wraps at most once.
const SOFTNET_WRAP: u64 = 1 << 32;

impl Softnet {
    /// One line of three hexadecimal columns and more per CPU.
    pub(super) fn parse(text: &str) -> Option<Vec<Self>> {
        text.lines().map(Self::parse_line).collect()
    }

    fn parse_line(line: &str) -> Option<Self> {
        let mut columns = line
            .split_whitespace()
            .map(|word| u64::from_str_radix(word, 16));
        let mut next = || columns.next()?.ok();
        Some(Self {
            processed: next()?,
            dropped: next()?,
            squeezed: next()?,
        })
    }

    /// The growth over all CPUs. A CPU that came online in between starts from zero; one that went is left out.
    pub(super) fn growth(now: &[Self], earlier: &[Self]) -> Self {
        let nothing = Self::default();
        let before = earlier.iter().chain(std::iter::repeat(&nothing));
        now.iter()
            .zip(before)
            .fold(Self::default(), |sum, (now, before)| Self {
                processed: sum.processed + wrapping(now.processed, before.processed),
                dropped: sum.dropped + wrapping(now.dropped, before.dropped),
                squeezed: sum.squeezed + wrapping(now.squeezed, before.squeezed),
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
                squeezed: 1
            }
        );
        assert_eq!(
            parsed[1],
            Softnet {
                processed: 0x1c8f,
                dropped: 0,
                squeezed: 255
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
        }];
        let now = [
            Softnet {
                processed: 0x10,
                dropped: 3,
                squeezed: 0,
            },
            Softnet {
                processed: 5,
                dropped: 0,
                squeezed: 2,
            },
        ];
        let growth = Softnet::growth(&now, &earlier);
        assert_eq!(
            growth,
            Softnet {
                processed: 0x20 + 5,
                dropped: 2,
                squeezed: 2
            }
        );
    }
}
