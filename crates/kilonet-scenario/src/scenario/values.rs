//! The values of one table's keys: as they were written, or as is usual.
//!
//! Knows no key by itself. Invariant: each key has its levels, in the order in which they were written; none only where nobody
//! wrote it and nothing is usual, or where all that was written is wrong and reported.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::source::Span;
use kilonet_record::factors::key::{AnyKey, Key, KeyValue, Level};

/// A value and where it was written; nowhere for a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Option<Span>,
}

impl<T> At<T> {
    /// A value that nobody wrote.
    pub(super) fn default(value: T) -> Self {
        Self { value, span: None }
    }
}

/// The levels of each key of a table, by the key's name.
#[derive(Debug)]
pub(super) struct Values {
    /// How the file names the table: `lab`, `axes`, or `axes[1]` for the second of several.
    name: String,
    levels: BTreeMap<&'static str, Vec<At<Level>>>,
    /// How the file names a key that is written in another table.
    elsewhere: BTreeMap<&'static str, String>,
}

impl Values {
    pub(super) fn new(name: String, levels: BTreeMap<&'static str, Vec<At<Level>>>) -> Self {
        let elsewhere = BTreeMap::new();
        Self {
            name,
            levels,
            elsewhere,
        }
    }

    /// The one level of a key that a table of its own has in its place, which the file names so; none where nothing is written there.
    pub(super) fn of_table<T: KeyValue>(path: &str, key: &Key<T>, level: Option<At<T>>) -> Self {
        let levels = level.into_iter().map(|at| At {
            value: Rc::new(at.value) as Level,
            span: at.span,
        });
        Self {
            elsewhere: BTreeMap::from([(key.name(), path.to_owned())]),
            ..Self::new(
                path.to_owned(),
                BTreeMap::from([(key.name(), levels.collect())]),
            )
        }
    }

    /// Takes what another table says of a key, where it says anything; the place of this one's own level, where it has one too.
    pub(super) fn adopt(&mut self, key: &dyn AnyKey, from: &Self) -> Option<Span> {
        let name = key.facts().name;
        let written = from.of(key);
        if written.is_empty() {
            return None;
        }
        let own = self.of(key).iter().find_map(|at| at.span.clone());
        self.levels.insert(name, written.to_vec());
        self.elsewhere.insert(name, from.key(key));
        own
    }

    /// Whether a key is written in another table.
    pub(super) fn is_elsewhere(&self, key: &dyn AnyKey) -> bool {
        self.elsewhere.contains_key(key.facts().name)
    }

    /// The levels of whatever key.
    pub(super) fn of(&self, key: &dyn AnyKey) -> &[At<Level>] {
        self.levels.get(key.facts().name).map_or(&[], Vec::as_slice)
    }

    /// The levels of a key; none where nobody wrote it and nothing is usual.
    pub(super) fn levels<T: KeyValue>(&self, key: &Key<T>) -> impl Iterator<Item = At<T>> {
        let levels = self.levels.get(key.name()).into_iter().flatten();
        levels.map(|at| At {
            value: key.typed(&at.value).clone(),
            span: at.span.clone(),
        })
    }

    /// The one value of a key, or the first of an axis.
    pub(super) fn given<T: KeyValue>(&self, key: &Key<T>) -> Option<At<T>> {
        self.levels(key).next()
    }

    /// The one value of a key that has a usual one.
    ///
    /// # Panics
    /// For a key that has none.
    pub(super) fn one<T: KeyValue>(&self, key: &Key<T>) -> T {
        let given = self.given(key);
        given.expect("a key with a usual value has one").value
    }

    /// A key as the file names it, with its table.
    pub(super) fn key(&self, key: &dyn AnyKey) -> String {
        let name = key.facts().name;
        let elsewhere = self.elsewhere.get(name).cloned();
        elsewhere.unwrap_or_else(|| format!("{}.{name}", self.name))
    }
}
