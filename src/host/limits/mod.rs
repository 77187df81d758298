//! Compares what a run needs with what the machine has: which limits would refuse, and which first.
//!
//! Must not know where the figures of a need come from. The invariant: a limit that is not known is not in the list, so
//! it never refuses a run; one that is in the list says where it was read and how it is raised.

mod limit;
mod probe;
mod raise;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::plan::Need;
use crate::store::record::{Exceeded, Resource};

pub use limit::{Limit, Strength};
pub use raise::{Found, found, raise};

/// As many containers as a scenario may have.
const MOST_CONTAINERS: u32 = 1_000_000;

/// A limit that is too low.
#[derive(Debug, Clone, PartialEq)]
pub struct Shortfall<'a> {
    /// Which one.
    pub limit: &'a Limit,
    /// What the run needs.
    pub need: u64,
    /// How it is raised far enough.
    pub remedy: String,
}

/// How far containers may grow under one limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Headroom<'a> {
    /// Which one.
    pub limit: &'a Limit,
    /// The largest count that fits.
    pub containers: u64,
    /// How the limit is raised to twice that count.
    pub remedy: String,
}

/// All limits that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits(Vec<Limit>);

impl Limits {
    /// Reads the machine's limits as they will be in the run: those that `sysctls` names (dotted name to value) at the value
    /// that it sets, and those of the process as far as [`raise`] raises them. To be called before [`super::privilege::acquire`]: inside a user namespace of our
    /// own, `user.max_net_namespaces` shows that namespace's figure, and init-only sysctls are not shown at all.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn probe(sysctls: &BTreeMap<String, String>) -> Result<Self> {
        probe::all(sysctls).map(Self)
    }

    /// Reads them as they are by now, for who asks what a trial was refused by: those of sysctls as they are set, and that of open
    /// files as it holds for this process. `own` are sysctls of the containers' namespaces.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn in_force(own: &BTreeMap<String, String>) -> Result<Self> {
        probe::in_force(own).map(Self)
    }

    /// The hard limits that leave less than `need`, the worst first, as records have them.
    #[must_use]
    pub fn exceeded(&self, need: &Need) -> Vec<Exceeded> {
        let hard = |one: &Shortfall<'_>| one.limit.strength == Strength::Hard;
        let short = self.binding(need).into_iter().filter(hard);
        let of = |one: Shortfall<'_>| Exceeded {
            limit: one.limit.name.to_owned(),
            resource: one.limit.resource,
            have: one.limit.have,
            used: one.limit.used,
            need: one.need,
        };
        short.map(of).collect()
    }

    /// The limits, in the order in which `doctor` lists them.
    pub fn iter(&self) -> impl Iterator<Item = &Limit> {
        self.0.iter()
    }

    /// The limits that `need` exceeds, the worst first.
    #[must_use]
    pub fn binding(&self, need: &Need) -> Vec<Shortfall<'_>> {
        let mut exceeded: Vec<_> = self
            .iter()
            .filter(|limit| need.amount(limit.resource) > limit.room())
            .collect();
        exceeded.sort_by(|a, b| {
            b.share(need.amount(b.resource))
                .total_cmp(&a.share(need.amount(a.resource)))
        });
        exceeded
            .into_iter()
            .map(|limit| shortfall(limit, need.amount(limit.resource)))
            .collect()
    }

    /// How far containers may grow under those limits that bind first, the first of them first: so many `rows` at most, when
    /// `need` is what so many containers take, where there may be so many. One that binds at no count that a scenario may have
    /// is left out, and so are a bridge's ports: more containers get more bridges.
    #[must_use]
    pub fn headroom(&self, rows: usize, need: impl Fn(u32) -> Option<Need>) -> Vec<Headroom<'_>> {
        let bridged = |limit: &&Limit| limit.resource == Resource::BridgePorts;
        let mut open: Vec<_> = self.iter().filter(|limit| !bridged(limit)).collect();
        let mut bound = Vec::new();
        let mut below = None;
        let counts = (1..20).map(|power| 1 << power).chain([MOST_CONTAINERS]);
        // The larger a count, the longer it takes to lay out: none is asked for that is not wanted.
        for here in counts.filter_map(|count| Some((count, need(count)?))) {
            let (binds, still): (Vec<_>, _) = open
                .into_iter()
                .partition(|limit| here.1.amount(limit.resource) > limit.room());
            bound.extend(binds.into_iter().map(|limit| headroom(limit, below, here)));
            if bound.len() >= rows {
                break;
            }
            (open, below) = (still, Some(here));
        }
        bound.sort_by_key(|row| row.containers);
        bound.truncate(rows);
        bound
    }
}

fn shortfall(limit: &Limit, need: u64) -> Shortfall<'_> {
    Shortfall {
        limit,
        need,
        remedy: limit.remedy(need),
    }
}

/// A count that a limit holds against what it needs.
type Point = (u32, Need);

/// Where a limit binds that is kept to at one count, if at any, and not at the next. Between the two a need grows evenly, or ever
/// faster, so that what fits by a straight line does fit.
fn headroom(limit: &Limit, below: Option<Point>, beyond: Point) -> Headroom<'_> {
    let needed = |(count, need): Point| (u64::from(count), need.amount(limit.resource));
    let room = limit.room();
    let containers = below.map_or(0, |below| {
        let ((low, enough), (high, too_much)) = (needed(below), needed(beyond));
        let part = u128::from(high - low) * u128::from(room - enough);
        low + u64::try_from(part / u128::from(too_much - enough)).unwrap_or(u64::MAX)
    });
    Headroom {
        limit,
        containers,
        remedy: limit.remedy(room.saturating_mul(2)),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::host::privilege;

    fn limit(name: &'static str, resource: Resource, have: u64, used: u64) -> Limit {
        let remedy = "sysctl -w some.limit={}";
        Limit {
            name,
            resource,
            strength: Strength::Hard,
            have,
            used,
            source: String::new(),
            remedy: remedy.to_owned(),
            remedy_unit: 1,
        }
    }

    fn limits() -> Limits {
        Limits(vec![
            limit("files", Resource::Descriptors, 20_000, 20),
            limit("pids", Resource::Threads, 32_768, 168),
            limit("maps", Resource::Mappings, 65_530, 30),
            limit("ports", Resource::BridgePorts, 1_023, 0),
        ])
    }

    fn names<'a>(shortfalls: &'a [Shortfall<'_>]) -> Vec<&'a str> {
        shortfalls.iter().map(|row| row.limit.name).collect()
    }

    #[test]
    fn nothing_binds_a_run_that_fits_to_the_last_piece() {
        let need = Need {
            descriptors: 19_980,
            threads: 32_600,
            bridge_ports: 1_023,
            ..Need::default()
        };
        assert_eq!(names(&limits().binding(&need)), [""; 0]);
    }

    #[test]
    fn the_worst_shortfall_comes_first_and_says_what_would_do() {
        let need = Need {
            descriptors: 20_000,
            threads: 80_000,
            ..Need::default()
        };
        let limits = limits();
        let binding = limits.binding(&need);
        assert_eq!(names(&binding), ["pids", "maps", "files"]);
        assert_eq!(binding[0].remedy, "sysctl -w some.limit=80168");
        assert_eq!(
            binding[1].need, 160_000,
            "a stack and its guard for each thread"
        );
        assert_eq!(binding[2].remedy, "sysctl -w some.limit=20020");
    }

    #[test]
    fn a_remedy_is_in_the_units_of_its_sysctl() {
        let pages = Limit {
            remedy_unit: 4096,
            ..limit("tcp_mem", Resource::TcpMemory, 8192, 0)
        };
        assert_eq!(pages.remedy(8193), "sysctl -w some.limit=3");
    }

    #[test]
    fn headroom_names_the_count_at_which_each_limit_binds() {
        // Some of it is needed whatever the count.
        let need = |count: u32| {
            Some(Need {
                descriptors: 64 + 4 * u64::from(count),
                threads: 8 + u64::from(count),
                bridge_ports: 1_000,
                ..Need::default()
            })
        };
        let limits = limits();
        let rows = limits.headroom(9, need);
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.limit.name, row.containers))
            .collect();
        assert_eq!(rows, [("files", 4_979), ("pids", 32_592), ("maps", 32_742)]);
    }

    #[test]
    fn what_is_not_needed_or_never_too_little_has_no_headroom_row() {
        assert!(limits().headroom(9, |_| Some(Need::default())).is_empty());
        let fixed = |_| {
            Some(Need {
                descriptors: 19_980,
                ..Need::default()
            })
        };
        assert!(limits().headroom(9, fixed).is_empty());
    }

    #[test]
    fn counts_that_a_scenario_refuses_are_passed_over() {
        // As where 100 of them talk, and fewer cannot be there.
        let need = |count: u32| {
            (count >= 100).then(|| Need {
                threads: u64::from(count),
                ..Need::default()
            })
        };
        let limits = limits();
        let rows = limits.headroom(9, need);
        assert_eq!(rows[0].containers, 32_600);
    }

    fn shell(command: &str) -> u64 {
        let output = Command::new("sh").args(["-c", command]).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    #[test]
    fn probed_limits_are_those_the_shell_sees() {
        let limits = Limits::probe(&BTreeMap::new()).unwrap();
        let have = |name| {
            limits
                .iter()
                .find(|limit| limit.name == name)
                .map(|limit| limit.have)
        };
        // Where the hard limit may be raised, it is no limit.
        let bound = !privilege::may_raise_limits();
        let files = bound.then(|| shell("ulimit -Hn"));
        assert_eq!(have("RLIMIT_NOFILE"), files);
        assert_eq!(
            have("kernel.pid_max"),
            Some(shell("cat /proc/sys/kernel/pid_max"))
        );
        assert_eq!(have("fs.nr_open"), Some(shell("cat /proc/sys/fs/nr_open")));
        assert_eq!(have("bridge ports"), Some(1023));
    }

    fn setting(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_table_that_the_scenario_makes_smaller_may_be_filled_to_see_it() {
        let name = "net.ipv4.neigh.default.gc_thresh3";
        for (value, strength) in [("3", Strength::Soft), ("123456789", Strength::Hard)] {
            let limits = Limits::probe(&setting(name, value)).unwrap();
            let limit = limits.iter().find(|limit| limit.name == name).unwrap();
            assert_eq!(limit.strength, strength, "{value}");
        }
    }

    #[test]
    fn what_the_scenario_sets_is_what_it_is_held_against() {
        for name in [
            "net.ipv4.neigh.default.gc_thresh3",
            "net.ipv6.neigh.default.gc_thresh3",
            "net.netfilter.nf_conntrack_max",
        ] {
            let limits = Limits::probe(&setting(name, "123456789")).unwrap();
            let limit = limits.iter().find(|limit| limit.name == name).unwrap();
            assert_eq!(limit.have, 123_456_789);
            assert_eq!(limit.source, "[sysctls] of the scenario");
            let more = 987_654_321 - limit.used;
            assert_eq!(
                limit.remedy(more),
                format!("set \"{name}\" = 987654321 under [sysctls] of the scenario")
            );
        }
    }

    #[test]
    fn ports_of_containers_are_those_that_the_scenario_sets_for_them() {
        let ports = |sysctls: &BTreeMap<String, String>| {
            let limits = Limits::probe(sysctls).unwrap();
            let limit = limits.iter().find(|it| it.resource == Resource::LocalPorts);
            limit.map(|limit| (limit.have, limit.source.contains("[namespace.sysctls]")))
        };
        let wide = setting("net.ipv4.ip_local_port_range", "1024 65000");
        assert_eq!(ports(&wide), Some((63_977, true)));
        assert_eq!(ports(&BTreeMap::new()), Some((28_232, false)));
    }

    #[test]
    fn tcp_memory_is_held_against_the_second_figure_that_the_scenario_sets() {
        let sysctls = setting("net.ipv4.tcp_mem", "1 2000 3000");
        let limits = Limits::probe(&sysctls).unwrap();
        let limit = limits.iter().find(|it| it.resource == Resource::TcpMemory);
        let limit = limit.unwrap();
        assert_eq!(limit.have, 2000 * limit.remedy_unit);
        assert!(limit.remedy(1).contains("[sysctls]"), "{}", limit.remedy);
        let marks = crate::host::counters::TcpMemory::thresholds(&sysctls).unwrap();
        assert_eq!(marks.pressure_pages, 2000);
    }

    #[test]
    fn every_remedy_is_a_sentence_without_a_gap() {
        for limit in Limits::probe(&BTreeMap::new()).unwrap().iter() {
            let remedy = limit.remedy(1_000_000);
            assert!(
                !remedy.is_empty() && !remedy.contains("{}"),
                "{}: {remedy}",
                limit.name
            );
        }
    }

    proptest! {
        #[test]
        fn headroom_is_the_largest_count_that_does_not_bind(have in 1..1u64 << 40, fixed in 0..1000u64, each in 1..1u64 << 30) {
            let limits = Limits(vec![limit("files", Resource::Descriptors, have, 0)]);
            let taken = |count: u64| fixed + each * count;
            let need = |count: u32| Some(Need { descriptors: taken(count.into()), ..Need::default() });
            match limits.headroom(9, need)[..] {
                [] => prop_assert!(taken(1_000_000) <= have),
                // Fewer than two containers there cannot be.
                [ref row] if row.containers == 0 => prop_assert!(taken(2) > have),
                [ref row] => {
                    prop_assert!(taken(row.containers) <= have);
                    prop_assert!(taken(row.containers + 1) > have);
                }
                _ => prop_assert!(false, "one limit has one row"),
            }
        }
    }
}
