//! Keys of what runs the flows, and on what.

use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit};
use crate::factors::effect::Shown;
use crate::factors::evidence::Evidence;
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::Anywhere;
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, Needs, Part, Usual};
use crate::factors::limits::{CpuList, CpuMax, MemoryMax};
use crate::factors::load::Pinning;
use crate::factors::requirement::Requirement;
use crate::factors::scalar::Value;
use crate::factors::traffic::Driver;
use crate::units::Unit;

use super::fitting::not_of_engine;
use super::names;

pub static DRIVER: Key<Driver> = Key::axis_of(names::DRIVER, Group::Driver, "What runs the flows.")
    .also(&["tool", "generator"])
    .about(Part::Traffic)
    .usual(Usual::Text("threads"))
    .sets(|cell, driver| cell.driver = *driver)
    .fits(&[runs_in_containers])
    .told_to(|_| true)
    .requires(|cell| match cell.driver {
        Driver::Threads | Driver::Workers => Vec::new(),
        Driver::Processes => vec![Requirement::Groups(cell.limits.clone())],
        Driver::Iperf3 => vec![Requirement::Iperf3],
        Driver::Netperf => vec![Requirement::Netperf],
        Driver::Sockperf => vec![Requirement::Sockperf],
    })
    .read_back("Flows are made by it, and without it there are none.")
    .fields(&[Field::text(
        "driver",
        "What runs the flows.",
        |cell| words(&cell.driver),
        take!(driver),
    )
    .labelled(Anywhere, str::to_owned)
    .in_id(Traffic, |cell| {
        (cell.driver != Driver::Threads).then(|| cell.driver.to_string())
    })
    .looked_past()]);

fn runs_in_containers(choice: &Choice) -> Vec<Misfit> {
    let stray = choice.find(names::DRIVER, |driver| *driver != Driver::Threads);
    let remedy = "allowed with it: threads, in a process in each container";
    not_of_engine(choice, stray, ToString::to_string, remedy)
}

/// What a limit takes.
const PROCESSES: Needs = Needs {
    applies: |cell| cell.driver == Driver::Processes,
    lacking: "containers in control groups that could limit them",
    allowed: "driver = \"processes\"",
};

/// Quotas are of periods of 100 ms, of which a window may touch one more at either end.
const EDGES_NS: f64 = 200e6;

/// No container used more than it may; and one used half of it, or was held back.
fn stayed_within_time(evidence: &Evidence<'_>) -> Option<Shown> {
    let cpus = Option::<f64>::from(evidence.cell.limits.cpu_max)?;
    let (used_ns, window_ns) = (evidence.most_cpu_ns? as f64, evidence.window_ns? as f64);
    let shown = Shown::by(
        "CPUs' worth of time of the busiest container",
        used_ns / window_ns,
    )
    .of(cpus);
    let reason = format!(
        "a container used {:.2} CPUs; do not change the quota of its control group during a trial",
        used_ns / window_ns
    );
    let within = used_ns <= cpus * (window_ns + EDGES_NS) * 1.05;
    let bound = evidence.throttled > Some(0) || used_ns >= 0.5 * cpus * window_ns;
    Some(if within && !bound {
        shown.not_exercised(
            "no container used half of its quota; a lower one, or more traffic, would bind",
        )
    } else {
        shown.held_if(within, reason)
    })
}

/// No container was charged with more than it may be; and one came near it.
fn stayed_within_memory(evidence: &Evidence<'_>) -> Option<Shown> {
    let limit = evidence.cell.limits.memory_max.0? as f64;
    let most = evidence.most_memory_bytes? as f64;
    let shown = Shown::by("most bytes that a container was charged with", most).of(limit);
    let reason =
        "a container was charged with more; leave the limit of its control group as it was set";
    Some(if most < 0.9 * limit {
        shown.not_exercised(
            "no container came near its limit; a lower one, or larger buffers, would bind",
        )
    } else {
        shown.held_if(most <= 1.01 * limit, reason)
    })
}

/// Threads of containers' processes were last on these CPUs.
fn stayed_on_cpus(evidence: &Evidence<'_>) -> Option<Shown> {
    let allowed: Vec<_> = evidence.cell.limits.cpuset.cpus().collect();
    let threads = evidence.seen?.threads.as_ref()?;
    let strayed = threads
        .cpus
        .iter()
        .filter(|cpu| !allowed.contains(cpu))
        .count();
    let shown = Shown::by(
        "other CPUs on which processes of containers were",
        strayed as f64,
    )
    .of(0.0);
    let reason = "processes of containers ran on other CPUs; leave the CPUs of their control groups as they were set";
    (!allowed.is_empty() && threads.threads > 0).then(|| shown.held_if(strayed == 0, reason))
}

pub static CPU_MAX: Key<CpuMax> = Key::axis(
    "cpu_max",
    Group::Driver,
    "CPU time that each container may use, in CPUs; for the driver `processes`.",
)
.also(&["cpus"])
.about(Part::Limits)
.examples("`none`, `0.5`")
.usual(Usual::Text("none"))
.sets(|cell, limit| cell.limits.cpu_max = *limit)
.keeps_away(&["cpu_quota"])
.needs(PROCESSES)
.shows(stayed_within_time)
.fields(&[Field::number(
    "cpu_max",
    "CPUs' worth of time that each container may use; absent without a limit.",
    |cell| Option::<f64>::from(cell.limits.cpu_max).map(Value::Number),
    take!(limits.cpu_max),
)
.labelled(Anywhere, |level| match level {
    "none" => "any CPU time".to_owned(),
    cpus => format!("{cpus} CPU each"),
})
.level(|cell| Some(cell.limits.cpu_max.to_string()))
.in_id(Traffic, |cell| {
    let limit = cell.limits.cpu_max;
    limit.0.map(|_| format!("cpu{limit}"))
})
.looked_past()]);

pub static MEMORY_MAX: Key<MemoryMax> = Key::axis(
    "memory_max",
    Group::Driver,
    "Memory that each container may use; for the driver `processes`.",
)
.also(&["memory"])
.about(Part::Limits)
.examples("`none`, `64MiB`")
.usual(Usual::Text("none"))
.sets(|cell, limit| cell.limits.memory_max = *limit)
.needs(PROCESSES)
.shows(stayed_within_memory)
.fields(&[Field::integer(
    "memory_max_bytes",
    Unit::Bytes,
    "Memory that each container may use; absent without a limit.",
    |cell| count_of(cell.limits.memory_max.0),
    take!(limits.memory_max),
)
.labelled(Anywhere, |level| match level {
    "none" => "any memory".to_owned(),
    size => format!("{size} each"),
})
.level(|cell| Some(cell.limits.memory_max.to_string()))
.in_id(Traffic, |cell| {
    cell.limits.memory_max.0.map(|bytes| format!("mem{bytes}"))
})
.looked_past()]);

pub static CPUSET: Key<CpuList> = Key::<CpuList>::axis(
    "cpuset",
    Group::Driver,
    "The CPUs that each container may run on; for the driver `processes`.",
)
.also(&["cpuset-cpus"])
.about(Part::Limits)
.examples("`none`, `0-1`")
.usual(Usual::Text("none"))
.sets(|cell, cpus| cell.limits.cpuset = cpus.clone())
.needs(PROCESSES)
.shows(stayed_on_cpus)
.fields(&[Field::text(
    "cpuset",
    "CPUs that each container may run on.",
    |cell| words(&cell.limits.cpuset),
    take!(limits.cpuset),
)
.labelled(Anywhere, |level| match level {
    "none" => "on any CPU".to_owned(),
    cpus => format!("on CPU {cpus}"),
})
.in_id(Traffic, chosen_cpus)
.looked_past()]);

/// A comma is not safe in a file's name.
fn chosen_cpus(cell: &Cell) -> Option<String> {
    let list = cell.limits.cpuset.list()?;
    Some(format!("cpus{}", list.replace(',', "+")))
}

pub static PINNING: Key<Pinning> = Key::axis(
    "pinning",
    Group::Driver,
    "The CPUs that a flow's client and server run on.",
)
.also(&["affinity"])
.about(Part::Traffic)
.usual(Usual::Text("none"))
.sets(|cell, pinning| cell.load.pinning = *pinning)
.keeps_away(&["one_busy_cpu"])
.fits(&[is_not_of_an_engine])
.requires(|cell| {
    let apart = cell.load.pinning == Pinning::Apart;
    Requirement::TwoCpus.when(apart)
})
.shows(were_held)
.fields(&[Field::text(
    "pinning",
    "The CPUs that the ends of a flow run on.",
    |cell| words(&cell.load.pinning),
    take!(load.pinning),
)
.labelled(Anywhere, |level| match level {
    "none" => "ends not pinned".to_owned(),
    "same" => "ends on one CPU".to_owned(),
    _ => "ends on two CPUs".to_owned(),
})
.in_id(Traffic, |cell| {
    let pinning = cell.load.pinning;
    (pinning != Pinning::None).then(|| format!("pin-{pinning}"))
})
.looked_past()]);

/// Threads that drive flows may run on one CPU each; where ends are apart, not all on the same.
fn were_held(evidence: &Evidence<'_>) -> Option<Shown> {
    let threads = evidence.seen?.threads.as_ref()?;
    let cpus = match evidence.cell.load.pinning {
        Pinning::None => return None,
        Pinning::Same => 1,
        Pinning::Apart => 2,
    };
    // Each flow has a thread for each end, of which those of flows that died are gone.
    let least = evidence.cell.flows();
    let shown = Shown::by(
        "threads that may run on one CPU alone",
        f64::from(threads.held),
    )
    .of(least);
    if evidence.cell.driver == Driver::Workers {
        return Some(shown.not_exercised(
            "workers are held to CPUs at every level, so that nothing shows where the ends of a flow are; use driver = \"threads\"",
        ));
    }
    let held = threads.held >= least && threads.cpus.len() >= cpus;
    let reason = format!(
        "{} of {} threads were held to a CPU of their own; leave the affinity of kilonet's threads as it was set",
        threads.held, threads.threads
    );
    Some(shown.held_if(held, reason))
}

fn is_not_of_an_engine(choice: &Choice) -> Vec<Misfit> {
    let stray = choice.find(PINNING.named(), |pinning| *pinning != Pinning::None);
    let what = |level: &Pinning| format!("threads that are pinned {level}");
    let remedy = "allowed with it: none; each table of [[axes]] may have its own";
    not_of_engine(choice, stray, what, remedy)
}
