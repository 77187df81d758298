//! Real containers: made, wired and removed by a Docker engine over its API.
//!
//! | file | one thing |
//! |---|---|
//! | `engine` | the connection: which socket, which version, what its refusals mean |
//! | `home` | the namespace in which the engine joins its containers |
//! | `owner` | the label that says whose a container is, and whether that process still lives |
//! | `image` | an image made of the running program |
//! | `spec` | which container joins which network: pure |
//! | `seen` | what the engine says of a running container: pure |
//! | `relay` | the processes that relay connections to published ports |
//! | `cable` | the veth between two running containers |
//! | `leftovers` | what runs that died have left with the engine |
//!
//! Must not know traffic: what runs in a container is a command line. The invariant: whatever is made carries its owner's
//! label, and what a process made, it or `leftovers` removes.

#[cfg(test)]
pub(crate) fn refusals_of_what_an_engine_left_out() -> [Error; 2] {
    seen::tests::refusals()
}

mod cable;
mod engine;
mod home;
mod image;
mod leftovers;
mod owner;
mod relay;
mod seen;
mod spec;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bollard::models::NetworkCreateRequest;
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, LogsOptions, StartContainerOptions,
};
use futures::{StreamExt, TryStreamExt};

pub use engine::Engine;
pub use home::Home;
pub use image::Image;
pub use leftovers::remove_leftovers;
pub use owner::{Directory, Owner};
pub use spec::Order;

use super::address;
use super::netlink::barrier;
use super::setup::Stop;
use crate::error::{Error, Result};
use crate::scenario::pairs;
use crate::scenario::topology::Joined;
use crate::scenario::{Cell, Family, Topology};
use seen::Container;
use spec::{Network, Seat};

/// Containers on an engine.
#[derive(Debug)]
pub struct Lab {
    engine: Rc<Engine>,
    owner: Owner,
    seats: Vec<Seat>,
    containers: Vec<Container>,
    pairs: Vec<(u32, u32)>,
    family: Family,
    topology: Topology,
}

impl Lab {
    /// Has the containers of a cell made and started. `stop` is asked before each; once it says yes, set-up is given up.
    ///
    /// # Errors
    /// What the engine refused, after everything that had been made was removed again; `Interrupted` when told to stop.
    pub fn setup(engine: &Rc<Engine>, cell: &Cell, order: Order<'_>, stop: Stop) -> Result<Self> {
        let mut lab = Self {
            engine: Rc::clone(engine),
            owner: order.owner.clone(),
            seats: spec::seats(cell),
            containers: Vec::new(),
            pairs: pairs(cell),
            family: cell.family,
            topology: cell.topology,
        };
        match lab.raise(cell, order, stop) {
            Ok(()) => Ok(lab),
            Err(error) => {
                // The refusal is what the user must see, also where not all of the torso can be removed.
                let _ = lab.teardown();
                Err(error)
            }
        }
    }

    fn raise(&mut self, cell: &Cell, order: Order<'_>, stop: Stop) -> Result<()> {
        if self.topology.facts().own_network {
            let name = order.owner.network();
            let request = network(cell, &name, order.owner);
            self.engine.wait(
                ("create network", &name),
                self.engine.api().create_network(request),
            )?;
        }
        let mut made = BTreeMap::new();
        // Those whose namespace others share come first.
        for wave in [false, true] {
            let seats = self.seats.iter().zip(0..);
            let wave = seats.filter(|(seat, _)| matches!(seat.network, Network::Of(_)) == wave);
            let making = wave.map(|(seat, number)| {
                let joined = match seat.network {
                    Network::Of(other) => made.get(&other).map(|it: &Container| it.id.clone()),
                    _ => None,
                };
                self.make(number, (seat, joined), order, stop)
            });
            let making = futures::stream::iter(making.collect::<Vec<_>>());
            let wave: Vec<Result<_>> = self
                .engine
                .block_on(making.buffer_unordered(engine::AT_ONCE).collect());
            made.extend(wave.into_iter().collect::<Result<Vec<_>>>()?);
        }
        self.containers = made.into_values().collect();
        Ok(())
    }

    /// Creates and starts one container, and reads its addresses.
    async fn make(
        &self,
        number: u32,
        (seat, joined): (&Seat, Option<String>),
        order: Order<'_>,
        stop: Stop<'_>,
    ) -> Result<(u32, Container)> {
        if stop() {
            return Err(Error::Interrupted);
        }
        let api = self.engine.api();
        let name = order.owner.container(number);
        let body = spec::body(number, (seat, joined.as_deref()), order);
        let options = CreateContainerOptions {
            name: Some(name.clone()),
            ..CreateContainerOptions::default()
        };
        let said = |act| move |error| engine::refusal(act, &name_of(number), error);
        let created = api.create_container(Some(options), body).await;
        let id = created.map_err(said("create"))?.id;
        let started = api
            .start_container(&id, None::<StartContainerOptions>)
            .await;
        started.map_err(said("start"))?;
        let seen = api
            .inspect_container(&id, None::<InspectContainerOptions>)
            .await;
        let seen = seen.map_err(said("inspect"))?;
        Ok((number, Container::of(id, &seen)))
    }

    /// Joins the containers of each pair by a veth, where the topology has one. Their namespaces are given by number.
    ///
    /// # Errors
    /// What the kernel refused; entering a container takes root.
    pub fn wire(&mut self, cell: &Cell, namespaces: &[BorrowedFd<'_>]) -> Result<()> {
        if self.topology.joined() == Joined::Pairs {
            for (number, addresses) in cable::join_all(cell, namespaces)? {
                self.containers[number as usize].own = addresses;
            }
        }
        Ok(())
    }

    /// The container whose namespace this one is in: itself, unless it shares another's.
    #[must_use]
    pub fn namespace_of(&self, container: u32) -> u32 {
        match self.seats[container as usize].network {
            Network::Of(other) => other,
            // The engine's own namespace is one for all.
            Network::Host => 0,
            Network::Bridge | Network::User | Network::None => container,
        }
    }

    /// Who talks to whom: client and server, by container.
    #[must_use]
    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    /// The interface by which a container's traffic comes in.
    #[must_use]
    pub fn interface(&self) -> &'static str {
        if self.topology.has_links() {
            "eth0"
        } else {
            "lo"
        }
    }

    /// The address that a container's traffic uses.
    ///
    /// # Errors
    /// When the engine gave it none of the family.
    pub fn address(&self, container: u32) -> Result<IpAddr> {
        if self.interface() == "lo" {
            return Ok(address::lo(self.family));
        }
        self.containers[container as usize].address(self.family, &name_of(container))
    }

    /// The address that a pair's client calls from: its own, or, where it is in the engine's namespace and its server is
    /// not, the one that namespace has on the server's network.
    ///
    /// # Errors
    /// When the engine gave it none of the family.
    pub fn origin(&self, client: u32, server: u32) -> Result<IpAddr> {
        let network = |container: u32| self.seats[container as usize].network;
        if network(client) == Network::Host && network(server) != Network::Host {
            self.containers[server as usize].gateway(self.family, &name_of(server))
        } else {
            self.address(client)
        }
    }

    /// Where a port of a container is published.
    ///
    /// # Errors
    /// When the engine has not published it for the family.
    pub fn door(&self, container: u32, port: u16) -> Result<SocketAddr> {
        let name = name_of(container);
        self.containers[container as usize].door(port, (self.family, &name))
    }

    /// Whether the containers' traffic passes the namespace that the engine is in, or stays there.
    #[must_use]
    pub fn passes_the_engine(&self) -> bool {
        self.seats.iter().any(|seat| match seat.network {
            Network::Bridge | Network::User | Network::Host => true,
            Network::None | Network::Of(_) => false,
        })
    }

    /// Whether a container is in the namespace that the engine is in.
    #[must_use]
    pub fn is_in_the_engines(&self) -> bool {
        let mut seats = self.seats.iter();
        seats.any(|seat| seat.network == Network::Host)
    }

    /// The addresses that the namespace of the engine has on the containers' networks.
    #[must_use]
    pub fn gateways(&self) -> Vec<IpAddr> {
        let gateways = self.containers.iter().flat_map(|it| &it.gateways);
        gateways.copied().collect()
    }

    /// The engine's processes that relay connections to the lab's published ports, as far as they can be seen.
    #[must_use]
    pub fn relays(&self) -> Vec<i32> {
        let ports = self.containers.iter().flat_map(Container::host_ports);
        relay::of_ports(&ports.collect())
    }

    /// Finds a container that has ended by itself, and says what it said last.
    ///
    /// # Errors
    /// The casualty; and when the engine does not answer.
    pub fn roll_call(&self) -> Result<()> {
        let api = self.engine.api();
        for (container, number) in self.containers.iter().zip(0..) {
            let seen = self.engine.wait(
                ("inspect", &name_of(number)),
                api.inspect_container(&container.id, None::<InspectContainerOptions>),
            )?;
            if seen.state.and_then(|state| state.running) == Some(false) {
                let said = self.last_words(&container.id);
                return Err(Error::refused("start", name_of(number), said));
            }
        }
        Ok(())
    }

    fn last_words(&self, id: &str) -> String {
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: "3".to_owned(),
            ..LogsOptions::default()
        };
        let logs = self.engine.api().logs(id, Some(options));
        let lines: Result<Vec<_>, _> = self.engine.block_on(logs.try_collect());
        let lines = lines.unwrap_or_default().into_iter();
        let text: String = lines.map(|line| line.to_string()).collect();
        match text.trim() {
            "" => "it ended without any output".to_owned(),
            text => format!("it ended: {}", text.replace('\n', "; ")),
        }
    }

    /// Has everything removed, and waits until the kernel has destroyed it. Returns how long that took, `None` when the
    /// wait was given up after two minutes.
    ///
    /// # Errors
    /// When the engine would not remove something, or the means for waiting could not be had.
    pub fn teardown(self) -> Result<Option<Duration>> {
        let start = Instant::now();
        leftovers::remove_all_of(&self.engine, &self.owner)?;
        // The engine has closed the containers' namespaces; the kernel destroys them after that.
        let settled = barrier::destroy(Vec::new())?;
        Ok(settled.map(|_| start.elapsed()))
    }
}

fn name_of(number: u32) -> String {
    format!("container {number}")
}

/// A network of our own, with IPv6 where the cell has it.
fn network(cell: &Cell, name: &str, owner: &Owner) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        enable_ipv6: Some(spec::wants_ipv6(cell)),
        ipam: spec::wants_ipv6(cell).then(spec::ipv6_pool),
        options: cell.mtu.map(spec::mtu_option),
        labels: Some(owner.labels()),
        ..NetworkCreateRequest::default()
    }
}
