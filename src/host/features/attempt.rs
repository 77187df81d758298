//! The attempts, made on a thread that has gone into a fresh network namespace and ends with it.
//!
//! Must not judge. The invariant: every link it makes is in that namespace, and goes with it.

use std::time::Duration;

use futures::TryStreamExt as _;
use netlink_packet_route::link::{
    InfoBridge, IpVlanMode, LinkAttribute, LinkMessage, MacVlanMode, NetkitMode,
};
use rtnetlink::{
    Handle, LinkBridge, LinkIfb, LinkIpVlan, LinkMacVlan, LinkNetkit, LinkVeth, LinkVxlan,
};

use crate::error::{Act, Error, Result};
use crate::host::pseudo;
use crate::lab::netns::Visitor;
use crate::lab::openvswitch;
use crate::lab::sysfs::{Knob, Sysfs};

/// What was found in the fresh namespace.
#[derive(Debug)]
pub(super) struct Findings {
    /// Whether a veth could be made; the kernel's words if not.
    pub(super) veth: Result<(), String>,
    /// Whether a bridge could be made.
    pub(super) bridge: Result<(), String>,
    /// Whether a link of each other kind could be made, by its name.
    pub(super) others: Vec<(&'static str, Result<(), String>)>,
    /// The largest unit a veth takes whole, in bytes; kernels before 5.19 do not say.
    pub(super) veth_gso_limit: Option<u32>,
    /// Whether a link has each of the settings that only sysfs has, by its name.
    pub(super) knobs: Vec<(&'static str, Result<(), String>)>,
    /// Whether the kernel has Open vSwitch's data path.
    pub(super) openvswitch: Result<bool, String>,
    /// `net.ipv6.conf.default.disable_ipv6`.
    pub(super) ipv6_disabled: Option<String>,
    /// `net.bridge.bridge-nf-call-iptables`.
    pub(super) bridge_netfilter: Option<String>,
    /// `net.ipv4.tcp_available_congestion_control`.
    pub(super) congestion_available: Option<String>,
    /// `net.ipv4.tcp_allowed_congestion_control`; only the initial namespace shows it on older kernels.
    pub(super) congestion_allowed: Option<String>,
}

/// No answer within this time is none: the kernel's global lock for links is held for seconds while namespaces die.
const PATIENCE: Duration = Duration::from_secs(30);

/// Creates the namespace, tries everything, and leaves nothing.
pub(super) fn in_a_throw_away_namespace() -> Result<Findings> {
    let visitor = Visitor::new()?;
    // Held until the end: the thread's own stay in it would keep it too.
    let _namespace = visitor
        .create()
        .map_err(|source| Error::kernel(Act::CreateNamespace, "for trying features", source))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::kernel("start", "the netlink runtime", source))?;
    let Links {
        veth,
        bridge,
        others,
        veth_gso_limit,
    } = runtime.block_on(links())?;
    Ok(Findings {
        veth,
        bridge,
        others,
        veth_gso_limit,
        knobs: knobs(),
        openvswitch: openvswitch::in_kernel().map_err(|error| error.sentence()),
        // /proc/sys shows the namespace of the thread that reads it.
        ipv6_disabled: pseudo::sysctl("net.ipv6.conf.default.disable_ipv6"),
        bridge_netfilter: pseudo::sysctl("net.bridge.bridge-nf-call-iptables"),
        congestion_available: pseudo::sysctl("net.ipv4.tcp_available_congestion_control"),
        congestion_allowed: pseudo::sysctl("net.ipv4.tcp_allowed_congestion_control"),
    })
}

struct Links {
    veth: Result<(), String>,
    bridge: Result<(), String>,
    others: Vec<(&'static str, Result<(), String>)>,
    veth_gso_limit: Option<u32>,
}

/// The index of the veth, on which other links stand.
const PARENT: u32 = 100;

async fn links() -> Result<Links> {
    let (connection, handle, _) = rtnetlink::new_connection()
        .map_err(|source| Error::kernel("open", "a netlink socket", source))?;
    tokio::spawn(connection);
    let attempts = async {
        let veth = LinkVeth::new("probe0", "probe1").index(PARENT).build();
        Links {
            veth: add(&handle, veth).await,
            bridge: add(&handle, LinkBridge::new("probe2").down().build()).await,
            others: others(&handle).await,
            veth_gso_limit: gso_limit(&handle, "probe0").await,
        }
    };
    tokio::time::timeout(PATIENCE, attempts)
        .await
        .map_err(|_| Error::refused("probe", "links", "the kernel has not answered for 30 s"))
}

/// Tries a link of each kind that some topology needs.
async fn others(handle: &Handle) -> Vec<(&'static str, Result<(), String>)> {
    let filtering = LinkBridge::new("probe9").down();
    let filtering = filtering.append_info_data(InfoBridge::VlanFiltering(true));
    let kinds = [
        ("VLAN filtering", filtering.build()),
        ("ifb", LinkIfb::new("probe3").build()),
        (
            "macvlan",
            LinkMacVlan::new("probe4", PARENT, MacVlanMode::Bridge).build(),
        ),
        ("vxlan", LinkVxlan::new("probe5", 1).port(4789).build()),
        (
            "ipvlan",
            LinkIpVlan::new("probe6", PARENT, IpVlanMode::L2).build(),
        ),
        (
            "netkit",
            LinkNetkit::new("probe7", "probe8", NetkitMode::L2).build(),
        ),
    ];
    let mut outcomes = Vec::new();
    for (name, link) in kinds {
        outcomes.push((name, add(handle, link).await));
    }
    outcomes
}

async fn add(handle: &Handle, link: LinkMessage) -> Result<(), String> {
    outcome(handle.link().add(link).execute().await)
}

fn outcome(answer: Result<(), rtnetlink::Error>) -> Result<(), String> {
    answer.map_err(|error| match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io().to_string(),
        other => other.to_string(),
    })
}

/// Looks for settings at the veth that was made before. The thread has mounts of its own from here on.
fn knobs() -> Vec<(&'static str, Result<(), String>)> {
    let named = [("RPS", Knob::Rps), ("threaded NAPI", Knob::ThreadedNapi)];
    let found = Sysfs::on_this_thread().and_then(|sysfs| {
        let shown = sysfs.show()?;
        Ok(named.map(|(_, knob)| shown.has(knob, "probe0")))
    });
    let outcomes = match found {
        Ok(found) => found.map(|there| {
            let lack = "the kernel is built without it".to_owned();
            there.then_some(()).ok_or(lack)
        }),
        Err(error) => named.map(|_| Err(error.sentence())),
    };
    named
        .into_iter()
        .map(|(name, _)| name)
        .zip(outcomes)
        .collect()
}

async fn gso_limit(handle: &Handle, name: &str) -> Option<u32> {
    let link = handle
        .link()
        .get()
        .match_name(name.to_owned())
        .execute()
        .try_next()
        .await
        .ok()??;
    link.attributes
        .iter()
        .find_map(|attribute| match attribute {
            LinkAttribute::TsoMaxSize(bytes) => Some(*bytes),
            _ => None,
        })
}
