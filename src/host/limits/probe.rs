//! Reading each limit where the kernel keeps it.
//!
//! Must not judge. The invariant: a limit that cannot be read, or that is unlimited, gives no row.

use std::fs;

use nix::sys::resource::{RLIM_INFINITY, Resource as Rlimit, getrlimit};
use nix::unistd::{SysconfVar, getuid, sysconf};

use super::{Limit, Resource, Strength};
use crate::error::Result;
use crate::host::cgroup::{Controller, Groups};
use crate::host::{counters, pseudo};

/// Ports of a Linux bridge: numbers have ten bits (`BR_PORT_BITS`), and 0 is not given out.
const BRIDGE_PORTS: u64 = 1023;

/// Local ports in a fresh network namespace, 32768 to 60999: each starts from the kernel's own default, whatever the
/// machine's `ip_local_port_range` is.
const FRESH_LOCAL_PORTS: u64 = 60_999 - 32_768 + 1;

/// The value of a user namespace's limits that nobody has set; the limit that binds is then its parent's, unseen.
const UNSET_USER_LIMIT: u64 = i32::MAX as u64;

pub(super) fn all() -> Result<Vec<Limit>> {
    let groups = Groups::of_self()?;
    let meminfo = pseudo::text("/proc/meminfo")?;
    let rows = [
        descriptors(),
        threads(&groups),
        memory(&groups, &meminfo),
        network(),
    ];
    Ok(rows.into_iter().flatten().collect())
}

/// Where a limit was read and how it is raised; the rest of the row is figures.
struct Place {
    name: &'static str,
    source: String,
    remedy: &'static str,
}

fn by_sysctl(name: &'static str, remedy: &'static str) -> Place {
    Place {
        name,
        source: pseudo::sysctl_path(name).display().to_string(),
        remedy,
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

fn of_sysctl(place: Place, resource: Resource, used: u64) -> Option<Limit> {
    let have = pseudo::number(pseudo::sysctl_path(place.name));
    row(place, resource, have, used)
}

fn descriptors() -> Vec<Limit> {
    let own = entries("/proc/self/fd");
    let everyones = pseudo::number("/proc/sys/fs/file-nr").unwrap_or(0);
    let rlimit = Place {
        name: "RLIMIT_NOFILE",
        source: "getrlimit(RLIMIT_NOFILE), soft".to_owned(),
        remedy: "raise the hard limit: LimitNOFILE={} in the service's unit, or `ulimit -n {}` in root's shell before the start",
    };
    let nr_open = by_sysctl("fs.nr_open", "sysctl -w fs.nr_open={}");
    let file_max = by_sysctl("fs.file-max", "sysctl -w fs.file-max={}");
    [
        row(
            rlimit,
            Resource::Descriptors,
            soft_limit(Rlimit::RLIMIT_NOFILE),
            own,
        ),
        of_sysctl(nr_open, Resource::Descriptors, own),
        of_sysctl(file_max, Resource::Descriptors, everyones),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn threads(groups: &Groups) -> Vec<Limit> {
    let everyones = tasks().unwrap_or(0);
    let own_mappings =
        pseudo::word("/proc/self/maps").map_or(0, |maps| maps.lines().count() as u64);
    // The largest pid_max there is on 64 bits: a higher figure is refused, a lower one has no merit.
    let pid_max = by_sysctl("kernel.pid_max", "sysctl -w kernel.pid_max=4194304");
    let threads_max = by_sysctl("kernel.threads-max", "sysctl -w kernel.threads-max={}");
    let mappings = by_sysctl("vm.max_map_count", "sysctl -w vm.max_map_count={}");
    [
        of_sysctl(pid_max, Resource::Threads, everyones),
        of_sysctl(threads_max, Resource::Threads, everyones),
        users_threads(),
        group_row(groups, Controller::Pids),
        of_sysctl(mappings, Resource::Mappings, own_mappings),
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
        source: "getrlimit(RLIMIT_NPROC), soft".to_owned(),
        remedy: "ulimit -u {}, or LimitNPROC={} in the service's unit",
    };
    row(
        place,
        Resource::Threads,
        soft_limit(Rlimit::RLIMIT_NPROC),
        tasks_of_own_user(),
    )
}

fn memory(groups: &Groups, meminfo: &str) -> Vec<Limit> {
    let available = Place {
        name: "MemAvailable",
        source: "/proc/meminfo".to_owned(),
        remedy: "free memory or add some: {} MiB are needed",
    };
    let have = pseudo::meminfo(meminfo, "MemAvailable");
    let available = row(available, Resource::Memory, have, 0).map(|limit| Limit {
        remedy_unit: 1 << 20,
        ..limit
    });
    [
        available,
        group_row(groups, Controller::Memory),
        tcp_memory(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The mark in `tcp_mem` from which sockets get less buffer than they ask for.
fn tcp_memory() -> Option<Limit> {
    let page = u64::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?;
    let pressure = counters::TcpMemory::thresholds()?.pressure_pages;
    let place = by_sysctl(
        "net.ipv4.tcp_mem",
        "raise the second and third figure of sysctl net.ipv4.tcp_mem to {} pages or more, or fix the socket buffers",
    );
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
        remedy,
    };
    row(place, resource, Some(found.limit), found.used)
}

fn network() -> Vec<Limit> {
    let namespaces = by_sysctl(
        "user.max_net_namespaces",
        "sysctl -w user.max_net_namespaces={}",
    );
    let namespaces = of_sysctl(namespaces, Resource::Namespaces, 0);
    let ports = Place {
        name: "bridge ports",
        source: "the kernel's BR_PORT_BITS".to_owned(),
        remedy: "set ports_per_bridge to 1023 or less; more bridges are made then",
    };
    let local_ports = Place {
        name: "local ports",
        source: "the kernel's default for a fresh namespace, 32768 to 60999".to_owned(),
        remedy: "fewer containers to a namespace, or fewer flows to one container: each flow is listened for on a port of its own",
    };
    [
        namespaces.filter(|limit| limit.have != UNSET_USER_LIMIT),
        row(ports, Resource::BridgePorts, Some(BRIDGE_PORTS), 0),
        row(
            local_ports,
            Resource::LocalPorts,
            Some(FRESH_LOCAL_PORTS),
            0,
        ),
        neighbours("net.ipv4.neigh.default.gc_thresh3", "arp_cache"),
        neighbours("net.ipv6.neigh.default.gc_thresh3", "ndisc_cache"),
        of_sysctl(
            by_sysctl(
                "net.netfilter.nf_conntrack_max",
                "sysctl -w net.netfilter.nf_conntrack_max={}",
            ),
            Resource::Tracked,
            // One figure for the whole machine, and each namespace is held against it alone.
            0,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One table of neighbours for all namespaces of the machine; only the initial one shows its limit.
fn neighbours(name: &'static str, table: &str) -> Option<Limit> {
    let used = counters::neighbour_entries(table).unwrap_or(0);
    let remedy = match table {
        "arp_cache" => "sysctl -w net.ipv4.neigh.default.gc_thresh3={}",
        _ => "sysctl -w net.ipv6.neigh.default.gc_thresh3={}",
    };
    of_sysctl(by_sysctl(name, remedy), Resource::Neighbours, used)
}

fn soft_limit(resource: Rlimit) -> Option<u64> {
    getrlimit(resource)
        .ok()
        .map(|(soft, _)| soft)
        .filter(|soft| *soft != RLIM_INFINITY)
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
