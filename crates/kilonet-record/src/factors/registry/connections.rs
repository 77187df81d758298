//! Keys of how connections are taken and closed.

use std::collections::HashMap;

use crate::factors::beside::Beside;
use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Chosen, Misfit};
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::field::{Field, count_of, take, words};
use crate::factors::key::{Group, Key, NeedsWorkload, Part, Usual};
use crate::factors::load::{Closing, Listening};
use crate::factors::pairs::pairs;
use crate::factors::traffic::Path;
use crate::factors::value::Count;
use crate::factors::workload::Workload;
use crate::units::Unit;

use super::names::{self, BESIDE, PATH};
use super::namespaces::local_ports;
use super::sockets;

const CONNECTIONS: NeedsWorkload = NeedsWorkload {
    has: |workload| !workload.is_datagrams(),
    lacking: "connections of TCP",
};

/// Where connections last, all of them are there before anything is measured.
const NEW_CONNECTIONS: NeedsWorkload = NeedsWorkload {
    has: Workload::renews_connections,
    lacking: "connections that are made all the time",
};

pub static LISTEN: Key<Listening> = Key::axis_of(
    names::LISTEN,
    Group::Load,
    "Which port the clients of a server container call.",
)
.about(Part::Traffic)
.usual(Usual::Text("own"))
.sets(|cell, listen| cell.load.listen = *listen)
.needs_workload(CONNECTIONS)
.fits(&[goes_to_the_container, is_of_one_workload])
.fits_cells(has_enough_ports)
.shows(sockets::ports_called)
.fields(&[Field::text(
    "listen",
    "Which port the clients of a server container call.",
    |cell| words(&cell.load.listen),
    take!(load.listen),
)
.labelled(AtOneCount, |level| format!("{level} port"))
.in_id(Traffic, |cell| match cell.load.listen {
    Listening::Own => None,
    Listening::Shared => Some("oneport".to_owned()),
})]);

/// Where several flows are to call one port.
fn shared(choice: &Choice) -> Option<Chosen<Listening>> {
    choice.find(names::LISTEN, |listen| *listen == Listening::Shared)
}

/// A port that is published for a container leads to one flow's.
fn goes_to_the_container(choice: &Choice) -> Vec<Misfit> {
    let by_port = choice.find(PATH, |path: &Path| path.is_by_port());
    let both = shared(choice).zip(by_port);
    let misfit = both.map(|(at, path)| {
        at.misfit(
            format!("on the path {} each flow calls a published port of its own", path.value),
            "allowed with path = \"direct\", \"outside\"; each table of [[axes]] may have paths of its own",
        )
    });
    misfit.into_iter().collect()
}

/// What calls one port is answered by one server, which knows one kind of request.
fn is_of_one_workload(choice: &Choice) -> Vec<Misfit> {
    let beside = choice.find(BESIDE, |beside: &Beside| !beside.is_none());
    let both = shared(choice).zip(beside);
    let misfit = both.map(|(at, _)| {
        at.misfit(
            "what some pairs do beside the others cannot call the same port",
            "allowed with it: beside = \"none\"",
        )
    });
    misfit.into_iter().collect()
}

/// Ports that MASQUERADE has towards one port of another address, for what comes from a port above 1023 (`nf_nat_l4proto_unique_tuple`).
const MASQUERADE_PORTS: u64 = 65_536 - 1_024;

/// Each connection from an address to one port has a port of its own there.
fn has_enough_ports(choice: &Choice, cells: &[Cell]) -> Vec<Misfit> {
    let sharing = cells
        .iter()
        .filter(|cell| cell.load.listen == Listening::Shared);
    let mut crowds = sharing.map(Crowd::of);
    let crowd = crowds.find(|crowd| crowd.connections > crowd.ports);
    let both = shared(choice).zip(crowd);
    let misfit = both.map(|(at, crowd)| {
        let (ports, remedy) = (crowd.ports, crowd.caller.remedy());
        let message = format!(
            "{} connections from one address to one port need a local port each, and there are {ports}",
            crowd.connections
        );
        at.misfit(
            message,
            format!("allowed: fewer containers or streams{remedy}"),
        )
    });
    misfit.into_iter().collect()
}

/// Whose address connections to a port come from.
#[derive(Debug, Clone, Copy)]
enum Caller {
    /// A client's own.
    Client,
    /// That of lo, which all containers have.
    Everybody,
    /// That of the host side, which rules give to all that leaves it.
    HostSide,
}

impl Caller {
    fn of(cell: &Cell) -> Self {
        // The rules that publish ports masquerade as well.
        let is_masqueraded = cell.path == Path::Outside && cell.firewall.publishes();
        match (cell.topology.has_links(), is_masqueraded) {
            (false, _) => Self::Everybody,
            (true, true) => Self::HostSide,
            (true, false) => Self::Client,
        }
    }

    fn ports(self, cell: &Cell) -> u64 {
        match self {
            Self::Client | Self::Everybody => local_ports(cell),
            Self::HostSide => MASQUERADE_PORTS,
        }
    }

    /// What else is allowed, behind fewer of them.
    fn remedy(self) -> &'static str {
        match self {
            Self::Client => "",
            Self::Everybody => {
                ", or a topology whose containers have addresses of their own, such as \"bridge\""
            }
            Self::HostSide => {
                ", or rules that do not masquerade what goes outside, such as firewall = \"none\""
            }
        }
    }
}

/// Connections that come from one address to the port of one container, where most do.
#[derive(Debug)]
struct Crowd {
    caller: Caller,
    connections: u64,
    /// That it has for them.
    ports: u64,
}

impl Crowd {
    fn of(cell: &Cell) -> Self {
        let caller = Caller::of(cell);
        let clients = match caller {
            Caller::Client => 1,
            Caller::Everybody | Caller::HostSide => most_clients(cell),
        };
        // The one that a flow came up with stays.
        let of_a_flow = if cell.workload.renews_connections() {
            1 + cell.load.connections_at_once()
        } else {
            1
        };
        Self {
            caller,
            ports: caller.ports(cell),
            connections: clients * u64::from(cell.streams) * u64::from(of_a_flow),
        }
    }
}

/// Clients of the container that has most.
fn most_clients(cell: &Cell) -> u64 {
    let mut clients = HashMap::<u32, u64>::new();
    for (_, server) in pairs(cell) {
        *clients.entry(server).or_default() += 1;
    }
    clients.into_values().max().unwrap_or(0)
}

pub static BACKLOG: Key<Count<1, 65_535>> = Key::<Count<1, 65_535>>::axis(
    "backlog",
    Group::Load,
    "Connections that may wait to be accepted at a listening port; the kernel allows no more than `net.core.somaxconn` of the \
     server's namespace, 4096 in a new one. If absent, 8 at the port of one flow and 4096 at a shared one.",
)
.about(Part::Traffic)
.examples("`128`")
.sets(|cell, backlog| cell.load.backlog = Some(backlog.0))
.or_else(|_| ())
.needs_workload(NEW_CONNECTIONS)
.shows(sockets::waiting_room)
.fields(&[Field::integer(
    "backlog",
    Unit::Plain,
    "Connections that may wait to be accepted; absent where that is as usual.",
    |cell| count_of(cell.load.backlog),
    take!(load.backlog),
)
.labelled(AtOneCount, |level| format!("a backlog of {level}"))
.level(|cell| {
    let level = cell.load.backlog().to_string();
    cell.workload.renews_connections().then_some(level)
})
.in_id(Traffic, |cell| {
    cell.load.backlog.map(|backlog| format!("backlog{backlog}"))
})]);

pub static CLOSES: Key<Closing> = Key::axis(
    "closes",
    Group::Load,
    "Which end of a connection closes it first, and so keeps its TIME_WAIT.",
)
.also(&["time-wait"])
.about(Part::Traffic)
.usual(Usual::Text("server"))
.sets(|cell, closes| cell.load.closes = *closes)
.needs_workload(NEW_CONNECTIONS)
.shows(sockets::closed_by)
.fields(&[Field::text(
    "closes",
    "Which end closes a connection first.",
    |cell| words(&cell.load.closes),
    take!(load.closes),
)
.labelled(AtOneCount, |level| format!("closed by the {level}"))
.in_id(Traffic, |cell| match cell.load.closes {
    Closing::Server => None,
    Closing::Client => Some("closedbyclient".to_owned()),
})]);
