//! Factors that vary in a run, and of which some of its trials could not show anything: they are in no slope and no comparison of it.
//!
//! The invariant: each is said once for each reason, with how many cells it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Role;
use crate::scenario::{AnyKey, Cell, registry};
use crate::store::record::{Record, Verdict, standing};
use crate::units::counted;

/// A sentence for each factor and reason.
pub(super) fn notes(records: &[Record]) -> Vec<String> {
    let of_sweep = standing(records).filter(|record| record.role == Role::Cell);
    let records: Vec<_> = of_sweep.collect();
    let keys = registry::keys().filter(|key| varies(*key, &records));
    keys.flat_map(|key| of_factor(key.facts().name, &records))
        .collect()
}

/// Whether a run has several levels of a factor.
fn varies(key: &dyn AnyKey, records: &[&Record]) -> bool {
    let alike = |cell: &Cell, other: &Cell| {
        let mut taken = cell.clone();
        for field in key.facts().fields {
            field.take(&mut taken, other);
        }
        taken == *cell
    };
    records
        .windows(2)
        .any(|pair| !alike(&pair[0].cell, &pair[1].cell))
}

fn of_factor(factor: &str, records: &[&Record]) -> Vec<String> {
    let mut cells: BTreeMap<&str, BTreeSet<&Cell>> = BTreeMap::new();
    for record in records {
        let effects = record.effects.iter();
        let idle = effects.filter(|it| it.factor == factor && it.verdict == Verdict::NotExercised);
        for effect in idle {
            cells
                .entry(&effect.reason)
                .or_default()
                .insert(&record.cell);
        }
    }
    let sentence = |(reason, cells): (&str, BTreeSet<&Cell>)| {
        format!(
            "`{factor}`: the traffic of {} could not show its effect, so slopes and comparisons over it leave them out: {reason}",
            counted(cells.len(), "cell")
        )
    };
    cells.into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Topology, Workload};
    use crate::store::record::Effect;
    use crate::store::sample::{cell, measured};

    fn trial(offload_off: bool, verdict: Verdict) -> Record {
        let mut cell = cell(Topology::Bridge, 2);
        cell.workload = Workload::TcpRr;
        cell.wiring.offload_off = offload_off;
        let mut record = measured(cell, 0);
        record.effects = vec![Effect {
            factor: "offload".to_owned(),
            verdict,
            witness: String::new(),
            seen: None,
            wanted: None,
            reason: "requests fit into a packet".to_owned(),
        }];
        record
    }

    #[test]
    fn a_factor_that_varies_and_that_some_could_not_show_is_said_once() {
        let idle = [true, false].map(|off| trial(off, Verdict::NotExercised));
        assert_eq!(
            notes(&idle),
            [
                "`offload`: the traffic of 2 cells could not show its effect, so slopes and comparisons over it leave them out: requests fit into a packet"
            ]
        );
        // One level throughout is nobody's question.
        assert_eq!(notes(&idle[..1]), [""; 0]);
        let held = [true, false].map(|off| trial(off, Verdict::Held));
        assert_eq!(notes(&held), [""; 0]);
    }
}
