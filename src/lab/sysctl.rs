//! The settings of a host side below `/proc/sys/net`, and those of containers' namespaces that a scenario asks for.
//!
//! Must not know what they are set for. The invariant: what the kernel has is set, or it is an error; what a scenario asks for is set.

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

/// Writes a sysctl of the namespace in which the thread is.
///
/// # Errors
/// Also where the kernel does not have it for each namespace.
pub(in crate::lab) fn require(name: &str, value: &str, container: u32) -> Result<()> {
    fs::write(path(name), value).map_err(|error| refusal(("set", name, container), error))
}

/// Reads one, with a blank between its numbers.
///
/// # Errors
/// Where the kernel does not have it.
pub(in crate::lab) fn read(name: &str, container: u32) -> Result<String> {
    let text = fs::read_to_string(path(name));
    let text = text.map_err(|error| refusal(("read", name, container), error))?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn path(name: &str) -> String {
    format!("/proc/sys/{}", name.replace('.', "/"))
}

fn refusal((act, name, container): (&'static str, &str, u32), error: io::Error) -> Error {
    let object = format!("sysctl {name} of container {container}");
    if error.kind() == io::ErrorKind::NotFound {
        let reason = "this kernel does not have it for each namespace, or does not show it there";
        return Error::refused(act, object, reason);
    }
    Error::kernel(act, object, error)
}
