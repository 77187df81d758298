//! Sysctls of containers' namespaces, read back once a lab is there.
//!
//! Must not know what they are set for. The invariant: what is handed on was read, and is what was asked for.

use super::sample::evenly;
use super::{Lab, netns, setup, sysctl};
use crate::error::{Error, Result};
use crate::scenario::NamespaceSysctls;
use crate::store::record::SysctlsRead;

/// Namespaces in which sysctls are read back: each read looks one up among those of all namespaces.
const READ_IN: usize = 8;

/// Reads sysctls back in an even sample of a lab's containers; none where a scenario sets none.
///
/// # Errors
/// Where the kernel has another value than the one that was set.
pub fn sysctls(lab: &Lab, asked: &NamespaceSysctls) -> Result<Option<SysctlsRead>> {
    if asked.is_empty() {
        return Ok(None);
    }
    let numbered: Vec<_> = (0..).zip(&lab.containers).collect();
    let sample: Vec<_> = evenly(numbered, READ_IN).collect();
    netns::visit(|visitor| {
        for (number, namespace) in &sample {
            setup::enter(visitor, namespace)?;
            asked
                .iter()
                .try_for_each(|(name, value)| check(name, value, *number))?;
        }
        Ok(())
    })?;
    let values = asked.iter();
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(Some(SysctlsRead {
        namespaces: u32::try_from(sample.len()).unwrap_or(u32::MAX),
        values: values.collect(),
    }))
}

fn check(name: &str, value: &str, container: u32) -> Result<()> {
    let now = sysctl::read(name, container)?;
    if now == value {
        return Ok(());
    }
    let reason = format!("the kernel has `{now}` instead of `{value}`");
    Err(Error::refused(
        "set",
        format!("sysctl {name} of container {container}"),
        reason,
    ))
}
