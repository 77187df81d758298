//! A link between an agent and the owner of its crew: messages in frames, with descriptors beside them.
//!
//! Must not know what is said. The invariant: a frame is a length of four bytes and as many bytes of JSON; the descriptors
//! that belong to it come with its length.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, getsockopt, recvmsg, sendmsg, sockopt,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Descriptors beside one message at most.
const DESCRIPTORS: usize = 2;

/// Bytes of a message at most; a report of a thousand flows has about 200 KiB.
const LONGEST: usize = 16 << 20;

/// One end of a link.
#[derive(Debug)]
pub(super) struct Link(UnixStream);

impl Link {
    /// Takes over a connection. `patience` is how long the other end may take over a frame that it has begun; none is
    /// for ever.
    pub(super) fn new(stream: UnixStream, patience: Option<Duration>) -> io::Result<Self> {
        stream.set_read_timeout(patience)?;
        stream.set_write_timeout(patience)?;
        Ok(Self(stream))
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.0)
    }

    /// The number of the process at the other end; absent where it is in no namespace that this process sees.
    pub(super) fn peer(&self) -> Option<i32> {
        let peer = getsockopt(&self.0, sockopt::PeerCredentials).ok()?;
        Some(peer.pid()).filter(|pid| *pid > 0)
    }

    /// Says nothing more, and hears nothing; what the other end waits for is an end of file.
    pub(super) fn end(&self) {
        // It fails only where the other end did so before.
        let _ = self.0.shutdown(Shutdown::Both);
    }

    pub(super) fn say(&self, message: &impl Serialize) -> io::Result<()> {
        self.say_with(message, &[])
    }

    /// Says something, and hands over descriptors, two at most.
    pub(super) fn say_with(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let text = serde_json::to_vec(message)?;
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        let raw: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let beside = [ControlMessage::ScmRights(&raw)];
        let beside = if raw.is_empty() { &[] } else { &beside[..] };
        let head = length.to_ne_bytes();
        // A peer that went away is an error to the caller, never a signal to the process.
        let sent = sendmsg::<()>(
            self.0.as_raw_fd(),
            &[IoSlice::new(&head)],
            beside,
            MsgFlags::MSG_NOSIGNAL,
            None,
        )?;
        (&self.0).write_all(&head[sent..])?;
        (&self.0).write_all(&text)
    }

    /// What the other end says next; waits for it. `UnexpectedEof` when it is gone.
    pub(super) fn hear<T: DeserializeOwned>(&self) -> io::Result<T> {
        self.hear_with().map(|(message, _)| message)
    }

    /// What the other end says next, with the descriptors it hands over.
    pub(super) fn hear_with<T: DeserializeOwned>(&self) -> io::Result<(T, Vec<OwnedFd>)> {
        let (length, descriptors) = self.hear_head()?;
        if length > LONGEST {
            return Err(io::Error::other(format!("a message of {length} bytes")));
        }
        let mut text = vec![0; length];
        (&self.0).read_exact(&mut text)?;
        Ok((serde_json::from_slice(&text)?, descriptors))
    }

    fn hear_head(&self) -> io::Result<(usize, Vec<OwnedFd>)> {
        let mut head = [0; 4];
        let mut room = cmsg_space!([RawFd; DESCRIPTORS]);
        let mut slices = [IoSliceMut::new(&mut head)];
        let received = recvmsg::<()>(
            self.0.as_raw_fd(),
            &mut slices,
            Some(&mut room),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        let descriptors = received.cmsgs()?.flat_map(owned).collect();
        let bytes = received.bytes;
        if bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        (&self.0).read_exact(&mut head[bytes..])?;
        Ok((u32::from_ne_bytes(head) as usize, descriptors))
    }
}

#[allow(unsafe_code, reason = "nix hands received descriptors over as numbers")]
fn owned(message: ControlMessageOwned) -> Vec<OwnedFd> {
    match message {
        ControlMessageOwned::ScmRights(descriptors) => descriptors
            .into_iter()
            // SAFETY: the kernel has just made these descriptors for this process, and nobody else has been told of them.
            .map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    fn pair() -> (Link, Link) {
        let (left, right) = UnixStream::pair().unwrap();
        (
            Link::new(left, None).unwrap(),
            Link::new(right, None).unwrap(),
        )
    }

    #[test]
    fn what_is_said_is_heard_in_order_with_its_descriptors() {
        let (left, right) = pair();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"beside").unwrap();
        left.say(&"first").unwrap();
        left.say_with(&vec![2, 3], &[file.as_fd()]).unwrap();

        assert_eq!(right.hear::<String>().unwrap(), "first");
        let (second, descriptors) = right.hear_with::<Vec<u8>>().unwrap();
        assert_eq!((second, descriptors.len()), (vec![2, 3], 1));
        let same = File::from(descriptors.into_iter().next().unwrap());
        assert_eq!(same.metadata().unwrap().len(), 6);
    }

    #[test]
    fn an_end_that_is_gone_is_an_end_of_file() {
        let (left, right) = pair();
        drop(left);
        let error = right.hear::<String>().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(right.say(&1).is_err());
    }
}
