//! Docker 29's rules with its nftables back end: one table a protocol, verdict maps from a network to its chains, and
//! within a network the same rules in a row as with iptables.

use std::fmt::Write as _;

use super::site::{Net, Proxy, Site};
use crate::scenario::Family;

/// The table of one protocol.
pub(super) fn table(site: &Site, net: &Net) -> String {
    let writer = Writer { site, net };
    let parts = [
        writer.maps(),
        writer.hooks(),
        writer.raw(),
        writer.publish(),
        writer.forward(),
        writer.postrouting(),
    ];
    format!(
        "table {} docker-bridges {{\n{}}}\n",
        writer.protocol(),
        parts.concat()
    )
}

struct Writer<'a> {
    site: &'a Site,
    net: &'a Net,
}

impl Writer<'_> {
    /// nft's word for the protocol.
    fn protocol(&self) -> &'static str {
        match self.net.family {
            Family::Ipv4 => "ip",
            Family::Ipv6 => "ip6",
        }
    }

    /// From a network's device to its chains.
    fn maps(&self) -> String {
        let device = &self.site.device;
        let names = [
            "filter-forward-in",
            "filter-forward-out",
            "nat-postrouting-in",
            "nat-postrouting-out",
        ];
        names
            .map(|name| {
                format!(
                    "\tmap {name}-jumps {{\n\t\ttype ifname : verdict\n\t\telements = {{ \"{device}\" : jump {name}__{device} }}\n\t}}\n"
                )
            })
            .concat()
    }

    fn hooks(&self) -> String {
        let outgoing = match self.site.proxy {
            // A subnet of one is written as its address.
            Proxy::Process => format!(
                "{} daddr != {} ",
                self.protocol(),
                self.net.loopback().trim_end_matches("/128")
            ),
            Proxy::Rules => String::new(),
        };
        // Docker sets this policy where it is the one who turns forwarding on.
        chain(
            "filter-FORWARD",
            &[
                "type filter hook forward priority filter; policy drop;".to_owned(),
                "oifname vmap @filter-forward-in-jumps".to_owned(),
                "iifname vmap @filter-forward-out-jumps".to_owned(),
            ],
        ) + &chain(
            "nat-OUTPUT",
            &[
                "type nat hook output priority -100; policy accept;".to_owned(),
                format!("{outgoing}fib daddr type local counter jump nat-prerouting-and-output"),
            ],
        ) + &chain(
            "nat-POSTROUTING",
            &[
                "type nat hook postrouting priority srcnat; policy accept;".to_owned(),
                "iifname vmap @nat-postrouting-out-jumps".to_owned(),
                "oifname vmap @nat-postrouting-in-jumps".to_owned(),
            ],
        ) + &chain(
            "nat-PREROUTING",
            &[
                "type nat hook prerouting priority dstnat; policy accept;".to_owned(),
                "fib daddr type local counter jump nat-prerouting-and-output".to_owned(),
            ],
        )
    }

    /// A rule for every container, against those who would reach it past its published ports.
    fn raw(&self) -> String {
        let device = &self.site.device;
        let mut lines = vec!["type filter hook prerouting priority raw; policy accept;".to_owned()];
        lines.extend(self.net.containers.iter().map(|address| {
            format!(
                "{} daddr {address} iifname != \"{device}\" counter drop comment \"DROP DIRECT ACCESS\"",
                self.protocol()
            )
        }));
        chain("raw-PREROUTING", &lines)
    }

    fn publish(&self) -> String {
        let from = match self.site.proxy {
            Proxy::Process => format!("iifname != \"{}\" ", self.site.device),
            Proxy::Rules => String::new(),
        };
        let lines = self.site.published.iter().map(|port| {
            format!(
                "{from}tcp dport {} counter dnat to {} comment \"DNAT\"",
                port.host_port,
                self.net.endpoint(port.container, port.port)
            )
        });
        chain("nat-prerouting-and-output", &lines.collect::<Vec<_>>())
    }

    fn forward(&self) -> String {
        let device = &self.site.device;
        let established = "ct state established,related counter accept".to_owned();
        let mut inward = vec![
            established.clone(),
            format!("iifname \"{device}\" counter accept comment \"ICC\""),
        ];
        inward.extend(self.site.published.iter().map(|port| {
            format!(
                "{} daddr {} tcp dport {} counter accept",
                self.protocol(),
                self.net.containers[port.container],
                port.port
            )
        }));
        inward.push("counter drop comment \"UNPUBLISHED PORT DROP\"".to_owned());
        let outward = [
            established,
            "counter accept comment \"OUTGOING\"".to_owned(),
        ];
        chain(&format!("filter-forward-in__{device}"), &inward)
            + &chain(&format!("filter-forward-out__{device}"), &outward)
    }

    fn postrouting(&self) -> String {
        let (device, protocol) = (&self.site.device, self.protocol());
        let mut inward = Vec::new();
        if self.site.proxy == Proxy::Rules {
            inward.push(
                "fib saddr type local counter masquerade comment \"MASQUERADE FROM HOST\""
                    .to_owned(),
            );
            inward.extend(self.site.published.iter().map(|port| {
                let own = self.net.containers[port.container];
                format!(
                    "{protocol} saddr {own} {protocol} daddr {own} tcp dport {} counter masquerade comment \"MASQ TO OWN PORT\"",
                    port.port
                )
            }));
        }
        let outward = format!(
            "oifname != \"{device}\" {protocol} saddr {} counter masquerade comment \"MASQUERADE\"",
            self.net.subnet()
        );
        chain(&format!("nat-postrouting-in__{device}"), &inward)
            + &chain(&format!("nat-postrouting-out__{device}"), &[outward])
    }
}

fn chain(name: &str, lines: &[String]) -> String {
    let mut text = format!("\tchain {name} {{\n");
    for line in lines {
        let _ = writeln!(text, "\t\t{line}");
    }
    text.push_str("\t}\n");
    text
}
