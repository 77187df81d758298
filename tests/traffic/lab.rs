//! Labs for the traffic tests: fresh namespaces with lo up, made with `ip` so that nothing of the code under test helps.

use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;

use kilonet::lab::netns::{Namespace, Visitor};
use kilonet::traffic::{FlowPlan, Seat};

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

    /// A flow of `pair` between an address of one namespace and one of another.
    pub(crate) fn plan(
        &self,
        pair: u32,
        client: (usize, &str),
        server: (usize, &str),
    ) -> FlowPlan<'_> {
        let seat = |container, (namespace, address): (usize, &str)| Seat {
            container,
            namespace: self.namespaces[namespace].as_fd(),
            address: address.parse::<IpAddr>().unwrap(),
        };
        FlowPlan {
            pair,
            stream: 0,
            client: seat(2 * pair, client),
            server: seat(2 * pair + 1, server),
            door: None,
            orders: None,
        }
    }

    /// `pairs` pairs over lo, each in a namespace of its own as far as there are namespaces.
    pub(crate) fn pairs(&self, pairs: u32) -> Vec<FlowPlan<'_>> {
        let plan = |pair| {
            let namespace = pair as usize % self.namespaces.len();
            self.plan(pair, (namespace, "127.0.0.1"), (namespace, "127.0.0.1"))
        };
        (0..pairs).map(plan).collect()
    }
}

/// Runs `ip` where the calling thread is.
pub(crate) fn ip(arguments: &str) {
    let status = Command::new("ip")
        .args(arguments.split(' '))
        .status()
        .expect("these tests need `ip`");
    assert!(status.success(), "ip {arguments}");
}
