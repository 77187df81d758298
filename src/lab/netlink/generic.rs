//! Asking which families of generic netlink there are: features that have no kind of link to be tried with.
//!
//! Message and attribute numbers are those of `linux/genetlink.h`. Must not know what a family is for.

use std::io;
use std::os::fd::AsRawFd;

use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;

use super::netfilter::{ACK, Attribute, HEADER_BYTES, REQUEST, read_answers};

/// `GENL_ID_CTRL`: the family that knows the others.
const CONTROL: u16 = 16;
/// `CTRL_CMD_GETFAMILY`, and the version of the family that has it.
const GET_FAMILY: [u8; 2] = [3, 1];
/// `CTRL_ATTR_FAMILY_NAME`.
const FAMILY_NAME: u16 = 2;

/// Whether the kernel has this family, or loads it when asked.
pub(in crate::lab) fn has_family(name: &str) -> io::Result<bool> {
    let mut socket = Socket::new(NETLINK_GENERIC)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(&question(name), 0)?;
    let mut buffer = [0; 4096];
    let flags = nix::sys::socket::MsgFlags::empty();
    let length = nix::sys::socket::recv(socket.as_raw_fd(), &mut buffer, flags)?;
    match read_answers(&buffer[..length]) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => Ok(false),
        Err(error) => Err(error),
    }
}

fn question(name: &str) -> Vec<u8> {
    let attribute = Attribute::text(FAMILY_NAME, name).into_bytes();
    let length = u32::try_from(HEADER_BYTES + 4 + attribute.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(CONTROL.to_ne_bytes());
    bytes.extend((REQUEST | ACK).to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([GET_FAMILY[0], GET_FAMILY[1], 0, 0]);
    bytes.extend(attribute);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_that_every_kernel_has_is_found_and_one_that_none_has_is_not() {
        assert!(has_family("nlctrl").unwrap());
        assert!(!has_family("kilonet-none").unwrap());
    }
}
