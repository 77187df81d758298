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
    /// Published ports, where these vary and nothing of the above does.
    Published,
    /// Services, likewise.
    Services,
    /// Endpoints of each service, likewise.
    Endpoints,
}

/// What there is to a count.
pub(crate) struct AboutCount {
    /// The key of a record's cell that it is.
    pub(crate) key: &'static str,
    /// What it is of, in sentences.
    pub(crate) noun: &'static str,
    /// What follows its number where that is the place of something: `at 64 containers`.
    pub(crate) place: &'static str,
    /// What stands below an axis of it.
    pub(crate) axis: &'static str,
    /// What stands above a column of it.
    pub(crate) heading: &'static str,
    /// One more of it.
    pub(crate) each: &'static str,
    /// Whether more of it is more rules and nothing else, so that a straight line through trials says what one costs.
    pub(crate) is_of_rules: bool,
    /// Whether curves run over it only where two cells differ in it alone: elsewhere it follows from others.
    pub(crate) by_itself: bool,
    read: fn(&Cell) -> u32,
}

const CONTAINERS: AboutCount = AboutCount {
    key: "containers",
    noun: "containers",
    place: "containers",
    axis: "containers",
    heading: "count",
    each: "a container",
    is_of_rules: false,
    by_itself: false,
    read: |cell| cell.containers,
};

const ACTIVE: AboutCount = AboutCount {
    key: "active",
    noun: "active containers",
    place: "active",
    axis: "active containers",
    heading: "active",
    each: "a container",
    is_of_rules: false,
    by_itself: false,
    read: |cell| cell.active,
};

const RULES: AboutCount = AboutCount {
    key: "rules",
    noun: "rules",
    place: "rules",
    axis: "rules that match nothing",
    heading: "rules",
    each: "a rule",
    is_of_rules: true,
    by_itself: false,
    read: |cell| cell.rules.filler.unwrap_or(0),
};

const PUBLISHED: AboutCount = AboutCount {
    key: "published",
    noun: "published ports",
    place: "published ports",
    axis: "published ports",
    heading: "published",
    each: "a published port",
    is_of_rules: true,
    by_itself: true,
    read: |cell| cell.rules.published.unwrap_or(0),
};

const SERVICES: AboutCount = AboutCount {
    key: "services",
    noun: "services",
    place: "services",
    axis: "services",
    heading: "services",
    each: "a service",
    is_of_rules: true,
    by_itself: true,
    read: |cell| cell.rules.services.unwrap_or(0),
};

const ENDPOINTS: AboutCount = AboutCount {
    key: "endpoints",
    noun: "endpoints of each service",
    place: "endpoints",
    axis: "endpoints of each service",
    heading: "endpoints",
    each: "an endpoint of each service",
    is_of_rules: true,
    by_itself: true,
    read: |cell| cell.rules.endpoints.unwrap_or(0),
};

impl Count {
    /// All of them: of several that vary, curves run over the first.
    pub(crate) const ALL: [Self; 6] = [
        Self::Containers,
        Self::Active,
        Self::Rules,
        Self::Published,
        Self::Services,
        Self::Endpoints,
    ];

    /// What there is to it.
    pub(crate) fn about(self) -> &'static AboutCount {
        match self {
            Self::Containers => &CONTAINERS,
            Self::Active => &ACTIVE,
            Self::Rules => &RULES,
            Self::Published => &PUBLISHED,
            Self::Services => &SERVICES,
            Self::Endpoints => &ENDPOINTS,
        }
    }

    /// The key of a record's cell that it is.
    pub(crate) fn key(self) -> &'static str {
        self.about().key
    }

    /// What it is of, in words.
    pub(crate) fn noun(self) -> &'static str {
        self.about().noun
    }

    /// This count of a cell.
    #[must_use]
    pub fn of(self, cell: &Cell) -> u32 {
        (self.about().read)(cell)
    }
}
