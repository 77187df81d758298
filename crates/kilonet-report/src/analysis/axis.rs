//! Numbers that straight lines run over: every factor whose values are numbers and by which cells are told apart, and the containers.
//!
//! Must not know which factors there are: the registry's fields say which are numbers. The invariant: a cell that has no number of it is
//! no point.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use super::quantity::grouped;
use super::series::Count;
use crate::scenario::{Cell, Field, Kind, Part, Value, registry};
use crate::units::{Bytes, Unit};

/// A factor whose values are numbers.
#[derive(Clone, Copy)]
pub struct Axis(&'static Field);

impl Axis {
    /// All of them, in the order of the registry.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let is_number = |field: &&Field| match field.kind {
            Kind::Integer | Kind::Number => true,
            Kind::Text | Kind::Truth => false,
        };
        let numbers = registry::fields().filter(is_number);
        let axes = numbers.map(Self);
        axes.filter(|axis| axis.0.label.is_some() || axis.count().is_some())
    }

    /// That of a field's name; absent where it is no number.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        Self::all().find(|axis| axis.key() == key)
    }

    /// The key of a record's cell that it is.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.0.name
    }

    /// A cell's number; absent where it has none.
    pub(super) fn of(self, cell: &Cell) -> Option<f64> {
        if let Some(count) = self.count() {
            return Some(f64::from(count.of(cell)));
        }
        match self.0.value(cell)? {
            Value::Integer(number) => Some(number as f64),
            Value::Number(number) => Some(number),
            Value::Text(_) | Value::Truth(_) => None,
        }
    }

    /// The count that it is, if curves may run over it.
    pub(crate) fn count(self) -> Option<Count> {
        Count::ALL
            .into_iter()
            .find(|count| count.key() == self.key())
    }

    /// Whether more of it is more rules and nothing else.
    pub(super) fn is_of_rules(self) -> bool {
        self.count().is_some_and(|count| count.about().is_of_rules)
    }

    /// Whether it is of the lab, and not of what flows do in it alone.
    pub(super) fn is_of_the_lab(self) -> bool {
        let has = |field: &Field| field.name == self.key();
        let mut keys = registry::keys();
        let key = keys.find(|key| key.facts().fields.iter().any(has));
        key.is_some_and(|key| key.facts().part != Part::Traffic)
    }

    /// What it is of, in sentences: `services`; what is no count is named by its key.
    #[must_use]
    pub fn noun(self) -> Cow<'static, str> {
        match self.count() {
            Some(count) => count.noun().into(),
            None => self
                .key()
                .trim_end_matches("_bytes")
                .replace('_', " ")
                .into(),
        }
    }

    /// So much of it: `1,000 services`, `64 KiB of message`.
    #[must_use]
    pub fn much(self, number: f64) -> String {
        let noun = self.noun();
        match self.count() {
            Some(_) => format!("{} {noun}", self.number(number)),
            None => format!("{} of {noun}", self.number(number)),
        }
    }

    /// What a slope is said for, to follow "per": `1,000 services`, `container`.
    #[must_use]
    pub fn step_of(self, number: f64) -> String {
        let each = self.count().map(|count| count.about().each);
        match each.and_then(|each| each.split_once(' ')) {
            Some((_, one)) if number <= 1.0 => one.to_owned(),
            _ => self.much(number),
        }
    }

    /// Two ends of a range: `0 to 1,000 services`.
    #[must_use]
    pub fn range(self, from: f64, to: f64) -> String {
        format!("{} to {}", self.number(from), self.much(to))
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "levels are not negative, and `as` saturates"
    )]
    fn number(self, number: f64) -> String {
        match self.0.unit {
            Unit::Bytes => Bytes(number as u64).to_string(),
            _ if number.fract() != 0.0 => number.to_string(),
            unit => {
                let number = grouped(number as usize);
                format!("{number} {}", unit.symbol()).trim_end().to_owned()
            }
        }
    }

    /// How much more of it a slope is said for, by the most there is: the power of ten that it reaches, of bytes the power of two.
    pub(super) fn step(self, most: f64) -> f64 {
        match self.0.unit {
            Unit::Bytes => most.max(1.0).log2().floor().exp2(),
            _ => 10_f64.powf(most.max(1.0).log10().floor()),
        }
    }
}

impl PartialEq for Axis {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Axis {}

impl PartialEq<Count> for Axis {
    fn eq(&self, other: &Count) -> bool {
        self.count() == Some(*other)
    }
}

impl fmt::Debug for Axis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.key())
    }
}

/// As the key.
impl Serialize for Axis {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(key: &str) -> Axis {
        Axis::named(key).expect(key)
    }

    #[test]
    fn every_count_and_every_other_number_is_an_axis_and_words_are_none() {
        let keys: Vec<_> = Axis::all().map(Axis::key).collect();
        for count in Count::ALL {
            assert!(keys.contains(&count.key()), "{keys:?}");
        }
        for key in ["message_bytes", "streams", "mtu", "outstanding"] {
            assert!(keys.contains(&key), "{key}: {keys:?}");
        }
        for key in ["topology", "driver", "firewall", "pairs"] {
            assert!(!keys.contains(&key), "{key}: {keys:?}");
        }
    }

    #[test]
    fn steps_and_ranges_are_in_the_words_and_units_of_the_factor() {
        let services = axis("services");
        assert_eq!(services.much(services.step(4000.0)), "1,000 services");
        assert_eq!(services.range(0.0, 4000.0), "0 to 4,000 services");
        let message = axis("message_bytes");
        assert_eq!(message.much(message.step(131_072.0)), "128 KiB of message");
        let containers = axis("containers");
        let steps = [2.0, 64.0, 512.0].map(|most| containers.step_of(containers.step(most)));
        assert_eq!(steps, ["container", "10 containers", "100 containers"]);
        assert!(containers.is_of_the_lab() && !message.is_of_the_lab());
    }
}
