//! Every key of a scenario, one entry each, in the order in which cells are made of them.
//!
//! A file for each kind; below them `names`, by which entries ask for each other's levels, `fitting`, what several of them ask, and
//! `shown`, `sockets`, `spread` and `done`, what trials are judged by: rules and links, sockets, where containers are, and what flows
//! came to.
//! The invariant: what is a key is here, and nowhere is there a second list of them.

#![allow(
    missing_docs,
    reason = "the help of an entry says what it is, and saying it twice would be two definitions"
)]

pub mod beside;
pub mod bridges;
pub mod connections;
pub mod copying;
mod done;
pub mod driver;
pub mod firewall;
mod fitting;
pub mod lab;
pub mod links;
pub mod load;
pub mod names;
pub mod namespaces;
pub mod paths;
pub mod pattern;
pub mod routers;
pub mod rules;
mod shown;
mod sockets;
mod spread;
pub mod topology;
pub mod traffic;
pub mod trials;
pub mod veths;

use super::field::Field;
use super::key::{AnyKey, Table};
#[cfg(any(test, feature = "sample"))]
pub use borrowed::with;

/// Where a key goes decides when its levels are varied: the first one's change slowest. Parts of ids keep this order too, place
/// by place.
const ALL: &[&dyn AnyKey] = &[
    &topology::TESTBED,
    &topology::TOPOLOGY,
    &traffic::FAMILY,
    &firewall::FIREWALL,
    &paths::PATH,
    &firewall::BACKEND,
    &rules::PUBLISHED,
    &rules::SERVICES,
    &rules::ENDPOINTS,
    &firewall::RULESET,
    &rules::RULES,
    &rules::RULE_SHAPE,
    &rules::RULE_HOOK,
    &traffic::WORKLOAD,
    &driver::DRIVER,
    &driver::CPU_MAX,
    &driver::MEMORY_MAX,
    &driver::CPUSET,
    &driver::PINNING,
    &pattern::PATTERN,
    &pattern::PEERS,
    &pattern::DIRECTION,
    &traffic::STREAMS,
    &traffic::MESSAGE,
    &load::RESPONSE,
    &load::OUTSTANDING,
    &load::RATE,
    &load::ARRIVALS,
    &copying::SEND,
    &copying::RECEIVE,
    &copying::BATCH,
    &load::SEARCH,
    &connections::LISTEN,
    &connections::BACKLOG,
    &connections::CLOSES,
    &beside::BESIDE,
    &traffic::CONGESTION,
    &traffic::BUFFERS,
    &bridges::JOIN,
    &bridges::CROSSING,
    &links::ENTRIES,
    &links::SNOOPING,
    &links::AGEING,
    &links::HAIRPIN,
    &links::ISOLATION,
    &links::VLAN_FILTERING,
    &veths::OFFLOAD,
    &veths::GSO_MAX,
    &veths::GSO_IPV4_MAX,
    &veths::NAPI,
    &veths::RPS,
    &veths::MTU,
    &lab::CONTAINERS,
    &lab::ACTIVE,
    &lab::STACK,
    &lab::MACS,
    &lab::PER_NAMESPACE,
    &namespaces::NAMESPACE_SYSCTLS,
    &bridges::BRIDGES,
    &bridges::PORTS_PER_BRIDGE,
    &routers::PORTS_PER_ROUTER,
    &trials::WARMUP,
    &trials::MEASURE,
    &trials::SAMPLE,
    &trials::CONNECT,
    &trials::REPEATS,
    &trials::WITHIN,
    &trials::METRICS,
    &trials::AGAIN,
    &trials::SEED,
    &trials::BASELINE,
];

/// All keys.
pub fn keys() -> impl Iterator<Item = &'static dyn AnyKey> {
    let all = ALL.iter().copied();
    #[cfg(any(test, feature = "sample"))]
    let all = all.chain(borrowed::keys());
    all
}

/// The keys of one table.
pub fn keys_of(table: Table) -> impl Iterator<Item = &'static dyn AnyKey> {
    keys().filter(move |key| key.facts().table == table)
}

/// The key of a name.
#[must_use]
pub fn key(name: &str) -> Option<&'static dyn AnyKey> {
    keys().find(|key| key.facts().name == name)
}

/// The key that cells have a field of.
#[must_use]
pub fn key_of(field: &str) -> Option<&'static dyn AnyKey> {
    keys().find(|key| key.facts().fields.iter().any(|it| it.name == field))
}

/// What a cell has of all of them.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    keys().flat_map(|key| key.facts().fields)
}

/// Keys that are there for a test: a factor that comes later has nothing but its entry.
#[cfg(any(test, feature = "sample"))]
mod borrowed {
    use std::cell::RefCell;

    use super::AnyKey;

    thread_local! {
        static KEYS: RefCell<Vec<&'static dyn AnyKey>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn keys() -> Vec<&'static dyn AnyKey> {
        KEYS.with_borrow(Clone::clone)
    }

    /// What something comes to with one more key, for the calling thread.
    pub fn with<T>(key: &'static dyn AnyKey, run: impl FnOnce() -> T) -> T {
        struct Return;
        impl Drop for Return {
            fn drop(&mut self) {
                KEYS.with_borrow_mut(Vec::pop);
            }
        }
        KEYS.with_borrow_mut(|keys| keys.push(key));
        let _return = Return;
        run()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::factors::key::Usual;
    use crate::factors::{Topology, Witnessing};
    use crate::store::{cell_id, sample};

    #[test]
    fn each_key_is_there_once_with_a_sentence_and_its_usual_level_is_one_of_its_own() {
        let mut names = HashSet::new();
        for key in keys() {
            let facts = key.facts();
            assert!(names.insert(facts.name), "{} twice", facts.name);
            assert!(facts.help.ends_with('.'), "{}: {}", facts.name, facts.help);
            let has_usual = !matches!(facts.usual, Usual::Required | Usual::Absent);
            assert_eq!(key.usual().is_some(), has_usual, "{}", facts.name);
        }
    }

    #[test]
    fn each_key_says_what_shows_that_a_level_took_hold_or_why_nothing_does() {
        for key in keys() {
            let facts = key.facts();
            match facts.witnessing {
                Witnessing::Shows(_) => {}
                Witnessing::ReadBack(why) => {
                    assert!(why.ends_with('.'), "{}: {why}", facts.name);
                }
                Witnessing::Unsaid => panic!("{} says neither", facts.name),
            }
        }
    }

    #[test]
    fn each_field_is_that_of_a_record_and_takes_what_another_cell_has() {
        let cell = sample::cell(Topology::Bridge, 2);
        let changed = cell.each_changed();
        for (name, other) in &changed {
            let field = fields().find(|field| field.name == name);
            let field = field.unwrap_or_else(|| panic!("no entry has the field {name}"));
            let mut taken = cell.clone();
            field.take(&mut taken, other);
            assert_eq!(taken, *other, "{name}");
        }
        assert_eq!(changed.len(), fields().count());
    }

    /// What follows from others, or has its part of an id only beside them.
    const WITHOUT_ID: [&str; 6] = [
        "endpoints",
        "pairs",
        "pattern_seed",
        "ports_per_bridge",
        "ruleset",
        "services",
    ];

    #[test]
    fn cells_that_differ_in_a_factor_differ_in_their_ids() {
        let cell = sample::cell(Topology::Bridge, 2);
        let changed = cell.each_changed().into_iter();
        let same = changed.filter(|(_, other)| cell_id(other) == cell_id(&cell));
        let same: Vec<_> = same.map(|(name, _)| name).collect();
        assert_eq!(same, WITHOUT_ID);
    }
}
