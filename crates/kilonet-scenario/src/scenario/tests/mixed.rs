//! Trials in which some pairs do something else.

use super::*;

#[test]
fn some_pairs_may_do_something_else() {
    let scenario = parsed(
        r#"
        [axes]
        containers = [22, 200]
        beside = ["none", "idle:90% tcp-rr:1@50"]
        "#,
    );
    let shares: Vec<Vec<u32>> = scenario
        .cells
        .iter()
        .map(|cell| cell.classes().iter().map(|class| class.pairs).collect())
        .collect();
    assert_eq!(shares, [vec![11], vec![100], vec![1, 9, 1], vec![9, 90, 1]]);
    let probe = scenario.cells[3].classes()[2];
    assert_eq!(probe.orders.workload, Workload::TcpRr);
    assert_eq!(probe.orders.load.rate, Some(50));
}

#[test]
fn what_cannot_be_shared_out_is_refused_with_its_place() {
    for (axes, words) in [
        (
            "containers = [4, 2]\nbeside = \"tcp-rr:1\"",
            &["2:10", "needs more than 1 pair", "more containers"][..],
        ),
        (
            "containers = 4\nbeside = \"tcp-stream:1\"",
            &["2:10", "is also the workload of the other pairs"],
        ),
        (
            "containers = 4\nbeside = \"tcp-rr\"",
            &["2:10", "`axes.beside`", "does not say how many pairs"],
        ),
        (
            "containers = 4\ntopology = \"routed\"\nfirewall = \"docker-20.10\"\npath = \"published\"\nbeside = \"udp-rr:1\"",
            &["`axes.path`", "ports are published for TCP"],
        ),
    ] {
        let said = refusal(&format!("[axes]\n{axes}"));
        for word in words {
            // Lines are counted from `[axes]`.
            let word = word.replace("2:10", "3:10");
            assert!(said.contains(&word), "{word} is not in:\n{said}");
        }
    }
}
