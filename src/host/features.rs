//! What this kernel supports, found by trying it in a network namespace that is removed afterwards.
//!
//! Must not know which scenario needs what. The invariant: nothing of the machine is changed by asking; what is missing is
//! a row that says what it means and what helps, never an error of the whole; and there is one probe of each requirement,
//! for `doctor` and for runs alike.

mod attempt;

use std::thread;

use super::cgroup::{Groups, Nest};
use super::pseudo;
use crate::cpu;
use crate::error::{Act, Error, Result};
use crate::lab::docker::Engine;
use crate::lab::programs;
use crate::scenario::{Limits, Requirement};
use crate::units::counted;
use attempt::Findings;

/// Whether a feature is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works, or is as kilonet wants it.
    Available,
    /// It does not; [`Feature::remedy`] says what helps.
    Missing,
}

/// A row of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// What was asked for.
    pub requirement: Requirement,
    /// Whether it is there.
    pub state: State,
    /// What was found, or why it is missing.
    pub meaning: String,
    /// What helps, where it is missing and something does.
    pub remedy: Option<String>,
}

/// What was found of one requirement: what it is like, or why it is missing and what helps.
type Found = Result<String, Lack>;

/// Why something is missing, and what helps.
struct Lack {
    reason: String,
    remedy: String,
}

fn lack(reason: impl Into<String>, remedy: impl Into<String>) -> Lack {
    Lack {
        reason: reason.into(),
        remedy: remedy.into(),
    }
}

impl From<Error> for Lack {
    fn from(error: Error) -> Self {
        lack(error.sentence(), error.hint().unwrap_or_default())
    }
}

impl Feature {
    fn of(requirement: &Requirement, found: Found) -> Self {
        let (state, meaning, remedy) = match found {
            Ok(meaning) => (State::Available, meaning, None),
            Err(Lack { reason, remedy }) => (
                State::Missing,
                reason,
                Some(remedy).filter(|it| !it.is_empty()),
            ),
        };
        Self {
            requirement: requirement.clone(),
            state,
            meaning,
            remedy,
        }
    }
}

/// Probes every requirement that is wanted, each once, in their order. To be called after
/// [`super::privilege::acquire`]: the attempts are made with the rights it found. Where no network namespace can be made,
/// the row of [`Requirement::NetworkNamespaces`] says so, and what would have been tried in one has no row.
///
/// # Errors
/// When no thread can be made to try on.
pub fn probe(wanted: &[Requirement]) -> Result<Vec<Feature>> {
    let mut rows: Vec<Feature> = Vec::new();
    let findings = if wanted.iter().any(Requirement::is_of_a_namespace) {
        Some(try_in_a_namespace(wanted)?)
    } else {
        None
    };
    for requirement in wanted {
        if rows.iter().any(|row| row.requirement == *requirement) {
            continue;
        }
        let found = match &findings {
            Some(Ok(findings)) if requirement.is_of_a_namespace() => {
                Some(in_namespace(requirement, findings))
            }
            Some(Err(error)) if requirement.is_of_a_namespace() => {
                (*requirement == Requirement::NetworkNamespaces).then(|| Err(no_namespace(error)))
            }
            Some(_) | None => Some(outside(requirement)),
        };
        rows.extend(found.map(|found| Feature::of(requirement, found)));
    }
    Ok(rows)
}

/// Tries what can only be tried in a namespace of its own; the inner error is that there is none to be had.
fn try_in_a_namespace(wanted: &[Requirement]) -> Result<Result<Findings>> {
    let algorithms: Vec<_> = wanted.iter().filter_map(Requirement::congestion).collect();
    let algorithms = algorithms.into_iter().map(str::to_owned).collect();
    thread::Builder::new()
        .name("features".to_owned())
        .spawn(move || attempt::in_a_throw_away_namespace(algorithms))
        .map_err(|source| Error::kernel(Act::Spawn, "the thread that tries features", source))?
        .join()
        .map_err(|_| Error::refused("probe", "features", "the thread that tries them failed"))
}

/// What is found in a namespace.
fn in_namespace(requirement: &Requirement, findings: &Findings) -> Found {
    match requirement {
        Requirement::Ipv6 => ipv6(findings),
        Requirement::BridgedFrames => bridged_frames(findings),
        Requirement::BigTcp => big_tcp(findings),
        Requirement::Congestion(_) => tried(requirement, findings).map(|_| congestion(findings)),
        other => tried(other, findings),
    }
}

/// What was tried, and did or did not work.
fn tried(requirement: &Requirement, findings: &Findings) -> Found {
    match findings.outcome(requirement) {
        Some(Ok(())) => Ok(requirement.works().to_owned()),
        Some(Err(reason)) => Err(lack(reason, requirement.remedy())),
        None => Err(lack("it was not tried", requirement.remedy())),
    }
}

/// What is found without a namespace.
fn outside(requirement: &Requirement) -> Found {
    match requirement {
        Requirement::UserNamespaces => user_namespaces(),
        Requirement::Groups(limits) => groups(limits),
        Requirement::Engine => engine(),
        Requirement::TwoCpus => two_cpus(),
        Requirement::CpusOfMask(digits) => cpus_of_mask(digits),
        Requirement::Nft
        | Requirement::IptablesNft
        | Requirement::IptablesLegacy
        | Requirement::Iperf3
        | Requirement::Netperf
        | Requirement::Sockperf => programs(requirement),
        Requirement::NetworkNamespaces
        | Requirement::Veth
        | Requirement::Bridge
        | Requirement::VlanFiltering
        | Requirement::Ifb
        | Requirement::Redirect
        | Requirement::Macvlan
        | Requirement::Vxlan
        | Requirement::Ipvlan
        | Requirement::Netkit
        | Requirement::Rps
        | Requirement::ThreadedNapi
        | Requirement::Ipv6
        | Requirement::BridgedFrames
        | Requirement::Congestion(_)
        | Requirement::BigTcp => Err(lack("it is tried in a namespace", requirement.remedy())),
    }
}

/// That all programs are installed.
fn programs(requirement: &Requirement) -> Found {
    let files = requirement.programs().iter().map(|program| {
        programs::find(program)
            .ok_or_else(|| lack(format!("{program} is not installed"), requirement.remedy()))
    });
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let files: Vec<_> = files.iter().map(|it| it.display().to_string()).collect();
    Ok(format!("{}, by {}", requirement.works(), files.join(", ")))
}

fn engine() -> Found {
    let engine = Engine::connect()?;
    let version = engine.version();
    Ok(format!(
        "the testbed `docker`, by an engine of version {version}"
    ))
}

fn two_cpus() -> Found {
    let remedy = Requirement::TwoCpus.remedy();
    match cpu::usable()?.len() {
        count @ (0 | 1) => Err(lack(
            format!("kilonet may use {}", counted(count, "CPU")),
            remedy,
        )),
        count => Ok(format!("kilonet may use {count}")),
    }
}

/// By what is online and not by trying: the kernel leaves CPUs that are not out of a mask without a word.
fn cpus_of_mask(digits: &str) -> Found {
    let online = cpu::online_mask()?;
    if cpu::is_within(digits, &online) {
        return Ok(format!("among those that are online, 0x{online}"));
    }
    let reason = format!("those that are online are 0x{online}");
    let remedy = Requirement::CpusOfMask(digits.to_owned()).remedy();
    Err(lack(reason, remedy))
}

/// By its switches and not by trying, which a process of more than one thread cannot.
fn user_namespaces() -> Found {
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
        return Err(lack(
            "the kernel has none: only root can run kilonet",
            "a kernel with CONFIG_USER_NS",
        ));
    }
    match closed.iter().find(|(name, value, _)| off(name, value)) {
        Some((name, value, remedy)) => Err(lack(
            format!("{name} is {value}: only root can run kilonet"),
            *remedy,
        )),
        None => {
            Ok("ordinary users can run kilonet, with rights over their own namespaces".to_owned())
        }
    }
}

/// A group for one container is made as a trial would make it, and removed.
fn groups(limits: &Limits) -> Found {
    let version = Groups::of_self()?.version().word();
    if version == "none" {
        return Err(lack(
            "they are not mounted; without them kilonet cannot see their limits on threads and memory, nor run the driver \
             processes",
            "mount -t cgroup2 none /sys/fs/cgroup",
        ));
    }
    Nest::build(1, limits)?;
    Ok(version.to_owned())
}

fn no_namespace(error: &Error) -> Lack {
    lack(
        format!("{}; no lab can be set up", error.sentence()),
        "run as root, or see user namespaces above",
    )
}

fn ipv6(findings: &Findings) -> Found {
    match findings.ipv6_disabled.as_deref() {
        Some("0") => Ok("on in new namespaces".to_owned()),
        Some(_) => Err(lack(
            "it is off by default in new namespaces",
            "sysctl -w net.ipv6.conf.default.disable_ipv6=0, or take ipv6 out of the scenario",
        )),
        None => Err(lack(
            "it is not in this kernel",
            "boot without ipv6.disable=1, or modprobe ipv6",
        )),
    }
}

/// Some rules are met by bridged frames only where these are shown to iptables; where the switch is there at all, each
/// namespace has its own.
fn bridged_frames(findings: &Findings) -> Found {
    match findings.bridge_netfilter.as_deref() {
        None => Err(lack(
            "it is not loaded: bridged frames bypass iptables",
            Requirement::BridgedFrames.remedy(),
        )),
        Some("0") => Ok("loaded, and off in new namespaces".to_owned()),
        Some(_) => {
            Ok("loaded, and on in new namespaces: labs without rules switch it off".to_owned())
        }
    }
}

fn congestion(findings: &Findings) -> String {
    let shown = |names: &Option<String>| names.clone().unwrap_or_else(|| "unknown".to_owned());
    format!(
        "available: {}; for ordinary users: {}",
        shown(&findings.congestion_available),
        shown(&findings.congestion_allowed)
    )
}

/// Sizes up to this are what every kernel does: 64 KiB, one less than fits the length field's 16 bits and one.
const USUAL_GSO_BYTES: u32 = 65_536;

fn big_tcp(findings: &Findings) -> Found {
    match findings.veth_gso_limit {
        Some(limit) if limit > USUAL_GSO_BYTES => {
            Ok(format!("veth takes units of up to {limit} bytes"))
        }
        _ => Err(lack("units stay at 64 KiB", Requirement::BigTcp.remedy())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::lab::tests::kernel;

    /// What a complete kernel shows.
    fn found() -> Findings {
        let works = |requirement: Requirement| (requirement, Ok(()));
        let tried = Requirement::of_doctor().into_iter().map(works);
        Findings {
            tried: tried.collect(),
            veth_gso_limit: Some(524_280),
            ipv6_disabled: Some("0".to_owned()),
            bridge_netfilter: Some("0".to_owned()),
            congestion_available: Some("reno bbr cubic".to_owned()),
            congestion_allowed: Some("reno bbr".to_owned()),
        }
    }

    fn missing(findings: &Findings) -> Vec<Requirement> {
        let all = Requirement::of_doctor().into_iter();
        let all = all.filter(Requirement::is_of_a_namespace);
        all.filter(|it| in_namespace(it, findings).is_err())
            .collect()
    }

    #[test]
    fn a_complete_kernel_misses_nothing() {
        assert_eq!(missing(&found()), []);
    }

    #[test]
    fn each_lack_is_a_row_of_its_own() {
        let lacks =
            |(requirement, _): (Requirement, _)| (requirement, Err("no such thing".to_owned()));
        let bare = Findings {
            tried: found().tried.into_iter().map(lacks).collect(),
            veth_gso_limit: Some(65_536),
            ipv6_disabled: None,
            bridge_netfilter: None,
            ..found()
        };
        let all = Requirement::of_doctor().into_iter();
        let all: Vec<_> = all.filter(Requirement::is_of_a_namespace).collect();
        assert_eq!(missing(&bare), all);
    }

    #[test]
    fn doctor_lists_what_cannot_be_without_more_words_and_says_what_helps_where_something_is_missing()
     {
        let Some(_alone) = kernel() else { return };
        let rows = probe(&Requirement::of_doctor()).unwrap();
        assert!(rows.len() > 10, "{rows:?}");
        for row in rows {
            assert_eq!(row.remedy.is_some(), row.state == State::Missing, "{row:?}");
        }
    }

    #[test]
    fn an_algorithm_that_no_kernel_has_is_missing_and_one_that_each_has_is_not() {
        let Some(_alone) = kernel() else { return };
        let wanted = ["reno", "no-such"].map(|name| Requirement::Congestion(name.to_owned()));
        let rows = probe(&wanted).unwrap();
        let states: Vec<_> = rows.iter().map(|row| row.state).collect();
        assert_eq!(states, [State::Available, State::Missing], "{rows:?}");
    }

    #[test]
    fn probing_leaves_no_link_and_agrees_with_ip() {
        let Some(_alone) = kernel() else { return };
        let links = || {
            fs::read_to_string("/proc/thread-self/net/dev")
                .unwrap()
                .lines()
                .count()
        };
        let before = links();
        let rows = probe(&[Requirement::Veth, Requirement::Bridge]).unwrap();
        assert_eq!(links(), before);
        let script =
            "ip link add probe0 type veth peer name probe1 && ip link add probe2 type bridge";
        let witness = Command::new("unshare")
            .args(["-n", "sh", "-c", script])
            .status()
            .unwrap();
        let made = rows.iter().all(|row| row.state == State::Available);
        assert_eq!(made, witness.success(), "{rows:?}");
    }
}
