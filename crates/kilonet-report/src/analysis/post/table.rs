//! The table of the 2017 post, as data: its shapes, and what each moved by column, as a ratio to lo.
//!
//! Must not know today's runs.

use crate::analysis::model::Column::{self, Ipv4, Ipv6, NoRules};
use crate::scenario::{Firewall, Topology};

/// A row of the post's table.
pub(super) struct Shape {
    pub(super) topology: Topology,
    /// What the post calls it.
    pub(super) name: &'static str,
    /// The columns for which the post has a figure.
    pub(super) figures: &'static [Printed],
}

/// A figure of the post.
pub(super) struct Printed {
    pub(super) column: Column,
    /// Its ratio to lo, as printed.
    pub(super) ratio: f64,
    /// The rules of the post's day, best first, as far as they bore on that traffic.
    ///
    /// Docker 1.12 had no rules for IPv6. A veth pair pushed between two containers crosses none of the engine's; but
    /// kernels of that day tracked connections in every namespace once iptables was in use.
    pub(super) rules: &'static [Firewall],
}

const fn printed(column: Column, ratio: f64, rules: &'static [Firewall]) -> Printed {
    Printed {
        column,
        ratio,
        rules,
    }
}

/// The whole table, lo itself left out.
pub(super) const TABLE: &[Shape] = &[
    Shape {
        topology: Topology::Shared,
        name: "shared namespace",
        figures: &[
            printed(Ipv4, 0.921, &[Firewall::None]),
            printed(Ipv6, 0.880, &[Firewall::None]),
        ],
    },
    Shape {
        topology: Topology::Veth,
        name: "veth pair",
        figures: &[
            printed(Ipv4, 0.102, &[Firewall::Conntrack]),
            printed(Ipv6, 0.119, &[Firewall::None]),
            printed(NoRules, 0.204, &[Firewall::None]),
        ],
    },
    Shape {
        topology: Topology::Bridge,
        name: "docker0 bridge",
        figures: &[
            printed(Ipv4, 0.091, &[Firewall::Docker112]),
            printed(Ipv6, 0.109, &[Firewall::Docker112, Firewall::None]),
            printed(NoRules, 0.279, &[Firewall::None]),
        ],
    },
];
