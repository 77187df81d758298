//! Asking for all there is of a kind, and for the neighbours of a namespace.
//!
//! Must not know what it is asked for. The invariant: an answer is whole, or an error.

use std::collections::HashSet;
use std::net::IpAddr;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::Conversation;
use crate::error::{Error, Result};
use crate::scenario::Family;
use crate::store::record::NeighboursSeen;

impl Conversation {
    /// All answers to a question. `what` is named when it is refused.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub(super) fn dump(
        &mut self,
        question: RouteNetlinkMessage,
        what: &str,
    ) -> Result<Vec<RouteNetlinkMessage>> {
        let failed = |source| Error::kernel("list", what, source);
        let mut message = NetlinkMessage::from(question);
        message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map_err(failed)?;
        let mut answers = Vec::new();
        loop {
            for answer in self.receive()? {
                match answer.payload {
                    NetlinkPayload::InnerMessage(answer) => answers.push(answer),
                    NetlinkPayload::Error(error) => return Err(failed(error.to_io())),
                    NetlinkPayload::Done(_) => return Ok(answers),
                    _ => {}
                }
            }
        }
    }

    /// How many neighbours of a protocol the namespace knows for good, how many it has asked for, and how many of those that it was
    /// `given` for good it does not know so any more.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub(in crate::lab) fn neighbours(
        &mut self,
        family: Family,
        given: &[IpAddr],
    ) -> Result<NeighboursSeen> {
        let mut question = NeighbourMessage::default();
        question.header.family = match family {
            Family::Ipv4 => AddressFamily::Inet,
            Family::Ipv6 => AddressFamily::Inet6,
        };
        let question = RouteNetlinkMessage::GetNeighbour(question);
        let mut known = NeighboursSeen::default();
        let mut permanent = HashSet::new();
        for answer in self.dump(question, "the neighbours of a namespace")? {
            if let RouteNetlinkMessage::NewNeighbour(neighbour) = answer {
                match neighbour.header.state {
                    NeighbourState::Permanent => {
                        known.permanent += 1;
                        permanent.extend(neighbour.attributes.iter().find_map(address));
                    }
                    // Groups and the like, which are never asked for.
                    NeighbourState::Noarp | NeighbourState::None => {}
                    _ => known.asked += 1,
                }
            }
        }
        let missing = given.iter().filter(|one| !permanent.contains(*one));
        known.missing = missing.count() as u64;
        Ok(known)
    }
}

fn address(attribute: &NeighbourAttribute) -> Option<IpAddr> {
    match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some((*address).into()),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(address)) => {
            Some((*address).into())
        }
        _ => None,
    }
}
