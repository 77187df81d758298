//! Limits beyond which the kernel refuses. Where it has an error that it gives for nothing else, the refusal is the witness; where
//! it has not, something else must show it.

use super::super::consequence::Consequence::{
    Behind, Died, Failed, RequestsLost, SetupFailed, Stalled, Starved, Unfair,
};
use super::super::model::Setting;
use super::super::model::Unit::{Share, Things};
use super::super::row::{BLANK, Reading, Refusal, Row, any, exceeded, of, refused};
use super::super::seen::{ran_s, seen};
use crate::scenario::namespace_sysctls::{FRESH_PORT_RANGE, PORT_RANGE};
use crate::scenario::registry::namespaces;
use crate::store::record::{Counter, Record, Resource};

/// `br_add_if` gives EXFULL where all of `BR_MAX_PORTS` numbers are taken, and for nothing else.
pub(in super::super) const BRIDGE_PORTS: Row = Row {
    id: "bridge_ports",
    title: "a bridge had no free port: a Linux bridge holds 1,023",
    witness: ("EXFULL", Things("refusal")),
    threshold: "any: the kernel gives this error for nothing else",
    read: |record| Reading::of_refusals(record, &[of("add port", "EXFULL")]),
    limit: |record, _| exceeded(record, &[Resource::BridgePorts]).map(Setting::from),
    remedy: "set ports_per_bridge to 1023 or less, so that there are several bridges",
    explains: &[SetupFailed, Failed],
    ..BLANK
};

/// `inc_net_namespaces` gives ENOSPC.
pub(in super::super) const NAMESPACES: Row = Row {
    id: "namespaces",
    title: "the user has as many network namespaces as user.max_net_namespaces allows",
    witness: ("ENOSPC", Things("refusal")),
    threshold: "any: the kernel gives this error for nothing else there",
    read: |record| Reading::of_refusals(record, &[of("create namespace", "ENOSPC")]),
    limit: |record, manifest| {
        let exceeded = exceeded(record, &[Resource::Namespaces]).map(Setting::from);
        exceeded.or_else(|| Setting::of("user.max_net_namespaces", record, manifest))
    },
    remedy: "raise sysctl user.max_net_namespaces",
    explains: &[SetupFailed, Failed],
    ..BLANK
};

/// An address that is gone makes the same error, so only the number of connections shows that ports ran out.
pub(in super::super) const LOCAL_PORTS: Row = Row {
    id: "local_ports",
    title: "an address ran out of local ports",
    witness: ("EADDRNOTAVAIL", Things("flow")),
    threshold: "any, where a pair made nine tenths as many connections as there are ports, or closed ones kept as many in a namespace",
    read: local_ports,
    by_error: NO_PORT,
    limit: |record, _| Some(range(record)),
    remedy: "widen sysctl net.ipv4.ip_local_port_range, set net.ipv4.tcp_tw_reuse = 1, use more addresses or fewer flows for each, or \
             keep connections open",
    explains: &[
        SetupFailed,
        Failed,
        Starved,
        Died,
        Stalled,
        RequestsLost,
        Behind,
        Unfair,
    ],
    ..BLANK
};

const NO_PORT: &[Refusal] = &[
    of("listen for flow", "EADDRNOTAVAIL"),
    of("connect flow", "EADDRNOTAVAIL"),
    of("make", "EADDRNOTAVAIL"),
];

/// The range of the clients' namespaces; a fresh one does not take over the machine's.
fn range(record: &Record) -> Setting {
    let own = namespaces::NAMESPACE_SYSCTLS.of(&record.cell);
    let own = own.value(PORT_RANGE).unwrap_or(FRESH_PORT_RANGE);
    Setting {
        name: PORT_RANGE.to_owned(),
        value: own.to_owned(),
    }
}

fn local_ports(record: &Record) -> Reading {
    let Some(moved) = refused(record, NO_PORT) else {
        return Reading::Still;
    };
    let watched = record.watched.as_ref();
    let kept = watched.and_then(|it| it.time_wait).unwrap_or(0) as f64;
    let used = ports_used(record).unwrap_or(0.0).max(kept);
    if used >= 0.9 * namespaces::local_ports(&record.cell) as f64 {
        Reading::Moved(moved)
    } else {
        Reading::Unseen
    }
}

/// Connections that a pair made, or that each of its flows keeps. A closed one keeps its port for a minute.
fn ports_used(record: &Record) -> Option<f64> {
    let cell = &record.cell;
    let pairs = f64::from(cell.pairs.max(1));
    if !cell.workload.renews_connections() {
        return Some(f64::from(cell.streams));
    }
    let per_s = record.aggregate?.transactions_per_s?;
    Some(per_s * ran_s(record)? / pairs)
}

/// Files that a process may have open, or all of them together: the limit that left less than the trial needed tells, and an error
/// alone does not, which is also given where a user has watches or pipes enough.
pub(in super::super) const DESCRIPTORS: Row = Row {
    id: "descriptors",
    title: "no more files could be opened",
    witness: ("exceeded", Share("of what the limit left were needed")),
    threshold: "any refusal (EMFILE, ENFILE), where the limit left fewer than the trial needed",
    read: |record| Reading::of_limits(record, NO_FILE, FILES),
    by_error: NO_FILE,
    logs: &["file-max limit"],
    limit: |record, _| exceeded(record, FILES).map(Setting::from),
    remedy: "raise the hard limit of open files (LimitNOFILE= in the service's unit, `ulimit -n`), or sysctl fs.file-max where the \
             error is ENFILE",
    explains: &[SetupFailed, Failed, Starved, Died, Unfair],
    ..BLANK
};

const NO_FILE: &[Refusal] = &[any("EMFILE"), any("ENFILE")];
const FILES: &[Resource] = &[Resource::Descriptors];

/// What `clone` gives where a limit of tasks is reached, whichever; and the C library where there is no room for a stack.
pub(in super::super) const THREADS: Row = Row {
    id: "threads",
    title: "no more threads or processes could be started",
    witness: ("exceeded", Share("of what the limit left were needed")),
    threshold: "any refusal (EAGAIN of a new thread or process), where the limit left fewer than the trial needed",
    read: |record| Reading::of_limits(record, NO_TASK, TASKS),
    by_error: NO_TASK,
    logs: &["fork rejected"],
    limit: |record, _| exceeded(record, TASKS).map(Setting::from),
    remedy: "use driver = \"workers\", or raise the lowest limit of threads (`ulimit -u`, LimitNPROC= and TasksMax= in the service's \
             unit, pids.max of the control group, sysctls kernel.threads-max, kernel.pid_max and vm.max_map_count)",
    explains: &[SetupFailed, Failed, Starved, Died],
    ..BLANK
};

const NO_TASK: &[Refusal] = &[of("spawn", "EAGAIN"), of("start", "EAGAIN")];
/// A thread takes mappings for its stack.
const TASKS: &[Resource] = &[Resource::Threads, Resource::Mappings];

/// The kernel has many reasons for ENOMEM and ENOBUFS; what it killed it counts, or logs.
pub(in super::super) const MEMORY: Row = Row {
    id: "memory",
    title: "memory was full",
    witness: ("oom_kills", Things("process")),
    threshold: "any process that the kernel killed for lack of memory, in the containers' control groups or by its log",
    read: |record| match Reading::of(seen(record, &[Counter::OomKills]), |_| true) {
        // Others than containers may have been killed, of which nobody counts.
        Reading::Still => Reading::Unseen,
        reading => reading,
    },
    by_error: &[any("ENOMEM"), any("ENOBUFS")],
    logs: &["killed process"],
    remedy: "use fewer containers, or give the machine, the control group or the containers (memory_max) more memory",
    explains: &[
        SetupFailed,
        Failed,
        Starved,
        Died,
        Stalled,
        RequestsLost,
        Behind,
        Unfair,
    ],
    ..BLANK
};
