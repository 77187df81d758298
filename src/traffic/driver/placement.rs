//! Placement: which CPU an endpoint's thread has to itself, flow by flow round the CPUs that kilonet may use.
//!
//! Must not know what drives an endpoint. The invariant: where the ends of flows are said to be apart, they are on two CPUs.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::cpu;
use crate::error::{Error, Remedy, Result};
use crate::scenario::Pinning;
use crate::traffic::flow::{Endpoint, Role};

const THIS_THREAD: Pid = Pid::from_raw(0);

/// The CPUs that the calling thread may use, and how the ends of flows are placed on them.
#[derive(Debug)]
pub(super) struct Placement {
    allowed: CpuSet,
    cpus: Vec<usize>,
    pinning: Pinning,
}

impl Placement {
    /// The placement that is asked for.
    ///
    /// # Errors
    /// When the CPUs cannot be read, and when there is one where two are needed.
    pub(super) fn of(pinning: Pinning) -> Result<Self> {
        let (allowed, cpus) = (cpu::allowed()?, cpu::usable()?);
        if pinning == Pinning::Apart && cpus.len() < 2 {
            let refused = Error::refused("place", "the ends of a flow apart", "there is one CPU");
            return Err(refused.with_remedy(Remedy::TwoCpus));
        }
        Ok(Self {
            allowed,
            cpus,
            pinning,
        })
    }

    /// The CPUs, by number.
    pub(super) fn cpus(&self) -> &[usize] {
        &self.cpus
    }

    /// Whether somebody has asked for it.
    pub(super) fn is_asked_for(&self) -> bool {
        self.pinning != Pinning::None
    }

    /// Which of the CPUs an endpoint belongs to: the first flow's client to the first, and its server to the same or to the
    /// one after, each next flow one further; so the two run side by side wherever there are two CPUs.
    pub(super) fn seat(&self, endpoint: &Endpoint) -> usize {
        let beside = self.pinning != Pinning::Same && endpoint.role == Role::Server;
        (endpoint.flow + usize::from(beside)) % self.cpus.len()
    }

    /// The calling thread, and those it starts, stay on one of the CPUs until the answer is dropped.
    ///
    /// # Errors
    /// When the CPU is not to be had any more: it has gone offline, or out of the process's cpuset.
    pub(super) fn stay_on(&self, seat: usize) -> Result<Stay<'_>> {
        let cpu = self.cpus[seat];
        let mut only = CpuSet::new();
        only.set(cpu)
            .and_then(|()| sched_setaffinity(THIS_THREAD, &only))
            .map_err(|errno| Error::kernel("stay on", format!("CPU {cpu}"), errno.into()))?;
        Ok(Stay(&self.allowed))
    }
}

/// A stay of the calling thread on one CPU. What it starts meanwhile inherits that CPU, and keeps it (`sched_setaffinity(2)`).
#[derive(Debug)]
pub(super) struct Stay<'a>(&'a CpuSet);

impl Drop for Stay<'_> {
    fn drop(&mut self) {
        // It was the thread's own set a moment ago; were it refused, the thread would go on where it is.
        let _ = sched_setaffinity(THIS_THREAD, self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use socket2::{Domain, Socket, Type};

    use super::*;
    use crate::scenario::{Load, Orders, Workload};
    use crate::traffic::ledger::Ledger;

    fn seats(cpus: usize, pinning: Pinning) -> Vec<(usize, usize)> {
        let placement = Placement {
            allowed: CpuSet::new(),
            cpus: (0..cpus).collect(),
            pinning,
        };
        let ledger = Ledger::create(8).unwrap();
        let orders = Orders {
            workload: Workload::TcpStream,
            message_bytes: 1,
            load: Load::default(),
        };
        let seat = |flow, role| {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            placement.seat(&Endpoint::new(
                socket,
                role,
                (flow, orders),
                &Arc::clone(&ledger),
            ))
        };
        let flows = 0..4;
        flows
            .map(|flow| (seat(flow, Role::Client), seat(flow, Role::Server)))
            .collect()
    }

    #[test]
    fn ends_go_round_the_cpus_flow_by_flow() {
        assert_eq!(seats(3, Pinning::Same), [(0, 0), (1, 1), (2, 2), (0, 0)]);
        assert_eq!(seats(3, Pinning::Apart), [(0, 1), (1, 2), (2, 0), (0, 1)]);
        assert_eq!(seats(2, Pinning::Apart), [(0, 1), (1, 0), (0, 1), (1, 0)]);
    }

    #[test]
    fn left_to_workers_the_ends_are_neighbours() {
        assert_eq!(seats(2, Pinning::None), seats(2, Pinning::Apart));
        assert_eq!(seats(1, Pinning::None)[0], (0, 0));
    }
}
