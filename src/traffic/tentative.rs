//! IPv6 addresses that the kernel still holds back, because another machine might have them (RFC 4862, 5.4).
//!
//! Must not know what they are used for. The invariant: only an address that will come is worth waiting for.
//!
//! An engine gives its bridge an address long before the first container, but the kernel begins to ask around when the first
//! port is up, and refuses to bind to the address (`EADDRNOTAVAIL`) until nobody has answered for a second.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

use nix::libc;

/// The addresses of the calling thread's namespace: address, link, prefix, scope, flags, name; all but the last in hex.
const ADDRESSES: &str = "/proc/thread-self/net/if_inet6";

/// `IFA_F_TENTATIVE` and `IFA_F_DADFAILED` (`linux/if_addr.h`).
const TENTATIVE: u32 = 0x40;
const FAILED: u32 = 0x08;

/// Whether an address could not be bound to because the kernel of the calling thread's namespace still holds it back.
pub(super) fn is_why(error: &io::Error, address: IpAddr) -> bool {
    let IpAddr::V6(address) = address else {
        return false;
    };
    let listed = || fs::read_to_string(ADDRESSES).unwrap_or_default();
    error.raw_os_error() == Some(libc::EADDRNOTAVAIL)
        && tentative(&listed()).any(|one| one == address)
}

/// Those that are asked about; one that somebody else turned out to have stays tentative for ever, and is not among them.
fn tentative(listed: &str) -> impl Iterator<Item = Ipv6Addr> {
    listed.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let address = u128::from_str_radix(fields.next()?, 16).ok()?;
        let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
        (flags & (TENTATIVE | FAILED) == TENTATIVE).then(|| address.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_are_asked_about_are_waited_for() {
        let listed = "\
00000000000000000000000000000001 01 80 10 80       lo
fd006b69000000000000000000000001 03 40 00 c0  docker0
fd006b69000000000000000000000002 03 40 00 80  docker0
fd006b69000000000000000000000003 03 40 00 c8  docker0
";
        let expected: Ipv6Addr = "fd00:6b69::1".parse().unwrap();
        assert!(tentative(listed).eq([expected]));
    }
}
