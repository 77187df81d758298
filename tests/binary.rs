//! What the command line says: help, plans, schema and refusals, as snapshots under `tests/snapshots`.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test --test binary` writes them anew, to be read in the diff.

mod harness;

use std::fs;
use std::process::Command;

use harness::{Said, crate_dir, kilonet, said};

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
    for verb in [
        "run", "sweep", "plan", "report", "compare", "export", "doctor", "lab", "exec", "schema",
    ] {
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
    for name in [
        "quickstart",
        "post-2017",
        "bridge-scaling",
        "thousands",
        "idle-neighbours",
        "latency-under-load",
        "request-latency",
        "connection-rate",
        "tcp-memory",
        "incast",
        "udp-loss",
    ] {
        let mut plan = says(&["plan", &format!("scenarios/{name}.toml")]);
        // The last lines hold the plan against this machine's limits.
        let end = plan
            .out
            .find("the first limit to bind")
            .expect("a line on limits");
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
