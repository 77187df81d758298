//! What the counters of trials show to have happened, where no mechanism accounts for it: a table, a row for each sign.
//!
//! Must not know words, nor mechanisms. The invariant: a sign is there only with the cells that show it and the figure of each; a
//! trial that does not carry what a row reads shows nothing.

use serde::Serialize;

use super::answers::Asked;
use crate::stats::Sorted;
use crate::store::record::{Cpu, Record};

/// What can have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Symptom {
    /// The CPUs had next to nothing left; the figure is the share that was busy.
    CpuSaturated,
    /// A CPU's backlog was full now and then; packets dropped.
    BacklogDrops,
    /// The softirq budget ran out; times a second.
    SoftirqSqueezes,
    /// TCP's memory pool was near its pressure mark; the share of the mark.
    TcpMemoryPressure,
    /// Connections could not be tracked; times.
    ConntrackFull,
    /// Segments were sent again; the share of what was sent, were each of the usual size.
    Retransmits,
    /// Datagrams were lost; the share.
    DatagramsLost,
    /// Pairs got unequal shares; Jain's index less than 1 by so much.
    Unfair,
    /// Pairs moved nothing; their share.
    Starved,
    /// Other processes were busy; their share of the CPU time.
    Foreign,
    /// The hypervisor took CPU time for others; their share.
    Steal,
}

/// A symptom and where it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sign {
    /// What happened.
    pub symptom: Symptom,
    /// The cells, in the order of the series; at least one.
    pub places: Vec<Place>,
}

/// A cell that shows a symptom.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Place {
    /// Index into [`Analysis::series`](super::Analysis::series).
    pub series: usize,
    /// Its count.
    pub count: u32,
    /// How much of it: see [`Symptom`].
    pub figure: f64,
    /// Trials that carry it.
    pub trials: usize,
}

/// A row of the table.
struct Row {
    symptom: Symptom,
    /// What a trial says.
    read: fn(&Record) -> Option<f64>,
    /// Which of a cell's trials speaks for it.
    speaker: Speaker,
    /// It is shown where the figure is above this.
    above: f64,
}

/// Which of a cell's trials speaks for it.
enum Speaker {
    /// The middle one: what goes on.
    Middle,
    /// The worst: what has gone wrong.
    Worst,
}

/// Payload of a segment on an Ethernet link of 1,500 bytes with time stamps: the least a TCP sender fills one with.
const SEGMENT_BYTES: f64 = 1448.0;

/// Every sign; the order is that in which they are told.
const ROWS: &[Row] = {
    use Speaker::{Middle, Worst};
    const fn row(
        symptom: Symptom,
        speaker: Speaker,
        above: f64,
        read: fn(&Record) -> Option<f64>,
    ) -> Row {
        Row {
            symptom,
            read,
            speaker,
            above,
        }
    }
    &[
        row(Symptom::CpuSaturated, Middle, 0.98, |record| {
            let cpu = record.cpu?;
            Some(1.0 - cpu.idle_ns as f64 / whole(&cpu)?)
        }),
        row(Symptom::DatagramsLost, Middle, 0.001, |record| {
            record.aggregate?.loss_ratio
        }),
        row(Symptom::Unfair, Middle, 0.1, |record| {
            Some(1.0 - record.per_pair?.jain)
        }),
        row(Symptom::Starved, Worst, 0.0, |record| {
            let pairs = f64::from(record.cell.pairs);
            Some(f64::from(record.per_pair?.starved) / pairs)
        }),
        row(Symptom::TcpMemoryPressure, Worst, 0.9, memory_share),
        row(Symptom::Retransmits, Middle, 0.005, |record| {
            let segments = record.counters?.retransmits? as f64;
            let seconds = record.window?.duration_ns as f64 / 1e9;
            let bytes = record.aggregate?.goodput_bps / 8.0 * seconds;
            (bytes > 0.0).then_some(segments * SEGMENT_BYTES / bytes)
        }),
        row(Symptom::BacklogDrops, Worst, 0.0, |record| {
            Some(record.counters?.backlog_drops? as f64)
        }),
        row(Symptom::SoftirqSqueezes, Middle, 10.0, |record| {
            let seconds = record.window?.duration_ns as f64 / 1e9;
            (seconds > 0.0).then_some(record.counters?.softirq_squeezes? as f64 / seconds)
        }),
        row(Symptom::ConntrackFull, Worst, 0.0, |record| {
            let counters = record.counters?;
            let failed = counters.conntrack_insert_failed?;
            Some((failed + counters.conntrack_drops? + counters.conntrack_early_drops?) as f64)
        }),
        // The two shares are those at which a trial warns of itself.
        row(Symptom::Foreign, Worst, 0.02, |record| {
            let cpu = record.cpu?;
            Some(cpu.foreign_ns as f64 / whole(&cpu)?)
        }),
        row(Symptom::Steal, Worst, 0.02, |record| {
            let cpu = record.cpu?;
            Some(cpu.steal_ns as f64 / whole(&cpu)?)
        }),
    ]
};

/// All CPU time there was, in nanoseconds.
fn whole(cpu: &Cpu) -> Option<f64> {
    let all = cpu.user_ns + cpu.system_ns + cpu.softirq_ns + cpu.steal_ns + cpu.idle_ns;
    (all > 0).then_some(all as f64)
}

/// What TCP had of its memory as the window ended, as a share of its pressure mark.
pub(super) fn memory_share(record: &Record) -> Option<f64> {
    let counters = record.counters?;
    let used = counters.tcp_memory_pages? as f64;
    let mark = counters.tcp_memory_pressure_pages? as f64;
    (mark > 0.0).then_some(used / mark)
}

/// What a trial that may be shown says of a symptom; absent where it is too little to be shown.
pub(super) fn of_trial(symptom: Symptom, record: &Record) -> Option<f64> {
    let mut rows = ROWS.iter();
    let row = rows.find(|row| row.symptom == symptom)?;
    let figure = (row.read)(record).filter(|_| record.is_shown())?;
    (figure > row.above).then_some(figure)
}

/// Whether something else accounts for a symptom in a cell, by its series and count.
pub(super) type Told<'a> = &'a dyn Fn(Symptom, usize, u32) -> bool;

/// The signs of a run that nothing else accounts for.
pub(super) fn signs(asked: &Asked<'_>, told: Told<'_>) -> Vec<Sign> {
    let sign = |row: &Row| {
        let mut places = places(row, asked);
        places.retain(|place| !told(row.symptom, place.series, place.count));
        Sign {
            symptom: row.symptom,
            places,
        }
    };
    let signs = ROWS.iter().map(sign);
    signs.filter(|sign| !sign.places.is_empty()).collect()
}

fn places(row: &Row, asked: &Asked<'_>) -> Vec<Place> {
    let each = (0..asked.series.len()).flat_map(|series| {
        let cells = asked.cells(series).into_iter();
        cells.map(move |cell| (series, cell))
    });
    let shown = each.filter_map(|(series, cell)| {
        let (figure, trials) = row.figure(asked.trials.get(cell)?)?;
        Some(Place {
            series,
            count: asked.count.of(cell),
            figure,
            trials,
        })
    });
    shown.collect()
}

impl Row {
    /// How much of it the trials of a cell show, and how many carry it; absent where it is too little to be shown.
    fn figure(&self, trials: &[&Record]) -> Option<(f64, usize)> {
        let shown = trials.iter().filter(|record| record.is_shown());
        let figures: Vec<_> = shown.filter_map(|record| (self.read)(record)).collect();
        let number = figures.len();
        let figures = Sorted::of(figures);
        let figure = match self.speaker {
            Speaker::Middle => figures.median(),
            Speaker::Worst => figures.max(),
        };
        Some((figure.filter(|figure| *figure > self.above)?, number))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Analysis;
    use super::*;
    use crate::scenario::Topology;
    use crate::store::record::Counters;
    use crate::store::sample::{cell, measured, run, starving, sweep};

    fn signs_of(change: impl Fn(&mut Record)) -> Vec<Symptom> {
        let records = (0..3).map(|repeat| {
            let mut record = measured(cell(Topology::Veth, 2), repeat);
            change(&mut record);
            record
        });
        let analysis = Analysis::of(&run(records.collect()));
        analysis.signs.iter().map(|sign| sign.symptom).collect()
    }

    #[test]
    fn a_quiet_trial_shows_nothing() {
        assert_eq!(
            signs_of(|record| record.cpu.as_mut().unwrap().idle_ns *= 10),
            []
        );
        assert_eq!(signs_of(|record| record.cpu = None), []);
    }

    #[test]
    fn each_counter_shows_its_symptom() {
        let counters = |change: fn(&mut Counters)| {
            signs_of(|record| {
                record.cpu = None;
                change(record.counters.get_or_insert_default());
            })
        };
        assert_eq!(
            counters(|it| it.backlog_drops = Some(1)),
            [Symptom::BacklogDrops]
        );
        let clashes = |it: &mut Counters| {
            it.conntrack_insert_failed = Some(3);
            (it.conntrack_drops, it.conntrack_early_drops) = (Some(3), Some(0));
        };
        assert_eq!(counters(clashes), [Symptom::ConntrackFull]);
        let near = |it: &mut Counters| {
            (it.tcp_memory_pages, it.tcp_memory_pressure_pages) = (Some(95), Some(100));
        };
        assert_eq!(counters(near), [Symptom::TcpMemoryPressure]);
        assert_eq!(counters(|it| it.tcp_memory_pages = Some(95)), []);
    }

    #[test]
    fn cpu_time_of_others_is_told_apart() {
        let shares = |change: fn(&mut Cpu)| {
            signs_of(|record| {
                let cpu = record.cpu.as_mut().unwrap();
                cpu.idle_ns = 2_000_000_000;
                change(cpu);
            })
        };
        assert_eq!(shares(|cpu| cpu.idle_ns = 0), [Symptom::CpuSaturated]);
        assert_eq!(
            shares(|cpu| cpu.foreign_ns = 200_000_000),
            [Symptom::Foreign]
        );
        assert_eq!(shares(|cpu| cpu.steal_ns = 200_000_000), [Symptom::Steal]);
    }

    #[test]
    fn starvation_is_shown_where_it_is() {
        let mut records = sweep(64).records;
        records.push(starving(cell(Topology::Shared, 4096), 0, 512));
        let analysis = Analysis::of(&run(records));
        let starved = analysis
            .signs
            .iter()
            .find(|sign| sign.symptom == Symptom::Starved);
        let places: Vec<_> = starved
            .unwrap()
            .places
            .iter()
            .map(|place| (place.count, place.figure))
            .collect();
        assert_eq!(places, [(4096, 0.25), (64, 3.0 / 32.0)]);
    }
}
