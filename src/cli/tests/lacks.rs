//! What the kernel, or the machine, does not have.

use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use super::{Case, aside, either, measured, raised, real, seam};
use crate::cli::lacks as requirement;
use crate::error::{Act, Remedy};
use crate::lab::netns::part_from_mounts;
use crate::lab::programs;
use crate::plan::Plan;
use crate::scenario::{Driver, Scenario};
use crate::traffic::generator;

const HERE: &str = "this machine's kernel has it";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![one_cpu(), tool(), generator(), words_of_the_kernel()];
    cases.extend(links());
    cases.extend(rest());
    cases.extend(requirements());
    cases
}

fn links() -> impl Iterator<Item = Case> {
    let rows = [
        (
            Remedy::NoMacvlan,
            "topology = \"macvlan\"",
            Act::CreateMacvlan,
        ),
        (
            Remedy::NoIpvlan,
            "topology = \"ipvlan-l2\"",
            Act::CreateIpvlan,
        ),
        (Remedy::NoNetkit, "topology = \"netkit\"", Act::AddNetkit),
        (Remedy::NoVxlan, "topology = \"vxlan\"", Act::CreateVxlan),
        (
            Remedy::NoVlanFiltering,
            "topology = \"bridge\"\nvlan_filtering = true",
            Act::CreateFilteringBridge,
        ),
    ];
    rows.into_iter().map(|(remedy, axes, act)| {
        let tried = raised(&format!("containers = 2\n{axes}"));
        either(remedy, tried, (act, Errno::EOPNOTSUPP))
    })
}

fn rest() -> [Case; 6] {
    [
        seam(Remedy::NoRedirect, HERE, (Act::Redirect, Errno::ENOENT)),
        seam(Remedy::NoRps, HERE, (Act::SetRps, Errno::ENOENT)),
        seam(
            Remedy::NoThreadedNapi,
            HERE,
            (Act::SetThreadedNapi, Errno::ENOENT),
        ),
        seam(
            Remedy::NoDatagramOffload,
            HERE,
            (Act::AcceptFlow, Errno::ENOPROTOOPT),
        ),
        seam(
            Remedy::NoNftables,
            HERE,
            (Act::LoadRules, Errno::EPROTONOSUPPORT),
        ),
        seam(
            Remedy::NoBridgeNetfilter,
            HERE,
            (Act::ShowFrames, Errno::ENOENT),
        ),
    ]
}

/// Nothing of a scenario can be measured where its programs are hidden: where it is one, and where there are two.
fn requirements() -> [Case; 2] {
    const IPERF3: &str = "[[axes]]\ncontainers = 2\ndriver = \"iperf3\"\n";
    const SOCKPERF: &str =
        "[[axes]]\ncontainers = 2\nworkload = \"tcp-rr\"\nmessage = 64\ndriver = \"sockperf\"\n";
    let nothing_left = |text: &str| {
        aside(|| {
            ["iperf3", "sockperf"].into_iter().for_each(hide);
            let scenario = Scenario::parse(text, "remedies").unwrap();
            requirement::probe(&scenario, &Plan::new(&scenario)).unwrap_err()
        })
    };
    let of = |tool: &str| {
        let how = format!("install {tool}, or put the folder that it is in on PATH");
        Remedy::Requirement(how)
    };
    let both = format!("{}; {}", of("iperf3"), of("sockperf"));
    [
        real(of("iperf3"), &nothing_left(IPERF3)),
        real(
            Remedy::EachOf(both),
            &nothing_left(&[IPERF3, SOCKPERF].concat()),
        ),
    ]
}

fn one_cpu() -> Case {
    let error = aside(|| {
        let mut only = CpuSet::new();
        only.set(0).unwrap();
        sched_setaffinity(Pid::from_raw(0), &only).unwrap();
        measured("[axes]\ncontainers = 2\npinning = \"apart\"\n")
    });
    real(Remedy::TwoCpus, &error)
}

/// A file system that is empty hides every folder in which a program is found, from the calling thread alone.
fn hide(program: &str) {
    part_from_mounts().unwrap();
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount::<str, str, str, str>(None, "/", None, private, None).unwrap();
    while let Some(file) = programs::find(program) {
        let folder = file.parent().unwrap_or(Path::new("/"));
        let nothing = MsFlags::empty();
        mount::<str, Path, str, str>(Some("tmpfs"), folder, Some("tmpfs"), nothing, None).unwrap();
    }
}

fn tool() -> Case {
    let error = aside(|| {
        hide("nft");
        raised("containers = 2\ntopology = \"bridge\"\nfirewall = \"docker-29-nft\"").unwrap_err()
    });
    real(Remedy::InstallTool("nftables"), &error)
}

fn generator() -> Case {
    let error = aside(|| {
        hide("netperf");
        generator::find(Driver::Netperf).unwrap_err()
    });
    real(Remedy::InstallGenerator("netperf"), &error)
}

/// A size that no bridge has. No scenario may ask for it, so the cell is made by hand.
fn words_of_the_kernel() -> Case {
    let mut cell = super::cell("[axes]\ncontainers = 2\ntopology = \"bridge\"\n");
    cell.mtu = Some(70_000);
    let error = crate::lab::Lab::setup(&cell, &|| false).unwrap_err();
    let words = "mtu greater than device maximum".to_owned();
    real(Remedy::KernelSays(words), &error)
}
