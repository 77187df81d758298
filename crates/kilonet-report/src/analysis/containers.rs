//! What the processes of the containers took, where each container has one of its own.
//!
//! The invariant: a sentence rests on a trial that may be shown, and names the cell it is of.

use crate::plan::{Role, cell_id};
use crate::store::record::{PerContainer, Record};

/// Bytes of a MiB.
const MIB: f64 = 1_048_576.0;

/// What each took where there were most of them.
pub(super) fn notes(records: &[Record]) -> Option<String> {
    let shown = records.iter().filter(|record| record.is_shown());
    let swept = shown.filter(|record| record.role == Role::Cell);
    let known = swept.filter_map(|record| Some((record, record.per_container?)));
    let (record, used) = known.max_by_key(|(record, _)| record.cell.containers)?;
    Some(sentence(record, used))
}

fn sentence(record: &Record, used: PerContainer) -> String {
    let milliseconds = |nanos: u64| nanos as f64 / 1e6;
    let memory = used.memory_peak_bytes.map(|bytes| {
        let mebibytes = |bytes: u64| bytes as f64 / MIB;
        format!(
            ", and at most {:.2} to {:.2} MiB of memory",
            mebibytes(bytes.min),
            mebibytes(bytes.max)
        )
    });
    format!(
        "{}: the process of a container used {:.1} to {:.1} ms of CPU time around the window{}; each is in containers.csv",
        cell_id(&record.cell),
        milliseconds(used.cpu_ns.min),
        milliseconds(used.cpu_ns.max),
        memory.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Cell, Driver, Topology};
    use crate::store::record::Spread;
    use crate::store::sample::cell;

    fn record(containers: u32, most_ns: u64) -> Record {
        let cell = Cell {
            driver: Driver::Processes,
            ..cell(Topology::Bridge, containers)
        };
        let spread = |max| Spread {
            min: max / 2,
            p50: max / 2,
            p95: max,
            max,
        };
        Record {
            per_container: Some(PerContainer {
                processes: containers,
                cpu_ns: spread(most_ns),
                memory_peak_bytes: Some(spread(1 << 20)),
            }),
            ..Record::blank(format!("c{containers}").parse().unwrap(), 0, cell)
        }
    }

    #[test]
    fn it_is_said_once_of_the_most_containers() {
        let records = [
            record(2, 9_000_000),
            record(8, 3_000_000),
            record(4, 5_000_000),
        ];
        assert_eq!(
            notes(&records).as_deref(),
            Some(
                "bridge-ipv4-none-c8-processes: the process of a container used 1.5 to 3.0 ms of CPU time around the \
                 window, and at most 0.50 to 1.00 MiB of memory; each is in containers.csv"
            )
        );
        assert_eq!(notes(&[]), None);
    }
}
