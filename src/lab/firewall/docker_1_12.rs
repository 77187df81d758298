//! Docker 1.12's rules, those the post of 2017 was measured with.
//!
//! The jump to `DOCKER` stands before the rule that accepts established connections, so every packet to a container goes
//! past the rules of all published ports. There was no ip6tables.

use super::docker;
use super::site::{Net, Site};
use super::table::Table;

pub(super) fn tables(site: &Site, net: &Net) -> Vec<Table> {
    vec![docker::nat_until_27(site, net), filter(site, net)]
}

fn filter(site: &Site, net: &Net) -> Table {
    let device = &site.device;
    let mut filter = Table::filter("ACCEPT");
    filter.chains(["DOCKER", "DOCKER-ISOLATION"]);
    filter.rule("FORWARD -j DOCKER-ISOLATION");
    filter.rule(format!("FORWARD -o {device} -j DOCKER"));
    filter.rule(format!(
        "FORWARD -o {device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    ));
    filter.rule(format!("FORWARD -i {device} ! -o {device} -j ACCEPT"));
    filter.rule(format!("FORWARD -i {device} -o {device} -j ACCEPT"));
    for port in &site.published {
        filter.rule(docker::admit(site, net, port));
    }
    filter.rule("DOCKER-ISOLATION -j RETURN");
    filter
}
