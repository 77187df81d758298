//! All verbs, with arguments that make each print what it has to print.
//!
//! The invariant: a verb that `kilonet --help` lists is here.

use std::path::Path;

use crate::harness::{kilonet, said};

/// A committed run.
const RUN: &str = "results/20261123T115626Z-docker-rules";

/// A command line that ends well, and has something to print.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) arguments: Vec<String>,
    /// Whether standard output is its own; a lab's is that of what runs in it.
    pub(crate) prints: bool,
    /// What it exits with where standard output cannot be written.
    pub(crate) unwritable: i32,
    /// Whether it starts something in the kernel.
    pub(crate) runs: bool,
}

impl Line {
    fn of(words: &str, out: &Path) -> Self {
        let fill = |word: &str| match word {
            "RUN" => RUN.to_owned(),
            "OUT" => out.to_str().unwrap().to_owned(),
            word => word.to_owned(),
        };
        let verb = words.split(' ').next().unwrap();
        Self {
            arguments: words.split(' ').map(fill).collect(),
            prints: verb != "lab",
            // What keeps runs from being compared is 2, since 1 is a regression.
            unwritable: if verb == "compare" { 2 } else { 1 },
            runs: matches!(verb, "run" | "sweep" | "lab") && !words.contains("--print"),
        }
    }
}

/// One of them for each verb and each way in which it prints; runs leave their folders in `out`.
pub(crate) fn lines(out: &Path) -> Vec<Line> {
    let lines = [
        "run --quiet scenarios/quickstart.toml --verify --topology shared --containers 2 --out OUT",
        "sweep --quiet --topology shared --containers 2 --warmup 0ms --measure 100ms --repeats 1 --out OUT",
        "sweep --print --containers 2",
        "plan scenarios/quickstart.toml",
        "plan scenarios/quickstart.toml --json",
        "report RUN --format term",
        "report RUN --format md",
        "report RUN --format json",
        "report RUN --format svg --out OUT",
        "compare RUN RUN",
        "compare RUN RUN --format md",
        "compare RUN RUN --format json",
        "export RUN --format csv --out OUT",
        "export RUN --format openmetrics",
        "export RUN --format k8s-netperf-csv",
        "doctor",
        "attach --help",
        "lab --containers 2 -- true",
        "exec --help",
        "clean --help",
        "schema",
        "help",
        "help run",
        "--help",
        "--version",
    ];
    lines.iter().map(|words| Line::of(words, out)).collect()
}

/// The verbs that are listed.
pub(crate) fn listed() -> Vec<String> {
    let help = said(&mut kilonet(["--help"])).out;
    let (_, verbs) = help.split_once("Commands:\n").expect("a list of verbs");
    let rows = verbs.lines().take_while(|line| line.starts_with("  "));
    rows.map(|row| row.split_whitespace().next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_verb_is_walked() {
    let lines = lines(Path::new("unused"));
    let listed = listed();
    assert!(listed.len() > 10, "{listed:?}");
    for verb in listed {
        let walked = lines.iter().any(|line| line.arguments[0] == verb);
        assert!(walked, "{verb} is not");
    }
}
