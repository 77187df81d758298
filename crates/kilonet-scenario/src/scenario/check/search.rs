//! What a search for the highest rate takes: datagrams, flows that are all alike, and a lab that is measured again and again.

use std::fmt::Display;

use crate::scenario::beside::Beside;
use crate::scenario::cell::{Driver, Workload};
use crate::scenario::load::Search;
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::table::Axis;
use crate::scenario::topology::Testbed;
use crate::scenario::wire::Axes;

pub(super) fn check(axes: &Axes, problems: &mut Problems) {
    let mut levels = axes.search.0.iter();
    let Some(at) = levels.find(|at| at.value != Search::None) else {
        return;
    };
    if !axes.workload.has(Workload::UdpStream) {
        let message = "no workload of this table is a stream of datagrams";
        let problem = Problem::of(axes.key("search"), message).at(at.span.clone());
        problems.push(problem.remedy("allowed with workload = \"udp-stream\""));
    }
    let mut stranger = Stranger {
        axes,
        span: &at.span,
        problems,
    };
    let ours = |driver: &_| [Driver::Threads, Driver::Workers].contains(driver);
    let allowed = "allowed with it: driver = \"threads\", \"workers\"";
    stranger.refuse("driver", (&axes.driver, ours), allowed);
    let ours = |testbed: &_| *testbed == Testbed::Kernel;
    let allowed = "allowed with it: testbed = \"kernel\"";
    stranger.refuse("testbed", (&axes.testbed, ours), allowed);
    let allowed = "allowed with it: beside = \"none\"";
    stranger.refuse("beside", (&axes.beside, Beside::is_none), allowed);
}

/// Where what a search does not go with is said.
struct Stranger<'a> {
    axes: &'a Axes,
    span: &'a Option<Span>,
    problems: &'a mut Problems,
}

impl Stranger<'_> {
    /// Refuses a search with the first level of an axis that it does not go with.
    fn refuse<T: Display>(
        &mut self,
        key: &str,
        (axis, goes): (&Axis<T>, impl Fn(&T) -> bool),
        allowed: &str,
    ) {
        if let Some(at) = axis.0.iter().find(|at| !goes(&at.value)) {
            let message = format!("{key} {} does not go with a search", at.value);
            let problem = Problem::of(self.axes.key("search"), message).at(self.span.clone());
            self.problems.push(problem.remedy(allowed));
        }
    }
}
