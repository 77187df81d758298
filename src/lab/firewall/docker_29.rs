//! Docker 29's rules with its iptables back end.
//!
//! `raw` has a rule for every container, against those who would reach it past its published ports, and every packet that
//! is routed is held against all of them: the plainest cost that grows with the count. IPv6 has the same rules.

use super::docker;
use super::site::{Net, Proxy, Site};
use super::table::Table;

pub(super) fn tables(site: &Site, net: &Net) -> Vec<Table> {
    vec![raw(site, net), nat(site, net), filter(site, net)]
}

fn raw(site: &Site, net: &Net) -> Table {
    let mut raw = Table::raw();
    for container in 0..net.containers.len() {
        raw.rule(format!(
            "PREROUTING -d {} ! -i {} -j DROP",
            net.single(container),
            site.device
        ));
    }
    raw
}

fn nat(site: &Site, net: &Net) -> Table {
    let mut nat = docker::nat(site, net);
    for port in &site.published {
        if site.proxy == Proxy::Rules {
            docker::masquerade_own_port(&mut nat, net, port);
        }
        docker::lead_to_container(&mut nat, site, (net, port));
    }
    nat
}

fn filter(site: &Site, net: &Net) -> Table {
    let device = &site.device;
    // The policy that Docker sets where it is the one who turns forwarding on.
    let mut filter = Table::filter("DROP");
    filter.chains([
        "DOCKER",
        "DOCKER-BRIDGE",
        "DOCKER-CT",
        "DOCKER-FORWARD",
        "DOCKER-INTERNAL",
        "DOCKER-USER",
    ]);
    filter.rules(["FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD"]);
    // Each is put at the head of the chain as its container starts; the rule that drops the rest stays last.
    for port in site.published.iter().rev() {
        filter.rule(docker::admit(site, net, port));
    }
    filter.rule(format!("DOCKER ! -i {device} -o {device} -j DROP"));
    filter.rule(format!("DOCKER-BRIDGE -o {device} -j DOCKER"));
    filter.rule(format!(
        "DOCKER-CT -o {device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    ));
    filter.rules([
        "DOCKER-FORWARD -j DOCKER-CT",
        "DOCKER-FORWARD -j DOCKER-INTERNAL",
        "DOCKER-FORWARD -j DOCKER-BRIDGE",
    ]);
    filter.rule(format!("DOCKER-FORWARD -i {device} -j ACCEPT"));
    filter
}
