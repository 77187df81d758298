//! What is seen of a trial outside of its window and of its sockets: faults that are planted, and beside each a witness of the test's own.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde_json::Value;

use crate::harness::{
    Said, for_nobody, is_real_root, kernel_allows, kilonet, plainly, records, said,
};

/// Runs a scenario in a folder; whether it could measure anything is the caller's to say.
fn run(out: &Path, text: &str) -> Said {
    let file = out.join("planted.toml");
    fs::write(&file, text).unwrap();
    said(
        kilonet(["run"])
            .arg(&file)
            .args(["--quiet", "--out"])
            .arg(out),
    )
}

/// Its one record.
fn record(run: &Said) -> Value {
    let mut records = records(&run.folder());
    assert_eq!(records.len(), 1, "{run:?}");
    records.remove(0)
}

/// A counter over some phases of a record.
fn counted(record: &Value, phases: &[&str], counter: &str) -> u64 {
    let of = |phase: &&str| record["phases"][phase][counter].as_u64();
    phases.iter().filter_map(of).sum()
}

/// Packets that were dropped for a reason in all phases.
fn dropped(record: &Value, reason: &str) -> u64 {
    let all = record["drops"].as_array().into_iter().flatten();
    let of_it = all.filter(|it| it["reason"] == reason);
    of_it.map(|it| it["packets"].as_u64().unwrap()).sum()
}

const ALL: &[&str] = &["setup", "connect", "warmup", "window", "teardown"];

/// The kernel's log from now on, read by the test itself.
struct Log(File);

impl Log {
    fn from_now() -> Self {
        let mut options = File::options();
        let options = options.read(true).custom_flags(nix::libc::O_NONBLOCK);
        let mut file = options.open("/dev/kmsg").unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        Self(file)
    }

    /// The lines with these words that have come meanwhile.
    fn lines(mut self, words: &str) -> Vec<String> {
        let (mut lines, mut record) = (Vec::new(), [0; 8192]);
        loop {
            match self.0.read(&mut record) {
                Ok(length) => {
                    let text = String::from_utf8_lossy(&record[..length]);
                    let line = text.split_once(';').unwrap().1.lines().next().unwrap();
                    lines.extend(line.contains(words).then(|| line.to_owned()));
                }
                // It has written over some that were not read yet.
                Err(error) if error.raw_os_error() == Some(nix::libc::EPIPE) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    return lines;
                }
            }
        }
    }
}

/// Holds that a record has the lines with these words that the kernel has logged meanwhile, and gives what it says of them. The kernel
/// leaves lines of the network out where there were ten in five seconds, as after another test of this kind.
fn logged<'a>(record: &'a Value, log: Log, words: &str) -> Option<&'a Value> {
    let witnessed = log.lines(words);
    let told = record["kernel_log"].as_array();
    let mut told = told.into_iter().flatten();
    let told = told.find(|it| it["line"].as_str().unwrap().contains(words));
    let Some(first) = witnessed.first() else {
        eprintln!("not judged: the kernel left out its lines of {words}");
        assert_eq!(told, None, "the kernel has not said so");
        return None;
    };
    let told = told.unwrap_or_else(|| panic!("it lacks {witnessed:?}: {record}"));
    assert_eq!(told["line"], first.as_str(), "{record}");
    assert_eq!(told["lines"], witnessed.len(), "{witnessed:?}: {record}");
    Some(told)
}

/// Times the machine's table of IPv4 neighbours has been full, by its title and not by its place.
fn table_fulls() -> u64 {
    let text = fs::read_to_string("/proc/net/stat/arp_cache").unwrap();
    let mut lines = text.lines().map(str::split_whitespace);
    let place = lines
        .next()
        .unwrap()
        .position(|title| title == "table_fulls");
    let place = place.expect("the kernel counts them");
    let figure = |mut line: std::str::SplitWhitespace| {
        u64::from_str_radix(line.nth(place).unwrap(), 16).unwrap()
    };
    lines.map(figure).sum()
}

#[test]
fn a_neighbour_table_that_overflows_while_flows_connect_shows_in_that_phase() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let (before, log) = (table_fulls(), Log::from_now());
    let run = run(
        out.path(),
        "[axes]\ntopology = \"bridge\"\nentries = \"learned\"\ncontainers = 128\ndriver = \"workers\"\n\
         [trial]\nwarmup = \"50ms\"\nmeasure = \"200ms\"\nconnect = \"2s\"\nrepeats = 1\nbaseline = false\n\
         [sysctls]\n\"net.ipv4.neigh.default.gc_thresh2\" = 32\n\"net.ipv4.neigh.default.gc_thresh3\" = 64\n",
    );
    let grown = table_fulls() - before;
    let record = record(&run);
    let seen = counted(&record, ALL, "neighbour_overflows");
    assert!(0 < seen && seen <= grown, "{seen} of {grown}: {record}");
    assert!(
        counted(&record, &["connect"], "neighbour_overflows") > 0,
        "{record}"
    );
    if let Some(line) = logged(&record, log, "table overflow") {
        assert_eq!(line["phase"], "connect", "{line}");
        assert!(line["window_s"].as_f64() <= Some(0.0), "{line}");
    }
    let watched = &record["watched"];
    let number = |name: &str| watched[name].as_u64().unwrap();
    assert_eq!(number("of"), 128, "{watched}");
    assert!(number("failing") > 0, "{watched}");
    assert!(number("containers") <= number("failing") + 64, "{watched}");
}

#[test]
fn a_connection_table_that_fills_up_is_told_with_the_second_it_was_full_and_its_size() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let log = Log::from_now();
    let run = run(
        out.path(),
        "[axes]\ntopology = \"bridge\"\npath = \"outside\"\nfirewall = \"docker-20.10\"\nworkload = \"tcp-crr\"\ncontainers = 8\n\
         [trial]\nwarmup = \"50ms\"\nmeasure = \"500ms\"\nrepeats = 1\nbaseline = false\n\
         [sysctls]\n\"net.netfilter.nf_conntrack_max\" = 1000\n",
    );
    let record = record(&run);
    let drops = counted(&record, ALL, "conntrack_drops");
    assert!(drops > 0, "{record}");
    let in_window = counted(&record, &["window"], "conntrack_drops");
    assert!(
        in_window >= record["counters"]["conntrack_drops"].as_u64().unwrap(),
        "{record}"
    );
    let table = &record["connections"];
    assert_eq!(table["max"], 1000, "{table}");
    let after = table["after"].as_u64().unwrap();
    assert!((900..=1000).contains(&after), "{table}");
    assert_eq!(
        record["counters"]["conntrack_entries"].as_u64(),
        Some(after),
        "there is one host side with rules: {record}"
    );
    let stay = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait";
    let stay: u64 = fs::read_to_string(stay).unwrap().trim().parse().unwrap();
    assert_eq!(table["closed_stay_s"], stay, "{table}");
    if let Some(line) = logged(&record, log, "table full") {
        let warmup = record["phases"]["warmup"]["duration_ns"].as_f64().unwrap() / 1e9;
        let window = record["window"]["duration_ns"].as_f64().unwrap() / 1e9;
        let second = line["window_s"].as_f64().unwrap();
        assert!(-warmup - 0.1 <= second && second <= window + 0.1, "{line}");
    }
}

#[test]
fn a_connection_table_that_is_full_while_flows_connect_shows_in_that_phase() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let run = run(
        out.path(),
        "[axes]\ntopology = \"bridge\"\npath = \"outside\"\nfirewall = \"docker-20.10\"\ncontainers = 16\n\
         [trial]\nwarmup = \"50ms\"\nmeasure = \"200ms\"\nconnect = \"2s\"\nrepeats = 1\nbaseline = false\n\
         [sysctls]\n\"net.netfilter.nf_conntrack_max\" = 4\n",
    );
    let record = record(&run);
    assert!(
        counted(&record, &["connect"], "conntrack_drops") > 0,
        "{record}"
    );
    assert_eq!(
        counted(&record, &["setup"], "conntrack_drops"),
        0,
        "{record}"
    );
    let lost = record["errors"].as_array().unwrap();
    assert!(lost.iter().any(|it| it["phase"] == "connect"), "{record}");
    assert!(
        record["watched"]["syn_retransmits"].as_u64() > Some(0),
        "whoever was not let through called again: {record}"
    );
}

#[test]
fn periods_of_being_held_back_by_a_quota_are_counted_and_without_one_are_absent() {
    if !is_real_root() {
        return;
    }
    for (limit, held_back) in [("cpu_max = 0.1\n", true), ("", false)] {
        let out = tempfile::tempdir().unwrap();
        let run = run(
            out.path(),
            &format!(
                "[axes]\ntopology = \"veth\"\ndriver = \"processes\"\ncontainers = 2\n{limit}\
                 [trial]\nwarmup = \"50ms\"\nmeasure = \"500ms\"\nrepeats = 1\nbaseline = false\n"
            ),
        );
        let record = record(&run);
        let periods = record["watched"]["throttled_periods"].as_u64();
        assert_eq!(periods.is_some(), held_back, "{record}");
        // A period is 100 ms: each of the two used its share up in nearly all of five.
        assert!(!held_back || periods >= Some(4), "{record}");
    }
}

#[test]
fn what_containers_count_of_datagrams_is_what_their_sockets_say() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let run = run(
        out.path(),
        "[axes]\ntopology = \"veth\"\nworkload = \"udp-stream\"\nbuffers = \"4KiB\"\ncontainers = 8\n\
         [trial]\nwarmup = \"50ms\"\nmeasure = \"250ms\"\nrepeats = 1\nbaseline = false\n",
    );
    let record = record(&run);
    let watched = &record["watched"];
    assert_eq!(
        (&watched["containers"], &watched["of"]),
        (&8.into(), &8.into())
    );
    // Of the sockets' life in both; the namespace goes on to count until it is read.
    let at_sockets = record["counters"]["socket_drops"].as_u64().unwrap();
    let inside = watched["udp_receive_buffer_errors"].as_u64().unwrap();
    assert!(at_sockets > 0, "nothing was dropped: {record}");
    assert!(inside >= at_sockets, "{inside} against {at_sockets}");
    assert!(
        inside <= at_sockets + at_sockets / 10 + 64,
        "{inside} against {at_sockets}"
    );
    // Who may trace is told by the kernel's own reason, of the whole machine, and until the lab is gone.
    let reasons = record["drops"].as_array().is_some();
    assert_eq!(reasons, is_real_root(), "{record}");
    let dropped = dropped(&record, "SOCKET_RCVBUFF");
    let most = inside + inside / 10 + 64;
    assert!(
        !reasons || (inside..=most).contains(&dropped),
        "{dropped} against {inside}"
    );
}

#[test]
fn packets_dropped_at_full_backlogs_are_as_many_by_their_reason_as_by_the_kernels_counter() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let run = run(
        out.path(),
        "[axes]\ntopology = \"bridge\"\ncontainers = 16\n\
         [trial]\nwarmup = \"50ms\"\nmeasure = \"200ms\"\nrepeats = 1\nbaseline = false\n\
         [sysctls]\n\"net.core.netdev_max_backlog\" = 3\n",
    );
    let record = record(&run);
    let counted = counted(&record, ALL, "backlog_drops");
    let dropped = dropped(&record, "CPU_BACKLOG");
    assert!(counted > 100, "{record}");
    // Both are the whole machine's, and are read one after the other.
    assert!(
        counted.abs_diff(dropped) <= counted / 20,
        "{dropped} against {counted}: {record}"
    );
}

#[test]
fn cpus_one_by_one_are_the_machines_cpu_and_watching_says_what_it_took() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let run = run(
        out.path(),
        "[axes]\ntopology = \"bridge\"\ncontainers = 8\n\
         [trial]\nwarmup = \"50ms\"\nmeasure = \"500ms\"\nrepeats = 1\nbaseline = false\n",
    );
    let record = record(&run);
    let cpus = record["cpus"].as_array().unwrap();
    assert!(!cpus.is_empty(), "{record}");
    for kind in ["user_ns", "system_ns", "softirq_ns", "idle_ns"] {
        let each = cpus.iter().map(|cpu| cpu[kind].as_u64().unwrap());
        let sum: u64 = each.sum();
        let all = record["cpu"][kind].as_u64().unwrap();
        // The kernel rounds each CPU and their sum apart, at either edge.
        let rounding = 20_000_000 * (cpus.len() as u64 + 1);
        assert!(sum.abs_diff(all) <= rounding, "{kind}: {sum} of {all}");
    }
    let took = |name: &str| record["watching"][name].as_u64().unwrap();
    assert!(0 < took("cpu_ns"), "{record}");
    assert!(0 < took("wall_ns"), "{record}");
    let listen_drops = record["phases"]["connect"]["listen_drops"].as_u64();
    assert_eq!(listen_drops, Some(0), "the host side was read: {record}");
    let sides = serde_json::json!({"read": 1, "of": 1});
    assert_eq!(record["host_sides"], sides, "{record}");
}

/// The rules let eight calls through and no more: four bring the flows up, four are answered before the window opens, and whoever calls
/// then is still waiting when it closes.
#[test]
fn connections_that_hang_for_longer_than_the_window_count_as_longer_than_their_age() {
    if !is_real_root() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let rules = out.path().join("rules.nft");
    let text = "table ip mine {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n\
                \t\ttcp flags & (syn | ack) == syn limit rate over 1/hour burst 8 packets drop\n\t}\n}\n";
    fs::write(&rules, text).unwrap();
    let run = run(
        out.path(),
        &format!(
            "[axes]\ntopology = \"bridge\"\nfirewall = \"custom\"\nworkload = \"tcp-crr\"\ncontainers = 8\n\
             [lab]\nruleset = {rules:?}\n\
             [trial]\nwarmup = \"300ms\"\nmeasure = \"1200ms\"\nrepeats = 1\nbaseline = false\n\
             [fail_if]\nabove-1s = \"> 50%\"\n"
        ),
    );
    let record = record(&run);
    assert!(record["latency"].is_null(), "none ended: {record}");
    let under_way = &record["under_way"];
    assert_eq!(under_way["connections"], 4, "one a pair: {record}");
    assert_eq!(under_way["above_1s"], 4, "{record}");
    assert!(
        under_way["oldest_ns"].as_u64() >= Some(1_200_000_000),
        "{record}"
    );
    let said = "no connection ended in the window: 4 connections were under way";
    assert!(record["warnings"].to_string().contains(said), "{record}");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("fail_if:"), "{run:?}");
    assert!(!run.err.contains("not known"), "{run:?}");
}

/// A file that only root may read stands in the place of the kernel's log.
#[test]
fn who_may_not_read_the_kernels_log_is_told_so_once_and_is_watched_all_the_same() {
    if !is_real_root() {
        return;
    }
    let nobody = for_nobody();
    let closed = nobody.path().join("kmsg");
    fs::write(&closed, "").unwrap();
    fs::set_permissions(&closed, PermissionsExt::from_mode(0o600)).unwrap();
    let script = "mount --bind kmsg /dev/kmsg && exec setpriv --reuid=65534 --regid=65534 --clear-groups ./kilonet \"$@\"";
    let mut command = plainly("unshare");
    command.args(["--mount", "sh", "-c", script, "kilonet", "sweep"]);
    command.args(["--topology", "veth", "--containers", "2,4", "--out", "out"]);
    command.args(["--warmup", "50ms", "--measure", "100ms", "--repeats", "1"]);
    let run = said(command.current_dir(nobody.path()));
    assert_eq!(run.code, Some(0), "{run:?}");
    let note = "note: this run does not record the kernel's log: read /dev/kmsg: Permission denied";
    assert_eq!(run.err.matches(note).count(), 1, "{run:?}");
    let hint = "hint: run as root, or set sysctl kernel.dmesg_restrict=0";
    assert_eq!(run.err.matches(hint).count(), 1, "{run:?}");
    let mut folders = fs::read_dir(nobody.path().join("out")).unwrap();
    let records = records(&folders.next().unwrap().unwrap().path());
    assert!(records.len() >= 2, "{run:?}");
    for record in &records {
        assert_eq!(record["status"], "ok", "{record}");
        let drops = &record["phases"]["window"]["backlog_drops"];
        assert!(drops.is_u64(), "{record}");
        assert!(record["watched"]["listen_drops"].is_u64(), "{record}");
        assert!(record["kernel_log"].is_null(), "{record}");
        let said = record["warnings"].to_string();
        assert!(!said.contains("kmsg"), "it was said once already: {record}");
    }
}
