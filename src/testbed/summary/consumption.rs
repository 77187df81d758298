//! What the processes of the containers used over a window, as their control groups say.
//!
//! Must not know how groups are read. The invariant: a container that nothing is known of is a row without figures, and in no
//! distribution.

use std::time::Duration;

use crate::host::cgroup::{CpuTime, Memory, Nest};
use crate::stats::Sorted;
use crate::store::record::{ContainerRow, PerContainer, Spread};
use crate::units::nanos;

/// Container by container.
#[derive(Debug, Default)]
pub(in crate::testbed) struct Consumption(Vec<Used>);

#[derive(Debug, Clone, Copy)]
struct Used {
    /// User and kernel.
    cpu: Option<(Duration, Duration)>,
    memory: Memory,
}

impl Consumption {
    /// Between two readings of the CPU's time; and of memory until now.
    pub(in crate::testbed) fn of(
        groups: &Nest,
        opened: &[Option<CpuTime>],
        closed: &[Option<CpuTime>],
    ) -> Self {
        let used = (0..).zip(opened.iter().zip(closed));
        let used = used.map(|(container, (opened, closed))| Used {
            cpu: closed.zip(*opened).map(|(now, then)| now.since(then)),
            memory: groups.memory(container),
        });
        Self(used.collect())
    }

    /// User-mode time of all.
    pub(super) fn user_ns(&self) -> u64 {
        let known = self.0.iter().filter_map(|used| used.cpu);
        known.map(|(user, _)| nanos(user)).sum()
    }

    /// The distributions; none where no container's CPU time is known.
    pub(super) fn summary(&self) -> Option<PerContainer> {
        let cpu = self.0.iter().filter_map(|used| used.cpu);
        let memory = self.0.iter().filter_map(|used| used.memory.peak_bytes);
        Some(PerContainer {
            processes: u32::try_from(self.0.len()).unwrap_or(u32::MAX),
            cpu_ns: spread(cpu.map(|(user, system)| nanos(user + system)))?,
            memory_peak_bytes: spread(memory),
        })
    }

    pub(super) fn rows(&self, trial: &str) -> Vec<ContainerRow> {
        let rows = (0..).zip(&self.0);
        let row = |(container, used): (u32, &Used)| ContainerRow {
            trial: trial.to_owned(),
            container,
            cpu_user_ns: used.cpu.map(|(user, _)| nanos(user)),
            cpu_system_ns: used.cpu.map(|(_, system)| nanos(system)),
            memory_peak_bytes: used.memory.peak_bytes,
        };
        rows.map(row).collect()
    }
}

fn spread(values: impl Iterator<Item = u64>) -> Option<Spread> {
    let sorted = Sorted::of(values.map(|value| value as f64).collect());
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between whole numbers that are not negative"
    )]
    let quantile = |q| sorted.quantile(q).map(|value| value.round() as u64);
    Some(Spread {
        min: quantile(0.0)?,
        p50: quantile(0.5)?,
        p95: quantile(0.95)?,
        max: quantile(1.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(user: u64, system: u64, peak: u64) -> Used {
        Used {
            cpu: Some((Duration::from_nanos(user), Duration::from_nanos(system))),
            memory: Memory {
                peak_bytes: Some(peak),
                oom_kills: Some(0),
            },
        }
    }

    #[test]
    fn a_container_that_nothing_is_known_of_is_a_row_without_figures() {
        let unknown = Used {
            cpu: None,
            memory: Memory::default(),
        };
        let consumption = Consumption(vec![used(1, 2, 10), unknown, used(3, 4, 30)]);
        let summary = consumption.summary().unwrap();
        assert_eq!((summary.cpu_ns.min, summary.cpu_ns.max), (3, 7));
        assert_eq!(
            summary.memory_peak_bytes.map(|it| (it.min, it.p50, it.max)),
            Some((10, 20, 30))
        );
        assert_eq!((summary.processes, consumption.user_ns()), (3, 4));
        let rows = consumption.rows("t");
        let known = |row: &ContainerRow| (row.container, row.cpu_user_ns, row.memory_peak_bytes);
        assert_eq!(
            rows.iter().map(known).collect::<Vec<_>>(),
            [
                (0, Some(1), Some(10)),
                (1, None, None),
                (2, Some(3), Some(30))
            ]
        );
        assert_eq!(Consumption(vec![unknown]).summary(), None);
    }
}
