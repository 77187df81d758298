//! What kube-proxy (mode nftables, which is stable from Kubernetes 1.33 on) and the CNI plugin `bridge` with its nftables back end
//! put on a node: a map from service to chain in the place of a rule for each service.
//!
//! The first packet of a connection looks its service up once, however many there are: then a chain for the service, which draws
//! one of its endpoints by a map of numbers, and a chain for that. From kube-proxy's `nftables/proxier.go` and the plugins'
//! `ipmasq_nftables.go`. The real names of chains have hashes and the service's own name; here they are numbers. A node's own
//! addresses are those that the host side has (`fib daddr type local`), in the place of a set of them.

use std::fmt::Write as _;

use super::kubernetes::{SERVICE_PORT, Service, services};
use super::site::{Net, Site};
use crate::scenario::Family;

/// The mark of what has to be masqueraded.
const MARK: &str = "0x4000";

/// Earlier than destinations are rewritten, at -100: there kube-proxy refuses what has no endpoint.
const BEFORE_DNAT: &str = "priority -110; policy accept;";

pub(super) fn table(site: &Site, net: &Net) -> String {
    let services = services(site, net);
    let parts = [
        maps(net, &services),
        hooks(),
        checks(net),
        masquerading(),
        services
            .iter()
            .map(|service| chains(service, net))
            .collect(),
    ];
    let protocol = protocol(net.family);
    format!(
        "table {protocol} kube-proxy {{\n{}}}\n{}",
        parts.concat(),
        plugin(net)
    )
}

/// nft's word for the protocol, which is that of its addresses too.
fn protocol(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ip",
        Family::Ipv6 => "ip6",
    }
}

/// From what a packet is for to what is done with it.
fn maps(net: &Net, services: &[Service]) -> String {
    let address = match net.family {
        Family::Ipv4 => "ipv4_addr",
        Family::Ipv6 => "ipv6_addr",
    };
    let by_address = format!("{address} . inet_proto . inet_service");
    let by_port = "inet_proto . inet_service".to_owned();
    let none: &[String] = &[];
    let of_services = services.iter().map(|service| {
        let chain = service_chain(service);
        format!("{} . tcp . {SERVICE_PORT} : goto {chain}", service.address)
    });
    let of_ports = services.iter().filter_map(|service| {
        let port = service.node_port?;
        Some(format!("tcp . {port} : goto {}", external_chain(service)))
    });
    [
        map("no-endpoint-services", &by_address, none),
        map("no-endpoint-nodeports", &by_port, none),
        map("firewall-ips", &by_address, none),
        map("service-ips", &by_address, &of_services.collect::<Vec<_>>()),
        map("service-nodeports", &by_port, &of_ports.collect::<Vec<_>>()),
    ]
    .concat()
}

fn map(name: &str, key: &str, elements: &[String]) -> String {
    let elements = match elements {
        [] => String::new(),
        some => format!("\t\telements = {{ {} }}\n", some.join(",\n\t\t\t")),
    };
    format!("\tmap {name} {{\n\t\ttype {key} : verdict\n{elements}\t}}\n")
}

fn hooks() -> String {
    let filter = |name: &str, hook: &str, lines: &[&str]| {
        let hook = format!("type filter hook {hook} {BEFORE_DNAT}");
        chain(name, &[&[hook.as_str()], lines].concat())
    };
    [
        filter(
            "filter-prerouting",
            "prerouting",
            &["ct state new jump firewall-check"],
        ),
        filter(
            "filter-input",
            "input",
            &[
                "ct state new jump nodeport-endpoints-check",
                "ct state new jump service-endpoints-check",
            ],
        ),
        filter(
            "filter-forward",
            "forward",
            &["ct state new jump service-endpoints-check"],
        ),
        filter(
            "filter-output",
            "output",
            &[
                "ct state new jump service-endpoints-check",
                "ct state new jump firewall-check",
            ],
        ),
        chain(
            "nat-prerouting",
            &[
                "type nat hook prerouting priority dstnat; policy accept;",
                "jump services",
            ],
        ),
        chain(
            "nat-output",
            &[
                "type nat hook output priority -100; policy accept;",
                "jump services",
            ],
        ),
        chain(
            "nat-postrouting",
            &[
                "type nat hook postrouting priority srcnat; policy accept;",
                "jump masquerading",
            ],
        ),
    ]
    .concat()
}

fn checks(net: &Net) -> String {
    let protocol = protocol(net.family);
    let by_address = |map: &str| format!("{protocol} daddr . meta l4proto . th dport vmap @{map}");
    let by_port = |map: &str| format!("fib daddr type local meta l4proto . th dport vmap @{map}");
    let one = |name: &str, line: String| chain(name, &[&line]);
    [
        one("firewall-check", by_address("firewall-ips")),
        one(
            "service-endpoints-check",
            by_address("no-endpoint-services"),
        ),
        one("nodeport-endpoints-check", by_port("no-endpoint-nodeports")),
        chain(
            "services",
            &[&by_address("service-ips"), &by_port("service-nodeports")],
        ),
    ]
    .concat()
}

fn masquerading() -> String {
    let marked = format!("meta mark & {MARK} == 0 return");
    let unmark = format!("meta mark set meta mark ^ {MARK}");
    chain(
        "mark-for-masquerade",
        &[&format!("meta mark set meta mark | {MARK}")],
    ) + &chain(
        "masquerading",
        &[&marked, &unmark, "masquerade fully-random"],
    )
}

/// The chains of a service: its own, one for its node port where it has that, and one for each endpoint.
fn chains(service: &Service, net: &Net) -> String {
    let (protocol, subnet, address) = (protocol(net.family), net.subnet(), service.address);
    let own = service_chain(service);
    let from_outside = format!(
        "{protocol} daddr {address} tcp dport {SERVICE_PORT} {protocol} saddr != {subnet} jump mark-for-masquerade"
    );
    let choice = (0..service.endpoints.len())
        .map(|place| format!("{place} : goto {}", endpoint_chain(service, place)));
    let choice = format!(
        "numgen random mod {} vmap {{ {} }}",
        service.endpoints.len(),
        choice.collect::<Vec<_>>().join(", ")
    );
    let mut text = chain(&own, &[&from_outside, &choice]);
    if service.node_port.is_some() {
        let from_pods = format!("{protocol} saddr {subnet} goto {own}");
        let other = ["jump mark-for-masquerade", &format!("goto {own}")];
        text += &chain(
            &external_chain(service),
            &[&[from_pods.as_str()], &other[..]].concat(),
        );
    }
    for (place, (container, port)) in service.endpoints.iter().enumerate() {
        let back = format!(
            "{protocol} saddr {} jump mark-for-masquerade",
            net.containers[*container]
        );
        let to = format!(
            "meta l4proto tcp dnat to {}",
            net.endpoint(*container, *port)
        );
        text += &chain(&endpoint_chain(service, place), &[&back, &to]);
    }
    text
}

fn service_chain(service: &Service) -> String {
    format!("service-{:08}-kilonet/tcp", service.number)
}

fn external_chain(service: &Service) -> String {
    format!("external-{:08}-kilonet/tcp", service.number)
}

fn endpoint_chain(service: &Service, place: usize) -> String {
    format!("endpoint-{:08}-{place:06}-kilonet/tcp", service.number)
}

/// The CNI plugin's table: what leaves the cluster's subnet is masqueraded, by a rule for each container.
fn plugin(net: &Net) -> String {
    let protocol = protocol(net.family);
    let everyone = match net.family {
        Family::Ipv4 => "224.0.0.0/4",
        Family::Ipv6 => "ff00::/8",
    };
    let containers = net.containers.iter().enumerate().map(|(number, address)| {
        format!(
            "{protocol} saddr {address} {protocol} daddr != {} masquerade comment \"{number:016x}, net: kilonet, if: eth0, id: {number}\"",
            net.subnet()
        )
    });
    let containers: Vec<_> = containers.collect();
    let lines: Vec<&str> = containers.iter().map(String::as_str).collect();
    let hook = chain(
        "postrouting",
        &[
            "type nat hook postrouting priority srcnat; policy accept;",
            &format!("{protocol} daddr {everyone} return"),
            "goto masq_checks",
        ],
    );
    let checks = chain("masq_checks", &lines);
    format!("table {protocol} cni_plugins_masquerade {{\n{checks}{hook}}}\n")
}

fn chain(name: &str, lines: &[&str]) -> String {
    let mut text = format!("\tchain {name} {{\n");
    for line in lines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "\t\t{line}");
    }
    text.push_str("\t}\n");
    text
}
