//! A testbed that follows a known law, for testing everything around a testbed without a kernel.
//!
//! The law: a pair alone moves `pair_bps`; all pairs together move at most `ceiling_bps`; so the aggregate bends where the
//! count reaches `ceiling_bps / pair_bps` pairs, exactly. Noise is a relative deviation from a seed. It keeps no time.

use std::time::Duration;

use super::{Measurement, Testbed, TrialPlan, Watch};
use crate::error::{Act, Error, Result};
use crate::host::noise::Verdict;
use crate::random::SplitMix;
use crate::scenario::pairs;
use crate::scenario::{Cell, Topology};
use crate::store::record::{
    Aggregate, Checks, Counters, Cpu, Effective, FlowCounts, FlowRow, LabCost, PerPair, Samples,
    Window,
};
use crate::units::nanos;

/// What its canary takes.
const CANARY: Duration = Duration::from_millis(1);

/// The law, and what it goes wrong at.
#[derive(Debug, Clone)]
pub struct Model {
    /// Goodput of one pair alone, bits a second.
    pub pair_bps: f64,
    /// Goodput of any number of pairs, at most.
    pub ceiling_bps: f64,
    /// Largest relative deviation of a trial from the law.
    pub noise: f64,
    /// Containers from which on trials deviate.
    pub noisy_from: u32,
    /// Windows that others disturb, by their number from 0: half of what the law says moves in them.
    pub disturbed: Vec<usize>,
    /// Readings of the canary that take three times as long, likewise.
    pub slow: Vec<usize>,
    /// Windows and readings so far.
    pub so_far: (usize, usize),
    /// Containers above which set-up is refused, as a full bridge would.
    pub limit: u32,
    /// The seed of the deviations.
    pub seed: u64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            pair_bps: 10e9,
            ceiling_bps: 40e9,
            noise: 0.0,
            noisy_from: 0,
            disturbed: Vec::new(),
            slow: Vec::new(),
            so_far: (0, 0),
            limit: u32::MAX,
            seed: 1,
        }
    }
}

impl Model {
    /// What the law says the flows of a cell move together, without noise.
    #[must_use]
    pub fn goodput_bps(&self, cell: &Cell) -> f64 {
        if cell.topology == Topology::CEILING {
            self.ceiling_bps
        } else {
            (self.pair_bps * f64::from(cell.pairs)).min(self.ceiling_bps)
        }
    }

    /// The deviation of the window that comes next, as a factor between 1 - noise and 1 + noise.
    fn factor(&self) -> f64 {
        let unit = SplitMix::nth(self.seed, self.so_far.0 as u64) as f64 / u64::MAX as f64;
        1.0 + self.noise * (2.0 * unit - 1.0)
    }
}

impl Testbed for Model {
    type Lab = u32;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<u32> {
        if watch.interrupted() {
            return Err(Error::Interrupted);
        }
        if cell.containers > self.limit {
            let full = std::io::Error::from_raw_os_error(nix::errno::Errno::EXFULL as i32);
            return Err(Error::kernel(
                Act::AddPort,
                format!("v{:05} to bridge br0", self.limit),
                full,
            ));
        }
        Ok(cell.containers)
    }

    fn measure(
        &mut self,
        _lab: &u32,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        let factor = self.factor();
        let noisy = trial.cell.containers >= self.noisy_from;
        let goodput_bps = self.goodput_bps(trial.cell) * if noisy { factor } else { 1.0 };
        let disturbed = self.disturbed.contains(&self.so_far.0);
        self.so_far.0 += 1;
        let goodput_bps = goodput_bps * if disturbed { 0.5 } else { 1.0 };
        watch.sample(goodput_bps);
        let sentence = disturbed.then(|| "others took half of the CPU".to_owned());
        Ok(Measurement {
            noise: Verdict {
                disturbed: sentence.into_iter().collect(),
                unjudged: Vec::new(),
            },
            ..measurement(trial, goodput_bps)
        })
    }

    fn canary(&mut self) -> Option<Duration> {
        let slow = self.slow.contains(&self.so_far.1);
        self.so_far.1 += 1;
        Some(CANARY * if slow { 3 } else { 1 })
    }

    fn teardown(&mut self, containers: u32) -> Result<Option<LabCost>> {
        let each = 1_000_000 * u64::from(containers);
        Ok(Some(LabCost {
            setup_ns: each,
            teardown_ns: Some(each),
            ..LabCost::default()
        }))
    }
}

/// A window in which every pair moves the same and every byte costs a tenth of a nanosecond.
fn measurement(trial: TrialPlan<'_>, goodput_bps: f64) -> Measurement {
    let seconds = trial.timing.measure.as_secs_f64();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of bytes, far below 2^64"
    )]
    let bytes = (goodput_bps * seconds / 8.0) as u64;
    let flows = trial.cell.flows();
    Measurement {
        window: Window {
            start_unix_ns: 0,
            duration_ns: nanos(trial.timing.measure),
            skew_ns: 0,
        },
        aggregate: Aggregate {
            goodput_bps,
            transactions_per_s: None,
            datagrams_per_s: None,
            loss_ratio: None,
        },
        latency: None,
        under_way: None,
        lateness: None,
        pacing: None,
        classes: Vec::new(),
        per_pair: Some(alike(goodput_bps / f64::from(trial.cell.pairs))),
        cpu: Some(cpu(bytes)),
        cpus: Vec::new(),
        connections: None,
        checks: Checks {
            interface_bytes_ratio: Some(1.0),
            unread_ratio: None,
            tcp_info_bytes_ratio: Some(1.0),
            transactions_ratio: None,
            datagrams_ratio: None,
            valid: true,
        },
        counters: Counters::default(),
        errors: Vec::new(),
        flows: FlowCounts {
            expected: flows,
            connected: flows,
            died: 0,
            stalled: 0,
            lost_requests: 0,
            datagrams: None,
        },
        samples: Samples {
            interval_ns: nanos(trial.timing.sample),
            goodput_bps: vec![goodput_bps],
        },
        effective: Effective::default(),
        generator: None,
        seen: None,
        search: None,
        warnings: Vec::new(),
        noise: Verdict::default(),
        rows: (0..)
            .zip(pairs(trial.cell))
            .flat_map(|pair| rows(trial, pair, bytes / u64::from(flows)))
            .collect::<Vec<_>>()
            .into(),
        per_container: None,
    }
}

/// Every pair moves the same.
fn alike(pair_bps: f64) -> PerPair {
    PerPair {
        min_bps: pair_bps,
        p5_bps: pair_bps,
        p50_bps: pair_bps,
        p95_bps: pair_bps,
        max_bps: pair_bps,
        jain: 1.0,
        starved: 0,
    }
}

/// Every byte costs the same.
fn cpu(bytes: u64) -> Cpu {
    Cpu {
        user_ns: 0,
        system_ns: bytes / 10,
        softirq_ns: 0,
        steal_ns: 0,
        idle_ns: 0,
        ns_per_byte: Some(0.1),
        ns_per_transaction: None,
        own_user_ns: 0,
        foreign_ns: 0,
    }
}

fn rows(
    trial: TrialPlan<'_>,
    (pair, (client, server)): (u32, (u32, u32)),
    bytes: u64,
) -> impl Iterator<Item = FlowRow> {
    let seconds = trial.timing.measure.as_secs_f64();
    (0..trial.cell.streams).map(move |stream| FlowRow {
        trial: trial.id.to_owned(),
        pair,
        stream,
        client,
        server,
        status: "ok".into(),
        bytes,
        goodput_bps: bytes as f64 * 8.0 / seconds,
        retransmits: Some(0),
        transactions: None,
        p50_ns: None,
        p99_ns: None,
        max_ns: None,
        datagrams_sent: None,
        datagrams_received: None,
        lost_datagrams: None,
        reordered: None,
        duplicates: None,
        error: None,
        generator_bps: None,
        generator_transactions_per_s: None,
    })
}
