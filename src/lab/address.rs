//! Which address and MAC each container has: pure arithmetic on its number.
//!
//! The invariant: within a lab no two containers share an address or a MAC. IPv4 comes from 10.0.0.0/8 (private use,
//! RFC 1918), IPv6 from `fd6b:696c::/32` (unique local, RFC 4193; the bytes spell `kil`). What is beyond a lab's router has
//! the addresses set aside for benchmarks of network devices: 198.18.0.0/15 (RFC 2544) and `2001:2::/48` (RFC 5180).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::scenario::{Family, Macs, Stack};

/// IPv4 bits of one bridge's subnet: 2,046 hosts, more than the 1,023 ports a bridge holds.
const BRIDGE_HOST_BITS: u32 = 11;
/// IPv4 bits of one veth pair's subnet: two hosts.
const CABLE_HOST_BITS: u32 = 2;
/// IPv4 bits of the subnet of all containers together.
const WHOLE_HOST_BITS: u32 = 24;

/// Where subnets come from: the first IPv4 address and the first two words of IPv6 addresses.
#[derive(Debug, Clone, Copy)]
struct Range {
    v4: Ipv4Addr,
    v6: [u16; 2],
}

const CONTAINERS: Range = Range {
    v4: Ipv4Addr::new(10, 0, 0, 0),
    v6: [0xfd6b, 0x696c],
};
const BEYOND: Range = Range {
    v4: Ipv4Addr::new(198, 18, 0, 0),
    v6: [0x2001, 0x0002],
};

/// A hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.map(|byte| format!("{byte:02x}"));
        out.pad(&bytes.join(":"))
    }
}

/// The family of an address.
#[must_use]
pub fn family_of(address: IpAddr) -> Family {
    if address.is_ipv4() {
        Family::Ipv4
    } else {
        Family::Ipv6
    }
}

/// The loopback address of a family.
#[must_use]
pub fn lo(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::LOCALHOST.into(),
        Family::Ipv6 => Ipv6Addr::LOCALHOST.into(),
    }
}

/// An address with the length of its subnet's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Assigned {
    /// The address.
    pub address: IpAddr,
    /// Bits of the prefix.
    pub prefix: u8,
}

impl Assigned {
    /// The same address with no subnet around it.
    #[must_use]
    pub fn alone(self) -> Self {
        let prefix = if self.address.is_ipv4() { 32 } else { 128 };
        Self { prefix, ..self }
    }

    /// The same address in a subnet that holds those of all bridges.
    #[must_use]
    pub fn among_all(self) -> Self {
        let prefix = if self.address.is_ipv4() { 8 } else { 32 };
        Self { prefix, ..self }
    }
}

/// One IPv4 and one IPv6 subnet that belong together: a bridge's or a veth pair's.
#[derive(Debug, Clone, Copy)]
pub struct Subnet {
    range: Range,
    number: u32,
    host_bits: u32,
}

impl Subnet {
    /// The subnet of the bridge with this number (0 to 8,191).
    #[must_use]
    pub fn of_bridge(number: u32) -> Self {
        Self {
            range: CONTAINERS,
            number,
            host_bits: BRIDGE_HOST_BITS,
        }
    }

    /// The subnet of the router with this number, which has so many containers: as large as a bridge's, or larger where these do not fit
    /// into that.
    #[must_use]
    pub fn of_router(number: u32, containers: u32) -> Self {
        // Containers are hosts 2 and on, and the last address of a subnet is nobody's.
        let needed = u32::BITS - (containers + 2).leading_zeros();
        Self {
            host_bits: needed.max(BRIDGE_HOST_BITS),
            ..Self::of_bridge(number)
        }
    }

    /// The subnet of the veth pair with this number (0 to 4,194,303).
    #[must_use]
    pub fn of_cable(number: u32) -> Self {
        Self {
            range: CONTAINERS,
            number,
            host_bits: CABLE_HOST_BITS,
        }
    }

    /// The subnet of all containers together, where they are not divided among bridges.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            range: CONTAINERS,
            number: 0,
            host_bits: WHOLE_HOST_BITS,
        }
    }

    /// The subnet of the veth between a namespace of the host side and what is beyond the lab's router (0 to 32,767).
    #[must_use]
    pub fn of_uplink(number: u32) -> Self {
        Self {
            range: BEYOND,
            number,
            host_bits: CABLE_HOST_BITS,
        }
    }

    /// The subnet itself, in the families that `stack` and `family` ask for.
    #[must_use]
    pub fn prefixes(self, stack: Stack, family: Family) -> Vec<Assigned> {
        self.host(0, stack, family)
    }

    /// The addresses of a host, numbered from 1, in the families that `stack` and `family` ask for.
    #[must_use]
    pub fn host(self, host: u32, stack: Stack, family: Family) -> Vec<Assigned> {
        let wanted = |f| stack == Stack::Dual || f == family;
        let mut addresses = Vec::with_capacity(2);
        if wanted(Family::Ipv4) {
            addresses.push(Assigned {
                address: self.v4(host).into(),
                prefix: self.v4_prefix(),
            });
        }
        if wanted(Family::Ipv6) {
            addresses.push(Assigned {
                address: self.v6(host).into(),
                prefix: 64,
            });
        }
        addresses
    }

    /// The IPv4 address of a host, numbered from 1.
    #[must_use]
    pub fn v4(self, host: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.range.v4.to_bits() + (self.number << self.host_bits) + host)
    }

    /// The IPv6 address of a host, numbered from 1.
    #[must_use]
    pub fn v6(self, host: u32) -> Ipv6Addr {
        let [high, low] = [self.number >> 16, self.number & 0xffff]
            .map(|part| u16::try_from(part).unwrap_or(u16::MAX));
        let [host_high, host_low] =
            [host >> 16, host & 0xffff].map(|part| u16::try_from(part).unwrap_or(u16::MAX));
        let [first, second] = self.range.v6;
        Ipv6Addr::new(first, second, high, low, 0, 0, host_high, host_low)
    }

    /// The MAC of a host, numbered from 1.
    #[must_use]
    pub fn mac(self, host: u32, macs: Macs) -> Mac {
        let address = self.v4(host);
        match macs {
            Macs::Derived => derive(address),
            Macs::Random => scatter(address),
        }
    }

    fn v4_prefix(self) -> u8 {
        u8::try_from(32 - self.host_bits).unwrap_or(32)
    }
}

/// Docker's MAC for an address, up to its version 27.
fn derive(address: Ipv4Addr) -> Mac {
    let [a, b, c, d] = address.octets();
    Mac([0x02, 0x42, a, b, c, d])
}

/// A MAC with no order to be seen in it, and still a different one for each address: the multiplier is odd, so the
/// product is a bijection on 32 bits. The second bit of the first byte marks it as locally administered.
fn scatter(address: Ipv4Addr) -> Mac {
    let [a, b, c, d] = address.to_bits().wrapping_mul(0x9e37_79b1).to_be_bytes();
    Mac([(a & 0xfc) | 0x02, b ^ d, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_bridge_of_20_000_containers_over_20_bridges_shares_no_address_and_no_mac() {
        for macs in [Macs::Derived, Macs::Random] {
            let hosts = || {
                (0..20).flat_map(|bridge| {
                    (1..=1001).map(move |host| (Subnet::of_bridge(bridge), host))
                })
            };
            assert_eq!(
                hosts()
                    .map(|(net, host)| net.v4(host))
                    .collect::<HashSet<_>>()
                    .len(),
                20 * 1001
            );
            assert_eq!(
                hosts()
                    .map(|(net, host)| net.v6(host))
                    .collect::<HashSet<_>>()
                    .len(),
                20 * 1001
            );
            assert_eq!(
                hosts()
                    .map(|(net, host)| net.mac(host, macs))
                    .collect::<HashSet<_>>()
                    .len(),
                20 * 1001
            );
        }
    }

    #[test]
    fn routers_of_any_size_share_no_address_and_those_of_the_usual_size_are_as_bridges() {
        for ports in [2, 1000, 2044, 2046, 5000, 20_000] {
            let last = |router| Subnet::of_router(router, ports).v4(ports + 1).to_bits();
            let (first, end) = (
                |router| Subnet::of_router(router, ports).v4(0).to_bits(),
                last(1),
            );
            assert!(
                last(0) + 1 < first(1),
                "{ports}: the last of its subnet is nobody's"
            );
            assert!(last(1) + 1 < first(2) && end > last(0), "{ports}");
            let usual = Subnet::of_router(3, ports).v4(7) == Subnet::of_bridge(3).v4(7);
            assert_eq!(usual, ports <= 2044, "{ports}");
        }
    }

    #[test]
    fn macs_are_unicast_and_locally_administered() {
        for macs in [Macs::Derived, Macs::Random] {
            for host in 1..=1023 {
                let first = Subnet::of_bridge(3).mac(host, macs).0[0];
                assert_eq!(first & 0b11, 0b10, "{macs} host {host}");
            }
        }
    }

    #[test]
    fn a_single_stack_has_only_the_family_of_its_traffic() {
        let net = Subnet::of_cable(7);
        assert_eq!(net.host(1, Stack::Dual, Family::Ipv4).len(), 2);
        let [only] = net.host(2, Stack::Single, Family::Ipv6)[..] else {
            panic!("one address expected")
        };
        assert_eq!(
            only,
            Assigned {
                address: "fd6b:696c:0:7::2".parse().unwrap(),
                prefix: 64
            }
        );
        let [only] = net.host(2, Stack::Single, Family::Ipv4)[..] else {
            panic!("one address expected")
        };
        assert_eq!(
            only,
            Assigned {
                address: "10.0.0.30".parse().unwrap(),
                prefix: 30
            }
        );
    }
}
