//! Curves: the cells that are joined, and the count that they run over.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::scenario::Cell;

/// Cells that differ in the count alone, smallest count first.
#[derive(Debug, Clone, Serialize)]
pub struct Series {
    /// The levels of the factors that vary in this run, joined: `bridge ipv4`. Unique.
    pub label: String,
    /// The varying factors and this series' level of each, for switching on and off.
    pub factors: BTreeMap<String, String>,
    /// Indexes into [`Analysis::cells`].
    pub cells: Vec<usize>,
    /// Counts between those of its cells that were planned, and of which no trial is recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<u32>,
}

impl Series {
    /// Whether something that was planned between two of its counts is not there, so that nothing may join these.
    #[must_use]
    pub fn is_broken_between(&self, from: u32, to: u32) -> bool {
        self.lost.iter().any(|lost| (from..to).contains(lost))
    }
}

/// Which count the curves run over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Existing containers.
    Containers,
    /// Active containers, where these vary and the existing do not.
    Active,
    /// Rules that match nothing, where these vary and the containers do not.
    Rules,
}

impl Count {
    /// The key of a record's cell that it is.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::Active => "active",
            Self::Rules => "rules",
        }
    }

    /// What it is of, in words.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::Active => "active containers",
            Self::Rules => "rules",
        }
    }

    /// This count of a cell.
    #[must_use]
    pub fn of(self, cell: &Cell) -> u32 {
        match self {
            Self::Containers => cell.containers,
            Self::Active => cell.active,
            Self::Rules => cell.rules.filler.unwrap_or(0),
        }
    }
}
