//! What confines this process, and with it the sockets that it makes.
//!
//! Must not know what for. The invariant: what the kernel does not say is absent.

use procfs::process::Process;
use serde::{Deserialize, Serialize};

use super::cgroup::{Controller, Groups};

/// The number of `CAP_NET_ADMIN` in the masks of `/proc/self/status` (linux/capability.h).
const NET_ADMIN: u32 = 12;

/// See the file's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Whether the memory it uses is charged to a control group below the root; absent where no hierarchy is mounted.
    pub memory_cgroup: Option<bool>,
    /// Whether its system calls pass a filter (seccomp); absent where the kernel has none.
    pub seccomp: Option<bool>,
    /// Whether it may administer networks (`CAP_NET_ADMIN`), in its own user namespace at least.
    pub net_admin: bool,
}

impl Confinement {
    /// Of this process; absent where `/proc` does not show it.
    #[must_use]
    pub fn of_self() -> Option<Self> {
        let status = Process::myself().ok()?.status().ok()?;
        let groups = Groups::of_self().ok();
        Some(Self {
            memory_cgroup: groups.and_then(|groups| groups.is_charged(Controller::Memory)),
            seccomp: status.seccomp.map(|mode| mode != 0),
            net_admin: status.capeff & (1 << NET_ADMIN) != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_whether_it_may_administer_networks() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
        let own = Confinement::of_self().unwrap();
        assert_eq!(own.net_admin, mask & 0x1000 == 0x1000);
    }
}
