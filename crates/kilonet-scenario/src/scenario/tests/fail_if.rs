//! What a run is to fail for.

use super::*;

const AXES: &str = "[axes]\ncontainers = [2, 64]\ntopology = [\"veth\", \"bridge\"]\n";

fn conditions(tables: &str) -> Vec<(&'static str, &'static str, f64, Vec<usize>)> {
    let scenario = parsed(&format!("{AXES}{tables}"));
    let conditions = scenario.fail_if.into_iter();
    let shown = conditions.map(|it| (it.subject.word(), it.comparison.sign(), it.limit, it.cells));
    shown.collect()
}

#[test]
fn a_condition_is_about_every_cell_unless_it_says_which() {
    let all = vec![0, 1, 2, 3];
    assert_eq!(
        conditions(
            "[fail_if]\nstarved = \"> 0\"\ngoodput = [\"< 1Gb/s\", \">= 1.5 Tb/s\"]\ninvalid_trials = \">0\"\n"
        ),
        [
            ("starved", ">", 0.0, all.clone()),
            ("goodput", "<", 1e9, all.clone()),
            ("goodput", ">=", 1.5e12, all.clone()),
            ("invalid_trials", ">", 0.0, all.clone()),
        ]
    );
    let some = "[[fail_if]]\nat = { containers = 64 }\ngoodput = \"< 5Gb/s\"\n\
                [[fail_if]]\nat = { containers = \"2..64 x32\", topology = \"bridge\" }\npair-min = \"<= 1Mb/s\"\n\
                [[fail_if]]\nfailed_trials = \"> 1\"\n";
    let cells = parsed(&format!("{AXES}{some}")).cells;
    let [large, bridged, every] = &conditions(some)[..] else {
        panic!("three conditions")
    };
    assert!(large.3.iter().all(|nth| cells[*nth].containers == 64) && large.3.len() == 2);
    assert!(
        bridged
            .3
            .iter()
            .all(|nth| cells[*nth].topology == Topology::Bridge)
    );
    assert_eq!((bridged.3.len(), bridged.1, &every.3), (2, "<=", &all));
    assert!(conditions("[fail_if]\n").is_empty() && conditions("").is_empty());
}

/// A share of lost datagrams is of cells that send datagrams, and of no others.
#[test]
fn a_figure_is_held_against_the_cells_that_can_have_it() {
    let text = "[axes]\ncontainers = 2\nworkload = [\"tcp-stream\", \"udp-stream\", \"tcp-rr\"]\n[fail_if]\n\
                loss = \"> 0.1%\"\nlatency-p99 = \"> 5ms\"\ngoodput = \"< 1Mb/s\"\n";
    let scenario = parsed(text);
    let workloads = scenario.fail_if.iter().map(|condition| {
        let cells = condition.cells.iter();
        cells
            .map(|nth| scenario.cells[*nth].workload.to_string())
            .collect::<Vec<_>>()
    });
    let workloads: Vec<_> = workloads.collect();
    assert_eq!(workloads[0], ["udp-stream"]);
    assert_eq!(workloads[1], ["tcp-rr"]);
    assert!(workloads[2].contains(&"tcp-stream".to_owned()));
}

#[test]
fn a_condition_that_says_nothing_is_refused_where_it_stands() {
    for (tables, expected) in [
        (
            "[fail_if]\np99 = \"> 5ms\"",
            &["5:1", "`fail_if.p99`", "unknown figure", "latency-p99"][..],
        ),
        (
            "[fail_if]\ngodput = \"< 1Gb/s\"",
            &["did you mean `goodput`?"],
        ),
        (
            "[fail_if]\ngoodput = 5",
            &[
                "5:11",
                "5 has no comparison",
                "\"< 5Gb/s\"",
                "<, <=, > or >=",
            ],
        ),
        ("[fail_if]\ngoodput = \"5Gb/s\"", &["has no comparison"]),
        (
            "[fail_if]\ngoodput = \"< 5\"",
            &["5:11", "5 needs a unit", "Gb/s"],
        ),
        (
            "[fail_if]\ngoodput = \"< 5Gbps\"",
            &["unknown unit \"Gbps\""],
        ),
        ("[fail_if]\ngoodput = []", &["5:11", "asks for nothing"]),
        (
            "[fail_if]\ngoodput = [\"< 5Gb/s\", \"fast\"]",
            &["5:23", "\"fast\" has no comparison"],
        ),
        ("[fail_if]\nstarved = \"> some\"", &["5:11", "not a number"]),
        (
            "[fail_if]\nlatency-p99 = \"> 5ms\"",
            &[
                "5:15",
                "no cell that it is about has latency-p99",
                "leave it out",
            ],
        ),
        (
            "[fail_if]\nat = { containers = 65 }\nstarved = \"> 0\"",
            &["5:21", "`fail_if.at.containers`", "no cell has that level"],
        ),
        (
            "[[fail_if]]\nat = { container = 64 }\nstarved = \"> 0\"",
            &["5:8", "unknown factor", "did you mean `containers`?"],
        ),
        (
            "[fail_if]\nat = 64\nstarved = \"> 0\"",
            &["`fail_if.at`", "a table belongs"],
        ),
        ("fail_if = 3", &["`fail_if`", "a table belongs"]),
    ] {
        // A key of the file itself stands in front of its tables.
        let text = if tables.starts_with('[') {
            format!("{AXES}{tables}\n")
        } else {
            format!("{tables}\n{AXES}")
        };
        let said = refusal(&text);
        for words in expected {
            assert!(said.contains(words), "{words} of {tables}\n{said}");
        }
    }
}

#[test]
fn levels_that_are_there_but_not_together_are_refused() {
    let text = "[[axes]]\ncontainers = 2\ntopology = \"veth\"\n[[axes]]\ncontainers = 4\n\
                [fail_if]\nat = { containers = 4, topology = \"veth\" }\nstarved = \"> 0\"\n";
    let said = refusal(text);
    assert!(said.contains("no cell has these levels together"), "{said}");
}

/// What the reference shows of each figure is taken, where cells have it.
#[test]
fn every_figure_that_the_reference_shows_is_read() {
    let text = reference();
    for subject in Subject::all() {
        let line = format!("{} = \"{}\"", subject.word(), subject.example());
        assert!(
            text.contains(&format!("# {line}: ")) || text.contains(&format!("#   {line}: ")),
            "{line}"
        );
        let of = [
            "workload = \"tcp-stream\"",
            "workload = \"tcp-stream\"\nrate = \"100Mb/s\"",
            "workload = \"tcp-crr\"",
            "workload = \"udp-stream\"",
        ]
        .map(|traffic| {
            let text = format!("[axes]\ncontainers = 2\n{traffic}\n[fail_if]\n{line}\n");
            Scenario::parse(&text, "t").is_ok()
        });
        assert!(of.contains(&true), "nothing takes {line}");
        let listed = &schema()["properties"]["fail_if"]["oneOf"][0]["properties"];
        assert!(listed[subject.word()].is_object(), "{line}");
    }
}
