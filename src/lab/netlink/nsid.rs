//! The numbers by which a namespace knows others, as its links tell where their other ends are.
//!
//! Must not know what for. The invariant: a number is of the namespace that is asked, and means nothing in another.

use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};

use super::Conversation;
use crate::error::{Error, Result};

impl Conversation {
    /// The number by which this namespace knows another; absent where it has none for it, as where no link leads there.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub(in crate::lab) fn number_of(&mut self, namespace: BorrowedFd<'_>) -> Result<Option<i32>> {
        let failed = |source| Error::kernel("look up", "the number of a namespace", source);
        let mut question = NsidMessage::default();
        let descriptor = namespace.as_raw_fd().cast_unsigned();
        question.attributes.push(NsidAttribute::Fd(descriptor));
        let mut message = NetlinkMessage::from(RouteNetlinkMessage::GetNsId(question));
        message.header.flags = NLM_F_REQUEST;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map_err(failed)?;
        for answer in self.receive()? {
            match answer.payload {
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewNsId(told)) => {
                    return Ok(told.attributes.iter().find_map(assigned));
                }
                NetlinkPayload::Error(error) => return Err(failed(error.to_io())),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// A number that is one: the kernel says that there is none by a negative one.
fn assigned(attribute: &NsidAttribute) -> Option<i32> {
    match attribute {
        NsidAttribute::Id(number) => Some(*number).filter(|number| *number >= 0),
        _ => None,
    }
}
