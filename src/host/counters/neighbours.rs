//! The neighbour tables, one for each family and the whole machine.
//!
//! The invariant: what the kernel does not say is absent.

use super::columns::stat_column;
use crate::host::pseudo;

/// Entries of a neighbour table (`arp_cache`, `ndisc_cache`), of all namespaces together.
pub(in crate::host) fn neighbour_entries(table: &str) -> Option<u64> {
    let text = pseudo::word(format!("/proc/net/stat/{table}"))?;
    stat_column(&text, "entries")?.first().copied()
}

pub(super) fn neighbour_overflows() -> Option<u64> {
    let of = |table| {
        let text = pseudo::word(format!("/proc/net/stat/{table}"))?;
        Some(stat_column(&text, "table_fulls")?.iter().sum::<u64>())
    };
    Some(of("arp_cache")? + of("ndisc_cache").unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbour_overflows_are_summed_over_cpus_and_absent_on_old_kernels() {
        let text =
            "entries  allocs table_fulls\n00000002 00000001 0000000f\n00000002 00000001 00000001\n";
        assert_eq!(stat_column(text, "table_fulls"), Some(vec![15, 1]));
        assert_eq!(stat_column(text, "entries"), Some(vec![2, 2]));
        assert_eq!(
            stat_column("entries  allocs\n00000002 00000001\n", "table_fulls"),
            None
        );
    }
}
