//! Labs for the traffic tests: fresh namespaces with lo up, made with `ip` so that nothing of the code under test helps.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;

use kilonet::lab::netns::{Namespace, Visitor};
use kilonet::scenario::{Load, Orders, Workload};
use kilonet::traffic::{Flow, Seat};

/// Namespaces, each with its own lo.
pub(crate) struct Lab {
    namespaces: Vec<Namespace>,
}

impl Lab {
    /// Makes `count` of them on a thread of its own.
    pub(crate) fn new(count: usize) -> Self {
        let make = move || {
            let visitor = Visitor::new().unwrap();
            let one = |_| {
                let namespace = visitor
                    .create()
                    .expect("these tests need root or a user namespace");
                ip("link set lo up");
                namespace
            };
            (0..count).map(one).collect()
        };
        Self {
            namespaces: std::thread::spawn(make).join().unwrap(),
        }
    }

    /// A descriptor of one of them.
    pub(crate) fn namespace(&self, number: usize) -> OwnedFd {
        let namespace = self.namespaces[number].as_fd();
        namespace.try_clone_to_owned().unwrap()
    }

    /// Runs something on a thread inside one namespace.
    pub(crate) fn inside<T: Send>(&self, namespace: usize, act: impl FnOnce() -> T + Send) -> T {
        let namespace = &self.namespaces[namespace];
        std::thread::scope(|scope| {
            let visit = move || {
                let visitor = Visitor::new().unwrap();
                visitor.enter(namespace).unwrap();
                act()
            };
            scope.spawn(visit).join().unwrap()
        })
    }

    /// Joins namespaces 0 and 1 by a veth, 10.9.0.1 and 10.9.0.2, `fd09::1` and `fd09::2`.
    pub(crate) fn join_by_veth(&self) {
        use std::os::fd::AsRawFd;
        let peer = format!(
            "/proc/{}/fd/{}",
            std::process::id(),
            self.namespaces[1].as_fd().as_raw_fd()
        );
        self.inside(0, || {
            ip(&format!(
                "link add eth0 type veth peer name eth0 netns {peer}"
            ));
        });
        for (namespace, address) in [(0, "10.9.0.1/24"), (1, "10.9.0.2/24")] {
            self.inside(namespace, || {
                ip(&format!("address add {address} dev eth0"));
                let number = namespace + 1;
                ip(&format!("address add fd09::{number}/64 dev eth0 nodad"));
                ip("link set eth0 up");
            });
        }
    }

    /// All of them, as the containers of the same numbers.
    pub(crate) fn namespaces(&self) -> Vec<BorrowedFd<'_>> {
        self.namespaces.iter().map(AsFd::as_fd).collect()
    }

    /// `pairs` pairs over lo, each in a namespace of its own as far as there are namespaces.
    pub(crate) fn pairs(&self, pairs: u32) -> Vec<Flow> {
        let namespaces = u32::try_from(self.namespaces.len()).unwrap();
        let flow = |pair| {
            let end = (pair % namespaces, "127.0.0.1");
            stream(pair, end, end)
        };
        (0..pairs).map(flow).collect()
    }
}

/// A stream of `pair` between an address of one container and one of another.
pub(crate) fn stream(pair: u32, client: (u32, &str), server: (u32, &str)) -> Flow {
    let seat = |(container, address): (u32, &str)| Seat {
        container,
        address: address.parse().unwrap(),
    };
    Flow {
        pair,
        stream: 0,
        client: seat(client),
        server: seat(server),
        door: None,
        orders: Orders {
            workload: Workload::TcpStream,
            message_bytes: 65_536,
            load: Load::default(),
        },
    }
}

/// The same flows with other orders.
pub(crate) fn doing(orders: Orders, flows: impl IntoIterator<Item = Flow>) -> Vec<Flow> {
    let flows = flows.into_iter();
    flows.map(|flow| Flow { orders, ..flow }).collect()
}

/// The same flows with another load.
pub(crate) fn under(load: Load, flows: impl IntoIterator<Item = Flow>) -> Vec<Flow> {
    let laden = |mut flow: Flow| {
        flow.orders.load = load;
        flow
    };
    flows.into_iter().map(laden).collect()
}

/// Runs `ip` where the calling thread is.
pub(crate) fn ip(arguments: &str) {
    let status = Command::new("ip")
        .args(arguments.split(' '))
        .status()
        .expect("these tests need `ip`");
    assert!(status.success(), "ip {arguments}");
}
