//! The settings of a host side below `/proc/sys/net`.
//!
//! Must not know what they are set for. The invariant: what the kernel has is set, or it is an error.

use std::fs;
use std::io;

use crate::error::{Error, Result};

/// Writes a file below `/proc/sys/net`, of the namespace in which the thread is, where the kernel has it. It is opened once
/// for each namespace of the host side, never for a container.
pub(in crate::lab) fn set(file: &str, value: &str, host: &str) -> Result<()> {
    match fs::write(format!("/proc/sys/net/{file}"), value) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let object = format!("net.{} of {host}", file.replace('/', "."));
            Err(Error::kernel("set", object, error))
        }
        _ => Ok(()),
    }
}
