//! A program in the kernel that counts how often a tracepoint tells each number (`bpf(2)`).
//!
//! Must not know what the numbers mean. The invariant: it stands for as long as its descriptors do, and is gone with the process, in
//! whatever way that ends.

#![allow(
    unsafe_code,
    reason = "neither libc nor nix has bpf(2) but by its number, and it takes addresses as integers"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "lengths of what is a few words long"
)]

use std::ffi::{CStr, c_int, c_long};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::libc;

/// The tracepoint.
const TRACEPOINT: &CStr = c"kfree_skb";

/// What the kernel wants to know of a program that uses nothing of its own that is for such programs alone.
const LICENSE: &CStr = c"MIT OR Apache-2.0";

/// Rows of counters, of which each CPU counts in one: those that share one wait for each other, and lose nothing. A power of 2.
const ROWS: u16 = 64;

/// Bytes of a counter, as a power of 2.
const COUNTER_BITS: i32 = 3;

/// Numbers that are counted at most, each in a slot of its own.
const MOST: u16 = 4096;

/// See the file's head.
pub(super) struct Counting {
    counters: OwnedFd,
    program: OwnedFd,
    /// What the program is attached by.
    _link: OwnedFd,
    slots: u16,
}

impl Counting {
    /// Begins to count the numbers that are an argument of the tracepoint: each in its slot, those beyond in the last.
    pub(super) fn start(argument: u16, slots: usize) -> io::Result<Self> {
        let fits = |slots: &u16| (1..=MOST).contains(slots);
        let slots = u16::try_from(slots).ok().filter(fits);
        let slots = slots.ok_or_else(|| io::Error::from_raw_os_error(libc::E2BIG))?;
        let counters = create_counters(slots)?;
        let program = load(&code(argument, slots, &counters))?;
        Ok(Self {
            _link: attach(&program)?,
            counters,
            program,
            slots,
        })
    }

    /// What has been counted so far, by slot.
    pub(super) fn read(&self) -> io::Result<Vec<u64>> {
        let slots = usize::from(self.slots);
        let mut counters = vec![0_u64; usize::from(ROWS) * slots];
        let key = 0_u32;
        let mut lookup = Lookup {
            map: self.counters.as_raw_fd(),
            unused: 0,
            key: address(&raw const key),
            value: address(counters.as_mut_ptr()),
            flags: 0,
        };
        // SAFETY: the kernel reads a key of 4 bytes and writes a value of as many bytes as the counters were created with, which
        // `counters` has; both live through the call.
        unsafe { bpf(MAP_LOOKUP_ELEM, &mut lookup) }?;
        let rows = || counters.chunks_exact(slots);
        Ok((0..slots)
            .map(|slot| rows().map(|row| row[slot]).sum())
            .collect())
    }

    /// How many could not be counted, as they came while another was being counted on the same CPU.
    pub(super) fn missed(&self) -> io::Result<u64> {
        let mut information = [0_u64; MISSED + 1];
        let mut inquiry = Inquiry {
            descriptor: self.program.as_raw_fd(),
            bytes: size_of_val(&information) as u32,
            information: address(information.as_mut_ptr()),
        };
        // SAFETY: the kernel writes at most the `bytes` that `information` has, which lives through the call.
        unsafe { bpf(OBJ_GET_INFO_BY_FD, &mut inquiry) }?;
        Ok(information[MISSED])
    }
}

/// The place of `recursion_misses` in `struct bpf_prog_info` of `linux/bpf.h`, in words of 8 bytes; there since Linux 5.12.
const MISSED: usize = 26;

// Commands, types and flags of `linux/bpf.h`.
const MAP_CREATE: c_int = 0;
const MAP_LOOKUP_ELEM: c_int = 1;
const PROG_LOAD: c_int = 5;
const OBJ_GET_INFO_BY_FD: c_int = 15;
const RAW_TRACEPOINT_OPEN: c_int = 17;
const MAP_TYPE_ARRAY: u32 = 2;
const PROG_TYPE_RAW_TRACEPOINT: u32 = 17;

// What the commands take: the beginnings of parts of `union bpf_attr`, whose rest is taken for 0.

#[repr(C)]
struct Creation {
    kind: u32,
    key_bytes: u32,
    value_bytes: u32,
    entries: u32,
}

#[repr(C)]
struct Load {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
}

#[repr(C)]
struct Attachment {
    name: u64,
    program: c_int,
    unused: u32,
}

#[repr(C)]
struct Lookup {
    map: c_int,
    unused: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct Inquiry {
    descriptor: c_int,
    bytes: u32,
    information: u64,
}

/// One value with all rows, whose address a program may have as a constant.
fn create_counters(slots: u16) -> io::Result<OwnedFd> {
    let mut creation = Creation {
        kind: MAP_TYPE_ARRAY,
        key_bytes: size_of::<u32>() as u32,
        value_bytes: (u32::from(ROWS) * u32::from(slots)) << COUNTER_BITS,
        entries: 1,
    };
    // SAFETY: it holds no address.
    unsafe { made(MAP_CREATE, &mut creation) }
}

fn load(code: &[Instruction]) -> io::Result<OwnedFd> {
    let mut load = Load {
        kind: PROG_TYPE_RAW_TRACEPOINT,
        instructions: code.len() as u32,
        code: address(code.as_ptr()),
        license: address(LICENSE.as_ptr()),
    };
    // SAFETY: as many instructions are there as is said, and the license ends with a 0; both live through the call.
    unsafe { made(PROG_LOAD, &mut load) }
}

fn attach(program: &OwnedFd) -> io::Result<OwnedFd> {
    let mut attachment = Attachment {
        name: address(TRACEPOINT.as_ptr()),
        program: program.as_raw_fd(),
        unused: 0,
    };
    // SAFETY: the name ends with a 0, and lives through the call.
    unsafe { made(RAW_TRACEPOINT_OPEN, &mut attachment) }
}

fn address<T>(at: *const T) -> u64 {
    at.expose_provenance() as u64
}

/// A command that makes something.
///
/// # Safety
/// As for [`bpf`].
unsafe fn made<T>(command: c_int, attributes: &mut T) -> io::Result<OwnedFd> {
    // SAFETY: the caller's to hold.
    let descriptor = unsafe { bpf(command, attributes) }?;
    let descriptor = c_int::try_from(descriptor).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made it for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// # Safety
/// The addresses among the attributes must be of memory that the command may read or write as far as it does.
unsafe fn bpf<T>(command: c_int, attributes: &mut T) -> io::Result<c_long> {
    let bytes = size_of::<T>();
    // SAFETY: `attributes` has the `bytes` that are said and lives through the call; the rest is the caller's to hold.
    match unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attributes, bytes) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}

/// `struct bpf_insn` of `linux/bpf.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
struct Instruction {
    operation: u8,
    /// Half a byte each: where it puts its result, and where it takes from.
    registers: u8,
    offset: i16,
    number: i32,
}

/// An instruction with two registers, an offset and a number.
const fn instruction(operation: u8, (to, from): (u8, u8), offset: i16, number: i32) -> Instruction {
    let registers = if cfg!(target_endian = "little") {
        from << 4 | to
    } else {
        to << 4 | from
    };
    Instruction {
        operation,
        registers,
        offset,
        number,
    }
}

/// The program: adds 1 to a counter, by one step, as an interrupt may count on the same CPU in between.
fn code(argument: u16, slots: u16, counters: &OwnedFd) -> [Instruction; 16] {
    let last = i32::from(slots) - 1;
    // Arguments are of 8 bytes each.
    let at = i16::try_from(argument).unwrap_or(i16::MAX >> 3) << 3;
    [
        instruction(0x79, (6, 1), at, 0),   // r6 = *(u64 *)(r1 + at)
        instruction(0xbc, (6, 6), 0, 0),    // w6 = w6: of the 8 bytes the number is 4
        instruction(0xa5, (6, 0), 1, last), // if r6 < last goto +1
        instruction(0xb7, (6, 0), 0, last), // r6 = last
        instruction(0x85, (0, 0), 0, 8),    // r0 = bpf_get_smp_processor_id()
        instruction(0x57, (0, 0), 0, i32::from(ROWS) - 1), // r0 &= ROWS - 1
        instruction(0x27, (0, 0), 0, i32::from(slots)), // r0 *= slots
        instruction(0x0f, (0, 6), 0, 0),    // r0 += r6
        instruction(0x67, (0, 0), 0, COUNTER_BITS), // r0 <<= 3
        instruction(0x18, (1, 2), 0, counters.as_raw_fd()), // r1 = the address of the counters,
        instruction(0x00, (0, 0), 0, 0),    // which takes two instructions
        instruction(0x0f, (1, 0), 0, 0),    // r1 += r0
        instruction(0xb7, (2, 0), 0, 1),    // r2 = 1
        instruction(0xdb, (1, 2), 0, 0),    // lock *(u64 *)r1 += r2
        instruction(0xb7, (0, 0), 0, 0),    // r0 = 0
        instruction(0x95, (0, 0), 0, 0),    // exit
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_counted_is_refused_before_the_kernel_is_asked() {
        for slots in [0, usize::from(MOST) + 1, usize::MAX] {
            let refused = Counting::start(2, slots).err().unwrap();
            assert_eq!(refused.raw_os_error(), Some(libc::E2BIG));
        }
    }
}
