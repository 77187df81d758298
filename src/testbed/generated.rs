//! A window that somebody else's generators fill: what crossed at the interfaces, and beside it what they say of themselves.
//!
//! Must not know any tool. The invariant: the figures of a record are the interfaces'; what the tools say has a place of its
//! own.

use std::time::Duration;

use super::bench::{Bench, settings};
use super::summary::header_bytes;
use super::{Measurement, TrialPlan, Watch};
use crate::error::Result;
use crate::lab::Lab;
use crate::lab::meters::Meters;
use crate::store::record::{CountedBy, GeneratedDatagrams, Generator, ProgramOutput};
use crate::traffic::Flow;
use crate::traffic::generator::{Crew, Crossed, Output, Said, SaidDatagrams};
use crate::units::{counted, nanos};

/// Measures one window. What the programs printed is left in `outputs`, whatever comes of it.
pub(super) fn measure(
    (lab, flows): (&Lab, &[Flow]),
    bench: Bench<'_>,
    (trial, watch): (TrialPlan<'_>, &dyn Watch),
    outputs: &mut Vec<ProgramOutput>,
) -> Result<Measurement> {
    let settings = settings(trial);
    let namespaces = lab.namespaces();
    let mut crew = Crew::of((flows, &namespaces), &settings)?;
    let measured = run(lab, bench, (trial, watch), &mut crew);
    outputs.extend(crew.outputs().into_iter().map(kept));
    measured
}

fn run(
    lab: &Lab,
    bench: Bench<'_>,
    (trial, watch): (TrialPlan<'_>, &dyn Watch),
    crew: &mut Crew<'_>,
) -> Result<Measurement> {
    let mut meters = Meters::of(lab, trial.cell.workload.has_responses())?;
    let headers = header_bytes(trial.cell);
    let mut meter = || {
        let readings = meters.read()?.into_iter();
        let crossed = readings.map(|reading| Crossed {
            payload: reading.bytes.saturating_sub(reading.packets * headers),
        });
        Ok(crossed.collect())
    };
    crew.assemble(&|| watch.interrupted())?;
    let bench = Bench {
        kin: crew.pids(),
        ..bench
    };
    let mut said = Vec::new();
    let mut measurement = bench.measure((trial, watch), |_, observer| {
        let told = crew.run(&mut meter, observer)?;
        said = told.said;
        Ok(told.outcome)
    })?;
    add(&mut measurement, trial, &said);
    Ok(measurement)
}

/// Puts what the tools say beside what crossed.
fn add(measurement: &mut Measurement, trial: TrialPlan<'_>, said: &[Result<Said, String>]) {
    for (row, said) in measurement.rows.flows.iter_mut().zip(said) {
        match said {
            Ok(said) => {
                row.generator_bps = said.goodput_bps;
                row.generator_transactions_per_s = said.transactions_per_s;
            }
            Err(why) => row.error = row.error.take().or_else(|| Some(why.clone())),
        }
    }
    let failures = said.iter().filter_map(|said| said.as_ref().err());
    let failed = failures.clone().count();
    if let Some(first) = failures.clone().next() {
        let of = counted(said.len(), "pair");
        let sentence = format!("no report from {failed} of {of}: {first}");
        measurement.warnings.push(sentence);
    }
    let sum_bps = sum(said, |said| said.goodput_bps);
    let transactions_per_s = sum(said, |said| said.transactions_per_s);
    let crossed = measurement.aggregate;
    let ratio = over(sum_bps, Some(crossed.goodput_bps))
        .or_else(|| over(transactions_per_s, crossed.transactions_per_s));
    let version = said.iter().flatten().find_map(|said| said.version.clone());
    measurement.effective.counted_by = CountedBy::Interfaces;
    if trial.cell.workload.is_datagram_stream() {
        let bits = f64::from(trial.cell.message_bytes) * 8.0;
        measurement.aggregate.datagrams_per_s = Some(crossed.goodput_bps / bits);
    }
    measurement.generator = Some(Generator {
        name: trial.cell.driver.to_string(),
        version,
        sum_bps,
        transactions_per_s,
        sum_over_crossed: ratio,
        failed: u32::try_from(failed).unwrap_or(u32::MAX),
        datagrams: datagrams(said),
    });
}

/// What all pairs say of their datagrams; absent where none says anything.
fn datagrams(said: &[Result<Said, String>]) -> Option<GeneratedDatagrams> {
    let all: Vec<_> = said
        .iter()
        .flatten()
        .filter_map(|it| it.datagrams)
        .collect();
    let sum = |of: fn(&SaidDatagrams) -> u64| all.iter().map(of).sum();
    let jitter_ms: f64 = all.iter().map(|it| it.jitter_ms).sum();
    let mean = Duration::try_from_secs_f64(jitter_ms / 1e3 / all.len().max(1) as f64);
    (!all.is_empty()).then(|| GeneratedDatagrams {
        datagrams_sent: sum(|it| it.sent),
        datagrams_received: sum(|it| it.received),
        lost_datagrams: sum(|it| it.lost),
        reordered: sum(|it| it.reordered),
        jitter_ns: mean.map_or(0, nanos),
    })
}

/// The sum of what all pairs say; absent where none says it.
fn sum(said: &[Result<Said, String>], what: fn(&Said) -> Option<f64>) -> Option<f64> {
    said.iter()
        .flatten()
        .filter_map(what)
        .reduce(|sum, one| sum + one)
}

fn over(sum: Option<f64>, crossed: Option<f64>) -> Option<f64> {
    let (sum, crossed) = sum.zip(crossed)?;
    Some(sum / crossed).filter(|ratio| ratio.is_finite())
}

fn kept(output: Output) -> ProgramOutput {
    ProgramOutput {
        process: output.process,
        arguments: output.arguments,
        stdout: output.printed,
        stderr: output.complained,
        end: output.end,
    }
}
