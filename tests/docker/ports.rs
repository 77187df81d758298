//! Flows to ports that the engine publishes, and who carries them. The witness is what the kernel counts in the engine's own
//! namespace: packets to servers whose destination was translated by a rule, and those that somebody there sent himself.

use serde_json::Value;

use crate::daemon::{Daemon, allowed};
use crate::{real, well};

/// The port that the first stream's server listens on.
const SERVER_PORT: &str = "5201";

/// Counts packets to servers, once for each way to them, in a table that the engine leaves alone.
fn count_packets(daemon: &Daemon, iptables: &str) {
    for not in [&[][..], &["!"]] {
        let append = [iptables, "--table", "mangle", "--append", "POSTROUTING"];
        let to_server = ["--protocol", "tcp", "--dport", SERVER_PORT];
        let way = [&["--match", "conntrack"][..], not, &["--ctstate", "DNAT"]].concat();
        daemon.inside(&[&append[..], &to_server, &way].concat());
    }
}

/// How many were translated, and how many were not.
fn counted(daemon: &Daemon, iptables: &str) -> [u64; 2] {
    let table = ["--table", "mangle", "--list-rules", "POSTROUTING", "-v"];
    let listed = daemon.inside(&[&[iptables][..], &table].concat());
    let rules = listed.lines().filter(|rule| rule.contains("DNAT"));
    let packets = rules.map(|rule| {
        let mut words = rule.split(' ').skip_while(|word| *word != "-c");
        words.nth(1).unwrap().parse().unwrap()
    });
    let packets: Vec<u64> = packets.collect();
    packets.try_into().unwrap()
}

/// What the only real trial of a run says carried its flows.
fn forwarder(records: &[Value]) -> &Value {
    let mut real = real(records);
    let record = real.next().unwrap();
    assert!(real.next().is_none());
    assert_eq!(record["flows"]["connected"], 4, "{record}");
    &record["effective"]["forwarder"]
}

/// Measures two pairs with two streams each by a path, and says what carried them, by the record and by the kernel.
fn carried(daemon: &Daemon, (path, family): (&str, &str)) -> (String, [u64; 2]) {
    let iptables = if family == "ipv4" {
        "iptables"
    } else {
        "ip6tables"
    };
    daemon.inside(&[iptables, "--table", "mangle", "--flush", "POSTROUTING"]);
    count_packets(daemon, iptables);
    let shape = [
        "--topology",
        "bridge",
        "--containers",
        "4",
        "--streams",
        "2",
    ];
    let way = ["--path", path, "--family", family];
    let records = well(&daemon.sweep(&[&shape[..], &way].concat()));
    let forwarder = forwarder(&records).as_str().unwrap().to_owned();
    (forwarder, counted(daemon, iptables))
}

#[test]
fn published_ports_are_the_rules_business_from_outside_and_the_proxy_s_from_a_container() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);

    let (forwarder, [translated, own]) = carried(&daemon, ("published", "ipv4"));
    assert_eq!(forwarder, "rules");
    assert!(translated > 0 && own == 0, "{translated} and {own}");

    let (forwarder, [translated, own]) = carried(&daemon, ("hairpin", "ipv4"));
    assert_eq!(forwarder, "proxy");
    assert!(translated == 0 && own > 0, "{translated} and {own}");
    assert_eq!(daemon.ours(), [""; 0]);
}

#[test]
fn without_a_proxy_the_rules_carry_flows_from_containers_too() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&["--userland-proxy=false"]);
    let (forwarder, [translated, own]) = carried(&daemon, ("hairpin", "ipv4"));
    assert_eq!(forwarder, "rules");
    assert!(translated > 0 && own == 0, "{translated} and {own}");
}

/// Engines before 27 have no rules for IPv6 unless told to, so theirs are the proxy's; the record says what the kernel says.
#[test]
fn what_carries_ipv6_is_what_the_kernel_counted() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&["--ipv6", "--fixed-cidr-v6", "fd00:6b69::/64"]);
    let (forwarder, [translated, own]) = carried(&daemon, ("published", "ipv6"));
    let by_rules = translated > 0 && own == 0;
    let by_proxy = translated == 0 && own > 0;
    assert!(by_rules != by_proxy, "{translated} and {own}");
    assert_eq!(forwarder, if by_rules { "rules" } else { "proxy" });
}

#[test]
fn networks_of_the_user_s_own_publish_ports_too() {
    if !allowed() {
        return;
    }
    let daemon = Daemon::start(&[]);
    let shape = ["--topology", "user-bridge", "--containers", "4"];
    let records = well(&daemon.sweep(&[&shape[..], &["--path", "published,hairpin"]].concat()));
    assert_eq!(real(&records).count(), 2);
}
