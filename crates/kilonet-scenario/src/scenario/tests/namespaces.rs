//! Sysctls of each container's namespace.

use super::*;
use kilonet_record::factors::registry::namespaces::NAMESPACE_SYSCTLS;

const AXES: &str = "[axes]\ncontainers = 2\n";

fn ids(text: &str) -> Vec<String> {
    let cells = parsed(text).cells;
    let ids = cells.iter().map(kilonet_record::store::cell_id);
    ids.collect()
}

#[test]
fn a_table_of_sysctls_is_one_level_and_an_axis_may_have_several() {
    let table = format!(
        "{AXES}[namespace.sysctls]\n\"net.core.somaxconn\" = 128\n\"net.ipv4.tcp_rmem\" = \"4096  131072 6291456\"\n"
    );
    let axis = format!(
        "{AXES}namespace_sysctls = \"net.ipv4.tcp_rmem=4096:131072:6291456 net.core.somaxconn=128\"\n"
    );
    let [cell] = &parsed(&table).cells[..] else {
        panic!("one cell expected")
    };
    assert_eq!(*cell, parsed(&axis).cells[0]);
    let json = serde_json::to_value(cell).unwrap();
    let text = "net.core.somaxconn=128 net.ipv4.tcp_rmem=4096:131072:6291456";
    assert_eq!(json["namespace_sysctls"], text);
    assert_eq!(serde_json::from_value::<Cell>(json).unwrap(), *cell);
    let settings: Vec<_> = NAMESPACE_SYSCTLS
        .of(cell)
        .iter()
        .map(|(_, value)| value.to_owned())
        .collect();
    assert_eq!(settings, ["128", "4096 131072 6291456"]);
    let several = format!(
        "{AXES}namespace_sysctls = [\"none\", \"net.core.somaxconn=128\", \"net.core.somaxconn=4096\"]"
    );
    assert_eq!(
        ids(&several),
        [
            "bridge-ipv4-none-c2",
            "bridge-ipv4-none-c2-somaxconn128",
            "bridge-ipv4-none-c2-somaxconn4096"
        ]
    );
    let usual = parsed(AXES).cells;
    assert!(
        serde_json::to_value(&usual[0])
            .unwrap()
            .get("namespace_sysctls")
            .is_none()
    );
    assert_eq!(
        parsed(&format!("{AXES}[namespace]\n[namespace.sysctls]\n")).cells,
        usual
    );
    assert_eq!(
        ids(&axis),
        ["bridge-ipv4-none-c2-somaxconn128-tcp_rmem4096.131072.6291456"]
    );
}

#[test]
fn what_a_namespace_does_not_have_is_refused_with_where_it_belongs() {
    for (tables, expected) in [
        (
            "[namespace.sysctls]\n\"net.core.rmem_max\" = 1",
            &[
                "4:1",
                "`namespace.sysctls.net.core.rmem_max`",
                "set it in [sysctls]",
            ][..],
        ),
        (
            "[sysctls]\n\"net.core.somaxconn\" = 1",
            &[
                "4:1",
                "`sysctls.net.core.somaxconn`",
                "set it in [namespace.sysctls]",
            ],
        ),
        (
            "[namespace.sysctls]\n\"net.core.somaxcon\" = 1",
            &[
                "4:1",
                "did you mean \"net.core.somaxconn\"?",
                "allowed, each in quotes",
            ],
        ),
        (
            "[namespace.sysctls]\n\"net.core.somaxconn\" = \"many\"",
            &[
                "4:24",
                "\"many\" is not a value of net.core.somaxconn",
                "a whole number",
            ],
        ),
        (
            "[namespace.sysctls]\n\"net.ipv4.tcp_rmem\" = 4096",
            &["4:23", "4096 is not a value", "a text of 3 whole numbers"],
        ),
        (
            "[namespace.sysctls]\n\"net.ipv4.ip_local_port_range\" = \"9 8\"",
            &["4:34", "two ports, such as \"1024 65000\""],
        ),
        (
            "[namespace]\nsysctl = 3",
            &["4:1", "`namespace.sysctl`", "did you mean `sysctls`?"],
        ),
        (
            "namespace_sysctls = \"net.core.somaxconn=1\"\n[namespace.sysctls]\n\"net.core.somaxconn\" = 1",
            &["3:21", "`namespace.sysctls` is written too"],
        ),
        (
            "testbed = \"docker\"\n[namespace.sysctls]\n\"net.core.somaxconn\" = 1",
            &[
                "5:1",
                "`namespace.sysctls`: no cell has namespaces that kilonet makes",
                "testbed = \"kernel\"",
            ],
        ),
    ] {
        let said = refusal(&format!("{AXES}{tables}\n"));
        for words in expected {
            assert!(said.contains(words), "{words} of {tables}\n{said}");
        }
    }
    let dotted = refusal("[axes]\ncontainers = 2\n[namespace.sysctls]\nnet.core.somaxconn = 1\n");
    assert!(dotted.contains("in quotes"), "{dotted}");
}

/// A limit that the scenario itself moves is held against what it will be.
#[test]
fn the_fewest_ports_that_every_cell_sets_are_what_limits_are_judged_by() {
    let ports = |axes: &str| {
        let sysctls = parsed(&format!(
            "{AXES}{axes}\n[sysctls]\n\"net.core.rmem_max\" = 5\n"
        ))
        .limiting_sysctls();
        assert_eq!(sysctls["net.core.rmem_max"], "5");
        sysctls.get("net.ipv4.ip_local_port_range").cloned()
    };
    assert_eq!(ports(""), None);
    let wide = "\"net.ipv4.ip_local_port_range=1024:65000\"";
    let narrow = "\"net.ipv4.ip_local_port_range=5000:6000\"";
    assert_eq!(
        ports(&format!("namespace_sysctls = {wide}")),
        Some("1024 65000".to_owned())
    );
    assert_eq!(
        ports(&format!("namespace_sysctls = [{wide}, {narrow}]")),
        Some("5000 6000".to_owned())
    );
    assert_eq!(
        ports(&format!("namespace_sysctls = [{wide}, \"none\"]")),
        None
    );
}
