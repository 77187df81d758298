//! Whether the records of a run are of one machine and kernel, as its manifest describes one.
//!
//! Must not know what makes two machines differ. The invariant: a record that does not say where it was made is of none.

use crate::store::record::Record;

/// The trials of one machine.
struct Machine<'a> {
    name: &'a str,
    first: &'a str,
    trials: usize,
}

/// Names the machines and kernels, where there are several.
pub(super) fn notes(records: &[Record]) -> Option<String> {
    let machines = among(records);
    let named = machines.iter().map(Machine::words);
    (machines.len() > 1).then(|| {
        format!(
            "the records are of {} machines or kernels, and the manifest describes one: {}; a curve through several is of none",
            machines.len(),
            named.collect::<Vec<_>>().join(" and ")
        )
    })
}

/// In the order of their first records.
fn among(records: &[Record]) -> Vec<Machine<'_>> {
    let mut machines: Vec<Machine<'_>> = Vec::new();
    for record in records {
        let Some(name) = record.machine.as_deref() else {
            continue;
        };
        match machines.iter_mut().find(|machine| machine.name == name) {
            Some(machine) => machine.trials += 1,
            None => machines.push(Machine {
                name,
                first: &record.trial,
                trials: 1,
            }),
        }
    }
    machines
}

impl Machine<'_> {
    fn words(&self) -> String {
        let Self {
            name,
            first,
            trials,
        } = self;
        let trials = match trials {
            1 => "1 trial".to_owned(),
            many => format!("{many} trials, the first"),
        };
        format!("{name} ({trials} {first})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Topology;
    use crate::store::sample::{cell, measured};

    fn on(machine: Option<&str>, containers: u32) -> Record {
        Record {
            machine: machine.map(str::to_owned),
            ..measured(cell(Topology::Veth, containers), 0)
        }
    }

    #[test]
    fn machines_are_named_where_there_are_several_though_their_cells_differ() {
        let (old, new) = (Some("EPYC, Linux 6.1"), Some("EPYC, Linux 6.12"));
        let records = [on(None, 2), on(old, 4), on(new, 8), on(old, 16)];
        assert_eq!(notes(&records[..2]), None);
        assert_eq!(
            notes(&records).as_deref(),
            Some(
                "the records are of 2 machines or kernels, and the manifest describes one: EPYC, Linux 6.1 (2 trials, the first \
                 veth-ipv4-c4-a4-r0) and EPYC, Linux 6.12 (1 trial veth-ipv4-c8-a8-r0); a curve through several is of none"
            )
        );
    }

    #[test]
    fn records_that_do_not_say_are_of_none() {
        assert_eq!(notes(&[on(None, 2), on(None, 4)]), None);
    }
}
