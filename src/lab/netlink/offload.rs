//! Switching a link's offloads: the one setting here that has to go by an `ioctl`, on the conversation's own socket, which
//! is in the link's namespace.
//!
//! Must not know why. The invariant: the kernel writes to what it is given where it is asked, and nowhere else.

#![allow(
    unsafe_code,
    reason = "no crate in use has SIOCETHTOOL; ethtool's netlink family may be left out of a kernel, this may not"
)]

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;

use super::Conversation;
use crate::error::{Error, Result};

/// `ETHTOOL_STSO`, `ETHTOOL_SGSO` and `ETHTOOL_SGRO` of `linux/ethtool.h`, in the order in which they go: a link that can
/// segment does so until it may not.
const SWITCHES: [(u32, &str); 3] = [(0x1f, "TSO"), (0x24, "GSO"), GRO];
const GRO: (u32, &str) = (0x2c, "GRO");

/// `ETHTOOL_GTSO` and `ETHTOOL_GGSO`, by which it says whether these are on.
const SEGMENTS: [u32; 2] = [0x1e, 0x23];

/// `ETHTOOL_GGRO`, by which it says whether it coalesces.
const COALESCES: u32 = 0x2b;

/// `SIOCETHTOOL` of `linux/sockios.h`.
const SIOCETHTOOL: libc::Ioctl = 0x8946;

/// `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    value: u32,
}

impl Conversation {
    /// Has a link neither segment nor coalesce.
    pub(in crate::lab) fn switch_offloads_off(&self, link: &str, object: &str) -> Result<()> {
        let off = SWITCHES.iter();
        off.map(|switch| (switch, 0))
            .try_for_each(|turn| self.switch(turn, link, object))
    }

    /// Whether a link segments what it is given; absent where the kernel does not say.
    pub(in crate::lab) fn segments(&self, link: &str) -> Option<bool> {
        let ask = |command| self.order(link, EthtoolValue { command, value: 0 }).ok();
        let [tso, gso] = SEGMENTS.map(ask);
        Some(tso? != 0 || gso? != 0)
    }

    /// Whether a link coalesces what it receives; absent where the kernel does not say.
    pub(in crate::lab) fn coalesces(&self, link: &str) -> Option<bool> {
        let question = EthtoolValue {
            command: COALESCES,
            value: 0,
        };
        self.order(link, question).ok().map(|gro| gro != 0)
    }

    /// Has a link coalesce what it receives.
    pub(in crate::lab) fn switch_gro_on(&self, link: &str, object: &str) -> Result<()> {
        self.switch((&GRO, 1), link, object)
    }

    fn switch(&self, turn: (&(u32, &str), u32), link: &str, object: &str) -> Result<()> {
        let ((command, name), value) = turn;
        let command = *command;
        self.order(link, EthtoolValue { command, value })
            .map(drop)
            .map_err(|source| {
                let word = if value == 0 { "off" } else { "on" };
                let act = format!("switch {word} {name} of");
                Error::kernel(act, format!("{link} of {object}"), source)
            })
    }

    /// Gives an order, and reads what stands in its place afterwards.
    fn order(&self, link: &str, mut value: EthtoolValue) -> io::Result<u32> {
        let mut request = libc::ifreq {
            ifr_name: [0; libc::IFNAMSIZ],
            ifr_ifru: libc::__c_anonymous_ifr_ifru {
                ifru_data: (&raw mut value).cast(),
            },
        };
        // The last byte stays 0: the kernel holds names to be shorter than that.
        for (to, from) in request.ifr_name[..libc::IFNAMSIZ - 1]
            .iter_mut()
            .zip(link.bytes())
        {
            *to = from.cast_signed();
        }
        // SAFETY: SIOCETHTOOL takes a `struct ifreq` whose data points, for these commands, to a `struct ethtool_value`; both
        // are such and live through the call.
        let answer = unsafe { libc::ioctl(self.socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
        match answer {
            0 => Ok(value.value),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
