//! The table of mechanisms. The order is that in which those are told that explain as much.

use super::row::Row;
use super::witness::{queues, refusals, shares, tables};

/// Every mechanism.
pub(super) const ROWS: &[Row] = &[
    tables::CONNECTION_TABLE,
    tables::NEIGHBOUR_TABLE,
    tables::MASQUERADING_PORTS,
    refusals::BRIDGE_PORTS,
    refusals::NAMESPACES,
    refusals::LOCAL_PORTS,
    refusals::DESCRIPTORS,
    refusals::THREADS,
    shares::TCP_MEMORY,
    refusals::MEMORY,
    queues::ACCEPT_QUEUE,
    queues::SYN_BACKLOG,
    queues::BACKLOG,
    queues::SOCKET_BUFFERS,
    shares::CPU_QUOTA,
    shares::ONE_BUSY_CPU,
    shares::FLOODING,
    shares::CONGESTION_CONTROL,
];
