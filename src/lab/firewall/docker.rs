//! What the rule sets of Docker's versions share: its chain in `nat`, and a published port's rules.
//!
//! From libnetwork's bridge driver (`setup_ip_tables`, `port_mapping`) and its `iptables` package.

use super::site::{Net, Proxy, Publication, Site};
use super::table::Table;

/// `nat` with the ways into the chain `DOCKER`, and MASQUERADE for what leaves the subnet.
pub(super) fn nat(site: &Site, net: &Net) -> Table {
    let mut nat = Table::nat();
    nat.chain("DOCKER");
    nat.rule("PREROUTING -m addrtype --dst-type LOCAL -j DOCKER");
    match site.proxy {
        // Where a proxy listens, what the host sends to its own loopback addresses is the proxy's.
        Proxy::Process => nat.rule(format!(
            "OUTPUT ! -d {} -m addrtype --dst-type LOCAL -j DOCKER",
            net.loopback()
        )),
        Proxy::Rules => {
            nat.rule("OUTPUT -m addrtype --dst-type LOCAL -j DOCKER");
            let device = &site.device;
            nat.rule(format!(
                "POSTROUTING -o {device} -m addrtype --src-type LOCAL -j MASQUERADE"
            ));
        }
    }
    nat.rule(format!(
        "POSTROUTING -s {} ! -o {} -j MASQUERADE",
        net.subnet(),
        site.device
    ));
    nat
}

/// Lets what comes from the bridge pass by the rules of published ports: the proxy takes it.
pub(super) fn skip_own_bridge(nat: &mut Table, site: &Site) {
    if site.proxy == Proxy::Process {
        nat.rule(format!("DOCKER -i {} -j RETURN", site.device));
    }
}

/// What a container sends to its own published port comes back from the host's address.
pub(super) fn masquerade_own_port(nat: &mut Table, net: &Net, port: &Publication) {
    let own = net.single(port.container);
    nat.rule(format!(
        "POSTROUTING -s {own} -d {own} -p tcp -m tcp --dport {} -j MASQUERADE",
        port.port
    ));
}

/// Leads a port of the host to its container.
pub(super) fn lead_to_container(nat: &mut Table, site: &Site, (net, port): (&Net, &Publication)) {
    let from = match site.proxy {
        Proxy::Process => format!("! -i {} ", site.device),
        Proxy::Rules => String::new(),
    };
    nat.rule(format!(
        "DOCKER {from}-p tcp -m tcp --dport {} -j DNAT --to-destination {}",
        port.host_port,
        net.endpoint(port.container, port.port)
    ));
}

/// The rule that lets what came by a published port on to its container.
pub(super) fn admit(site: &Site, net: &Net, port: &Publication) -> String {
    let device = &site.device;
    format!(
        "DOCKER -d {} ! -i {device} -o {device} -p tcp -m tcp --dport {} -j ACCEPT",
        net.single(port.container),
        port.port
    )
}

/// `nat` up to version 27: the proxy's exception, then MASQUERADE and DNAT of each published port.
pub(super) fn nat_until_27(site: &Site, net: &Net) -> Table {
    let mut nat = nat(site, net);
    skip_own_bridge(&mut nat, site);
    for port in &site.published {
        masquerade_own_port(&mut nat, net, port);
        lead_to_container(&mut nat, site, (net, port));
    }
    nat
}
