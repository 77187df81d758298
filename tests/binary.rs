//! What the command line says: help, plans, schema and refusals, as snapshots under `tests/snapshots`.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test --test binary` writes them anew, to be read in the diff.

mod harness;

use std::fs;
use std::process::Command;

use clap::CommandFactory;
use harness::{Said, crate_dir, kilonet, said};
use kilonet::cli::Cli;

fn says(arguments: &[&str]) -> Said {
    said(&mut kilonet(arguments))
}

/// Runs in an empty folder in which `name` holds `content`, so that file names in messages are the same everywhere.
fn says_of_file(arguments: &[&str], name: &str, content: &[u8]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    said(kilonet(arguments).current_dir(folder.path()))
}

macro_rules! assert_said {
    ($name:expr, $said:expr) => {
        insta::assert_snapshot!($name, $said.transcript())
    };
}

#[test]
fn help_of_the_whole_and_of_every_verb() {
    assert_said!("help", says(&["--help"]));
    let cli = Cli::command();
    let verbs = cli.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs: Vec<_> = verbs.map(clap::Command::get_name).collect();
    assert!(verbs.contains(&"run"), "{verbs:?}");
    for verb in verbs {
        let help = says(&[verb, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
        assert_said!(format!("help of {verb}"), help);
    }
}

/// What a program that is everywhere says, on one line; absent where it refuses.
fn told(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(crate_dir())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| said.trim().to_owned())
}

/// A scenario may make a table smaller to see it full; one that makes it larger, or leaves it, is held to what it sets.
#[test]
fn a_plan_is_held_against_the_limits_that_its_own_scenario_sets() {
    let own = fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").unwrap();
    let own: u32 = own.trim().parse().unwrap();
    let containers = (own + 2).next_multiple_of(2);
    let plan = |most: u32| {
        let text = format!(
            "[axes]\ntopology = \"bridge\"\ncontainers = {containers}\nentries = \"learned\"\n[sysctls]\n\
             \"net.ipv4.neigh.default.gc_thresh3\" = {most}\n\"net.ipv6.neigh.default.gc_thresh3\" = 1000000\n"
        );
        says_of_file(&["plan", "it.toml"], "it.toml", text.as_bytes()).out
    };
    let refusal = "net.ipv4.neigh.default.gc_thresh3 will refuse the largest trial";
    for most in [1_000_000, own - 1] {
        let enough = plan(most);
        assert!(!enough.contains("gc_thresh3 will refuse"), "{enough}");
    }
    let few = plan(own);
    assert!(few.contains(refusal), "{few}");
    assert!(few.contains("under [sysctls] of the scenario"), "{few}");
}

/// A namespace has 28,232 ports to choose from, unless a scenario says otherwise; each flow is listened for on one.
#[test]
fn a_plan_is_held_against_the_ports_that_its_own_scenario_sets() {
    let plan = |sysctls: &str| {
        let text = format!(
            "[axes]\ntopology = \"loopback\"\ncontainers = 2000\nstreams = 40\nworkload = \"idle\"\ndriver = \"workers\"\n{sysctls}"
        );
        says_of_file(&["plan", "it.toml"], "it.toml", text.as_bytes()).out
    };
    let refusal = "local ports will refuse the largest trial";
    assert!(plan("").contains(refusal), "{}", plan(""));
    let wide = plan("[namespace.sysctls]\n\"net.ipv4.ip_local_port_range\" = \"1024 65000\"\n");
    assert!(!wide.contains(refusal), "{wide}");
    let narrow = plan("[namespace.sysctls]\n\"net.ipv4.ip_local_port_range\" = \"1024 2000\"\n");
    assert!(
        narrow.contains(refusal) && narrow.contains("[namespace.sysctls]"),
        "{narrow}"
    );
}

#[test]
fn version_says_which_source_it_was_built_from() {
    let said = says(&["--version"]).out;
    let number = concat!("kilonet ", env!("CARGO_PKG_VERSION"), " (");
    assert!(said.starts_with(number), "{said}");
    let lock = told("sha256sum", &["Cargo.lock"]).unwrap();
    assert!(
        said.contains(&format!("lock file {},", &lock[..12])),
        "{said}"
    );
    match told("git", &["rev-parse", "HEAD"]) {
        Some(commit) => assert!(
            said.contains(&format!("commit {}", &commit[..12])),
            "{said}"
        ),
        None => assert!(said.contains("no commit"), "{said}"),
    }
}

#[test]
fn plan_of_each_shipped_scenario() {
    let files = fs::read_dir(crate_dir().join("scenarios")).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let mut plan = says(&["plan", file.to_str().unwrap()]);
        // The last lines hold the plan against this machine's limits.
        let end = plan
            .out
            .find("the first limit to bind")
            .or_else(|| plan.out.find("no limit of this machine"))
            .unwrap_or_else(|| panic!("{name}: no line on limits: {plan:?}"));
        plan.out.truncate(end);
        assert_said!(format!("plan of {name}"), plan);
    }
}

#[test]
fn plan_as_json_carries_every_trial_and_what_it_needs() {
    let said = says(&[
        "plan",
        "scenarios/post-2017.toml",
        "--json",
        "--repeats",
        "2",
    ]);
    let plan: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(plan["trials"].as_array().map(Vec::len), Some(2 * 17));
    assert!(
        plan["need"]["descriptors"].as_u64() > Some(0),
        "{}",
        plan["need"]
    );
    assert!(plan["estimated_s"].as_f64() > Some(0.0));
}

#[test]
fn plan_takes_the_same_flags_as_run() {
    let wide = says(&[
        "plan",
        "scenarios/quickstart.toml",
        "--topology",
        "veth",
        "--containers",
        "4",
        "--repeats",
        "1",
    ]);
    let trials: Vec<_> = wide
        .out
        .lines()
        .filter(|line| line.contains("-r0"))
        .collect();
    assert_eq!(trials.len(), 2, "one cell and its baseline: {trials:?}");
}

#[test]
fn schema_of_scenario_files() {
    assert_said!("schema", says(&["schema"]));
}

#[test]
fn sweep_prints_the_scenario_that_its_flags_stand_for() {
    let flags = [
        "sweep",
        "--print",
        "--topology",
        "veth,bridge",
        "--family",
        "ipv4,ipv6",
        "--containers",
        "2..64 x4",
    ];
    let more = [
        "--driver",
        "workers",
        "--streams",
        "2",
        "--message",
        "64KiB",
        "--measure",
        "2s",
        "--repeats",
        "5",
        "--seed",
        "9",
    ];
    let printed = says(&[&flags[..], &more[..]].concat());
    assert_said!("sweep printed", printed);

    let planned = says_of_file(
        &["plan", "mine.toml", "--json"],
        "mine.toml",
        printed.out.as_bytes(),
    );
    let plan: serde_json::Value =
        serde_json::from_str(&planned.out).expect("what is printed is a scenario");
    assert_eq!(plan["seed"], 9);
    // Two topologies by two families by four counts, and a baseline for each family: five times.
    assert_eq!(
        plan["trials"].as_array().map(Vec::len),
        Some(5 * (2 * 2 * 4 + 2))
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    for (name, arguments) in [
        ("no verb", &[][..]),
        ("an unknown verb", &["measure"]),
        (
            "an unknown flag",
            &["run", "scenarios/quickstart.toml", "--containrs", "4"],
        ),
        ("run of nothing", &["run"]),
        ("a scenario that is not there", &["run", "nowhere.toml"]),
        (
            "resume and a scenario",
            &["run", "scenarios/quickstart.toml", "--resume", "results"],
        ),
        (
            "an unknown topology",
            &["sweep", "--topology", "ring", "--containers", "4"],
        ),
        (
            "a duration without a unit",
            &["sweep", "--containers", "4", "--measure", "5"],
        ),
        (
            "a window that is too short",
            &["sweep", "--containers", "4", "--measure", "1ms"],
        ),
        (
            "a range that runs backwards",
            &["sweep", "--containers", "64..2"],
        ),
        (
            "more active than existing",
            &["sweep", "--containers", "4", "--active", "6"],
        ),
    ] {
        let said = says(arguments);
        assert_eq!(said.code, Some(2), "{name}: {said:?}");
        assert_eq!(said.out, "", "{name}");
        assert_said!(format!("refused {name}"), said);
    }
}

#[test]
fn a_lab_and_its_shell_are_asked_for_as_they_are() {
    let lab = ["lab", "--containers", "4", "--cell", "veth-ipv4-none-c4"];
    for (name, code, arguments) in [
        ("a cell that is not there", 2, &lab[..]),
        (
            "a shell of real containers",
            1,
            &["lab", "--containers", "4", "--testbed", "docker"],
        ),
        ("a room that has no name", 2, &["exec", "red", "--", "true"]),
        ("nothing to run", 2, &["exec", "0"]),
        ("a container without a lab", 1, &["exec", "0", "--", "true"]),
    ] {
        let said = said(kilonet(arguments).env_remove("KILONET_LAB"));
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(code), ""),
            "{name}: {said:?}"
        );
        assert_said!(format!("refused {name}"), said);
    }
}

#[test]
fn counts_that_cannot_be_exit_with_2() {
    for count in [
        "0",
        "1",
        "3",
        "-2",
        "1000000000",
        "many",
        "",
        "2..",
        "99999999999999999999",
    ] {
        let said = says(&["sweep", &format!("--containers={count}")]);
        assert_eq!(said.code, Some(2), "{count}: {said:?}");
        assert_said!(
            format!(
                "refused count {}",
                if count.is_empty() { "nothing" } else { count }
            ),
            said
        );
        let file = format!("[axes]\ntopology = \"veth\"\ncontainers = {count}\n");
        let said = says_of_file(&["run", "count.toml"], "count.toml", file.as_bytes());
        assert_eq!(said.code, Some(2), "{count}: {said:?}");
        assert!(said.err.contains("count.toml:3"), "{}", said.err);
    }
}

#[test]
fn files_that_are_no_scenario_exit_with_2() {
    for (name, content) in [
        ("an empty file", &b""[..]),
        ("a file that is not UTF-8", b"name = \"caf\xe9\"\n"),
        ("a file that is not TOML", b"<scenario containers='2'/>\n"),
        ("a file with a NUL", b"name = \"a\0b\"\n"),
        (
            "an unknown key",
            b"[axes]\ncontainers = 2\ncolour = \"blue\"\n",
        ),
        (
            "an unknown table",
            b"[axes]\ncontainers = 2\n[axis]\ncontainers = 2\n",
        ),
    ] {
        let said = says_of_file(&["run", "mine.toml"], "mine.toml", content);
        assert_eq!(said.code, Some(2), "{name}: {said:?}");
        assert_said!(format!("refused {name}"), said);
    }
}

#[test]
fn a_file_of_50_mb_is_refused_by_its_size_and_a_folder_as_one() {
    let large = vec![b'#'; 50 << 20];
    let said = says_of_file(&["plan", "large.toml"], "large.toml", &large);
    assert_eq!(said.code, Some(2));
    assert_said!("refused a file of 50 MB", said);
    let said = says(&["plan", "scenarios"]);
    assert_eq!(said.code, Some(2));
    assert_said!("refused a folder", said);
}

const RULES: &str = "results/20261123T115626Z-docker-rules";

#[test]
fn what_cannot_be_compared_exits_with_2() {
    let setup = "results/20261123T112949Z-docker-setup";
    for (name, arguments) in [
        ("compare of one run", &["compare", RULES][..]),
        ("compare of no run folder", &["compare", RULES, "scenarios"]),
        (
            "compare of other cells",
            &["compare", "results/20261123T120013Z-post-2017", setup],
        ),
        (
            "compare of no metric",
            &["compare", RULES, RULES, "--metric", "speed"],
        ),
        (
            "compare by no share",
            &["compare", RULES, RULES, "--threshold", "0.05"],
        ),
    ] {
        let said = says(arguments);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(2), ""),
            "{name}: {said:?}"
        );
        assert_said!(format!("refused {name}"), said);
    }
}

#[test]
fn report_of_what_is_no_run_folder_exits_with_1() {
    let said = says(&["report", "scenarios"]);
    assert_eq!(said.code, Some(1));
    assert_said!("refused report of no run folder", said);
}

#[test]
fn a_report_in_a_form_that_is_not_there_or_with_nothing_to_write_is_refused() {
    for (name, flags) in [
        ("an unknown form of report", &["--format", "md,pdf"][..]),
        (
            "a file for what is printed",
            &["--format", "term", "--out", "x"],
        ),
        ("a folder for no form", &["--out", "x"]),
    ] {
        let said = says(&[&["report", "results"], flags].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert_said!(format!("refused {name}"), said);
    }
}

#[test]
fn an_export_in_a_form_that_is_not_there_is_refused() {
    let said = says(&["export", "results", "--format", "xlsx"]);
    assert_eq!(said.code, Some(2));
    assert_said!("refused an unknown format", said);
}

#[test]
fn an_export_of_one_file_goes_to_standard_output_or_where_it_is_told() {
    let run = "results/20261123T115626Z-docker-rules";
    let printed = says(&["export", run, "--format", "k8s-netperf-csv"]);
    assert_eq!((printed.code, printed.err.as_str()), (Some(0), ""));
    assert!(
        printed.out.starts_with("Driver,Profile,"),
        "{}",
        printed.out
    );
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cells.csv");
    let file = path.to_str().unwrap();
    let kept = says(&["export", run, "--format", "k8s-netperf-csv", "--out", file]);
    assert_eq!((kept.code, kept.out.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(&path).unwrap(), printed.out);
}

#[test]
fn an_export_of_several_files_prints_their_paths() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("tables");
    let run = "results/20261123T115626Z-docker-rules";
    let said = says(&[
        "export",
        run,
        "--format",
        "csv",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let paths: Vec<_> = said.out.lines().map(fs::metadata).collect();
    assert_eq!(paths.len(), 3);
    assert!(paths.into_iter().all(|file| file.unwrap().len() > 0));
}

/// The flags that a verb's help lists, with what follows each.
fn flags_of(verb: &str) -> Vec<String> {
    let help = says(&[verb, "--help"]).out;
    let lines = help.lines().map(str::trim_start);
    let flags = lines.filter_map(|line| line.split(' ').find(|word| word.starts_with("--")));
    flags.map(str::to_owned).collect()
}

#[test]
fn a_flag_that_a_verb_has_no_use_for_is_refused_with_the_reason_and_is_not_in_its_help() {
    // What stands for a key: all flags of a sweep but those that are a verb's own.
    let own = ["--print", "--out", "--quiet", "--live", "--help"];
    let keys = flags_of("sweep");
    let keys = keys.iter().filter(|flag| !own.contains(&flag.as_str()));
    let keys: Vec<_> = keys.collect();
    assert!(keys.len() > 45, "{keys:?}");
    for (verb, places, unused) in [
        ("attach", &["1", "1"][..], "--topology"),
        ("lab", &[], "--message"),
        ("doctor", &[], "--repeats"),
        ("doctor", &[], "--containers"),
    ] {
        let listed = flags_of(verb);
        let others: Vec<_> = keys.iter().filter(|flag| !listed.contains(flag)).collect();
        assert!(
            others.iter().any(|flag| **flag == unused),
            "{verb}: {others:?}"
        );
        for flag in others {
            let said = says(&[&[verb], places, &[flag.as_str(), "1"]].concat());
            assert_eq!(
                (said.code, said.out.as_str()),
                (Some(2), ""),
                "{verb} {flag}: {said:?}"
            );
            let begins = format!("error: {flag}: ");
            assert!(said.err.starts_with(&begins), "{verb} {flag}: {said:?}");
            assert!(said.err.contains("\nhint: "), "{verb} {flag}: {said:?}");
        }
    }
}

#[test]
fn a_flag_that_another_leaves_nothing_to_say_is_refused() {
    let quickstart = "scenarios/quickstart.toml";
    for together in [
        &["run", quickstart, "--verify", "--repeats", "5"][..],
        &["run", quickstart, "--verify", "--measure", "5s"],
        &["run", "--resume", "results", "--containers", "4"],
        &["run", "--resume", "results", "--rate", "4"],
        &["run", "--resume", "results", "--snooping", "true"],
        &["run", "--resume", "results", "--verify"],
        &["run", "--resume", "results", "--out", "x"],
        &["sweep", "--containers", "2", "--print", "--out", "x"],
        &["sweep", "--containers", "2", "--print", "--quiet"],
        &["sweep", "--containers", "2", "--print", "--live"],
        &["sweep", "--containers", "2", "--live", "--quiet"],
        &["compare", "results", "results", "--threshold", "1%"],
        &["attach", "1", "1", "--driver", "iperf3"],
        &["attach", "1", "1", "--driver", "processes"],
    ] {
        let said = says(together);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(2), ""),
            "{together:?}: {said:?}"
        );
        assert!(said.err.starts_with("error: "), "{together:?}: {said:?}");
    }
}

#[test]
fn what_was_attached_to_is_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = serde_json::json!({
        "schema": 1, "name": "attach", "scenario_text": "[axes]\ntopology = \"attached\"\ncontainers = 2\n",
        "settings": {"attached": true}, "version": "0", "seed": 1, "planned": 1, "started_unix_ns": 0,
        "fingerprint": {}
    });
    fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();
    let said = says(&["run", "--resume", folder.path().to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let reason = "resume the run: it measured containers that existed then";
    assert!(said.err.contains(reason), "{said:?}");
    assert!(
        said.err.contains("hint: run kilonet attach again"),
        "{said:?}"
    );
}
