//! What a cell shows to those who look closer than its estimates: where CPU time went, how long requests took at every
//! share of them, and how a trial went over its window.
//!
//! The invariant: all of it is of trials that may be shown, and what none of these carries is absent. It is for drawing:
//! figures have four digits, so that thousands of cells make no heavy page.

use serde::Serialize;

use super::estimate::Estimate;
use super::metric::Metric;
use super::metric::own_figure;
use crate::stats::{Latencies, mean};
use crate::store::record::{Cpu, Record};

/// The shares of requests at which their time is told, before that of all: evenly at first, then closer and closer to it.
const SHARES: [f64; 15] = [
    0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999,
];
/// Points of a time line at most: more than these and a plot cannot tell them apart.
const MOMENTS: usize = 60;

/// See the file's head.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Detail {
    /// The machine's CPU time over the window; absent without a trial that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuParts>,
    /// The share of all requests of all trials, from 0 to 1, and the nanoseconds that it does not exceed, shortest first.
    /// Shares that would name less than one request are left out; empty without requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latency: Vec<(f64, f64)>,
    /// How the trial whose goodput lies nearest the median went; absent where no trial has samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// CPU time by kind: means over the trials, since these add up to the whole as medians do not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CpuParts {
    /// Shares of the window's CPU time: user, system, interrupts, stolen. The rest was idle.
    pub of_window: [f64; 4],
    /// The same in nanoseconds a payload byte; absent where no byte moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_byte_ns: Option<[f64; 4]>,
    /// The same in nanoseconds a response; absent for workloads without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_transaction_ns: Option<[f64; 4]>,
}

/// Goodput over one trial's window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The trial's repetition, from 0.
    pub repeat: u32,
    /// From a point to the next, nanoseconds.
    pub interval_ns: u64,
    /// Goodput of each interval in bits a second, first to last.
    pub goodput_bps: Vec<f64>,
}

impl Detail {
    /// What trials that may be shown tell of a cell, beside its estimate of goodput.
    pub(super) fn of(shown: &[&Record], goodput: Option<&Estimate>) -> Self {
        Self {
            cpu: CpuParts::of(shown),
            latency: latency(shown),
            timeline: goodput.and_then(|goodput| Timeline::of(shown, goodput.median)),
        }
    }
}

impl CpuParts {
    fn of(shown: &[&Record]) -> Option<Self> {
        let cpus: Vec<_> = shown.iter().filter_map(|record| record.cpu).collect();
        let per = |unit: fn(&Cpu) -> Option<f64>| {
            mean_parts(cpus.iter().filter_map(|cpu| {
                let busy = cpu.user_ns + cpu.system_ns + cpu.softirq_ns;
                Some((cpu, busy as f64 / unit(cpu)?))
            }))
        };
        Some(Self {
            of_window: mean_parts(cpus.iter().map(|cpu| (cpu, whole(cpu))))?,
            per_byte_ns: per(|cpu| cpu.ns_per_byte),
            per_transaction_ns: per(|cpu| cpu.ns_per_transaction),
        })
    }
}

/// All CPU time of the window.
fn whole(cpu: &Cpu) -> f64 {
    parts(cpu).iter().sum::<f64>() + cpu.idle_ns as f64
}

fn parts(cpu: &Cpu) -> [f64; 4] {
    [cpu.user_ns, cpu.system_ns, cpu.softirq_ns, cpu.steal_ns].map(|nanos| nanos as f64)
}

/// The mean of each part over what it is a share of; absent without any trial.
fn mean_parts<'a>(trials: impl Iterator<Item = (&'a Cpu, f64)>) -> Option<[f64; 4]> {
    let shares: Vec<_> = trials
        .filter(|(_, all)| all.is_finite() && *all > 0.0)
        .map(|(cpu, all)| parts(cpu).map(|part| part / all))
        .collect();
    let of = |part: usize| mean(&shares.iter().map(|share| share[part]).collect::<Vec<_>>());
    Some([of(0)?, of(1)?, of(2)?, of(3)?].map(four_digits))
}

fn latency(shown: &[&Record]) -> Vec<(f64, f64)> {
    let kept = shown.iter().filter_map(|record| record.latency.as_ref());
    // One after the other: all of them unpacked at once are hundreds of megabytes.
    let times = kept.filter_map(|latency| latency.histogram.latencies());
    let Some(all) = Latencies::merged(times) else {
        return Vec::new();
    };
    let rarest = 1.0 - (all.count() as f64).recip();
    SHARES
        .into_iter()
        .filter(|share| *share <= rarest)
        .chain([1.0])
        .filter_map(|share| Some((share, four_digits(all.quantile(share)? as f64))))
        .collect()
}

impl Timeline {
    fn of(shown: &[&Record], median: f64) -> Option<Self> {
        let distance = |record: &Record| {
            let goodput = own_figure(Metric::Goodput, record).unwrap_or(f64::INFINITY);
            (goodput - median).abs()
        };
        let sampled = shown.iter().filter(|record| record.samples.is_some());
        let record = sampled.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let taken = record.samples.as_ref()?;
        let together = taken.goodput_bps.len().div_ceil(MOMENTS).max(1);
        Some(Self {
            repeat: record.repeat,
            interval_ns: taken.interval_ns * together as u64,
            goodput_bps: taken
                .goodput_bps
                .chunks(together)
                .filter_map(mean)
                .map(four_digits)
                .collect(),
        })
        .filter(|timeline| timeline.goodput_bps.len() > 1)
    }
}

/// A figure to four digits.
fn four_digits(figure: f64) -> f64 {
    // What Rust writes as a float, it reads.
    format!("{figure:.3e}").parse().unwrap_or(figure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::store::record::{Latency, Samples};
    use crate::store::sample;

    fn cpu(user_ns: u64) -> Cpu {
        Cpu {
            user_ns,
            system_ns: 300,
            softirq_ns: 100,
            steal_ns: 50,
            idle_ns: 1000 - 450 - user_ns,
            ns_per_byte: Some((user_ns + 400) as f64 / 1000.0),
            ns_per_transaction: None,
            own_user_ns: 0,
            foreign_ns: 0,
        }
    }

    fn trial(goodput_bps: f64, samples: &[f64]) -> Record {
        let mut record = sample::sweep(2).records[0].clone();
        record.aggregate.as_mut().unwrap().goodput_bps = goodput_bps;
        record.samples = Some(Samples {
            interval_ns: 10,
            goodput_bps: samples.to_vec(),
        });
        record
    }

    #[test]
    fn parts_of_the_cpu_are_means_that_add_up() {
        let mut trials = [trial(1.0, &[]), trial(2.0, &[])];
        trials[0].cpu = Some(cpu(100));
        trials[1].cpu = Some(cpu(200));
        let parts = CpuParts::of(&trials.iter().collect::<Vec<_>>()).unwrap();
        let expected = CpuParts {
            of_window: [0.15, 0.3, 0.1, 0.05],
            per_byte_ns: Some([0.15, 0.3, 0.1, 0.05]),
            per_transaction_ns: None,
        };
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_time_line_is_of_the_trial_in_the_middle() {
        let trials = [
            trial(1.0, &[9.0, 9.0]),
            trial(5.0, &[4.0, 6.0]),
            trial(9.0, &[1.0, 1.0]),
        ];
        let timeline = Timeline::of(&trials.iter().collect::<Vec<_>>(), 5.0).unwrap();
        let expected = Timeline {
            repeat: 0,
            interval_ns: 10,
            goodput_bps: vec![4.0, 6.0],
        };
        assert_eq!(timeline, expected);
    }

    #[test]
    fn a_long_time_line_is_told_in_longer_intervals() {
        let samples: Vec<_> = (0..150_u32).map(f64::from).collect();
        let timeline = Timeline::of(&[&trial(5.0, &samples)], 5.0).unwrap();
        assert_eq!(timeline.interval_ns, 30);
        assert_eq!(timeline.goodput_bps.len(), 50);
        assert_eq!(timeline.goodput_bps[..2], [1.0, 4.0]);
    }

    #[test]
    fn latency_is_told_of_all_trials_together_and_of_no_share_below_one_request() {
        let mut trials = [trial(1.0, &[]), trial(2.0, &[])];
        for (record, millis) in trials.iter_mut().zip([1_u64, 2]) {
            let mut recorder = crate::stats::Recorder::new().unwrap();
            (0..50).for_each(|_| recorder.record(millis * 1_000_000));
            record.latency = Latency::of(&recorder.latencies());
        }
        let found = latency(&trials.iter().collect::<Vec<_>>());
        let (shares, times): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        assert_eq!(shares, [&SHARES[..9], &[1.0]].concat());
        for (time, millis) in times.iter().zip([1.0, 1.0, 1.0, 1.0, 2.0, 2.0]) {
            assert!((time / 1e6 / millis - 1.0).abs() < 1e-3, "{times:?}");
        }
    }

    #[test]
    fn what_no_trial_carries_is_absent() {
        assert_eq!(Detail::of(&[], None), Detail::default());
        let analysis = Analysis::of(&sample::sweep(2));
        let text = serde_json::to_value(&analysis.cells[0].detail).unwrap();
        assert!(text.get("latency").is_none());
    }
}
