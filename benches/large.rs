//! How long the report of a large run takes, and how much memory: `cargo bench --bench large KEPT FOLDER [TRIALS [FLOWS]]`.
//!
//! Makes in FOLDER, which may come to gigabytes and is to be removed afterwards, a run of 100,000 trials and 10,000,000 rows
//! of flows if nothing else is said: each record is one of the run in KEPT, with a count, a repeat and figures of its own.
//! Then the program reports on it. `results/*-large` has what it took.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use kilonet::plan::TrialId;
use kilonet::random::SplitMix;
use kilonet::scenario::Cell;
use kilonet::store::Record;
use kilonet::store::folder::{FLOWS, MANIFEST, Manifest, Run, TRIALS};
use kilonet::store::record::{FlowCounts, FlowRow, PerPair, Status};
use nix::sys::resource::{UsageWho, getrusage};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Trials of each cell.
const REPEATS: u32 = 50;
/// Largest relative deviation of a trial from the record that it is made of.
const NOISE: f64 = 0.1;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let mut folder = || arguments.next().map(PathBuf::from);
    let (Some(kept), Some(large)) = (folder(), folder()) else {
        return Err("give a run folder, and the folder to be made".into());
    };
    let mut number = |usual| arguments.next().map_or(Ok(usual), |it| it.parse::<u32>());
    let (trials, flows) = (number(100_000)?, number(10_000_000)?);
    make(&Run::read(&kept)?, &large, trials, flows / trials)?;
    report(&large)
}

/// Makes the run folder.
fn make(kept: &Run, large: &Path, trials: u32, flows: u32) -> Outcome<()> {
    fs::create_dir_all(large)?;
    let manifest = Manifest {
        planned: trials,
        ..kept.manifest.clone()
    };
    fs::write(large.join(MANIFEST), serde_json::to_string(&manifest)?)?;
    let curves = curves(&kept.records);
    let mut random = SplitMix::new(1);
    let mut lines = BufWriter::new(File::create(large.join(TRIALS))?);
    let mut rows = csv::Writer::from_path(large.join(FLOWS))?;
    for trial in 0..trials {
        // Block by block, as they are run.
        let (repeat, place) = (trial / (trials / REPEATS), trial % (trials / REPEATS));
        let record = varied(&curves, place as usize, repeat, &mut random);
        serde_json::to_writer(&mut lines, &record)?;
        lines.write_all(b"\n")?;
        for pair in 0..flows {
            rows.serialize(row(&record.trial, pair, &mut random))?;
        }
    }
    lines.flush()?;
    Ok(rows.flush()?)
}

/// A measured record of each curve.
fn curves(records: &[Record]) -> Vec<&Record> {
    let measured = records.iter().filter(|it| it.status == Status::Ok);
    let curves: BTreeMap<_, _> = measured
        .map(|record| (at_count(&record.cell, 0), record))
        .collect();
    curves.into_values().collect()
}

fn at_count(cell: &Cell, containers: u32) -> Cell {
    Cell {
        containers,
        active: containers,
        pairs: containers / 2,
        bridges: None,
        ports_per_bridge: None,
        ..cell.clone()
    }
}

/// The record of the cell at a place: curve by curve, and then at the next count.
fn varied(curves: &[&Record], place: usize, repeat: u32, random: &mut SplitMix) -> Record {
    let kept = curves[place % curves.len()];
    let count = 2 * (1 + place / curves.len());
    let cell = at_count(&kept.cell, u32::try_from(count).unwrap_or(u32::MAX));
    let mut record = Record {
        trial: TrialId::of(&cell, repeat),
        repeat,
        cell,
        ..kept.clone()
    };
    let share = 1.0 + NOISE * (2.0 * random.share() - 1.0);
    if let Some(aggregate) = &mut record.aggregate {
        aggregate.goodput_bps *= share;
    }
    if let Some(pairs) = &mut record.per_pair {
        scale(pairs, share);
    }
    fit(&mut record);
    if let Some(ns) = record.cpu.as_mut().and_then(|cpu| cpu.ns_per_byte.as_mut()) {
        *ns /= share;
    }
    record
}

fn scale(pairs: &mut PerPair, share: f64) {
    let figures = [
        &mut pairs.min_bps,
        &mut pairs.p5_bps,
        &mut pairs.p50_bps,
        &mut pairs.p95_bps,
        &mut pairs.max_bps,
    ];
    for figure in figures {
        *figure *= share;
    }
}

/// Has counts be those of the cell, which is another than they were counted in.
fn fit(record: &mut Record) {
    let (pairs, flows) = (record.cell.pairs, record.cell.flows());
    record.flows = Some(FlowCounts {
        expected: flows,
        connected: flows,
        ..FlowCounts::default()
    });
    for class in &mut record.classes {
        class.pairs = class.pairs.min(pairs);
    }
    let of_classes = record.classes.iter_mut().map(|class| &mut class.per_pair);
    for per_pair in of_classes.chain([&mut record.per_pair]).flatten() {
        per_pair.starved = 0;
    }
}

fn row(trial: &str, pair: u32, random: &mut SplitMix) -> FlowRow {
    let bytes = 1_000_000 + random.up_to(1_000_000) as u64;
    FlowRow {
        trial: trial.to_owned(),
        pair,
        stream: 0,
        client: 2 * pair,
        server: 2 * pair + 1,
        status: "ok".to_owned(),
        bytes,
        goodput_bps: bytes as f64 * 16.0,
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
    }
}

/// Has the program report, and says what it took.
fn report(large: &Path) -> Outcome<()> {
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_kilonet"))
        .arg("report")
        .arg(large)
        .stdout(Stdio::null())
        .status()?;
    let took = begin.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("the report ended with {status}").into());
    }
    // It is the only child there was.
    let kilobytes = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    println!("{took:.2} s, {} MiB at most", kilobytes >> 10);
    for file in [TRIALS, FLOWS, kilonet::report::PAGE] {
        let bytes = fs::metadata(large.join(file))?.len() as f64;
        println!("{file}: {:.1} MB", bytes / 1e6);
    }
    Ok(())
}
