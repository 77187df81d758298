//! That limits of containers have containers to hold for.

use crate::scenario::cell::Driver;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::table::Axis;
use crate::scenario::wire::Axes;

/// A limit, where no driver of the table has control groups for its containers.
pub(super) fn check(axes: &Axes, problems: &mut Problems) {
    if !axes.driver.has(Driver::Processes) {
        refuse(axes, ("cpu_max", &axes.cpu_max), problems);
        refuse(axes, ("memory_max", &axes.memory_max), problems);
        refuse(axes, ("cpuset", &axes.cpuset), problems);
    }
}

/// An axis of which any level limits anything.
fn refuse<T: Default + PartialEq>(
    axes: &Axes,
    (key, levels): (&str, &Axis<T>),
    problems: &mut Problems,
) {
    let mut levels = levels.0.iter();
    if let Some(at) = levels.find(|at| at.value != T::default()) {
        let message = "only processes are in control groups that could limit them";
        let problem = Problem::of(axes.key(key), message).at(at.span.clone());
        problems.push(problem.remedy("allowed: \"none\", or driver = \"processes\""));
    }
}
