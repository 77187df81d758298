//! What this kernel can do, found by trying it in a network namespace that is gone when the answer is there.
//!
//! Must not know which scenario needs what. The invariant: nothing of the machine is changed by asking; what is missing is
//! a row that says what it means and what helps, never an error of the whole.

mod attempt;

use std::thread;

use super::cgroup::Groups;
use super::pseudo;
use crate::error::{Act, Error, Result};
use crate::lab::{firewall, openvswitch};
use attempt::Findings;

/// Whether a feature is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works, or is as kilonet wants it.
    Available,
    /// It does not; [`Feature::remedy`] says what helps, where something does.
    Missing,
}

/// A row of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// What it is called.
    pub name: &'static str,
    /// Whether it is there.
    pub state: State,
    /// What was found, or what its lack means.
    pub meaning: String,
    /// What helps, where it is missing and something does.
    pub remedy: Option<&'static str>,
}

impl Feature {
    fn available(name: &'static str, meaning: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Available,
            meaning: meaning.into(),
            remedy: None,
        }
    }

    fn missing(name: &'static str, meaning: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            name,
            state: State::Missing,
            meaning: meaning.into(),
            remedy: Some(remedy),
        }
    }
}

/// Probes every feature, in the order in which `doctor` lists them. To be called after
/// [`super::privilege::acquire`]: the attempts are made with the rights it found.
///
/// # Errors
/// When `/proc` is not there, or no thread can be made to try on.
pub fn probe() -> Result<Vec<Feature>> {
    let findings = thread::Builder::new()
        .name("features".to_owned())
        .spawn(attempt::in_a_throw_away_namespace)
        .map_err(|source| Error::kernel(Act::Spawn, "the thread that tries features", source))?
        .join()
        .map_err(|_| Error::refused("probe", "features", "the thread that tries them failed"))?;
    let mut rows = vec![user_namespaces(), cgroups()?];
    match findings {
        Ok(findings) => rows.extend(of_the_network(&findings)),
        Err(error) => rows.push(no_namespace(&error)),
    }
    rows.extend(tools());
    rows.push(generator("iperf3", "install iperf3"));
    rows.push(generator(
        "netperf",
        "install netperf, of non-free in Debian",
    ));
    rows.push(generator("sockperf", "install sockperf"));
    Ok(rows)
}

/// What loads rules: each program, and the Debian package that has it.
fn tools() -> impl Iterator<Item = Feature> {
    let rows = [
        ("nft", "nft", "install nftables"),
        ("iptables-nft", "iptables-nft-restore", "install iptables"),
        (
            "iptables-legacy",
            "iptables-legacy-restore",
            "install iptables",
        ),
    ];
    rows.into_iter()
        .map(|(name, program, remedy)| match firewall::find(program) {
            Some(file) => {
                Feature::available(name, format!("rules are loaded by {}", file.display()))
            }
            None => Feature::missing(name, "rules are not to be loaded by it", remedy),
        })
}

/// Somebody else's generator, by its program.
fn generator(name: &'static str, remedy: &'static str) -> Feature {
    match firewall::find(name) {
        Some(file) => {
            Feature::available(name, format!("the driver `{name}`, by {}", file.display()))
        }
        None => Feature::missing(
            name,
            format!("runs with the driver `{name}` are refused"),
            remedy,
        ),
    }
}

/// By its switches and not by trying, which a process of more than one thread cannot.
fn user_namespaces() -> Feature {
    const NAME: &str = "user namespaces";
    let off = |name: &str, value: &str| pseudo::sysctl(name).is_some_and(|found| found == value);
    let closed = [
        (
            "user.max_user_namespaces",
            "0",
            "sysctl -w user.max_user_namespaces=10000",
        ),
        (
            "kernel.unprivileged_userns_clone",
            "0",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        ),
        (
            "kernel.apparmor_restrict_unprivileged_userns",
            "1",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ];
    if !std::path::Path::new("/proc/self/ns/user").exists() {
        return Feature::missing(
            NAME,
            "the kernel has none: only root can run",
            "a kernel with CONFIG_USER_NS",
        );
    }
    match closed.iter().find(|(name, value, _)| off(name, value)) {
        Some((name, value, remedy)) => Feature::missing(
            NAME,
            format!("{name} is {value}: only root can run"),
            remedy,
        ),
        None => Feature::available(
            NAME,
            "ordinary users can run, with rights over their own namespaces",
        ),
    }
}

fn cgroups() -> Result<Feature> {
    let version = Groups::of_self()?.version().word();
    Ok(match version {
        "none" => Feature::missing(
            "control groups",
            "not mounted: their limits on threads and memory are not seen",
            "mount -t cgroup2 none /sys/fs/cgroup",
        ),
        version => Feature::available("control groups", version),
    })
}

fn no_namespace(error: &Error) -> Feature {
    let cause =
        std::error::Error::source(error).map_or_else(String::new, |source| format!(": {source}"));
    let remedy = "run as root, or see user namespaces above";
    Feature::missing(
        "network namespaces",
        format!("{error}{cause}; no lab can be set up"),
        remedy,
    )
}

fn of_the_network(findings: &Findings) -> Vec<Feature> {
    let mut rows = vec![
        Feature::available("network namespaces", "created and entered"),
        device("veth", &findings.veth, "modprobe veth"),
        device("bridge", &findings.bridge, "modprobe bridge"),
    ];
    rows.extend(findings.others.iter().map(other_device));
    rows.push(open_vswitch(&findings.openvswitch));
    rows.extend(findings.knobs.iter().map(knob));
    rows.extend([
        ipv6(findings),
        bridge_netfilter(findings),
        congestion(findings),
        big_tcp(findings),
    ]);
    rows
}

/// What only some topologies or settings need.
fn other_device((name, outcome): &(&'static str, Result<(), String>)) -> Feature {
    let (needed_by, remedy) = match *name {
        "VLAN filtering" => (
            "vlan_filtering = true",
            "a kernel with CONFIG_BRIDGE_VLAN_FILTERING",
        ),
        "ifb" => ("topology routed", "modprobe ifb"),
        "macvlan" => (
            "topology macvlan",
            "modprobe macvlan, or a kernel with CONFIG_MACVLAN",
        ),
        "vxlan" => (
            "topology vxlan",
            "modprobe vxlan, or a kernel with CONFIG_VXLAN",
        ),
        "ipvlan" => (
            "topologies ipvlan-l2 and ipvlan-l3",
            "modprobe ipvlan, or a kernel with CONFIG_IPVLAN",
        ),
        _ => ("topology netkit", "Linux 6.7 or newer, with CONFIG_NETKIT"),
    };
    match outcome {
        Ok(()) => Feature::available(name, "created"),
        Err(reason) => Feature::missing(
            name,
            format!("not to be had: {reason}; needed by {needed_by}"),
            remedy,
        ),
    }
}

/// The data path in the kernel is looked for: what drives it is a program of its own.
fn open_vswitch(outcome: &Result<bool, String>) -> Feature {
    const NAME: &str = "Open vSwitch";
    match outcome {
        Ok(true) => Feature::available(NAME, "in the kernel, though no topology uses it yet"),
        Ok(false) => Feature::missing(
            NAME,
            "not available: the kernel has no data path of it; needed by topology openvswitch",
            openvswitch::REMEDY,
        ),
        Err(reason) => Feature::missing(NAME, reason.clone(), openvswitch::REMEDY),
    }
}

/// What of a link's settings only sysfs has.
fn knob((name, outcome): &(&'static str, Result<(), String>)) -> Feature {
    let (needed_by, remedy) = match *name {
        "RPS" => ("rps", "a kernel with CONFIG_RPS"),
        _ => ("napi = \"threaded\"", "Linux 5.12 or newer"),
    };
    match outcome {
        Ok(()) => Feature::available(name, "a veth can be set so"),
        Err(reason) => Feature::missing(
            name,
            format!("not available: {reason}; needed by {needed_by}"),
            remedy,
        ),
    }
}

fn device(name: &'static str, outcome: &Result<(), String>, remedy: &'static str) -> Feature {
    match outcome {
        Ok(()) => Feature::available(name, "created"),
        Err(reason) => Feature::missing(name, format!("not to be created: {reason}"), remedy),
    }
}

fn ipv6(findings: &Findings) -> Feature {
    match findings.ipv6_disabled.as_deref() {
        Some("0") => Feature::available("IPv6", "on in new namespaces"),
        Some(_) => Feature::missing(
            "IPv6",
            "off by default in new namespaces",
            "sysctl -w net.ipv6.conf.default.disable_ipv6=0, or take ipv6 out of the scenario",
        ),
        None => Feature::missing(
            "IPv6",
            "not in this kernel",
            "boot without ipv6.disable=1, or modprobe ipv6",
        ),
    }
}

/// Wanted is that bridged frames are not shown to iptables, or that it can be switched off per namespace, as it can be
/// wherever the switch is there at all.
fn bridge_netfilter(findings: &Findings) -> Feature {
    let meaning = match findings.bridge_netfilter.as_deref() {
        None => "not loaded: bridged frames pass iptables by",
        Some("0") => "loaded, and off in new namespaces",
        Some(_) => "loaded, and on in new namespaces: labs without rules have to switch it off",
    };
    Feature::available("br_netfilter", meaning)
}

fn congestion(findings: &Findings) -> Feature {
    const NAME: &str = "congestion control";
    let (available, allowed) = (
        findings.congestion_available.as_deref(),
        findings.congestion_allowed.as_deref(),
    );
    let has_cubic =
        available.is_some_and(|names| names.split_whitespace().any(|name| name == "cubic"));
    let shown = |names: Option<&str>| names.unwrap_or("unknown").to_owned();
    let meaning = format!(
        "available: {}; for ordinary users: {}",
        shown(available),
        shown(allowed)
    );
    if has_cubic {
        return Feature::available(NAME, meaning);
    }
    Feature::missing(
        NAME,
        meaning,
        "modprobe tcp_cubic, or name another in the scenario",
    )
}

/// Sizes up to this are what every kernel does: 64 KiB, one less than fits the length field's 16 bits and one.
const USUAL_GSO_BYTES: u32 = 65_536;

fn big_tcp(findings: &Findings) -> Feature {
    match findings.veth_gso_limit {
        Some(limit) if limit > USUAL_GSO_BYTES => Feature::available(
            "BIG TCP",
            format!("veth takes units of up to {limit} bytes"),
        ),
        _ => Feature::missing(
            "BIG TCP",
            "units stay at 64 KiB",
            "Linux 5.19 for IPv6, 6.3 for IPv4",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    fn found() -> Findings {
        Findings {
            veth: Ok(()),
            bridge: Ok(()),
            others: Vec::new(),
            veth_gso_limit: Some(524_280),
            knobs: [("RPS", Ok(())), ("threaded NAPI", Ok(()))].to_vec(),
            openvswitch: Ok(true),
            ipv6_disabled: Some("0".to_owned()),
            bridge_netfilter: None,
            congestion_available: Some("reno bbr cubic".to_owned()),
            congestion_allowed: Some("reno bbr".to_owned()),
        }
    }

    fn missing(findings: &Findings) -> Vec<&'static str> {
        let rows = of_the_network(findings);
        rows.iter()
            .filter(|row| row.state == State::Missing)
            .map(|row| row.name)
            .collect()
    }

    #[test]
    fn a_complete_kernel_misses_nothing() {
        assert_eq!(missing(&found()), [""; 0]);
    }

    #[test]
    fn each_lack_is_a_row_of_its_own() {
        let bare = Findings {
            veth: Err("Operation not supported (os error 95)".to_owned()),
            bridge: Err("Operation not supported (os error 95)".to_owned()),
            others: ["macvlan", "netkit"]
                .map(|name| (name, Err("no such kind".to_owned())))
                .to_vec(),
            veth_gso_limit: Some(65_536),
            knobs: ["RPS", "threaded NAPI"]
                .map(|name| (name, Err("the kernel is built without it".to_owned())))
                .to_vec(),
            openvswitch: Ok(false),
            ipv6_disabled: None,
            congestion_available: Some("reno".to_owned()),
            ..found()
        };
        assert_eq!(
            missing(&bare),
            [
                "veth",
                "bridge",
                "macvlan",
                "netkit",
                "Open vSwitch",
                "RPS",
                "threaded NAPI",
                "IPv6",
                "congestion control",
                "BIG TCP"
            ]
        );
    }

    #[test]
    fn rows_that_are_missing_say_what_helps_and_only_those() {
        for row in probe().unwrap() {
            assert_eq!(row.remedy.is_some(), row.state == State::Missing, "{row:?}");
        }
    }

    #[test]
    fn probing_leaves_no_link_and_agrees_with_ip() {
        let links = || {
            fs::read_to_string("/proc/thread-self/net/dev")
                .unwrap()
                .lines()
                .count()
        };
        let before = links();
        let rows = probe().unwrap();
        assert_eq!(links(), before);
        let script =
            "ip link add probe0 type veth peer name probe1 && ip link add probe2 type bridge";
        let witness = Command::new("unshare")
            .args(["-n", "sh", "-c", script])
            .status()
            .unwrap();
        let made = |name| {
            rows.iter()
                .any(|row| row.name == name && row.state == State::Available)
        };
        assert_eq!(
            made("veth") && made("bridge"),
            witness.success(),
            "{rows:?}"
        );
    }
}
