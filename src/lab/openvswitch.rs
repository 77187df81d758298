//! Whether this kernel has Open vSwitch's data path, and what to say to who asks for it.
//!
//! Must not know topologies. The invariant: asking changes nothing.

use crate::error::{Error, Remedy, Result};
use crate::lab::netlink::generic;

/// The family of generic netlink that its data paths are made by.
const FAMILY: &str = "ovs_datapath";
/// What helps where the kernel has none.
pub const REMEDY: &str = "modprobe openvswitch, or a kernel with CONFIG_OPENVSWITCH";

/// Whether the kernel has it; its user space is not asked for.
///
/// # Errors
/// When the kernel does not answer.
pub fn in_kernel() -> Result<bool> {
    generic::has_family(FAMILY)
        .map_err(|source| Error::kernel("ask for", "the family ovs_datapath", source))
}

/// Why a lab cannot have one: there is none in the kernel, or kilonet has not learned to wire it.
pub(super) fn refusal() -> Error {
    let refused = |reason| Error::refused("set up", "topology openvswitch", reason);
    match in_kernel() {
        Err(error) => error,
        Ok(false) => refused("the kernel has no Open vSwitch").with_remedy(Remedy::NoOpenVSwitch),
        Ok(true) => refused("the kernel has it, but this version of kilonet does not wire it")
            .with_remedy(Remedy::BridgeInstead),
    }
}
