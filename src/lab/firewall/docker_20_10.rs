//! Docker 20.10's rules: established connections are accepted before the rules of published ports are asked.
//!
//! The version that Debian 12 ships, so a real engine can be asked whether this is right. It has no ip6tables unless told to.

use super::docker;
use super::site::{Net, Site};
use super::table::Table;

pub(super) fn tables(site: &Site, net: &Net) -> Vec<Table> {
    vec![docker::nat_until_27(site, net), filter(site, net)]
}

fn filter(site: &Site, net: &Net) -> Table {
    let device = &site.device;
    // The policy that Docker sets where it is the one who turns forwarding on.
    let mut filter = Table::filter("DROP");
    filter.chains([
        "DOCKER",
        "DOCKER-ISOLATION-STAGE-1",
        "DOCKER-ISOLATION-STAGE-2",
        "DOCKER-USER",
    ]);
    filter.rules([
        "FORWARD -j DOCKER-USER",
        "FORWARD -j DOCKER-ISOLATION-STAGE-1",
    ]);
    filter.rule(format!(
        "FORWARD -o {device} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    ));
    filter.rule(format!("FORWARD -o {device} -j DOCKER"));
    filter.rule(format!("FORWARD -i {device} ! -o {device} -j ACCEPT"));
    filter.rule(format!("FORWARD -i {device} -o {device} -j ACCEPT"));
    for port in &site.published {
        filter.rule(docker::admit(site, net, port));
    }
    isolate(&mut filter, device);
    filter.rule("DOCKER-USER -j RETURN");
    filter
}

/// Keeps networks apart: what leaves one of Docker's bridges may not go out by another.
fn isolate(filter: &mut Table, device: &str) {
    filter.rule(format!(
        "DOCKER-ISOLATION-STAGE-1 -i {device} ! -o {device} -j DOCKER-ISOLATION-STAGE-2"
    ));
    filter.rule("DOCKER-ISOLATION-STAGE-1 -j RETURN");
    filter.rule(format!("DOCKER-ISOLATION-STAGE-2 -o {device} -j DROP"));
    filter.rule("DOCKER-ISOLATION-STAGE-2 -j RETURN");
}
