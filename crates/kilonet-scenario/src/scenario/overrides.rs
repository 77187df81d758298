//! Flags that stand for keys of a scenario.
//!
//! Knows no command-line parser: each is the text that was given. Invariant: a flag is read by the very code that reads
//! the file, since it is put into the file's text first.

use std::collections::BTreeMap;

use super::edit::Setting;
use kilonet_record::factors::key::{AnyKey, Facts, Table};
use kilonet_record::factors::registry::{self, lab::CONTAINERS};

/// What was given on the command line in place of a scenario's keys, by their names; each text as the user wrote it
/// (`bridge,veth`, `2..4096`, `2,8,32`, `300ms`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<&'static str, String>);

impl Overrides {
    /// Takes what was given for a key.
    pub fn give(&mut self, key: &dyn AnyKey, text: impl Into<String>) {
        self.0.insert(key.facts().name, text.into());
    }

    /// What was given for a key.
    #[must_use]
    pub fn text(&self, key: &dyn AnyKey) -> Option<&str> {
        self.0.get(key.facts().name).map(String::as_str)
    }

    /// The keys for which something was given.
    pub fn given(&self) -> impl Iterator<Item = &'static Facts> {
        let keys = registry::keys().map(AnyKey::facts);
        keys.filter(|facts| self.0.contains_key(facts.name))
    }

    /// The same flags with so many containers.
    #[must_use]
    pub fn grown_to(&self, containers: u32) -> Self {
        let mut grown = self.clone();
        grown.give(&CONTAINERS, containers.to_string());
        grown
    }

    /// The flags as they are put into a text.
    pub(super) fn settings(&self) -> Vec<Setting<'_>> {
        let settings = self.given().filter_map(|facts| {
            Some(Setting {
                flag: format!("--{}", facts.flag()),
                table: facts.table.name(),
                before: facts.before.map(Table::name),
                key: facts.name,
                is_axis: facts.is_axis,
                text: self.0.get(facts.name)?,
            })
        });
        settings.collect()
    }
}
