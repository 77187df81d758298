//! The effect ring: for every factor whose levels are witnessed, a small lab in which a level holds, and the same lab with the
//! mechanism taken away by hand, in which a trial says that it does not.
//!
//! It walks the registry, so that a factor that comes later has a row here or fails. What takes a mechanism away is `ip`, `nft`,
//! `iptables`, sysfs or a system call, which share nothing with what had set it up; or a lab and flows of another cell. Needs root or a
//! user namespace.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::mem::size_of_val;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::process::{self, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use harness::{is_real_root, kilonet, records, said};
use kilonet::error::Result;
use kilonet::lab::Lab;
use kilonet::lab::netns::{self, Visitor};
use kilonet::plan::{Place, Plan, Trial};
use kilonet::runner::{self, Phase, Progress, Work};
use kilonet::scenario::{Cell, Scenario, Witnessing, registry};
use kilonet::store::Record;
use kilonet::store::folder::{Manifest, Run, Writer};
use kilonet::store::record::{Effect, LabCost, SCHEMA, Verdict};
use kilonet::testbed::{Kernel, KernelLab, Measurement, Testbed, TrialPlan, Watch};
use nix::libc;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// How a mechanism is taken away.
enum Taken {
    /// By a shell, in every namespace of the raised lab.
    ByShell(&'static str),
    /// By another setting of every bridge.
    OfBridges(&'static str),
    /// By another setting of every container's port.
    OfPorts(&'static str),
    /// By system calls in every namespace of the raised lab.
    InLab(fn()),
    /// By this process, while flows are there and before the window opens.
    AtWindow(fn()),
    /// By a lab and flows of other axes, of which the trial's cell knows nothing: for what only who sends, or who raises the lab, could
    /// do otherwise.
    ByOthers(&'static str),
    /// Not at all, for this reason.
    Never(&'static str),
}

/// A row of factors that are seen in one trial, and taken away in one. Those that follow each other and have the same axes hold in the
/// same trial as well.
struct Row {
    factors: &'static [&'static str],
    /// Levels other than the usual ones, and what it takes to show.
    axes: &'static str,
    /// What a trial says of it.
    shows: Verdict,
    /// How long its window is.
    window: &'static str,
    taken: Taken,
}

const fn row(factors: &'static [&'static str], axes: &'static str, taken: Taken) -> Row {
    Row {
        factors,
        axes,
        shows: Verdict::Held,
        window: WINDOW,
        taken,
    }
}

/// How long a window is, where nothing needs a longer one.
const WINDOW: &str = "200ms";

/// Every rule that goes by nft's tables, iptables' newer ones too.
const FLUSH: Taken = Taken::ByShell("nft flush ruleset");

/// For each factor of the registry that has a witness, one at least.
const ROWS: &[Row] = &[
    row(
        &["family"],
        "family = \"ipv6\"",
        Taken::Never("without its protocol nothing connects"),
    ),
    row(&["firewall"], "firewall = \"docker-20.10\"", FLUSH),
    row(
        &["path"],
        "firewall = \"docker-29\"\npath = \"published\"",
        Taken::Never("without the rules that publish ports nothing connects"),
    ),
    row(
        &["backend"],
        "rules = 10\nbackend = \"iptables-legacy\"",
        Taken::ByShell("iptables-legacy -t raw -F"),
    ),
    row(
        &["published", "services", "endpoints"],
        "firewall = \"kubernetes-nft\"\nservices = 3\nendpoints = 2\npublished = 2",
        Taken::ByShell(
            "if nft list table ip kube-proxy >/dev/null 2>&1; then \
             for chain in service-00000001 endpoint-00000004-000000; do \
             nft flush chain ip kube-proxy $chain-kilonet/tcp; done; fi",
        ),
    ),
    row(
        &["rules", "rule_shape"],
        "rules = 20\nrule_shape = \"set\"",
        FLUSH,
    ),
    row(&["rule_hook"], "rules = 20\nrule_hook = \"nat\"", FLUSH),
    row(
        &["pinning"],
        "pinning = \"apart\"",
        Taken::AtWindow(loosen_threads),
    ),
    row(&["direction"], "direction = \"both\"", Taken::ByOthers("")),
    Row {
        // On a busy machine requests take long, and of a short window those at its edges are many.
        window: "1s",
        ..row(
            &["streams", "message", "response", "outstanding", "direction"],
            "workload = \"tcp-rr\"\nstreams = 2\nmessage = 1000\nresponse = 10\noutstanding = 8\n\
         direction = \"both\"",
            Taken::ByOthers("workload = \"tcp-rr\"\nmessage = 100"),
        )
    },
    row(
        &["streams", "listen"],
        "pattern = \"incast\"\nstreams = 2\nlisten = \"shared\"",
        Taken::ByOthers("pattern = \"incast\""),
    ),
    row(
        &["rate"],
        "workload = \"tcp-rr\"\nrate = 1000",
        Taken::ByOthers("workload = \"tcp-rr\""),
    ),
    row(
        &["listen", "closes"],
        CALLED,
        Taken::ByOthers("workload = \"tcp-crr\"\npattern = \"incast\""),
    ),
    row(&["backlog"], CALLED, Taken::AtWindow(listen_again)),
    Row {
        shows: Verdict::NotExercised,
        ..row(
            &["send"],
            "send = \"zerocopy\"",
            Taken::Never(
                "the kernel copies what stays on its node, and nobody can keep it from that",
            ),
        )
    },
    row(
        &["receive"],
        "send = \"zerocopy\"\nreceive = \"zerocopy\"",
        Taken::Never("receivers map what the kernel lets them, which nobody else decides"),
    ),
    row(
        &["batch"],
        "workload = \"udp-stream\"\nbatch = \"mmsg\"",
        Taken::Never("it is the sender that hands over several"),
    ),
    row(
        &["congestion", "buffers"],
        "congestion = \"reno\"\nbuffers = \"64KiB\"",
        Taken::AtWindow(change_sockets),
    ),
    row(
        &["entries"],
        "entries = \"learned\"",
        Taken::ByShell(
            "for host in 2 3 4 5; do ip neigh replace 10.0.0.$host dev eth0 nud permanent \
             lladdr 02:42:0a:00:00:0$host 2>/dev/null || true; done",
        ),
    ),
    row(
        &["entries"],
        "pattern = \"ring\"",
        Taken::ByShell(
            "if ip -4 -o addr show | grep -q 10.0.0.2/; then ip neigh del 10.0.0.3 dev eth0; fi",
        ),
    ),
    row(
        &["join"],
        CROSSING,
        Taken::ByOthers("join = \"routed\"\ncrossing = true\nports_per_bridge = 2"),
    ),
    row(
        &["crossing", "bridges", "ports_per_bridge"],
        CROSSING,
        Taken::ByOthers(""),
    ),
    row(
        &["ports_per_router"],
        "topology = \"routed\"\nports_per_router = 2",
        Taken::ByOthers("topology = \"routed\""),
    ),
    row(
        &["containers"],
        IDLE,
        Taken::ByShell("ip link del v00005 2>/dev/null || true"),
    ),
    row(
        &["active", "stack", "macs"],
        IDLE,
        Taken::ByOthers("containers = 6"),
    ),
    row(
        &["snooping"],
        SWITCHES,
        Taken::OfBridges("mcast_snooping 0"),
    ),
    row(&["hairpin"], SWITCHES, Taken::OfPorts("hairpin off")),
    row(
        &["vlan_filtering"],
        "vlan_filtering = true",
        Taken::OfBridges("vlan_filtering 0"),
    ),
    row(
        &["ageing"],
        "ageing = 0\nentries = \"learned\"",
        Taken::OfBridges("ageing_time 30000"),
    ),
    row(
        &["isolation"],
        "isolation = true\ntopology = \"vxlan\"",
        Taken::OfPorts("isolated off"),
    ),
    row(
        &["offload"],
        "offload = false",
        Taken::InLab(switch_offloads_on),
    ),
    row(&["gso_max"], "gso_max = \"32KiB\"", UNITS),
    row(&["gso_ipv4_max"], "gso_ipv4_max = \"32KiB\"", UNITS),
    row(
        &["napi"],
        "napi = \"threaded\"",
        Taken::ByShell(
            "unshare --mount sh -ec 'mount -t sysfs sysfs /sys; \
             for link in /sys/class/net/eth0 /sys/class/net/v0*; do \
             if [ -e $link ]; then echo 0 > $link/threaded; fi; done'",
        ),
    ),
    row(
        &["rps"],
        "rps = \"all\"",
        Taken::ByShell(
            "unshare --mount sh -ec 'mount -t sysfs sysfs /sys; \
             for file in /sys/class/net/*/queues/rx-0/rps_cpus; do echo 0 > $file; done'",
        ),
    ),
    row(
        &["mtu"],
        "mtu = 1400",
        Taken::ByShell("if ip link show eth0 >/dev/null 2>&1; then ip link set eth0 mtu 1300; fi"),
    ),
];

/// Connections that are made all the time, to one port.
const CALLED: &str = "workload = \"tcp-crr\"\npattern = \"incast\"\nlisten = \"shared\"\nbacklog = 16\ncloses = \"client\"";

/// Two bridges that are joined, and pairs that cross them.
const CROSSING: &str =
    "join = \"trunk\"\ncrossing = true\nports_per_bridge = 2\n[lab]\nbridges = 2";

/// Containers of which two are idle, with addresses that are not the usual ones.
const IDLE: &str = "containers = 6\nactive = 4\n[lab]\nstack = \"single\"\nmacs = \"random\"";

/// Bridges and ports that are set as they usually are not.
const SWITCHES: &str = "snooping = true\nhairpin = true";

/// The units that links take, as the kernel makes them. Those of IPv4 follow where the others change.
const UNITS: Taken = Taken::ByShell(
    "for link in $(ip -o link show type veth | cut -d: -f2 | cut -d@ -f1); do \
     ip link set dev $link gso_max_size 40000; ip link set dev $link gso_max_size 65536; done",
);

/// Factors of limits: each container is a process there, which the program starts from its own file, and this file is another. Those of
/// CPUs are taken away in `tests/processes.rs`; more memory than is used changes nothing.
const BY_BINARY: &[(&str, &str, &str)] = &[
    ("cpu_max", "--cpu-max", "0.2"),
    ("memory_max", "--memory-max", "64MiB"),
    ("cpuset", "--cpuset", "0"),
];

/// The descriptors of the process are changed, and the machine's counters read: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Leave to make namespaces, for one test at a time; `None` where that is not allowed, which is a failure where it must be
/// (`KILONET_REQUIRE_KERNEL`).
fn kernel() -> Option<MutexGuard<'static, ()>> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = Visitor::new().unwrap().create().map(drop);
    if let Err(error) = &made {
        assert!(
            std::env::var_os("KILONET_REQUIRE_KERNEL").is_none(),
            "namespaces are required here: {error}"
        );
        eprintln!("SKIPPED: no namespaces for this user: {error}");
    }
    made.is_ok().then_some(alone)
}

/// The kernel's testbed, with a hand in it.
struct Tampered {
    kernel: Kernel,
    taken: Option<&'static Taken>,
    /// The cell of other axes, where the lab and its flows are to be of those.
    others: Option<Cell>,
}

impl Testbed for Tampered {
    type Lab = KernelLab;

    fn setup(&mut self, cell: &Cell, watch: &dyn Watch) -> Result<KernelLab> {
        let cell = self.others.as_ref().unwrap_or(cell);
        let lab = self.kernel.setup(cell, watch)?;
        match self.taken {
            Some(Taken::ByShell(script)) => in_all(lab.lab(), script),
            Some(Taken::OfBridges(setting)) => in_all(
                lab.lab(),
                &each(
                    "bridge",
                    &format!("ip link set $link type bridge {setting}"),
                ),
            ),
            Some(Taken::OfPorts(setting)) => in_all(
                lab.lab(),
                &each(
                    "veth",
                    &format!("case $link in v0*) bridge link set dev $link {setting};; esac"),
                ),
            ),
            Some(Taken::InLab(act)) => inside_all(lab.lab(), *act),
            Some(Taken::AtWindow(_) | Taken::ByOthers(_) | Taken::Never(_)) | None => {}
        }
        Ok(lab)
    }

    fn measure(
        &mut self,
        lab: &KernelLab,
        trial: TrialPlan<'_>,
        watch: &dyn Watch,
    ) -> Result<Measurement> {
        let act = match self.taken {
            Some(Taken::AtWindow(act)) => Some(*act),
            _ => None,
        };
        let cell = self.others.as_ref().unwrap_or(trial.cell);
        let trial = TrialPlan { cell, ..trial };
        self.kernel.measure(lab, trial, &Hand { watch, act })
    }

    fn teardown(&mut self, lab: KernelLab) -> Result<Option<LabCost>> {
        self.kernel.teardown(lab)
    }
}

/// Acts when the window is about to open.
struct Hand<'a> {
    watch: &'a dyn Watch,
    act: Option<fn()>,
}

impl Watch for Hand<'_> {
    fn phase(&self, phase: Phase) {
        self.watch.phase(phase);
        if let Some(act) = self.act.filter(|_| phase == Phase::Measure) {
            act();
        }
    }
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

/// Keeps what it is told of the last trial.
#[derive(Default)]
struct Told(Mutex<Option<Record>>);

impl Watch for Told {
    fn sample(&self, _goodput_bps: f64) {}
    fn interrupted(&self) -> bool {
        false
    }
}

impl Progress for Told {
    fn begins(&self, _place: Place, _trial: &Trial) {}
    fn ends(&self, record: &Record) {
        *self.0.lock().unwrap() = Some(record.clone());
    }
}

/// Every namespace of a lab.
fn namespaces(lab: &Lab) -> Vec<BorrowedFd<'_>> {
    let hosts = lab.hosts().map(|(_, namespace)| namespace);
    hosts.chain(lab.namespaces()).collect()
}

/// Acts on every link of a kind, which a script calls `$link`.
fn each(kind: &str, act: &str) -> String {
    format!(
        "for link in $(ip -o link show type {kind} | cut -d: -f2 | cut -d@ -f1); do {act}; done"
    )
}

/// Runs a script in every namespace of a lab.
fn in_all(lab: &Lab, script: &str) {
    for namespace in namespaces(lab) {
        let file = format!("/proc/{}/fd/{}", process::id(), namespace.as_raw_fd());
        let output = Command::new("nsenter")
            .args([&format!("--net={file}"), "sh", "-ec", script])
            .output()
            .expect("this ring needs nsenter, ip, bridge, nft and iptables");
        assert!(output.status.success(), "{script}: {output:?}");
    }
}

/// Acts in every namespace of a lab.
fn inside_all(lab: &Lab, act: fn()) {
    for namespace in namespaces(lab) {
        netns::visit(|visitor| {
            visitor.enter(namespace).expect("it is the lab's");
            act();
            Ok(())
        })
        .unwrap();
    }
}

/// Lets every thread of this process run on any CPU.
fn loosen_threads() {
    let mut all = CpuSet::new();
    for cpu in 0..std::thread::available_parallelism().unwrap().get() {
        all.set(cpu).unwrap();
    }
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().file_name().into_string().unwrap();
        // One that has ended meanwhile has none.
        let _ = sched_setaffinity(Pid::from_raw(task.parse().unwrap()), &all);
    }
}

/// The sockets of this process.
fn sockets() -> Vec<i32> {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let sockets = descriptors.filter(|entry| {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        target.to_string_lossy().starts_with("socket:")
    });
    let number = |entry: fs::DirEntry| entry.file_name().into_string().ok()?.parse().ok();
    sockets.filter_map(number).collect()
}

#[allow(
    unsafe_code,
    reason = "what is taken away is a setting of sockets that others own, by their numbers"
)]
fn set_option(socket: i32, (level, option): (i32, i32), value: &[u8]) {
    let length = libc::socklen_t::try_from(value.len()).unwrap();
    // SAFETY: the value is as long as it says and lives through the call. What is no such socket refuses.
    unsafe { libc::setsockopt(socket, level, option, value.as_ptr().cast(), length) };
}

fn change_sockets() {
    let buffer = 16_384_i32.to_ne_bytes();
    for socket in sockets() {
        set_option(socket, (libc::IPPROTO_TCP, libc::TCP_CONGESTION), b"cubic");
        for option in [libc::SO_SNDBUF, libc::SO_RCVBUF] {
            set_option(socket, (libc::SOL_SOCKET, option), &buffer);
        }
    }
}

/// Has each socket that listens do so with less room.
#[allow(
    unsafe_code,
    reason = "what is taken away is a setting of sockets that others own, by their numbers"
)]
fn listen_again() {
    for socket in sockets() {
        let mut listens = 0_i32;
        let mut length = libc::socklen_t::try_from(size_of_val(&listens)).unwrap();
        // SAFETY: the value is as long as it says and lives through the call.
        unsafe {
            libc::getsockopt(
                socket,
                libc::SOL_SOCKET,
                libc::SO_ACCEPTCONN,
                (&raw mut listens).cast(),
                &raw mut length,
            );
        }
        if listens != 0 {
            // SAFETY: it takes two numbers. A socket that was closed meanwhile is refused.
            unsafe { libc::listen(socket, 3) };
        }
    }
}

/// `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    value: u32,
}

/// Has every veth of the calling thread's namespace segment again: `ETHTOOL_SGSO`, `ETHTOOL_STSO`.
#[allow(
    unsafe_code,
    reason = "the tool for it is not everywhere, and the setting goes by no other way"
)]
fn switch_offloads_on() {
    use std::net::UdpSocket;
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    let devices = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let names = devices.lines().filter_map(|line| line.split_once(':'));
    let names = names
        .map(|(name, _)| name.trim())
        .filter(|name| *name != "lo");
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    for name in names {
        for command in [0x24, 0x1f] {
            let mut value = EthtoolValue { command, value: 1 };
            let mut request = libc::ifreq {
                ifr_name: [0; libc::IFNAMSIZ],
                ifr_ifru: libc::__c_anonymous_ifr_ifru {
                    ifru_data: (&raw mut value).cast(),
                },
            };
            for (to, from) in request.ifr_name[..libc::IFNAMSIZ - 1]
                .iter_mut()
                .zip(name.bytes())
            {
                *to = from.cast_signed();
            }
            // SAFETY: the request is a `struct ifreq` whose data points to a `struct ethtool_value`; both live through the call.
            unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
        }
    }
}

/// A scenario of one trial, and its plan.
fn plan(axes: &str, window: &str) -> (String, Plan) {
    let containers = if axes.starts_with("containers") {
        ""
    } else {
        "containers = 4"
    };
    let text = format!(
        "name = \"ring\"\n[axes]\n{containers}\n{axes}\n[trial]\nwarmup = \"0ms\"\nmeasure = \"{window}\"\nrepeats = 1\nbaseline = false\n"
    );
    let scenario = Scenario::parse(&text, "ring").unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::new(&scenario);
    (text, plan)
}

/// The record of the one trial of some axes; none where this kernel was built without what they ask for.
fn trial(axes: &str, window: &str, taken: Option<&'static Taken>) -> Option<Record> {
    let (text, plan) = plan(axes, window);
    let others = match taken {
        Some(Taken::ByOthers(axes)) => Some(self::plan(axes, window).1.trials[0].cell.clone()),
        _ => None,
    };
    let out = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(out.path(), &manifest(&text, &plan)).unwrap();
    let work = Work {
        plan: &plan,
        done: &[],
        machine: None,
    };
    let mut testbed = Tampered {
        kernel: Kernel::default(),
        taken,
        others,
    };
    let told = Told::default();
    runner::run(&mut testbed, work, &mut writer, &told).expect("the disk takes it");
    let record = told.0.into_inner().unwrap().expect("one trial");
    // What a lab of other axes came to may be more than the cell can have, and is not read.
    if taken.is_none() {
        let read = Run::read(writer.dir()).unwrap().records;
        assert_eq!(read, std::slice::from_ref(&record));
    }
    let errno = record.error.as_ref().and_then(|it| it.errno.as_deref());
    if errno == Some("EOPNOTSUPP") {
        eprintln!("SKIPPED: {axes}: {:?}", record.error);
        return None;
    }
    assert_eq!(record.error, None, "{axes}");
    Some(record)
}

fn manifest(text: &str, plan: &Plan) -> Manifest {
    Manifest {
        schema: SCHEMA,
        name: "ring".into(),
        purpose: None,
        scenario_text: text.into(),
        ruleset_text: None,
        settings: serde_json::Value::Null,
        version: "test".into(),
        build: None,
        seed: plan.seed,
        planned: 1,
        started_unix_ns: 0,
        fingerprint: serde_json::Value::Null,
        command: None,
    }
}

fn effect<'a>(record: &'a Record, factor: &str) -> &'a Effect {
    let mut effects = record.effects.iter();
    let found = effects.find(|effect| effect.factor == factor);
    found.unwrap_or_else(|| panic!("nothing is said of {factor}: {:?}", record.seen))
}

#[test]
fn every_factor_that_has_a_witness_has_a_row() {
    let witnessed = registry::keys().filter_map(|key| match key.facts().witnessing {
        Witnessing::Shows(_) => Some(key.facts().name),
        Witnessing::ReadBack(_) | Witnessing::Unsaid => None,
    });
    let rows = ROWS.iter().flat_map(|row| row.factors.iter().copied());
    let rows = rows.chain(BY_BINARY.iter().map(|(factor, ..)| *factor));
    assert_eq!(
        witnessed.collect::<BTreeSet<_>>(),
        rows.collect::<BTreeSet<_>>()
    );
}

#[test]
fn what_cannot_be_taken_away_is_a_short_list() {
    let never = ROWS.iter().filter_map(|row| match row.taken {
        Taken::Never(why) => Some((row.factors[0], why)),
        _ => None,
    });
    let never: Vec<_> = never.collect();
    for (factor, why) in &never {
        eprintln!("{factor} is not taken away: {why}");
    }
    let names: Vec<_> = never.iter().map(|(factor, _)| *factor).collect();
    assert_eq!(names, ["family", "path", "send", "receive", "batch"]);
}

#[test]
fn a_level_holds() {
    let Some(_alone) = kernel() else {
        return;
    };
    let mut wrong = Vec::new();
    for rows in ROWS.chunk_by(|one, next| one.axes == next.axes) {
        let axes = rows[0].axes;
        let Some(record) = trial(axes, rows[0].window, None) else {
            continue;
        };
        let effects = record.effects.iter();
        let lost = effects.filter(|it| it.verdict == Verdict::NotHeld);
        wrong.extend(lost.map(|effect| format!("{axes}: {effect:?}")));
        let each = rows
            .iter()
            .flat_map(|row| row.factors.iter().map(|it| (*it, row.shows)));
        for (factor, shows) in each {
            let effect = effect(&record, factor);
            if effect.verdict != shows {
                wrong.push(format!("{axes}: {effect:?} {:?}", record.seen));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_level_whose_mechanism_is_taken_away_does_not_hold_and_its_trial_is_invalid() {
    let Some(_alone) = kernel() else {
        return;
    };
    let mut wrong = Vec::new();
    for row in ROWS {
        if matches!(row.taken, Taken::Never(_)) {
            continue;
        }
        let Some(record) = trial(row.axes, row.window, Some(&row.taken)) else {
            continue;
        };
        wrong.extend(record.is_shown().then(|| row.axes.to_owned()));
        for factor in row.factors {
            let effect = effect(&record, factor);
            let reason = format!("the level of `{factor}` did not take hold: ");
            let said = record.warnings.iter().any(|it| it.starts_with(&reason));
            if effect.verdict != Verdict::NotHeld || !said {
                wrong.push(format!("{}: {effect:?} {:?}", row.axes, record.seen));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn limits_of_containers_hold() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let flags = BY_BINARY
        .iter()
        .flat_map(|(_, flag, level)| [*flag, *level]);
    let record = by_binary(&flags.collect::<Vec<_>>(), out.path());
    let effects = record["effects"].as_array().unwrap();
    for (factor, ..) in BY_BINARY {
        let effect = effects.iter().find(|it| it["factor"] == *factor);
        let effect = effect.unwrap_or_else(|| panic!("nothing of {factor}: {record}"));
        assert_ne!(effect["verdict"], "not_held", "{effect}");
        let bound = effect["verdict"] == "held";
        // No container of so little traffic comes near such a limit of memory.
        assert_eq!(bound, *factor != "memory_max", "{effect}");
    }
}

fn by_binary(flags: &[&str], out: &Path) -> serde_json::Value {
    let usual = [
        "sweep",
        "--topology",
        "veth",
        "--containers",
        "2",
        "--driver",
        "processes",
        "--warmup",
        "0ms",
        "--measure",
        "400ms",
        "--repeats",
        "1",
        "--baseline",
        "false",
        "--quiet",
        "--out",
    ];
    let run = said(kilonet(usual).arg(out).args(flags));
    assert_eq!(run.code, Some(0), "{run:?}");
    records(&run.folder()).remove(0)
}

/// By every back end and with no rule at all: a slope begins where the hook is met as well.
#[test]
fn rules_of_nat_are_met_by_the_first_packet_of_each_connection_alone() {
    let Some(_alone) = kernel() else {
        return;
    };
    for backend in ["nft", "iptables-nft", "iptables-legacy"] {
        for rules in [0, 50] {
            let axes = format!(
                "workload = \"tcp-rr\"\nrules = {rules}\nrule_hook = \"nat\"\nbackend = \"{backend}\""
            );
            let record = trial(&axes, WINDOW, None).expect("NAT is everywhere");
            let seen = record.seen.as_ref().unwrap();
            let passed = seen.rules.unwrap().passed;
            let connected = u64::from(record.flows.unwrap().connected);
            assert_eq!(passed, Some(connected), "{backend} {rules}");
            assert!(
                seen.tracked >= Some(connected),
                "{backend} {rules}: {seen:?}"
            );
            let requests = record.aggregate.unwrap().transactions_per_s.unwrap() / 5.0;
            assert!(requests > 10.0 * connected as f64, "{requests} requests");
            assert!(record.checks.unwrap().valid, "{:?}", record.warnings);
        }
    }
}
