//! What somebody else's generators add up to, beside what crossed.
//!
//! The invariant: a sentence rests on trials that may be shown, and names the cell they are of.

use std::collections::BTreeMap;

use crate::plan::{Role, cell_id};
use crate::scenario::Cell;
use crate::stats;
use crate::store::record::{Aggregate, Generator, Record};

/// For each cell that generators filled, how their own sum compares.
pub(super) fn notes(records: &[Record]) -> Vec<String> {
    let mut cells: BTreeMap<&Cell, Vec<(&Generator, Aggregate)>> = BTreeMap::new();
    let shown = records.iter().filter(|record| record.is_shown());
    for record in shown.filter(|record| record.role == Role::Cell) {
        if let Some((generator, aggregate)) = record.generator.as_ref().zip(record.aggregate) {
            let told = cells.entry(&record.cell).or_default();
            told.push((generator, aggregate));
        }
    }
    let told = cells.iter();
    told.filter_map(|(cell, told)| sentence(cell, told))
        .collect()
}

fn sentence(cell: &Cell, told: &[(&Generator, Aggregate)]) -> Option<String> {
    let median = |what: &dyn Fn(&(&Generator, Aggregate)) -> Option<f64>| {
        stats::median(&told.iter().filter_map(what).collect::<Vec<_>>())
    };
    let ratio = median(&|(generator, _)| generator.sum_over_crossed)?;
    let (sum, crossed, unit) = match median(&|(generator, _)| generator.sum_bps) {
        Some(sum) => (
            sum / 1e9,
            median(&|(_, it)| Some(it.goodput_bps / 1e9))?,
            "Gb/s",
        ),
        None => (
            median(&|(generator, _)| generator.transactions_per_s)? / 1e3,
            median(&|(_, it)| Some(it.transactions_per_s? / 1e3))?,
            "thousand a second",
        ),
    };
    let loss = median(&|(generator, _)| generator.datagrams?.loss_ratio());
    let loss = loss.map_or(String::new(), |loss| {
        let share = loss * 100.0;
        format!("; by its own count {share:.1} % of its datagrams were lost")
    });
    Some(format!(
        "{}: what {} reports for its pairs sums to {ratio:.2} times what crossed ({sum:.2} {unit} against {crossed:.2}){loss}",
        cell_id(cell),
        cell.driver,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Driver, Topology};
    use crate::store::record::{GeneratedDatagrams, Status};
    use crate::store::sample::{Law, cell};

    fn record(driver: Driver, repeat: u32, (crossed, sum_bps): (f64, f64)) -> Record {
        let cell = Cell {
            driver,
            ..cell(Topology::Bridge, 8)
        };
        Record {
            aggregate: Some(Aggregate {
                goodput_bps: crossed,
                transactions_per_s: None,
                datagrams_per_s: None,
                loss_ratio: None,
            }),
            generator: driver.is_generator().then(|| Generator {
                name: "iperf3".to_owned(),
                version: None,
                sum_bps: Some(sum_bps),
                transactions_per_s: None,
                sum_over_crossed: Some(sum_bps / crossed),
                failed: 0,
                datagrams: None,
            }),
            ..Record::blank(format!("r{repeat}").parse().unwrap(), repeat, cell)
        }
    }

    #[test]
    fn what_is_lost_by_its_own_count_is_said() {
        let one = Law::of(Topology::Bridge).one;
        let mut record = record(Driver::Iperf3, 0, (one, 0.5 * one));
        if let Some(generator) = &mut record.generator {
            generator.datagrams = Some(GeneratedDatagrams {
                datagrams_sent: 1_000,
                datagrams_received: 600,
                lost_datagrams: 200,
                ..GeneratedDatagrams::default()
            });
        }
        let said = notes(&[record]).concat();
        assert!(
            said.ends_with("; by its own count 25.0 % of its datagrams were lost"),
            "{said}"
        );
    }

    #[test]
    fn both_numbers_are_said_once_for_each_cell() {
        let one = Law::of(Topology::Bridge).one;
        let failed = Record {
            status: Status::Failed,
            ..record(Driver::Iperf3, 3, (one, 9.0 * one))
        };
        let records = vec![
            record(Driver::Threads, 0, (one, one)),
            record(Driver::Iperf3, 0, (one, 1.25 * one)),
            record(Driver::Iperf3, 1, (one, 1.5 * one)),
            record(Driver::Iperf3, 2, (one, one)),
            failed,
        ];
        assert_eq!(
            notes(&records),
            [
                "bridge-ipv4-none-c8-iperf3: what iperf3 reports for its pairs sums to 1.25 times what crossed (22.50 Gb/s \
                 against 18.00)"
            ]
        );
    }
}
