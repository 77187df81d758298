//! Reading each limit where the kernel keeps it.
//!
//! Must not judge. The invariant: a limit that cannot be read, or that is unlimited, gives no row.

use std::collections::BTreeMap;
use std::fs;

use nix::sys::resource::{RLIM_INFINITY, Resource as Rlimit, getrlimit};
use nix::unistd::{SysconfVar, getuid, sysconf};

use super::limit::{Limit, Strength};
use crate::error::Result;
use crate::host::cgroup::{Controller, Groups};
use crate::host::{counters, privilege, pseudo};
use crate::scenario::namespace_sysctls::{FRESH_LOCAL_PORTS, PORT_RANGE, ports_of};
use crate::store::record::Resource;

/// Ports of a Linux bridge: numbers have ten bits (`BR_PORT_BITS`), and 0 is not given out.
const BRIDGE_PORTS: u64 = 1023;

/// The value of a user namespace's limits that nobody has set; the limit that binds is then its parent's, unseen.
const UNSET_USER_LIMIT: u64 = i32::MAX as u64;

/// What a scenario sets for the run, by dotted name.
type Sysctls = BTreeMap<String, String>;

/// Where a limit that the scenario sets is read.
const SCENARIO: &str = "[sysctls] of the scenario";

pub(super) fn all(sysctls: &Sysctls) -> Result<Vec<Limit>> {
    let groups = Groups::of_self()?;
    let meminfo = pseudo::text("/proc/meminfo")?;
    let rows = [
        descriptors(sysctls),
        threads(&groups, sysctls),
        memory(&groups, &meminfo, sysctls),
        network(sysctls),
    ];
    Ok(rows.into_iter().flatten().collect())
}

/// The same as they are by now. A soft limit of open files that is lower than the hard one was lowered since it was raised.
pub(super) fn in_force(own: &Sysctls) -> Result<Vec<Limit>> {
    let mut limits = all(own)?;
    let soft = getrlimit(Rlimit::RLIMIT_NOFILE).ok();
    let soft = soft.map(|(soft, _)| soft).filter(|it| *it != RLIM_INFINITY);
    limits.retain(|limit| limit.name != OPEN_FILES);
    limits.extend(row(
        open_files("getrlimit(RLIMIT_NOFILE), soft"),
        Resource::Descriptors,
        soft,
        entries("/proc/self/fd"),
    ));
    Ok(limits)
}

/// Where a limit was read and how it is raised; the rest of the row is figures.
struct Place {
    name: &'static str,
    source: String,
    remedy: String,
}

fn by_sysctl(name: &'static str) -> Place {
    Place {
        name,
        source: pseudo::sysctl_path(name).display().to_string(),
        remedy: format!("sysctl -w {name}={{}}"),
    }
}

fn row(place: Place, resource: Resource, have: Option<u64>, used: u64) -> Option<Limit> {
    let Place {
        name,
        source,
        remedy,
    } = place;
    have.map(|have| Limit {
        name,
        resource,
        strength: Strength::Hard,
        have,
        used,
        source,
        remedy,
        remedy_unit: 1,
    })
}

/// A sysctl of one figure, as the scenario sets it or else as the machine has it.
fn of_sysctl(place: Place, sysctls: &Sysctls, (resource, used): (Resource, u64)) -> Option<Limit> {
    let set = sysctls.get(place.name).and_then(|value| value.parse().ok());
    let place = if set.is_some() {
        Place {
            source: SCENARIO.to_owned(),
            remedy: format!("set \"{}\" = {{}} under {SCENARIO}", place.name),
            ..place
        }
    } else {
        place
    };
    let have = set.or_else(|| pseudo::number(pseudo::sysctl_path(place.name)));
    row(place, resource, have, used)
}

/// What limits the open files of a process.
const OPEN_FILES: &str = "RLIMIT_NOFILE";

fn open_files(source: &str) -> Place {
    Place {
        name: OPEN_FILES,
        source: source.to_owned(),
        remedy: "raise the hard limit: LimitNOFILE={} in the service's unit, or `ulimit -n {}` before the start in a shell that has CAP_SYS_RESOURCE".to_owned(),
    }
}

fn descriptors(sysctls: &Sysctls) -> Vec<Limit> {
    let own = entries("/proc/self/fd");
    let everyones = pseudo::number("/proc/sys/fs/file-nr").unwrap_or(0);
    let rlimit = open_files("getrlimit(RLIMIT_NOFILE), hard");
    let hard = hard_limit(Rlimit::RLIMIT_NOFILE);
    [
        row(rlimit, Resource::Descriptors, hard, own),
        of_sysctl(
            by_sysctl("fs.nr_open"),
            sysctls,
            (Resource::Descriptors, own),
        ),
        of_sysctl(
            by_sysctl("fs.file-max"),
            sysctls,
            (Resource::Descriptors, everyones),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn threads(groups: &Groups, sysctls: &Sysctls) -> Vec<Limit> {
    let everyones = tasks().unwrap_or(0);
    let own_mappings =
        pseudo::word("/proc/self/maps").map_or(0, |maps| maps.lines().count() as u64);
    let pid_max = Place {
        // The largest there is on 64 bits: a higher figure is refused, a lower one has no merit.
        remedy: "sysctl -w kernel.pid_max=4194304".to_owned(),
        ..by_sysctl("kernel.pid_max")
    };
    let threads_max = by_sysctl("kernel.threads-max");
    let mappings = by_sysctl("vm.max_map_count");
    [
        of_sysctl(pid_max, sysctls, (Resource::Threads, everyones)),
        of_sysctl(threads_max, sysctls, (Resource::Threads, everyones)),
        users_threads(),
        group_row(groups, Controller::Pids),
        of_sysctl(mappings, sysctls, (Resource::Mappings, own_mappings)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `RLIMIT_NPROC`, which does not hold for root.
fn users_threads() -> Option<Limit> {
    if getuid().is_root() {
        return None;
    }
    let place = Place {
        name: "RLIMIT_NPROC",
        source: "getrlimit(RLIMIT_NPROC), hard".to_owned(),
        remedy: "raise the hard limit: LimitNPROC={} in the service's unit, or `ulimit -u {}` before the start in a shell that has CAP_SYS_RESOURCE"
            .to_owned(),
    };
    row(
        place,
        Resource::Threads,
        hard_limit(Rlimit::RLIMIT_NPROC),
        tasks_of_own_user(),
    )
}

fn memory(groups: &Groups, meminfo: &str, sysctls: &Sysctls) -> Vec<Limit> {
    let available = Place {
        name: "MemAvailable",
        source: "/proc/meminfo".to_owned(),
        remedy: "free memory or add some: {} MiB are needed".to_owned(),
    };
    let have = pseudo::meminfo(meminfo, "MemAvailable");
    let available = row(available, Resource::Memory, have, 0).map(|limit| Limit {
        remedy_unit: 1 << 20,
        ..limit
    });
    [
        available,
        group_row(groups, Controller::Memory),
        tcp_memory(sysctls),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The mark in `tcp_mem` from which sockets get less buffer than they ask for.
fn tcp_memory(sysctls: &Sysctls) -> Option<Limit> {
    const NAME: &str = "net.ipv4.tcp_mem";
    let page = u64::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?;
    let pressure = counters::TcpMemory::thresholds(sysctls)?.pressure_pages;
    let (source, whose) = if sysctls.contains_key(NAME) {
        (SCENARIO.to_owned(), format!("{NAME} under {SCENARIO}"))
    } else {
        (by_sysctl(NAME).source, format!("sysctl {NAME}"))
    };
    let place = Place {
        name: NAME,
        source,
        remedy: format!(
            "raise the second and third figure of {whose} to {{}} pages or more, or fix the socket buffers"
        ),
    };
    let limit = row(
        place,
        Resource::TcpMemory,
        Some(pressure.saturating_mul(page)),
        0,
    )?;
    Some(Limit {
        strength: Strength::Soft,
        remedy_unit: page,
        ..limit
    })
}

fn group_row(groups: &Groups, controller: Controller) -> Option<Limit> {
    let found = groups.limit(controller)?;
    let (name, resource, remedy) = match controller {
        Controller::Pids => (
            "cgroup pids",
            Resource::Threads,
            "write {} to pids.max of the control group, or TasksMax={} in the unit",
        ),
        Controller::Memory => (
            "cgroup memory",
            Resource::Memory,
            "write {} to the memory limit of the control group, or MemoryMax={} in the unit",
        ),
    };
    let place = Place {
        name,
        source: found.file.display().to_string(),
        remedy: remedy.to_owned(),
    };
    row(place, resource, Some(found.limit), found.used)
}

fn network(sysctls: &Sysctls) -> Vec<Limit> {
    let namespaces = by_sysctl("user.max_net_namespaces");
    let namespaces = of_sysctl(namespaces, sysctls, (Resource::Namespaces, 0));
    let ports = Place {
        name: "bridge ports",
        source: "the kernel's BR_PORT_BITS".to_owned(),
        remedy: "set ports_per_bridge to 1023 or less; more bridges are made then".to_owned(),
    };
    [
        namespaces.filter(|limit| limit.have != UNSET_USER_LIMIT),
        row(ports, Resource::BridgePorts, Some(BRIDGE_PORTS), 0),
        local_ports(sysctls),
        neighbours("net.ipv4.neigh.default.gc_thresh3", "arp_cache", sysctls),
        neighbours("net.ipv6.neigh.default.gc_thresh3", "ndisc_cache", sysctls),
        // One figure for the whole machine, and each namespace is held against it alone.
        of_table(
            "net.netfilter.nf_conntrack_max",
            sysctls,
            (Resource::Tracked, 0),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Ports of a container's namespace: those that the scenario sets for it, or those of a fresh one.
fn local_ports(sysctls: &Sysctls) -> Option<Limit> {
    let set = sysctls.get(PORT_RANGE).and_then(|range| ports_of(range));
    let source = match set {
        Some(_) => format!("{PORT_RANGE} under [namespace.sysctls] of the scenario"),
        None => "the kernel's default for a fresh namespace, 32768 to 60999".to_owned(),
    };
    let place = Place {
        name: "local ports",
        source,
        remedy: format!(
            "fewer containers to a namespace, fewer flows to one container, or a wider {PORT_RANGE} under [namespace.sysctls]: each flow \
             listens on a port of its own"
        ),
    };
    let have = set.unwrap_or(FRESH_LOCAL_PORTS);
    row(place, Resource::LocalPorts, Some(have), 0)
}

/// One table of neighbours for all namespaces of the machine; only the initial one shows its limit.
fn neighbours(name: &'static str, table: &str, sysctls: &Sysctls) -> Option<Limit> {
    let used = counters::neighbour_entries(table).unwrap_or(0);
    of_table(name, sysctls, (Resource::Neighbours, used))
}

/// A table that fills up. A scenario that makes it smaller than the machine has it is there to see what comes of that, and is let
/// run: what is not let in then is in its records.
fn of_table(name: &'static str, sysctls: &Sysctls, room: (Resource, u64)) -> Option<Limit> {
    let limit = of_sysctl(by_sysctl(name), sysctls, room)?;
    let machines = pseudo::number(pseudo::sysctl_path(name));
    let made_smaller = machines.is_some_and(|machines| limit.have < machines);
    Some(Limit {
        strength: if made_smaller {
            Strength::Soft
        } else {
            limit.strength
        },
        ..limit
    })
}

/// The hard limit, which the soft one is raised to; none where the hard one is raised too.
fn hard_limit(resource: Rlimit) -> Option<u64> {
    if privilege::may_raise_limits() {
        return None;
    }
    let (_, hard) = getrlimit(resource).ok()?;
    Some(hard).filter(|hard| *hard != RLIM_INFINITY)
}

fn entries(folder: &str) -> u64 {
    fs::read_dir(folder).map_or(0, |entries| entries.count() as u64)
}

/// Threads of the whole machine: the second figure of `/proc/loadavg`'s fourth column.
fn tasks() -> Option<u64> {
    let loadavg = pseudo::word("/proc/loadavg")?;
    let (_, total) = loadavg.split_whitespace().nth(3)?.split_once('/')?;
    total.parse().ok()
}

fn tasks_of_own_user() -> u64 {
    let Ok(processes) = procfs::process::all_processes() else {
        return 0;
    };
    processes
        .flatten()
        .filter(|process| process.uid().is_ok_and(|uid| uid == getuid().as_raw()))
        .filter_map(|process| u64::try_from(process.stat().ok()?.num_threads).ok())
        .sum()
}
