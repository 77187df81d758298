//! A lab for others to play on: raised from the first cell of a scenario, held while lines come in, and torn down at
//! their end. `benches/peers` raises all its labs with it, and lets iperf3 and its like run in the very same namespaces.
//!
//! `stage 'axes = { topology = "bridge", containers = 2 }'` answers each step with a line of JSON: `raised` (what it took,
//! and each container's namespace as a descriptor of this process), `measured` for each line `threads` or `workers`,
//! `gone`.

use std::error::Error;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use kilonet::lab::Lab;
use kilonet::lab::witness::{Reading, Witness};
use kilonet::scenario::{Cell, Scenario, Timing};
use kilonet::testbed;
use kilonet::traffic::{self, Observer, Settings};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let text = std::env::args().nth(1).ok_or("give a scenario's text")?;
    let scenario = Scenario::parse(&text, "stage")?;
    let cell = &scenario.cells[0];
    let empty_bytes = own_memory()?;
    let lab = Lab::setup(cell, &|| false)?;
    say(&raised(cell, &lab));
    for line in io::stdin().lines() {
        let measured = measure(cell, &lab, scenario.timing, &line?)?;
        say(&json!({ "measured": measured, "empty_bytes": empty_bytes }));
    }
    let teardown = lab.teardown()?.map(seconds);
    say(&json!({ "gone": { "teardown_s": teardown } }));
    Ok(())
}

fn say(line: &Value) {
    println!("{line}");
}

fn raised(cell: &Cell, lab: &Lab) -> Value {
    let seat = |container| {
        let (namespace, address) = lab.seat(container);
        json!({ "fd": namespace.as_raw_fd(), "address": address })
    };
    let seats: Vec<Value> = (0..cell.containers).map(seat).collect();
    let phases = lab.phases();
    json!({ "raised": {
        "setup_s": seconds(lab.setup_time()),
        "phases_s": {
            "netns": seconds(phases.netns),
            "links": seconds(phases.links),
            "addresses": seconds(phases.addresses),
            "neighbours": seconds(phases.neighbours),
        },
        "pairs": lab.pairs(),
        "seats": seats,
    } })
}

/// One window of kilonet's own traffic through the lab, by the driver with this name.
fn measure(cell: &Cell, lab: &Lab, timing: Timing, driver: &str) -> Outcome<Value> {
    let settings = Settings {
        driver: driver.parse()?,
        congestion: cell.congestion.clone(),
        buffers: cell.buffers,
        warmup: timing.warmup,
        measure: timing.measure,
        sample: timing.measure,
        connect: timing.connect,
    };
    let mut edges = Edges::of(lab)?;
    let outcome = traffic::run(
        (&testbed::flows(lab, cell)?, &lab.namespaces()),
        &settings,
        &mut edges,
    )?;
    let bytes: u64 = outcome.flows.iter().map(|flow| flow.window_bytes).sum();
    let window = Duration::from_nanos(outcome.window.duration_ns);
    Ok(json!({
        "driver": driver,
        "flows": outcome.flows.len(),
        "congestion": outcome.congestion,
        "goodput_bps": bytes as f64 * 8.0 / seconds(window),
        "interface_bps": edges.interface_bps(),
        "skew_s": outcome.window.skew_ns as f64 / 1e9,
        "own_bytes": edges.own_bytes,
    }))
}

/// What some interfaces had counted, and the moments just before and just after they were read.
type Timed = (Reading, [Instant; 2]);

/// What is read at the window's edges: the receivers' interfaces, and this process's memory while every flow is there.
struct Edges {
    witness: Witness,
    opened: Vec<Timed>,
    closed: Vec<Timed>,
    own_bytes: u64,
}

impl Edges {
    fn of(lab: &Lab) -> kilonet::Result<Self> {
        Ok(Self {
            witness: Witness::of(lab)?,
            opened: Vec::new(),
            closed: Vec::new(),
            own_bytes: 0,
        })
    }

    fn read(&mut self) -> Vec<Timed> {
        self.witness.read(|_| Instant::now()).unwrap_or_default()
    }

    /// Headers included, each group of interfaces over the time between its own two readings.
    fn interface_bps(&self) -> f64 {
        let rate = |(opened, closed): (&Timed, &Timed)| {
            let bytes = closed.0.bytes - opened.0.bytes;
            bytes as f64 * 8.0 / seconds(closed.1[0] - opened.1[0])
        };
        self.opened.iter().zip(&self.closed).map(rate).sum()
    }
}

impl Observer for Edges {
    fn before_window(&mut self) {
        self.opened = self.read();
    }

    fn after_window(&mut self) {
        self.closed = self.read();
        self.own_bytes = own_memory().unwrap_or_default();
    }

    fn sample(&mut self, _goodput_bps: f64, _elapsed: Duration) {}

    fn interrupted(&self) -> bool {
        false
    }
}

/// This process's memory, shared pages by its share of them.
fn own_memory() -> io::Result<u64> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib << 10)
        .ok_or(io::ErrorKind::InvalidData.into())
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
