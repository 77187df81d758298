//! Keys of what each container's namespace is beside its links.

use std::time::Duration;

use crate::factors::cell::Cell;
use crate::factors::field::Field;
use crate::factors::field::Place::Lab;
use crate::factors::field::Varies::AtOneCount;
use crate::factors::key::{Group, Key, Needs, Usual};
use crate::factors::namespace_sysctls::{
    FRESH_LOCAL_PORTS, NamespaceSysctls, PORT_RANGE, ports_of,
};
use crate::factors::scalar::Kind;
use crate::factors::takes::Takes;
use crate::factors::topology::Testbed;

/// What setting a sysctl of a namespace takes for each namespace that is there already: all namespaces' entries of one name share a
/// chain, which a look-up walks.
const FOR_EACH_BEFORE: Duration = Duration::from_nanos(800);

pub static NAMESPACE_SYSCTLS: Key<NamespaceSysctls> = Key::axis(
    "namespace_sysctls",
    Group::Lab,
    "Sysctls of each container's namespace. Setting up thousands of containers takes longer with them, because the kernel looks each up \
     among those of all namespaces. The table [namespace.sysctls] sets the same.",
)
.examples("`net.core.somaxconn=128 net.ipv4.tcp_tw_reuse=1`, `net.ipv4.tcp_rmem=4096:131072:6291456`")
.usual(Usual::Text("none"))
.kept()
.needs(Needs {
    applies: |cell| cell.testbed == Testbed::Kernel && !cell.topology.is_found(),
    lacking: "namespaces that kilonet makes",
    allowed: "testbed = \"kernel\"",
})
.takes(|cell| Takes {
    setup: setup(cell),
    ..Takes::default()
})
.read_back("They are read back in a sample of the containers, and another value fails the trial (`effective.namespace_sysctls`).")
.fields(&[Field::kept("namespace_sysctls", Kind::Text)
    .labelled(AtOneCount, |level| match level {
        "none" => "sysctls as usual".to_owned(),
        level => level.to_owned(),
    })
    .in_id(Lab, |cell| {
        let sysctls = NAMESPACE_SYSCTLS.of(cell);
        (!sysctls.is_empty()).then(|| in_id(&sysctls))
    })
    .looked_past()]);

/// Ports that the kernel chooses from in each container.
#[must_use]
pub fn local_ports(cell: &Cell) -> u64 {
    let sysctls = NAMESPACE_SYSCTLS.of(cell);
    let range = sysctls.value(PORT_RANGE);
    range.and_then(ports_of).unwrap_or(FRESH_LOCAL_PORTS)
}

/// `somaxconn128-tcp_tw_reuse1`
fn in_id(sysctls: &NamespaceSysctls) -> String {
    let each = sysctls.iter().map(|(name, value)| {
        let name = name.rsplit('.').next().unwrap_or(name);
        format!("{name}{}", value.replace(' ', "."))
    });
    each.collect::<Vec<_>>().join("-")
}

fn setup(cell: &Cell) -> Duration {
    let sysctls = u32::try_from(NAMESPACE_SYSCTLS.of(cell).len()).unwrap_or(u32::MAX);
    let before = FOR_EACH_BEFORE.saturating_mul(cell.containers / 2);
    before
        .saturating_mul(cell.containers)
        .saturating_mul(sysctls)
}
