//! What there is too little of, and what a scenario asks too much of.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};

use super::{Case, as_nobody, in_a_copy, measured, raised, real, refused, seam, told};
use crate::error::{Act, Error, Remedy};
use crate::host::cgroup::Nest;
use crate::host::sysctl::{self, Guard, Place};
use crate::host::{features, privilege};
use crate::lab::Lab;
use crate::scenario::{Buffers, Congestion, Driver, Family, Limits, Load, Orders, Stack, Workload};
use crate::testbed::search;
use crate::traffic::{self, Door, Flow, Observer, Seat, Settings};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        bridge(),
        namespaces(),
        files(),
        tasks(),
        limit(),
        address(),
        neighbours(),
        mask(),
        groups(),
        another_run(),
        journal(),
        stranger(),
        no_folder(),
        left_raised(),
        real(Remedy::EasierSearch, &search::tests::nothing_passes()),
    ];
    cases.extend(rules());
    cases.extend(out_of_reach());
    cases
}

fn out_of_reach() -> [Case; 3] {
    let machine = "the whole machine would have to do without";
    [
        seam(Remedy::RaiseFileMax, machine, (Act::Start, Errno::ENFILE)),
        seam(
            Remedy::MoreMemory,
            machine,
            (Act::CreateNamespace, Errno::ENOMEM),
        ),
        seam(
            Remedy::FewerThreads,
            "a limit between the first thread and the next is anybody's of the same user",
            (Act::SpawnEnds, Errno::EAGAIN),
        ),
    ]
}

/// No scenario may ask for it, so the cell is made by hand.
fn bridge() -> Case {
    let mut full = super::cell("[axes]\ntopology = \"bridge\"\ncontainers = 1024\n");
    full.ports_per_bridge = NonZeroU32::new(1024);
    full.bridges = NonZeroU32::new(1);
    real(
        Remedy::BridgeFull,
        &Lab::setup(&full, &|| false).unwrap_err(),
    )
}

fn namespaces() -> Case {
    let said = as_nobody(|| {
        privilege::acquire().unwrap();
        // That of the user namespace, whose root this is.
        fs::write("/proc/sys/user/max_net_namespaces", "1").unwrap();
        raised("topology = \"veth\"\ncontainers = 2").unwrap_err()
    });
    told(Remedy::RaiseMaxNetNamespaces, said)
}

fn files() -> Case {
    let said = in_a_copy(|| {
        let open = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
        setrlimit(Resource::RLIMIT_NOFILE, open + 2, open + 2).unwrap();
        raised("topology = \"veth\"\ncontainers = 8").unwrap_err()
    });
    told(Remedy::RaiseOpenFiles, said)
}

fn tasks() -> Case {
    let said = as_nobody(|| {
        setrlimit(Resource::RLIMIT_NPROC, 1, 1).unwrap();
        features::probe(&[crate::scenario::Requirement::Veth]).unwrap_err()
    });
    told(Remedy::RaiseTasks, said)
}

/// One that the scenario raises, and not by enough; the run is refused before the sysctl is touched.
fn limit() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("few.toml");
    let machines = fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").unwrap();
    let machines: u32 = machines.trim().parse().unwrap();
    let text = format!(
        "[axes]\ntopology = \"bridge\"\ncontainers = {}\nentries = \"learned\"\n[sysctls]\n\
         \"net.ipv4.neigh.default.gc_thresh3\" = {}\n\"net.ipv6.neigh.default.gc_thresh3\" = {}\n",
        2 * machines,
        machines + 1,
        4 * machines
    );
    fs::write(&file, text).unwrap();
    let [file, out] = [file.as_path(), folder.path()].map(|it| it.to_str().unwrap());
    let error = refused(&["run", file, "--quiet", "--out", out]);
    let how = error.hint().unwrap_or_default();
    let set = "set \"net.ipv4.neigh.default.gc_thresh3\" = ";
    assert!(how.starts_with(set), "{how}");
    real(Remedy::RaiseLimit(how), &error)
}

struct Still;

impl Observer for Still {
    fn before_window(&mut self) {}
    fn after_window(&mut self) {}
    fn sample(&mut self, _goodput_bps: f64, _elapsed: Duration) {}
    fn interrupted(&self) -> bool {
        false
    }
}

/// How a flow fails that goes from and to other addresses than the lab's own, where they are given.
fn astray(from: Option<IpAddr>, call: Option<IpAddr>) -> Error {
    let lab = raised("topology = \"bridge\"\ncontainers = 2").unwrap();
    let seat = |container| Seat {
        container,
        address: lab.seat(container).1,
    };
    let client = seat(0);
    let flow = Flow {
        pair: 0,
        stream: 0,
        client: Seat {
            address: from.unwrap_or(client.address),
            ..client
        },
        server: seat(1),
        door: call.map(|address| Door {
            call: (address, 5201).into(),
            listen: 5201,
        }),
        orders: Orders {
            workload: Workload::TcpStream,
            message_bytes: 1024,
            load: Load::default(),
        },
    };
    let settings = Settings {
        driver: Driver::Threads,
        congestion: Congestion("cubic".to_owned()),
        buffers: Buffers::Auto,
        warmup: Duration::ZERO,
        measure: Duration::from_millis(100),
        sample: Duration::from_millis(100),
        connect: Duration::from_secs(10),
    };
    let error = traffic::run((&[flow], &lab.namespaces()), &settings, &mut Still).unwrap_err();
    lab.teardown().unwrap();
    error
}

fn address() -> Case {
    let nowhere = "192.0.2.1".parse().unwrap();
    real(Remedy::AddressGone, &astray(Some(nowhere), None))
}

/// An address of the lab's own network that nobody has. A full table of neighbours, which would be the whole machine's, has
/// the kernel say the same.
fn neighbours() -> Case {
    let nobody = "10.0.0.200".parse().unwrap();
    real(Remedy::RaiseNeighbours, &astray(None, Some(nobody)))
}

fn mask() -> Case {
    let mask = format!("0x1{}", "0".repeat(2000));
    let error = raised(&format!(
        "topology = \"veth\"\ncontainers = 2\nrps = \"{mask}\""
    ));
    real(Remedy::RpsMaskTooWide, &error.unwrap_err())
}

fn groups() -> Case {
    let limits = Limits {
        cpuset: "0-4095".parse().unwrap(),
        ..Limits::default()
    };
    real(Remedy::SmallerLimits, &Nest::build(1, &limits).unwrap_err())
}

fn place(folder: &std::path::Path) -> Place {
    Place {
        sysctls: folder.to_owned(),
        journals: folder.join("journals"),
    }
}

/// Sysctls are files of our own here.
fn another_run() -> Case {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("net")).unwrap();
    fs::write(folder.path().join("net/most"), "1\n").unwrap();
    let wanted = BTreeMap::from([("net.most".to_owned(), "2".to_owned())]);
    let _first = Guard::raise_in(place(folder.path()), &wanted).unwrap();
    let second = Guard::raise_in(place(folder.path()), &wanted);
    real(Remedy::AwaitRun, &second.unwrap_err())
}

/// What a process that is no more had raised, for one who may not put it back.
fn left_raised() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    fs::create_dir(&place.journals).unwrap();
    let dead = r#"{"pid":1,"started":1,"entries":[{"name":"net.most","before":"1","raised":"2"}]}"#;
    fs::write(place.journals.join("sysctl-1-1.json"), dead).unwrap();
    let errors = sysctl::restore_leftovers_in(&place, false).errors;
    real(Remedy::CleanAsRoot, &errors[0])
}

fn journal() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    fs::create_dir(&place.journals).unwrap();
    fs::write(place.journals.join("sysctl-1-1.json"), "{").unwrap();
    let error = sysctl::restore_leftovers_in(&place, true).errors;
    real(Remedy::RestoreByHand, &error[0])
}

fn no_folder() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    fs::write(&place.journals, "").unwrap();
    let errors = sysctl::restore_leftovers_in(&place, true).errors;
    real(Remedy::ClearJournals, &errors[0])
}

fn stranger() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path());
    fs::create_dir_all(place.journals.join("sysctl-1-1.json")).unwrap();
    let errors = sysctl::restore_leftovers_in(&place, true).errors;
    real(Remedy::RemoveStranger, &errors[0])
}

/// Docker 1.12 had rules for IPv4 alone. No scenario may ask for others, so the cell is made by hand.
fn old_docker() -> Error {
    let mut cell =
        super::cell("[axes]\ncontainers = 2\ntopology = \"bridge\"\nfirewall = \"docker-1.12\"\n");
    (cell.family, cell.stack) = (Family::Ipv6, Stack::Single);
    Lab::setup(&cell, &|| false).unwrap_err()
}

fn rules() -> [Case; 6] {
    let folder = tempfile::tempdir().unwrap();
    let under = |text: &str| {
        let file = folder.path().join("mine.nft");
        fs::write(&file, text).unwrap();
        format!(
            "[axes]\ncontainers = 2\ntopology = \"bridge\"\nfirewall = \"custom\"\n[lab]\nruleset = {file:?}\n[trial]\nconnect = \"300ms\"\n"
        )
    };
    let failed = |text: &str| Lab::setup(&super::cell(text), &|| false).unwrap_err();
    let gone = under("").replace("mine.nft", "none.nft");
    let names = "{{bridge}}, {{subnet}}, {{subnet6}}, {{container}}, {{address}}, {{address6}}";
    let drop =
        "table ip mine {\nchain c {\ntype filter hook forward priority 0; policy drop;\n}\n}\n";
    [
        real(Remedy::RulesetPath, &failed(&gone)),
        real(Remedy::RulesetEmpty, &failed(&under("# no rule\n"))),
        real(Remedy::DualStack, &old_docker()),
        real(
            Remedy::RulesetNames(names.to_owned()),
            &failed(&under("table ip mine {\nchain c {\n# {{adress}}\n}\n}\n")),
        ),
        real(
            Remedy::MendRule(2, "frobnicate".to_owned()),
            &failed(&under("table ip mine {\nfrobnicate\nchain c {\n}\n}\n")),
        ),
        real(Remedy::AcceptFlows, &measured(&under(drop))),
    ]
}
