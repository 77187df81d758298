//! What kube-proxy (mode iptables) and the CNI plugin `bridge` put on a node: for each service with E endpoints 2 + 3 E
//! rules and 1 + E chains, and for each container a chain in `nat`. IPv6 has the same.
//!
//! The first packet of a connection goes past one rule per service. From kube-proxy's `proxier.go` and the plugins'
//! `ipmasq_iptables.go`. A published port is the node port of a service with one endpoint. The real names of chains are
//! hashes; here they are numbers of the same length.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::site::{Net, Site, alone};
use super::table::Table;
use crate::scenario::{Family, Services};

/// The mark of what has to be masqueraded.
const MARK: &str = "0x4000/0x4000";
/// The port of a service.
pub(super) const SERVICE_PORT: u16 = 80;

pub(super) fn tables(site: &Site, net: &Net) -> Vec<Table> {
    vec![nat(site, net), filter()]
}

fn filter() -> Table {
    let mut filter = Table::filter("ACCEPT");
    filter.chains([
        "KUBE-EXTERNAL-SERVICES",
        "KUBE-FIREWALL",
        "KUBE-FORWARD",
        "KUBE-NODEPORTS",
        "KUBE-PROXY-FIREWALL",
        "KUBE-SERVICES",
    ]);
    filter.rules([
        "INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL",
        "INPUT -m comment --comment \"kubernetes health check service ports\" -j KUBE-NODEPORTS",
        "INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES",
        "INPUT -j KUBE-FIREWALL",
        "FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL",
        "FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
        "FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES",
        "OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer firewall\" -j KUBE-PROXY-FIREWALL",
        "OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "OUTPUT -j KUBE-FIREWALL",
        "KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
    ]);
    filter.rule(format!(
        "KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark {MARK} -j ACCEPT"
    ));
    filter.rule("KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
    filter
}

fn nat(site: &Site, net: &Net) -> Table {
    let mut nat = Table::nat();
    nat.chains([
        "KUBE-MARK-MASQ",
        "KUBE-NODEPORTS",
        "KUBE-POSTROUTING",
        "KUBE-SERVICES",
    ]);
    nat.rules([
        "PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES",
        "POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING",
        "KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
        "KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
        "KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
        "KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully",
    ]);
    for service in services(site, net) {
        service.write(&mut nat, net);
    }
    nat.rule("KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS");
    for container in 0..net.containers.len() {
        masquerade_container(&mut nat, net, container);
    }
    nat
}

/// The CNI plugin's chain for a container: what leaves the cluster's subnet is masqueraded.
fn masquerade_container(nat: &mut Table, net: &Net, container: usize) {
    let chain = format!("CNI-{container:024}");
    let everyone = match net.family {
        Family::Ipv4 => "224.0.0.0/4",
        Family::Ipv6 => "ff00::/8",
    };
    let named = format!("-m comment --comment \"name: \\\"kilonet\\\" id: \\\"{container}\\\"\"");
    nat.chain(&chain);
    nat.rule(format!(
        "POSTROUTING -s {} {named} -j {chain}",
        net.single(container)
    ));
    nat.rule(format!("{chain} -d {} {named} -j ACCEPT", net.subnet()));
    nat.rule(format!("{chain} ! -d {everyone} {named} -j MASQUERADE"));
}

/// A service port as kube-proxy sees it.
pub(super) struct Service {
    pub(super) number: u32,
    pub(super) address: IpAddr,
    /// The port of every node that leads to it, where it has one.
    pub(super) node_port: Option<u16>,
    /// Containers and their port.
    pub(super) endpoints: Vec<(usize, u16)>,
}

/// The services asked for, then one for each published port.
pub(super) fn services(site: &Site, net: &Net) -> Vec<Service> {
    let containers = net.containers.len().max(1);
    let Services { count, endpoints } = site.services;
    let plain = (0..count).map(|number| Service {
        number,
        address: virtual_address(net.family, number),
        node_port: None,
        endpoints: (0..endpoints)
            .map(|endpoint| ((number * endpoints + endpoint) as usize % containers, 8080))
            .collect(),
    });
    let published = (count..).zip(&site.published);
    let published = published.map(|(number, port)| Service {
        number,
        address: virtual_address(net.family, number),
        node_port: Some(port.host_port),
        endpoints: vec![(port.container, port.port)],
    });
    plain.chain(published).collect()
}

/// An address of no interface, outside of every subnet of a lab.
fn virtual_address(family: Family, number: u32) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::from_bits(0xac10_0001 + number).into(),
        Family::Ipv6 => {
            let first = Ipv6Addr::new(0xfd6b, 0x696d, 0, 0, 0, 0, 0, 1);
            Ipv6Addr::from_bits(first.to_bits() + u128::from(number)).into()
        }
    }
}

impl Service {
    fn write(&self, nat: &mut Table, net: &Net) {
        let chain = format!("KUBE-SVC-{:016}", self.number);
        nat.chain(&chain);
        let named = format!(
            "-m comment --comment \"kilonet/service{} cluster IP\"",
            self.number
        );
        let to_it = format!(
            "-d {} -p tcp {named} -m tcp --dport {SERVICE_PORT}",
            alone(self.address)
        );
        nat.rule(format!("KUBE-SERVICES {to_it} -j {chain}"));
        nat.rule(format!(
            "{chain} ! -s {} {to_it} -j KUBE-MARK-MASQ",
            net.subnet()
        ));
        if let Some(port) = self.node_port {
            self.write_node_port(nat, net, port);
        }
        let count = self.endpoints.len();
        for (place, (container, port)) in self.endpoints.iter().enumerate() {
            let endpoint = format!("KUBE-SEP-{:010}{place:06}", self.number);
            nat.rule(format!("{chain}{} -j {endpoint}", choice(count - place)));
            nat.chain(&endpoint);
            nat.rule(format!(
                "{endpoint} -s {} -j KUBE-MARK-MASQ",
                net.single(*container)
            ));
            nat.rule(format!(
                "{endpoint} -p tcp -m tcp -j DNAT --to-destination {}",
                net.endpoint(*container, *port)
            ));
        }
    }

    /// A node port: what comes from a container goes straight on, what comes from outside is masqueraded.
    fn write_node_port(&self, nat: &mut Table, net: &Net, port: u16) {
        let (outer, inner) = (
            format!("KUBE-EXT-{:016}", self.number),
            format!("KUBE-SVC-{:016}", self.number),
        );
        nat.chain(&outer);
        nat.rule(format!(
            "KUBE-NODEPORTS -p tcp -m tcp --dport {port} -j {outer}"
        ));
        nat.rule(format!("{outer} -s {} -j {inner}", net.subnet()));
        nat.rule(format!("{outer} -j KUBE-MARK-MASQ"));
        nat.rule(format!("{outer} -j {inner}"));
    }
}

/// One of the endpoints that are left, each as likely as the others; the last takes what comes.
fn choice(left: usize) -> String {
    if left == 1 {
        return String::new();
    }
    format!(
        " -m statistic --mode random --probability {:.11}",
        1.0 / left as f64
    )
}
