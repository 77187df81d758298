//! Who looks on while a trial goes on, to say afterwards what showed that its levels took hold.
//!
//! Must not judge. The invariant: what it reads, it reads outside of the window; and only where a level is asked for that shows there.

use std::collections::BTreeSet;
use std::fs;
use std::process;
use std::time::{Duration, Instant};

use super::Measurement;
use crate::error::Result;
use crate::host::counters::Softnet;
use crate::lab::Lab;
use crate::lab::look::look;
use crate::lab::look::sockets::{self, Drawn};
use crate::scenario::Cell;
use crate::store::record::{Seen, SocketsSeen, ThreadsSeen};
use crate::traffic::{Dials, Observer};
use crate::units::nanos;

/// Threads that are looked at, at most.
const THREADS: usize = 1024;

/// What a thread's line in `/proc` says of the CPU that it was last on: its 39th word, the 36th behind the name.
const LAST_CPU: usize = 36;

/// See the file's head.
pub(super) struct Onlooker<'a> {
    lab: &'a Lab,
    cell: &'a Cell,
    /// Processes that drive flows for us.
    drivers: Vec<i32>,
    /// What CPUs had been handed by then.
    softnet: Option<Vec<Softnet>>,
    threads: Option<ThreadsSeen>,
    drawn: Drawn,
    /// Absent until the window is closed.
    sockets: Option<Result<SocketsSeen>>,
    /// What counting them took.
    took: Duration,
}

impl<'a> Onlooker<'a> {
    /// Before flows are brought up.
    pub(super) fn of(lab: &'a Lab, cell: &'a Cell, drivers: Vec<i32>) -> Self {
        Self {
            lab,
            cell,
            drivers,
            softnet: Softnet::read(),
            threads: None,
            drawn: Drawn::of(lab),
            sockets: None,
            took: Duration::ZERO,
        }
    }

    /// Who observes the flows, and this one beside.
    pub(super) fn beside<'b>(&'b mut self, observer: &'b mut dyn Observer) -> Beside<'b, 'a> {
        Beside {
            observer,
            onlooker: self,
        }
    }

    /// Adds what was seen to what was measured; that it could not be read is a warning, and no figure less.
    pub(super) fn told(self, measured: Result<Measurement>) -> Result<Measurement> {
        let mut measurement = measured?;
        match self.seen() {
            Ok(seen) => measurement.seen = Some(seen),
            Err(error) => measurement.warnings.push(format!(
                "it is unknown whether some levels took hold: {}",
                error.sentence()
            )),
        }
        Ok(measurement)
    }

    fn seen(self) -> Result<Seen> {
        let start = Instant::now();
        let softnet = Softnet::read().zip(self.softnet);
        let steered = softnet.and_then(|(now, then)| Softnet::steered_since(&now, &then));
        let seen = look(self.lab, self.cell)?;
        Ok(Seen {
            sockets: self.sockets.transpose()?,
            took_ns: Some([self.took, start.elapsed()].map(nanos)),
            steered,
            threads: self.threads,
            ..seen
        })
    }

    /// Whether a factor has to do with the CPUs of threads.
    fn is_of_cpus(&self) -> bool {
        self.cell.load.is_pinned() || self.cell.limits.choose_cpus()
    }

    /// The threads of those who drive flows.
    fn threads(&self) -> ThreadsSeen {
        let own = self.drivers.is_empty().then(|| process::id().cast_signed());
        let of_all = own.into_iter().chain(self.drivers.iter().copied());
        let threads = of_all.flat_map(threads_of).take(THREADS);
        let threads: Vec<_> = threads.filter_map(|folder| Thread::read(&folder)).collect();
        let held: Vec<_> = threads.iter().filter(|thread| thread.is_held).collect();
        let cpus: BTreeSet<_> = match &held[..] {
            [] => threads.iter().map(|thread| thread.cpu).collect(),
            held => held.iter().map(|thread| thread.cpu).collect(),
        };
        ThreadsSeen {
            threads: u32::try_from(threads.len()).unwrap_or(u32::MAX),
            held: u32::try_from(held.len()).unwrap_or(u32::MAX),
            cpus: cpus.into_iter().collect(),
        }
    }
}

/// A thread, as the kernel says of it.
struct Thread {
    /// The CPU that it was last on.
    cpu: u32,
    /// Whether it may run on one CPU alone.
    is_held: bool,
}

impl Thread {
    fn read(folder: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
        let status = fs::read_to_string(format!("{folder}/status")).ok()?;
        Self::parse(&stat, &status)
    }

    /// A name may have spaces and brackets in it, so words are counted from its end.
    fn parse(stat: &str, status: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut lines = status.lines();
        let allowed = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        Some(Self {
            cpu: rest.split(' ').nth(LAST_CPU)?.parse().ok()?,
            is_held: allowed.trim().parse::<u32>().is_ok(),
        })
    }
}

fn threads_of(process: i32) -> Vec<String> {
    let folder = format!("/proc/{process}/task");
    let tasks = fs::read_dir(&folder).into_iter().flatten().flatten();
    tasks
        .map(|task| format!("{folder}/{}", task.file_name().display()))
        .collect()
}

/// An observer, and an onlooker beside it.
pub(super) struct Beside<'b, 'a> {
    observer: &'b mut dyn Observer,
    onlooker: &'b mut Onlooker<'a>,
}

impl Observer for Beside<'_, '_> {
    fn flowing(&mut self, dials: Dials) {
        self.observer.flowing(dials);
    }

    fn before_window(&mut self) {
        self.observer.before_window();
    }

    /// Threads and sockets are still there when the window has just been closed.
    fn after_window(&mut self) {
        self.observer.after_window();
        let Onlooker {
            lab, cell, drawn, ..
        } = &*self.onlooker;
        let start = Instant::now();
        self.onlooker.sockets = Some(sockets::count(lab, cell, drawn));
        self.onlooker.took += start.elapsed();
        if self.onlooker.is_of_cpus() {
            self.onlooker.threads = Some(self.onlooker.threads());
        }
    }

    fn sample(&mut self, goodput_bps: f64, elapsed: Duration) {
        self.observer.sample(goodput_bps, elapsed);
    }

    fn interrupted(&self) -> bool {
        self.observer.interrupted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calling_thread_is_on_a_cpu() {
        let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let thread = Thread::parse(&stat, &status).unwrap();
        assert!(thread.cpu < 8192);
    }

    #[test]
    fn a_thread_is_held_where_it_may_run_on_one_cpu() {
        let stat = format!("7 (a) b) S{} 3 0", " 0".repeat(35));
        for (allowed, is_held) in [("1", true), ("0-1", false), ("0,2", false)] {
            let status = format!("Name:\ta\nCpus_allowed_list:\t{allowed}\n");
            let thread = Thread::parse(&stat, &status).unwrap();
            assert_eq!((thread.cpu, thread.is_held), (3, is_held), "{allowed}");
        }
    }
}
