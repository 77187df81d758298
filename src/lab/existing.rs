//! Containers and namespaces that are there already: found by name, process or path, and changed in nothing.
//!
//! Must not know traffic. The invariant: whatever is found is held by a descriptor, read, and left as it was.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::sys::socket::SockaddrStorage;
use nix::unistd::geteuid;

use super::address;
use super::docker::Engine;
use super::netlink::Conversation;
use super::netns::{self, Visitor};
use crate::error::{Act, Error, Remedy, Result};
use crate::files;
use crate::scenario::Family;

/// Where `ip netns` keeps namespaces by name.
const NAMED: &str = "/run/netns";

/// A network namespace that was there.
#[derive(Debug)]
pub struct Existing {
    name: String,
    namespace: File,
    /// Its `/proc/net/dev`.
    devices: File,
    interfaces: Vec<Interface>,
}

/// An address of an interface that is up.
#[derive(Debug, Clone)]
struct Interface {
    name: String,
    address: IpAddr,
    mask: IpAddr,
    loopback: bool,
}

/// Where the other end of an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    /// In no other namespace.
    Nowhere,
    /// In the one that has this place among those that were asked for.
    To(usize),
    /// In another.
    Elsewhere,
}

/// Where one end of a pair is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The address.
    pub address: IpAddr,
    /// The interface that has it.
    pub interface: String,
}

impl Existing {
    /// Finds one: a path of a namespace, the number of a process, a name that `ip netns` gave, or the name or id of a
    /// container of the engine.
    ///
    /// # Errors
    /// When there is none of the kind, or it may not be entered.
    pub fn find(what: &str) -> Result<Self> {
        let namespace = open(what)?;
        let (devices, interfaces) = netns::visit(|visitor| read(visitor, &namespace, what))?;
        Ok(Self {
            name: what.to_owned(),
            namespace,
            devices,
            interfaces,
        })
    }

    /// Its interfaces' counters, to be read from anywhere.
    ///
    /// # Errors
    /// When descriptors have run out.
    pub fn devices(&self) -> Result<File> {
        self.devices.try_clone().map_err(|source| {
            Error::kernel("open", format!("the interfaces of {}", self.name), source)
        })
    }

    /// What tells namespaces apart.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn identity(&self) -> Result<u64> {
        netns::identity(&self.namespace)
    }

    /// Whether one of its interfaces has an address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        self.interfaces.iter().any(|it| it.address == address)
    }

    /// Where the other end of an interface is: in which of some namespaces, by their places in the list.
    ///
    /// # Errors
    /// When it may not be entered, and when the kernel does not answer.
    pub fn leads(&self, interface: &str, to: &[BorrowedFd<'_>]) -> Result<Leads> {
        netns::visit(|visitor| {
            visitor
                .enter(&self.namespace)
                .map_err(|source| refusal(&self.name, source))?;
            let mut conversation = Conversation::open()?;
            let links = conversation.links()?;
            let link = links.iter().find(|link| link.name == interface);
            let Some(beyond) = link.and_then(|link| link.beyond) else {
                return Ok(Leads::Nowhere);
            };
            for (place, namespace) in to.iter().enumerate() {
                if conversation.number_of(*namespace)? == Some(beyond) {
                    return Ok(Leads::To(place));
                }
            }
            Ok(Leads::Elsewhere)
        })
    }

    /// Where the two ends of a pair are to be: over lo if they share a namespace, in one subnet if they have one in common,
    /// and at the first address of each otherwise.
    ///
    /// # Errors
    /// When one of them has no address of the family.
    pub fn spots(client: &Self, server: &Self, family: Family) -> Result<[Spot; 2]> {
        if client.identity()? == server.identity()? {
            let address = address::lo(family);
            let interface = "lo".to_owned();
            let spot = Spot { address, interface };
            return Ok([spot.clone(), spot]);
        }
        let (here, there) = (client.usable(family)?, server.usable(family)?);
        let near = here.iter().find_map(|own| {
            let other = there.iter().find(|other| own.is_near(other))?;
            Some([own.spot(), other.spot()])
        });
        Ok(near.unwrap_or_else(|| [here[0].spot(), there[0].spot()]))
    }

    /// Its addresses of a family that others can reach; one at least.
    fn usable(&self, family: Family) -> Result<Vec<&Interface>> {
        let fits = |it: &&Interface| {
            address::family_of(it.address) == family && !it.loopback && !is_link_local(it.address)
        };
        let usable: Vec<_> = self.interfaces.iter().filter(fits).collect();
        if usable.is_empty() {
            let reason = format!("none of its interfaces that are up has an {family} address");
            return Err(
                Error::refused("attach to", &self.name, reason).with_remedy(Remedy::OtherFamily)
            );
        }
        Ok(usable)
    }
}

impl AsFd for Existing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.namespace.as_fd()
    }
}

impl Interface {
    fn spot(&self) -> Spot {
        Spot {
            address: self.address,
            interface: self.name.clone(),
        }
    }

    fn is_near(&self, other: &Self) -> bool {
        network(self.address, self.mask) == network(other.address, self.mask)
    }
}

/// The bits of an address that a mask keeps.
fn network(address: IpAddr, mask: IpAddr) -> Option<u128> {
    match (address, mask) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => {
            Some(u128::from(address.to_bits() & mask.to_bits()))
        }
        (IpAddr::V6(address), IpAddr::V6(mask)) => Some(address.to_bits() & mask.to_bits()),
        _ => None,
    }
}

/// Link-local addresses need a scope, which another namespace does not share.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn open(what: &str) -> Result<File> {
    let opened = |path: &str| files::open_regular(Path::new(path));
    let of_process = |pid: &str| opened(&format!("/proc/{pid}/ns/net"));
    let namespace = if what.contains('/') {
        opened(what)
    } else if what.bytes().all(|byte| byte.is_ascii_digit()) {
        of_process(what)
    } else {
        match opened(&format!("{NAMED}/{what}")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                of_process(&process_of(what)?.to_string())
            }
            named => named,
        }
    };
    namespace.map_err(|source| refusal(what, source))
}

/// What is no regular file is no namespace either, of which the kernel was not even asked; and who is root already need not
/// become it.
pub(crate) fn refusal(what: &str, source: io::Error) -> Error {
    let is_unfit = files::is_unfit(&source);
    let is_forbidden = source.kind() == io::ErrorKind::PermissionDenied;
    let error = Error::kernel(Act::Attach, what, source);
    match (is_unfit, is_forbidden) {
        (true, _) => error.with_remedy(Remedy::NameWhatRuns),
        (false, true) if geteuid().is_root() => error.with_remedy(Remedy::AttachCapabilities),
        (false, _) => error,
    }
}

/// The first process of a container of the engine.
fn process_of(name: &str) -> Result<i64> {
    let unknown = |reason: String| {
        Error::refused("attach to", name, reason).with_remedy(Remedy::NameWhatRuns)
    };
    let engine = Engine::connect()
        .map_err(|error| unknown(format!("it is not in {NAMED}, and {}", error.sentence())))?;
    let process = engine.process_of(name);
    let process = process.map_err(|error| match error {
        Error::Refused { reason, .. } => unknown(format!("it is not in {NAMED}, and {reason}")),
        other => other,
    })?;
    process.ok_or_else(|| unknown("it is a container that is not running".to_owned()))
}

fn read(visitor: &Visitor, namespace: &File, what: &str) -> Result<(File, Vec<Interface>)> {
    let failed = |act: &'static str| move |source| Error::kernel(act, what, source);
    visitor
        .enter(namespace)
        .map_err(|source| refusal(what, source))?;
    let devices =
        File::open("/proc/thread-self/net/dev").map_err(failed("read the interfaces of"))?;
    let listed = getifaddrs().map_err(|errno| failed("list the addresses of")(errno.into()))?;
    let up = listed.filter(|it| it.flags.contains(InterfaceFlags::IFF_UP));
    let interfaces = up.filter_map(|it| {
        Some(Interface {
            address: address_of(it.address)?,
            mask: address_of(it.netmask)?,
            loopback: it.flags.contains(InterfaceFlags::IFF_LOOPBACK),
            name: it.interface_name,
        })
    });
    Ok((devices, interfaces.collect()))
}

fn address_of(address: Option<SockaddrStorage>) -> Option<IpAddr> {
    let address = address?;
    let v4 = address.as_sockaddr_in().map(|it| IpAddr::from(it.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|it| IpAddr::from(it.ip())))
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    fn existing(namespace: &str, interfaces: &[(&str, &str, &str)]) -> Existing {
        let interfaces = interfaces.iter().map(|(name, address, mask)| Interface {
            name: (*name).to_owned(),
            address: address.parse().unwrap(),
            mask: mask.parse().unwrap(),
            loopback: *name == "lo",
        });
        Existing {
            name: "it".to_owned(),
            namespace: File::open(namespace).unwrap(),
            devices: File::open("/dev/null").unwrap(),
            interfaces: interfaces.collect(),
        }
    }

    const LO: (&str, &str, &str) = ("lo", "127.0.0.1", "255.0.0.0");

    #[test]
    fn a_pair_meets_in_the_subnet_that_both_have() {
        let client = existing(
            "/dev/zero",
            &[
                LO,
                ("eth0", "10.0.0.2", "255.255.255.0"),
                ("eth1", "10.0.1.2", "255.255.255.0"),
            ],
        );
        let server = existing("/dev/full", &[LO, ("eth7", "10.0.1.9", "255.255.255.0")]);
        let spots = Existing::spots(&client, &server, Family::Ipv4).unwrap();
        let spots = spots.map(|spot| format!("{} {}", spot.interface, spot.address));
        assert_eq!(spots, ["eth1 10.0.1.2", "eth7 10.0.1.9"]);
    }

    #[test]
    fn what_is_no_namespace_is_refused_and_waited_for_by_nobody() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        for (path, kind) in [
            (pipe.to_str().unwrap(), "a named pipe"),
            ("/dev/null", "a device"),
            ("/proc", "a folder"),
        ] {
            let error = Existing::find(path).unwrap_err();
            let expected = format!("attach to {path}: it is {kind}, not a regular file");
            assert_eq!(error.sentence(), expected);
            assert_eq!(error.remedy(), Some(&Remedy::NameWhatRuns));
        }
    }

    #[test]
    fn a_pair_in_one_namespace_meets_over_lo() {
        let one = existing("/dev/zero", &[LO]);
        let other = existing("/dev/zero", &[LO]);
        let spots = Existing::spots(&one, &other, Family::Ipv6).unwrap();
        assert_eq!(spots[1].address.to_string(), "::1");
        assert_eq!(spots[1].interface, "lo");
    }

    #[test]
    fn a_namespace_without_an_address_of_the_family_is_refused() {
        let one = existing(
            "/dev/zero",
            &[LO, ("eth0", "fe80::1", "ffff:ffff:ffff:ffff::")],
        );
        let other = existing("/dev/full", &[LO, ("eth0", "fd00::2", "ffff::")]);
        let error = Existing::spots(&one, &other, Family::Ipv6).unwrap_err();
        assert!(error.sentence().contains("ipv6"), "{}", error.sentence());
    }
}
