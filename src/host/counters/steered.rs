//! Packets that CPUs were handed by others to receive, as receive packet steering has them do.
//!
//! Must not know links. The invariant: where there is one CPU, nothing can be handed on, and nothing is said.

use crate::host::pseudo;

/// The tenth column of `softnet_stat`: times a CPU was woken to take what another had queued for it.
const RECEIVED_RPS: usize = 9;

/// How many there have been so far on the whole machine; absent where there is one CPU, and where the kernel does not say.
#[must_use]
pub fn steered() -> Option<u64> {
    of(&pseudo::word("/proc/net/softnet_stat")?)
}

fn of(text: &str) -> Option<u64> {
    let of_cpus: Option<Vec<u64>> = text
        .lines()
        .map(|line| column(line, RECEIVED_RPS))
        .collect();
    let of_cpus = of_cpus.filter(|of_cpus| of_cpus.len() > 1)?;
    Some(of_cpus.into_iter().sum())
}

fn column(line: &str, number: usize) -> Option<u64> {
    u64::from_str_radix(line.split_whitespace().nth(number)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_tenth_column_of_every_cpu() {
        let line = |number: u32| format!("00000001 0 0 0 0 0 0 0 0 {number:08x} 0 0 00000000\n");
        let text = format!("{}{}", line(16), line(2));
        assert_eq!(of(&text), Some(18));
        assert_eq!(of(&line(16)), None, "one CPU");
        assert_eq!(of("1 2 3\n1 2 3\n"), None, "an old kernel");
    }
}
