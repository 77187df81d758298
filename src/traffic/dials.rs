//! The dials: what anybody may read of a trial's flows while they run.
//!
//! Must not know who reads, nor what for. The invariant: reading writes nothing, takes no lock and keeps nothing alive, so the
//! flows and their controlling thread cannot tell whether anybody looks.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use super::flow::{Role, place};
use super::ledger::Ledger;
use super::moved::Moved;
use super::numbered::{Datagrams, Numbered};
use super::plan::Flow;

/// A handle on the counters that the flows of one trial publish. Clones read the same ones.
#[derive(Debug, Clone)]
pub struct Dials {
    /// The trial's own, which go with it.
    ledger: Weak<Ledger>,
    flows: Arc<[Flow]>,
}

/// Ends of flows that are read together.
#[derive(Debug, Clone, Default)]
pub struct Ends(Vec<(usize, Role)>);

/// What some ends of flows had counted at an instant, or over some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Payload bytes they took from their kernel.
    pub received: u64,
    /// Connections of theirs that served a request each.
    pub connections: u64,
    /// Payload bytes of the datagrams that were sent to them.
    pub datagrams_sent: u64,
    /// Of those, the bytes they took, each datagram once.
    pub datagrams_received: u64,
    /// Of those, the bytes they found missing.
    pub datagrams_lost: u64,
}

impl Tallies {
    /// What came between an earlier reading and this one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        self.with(earlier, u64::saturating_sub)
    }

    /// What was counted half way between this reading and another.
    #[must_use]
    pub fn midway(self, other: Self) -> Self {
        self.with(other, u64::midpoint)
    }

    /// Payload bytes of datagrams that nobody has taken or missed yet: under way, queued, or lost behind the last that came.
    #[must_use]
    pub fn datagrams_pending(self) -> u64 {
        let known = self.datagrams_received + self.datagrams_lost;
        self.datagrams_sent.saturating_sub(known)
    }

    fn with(self, other: Self, each: fn(u64, u64) -> u64) -> Self {
        Self {
            received: each(self.received, other.received),
            connections: each(self.connections, other.connections),
            datagrams_sent: each(self.datagrams_sent, other.datagrams_sent),
            datagrams_received: each(self.datagrams_received, other.datagrams_received),
            datagrams_lost: each(self.datagrams_lost, other.datagrams_lost),
        }
    }
}

impl Dials {
    /// For the flows of a ledger, in their order.
    pub(super) fn new(ledger: &Arc<Ledger>, flows: &[Flow]) -> Self {
        Self {
            ledger: Arc::downgrade(ledger),
            flows: flows.into(),
        }
    }

    /// Whether any of the flows sends messages, so that bytes tell how each of them fares.
    #[must_use]
    pub fn has_messages(&self) -> bool {
        let mut flows = self.flows.iter();
        flows.any(|flow| flow.orders.workload.has_messages())
    }

    /// The payload that each pair's flows have delivered so far, at either end, in bytes, by the number of the pair; absent
    /// once the trial has ended.
    #[must_use]
    pub fn bytes_by_pair(&self) -> Option<Vec<u64>> {
        let ledger = self.ledger.upgrade()?;
        let pairs = self.flows.iter().map(|flow| flow.pair as usize + 1).max();
        let mut bytes = vec![0; pairs.unwrap_or(0)];
        for (flow, plan) in self.flows.iter().enumerate() {
            let moved = Moved::read(&ledger, flow).of_its_own(&plan.orders);
            bytes[plan.pair as usize] += moved.payload();
        }
        Some(bytes)
    }

    /// The ends that flows have in some containers.
    #[must_use]
    pub fn ends_in(&self, containers: &[u32]) -> Ends {
        let containers: HashSet<_> = containers.iter().collect();
        let flows = self.flows.iter().enumerate();
        let ends = flows.flat_map(|(flow, plan)| {
            let both = [(plan.server, Role::Server), (plan.client, Role::Client)];
            both.map(|(seat, role)| (seat.container, (flow, role)))
        });
        let within = ends.filter(|(container, _)| containers.contains(container));
        Ends(within.map(|(_, end)| end).collect())
    }

    /// What these ends have counted so far, together; absent once the trial has ended.
    #[must_use]
    pub fn tallies(&self, ends: &Ends) -> Option<Tallies> {
        let ledger = self.ledger.upgrade()?;
        let mut sum = Tallies::default();
        for (flow, role) in &ends.0 {
            self.add(&ledger, (*flow, *role), &mut sum);
        }
        Some(sum)
    }

    fn add(&self, ledger: &Ledger, (flow, role): (usize, Role), sum: &mut Tallies) {
        let orders = &self.flows[flow].orders;
        let [client, server] =
            [Role::Client, Role::Server].map(|role| ledger.counter(place(flow, role)));
        sum.received += ledger.counter(place(flow, role)).received.read();
        if orders.workload.renews_connections() {
            sum.connections += client.messages.read();
        }
        if role == Role::Server
            && let Some(datagrams) = Datagrams::of(Numbered::read(client, server), orders)
        {
            let bytes = |count: u64| count * u64::from(datagrams.length);
            sum.datagrams_sent += bytes(datagrams.sent);
            sum.datagrams_received += bytes(datagrams.received);
            sum.datagrams_lost += bytes(datagrams.lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Load, Orders, Workload};
    use crate::traffic::flow::places;
    use crate::traffic::plan::Seat;

    /// A flow of a pair from container 2k to 2k + 1.
    fn flow_of(pair: u32, workload: Workload) -> Flow {
        let seat = |container| Seat {
            container,
            address: [127, 0, 0, 1].into(),
        };
        Flow {
            pair,
            stream: 0,
            client: seat(2 * pair),
            server: seat(2 * pair + 1),
            door: None,
            orders: Orders {
                workload,
                message_bytes: 100,
                load: Load::default(),
            },
        }
    }

    #[test]
    fn the_streams_of_a_pair_add_up_until_the_trial_ends() {
        let ledger = Ledger::create(places(3)).unwrap();
        let flows = [0, 1, 1].map(|pair| flow_of(pair, Workload::TcpStream));
        let dials = Dials::new(&ledger, &flows);
        let received = |flow, role, bytes| ledger.counter(place(flow, role)).received.add(bytes);
        received(0, Role::Server, 5);
        received(1, Role::Server, 7);
        received(2, Role::Server, 11);
        received(2, Role::Client, 13);
        ledger.counter(place(0, Role::Client)).sent.add(100);
        assert_eq!(dials.bytes_by_pair(), Some(vec![5, 31]));
        let ends = dials.ends_in(&[3]);
        assert_eq!(dials.tallies(&ends).unwrap().received, 18);
        drop(ledger);
        assert_eq!((dials.bytes_by_pair(), dials.tallies(&ends)), (None, None));
    }

    #[test]
    fn tallies_are_of_the_ends_that_are_in_the_containers() {
        let ledger = Ledger::create(places(2)).unwrap();
        let flows = [
            flow_of(0, Workload::UdpStream),
            flow_of(1, Workload::TcpCrr),
        ];
        let dials = Dials::new(&ledger, &flows);
        let counter = |flow, role| ledger.counter(place(flow, role));
        counter(0, Role::Client).datagrams.add(9);
        counter(0, Role::Server).datagrams.add(5);
        counter(0, Role::Server).missing.set(3);
        counter(0, Role::Server).received.add(500);
        counter(1, Role::Client).messages.add(4);
        counter(1, Role::Client).received.add(40);
        counter(1, Role::Server).received.add(80);
        let all = dials.tallies(&dials.ends_in(&[1, 2])).unwrap();
        let expected = Tallies {
            received: 540,
            connections: 4,
            datagrams_sent: 900,
            datagrams_received: 500,
            datagrams_lost: 300,
        };
        assert_eq!((all, all.datagrams_pending()), (expected, 100));
        let sender = dials.tallies(&dials.ends_in(&[0])).unwrap();
        assert_eq!(sender, Tallies::default());
        assert_eq!(all.midway(all), all);
        assert_eq!(all.since(all), Tallies::default());
    }
}
