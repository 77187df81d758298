//! What a search for the highest rate takes: datagrams, flows that are all alike, and a lab that is measured again and again.

use std::fmt::Display;

use crate::scenario::Driver;
use crate::scenario::beside::Beside;
use crate::scenario::key::{Key, KeyValue};
use crate::scenario::load::Search;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry::driver::DRIVER;
use crate::scenario::registry::lab::TESTBED;
use crate::scenario::registry::load::{BESIDE, SEARCH};
use crate::scenario::source::Span;
use crate::scenario::topology::Testbed;
use crate::scenario::values::Values;

pub(super) fn check(axes: &Values, problems: &mut Problems) {
    let mut levels = axes.levels(&SEARCH);
    let Some(at) = levels.find(|at| at.value != Search::None) else {
        return;
    };
    let mut stranger = Stranger {
        axes,
        span: &at.span,
        problems,
    };
    let ours = |driver: &_| [Driver::Threads, Driver::Workers].contains(driver);
    let allowed = "allowed with it: driver = \"threads\", \"workers\"";
    stranger.refuse(&DRIVER, ours, allowed);
    let ours = |testbed: &_| *testbed == Testbed::Kernel;
    let allowed = "allowed with it: testbed = \"kernel\"";
    stranger.refuse(&TESTBED, ours, allowed);
    let allowed = "allowed with it: beside = \"none\"";
    stranger.refuse(&BESIDE, Beside::is_none, allowed);
}

/// Where what a search does not go with is said.
struct Stranger<'a> {
    axes: &'a Values,
    span: &'a Option<Span>,
    problems: &'a mut Problems,
}

impl Stranger<'_> {
    /// Refuses a search with the first level of an axis that it does not go with.
    fn refuse<T: KeyValue + Display>(
        &mut self,
        key: &Key<T>,
        goes: impl Fn(&T) -> bool,
        allowed: &str,
    ) {
        if let Some(at) = self.axes.find(key, |level| !goes(level)) {
            let message = format!("{} {} does not go with a search", key.name(), at.value);
            let problem = Problem::of(self.axes.key(&SEARCH), message).at(self.span.clone());
            self.problems.push(problem.remedy(allowed));
        }
    }
}
