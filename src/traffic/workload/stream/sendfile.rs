//! Sending from a file in memory: the kernel puts the file's own pages into packets.
//!
//! Must not know flows. The invariant: nobody can change the file, so any number of senders may have its pages under way.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::sendfile::sendfile64;

/// A file that holds the longest message.
#[derive(Debug)]
pub(super) struct MessageFile(File);

impl MessageFile {
    /// A file that holds these bytes for good.
    pub(super) fn holding(payload: &[u8]) -> io::Result<Self> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let mut file = File::from(memfd_create(c"kilonet message", flags)?);
        file.write_all(payload)?;
        let seals = SealFlag::F_SEAL_SHRINK
            | SealFlag::F_SEAL_GROW
            | SealFlag::F_SEAL_WRITE
            | SealFlag::F_SEAL_SEAL;
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
        Ok(Self(file))
    }

    /// Sends as much of a message of so many bytes as there is room for, from its beginning: what has no meaning need not be
    /// continued. There
    /// is no flag against SIGPIPE here, and no need of one: Rust's runtime has it ignored.
    pub(super) fn send(&self, socket: impl AsFd, bytes: usize) -> nix::Result<usize> {
        sendfile64(socket, &self.0, Some(&mut 0), bytes)
    }
}
