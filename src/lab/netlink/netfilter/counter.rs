//! Asking `nf_tables` for one named counter, where a listing by `nft` would be of every rule of its table.
//!
//! Must not know what is counted. The invariant: a counter that is not there is absent, which is not 0.

use std::io;

use netlink_sys::protocols::NETLINK_NETFILTER;
use nix::errno::Errno;

use super::super::raw::{self, ERROR, ERROR_BYTES, HEADER_BYTES, REQUEST};
use super::{Attribute, NFTABLES, joined, value};

/// `NFT_MSG_NEWOBJ`, which an answer is, and `GETOBJ`.
const NEW_OBJECT: u16 = 18;
const GET_OBJECT: u16 = 19;
/// `NFT_OBJECT_COUNTER`.
const COUNTER: u32 = 1;
/// `NFTA_OBJ_TABLE`, `NAME`, `TYPE` and `DATA`.
const TABLE: u16 = 1;
const NAME: u16 = 2;
const TYPE: u16 = 3;
const DATA: u16 = 4;
/// `NFTA_COUNTER_PACKETS`.
const PACKETS: u16 = 2;

/// What a counter of a table has counted in the namespace in which the calling thread is; absent where there is no such table, or
/// no such counter in it. `protocol` is the table's (`NFPROTO_*`).
///
/// # Errors
/// What the kernel refuses; `EPROTONOSUPPORT` where it has no `nf_tables`.
pub(in crate::lab) fn packets(protocol: u8, table: &str, name: &str) -> io::Result<Option<u64>> {
    let socket = raw::connected(NETLINK_NETFILTER)?;
    socket.send(&question(protocol, table, name), 0)?;
    let mut buffer = [0; 4096];
    let length = raw::receive(&socket, &mut buffer)?;
    read_answer(&buffer[..length])
}

fn question(protocol: u8, table: &str, name: &str) -> Vec<u8> {
    let body = joined(&[
        Attribute::text(TABLE, table),
        Attribute::text(NAME, name),
        Attribute::number(TYPE, COUNTER),
    ]);
    // No version and no resource.
    let body = [&[protocol, 0, 0, 0], &body[..]].concat();
    raw::message(NFTABLES << 8 | GET_OBJECT, REQUEST, &body)
}

fn read_answer(answer: &[u8]) -> io::Result<Option<u64>> {
    let Some([_, _, _, _, k0, k1, .., e0, e1, e2, e3]) = answer.first_chunk::<ERROR_BYTES>() else {
        return Ok(None);
    };
    let kind = u16::from_ne_bytes([*k0, *k1]);
    if kind == ERROR {
        return match Errno::from_raw(-i32::from_ne_bytes([*e0, *e1, *e2, *e3])) {
            Errno::ENOENT => Ok(None),
            errno => Err(errno.into()),
        };
    }
    let is_counter = kind == NFTABLES << 8 | NEW_OBJECT;
    let attributes = answer.get(HEADER_BYTES + 4..).filter(|_| is_counter);
    let data = attributes.and_then(|attributes| value(attributes, DATA));
    let packets = data.and_then(|data| value(data, PACKETS)?.first_chunk());
    Ok(packets.map(|bytes| u64::from_be_bytes(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = 64_u32.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn packets_are_read_from_among_the_attributes_of_a_counter() {
        let counts = [
            Attribute::bytes(1, &600_u64.to_be_bytes()),
            Attribute::bytes(PACKETS, &7_u64.to_be_bytes()),
        ];
        let attributes = joined(&[
            Attribute::text(TABLE, "a"),
            Attribute::text(NAME, "some"),
            Attribute::nest(DATA, &counts),
        ]);
        let body = [&[2, 0, 0, 0][..], &attributes].concat();
        let answered = answer(NFTABLES << 8 | NEW_OBJECT, &body);
        assert_eq!(read_answer(&answered).unwrap(), Some(7));
    }

    #[test]
    fn a_counter_that_is_not_there_is_absent_and_another_refusal_an_error() {
        let refused = |errno: Errno| answer(ERROR, &(-(errno as i32)).to_ne_bytes());
        assert_eq!(read_answer(&refused(Errno::ENOENT)).unwrap(), None);
        assert!(read_answer(&refused(Errno::EPERM)).is_err());
    }
}
