//! Reading cells: one from a record, and what a cell has of a field.
//!
//! Knows no form of file. The invariant: what a cell keeps by a key's name is a level of that key, or the record is refused.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cell::Cell;
use super::field::{Field, Source};
use super::kept::Kept;
use super::key::AnyKey;
use super::raw::Raw;
use super::registry;
use super::scalar::Value;

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, out)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Cell;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the factors of a cell")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cell, A::Error> {
        let mut kept = Kept::default();
        let others = Others {
            map,
            kept: &mut kept,
        };
        let cell = Cell::deserialize(MapAccessDeserializer::new(others))?;
        Ok(Cell { kept, ..cell })
    }
}

/// What a record has of a cell beside that which is kept by its key's name, which is put aside.
struct Others<'a, A> {
    map: A,
    kept: &'a mut Kept,
}

impl<'de, A: MapAccess<'de>> Others<'_, A> {
    /// Puts the level aside that comes next.
    fn keep(&mut self, key: &dyn AnyKey) -> Result<(), A::Error> {
        let facts = key.facts();
        let text = self.map.next_value::<Scalar>()?.to_string();
        key.read(&Raw::of(&text))
            .map_err(|wrong| A::Error::custom(format!("`{}`: {wrong}", facts.name)))?;
        self.kept.keep(facts.name, text, facts.usual.text());
        Ok(())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Others<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<String>()? {
            match registry::key(&name).filter(|key| key.is_kept()) {
                Some(key) => self.keep(key)?,
                None => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
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

impl Field {
    /// A cell's value; absent where the cell has none.
    #[must_use]
    pub fn value<'a>(&self, cell: &'a Cell) -> Option<Value<'a>> {
        match self.source {
            Source::Own(value, _) => value(cell),
            Source::Kept => kept(cell, self.name),
        }
    }

    /// The level of a cell, for people; absent where the factor does not apply.
    #[must_use]
    pub fn level_of(&self, cell: &Cell) -> Option<String> {
        match self.level {
            Some(level) => level(cell),
            None => self.value(cell).map(|value| value.to_string()),
        }
    }
}

/// The level of a key that a cell keeps by its name, be it the usual one.
fn kept<'a>(cell: &'a Cell, name: &str) -> Option<Value<'a>> {
    let usual = || registry::key(name)?.facts().usual.text();
    cell.kept.text(name).or_else(usual).map(Value::of)
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
}
