//! Faults that no scenario may ask for, so that a hand plants them: in the plan, or in the raised lab by tools that share nothing
//! with what had set it up.

use std::num::NonZeroU32;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use kilonet::error::Result;
use kilonet::host::counters::Sides;
use kilonet::host::watching::Watching;
use kilonet::lab::Lab;
use kilonet::plan::{Place, Plan, Trial};
use kilonet::runner::{self, Progress, Work};
use kilonet::scenario::{Cell, Scenario};
use kilonet::store::Record;
use kilonet::store::folder::{Manifest, Writer};
use kilonet::store::record::{LabCost, SCHEMA};
use kilonet::testbed::{Kernel, KernelLab, Measurement, Testbed, TrialPlan, Watch};

use crate::harness::records;
use crate::{TRIAL, consequences, counts, ids, may_lower, mechanisms};

/// The kernel's testbed, and what a shell does in the host sides of a raised lab.
struct Planting {
    kernel: Kernel,
    script: &'static str,
}

impl Testbed for Planting {
    type Lab = KernelLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<KernelLab> {
        let lab = self.kernel.setup(cell, watch)?;
        in_hosts(lab.lab(), self.script);
        Ok(lab)
    }

    fn measure(
        &mut self,
        lab: &KernelLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        self.kernel.measure(lab, trial, watch)
    }

    fn watching(&mut self) -> Option<Watching> {
        Some(Watching::open())
    }

    fn sides(&self, lab: &mut KernelLab) -> Result<Option<Sides>> {
        self.kernel.sides(lab)
    }

    fn teardown(&mut self, lab: KernelLab) -> Result<Option<LabCost>> {
        self.kernel.teardown(lab)
    }
}

fn in_hosts(lab: &Lab, script: &str) {
    for (_, namespace) in lab.hosts() {
        let file = format!("/proc/{}/fd/{}", process::id(), namespace.as_raw_fd());
        let output = Command::new("nsenter")
            .args([&format!("--net={file}"), "sh", "-ec", script])
            .output()
            .expect("this needs nsenter, ip and iptables");
        assert!(output.status.success(), "{script}: {output:?}");
    }
}

struct Quiet;

impl Watch for Quiet {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

impl Progress for Quiet {
    fn begins(&self, _place: Place, _trial: &Trial) {}
    fn ends(&self, _record: &Record) {}
}

/// Runs the trials of some axes, with a change to each cell and a script for each host side; gives the folder.
fn run(out: &Path, axes: &str, change: fn(&mut Cell), script: &'static str) -> PathBuf {
    let text = format!("name = \"planted\"\n{axes}{TRIAL}");
    let mut scenario = Scenario::parse(&text, "planted").unwrap_or_else(|error| panic!("{error}"));
    scenario.cells.iter_mut().for_each(change);
    let plan = Plan::new(&scenario);
    let manifest = Manifest {
        schema: SCHEMA,
        name: "planted".into(),
        purpose: None,
        scenario_text: text,
        ruleset_text: None,
        settings: serde_json::Value::Null,
        version: "test".into(),
        build: None,
        seed: plan.seed,
        planned: u32::try_from(plan.least()).unwrap(),
        started_unix_ns: 0,
        fingerprint: serde_json::Value::Null,
        command: None,
    };
    let mut writer = Writer::create(out, &manifest).unwrap();
    let work = Work {
        plan: &plan,
        done: &[],
        machine: None,
    };
    let mut testbed = Planting {
        kernel: Kernel::default(),
        script,
    };
    runner::run(&mut testbed, work, &mut writer, &Quiet).expect("the disk takes it");
    writer.dir().to_owned()
}

/// One bridge for all, which a scenario may have of no more than 1,023.
#[test]
fn a_bridge_that_has_no_free_port() {
    if !may_lower() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let on_one = |cell: &mut Cell| {
        cell.ports_per_bridge = NonZeroU32::new(cell.containers);
        cell.bridges = NonZeroU32::new(1);
    };
    let axes =
        "[axes]\ntopology = \"bridge\"\ndriver = \"workers\"\nactive = 2\ncontainers = [2, 1024]\n";
    let all = mechanisms(&run(out.path(), axes, on_one, "true"));
    assert_eq!(ids(&all), ["bridge_ports"], "{all:#?}");
    assert_eq!(all[0]["certain"], true);
    assert_eq!(counts(&all[0]), [1024]);
    assert_eq!(all[0]["began_at"]["phase"], "setup", "{}", all[0]);
    assert_eq!(all[0]["limit"]["value"], "1023", "{}", all[0]);
    assert_eq!(consequences(&all[0]), ["setup_failed"]);
}

/// Of 64,512 ports that masquerading has towards a destination, 100 are left for more clients of one port outside than that.
#[test]
fn masquerading_that_has_no_free_port_towards_a_destination() {
    if !may_lower() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let axes = "[axes]\ntopology = \"bridge\"\npath = \"outside\"\nfirewall = \"docker-20.10\"\nbackend = \"iptables-nft\"\n\
                pattern = \"incast\"\nlisten = \"shared\"\nworkload = \"tcp-rr\"\ndriver = \"workers\"\nstreams = 40\n\
                containers = [2, 5]\n";
    let few = "if ip link show uplink >/dev/null 2>&1; then \
               iptables-nft -t nat -I POSTROUTING -p tcp -o uplink -j MASQUERADE --to-ports 2000-2099; fi";
    let folder = run(out.path(), axes, |_| {}, few);
    let all = mechanisms(&folder);
    assert_eq!(
        ids(&all).first(),
        Some(&"masquerading_ports"),
        "{all:#?} {:#?}",
        records(&folder)
    );
    let one = &all[0];
    assert_eq!(one["certain"], true, "{one}");
    // Forty connections of one client find a port, and a hundred of 160.
    assert_eq!(counts(one), [5], "{one}");
    assert_eq!(one["began_at"]["phase"], "connect", "{one}");
    assert!(consequences(one).contains(&"starved"), "{one}");
    assert_eq!(one["witness"]["name"], "conntrack_insert_failed", "{one}");
    assert!(one["witness"]["amount"].as_f64() >= Some(60.0), "{one}");
}
