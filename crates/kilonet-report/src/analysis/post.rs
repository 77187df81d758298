//! The table of the post that kilonet began with, beside this run's.
//!
//! In 2017 one pair of Docker containers was measured by netperf, ten times for five minutes. The units it printed are
//! inconsistent, so that only order and ratios to lo mean anything. Must not know words. The invariant: a cell of today
//! is set beside one of the post only where its topology, family and rules are what the post's had.

mod table;

use super::metric::Metric;
use super::model::{Column, Post, PostCell, PostRow};
use super::summary::CellSummary;
use crate::scenario::{self, Cell, Excepted, Family, Firewall, Testbed, Topology};
use table::{Printed, Shape, TABLE};

/// The post's table beside today's; absent unless the run has each of its rows by both families.
pub(super) fn post(cells: &[CellSummary]) -> Option<Post> {
    let rows: Vec<_> = TABLE.iter().map(|shape| of_row(shape, cells)).collect();
    let whole = |row: &PostRow| {
        let by = |column| {
            let mut cells = row.cells.iter();
            cells.any(|cell| cell.column == column && cell.is_measured())
        };
        (by(Column::Ipv4) || by(Column::NoRules)) && by(Column::Ipv6)
    };
    let is_table = rows.iter().all(whole);
    is_table.then_some(Post { rows })
}

fn of_row(shape: &Shape, cells: &[CellSummary]) -> PostRow {
    let figures = shape.figures.iter();
    PostRow {
        topology: shape.topology,
        name: shape.name,
        cells: figures
            .map(|printed| cell(shape.topology, printed, cells))
            .collect(),
    }
}

fn cell(topology: Topology, printed: &Printed, cells: &[CellSummary]) -> PostCell {
    let of = |testbed, rules: Option<Firewall>| {
        let usual = scenario::usual(topology, testbed)?;
        let fits = |cell: &Cell| {
            cell.same_but(&usual, BESIDE_THE_TRAFFIC)
                && cell.family == printed.column.family()
                && rules.is_none_or(|rules| cell.firewall == rules)
        };
        let fitting = cells.iter().filter(|summary| fits(&summary.cell));
        let mut known = fitting.filter_map(|summary| summary.estimate(Metric::BaselineRatio));
        known.next().copied()
    };
    let mut modelled = printed.rules.iter();
    let engine_has_rules = printed.column != Column::NoRules;
    PostCell {
        column: printed.column,
        then: printed.ratio,
        modelled: modelled.find_map(|rules| of(Testbed::Kernel, Some(*rules))),
        real: engine_has_rules
            .then(|| of(Testbed::Docker, None))
            .flatten(),
    }
}

/// What a cell may have otherwise than by default and still be one of the post's: one bulk stream between two containers.
const BESIDE_THE_TRAFFIC: &[Excepted] = &[
    // These are the post's columns.
    |cell, usual| cell.family = usual.family,
    |cell, usual| cell.firewall = usual.firewall,
    // The same rules, by other tables.
    |cell, usual| cell.rules.backend = usual.rules.backend,
    // The post's was netperf. Each sends the same bulk stream, and the ratio is to what it sends over lo itself.
    |cell, usual| cell.driver = usual.driver,
    // None of the traffic is by the other family.
    |cell, usual| cell.stack = usual.stack,
    // An engine chose them then as now.
    |cell, usual| cell.macs = usual.macs,
    // The post's containers asked who is where, which a stream does once, before it is measured.
    |cell, usual| cell.wiring.entries = usual.wiring.entries,
];

impl Column {
    /// The protocol of its traffic.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Ipv4 | Self::NoRules => Family::Ipv4,
            Self::Ipv6 => Family::Ipv6,
        }
    }
}

impl PostCell {
    fn is_measured(&self) -> bool {
        self.modelled.is_some() || self.real.is_some()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::store::record::Record;
    use crate::store::sample::{measured, run};

    fn table(records: Vec<Record>) -> Option<Post> {
        Analysis::of(&run(records)).post
    }

    fn cell_of(post: &Post, topology: Topology, column: Column) -> &PostCell {
        let row = post
            .rows
            .iter()
            .find(|row| row.topology == topology)
            .unwrap();
        row.cells.iter().find(|cell| cell.column == column).unwrap()
    }

    /// The rows of the 2017 post, modelled and real: two containers by both families, with the rules of its day and without.
    pub(crate) fn records() -> Vec<Record> {
        let mut records = Vec::new();
        for repeat in 0..3 {
            for (topology, firewall) in [
                (Topology::Loopback, Firewall::None),
                (Topology::Shared, Firewall::None),
                (Topology::Veth, Firewall::None),
                (Topology::Veth, Firewall::Conntrack),
                (Topology::Bridge, Firewall::None),
                (Topology::Bridge, Firewall::Docker112),
            ] {
                let mut at = scenario::usual(topology, Testbed::Kernel).unwrap();
                at.firewall = firewall;
                let mut six = at.clone();
                six.family = Family::Ipv6;
                records.extend([measured(at, repeat), measured(six, repeat)]);
            }
        }
        records
    }

    #[test]
    fn each_figure_is_of_the_rules_of_its_column() {
        let mut records = records();
        let scale =
            |record: &mut Record, factor| record.aggregate.as_mut().unwrap().goodput_bps *= factor;
        for record in &mut records {
            match record.cell.firewall {
                Firewall::Docker112 => scale(record, 0.5),
                Firewall::Conntrack => scale(record, 0.25),
                _ => {}
            }
        }
        let post = table(records).unwrap();
        let median = |topology, column| cell_of(&post, topology, column).modelled.unwrap().median;
        // The sample's law: a pair moves 18 Gb/s over a bridge and 22 over a veth, where lo moves 40.
        let near = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        };
        near(median(Topology::Bridge, Column::NoRules), 0.45);
        near(median(Topology::Bridge, Column::Ipv4), 0.225);
        near(median(Topology::Bridge, Column::Ipv6), 0.225);
        near(median(Topology::Veth, Column::NoRules), 0.55);
        near(median(Topology::Veth, Column::Ipv4), 0.1375);
        near(median(Topology::Veth, Column::Ipv6), 0.55);
    }

    #[test]
    fn a_run_without_rules_leaves_the_column_of_rules_empty() {
        let without = records()
            .into_iter()
            .filter(|record| record.cell.firewall == Firewall::None);
        let post = table(without.collect()).unwrap();
        assert!(
            cell_of(&post, Topology::Bridge, Column::Ipv4)
                .modelled
                .is_none()
        );
        assert!(
            cell_of(&post, Topology::Bridge, Column::Ipv6)
                .modelled
                .is_some()
        );
    }

    #[test]
    fn a_real_engine_fills_the_columns_of_its_own_rules_alone() {
        let mut records = records();
        let real = records
            .clone()
            .into_iter()
            .filter(|record| record.cell.topology == Topology::Bridge);
        let real = real.map(|mut record| {
            record.cell.testbed = Testbed::Docker;
            record.cell.firewall = Firewall::None;
            record
        });
        records.extend(real.collect::<Vec<_>>());
        let post = table(records).unwrap();
        let real = |column| cell_of(&post, Topology::Bridge, column).real;
        assert!(real(Column::Ipv4).is_some() && real(Column::Ipv6).is_some());
        assert!(real(Column::NoRules).is_none());
    }

    #[test]
    fn the_table_is_of_one_bulk_stream_and_of_nothing_else() {
        let usual = scenario::usual(Topology::Veth, Testbed::Kernel).unwrap();
        let ratio_of = |cell: &Cell| {
            let mut records = records();
            records.retain(|record| record.cell.topology != Topology::Veth);
            let veths = [Family::Ipv4, Family::Ipv6].map(|family| Cell {
                family,
                ..cell.clone()
            });
            let beside = veths.clone().map(|cell| cell.baseline());
            let all = veths.into_iter().chain(beside);
            records.extend(all.map(|cell| measured(cell, 0)));
            table(records).is_some()
        };
        assert!(ratio_of(&usual));
        assert_eq!(
            usual.free_in(ratio_of),
            [
                "backend", "driver", "entries", "family", "macs", "stack", "testbed"
            ]
        );
    }

    #[test]
    fn without_a_row_there_is_no_table() {
        let without = records()
            .into_iter()
            .filter(|record| record.cell.topology != Topology::Shared);
        assert!(table(without.collect()).is_none());
    }
}
