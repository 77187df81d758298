//! What somebody else's generators are not told, and has to be as usual with them.
//!
//! Knows no generator: which key is told to which, its entry says.

use super::unused::unusual;
use crate::scenario::choice::Choice;
use crate::scenario::key::Table;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::registry;
use crate::scenario::registry::names::DRIVER;
use crate::scenario::values::Values;

pub(super) fn check(axes: &Values, choice: &Choice, problems: &mut Problems) {
    for driver in choice.values(DRIVER) {
        let Some(abilities) = driver.abilities() else {
            continue;
        };
        let keys = registry::keys_of(Table::Axes);
        for key in keys.filter(|key| key.facts().is_usual_with(&abilities)) {
            let Some(at) = unusual(key, axes.of(key)) else {
                continue;
            };
            let name = key.facts().name;
            let (what, allowed) = match key.facts().usual.toml() {
                Some(usual) => (format!("other {name}"), format!("allowed with it: {usual}")),
                None => (format!("{name} of its own"), "leave it out".to_owned()),
            };
            let problem = Problem::of(axes.key(key), format!("{driver} has no {what}"));
            problems.push(problem.at(at.span.clone()).remedy(allowed));
        }
    }
}
