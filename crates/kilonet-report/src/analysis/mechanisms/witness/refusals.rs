//! Limits beyond which the kernel refuses. Where it has an error that it gives for nothing else, the refusal is the witness; where
//! it has not, something else must show it.

use super::super::consequence::Consequence::{
    Behind, Died, Failed, RequestsLost, SetupFailed, Stalled, Starved, Unfair,
};
use super::super::model::Unit::Things;
use super::super::row::{BLANK, Reading, Refusal, Row, any, of, refused};
use super::super::seen::ran_s;
use crate::scenario::registry::namespaces;
use crate::store::record::Record;

/// `br_add_if` gives EXFULL where all of `BR_MAX_PORTS` numbers are taken, and for nothing else.
pub(in super::super) const BRIDGE_PORTS: Row = Row {
    id: "bridge_ports",
    title: "a bridge had no free port: a Linux bridge holds 1,023",
    witness: ("EXFULL", Things("refusal")),
    threshold: "any: the kernel gives this error for nothing else",
    read: |record| Reading::of_refusals(record, &[of("add port", "EXFULL")]),
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
    sysctl: Some("user.max_net_namespaces"),
    remedy: "raise sysctl user.max_net_namespaces",
    explains: &[SetupFailed, Failed],
    ..BLANK
};

/// An address that is gone makes the same error, so only the number of connections shows that ports ran out.
pub(in super::super) const LOCAL_PORTS: Row = Row {
    id: "local_ports",
    title: "an address ran out of local ports",
    witness: ("EADDRNOTAVAIL", Things("flow")),
    threshold: "any, where a pair made nine tenths as many connections as there are ports",
    read: local_ports,
    by_error: NO_PORT,
    sysctl: Some("net.ipv4.ip_local_port_range"),
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

fn local_ports(record: &Record) -> Reading {
    let Some(moved) = refused(record, NO_PORT) else {
        return Reading::Still;
    };
    let used = ports_used(record).unwrap_or(0.0);
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

/// EMFILE is of a process, ENFILE of the machine, and neither is given for anything else.
pub(in super::super) const DESCRIPTORS: Row = Row {
    id: "descriptors",
    title: "no more files could be opened",
    witness: ("EMFILE", Things("refusal")),
    threshold: "any: the kernel gives these errors for nothing else",
    read: |record| Reading::of_refusals(record, &[any("EMFILE"), any("ENFILE")]),
    logs: &["file-max limit"],
    sysctl: Some("fs.file-max"),
    remedy: "raise the hard limit of open files (LimitNOFILE= in the service's unit, `ulimit -n`), or sysctl fs.file-max where the \
             error is ENFILE",
    explains: &[SetupFailed, Failed, Starved, Died, Unfair],
    ..BLANK
};

/// What `clone` gives where a limit of tasks is reached, whichever.
pub(in super::super) const THREADS: Row = Row {
    id: "threads",
    title: "the limit of threads and processes was reached, the machine's or a control group's",
    witness: ("EAGAIN", Things("refusal")),
    threshold: "any: to a new thread or process the kernel gives this error for nothing else",
    read: |record| Reading::of_refusals(record, &[of("spawn", "EAGAIN"), of("start", "EAGAIN")]),
    logs: &["fork rejected"],
    sysctl: Some("kernel.threads-max"),
    remedy: "use driver = \"workers\", or raise the lowest limit of threads (`ulimit -u`, LimitNPROC= and TasksMax= in the service's \
             unit, pids.max of the control group, sysctls kernel.threads-max and kernel.pid_max)",
    explains: &[SetupFailed, Failed, Starved, Died],
    ..BLANK
};

/// The kernel has many reasons for ENOMEM and ENOBUFS, of which a log of what it killed tells one.
pub(in super::super) const MEMORY: Row = Row {
    id: "memory",
    title: "memory was full",
    witness: ("kernel_log", Things("line")),
    threshold: "any process that the kernel killed for lack of memory, by its log",
    read: |_| Reading::Unseen,
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
