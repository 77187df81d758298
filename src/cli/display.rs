//! Chooses how a run is shown, and prints what is said before it begins.
//!
//! Must not know how anything is shown. The invariant: what is said here stays on the terminal, whatever comes after it.

use super::job::Job;
use super::live::{Live, Subject};
use super::out;
use super::plan::{again, extent};
use super::progress::{Asked, Display, Form, Pace, Screen};
use super::start::Machine;
use crate::analysis::Growing;
use crate::error::Result;
use crate::plan::{Plan, Role, Trial};
use crate::runner::Work;

/// Says what is about to be done, and returns the display that will show its progress.
pub(super) fn display(
    work: Work<'_>,
    machine: &Machine,
    (job, form): (Job<'_>, Form),
) -> Result<Box<dyn Display>> {
    let owed: Vec<_> = work.standing().owed().collect();
    if form != Form::Quiet {
        announce(work.plan, machine, &owed);
    }
    if job.asked == Asked::View && form != Form::Live {
        let wanted = "a terminal with a cursor that can be moved";
        out::say(format!(
            "note: --live needs standard error to be {wanted}; progress is shown as lines"
        ));
    }
    let pace = Pace::new(owed.len(), work.plan.estimate(owed.iter().copied()));
    let interrupt = machine.interrupt.clone();
    if form != Form::Live {
        return Ok(Box::new(Screen::new(form, interrupt, pace)));
    }
    let subject = Subject {
        name: &job.scenario.name,
        curves: curves(work),
        pace,
        tcp_memory: machine.tcp_memory,
    };
    Ok(Box::new(Live::start(subject, interrupt)?))
}

/// The curves that the plan will draw, with the points that are recorded already.
fn curves(work: Work<'_>) -> Growing {
    let trials = work.plan.trials.iter();
    let trials = trials.filter(|trial| trial.role == Role::Cell);
    let cells: Vec<_> = trials.map(|trial| &trial.cell).collect();
    let mut curves = Growing::through(&cells);
    for record in work.done {
        curves.add(record);
    }
    curves
}

/// What is about to be done, and with which rights.
fn announce(plan: &Plan, machine: &Machine, owed: &[&Trial]) {
    let certain: Vec<_> = owed.iter().filter(|trial| plan.is_certain(trial)).collect();
    let numbers = (certain.len(), owed.len());
    let times = (
        plan.estimate(certain.into_iter().copied()),
        plan.estimate(owed.iter().copied()),
    );
    if owed.is_empty() {
        out::say("all trials are recorded already");
    } else {
        out::say(format!("{}{}", extent(numbers, times), again(plan)));
    }
    let missing = machine.privilege.missing();
    if !missing.is_empty() {
        out::say(format!(
            "in a user namespace, without root; not available: {}",
            missing.join(", ")
        ));
    }
    for soft in machine.limits.binding(&plan.need()) {
        out::say(format!(
            "note: the largest trial may exceed {}: {}",
            soft.limit.name, soft.remedy
        ));
    }
}
