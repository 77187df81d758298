//! Where the ends of flows run, by what the kernel says of each thread and of each epoll.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use kilonet::scenario::{Driver, Load, Pinning};
use kilonet::traffic::{Flow, run};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::lab::{Lab, under};
use super::{Hooks, alone, assert_true_to_its_witnesses, settings};

fn pinned(pinning: Pinning, flows: Vec<Flow>) -> Vec<Flow> {
    let load = Load {
        pinning,
        ..Load::default()
    };
    under(load, flows)
}

/// The threads of this process that are called as the calling one is, by number: those it has started are, unless they were
/// given names.
fn threads() -> BTreeSet<String> {
    let own = fs::read("/proc/thread-self/comm").unwrap();
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let tasks = tasks.map(|task| task.unwrap().file_name().into_string().unwrap());
    let name = |task: &String| fs::read(format!("/proc/self/task/{task}/comm")).ok();
    tasks
        .filter(|task| name(task).as_ref() == Some(&own))
        .collect()
}

/// The CPUs that a thread may run on, as `status` lists them.
fn cpus_of(thread: &str) -> String {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap();
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    allowed.unwrap().trim().to_owned()
}

/// For each epoll of this process, how many TCP sockets it watches.
fn watched_sockets() -> Vec<usize> {
    let is_socket = |descriptor: &str| {
        let target = fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
        target.to_string_lossy().starts_with("socket:")
    };
    let watched = |entry: fs::DirEntry| {
        let target = fs::read_link(entry.path()).ok()?;
        if target.to_string_lossy() != "anon_inode:[eventpoll]" {
            return None;
        }
        let name = entry.file_name();
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", name.display())).ok()?;
        let targets = info.lines().filter_map(|line| {
            let rest = line.strip_prefix("tfd:")?;
            rest.split_whitespace().next()
        });
        Some(targets.filter(|target| is_socket(target)).count())
    };
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    descriptors
        .filter_map(|entry| watched(entry.unwrap()))
        .collect()
}

fn several_cpus() -> bool {
    let several = thread::available_parallelism().unwrap().get() > 1;
    if !several {
        eprintln!("SKIPPED: ends cannot be apart on one CPU");
    }
    several
}

/// Runs one flow, and looks at something while it runs.
fn seen_while_running<T: Send>(driver: Driver, pinning: Pinning, look: impl Fn() -> T) -> T {
    let lab = Lab::new(1);
    let seen = std::cell::RefCell::new(None);
    let act = || *seen.borrow_mut() = Some(look());
    let mut hooks = Hooks {
        before_window: Some(&act),
        ..Hooks::default()
    };
    let flows = pinned(pinning, lab.pairs(1));
    let outcome = run((&flows, &lab.namespaces()), &settings(driver), &mut hooks).unwrap();
    outcome.flows.iter().for_each(assert_true_to_its_witnesses);
    seen.into_inner().unwrap()
}

#[test]
fn each_thread_of_a_flow_stays_on_the_cpu_that_was_asked_for() {
    let Some(_alone) = alone() else { return };
    let before = threads();
    let ours = fs::read_link("/proc/thread-self").unwrap();
    let ours = ours.file_name().unwrap().to_str().unwrap().to_owned();
    let allowed = cpus_of(&ours);
    let cpus = |pinning| {
        seen_while_running(Driver::Threads, pinning, || {
            let new = &threads() - &before;
            new.iter().map(|thread| cpus_of(thread)).collect::<Vec<_>>()
        })
    };
    assert_eq!(cpus(Pinning::None), [allowed.clone(), allowed.clone()]);
    let same = cpus(Pinning::Same);
    assert_eq!(same.len(), 2);
    assert_eq!(same[0], same[1]);
    assert!(same[0].parse::<usize>().is_ok(), "{same:?}");
    if several_cpus() {
        let apart = cpus(Pinning::Apart);
        assert_eq!(apart.len(), 2);
        assert_ne!(apart[0], apart[1]);
        assert!(
            apart.iter().all(|cpus| cpus.parse::<usize>().is_ok()),
            "{apart:?}"
        );
    }
    assert_eq!(
        cpus_of(&ours),
        allowed,
        "the caller's own CPUs are as before"
    );
}

#[test]
fn a_worker_has_both_ends_of_a_flow_or_one() {
    let Some(_alone) = alone() else { return };
    let most = |pinning| {
        let watched = seen_while_running(Driver::Workers, pinning, watched_sockets);
        assert_eq!(watched.iter().sum::<usize>(), 2, "{watched:?}");
        watched.into_iter().max()
    };
    assert_eq!(most(Pinning::Same), Some(2));
    if several_cpus() {
        assert_eq!(most(Pinning::None), Some(1));
        assert_eq!(most(Pinning::Apart), Some(1));
    }
}

#[test]
fn on_one_cpu_ends_that_are_to_be_apart_are_refused() {
    let Some(_alone) = alone() else { return };
    let lab = Lab::new(1);
    let this_thread = Pid::from_raw(0);
    let allowed = sched_getaffinity(this_thread).unwrap();
    let cpu = (0..CpuSet::count()).find(|cpu| allowed.is_set(*cpu).unwrap());
    for driver in super::DRIVERS {
        let attempt = || {
            let mut only = CpuSet::new();
            only.set(cpu.unwrap()).unwrap();
            sched_setaffinity(this_thread, &only).unwrap();
            let flows = pinned(Pinning::Apart, lab.pairs(1));
            run(
                (&flows, &lab.namespaces()),
                &settings(driver),
                &mut Hooks::default(),
            )
            .unwrap_err()
        };
        let error = thread::scope(|scope| scope.spawn(attempt).join().unwrap());
        assert_eq!(
            error.to_string(),
            "place the ends of a flow apart: there is one CPU"
        );
        assert!(error.hint().is_some());
    }
}
