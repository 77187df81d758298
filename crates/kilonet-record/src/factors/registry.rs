//! Every key of a scenario, one entry each, in the order in which cells are made of them.
//!
//! A file for each kind. The invariant: what is a key is here, and nowhere is there a second list of them.

#![allow(
    missing_docs,
    reason = "the help of an entry says what it is, and saying it twice would be two definitions"
)]

pub mod driver;
pub mod lab;
pub mod links;
pub mod load;
pub mod rules;
pub mod traffic;
pub mod trials;

use super::field::Field;
use super::key::{AnyKey, Table};
#[cfg(any(test, feature = "sample"))]
pub use borrowed::with;

/// Where a key goes decides when its levels are varied: the first one's change slowest. Parts of ids keep this order too, place
/// by place.
const ALL: &[&dyn AnyKey] = &[
    &lab::TESTBED,
    &lab::TOPOLOGY,
    &traffic::FAMILY,
    &rules::FIREWALL,
    &traffic::PATH,
    &rules::BACKEND,
    &rules::PUBLISHED,
    &rules::SERVICES,
    &rules::ENDPOINTS,
    &rules::RULESET,
    &rules::RULES,
    &rules::RULE_SHAPE,
    &rules::RULE_HOOK,
    &traffic::WORKLOAD,
    &driver::DRIVER,
    &driver::CPU_MAX,
    &driver::MEMORY_MAX,
    &driver::CPUSET,
    &driver::PINNING,
    &traffic::PATTERN,
    &traffic::PEERS,
    &traffic::DIRECTION,
    &traffic::STREAMS,
    &traffic::MESSAGE,
    &load::RESPONSE,
    &load::OUTSTANDING,
    &load::RATE,
    &load::ARRIVALS,
    &load::SEND,
    &load::RECEIVE,
    &load::BATCH,
    &load::SEARCH,
    &load::BESIDE,
    &traffic::CONGESTION,
    &traffic::BUFFERS,
    &links::JOIN,
    &links::CROSSING,
    &links::ENTRIES,
    &links::SNOOPING,
    &links::AGEING,
    &links::HAIRPIN,
    &links::ISOLATION,
    &links::VLAN_FILTERING,
    &links::OFFLOAD,
    &links::GSO_MAX,
    &links::GSO_IPV4_MAX,
    &links::NAPI,
    &links::RPS,
    &links::MTU,
    &lab::CONTAINERS,
    &lab::ACTIVE,
    &lab::STACK,
    &lab::MACS,
    &lab::PER_NAMESPACE,
    &lab::BRIDGES,
    &lab::PORTS_PER_BRIDGE,
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
