//! The attempts, made on a thread that has gone into a fresh network namespace and ends with it.
//!
//! Must not judge. The invariant: every link it makes is in that namespace, and goes with it.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use futures::TryStreamExt as _;
use netlink_packet_route::link::{
    InfoBridge, IpVlanMode, LinkAttribute, LinkMessage, MacVlanMode, NetkitMode,
};
use nix::sys::socket::sockopt::TcpCongestion;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socket};
use rtnetlink::{
    Handle, LinkBridge, LinkIfb, LinkIpVlan, LinkMacVlan, LinkNetkit, LinkVeth, LinkVxlan,
};

use crate::error::{Act, Error, Result};
use crate::host::pseudo;
use crate::lab::netns::Visitor;
use crate::lab::sysfs::{Knob, Sysfs};
use crate::scenario::Requirement;

/// What was found in the fresh namespace.
#[derive(Debug)]
pub(super) struct Findings {
    /// What was tried, and the kernel's words where it did not work.
    pub(super) tried: Vec<(Requirement, Outcome)>,
    /// The largest unit a veth takes whole, in bytes; kernels before 5.19 do not say.
    pub(super) veth_gso_limit: Option<u32>,
    /// `net.ipv6.conf.default.disable_ipv6`.
    pub(super) ipv6_disabled: Option<String>,
    /// `net.bridge.bridge-nf-call-iptables`.
    pub(super) bridge_netfilter: Option<String>,
    /// `net.ipv4.tcp_available_congestion_control`.
    pub(super) congestion_available: Option<String>,
    /// `net.ipv4.tcp_allowed_congestion_control`; only the initial namespace shows it on older kernels.
    pub(super) congestion_allowed: Option<String>,
}

impl Findings {
    /// How an attempt ended; none where there was none.
    pub(super) fn outcome(&self, requirement: &Requirement) -> Option<Outcome> {
        let mut tried = self.tried.iter();
        let found = tried.find(|(tried, _)| tried == requirement);
        found.map(|(_, outcome)| outcome.clone())
    }
}

/// Whether an attempt worked; the kernel's words if not.
pub(super) type Outcome = Result<(), String>;

/// No answer within this time is none: the kernel's global lock for links is held for seconds while namespaces die.
const PATIENCE: Duration = Duration::from_secs(30);

/// Creates the namespace, tries everything, these congestion controls among it, and leaves nothing.
pub(super) fn in_a_throw_away_namespace(algorithms: Vec<String>) -> Result<Findings> {
    let visitor = Visitor::new()?;
    // Held until the end: the thread's own stay in it would keep it too.
    let _namespace = visitor
        .create()
        .map_err(|source| Error::kernel(Act::CreateNamespace, "for trying features", source))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::kernel("start", "the netlink runtime", source))?;
    let (mut tried, veth_gso_limit) = runtime.block_on(links())?;
    tried.push((Requirement::NetworkNamespaces, Ok(())));
    tried.extend(algorithms.into_iter().map(congestion));
    tried.extend(knobs());
    Ok(Findings {
        tried,
        veth_gso_limit,
        // /proc/sys shows the namespace of the thread that reads it.
        ipv6_disabled: pseudo::sysctl("net.ipv6.conf.default.disable_ipv6"),
        bridge_netfilter: pseudo::sysctl("net.bridge.bridge-nf-call-iptables"),
        congestion_available: pseudo::sysctl("net.ipv4.tcp_available_congestion_control"),
        congestion_allowed: pseudo::sysctl("net.ipv4.tcp_allowed_congestion_control"),
    })
}

/// Asks a socket for a congestion control, as flows do: what is listed as available is not all that is loaded when asked for.
fn congestion(name: String) -> (Requirement, Outcome) {
    let ask = || -> nix::Result<()> {
        let kind = (AddressFamily::Inet, SockType::Stream);
        let socket = socket(kind.0, kind.1, SockFlag::SOCK_CLOEXEC, None)?;
        setsockopt(&socket, TcpCongestion, &OsString::from(&name))
    };
    let outcome = ask().map_err(|errno| io::Error::from(errno).to_string());
    (Requirement::Congestion(name), outcome)
}

/// The index of the veth, on which other links stand.
const PARENT: u32 = 100;

/// Links of each kind, and the largest unit of a veth.
async fn links() -> Result<(Vec<(Requirement, Outcome)>, Option<u32>)> {
    let (connection, handle, _) = rtnetlink::new_connection()
        .map_err(|source| Error::kernel("open", "a netlink socket", source))?;
    tokio::spawn(connection);
    let attempts = async {
        let mut tried = Vec::new();
        for (requirement, link) in kinds() {
            tried.push((requirement, add(&handle, link).await));
        }
        tried.push((Requirement::Redirect, redirect(&handle).await));
        (tried, gso_limit(&handle, "probe0").await)
    };
    tokio::time::timeout(PATIENCE, attempts)
        .await
        .map_err(|_| Error::refused("probe", "links", "the kernel has not answered for 30 s"))
}

/// A link of each kind that some topology needs; the first is what others stand on.
fn kinds() -> [(Requirement, LinkMessage); 8] {
    let filtering = LinkBridge::new("probe9").down();
    let filtering = filtering.append_info_data(InfoBridge::VlanFiltering(true));
    let veth = LinkVeth::new("probe0", "probe1").index(PARENT).build();
    let macvlan = LinkMacVlan::new("probe4", PARENT, MacVlanMode::Bridge).build();
    let ipvlan = LinkIpVlan::new("probe6", PARENT, IpVlanMode::L2).build();
    let netkit = LinkNetkit::new("probe7", "probe8", NetkitMode::L2).build();
    [
        (Requirement::Veth, veth),
        (
            Requirement::Bridge,
            LinkBridge::new("probe2").down().build(),
        ),
        (Requirement::VlanFiltering, filtering.build()),
        (Requirement::Ifb, LinkIfb::new("probe3").build()),
        (Requirement::Macvlan, macvlan),
        (
            Requirement::Vxlan,
            LinkVxlan::new("probe5", 1).port(4789).build(),
        ),
        (Requirement::Ipvlan, ipvlan),
        (Requirement::Netkit, netkit),
    ]
}

async fn add(handle: &Handle, link: LinkMessage) -> Result<(), String> {
    outcome(handle.link().add(link).execute().await)
}

/// Tries, at the veth that was made before, what redirects all that comes in to another link, for which lo does.
async fn redirect(handle: &Handle) -> Result<(), String> {
    const VETH: i32 = PARENT.cast_signed();
    const LO: u32 = 1;
    const INGRESS: u32 = 0xffff_0000;
    const ETH_P_ALL: u16 = 3;
    outcome(handle.qdisc().add(VETH).ingress().execute().await)?;
    let filter = handle.traffic_filter(VETH).add();
    let filter = filter.parent(INGRESS).protocol(ETH_P_ALL.to_be());
    let filter = filter.redirect(LO).map_err(|error| error.to_string())?;
    outcome(filter.execute().await)
}

fn outcome(answer: Result<(), rtnetlink::Error>) -> Result<(), String> {
    answer.map_err(|error| match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io().to_string(),
        other => other.to_string(),
    })
}

/// Tries settings at the veth that was made before. The thread has mounts of its own from here on.
fn knobs() -> [(Requirement, Outcome); 2] {
    let sysfs = Sysfs::on_this_thread();
    let shown = sysfs.and_then(|sysfs| {
        let shown = sysfs.show()?;
        // Setting it takes more rights than seeing it; a veth that is not polled refuses threads, whatever the kernel.
        let steered = shown.set(Knob::Rps, ("probe0", "a namespace"), "1");
        let threaded = shown.has(Knob::ThreadedNapi, "probe0");
        Ok((steered.map_err(|error| error.sentence()), threaded))
    });
    let (rps, threaded) = match shown {
        Ok((rps, true)) => (rps, Ok(())),
        Ok((rps, false)) => (rps, Err("the kernel is built without it".to_owned())),
        Err(error) => (Err(error.sentence()), Err(error.sentence())),
    };
    [
        (Requirement::Rps, rps),
        (Requirement::ThreadedNapi, threaded),
    ]
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
