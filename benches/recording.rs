//! What recording one sample costs: in nanoseconds by the clock, and in instructions as valgrind counts them where it is
//! installed. That it never asks for memory is a test's business (`recording_asks_for_no_memory`).
//!
//! `cargo bench --bench recording`

use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use kilonet::stats::Recorder;

/// The argument that has this program do nothing but record, so often as the next one says: what valgrind looks at.
const RECORD: &str = "--record";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != RECORD);
    if arguments.next().is_some() {
        let samples = arguments.next().ok_or("how many samples?")?;
        return record(samples.parse()?);
    }
    let mut rounds = (0..9).map(|_| nanoseconds()).collect::<Outcome<Vec<_>>>()?;
    rounds.sort_by(f64::total_cmp);
    println!(
        "{:.2} ns a sample (median of 9; {:.2} to {:.2})",
        rounds[4], rounds[0], rounds[8]
    );
    match instructions() {
        Ok(count) => println!("{count:.1} instructions a sample"),
        Err(error) => println!("instructions are not counted: {error}"),
    }
    Ok(())
}

/// Records times from a microsecond to a second, spread over all magnitudes between as latencies are.
fn record(samples: u64) -> Outcome<()> {
    let mut recorder = Recorder::new().ok_or("no memory for a recorder")?;
    let times: [u64; 1024] = std::array::from_fn(|n| 1000 << (n * 7 % 21));
    let rounds = samples / times.len() as u64;
    for _ in 0..rounds {
        for nanos in &times {
            recorder.record(black_box(*nanos));
        }
    }
    black_box(&recorder);
    Ok(())
}

fn nanoseconds() -> Outcome<f64> {
    const SAMPLES: u64 = 10_240_000;
    let began = Instant::now();
    record(SAMPLES)?;
    Ok(began.elapsed().as_nanos() as f64 / SAMPLES as f64)
}

/// The difference of two runs of different lengths, so that starting up does not count.
fn instructions() -> Outcome<f64> {
    const FEW: u64 = 102_400;
    const MANY: u64 = 1_024_000;
    Ok((counted(MANY)? - counted(FEW)?) as f64 / (MANY - FEW) as f64)
}

/// Instructions of a run that records so many samples.
fn counted(samples: u64) -> Outcome<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([RECORD, &samples.to_string()])
        .output()?;
    let said = String::from_utf8(run.stderr)?;
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.ok_or("valgrind has counted nothing")?;
    Ok(count.trim().parse()?)
}
