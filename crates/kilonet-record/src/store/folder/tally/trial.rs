//! What the rows of one trial's flows come to, and what its record says they must.
//!
//! Must not know where rows are read. The invariant: a row that cannot have been is named by its field and what it has there.

use std::collections::HashSet;

use crate::factors::Workload;
use crate::store::record::{FlowRow, Record, Status};
use crate::units::counted;

/// What is wrong with the rows of a trial.
pub(super) struct Wrong {
    /// The same for all of which the same is wrong.
    pub(super) kind: &'static str,
    pub(super) words: String,
}

/// What is counted of one trial's flows.
pub(super) struct Trial<'a> {
    record: &'a Record,
    rows: u32,
    goodput_bps: f64,
    /// Those of its flows that had a row, as long as its rows go on.
    met: HashSet<(u32, u32)>,
    again: bool,
    /// Requests that were answered.
    transactions: u64,
    /// How many rows have each of [`LOST`].
    lost: [u32; LOST.len()],
    impossible: Option<Impossible>,
}

/// A field of a row, and what it has that cannot have been.
type Impossible = (&'static str, String);

/// What is written of a flow that went well.
const WELL: &str = "ok";
/// What is written of the others.
const LOST: [&str; 3] = ["unconnected", "died", "stalled"];

/// How far the sum of flows may be from the aggregate: rounding, and no more.
const TOLERANCE: f64 = 1e-3;

impl<'a> Trial<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        Self {
            record,
            rows: 0,
            goodput_bps: 0.0,
            met: HashSet::new(),
            again: false,
            transactions: 0,
            lost: [0; LOST.len()],
            impossible: None,
        }
    }

    pub(super) fn take(&mut self, row: &FlowRow) {
        self.rows = self.rows.saturating_add(1);
        self.goodput_bps += row.goodput_bps;
        if self.rows <= self.expected() {
            self.again |= !self.met.insert((row.pair, row.stream));
        }
        if self.rows == self.expected() {
            // It is not needed any more, and there may be millions.
            self.met = HashSet::new();
        }
        self.transactions = self
            .transactions
            .saturating_add(row.transactions.unwrap_or(0));
        for (lost, word) in self.lost.iter_mut().zip(LOST) {
            *lost = lost.saturating_add(u32::from(row.status == word));
        }
        if self.impossible.is_none() {
            self.impossible = self.impossible_of(row);
        }
    }

    /// The first of a row's fields that cannot have been.
    fn impossible_of(&self, row: &FlowRow) -> Option<Impossible> {
        let numbers = Self::strange_rate(row)
            .or_else(|| self.strange_place(row))
            .or_else(|| (!self.is_of(row)).then_some(("bytes", row.bytes as f64)))
            .or_else(|| self.strange_requests(row))
            .or_else(|| self.strange_datagrams(row));
        let numbers = numbers.map(|(field, value)| (field, value.to_string()));
        numbers.or_else(|| self.strange_status(row))
    }

    fn strange_rate(row: &FlowRow) -> Option<(&'static str, f64)> {
        let rates = [
            ("goodput_bps", Some(row.goodput_bps)),
            ("generator_bps", row.generator_bps),
            (
                "generator_transactions_per_s",
                row.generator_transactions_per_s,
            ),
        ];
        let mut rates = rates
            .into_iter()
            .filter_map(|(name, rate)| Some((name, rate?)));
        rates.find(|(_, rate)| !(0.0..=1e18).contains(rate))
    }

    /// A number of something of which the cell has not as many.
    fn strange_place(&self, row: &FlowRow) -> Option<(&'static str, f64)> {
        let cell = &self.record.cell;
        let places = [
            ("pair", row.pair, cell.pairs),
            ("stream", row.stream, cell.streams),
            ("client", row.client, cell.containers),
            ("server", row.server, cell.containers),
        ];
        let beyond = places.into_iter().find(|(_, place, all)| place >= all);
        beyond.map(|(name, place, _)| (name, f64::from(place)))
    }

    /// Times of requests where there are none, or that do not rise.
    fn strange_requests(&self, row: &FlowRow) -> Option<(&'static str, f64)> {
        let fields = [
            ("transactions", row.transactions),
            ("p50_ns", row.p50_ns),
            ("p99_ns", row.p99_ns),
            ("max_ns", row.max_ns),
        ];
        let mut there = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value? as f64)));
        if !self.record.cell.has_requests() {
            return there.next();
        }
        let times: Vec<_> = there.filter(|(name, _)| *name != "transactions").collect();
        let falls = times.windows(2).find(|two| two[0].1 > two[1].1);
        falls.map(|two| two[1])
    }

    /// Datagrams where no flow sends a stream of them.
    fn strange_datagrams(&self, row: &FlowRow) -> Option<(&'static str, f64)> {
        let mut workloads = self.record.cell.workloads();
        if workloads.any(Workload::is_datagram_stream) {
            return None;
        }
        let fields = [
            ("datagrams_sent", row.datagrams_sent),
            ("datagrams_received", row.datagrams_received),
            ("lost_datagrams", row.lost_datagrams),
            ("reordered", row.reordered),
            ("duplicates", row.duplicates),
        ];
        let mut there = fields.into_iter();
        there.find_map(|(name, value)| Some((name, value? as f64)))
    }

    /// A status that is none, or that the rest of the row contradicts.
    fn strange_status(&self, row: &FlowRow) -> Option<Impossible> {
        let is_well = row.status == WELL;
        let [unconnected, _, stalled] = LOST;
        let has_moved = row.bytes > 0 || row.goodput_bps > 0.0;
        let said = if !is_well && !LOST.contains(&&*row.status) {
            "no known kind".to_owned()
        } else if has_moved && (row.status == unconnected || row.status == stalled) {
            format!("{} beside bytes", row.status)
        // Somebody else's program may have failed where its flow went well.
        } else if is_well && row.error.is_some() && self.record.generator.is_none() {
            format!("{WELL} beside an error")
        } else {
            return None;
        };
        Some(("status", said))
    }

    /// Whether the bytes of a row are what its goodput says; where responses count towards that, no more than that.
    fn is_of(&self, row: &FlowRow) -> bool {
        let Some(window) = self.record.window else {
            return row.bytes <= 1 << 60;
        };
        let cell = &self.record.cell;
        let all = row.goodput_bps * window.duration_ns as f64 / 8e9;
        let (bytes, slack) = (row.bytes as f64, all * TOLERANCE + 1.0);
        let is_whole = cell.beside.is_none() && cell.workload.is_byte_stream();
        bytes <= all + slack && (!is_whole || bytes >= all - slack)
    }

    fn expected(&self) -> u32 {
        match self.record.status {
            Status::Ok => self.record.cell.counted_flows(),
            Status::Failed => 0,
        }
    }

    pub(super) fn wrong(&self) -> Option<Wrong> {
        let (rows, expected) = (counted(self.rows as usize, "row"), self.expected());
        let wrong = |kind, words| Some(Wrong { kind, words });
        if self.rows != expected {
            return wrong(
                "rows",
                format!("{rows} for {}", counted(expected as usize, "flow")),
            );
        }
        if self.again {
            return wrong(
                "again",
                format!("two rows for one of {}", counted(expected as usize, "flow")),
            );
        }
        if let Some((field, value)) = &self.impossible {
            return wrong("impossible", format!("a `{field}` of {value} in a row"));
        }
        if let Some(words) = self.other_flows().or_else(|| self.too_many_requests()) {
            return wrong("counts", words);
        }
        let aggregate = self.record.aggregate?.goodput_bps;
        let differs = (self.goodput_bps - aggregate).abs() > aggregate * TOLERANCE;
        differs
            .then(|| format!("{:.3e} b/s of the {aggregate:.3e} b/s", self.goodput_bps))
            .and_then(|words| wrong("sum", words))
    }

    /// Flows that went otherwise than the record counts.
    fn other_flows(&self) -> Option<String> {
        let of = self.record.flows?;
        let counted = [
            of.expected.saturating_sub(of.connected),
            of.died,
            of.stalled,
        ];
        let mut kinds = LOST.into_iter().zip(self.lost.into_iter().zip(counted));
        let (word, (rows, flows)) = kinds.find(|(_, (rows, flows))| rows != flows)?;
        Some(format!("{rows} {word} flows, and the record {flows},"))
    }

    /// More requests than the record has; it may have more, as a flow of which no times are known has none in its row.
    fn too_many_requests(&self) -> Option<String> {
        let seconds = self.record.window?.duration_ns as f64 / 1e9;
        let all = self.record.aggregate?.transactions_per_s? * seconds;
        let rows = self.transactions as f64;
        (rows > all * (1.0 + TOLERANCE) + 1.0)
            .then(|| format!("{rows} requests, and the record {all:.0},"))
    }
}
