//! The columns of `trials` that say what it cost: CPU time over the window, and the lab.

use super::super::column::Unit::{
    Bytes, Nanoseconds, NanosecondsPerByte, NanosecondsPerTransaction, Plain,
};
use super::super::column::{Column, integer, number};
use crate::store::Record;
use crate::store::record::Phases;

/// What it cost: CPU time over the window, and the lab.
pub(super) const COLUMNS: &[Column<Record>] = &[
    integer(
        "cpu_user_ns",
        Nanoseconds,
        "CPU time of the whole machine in user mode over the window, summed over CPUs.",
        |it| it.cpu.map(|cpu| cpu.user_ns),
    ),
    integer(
        "cpu_system_ns",
        Nanoseconds,
        "The same in kernel mode, without interrupts.",
        |it| it.cpu.map(|cpu| cpu.system_ns),
    ),
    integer(
        "cpu_softirq_ns",
        Nanoseconds,
        "The same in hard and soft interrupts.",
        |it| it.cpu.map(|cpu| cpu.softirq_ns),
    ),
    integer(
        "cpu_steal_ns",
        Nanoseconds,
        "CPU time that the hypervisor took for others.",
        |it| it.cpu.map(|cpu| cpu.steal_ns),
    ),
    integer("cpu_idle_ns", Nanoseconds, "Idle.", |it| {
        it.cpu.map(|cpu| cpu.idle_ns)
    }),
    number(
        "cpu_ns_per_byte",
        NanosecondsPerByte,
        "User, kernel and interrupt time over payload bytes; absent when no byte moved.",
        |it| it.cpu?.ns_per_byte,
    ),
    number(
        "cpu_ns_per_transaction",
        NanosecondsPerTransaction,
        "The same over requests; absent for workloads without.",
        |it| it.cpu?.ns_per_transaction,
    ),
    integer(
        "cpu_own_user_ns",
        Nanoseconds,
        "User time of kilonet itself.",
        |it| it.cpu.map(|cpu| cpu.own_user_ns),
    ),
    integer(
        "cpu_foreign_ns",
        Nanoseconds,
        "User and kernel time of other processes.",
        |it| it.cpu.map(|cpu| cpu.foreign_ns),
    ),
    integer(
        "lab_setup_ns",
        Nanoseconds,
        "From the first act until the lab is ready.",
        |it| it.lab.as_ref().map(|lab| lab.setup_ns),
    ),
    integer(
        "lab_teardown_ns",
        Nanoseconds,
        "From the first close until the kernel had destroyed everything; absent when that was not observed.",
        |it| it.lab.as_ref()?.teardown_ns,
    ),
    integer(
        "lab_phases_ns_netns",
        Nanoseconds,
        "Creating namespaces; absent, as are the next four, where the phases are not known.",
        |it| phases(it).map(|phases| phases.netns),
    ),
    integer(
        "lab_phases_ns_links",
        Nanoseconds,
        "Creating and raising links.",
        |it| phases(it).map(|phases| phases.links),
    ),
    integer(
        "lab_phases_ns_addresses",
        Nanoseconds,
        "Addresses and routes.",
        |it| phases(it).map(|phases| phases.addresses),
    ),
    integer(
        "lab_phases_ns_neighbours",
        Nanoseconds,
        "Permanent neighbour entries.",
        |it| phases(it).map(|phases| phases.neighbours),
    ),
    integer("lab_phases_ns_firewall", Nanoseconds, "Rules.", |it| {
        phases(it).map(|phases| phases.firewall)
    }),
    integer(
        "lab_phases_ns_processes",
        Nanoseconds,
        "Control groups, and processes in them; absent where containers have none.",
        |it| {
            phases(it)
                .map(|phases| phases.processes)
                .filter(|nanos| *nanos > 0)
        },
    ),
    integer(
        "lab_kernel_bytes_per_container",
        Bytes,
        "Growth of the kernel's memory over the containers; absent when it did not grow.",
        |it| it.lab.as_ref()?.kernel_bytes_per_container,
    ),
    integer(
        "per_container_processes",
        Plain,
        "Containers with a process of their own; absent, as are the next eight, where they have none.",
        |it| it.per_container.map(|all| all.processes.into()),
    ),
    integer(
        "per_container_cpu_ns_min",
        Nanoseconds,
        "CPU time of the container that used least.",
        |it| it.per_container.map(|all| all.cpu_ns.min),
    ),
    integer(
        "per_container_cpu_ns_p50",
        Nanoseconds,
        "The median container.",
        |it| it.per_container.map(|all| all.cpu_ns.p50),
    ),
    integer(
        "per_container_cpu_ns_p95",
        Nanoseconds,
        "95th percentile of containers.",
        |it| it.per_container.map(|all| all.cpu_ns.p95),
    ),
    integer(
        "per_container_cpu_ns_max",
        Nanoseconds,
        "The container that used most.",
        |it| it.per_container.map(|all| all.cpu_ns.max),
    ),
    integer(
        "per_container_memory_peak_bytes_min",
        Bytes,
        "Peak of memory of the container that used least; absent where the kernel does not say.",
        |it| Some(it.per_container?.memory_peak_bytes?.min),
    ),
    integer(
        "per_container_memory_peak_bytes_p50",
        Bytes,
        "The median container.",
        |it| Some(it.per_container?.memory_peak_bytes?.p50),
    ),
    integer(
        "per_container_memory_peak_bytes_p95",
        Bytes,
        "95th percentile of containers.",
        |it| Some(it.per_container?.memory_peak_bytes?.p95),
    ),
    integer(
        "per_container_memory_peak_bytes_max",
        Bytes,
        "The container that used most.",
        |it| Some(it.per_container?.memory_peak_bytes?.max),
    ),
];

/// A lab whose phases are all zero is one of which they are not known.
fn phases(record: &Record) -> Option<Phases> {
    let phases = record.lab.as_ref()?.phases_ns;
    (phases != Phases::default()).then_some(phases)
}
