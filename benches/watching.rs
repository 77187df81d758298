//! What watching costs: one trial with it or without, or packets that are dropped with their reasons counted or not. `benches/peers/run
//! --watching` has both by turns, often.
//!
//! `watching trial yes 'axes = { containers = 2 }'` raises the first cell's lab, measures one window, and prints a line of JSON: what
//! was moved, what watching took, how long the look at the lab took that follows the window. `watching drops ROUNDS` sends datagrams to a
//! full socket, in each round as many with their reasons counted as without, and prints the CPU time of each.

use std::error::Error;
use std::net::UdpSocket;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kilonet::host::counters::{self, Sides, TcpMemory};
use kilonet::host::limits;
use kilonet::host::watching::{Drops, Effort, Watching};
use kilonet::lab::look::look;
use kilonet::plan::{Place, Plan, Trial};
use kilonet::runner::{self, Progress, Work};
use kilonet::scenario::{Cell, Scenario};
use kilonet::store::folder::{Manifest, Writer};
use kilonet::store::record::{LabCost, Record, SCHEMA};
use kilonet::testbed::{Kernel, KernelLab, Measurement, Testbed, TrialPlan, Watch};
use kilonet::units::nanos;
use kilonet::version::NUMBER;
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["trial", watched, text] => println!("{}", trial(watched == "yes", text)?),
        ["drops", rounds] => {
            for _ in 0..rounds.parse()? {
                println!("{}", dropped()?);
            }
        }
        _ => return Err("say `trial yes TEXT`, `trial no TEXT` or `drops ROUNDS`".into()),
    }
    Ok(())
}

/// One trial of a scenario's first cell.
fn trial(watched: bool, text: &str) -> Outcome<Value> {
    limits::raise()?;
    let scenario = Scenario::parse(text, "watching")?;
    let plan = Plan::new(&scenario);
    let mut stand = Stand {
        kernel: Kernel::new(TcpMemory::thresholds(&scenario.limiting_sysctls())),
        watching: watched.then(Watching::open),
        looked: None,
    };
    counters::hold_neighbours();
    let out = tempfile::tempdir()?;
    let mut folder = Writer::create(out.path(), &manifest(&scenario, &plan)?)?;
    let work = Work {
        plan: &plan,
        done: &[],
        machine: None,
    };
    let last = Last::default();
    let began = Instant::now();
    runner::run(&mut stand, work, &mut folder, &last)?;
    let whole = began.elapsed();
    let record = last.record().ok_or("no trial was recorded")?;
    let (wall, cpu) = stand.looked.ok_or("the lab was not looked at")?;
    Ok(json!({
        "watched": watched,
        "trial_s": whole.as_secs_f64(),
        "look_wall_ns": nanos(wall),
        "look_cpu_ns": nanos(cpu),
        "record": record,
    }))
}

fn manifest(scenario: &Scenario, plan: &Plan) -> Outcome<Manifest> {
    Ok(Manifest {
        schema: SCHEMA,
        name: scenario.name.clone(),
        purpose: Some(scenario.purpose),
        scenario_text: scenario.text.clone(),
        ruleset_text: None,
        settings: Value::Null,
        version: NUMBER.to_owned(),
        build: None,
        seed: plan.seed,
        planned: 1,
        started_unix_ns: nanos(SystemTime::now().duration_since(UNIX_EPOCH)?),
        fingerprint: Value::Null,
        command: None,
    })
}

/// The kernel, watched or not, and looked at once more than a trial does.
struct Stand {
    kernel: Kernel,
    watching: Option<Watching>,
    /// How long that took, by the clock and of the CPUs.
    looked: Option<(Duration, Duration)>,
}

impl Testbed for Stand {
    type Lab = KernelLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> kilonet::Result<KernelLab> {
        self.kernel.setup(cell, watch)
    }

    fn measure(
        &mut self,
        lab: &KernelLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> kilonet::Result<Measurement> {
        let measured = self.kernel.measure(lab, trial, watch)?;
        // The look is on a thread of its own, and nothing else goes on by now.
        let (cpu, wall) = (own_cpu_time(), Instant::now());
        look(lab.lab(), trial.cell)?;
        self.looked = Some((wall.elapsed(), own_cpu_time().saturating_sub(cpu)));
        Ok(measured)
    }

    fn watching(&mut self) -> Option<Watching> {
        self.watching.take()
    }

    fn sides(&self, lab: &mut KernelLab) -> kilonet::Result<Option<Sides>> {
        self.kernel.sides(lab)
    }

    fn teardown(&mut self, lab: KernelLab) -> kilonet::Result<Option<LabCost>> {
        self.kernel.teardown(lab)
    }
}

/// CPU time of this process. The clock is one that every kernel has.
fn own_cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Keeps the last record.
#[derive(Default)]
struct Last(Mutex<Option<Record>>);

impl Last {
    fn record(self) -> Option<Record> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Last {
    fn sample(&self, _: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

impl Progress for Last {
    fn begins(&self, _: Place, _: &Trial) {}
    fn ends(&self, record: &Record) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(record.clone());
    }
}

/// Datagrams of a half of a round.
const DATAGRAMS: u32 = 200_000;

/// CPU time of as many dropped datagrams with their reasons counted and without, in nanoseconds each.
fn dropped() -> Outcome<Value> {
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    sender.connect(receiver.local_addr()?)?;
    let flood = || -> Outcome<u64> {
        let (sent, effort) = Effort::of(|| {
            let mut sent = (0..DATAGRAMS).map(|_| sender.send(&[0; 64]));
            sent.try_for_each(|sent| sent.map(drop))
        });
        sent?;
        Ok(nanos(effort.cpu) / u64::from(DATAGRAMS))
    };
    // Fills the receiver's buffer.
    flood()?;
    let counted = || -> Outcome<u64> {
        let _drops = Drops::open()?;
        flood()
    };
    let (first, without, between) = (counted()?, flood()?, flood()?);
    let last = counted()?;
    Ok(json!({
        "counted_ns": (first + last) as f64 / 2.0,
        "uncounted_ns": (without + between) as f64 / 2.0,
    }))
}
