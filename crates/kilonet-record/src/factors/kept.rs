//! Factors that a cell keeps by their keys' names: those that need no place of their own in it.
//!
//! Knows no key. The invariant: each is another level than the usual one, of a key that there is, in the one text that it is
//! written as, so that equal cells are equal.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::scalar::Value;

/// What a cell keeps, by the keys' names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kept(BTreeMap<&'static str, String>);

impl Kept {
    /// Keeps a level, unless it is the usual one.
    pub(super) fn keep(&mut self, name: &'static str, text: String, usual: Option<&str>) {
        if usual == Some(&text) {
            self.0.remove(name);
        } else {
            self.0.insert(name, text);
        }
    }

    /// What is kept of a key, as it is written.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Keeps what another does of a key.
    pub(super) fn take(&mut self, name: &'static str, other: &Self) {
        match other.0.get(name) {
            Some(text) => drop(self.0.insert(name, text.clone())),
            None => drop(self.0.remove(name)),
        }
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for (name, text) in &self.0 {
            match Value::of(text) {
                Value::Truth(truth) => map.serialize_entry(name, &truth)?,
                Value::Integer(number) => map.serialize_entry(name, &number)?,
                Value::Number(number) => map.serialize_entry(name, &number)?,
                Value::Text(text) => map.serialize_entry(name, &text)?,
            }
        }
        map.end()
    }
}
