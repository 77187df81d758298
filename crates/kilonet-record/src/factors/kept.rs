//! Factors that a cell keeps by their keys' names: those that need no place of their own in it.
//!
//! Knows no key. The invariant: each is another level than the usual one, of a key that there is, in the one text that it is
//! written as, so that equal cells are equal.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cell::Cell;
use super::field::Value;
use super::key::Facts;
use super::raw::Raw;
use super::registry;

/// What a cell keeps, by the keys' names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kept(BTreeMap<&'static str, String>);

impl Kept {
    /// Keeps a level, unless it is the usual one.
    pub(super) fn keep(&mut self, key: &Facts, text: String) {
        if key.usual.text() == Some(&text) {
            self.0.remove(key.name);
        } else {
            self.0.insert(key.name, text);
        }
    }

    /// What is kept of a key, as it is written.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The level of a key, be it the usual one.
    pub(super) fn value(&self, name: &str) -> Option<Value<'_>> {
        let usual = || registry::key(name)?.facts().usual.text();
        self.text(name).or_else(usual).map(value)
    }

    /// Keeps what another does of a key.
    pub(super) fn take(&mut self, name: &'static str, other: &Self) {
        match other.0.get(name) {
            Some(text) => drop(self.0.insert(name, text.clone())),
            None => drop(self.0.remove(name)),
        }
    }
}

/// Takes out of a cell what it has no place for.
pub fn settle(cell: &mut Cell) {
    let mut kept = std::mem::take(&mut cell.kept);
    kept.0.retain(|name, _| {
        let needs = registry::key(name).and_then(|key| key.facts().needs);
        needs.is_none_or(|needs| (needs.applies)(cell))
    });
    cell.kept = kept;
}

fn value(text: &str) -> Value<'_> {
    match (text, text.parse()) {
        ("true", _) => Value::Truth(true),
        ("false", _) => Value::Truth(false),
        (_, Ok(number)) => Value::Integer(number),
        (text, Err(_)) => Value::Text(text.into()),
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(Some(self.0.len()))?;
        for (name, text) in &self.0 {
            match value(text) {
                Value::Truth(truth) => map.serialize_entry(name, &truth)?,
                Value::Integer(number) => map.serialize_entry(name, &number)?,
                Value::Number(number) => map.serialize_entry(name, &number)?,
                Value::Text(text) => map.serialize_entry(name, &text)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(Reader)
    }
}

/// A level as a record has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Truth(bool),
    Integer(u64),
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(truth) => truth.fmt(out),
            Self::Integer(number) => number.fmt(out),
            Self::Text(text) => text.fmt(out),
        }
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Kept;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the factors of a cell")
    }

    /// What is none of the keys that are kept is somebody else's, and left to them.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kept, A::Error> {
        let mut kept = Kept::default();
        while let Some(name) = map.next_key::<String>()? {
            let key = registry::key(&name).filter(|key| key.facts().is_kept);
            let Some(key) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let text = map.next_value::<Scalar>()?.to_string();
            key.read(&Raw::of(&text))
                .map_err(|wrong| A::Error::custom(format!("`{name}`: {wrong}")))?;
            kept.keep(key.facts(), text);
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Topology;
    use crate::factors::registry::links::{HAIRPIN, SNOOPING};
    use crate::store::sample;

    #[test]
    fn what_is_kept_comes_back_and_what_is_usual_is_not_written() {
        let mut cell = sample::cell(Topology::Bridge, 2);
        let bare = serde_json::to_value(&cell).unwrap();
        SNOOPING.give(&mut cell, &true);
        HAIRPIN.give(&mut cell, &false);
        assert!(SNOOPING.of(&cell) && !HAIRPIN.of(&cell));
        let mut text = serde_json::to_value(&cell).unwrap();
        assert_eq!(serde_json::from_value::<Cell>(text.clone()).unwrap(), cell);
        let fields = text.as_object_mut().unwrap();
        assert_eq!(fields.remove("snooping"), Some(true.into()));
        assert_eq!(text, bare);
    }

    #[test]
    fn what_is_no_level_is_refused_and_what_is_no_key_is_left_alone() {
        let cell = sample::cell(Topology::Bridge, 2);
        let mut text = serde_json::to_value(&cell).unwrap();
        text["of_another_version"] = "anything".into();
        assert_eq!(serde_json::from_value::<Cell>(text.clone()).unwrap(), cell);
        text["snooping"] = "often".into();
        let refused = serde_json::from_value::<Cell>(text).unwrap_err();
        assert!(refused.to_string().contains("`snooping`"), "{refused}");
    }

    #[test]
    fn a_cell_without_a_place_for_it_has_the_usual_level() {
        let mut cell = sample::cell(Topology::Veth, 2);
        SNOOPING.give(&mut cell, &true);
        settle(&mut cell);
        assert!(!SNOOPING.of(&cell));
    }
}
