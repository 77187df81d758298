//! How a record is found to be impossible: a figure beside others, and what is said of it.
//!
//! Must not know which figures there are.

use crate::store::record::{PerPair, Record};

impl Record {
    pub(super) fn cannot(&self, field: &str, value: f64, must: &str) -> Impossible {
        Impossible {
            rule: format!("{field} must {must}"),
            sentence: format!(
                "is left out: `{field}` of trial {} is {}, and must {must}",
                self.trial,
                shown(value)
            ),
        }
    }
}

/// A record that cannot have been measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Impossible {
    /// What is wrong, the same for all records of which it is.
    pub(in crate::store) rule: String,
    /// That, with trial, field and value.
    pub(in crate::store) sentence: String,
}

pub(super) fn shown(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e15).contains(&magnitude) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// Something that figures are beside each other.
pub(super) struct Relation {
    pub(super) field: &'static str,
    pub(super) must: &'static str,
    /// The value of the field where it does not hold.
    pub(super) broken: fn(&Record) -> Option<f64>,
}

impl Relation {
    pub(super) fn broken(&self, record: &Record) -> Option<Impossible> {
        let value = (self.broken)(record)?;
        Some(record.cannot(self.field, value, self.must))
    }
}

/// A part in a million, and more than rounding comes to.
pub(super) const ROUNDING: f64 = 1.0 + 1e-6;

/// Numbers as they are compared: what a `u64` loses on the way is far less than bounds are apart.
pub(super) trait Number {
    fn number(self) -> f64;
}

impl Number for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl Number for u32 {
    fn number(self) -> f64 {
        f64::from(self)
    }
}

impl Number for u64 {
    fn number(self) -> f64 {
        self as f64
    }
}

pub(super) fn number(value: impl Number) -> f64 {
    value.number()
}

pub(super) fn pairs(it: &Record) -> impl Iterator<Item = &PerPair> {
    let of_classes = it
        .classes
        .iter()
        .filter_map(|class| class.per_pair.as_ref());
    it.per_pair.iter().chain(of_classes)
}

pub(super) fn beyond(value: impl Number, most: impl Number) -> Option<f64> {
    let value = number(value);
    (value > number(most)).then_some(value)
}
