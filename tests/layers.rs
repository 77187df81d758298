//! The rooms keep their order: a lower one never imports an upper one, and what is dangerous or heavy stays in
//! the one room that is meant to know it. Read from the source text, so that the compiler cannot be talked round.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kilonet::scenario::{Factor, Workload};

/// Where the sources are, and the room that a whole crate is.
const CRATES: &[(&str, &str)] = &[
    ("src", ""),
    ("crates/kilonet-stats/src", "stats/"),
    ("crates/kilonet-record/src", ""),
    ("crates/kilonet-scenario/src", ""),
    ("crates/kilonet-report/src", ""),
];

/// The rooms, lowest first. A room may import itself and what stands on an earlier line.
const ORDER: &[&[&str]] = &[
    &["random", "allocations"],
    &["error", "printable", "units"],
    &["files"],
    &["swept"],
    &["stats"],
    &["factors"],
    &["store"],
    &["scenario", "version"],
    &["plan", "cpu"],
    &["lab"],
    &["host"],
    &["traffic"],
    &["testbed"],
    &["runner"],
    &["analysis"],
    &["report", "export"],
    &["cli"],
    &["main"],
];

/// What a run folder is read with: nothing of it may need rights, nor Linux.
const BEHIND_THE_DISK: &[&str] = &["analysis", "report", "export"];
/// The rooms that act on a machine.
const MACHINE: &[&str] = &["lab", "host", "traffic", "testbed", "runner"];

struct Source {
    /// From `src`, with slashes.
    path: String,
    /// Without comments and without a module of tests at its end.
    code: String,
}

impl Source {
    fn room(&self) -> &str {
        let (first, _) = self.path.split_once('/').unwrap_or((&self.path, ""));
        first.trim_end_matches(".rs")
    }

    /// The rooms that the file names after `crate::`, or after `kilonet::` in `main`.
    fn imports(&self) -> BTreeSet<String> {
        let paths = self
            .code
            .match_indices("crate::")
            .map(|(at, it)| at + it.len());
        let of_main = self
            .code
            .match_indices("kilonet::")
            .map(|(at, it)| at + it.len());
        paths
            .chain(of_main)
            .flat_map(|at| first_segments(&self.code[at..]))
            .map(|name| {
                if matches!(name.as_str(), "Error" | "Result") {
                    "error".to_owned()
                } else {
                    name
                }
            })
            .collect()
    }
}

/// The first segment of a path, or those of each path in braces.
fn first_segments(text: &str) -> Vec<String> {
    let Some(inside) = text.strip_prefix('{') else {
        return vec![identifier(text)];
    };
    let mut names = vec![identifier(inside.trim_start())];
    let mut depth = 1;
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(identifier(inside[at + 1..].trim_start())),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn sources() -> Vec<Source> {
    let all: Vec<_> = CRATES
        .iter()
        .flat_map(|(folder, room)| of_crate(folder, room))
        .collect();
    assert!(all.len() > 50, "only {} files were found", all.len());
    all
}

/// The files of a crate, each by its path from the crate's sources, or from the room that the whole crate is.
fn of_crate(folder: &str, room: &str) -> Vec<Source> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    gather(&base, &mut files);
    let source = |file: PathBuf| Source {
        path: format!("{room}{}", file.strip_prefix(&base).unwrap().display()),
        code: what_ships(&fs::read_to_string(&file).unwrap()),
    };
    let sources: Vec<_> = files.into_iter().map(source).collect();
    assert!(!sources.is_empty(), "{folder} has no files");
    sources
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn what_ships(text: &str) -> String {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let tests = ["", "pub(super) ", "pub(crate) "];
    let tests = tests.map(|it| format!("#[cfg(test)]\n{it}mod tests {{"));
    let ends = tests.iter().filter_map(|tests| code.find(tests.as_str()));
    ends.min()
        .map_or(code.clone(), |end| code[..end].to_owned())
}

fn rank(room: &str) -> usize {
    ORDER
        .iter()
        .position(|line| line.contains(&room))
        .unwrap_or_else(|| panic!("`{room}` has no place in the order; give it one"))
}

/// Files outside `allowed` (prefixes of their path), tests aside, that contain a word.
fn strays(word: &str, allowed: &[&str]) -> Vec<String> {
    let stray = |source: &Source| {
        !source.path.ends_with("/tests.rs")
            && !source.path.contains("/tests/")
            && source.code.contains(word)
            && !allowed.iter().any(|prefix| source.path.starts_with(prefix))
    };
    sources()
        .into_iter()
        .filter(stray)
        .map(|source| source.path)
        .collect()
}

#[test]
fn no_room_imports_one_above_it() {
    let mut seen = 0;
    for source in sources().iter().filter(|source| source.room() != "lib") {
        for import in source.imports() {
            let allowed = import == source.room() || rank(&import) < rank(source.room());
            assert!(
                allowed,
                "{} imports crate::{import}, which is above it",
                source.path
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} imports were seen");
}

/// Crates that a crate is built without, so that it can be read, built and used where these mean nothing: the kernel's for what
/// only reads records, and those for reading command lines and scenarios for the contract with the disk.
const WITHOUT: &[(&str, &[&[&str]])] = &[
    ("kilonet-stats", &[MACHINES, &["toml"]]),
    ("kilonet-record", &[MACHINES, &["toml"]]),
    ("kilonet-scenario", &[MACHINES]),
    ("kilonet-report", &[MACHINES]),
];

/// What talks to the kernel, to engines and to who types.
const MACHINES: &[&str] = &[
    "clap",
    "nix",
    "tokio",
    "netlink",
    "rtnetlink",
    "bollard",
    "procfs",
];

#[test]
fn a_crate_is_built_without_what_it_must_not_know() {
    for (name, without) in WITHOUT {
        let output = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--locked",
                "--edges=normal",
                "--prefix=none",
                "-p",
                name,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let tree = String::from_utf8_lossy(&output.stdout);
        let first = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let crates: BTreeSet<_> = tree.lines().map(first).collect();
        assert!(
            crates.contains("serde") && crates.contains(*name),
            "{output:?}"
        );
        let known = |crate_: &&String| {
            without
                .concat()
                .iter()
                .any(|word| crate_ == word || crate_.starts_with(&format!("{word}-")))
        };
        let known: Vec<_> = crates.iter().filter(known).collect();
        assert_eq!(known, [""; 0], "{name}");
    }
}

#[test]
fn nothing_behind_the_disk_knows_the_machine() {
    for source in sources() {
        if BEHIND_THE_DISK.contains(&source.room()) {
            let machine: Vec<_> = source
                .imports()
                .into_iter()
                .filter(|room| MACHINE.contains(&room.as_str()))
                .collect();
            assert_eq!(machine, [""; 0], "{}", source.path);
        }
    }
}

#[test]
fn only_netns_and_privilege_change_namespaces() {
    for word in ["unshare(", "setns("] {
        assert_eq!(
            strays(word, &["lab/netns.rs", "host/privilege.rs"]),
            [""; 0],
            "`{word}`"
        );
        assert_eq!(
            strays(word, &["host/privilege.rs"]),
            ["lab/netns.rs"],
            "`{word}` is not where it was looked for"
        );
    }
}

/// The probe of features tries netlink for itself, in a namespace that it throws away.
const NETLINK: &[&str] = &["lab/netlink/", "host/features/attempt.rs"];
/// Requests to an engine are in flight several at once, as netlink's events are waited for.
const ASYNCHRONOUS: &[&str] = &["lab/netlink/", "host/features/attempt.rs", "lab/docker/"];

#[test]
fn netlink_and_the_asynchronous_runtime_stay_in_the_lab() {
    for word in ["rtnetlink::", "netlink_packet_route::", "netlink_sys::"] {
        assert_eq!(strays(word, NETLINK), [""; 0], "`{word}`");
        assert_ne!(strays(word, &[]), [""; 0], "`{word}` is nowhere");
    }
    for word in ["tokio::", "futures::"] {
        assert_eq!(strays(word, ASYNCHRONOUS), [""; 0], "`{word}`");
        assert_ne!(strays(word, &[]), [""; 0], "`{word}` is nowhere");
    }
}

#[test]
fn only_one_room_speaks_to_an_engine() {
    assert_eq!(strays("bollard::", &["lab/docker/"]), [""; 0]);
    assert_ne!(strays("bollard::", &[]), [""; 0], "`bollard` is nowhere");
}

#[test]
fn only_the_view_of_a_run_that_goes_on_draws_on_a_screen() {
    for (word, rooms) in [
        ("ratatui::", &["report/live/", "cli/live/"][..]),
        ("termios::", &["cli/live/terminal.rs"]),
    ] {
        assert_eq!(strays(word, rooms), [""; 0], "`{word}`");
        assert_ne!(strays(word, &[]), [""; 0], "`{word}` is nowhere");
    }
}

#[test]
fn one_file_prints_and_only_main_exits() {
    // The linter refuses what this cannot see, standard output and error by any other name (clippy.toml).
    for word in ["println!", "print!(", "eprint", "anstream::"] {
        assert_eq!(strays(word, &["cli/out.rs"]), [""; 0], "`{word}`");
    }
    assert_ne!(strays("anstream::", &[]), [""; 0], "nothing prints");
    assert_eq!(strays("exit(", &["main.rs", "host/alone.rs"]), [""; 0]);
}

/// Who may name a topology beside `factors/topology.rs`, which says what each is; all others ask for its facts.
const NAME_TOPOLOGIES: &[&str] = &[
    // What builds each: a file, and a row of the table.
    "lab/topology/",
    // The one that no scenario asks for, but a verb.
    "cli/attach.rs",
    // The rows of a printed table, and what is known of them.
    "analysis/post/table.rs",
    "report/findings/post.rs",
    // The colours of those that are seen most.
    "report/look.rs",
    // A made-up machine, for tests.
    "store/sample.rs",
    "store/sample/",
];

#[test]
fn what_a_topology_is_is_asked_of_its_facts() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rows = home.join("crates/kilonet-record/src/factors/topology.rs");
    let names = variants(&fs::read_to_string(rows).unwrap(), "Topology");
    assert!(names.len() > 10, "{names:?}");
    let allowed = [&["factors/topology.rs"], NAME_TOPOLOGIES].concat();
    for name in names {
        let word = format!("Topology::{name}");
        assert_eq!(strays(&word, &allowed), [""; 0], "`{word}`");
    }
}

/// The variants of an enum that `factor!` makes.
fn variants(text: &str, name: &str) -> Vec<String> {
    let (_, rows) = text.split_once(&format!("    {name}, ")).unwrap();
    let (rows, _) = rows.split_once("\n}").unwrap();
    let rows = rows
        .lines()
        .filter_map(|line| line.trim_start().split_once(" = \""));
    rows.map(|(variant, _)| variant.to_owned()).collect()
}

/// Files that may name a workload: its row of facts, the table of what does it, and records that tests are made of.
const NAME_WORKLOADS: &[&str] = &[
    "factors/workload.rs",
    "traffic/workload/mod.rs",
    "store/sample",
];

#[test]
fn what_a_workload_is_follows_from_its_row() {
    for workload in Workload::ALL {
        let name = format!("Workload::{workload:?}");
        assert_eq!(strays(&name, NAME_WORKLOADS), [""; 0], "`{name}`");
        let table = strays(&name, &["factors/workload.rs", "store/sample"]);
        assert_eq!(table, ["traffic/workload/mod.rs"], "`{name}`");
    }
    // There alone its variants have a shorter name.
    for word in ["impl Workload {", "use Workload::", "Workload::{"] {
        assert_eq!(strays(word, &["factors/workload.rs"]), [""; 0], "`{word}`");
    }
}

#[test]
fn there_is_no_circle_of_imports() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/circles");
    let output = Command::new(&script).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(told, "0 circles\n");
}

#[test]
fn a_circle_is_seen_by_a_re_export_and_a_child_that_uses_its_parent() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("lib.rs", "mod a; mod b;\npub use a::A;\npub struct Own;\n");
    write("a.rs", "use super::b::B;\npub struct A(B);\n");
    let circles = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/circles");
        let output = Command::new(script).arg(home.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    write("b.rs", "pub struct B;\n// use crate::A;\n");
    assert!(circles().ends_with("0 circles\n"), "{}", circles());
    write("b.rs", "use crate::A;\npub struct B;\n");
    assert!(
        circles().ends_with(": 2 files\n  a.rs\n  b.rs\n1 circles\n"),
        "{}",
        circles()
    );
    write(
        "b.rs",
        "pub struct B;\nfn own() -> crate::Own { todo!() }\n",
    );
    assert!(
        circles().ends_with(": 3 files\n  a.rs\n  b.rs\n  lib.rs\n1 circles\n"),
        "{}",
        circles()
    );
}

#[test]
fn imports_in_braces_are_seen_each() {
    let source = Source {
        path: "plan/mod.rs".into(),
        code: "use crate::{\n    lab::{self, Lab},\n    Error,\n};\nlet x = crate::host::y;".into(),
    };
    assert_eq!(source.room(), "plan");
    assert_eq!(
        source.imports().into_iter().collect::<Vec<_>>(),
        ["error", "host", "lab"]
    );
}

/// The documents, each with its folder.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "results"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let files = folders
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect()
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut seen = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|behind| behind.split(')').next());
        for link in links.filter(|link| !link.starts_with("http") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap();
            let target = document.parent().unwrap().join(path);
            assert!(target.exists(), "{}: {link}", document.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} links were seen");
}

#[test]
fn what_the_map_for_contributors_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let words = text.split('`').skip(1).step_by(2);
    let paths = words.filter(|word| {
        let rooted = [
            "crates/",
            "src/",
            "tests/",
            "results/",
            "scenarios/",
            "scripts/",
        ];
        rooted.iter().any(|it| word.starts_with(it)) && !word.contains(' ')
    });
    let mut seen = 0;
    for path in paths {
        assert!(root.join(path).exists(), "CONTRIBUTING.md names {path}");
        seen += 1;
    }
    assert!(seen > 15, "only {seen} paths were seen");
}
