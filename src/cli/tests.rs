//! Every remedy, provoked: by the act that fails, or by a stand-in for what this machine does not lack, which says why it is
//! one. What is said must be what the remedy says, and no remedy may be without a case.
//!
//! Needs real root: most of what is refused is refused to an ordinary user, whom copies of this process become.

mod containers;
mod lacks;
mod limits;
mod results;
mod rights;

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::thread;

use clap::Parser;
use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{geteuid, setgroups, setresgid, setresuid};

use super::Cli;
use crate::error::{Act, Error, Remedy};
use crate::host::alone;
use crate::lab::Lab;
use crate::scenario::{Cell, Scenario};
use crate::testbed::{Kernel, Testbed, TrialPlan, Watch};

/// What provoked a remedy.
enum How {
    /// The act itself, which failed.
    Real,
    /// Something in its place, for this reason.
    Seam(&'static str),
}

/// A remedy that was expected, and what was said.
struct Case {
    remedy: Remedy,
    how: How,
    hint: Option<String>,
}

fn real(remedy: Remedy, error: &Error) -> Case {
    Case {
        remedy,
        how: How::Real,
        hint: error.hint(),
    }
}

/// The same of what a copy of this process has handed back.
fn told(remedy: Remedy, hint: String) -> Case {
    Case {
        remedy,
        how: How::Real,
        hint: Some(hint),
    }
}

/// An error number that this machine does not give, with the act that it would be the answer to.
fn seam(remedy: Remedy, why: &'static str, (act, errno): (Act, Errno)) -> Case {
    Case {
        remedy,
        how: How::Seam(why),
        hint: Error::kernel(act, "it", errno.into()).hint(),
    }
}

/// The act itself where it fails here, and its error number where it works.
fn either<T>(remedy: Remedy, tried: crate::Result<T>, answer: (Act, Errno)) -> Case {
    match tried {
        Err(error) => real(remedy, &error),
        Ok(_) => seam(remedy, "it works here", answer),
    }
}

/// What kilonet says to these words, without its name.
fn refused(words: &[&str]) -> Error {
    let cli = Cli::try_parse_from([&["kilonet"], words].concat()).unwrap();
    cli.run(|| std::process::exit(1)).unwrap_err()
}

fn cell(text: &str) -> Cell {
    let scenario = Scenario::parse(text, "remedies").unwrap_or_else(|error| panic!("{error}"));
    scenario.cells[0].clone()
}

fn raised(axes: &str) -> crate::Result<Lab> {
    Lab::setup(&cell(&format!("[axes]\n{axes}\n")), &|| false)
}

struct Nobody;

impl Watch for Nobody {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

/// How a trial of a scenario's first cell fails, whose lab comes up.
fn measured(text: &str) -> Error {
    let scenario = Scenario::parse(text, "remedies").unwrap();
    let mut testbed = Kernel::new(None);
    let lab = testbed.setup(&scenario.cells[0], &Nobody).unwrap();
    let trial = TrialPlan {
        id: "t",
        cell: &scenario.cells[0],
        timing: scenario.timing,
    };
    let error = testbed.measure(&lab, trial, &Nobody).unwrap_err();
    testbed.teardown(lab).unwrap();
    error
}

/// What is said to `act` in a copy of this process, which may be spoilt.
fn in_a_copy(act: impl FnOnce() -> Error) -> String {
    let (mut here, mut there) = io::pipe().unwrap();
    let copy = alone::start(move || {
        let said = act().hint().unwrap_or_default();
        there.write_all(said.as_bytes()).unwrap();
    });
    let mut said = String::new();
    here.read_to_string(&mut said).unwrap();
    assert_eq!(alone::exit_code(copy), 0);
    said
}

/// The same to an ordinary user.
fn as_nobody(act: impl FnOnce() -> Error) -> String {
    in_a_copy(|| {
        let nobody = 65_534;
        setgroups(&[]).unwrap();
        setresgid(nobody.into(), nobody.into(), nobody.into()).unwrap();
        setresuid(nobody.into(), nobody.into(), nobody.into()).unwrap();
        // A process that changed its user does not own its files in /proc; one that was started by the user does.
        set_dumpable(true).unwrap();
        act()
    })
}

/// On a thread that may be spoilt.
fn aside<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(act).join().unwrap())
}

#[test]
fn every_remedy_is_said_by_what_it_is_a_remedy_against() {
    if !geteuid().is_root() || crate::host::privilege::in_own_user_namespace() {
        eprintln!("SKIPPED: only root can become an ordinary user");
        return;
    }
    let all = thread::scope(|scope| {
        // Seconds go by until an engine is held to be silent.
        let silent = scope.spawn(containers::silent);
        [
            lacks::cases(),
            rights::cases(),
            limits::cases(),
            results::cases(),
            containers::cases(),
            silent.join().unwrap().into(),
        ]
    });
    let mut wrong = Vec::new();
    let mut missing: BTreeSet<_> = Remedy::NAMES.iter().copied().collect();
    for case in all.into_iter().flatten() {
        let name = case.remedy.name();
        if let How::Seam(why) = case.how {
            println!("{name} by a seam: {why}");
        }
        let sentence = case.remedy.to_string();
        let odd = sentence.ends_with('.') || sentence.contains("  ") || sentence.contains('\n');
        assert!(!odd, "{name}: {sentence}");
        if case.hint.as_ref() != Some(&sentence) {
            wrong.push((name, case.hint));
        }
        missing.remove(name);
    }
    assert_eq!(wrong, [], "what was said instead");
    assert_eq!(missing, BTreeSet::new(), "no case provokes these");
}
