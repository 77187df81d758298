//! Scenarios as a user writes them: what they come to, and what is said of those that are wrong.

mod cells;
mod fail_if;
mod files;
mod flags;
mod generators;
mod mistakes;
mod mixed;
mod namespaces;
mod newcomer;
mod offered;
mod pairs;
mod patterns;
mod rules;
mod schema;
mod union;

use super::*;
use crate::error::Error;

fn parsed(text: &str) -> Scenario {
    Scenario::parse(text, "test").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn refusal(text: &str) -> String {
    match Scenario::parse(text, "test") {
        Err(Error::Scenario(said)) => said,
        other => panic!("{other:?}\n{text}"),
    }
}

fn given(flags: &[(&str, &str)]) -> Overrides {
    let mut overrides = Overrides::default();
    for (name, text) in flags {
        let key = registry::key(name).unwrap_or_else(|| panic!("no key {name}"));
        overrides.give(key, *text);
    }
    overrides
}
