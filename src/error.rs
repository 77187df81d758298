//! What can go wrong, said as the act and the object it was done to.
//!
//! One enum for the whole library. The kernel's own error stays the `source` and is never repeated in the text: a
//! printer joins the chain with `: `. A remedy, where one is known, is [`Error::hint`], chosen from data.

use std::io;

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, with what was being done and to what.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refused an act.
    #[error("{act} {object}")]
    Kernel {
        /// The verb and its preposition, lower case: `add port`, `connect flow`.
        act: String,
        /// What it was done to: `v00042 to bridge br1`.
        object: String,
        /// The kernel's answer.
        source: io::Error,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// kilonet itself refused to go on, before or instead of asking the kernel; the machine is what falls short.
    #[error("{act} {object}: {reason}")]
    Refused {
        /// The verb and its preposition, lower case.
        act: String,
        /// What it would have been done to.
        object: String,
        /// Why it was not done.
        reason: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// The scenario, or a flag that stands for one of its keys, is wrong. The text is ready to print: it names file,
    /// line, key and what is allowed.
    #[error("{0}")]
    Scenario(String),
    /// A file of a run folder cannot be read as what it should be.
    #[error("read {object}: {reason}")]
    Malformed {
        /// The file, and the line where there is one.
        object: String,
        /// What is wrong with it.
        reason: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// The user asked for the run to end.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// The kernel refused `act` on `object`; the remedy is looked up from the two and the errno.
    pub fn kernel(act: impl Into<String>, object: impl Into<String>, source: io::Error) -> Self {
        let act = act.into();
        let hint = source
            .raw_os_error()
            .and_then(|code| remedy(&act, code))
            .map(str::to_owned);
        Self::Kernel {
            act,
            object: object.into(),
            source,
            hint,
        }
    }

    /// kilonet declines `act` on `object` for `reason`.
    pub fn refused(
        act: impl Into<String>,
        object: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Refused {
            act: act.into(),
            object: object.into(),
            reason: reason.into(),
            hint: None,
        }
    }

    /// The same error with a remedy of the caller's, who knows more than the table does.
    #[must_use]
    pub fn with_hint(mut self, remedy: impl Into<String>) -> Self {
        match &mut self {
            Self::Kernel { hint, .. }
            | Self::Refused { hint, .. }
            | Self::Malformed { hint, .. } => {
                *hint = Some(remedy.into());
            }
            Self::Scenario(_) | Self::Interrupted => {}
        }
        self
    }

    /// What the user can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Kernel { hint, .. }
            | Self::Refused { hint, .. }
            | Self::Malformed { hint, .. } => hint.as_deref(),
            Self::Scenario(_) | Self::Interrupted => None,
        }
    }

    /// The kernel's error number, where the kernel is who refused.
    #[must_use]
    pub fn errno(&self) -> Option<nix::errno::Errno> {
        match self {
            Self::Kernel { source, .. } => source.raw_os_error().map(nix::errno::Errno::from_raw),
            _ => None,
        }
    }

    /// The whole chain in one line: act, object, and the kernel's reason.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Kernel { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }

    /// Whether the user's input is at fault (exit code 2) rather than the machine (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Scenario(_))
    }
}

/// A row of the remedy table: which acts it is for (a prefix; empty for any), the errno, and the remedy.
struct Remedy {
    act: &'static str,
    errno: nix::errno::Errno,
    text: &'static str,
}

/// What helps against which refusal; the first row that fits is taken.
const REMEDIES: &[Remedy] = {
    use nix::errno::Errno;
    &[
        Remedy {
            act: "add port",
            errno: Errno::EXFULL,
            text: "a Linux bridge holds 1023 ports; set ports_per_bridge lower",
        },
        Remedy {
            act: "create macvlan",
            errno: Errno::EOPNOTSUPP,
            text: "not available: this kernel has no macvlan; modprobe macvlan, or a kernel with CONFIG_MACVLAN",
        },
        Remedy {
            act: "create bridge that filters VLANs",
            errno: Errno::EOPNOTSUPP,
            text: "not available: this kernel's bridges have no VLAN filtering; a kernel with CONFIG_BRIDGE_VLAN_FILTERING",
        },
        Remedy {
            act: "create ipvlan",
            errno: Errno::EOPNOTSUPP,
            text: "not available: this kernel has no ipvlan; modprobe ipvlan, or a kernel with CONFIG_IPVLAN",
        },
        Remedy {
            act: "add netkit",
            errno: Errno::EOPNOTSUPP,
            text: "not available: this kernel has no netkit; it takes Linux 6.7 and CONFIG_NETKIT",
        },
        Remedy {
            act: "create vxlan",
            errno: Errno::EOPNOTSUPP,
            text: "not available: this kernel has no vxlan; modprobe vxlan, or a kernel with CONFIG_VXLAN",
        },
        Remedy {
            act: "set RPS on",
            errno: Errno::ENOENT,
            text: "not available: this kernel has no RPS; a kernel with CONFIG_RPS",
        },
        Remedy {
            act: "set RPS on",
            errno: Errno::EOVERFLOW,
            text: "the mask names CPUs that this machine does not have",
        },
        Remedy {
            act: "set threaded NAPI on",
            errno: Errno::ENOENT,
            text: "not available: this kernel has no threaded NAPI; it takes Linux 5.12",
        },
        Remedy {
            act: "set RPS on",
            errno: Errno::EPERM,
            text: "only root may, outside of user namespaces; run as root, or with rps = \"off\"",
        },
        Remedy {
            act: "mount sysfs",
            errno: Errno::EPERM,
            text: "an ordinary user may where nothing of /sys is hidden; run as root, or with rps = \"off\" and napi other than \"threaded\"",
        },
        Remedy {
            act: "create namespace",
            errno: Errno::ENOSPC,
            text: "raise sysctl user.max_net_namespaces",
        },
        Remedy {
            act: "create namespace",
            errno: Errno::EPERM,
            text: "run as root, or allow unprivileged user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)",
        },
        Remedy {
            act: "create folder",
            errno: Errno::ENOENT,
            text: "nothing can be made there; choose another folder with --out",
        },
        Remedy {
            act: "create folder",
            errno: Errno::EACCES,
            text: "choose a folder you may write to with --out",
        },
        Remedy {
            act: "create folder",
            errno: Errno::ENOTDIR,
            text: "a part of the path is a file; choose another folder with --out",
        },
        Remedy {
            act: "connect flow",
            errno: Errno::EHOSTUNREACH,
            text: "the neighbour table may be full; raise sysctl net.ipv4.neigh.default.gc_thresh3",
        },
        Remedy {
            act: "accept flow",
            errno: Errno::ENOPROTOOPT,
            text: "not available: this kernel neither cuts nor joins datagrams; it takes Linux 5.0, or batch = \"mmsg\"",
        },
        Remedy {
            act: "spawn",
            errno: Errno::EAGAIN,
            text: "use driver = \"workers\", or raise kernel.pid_max and the pids limit of the cgroup",
        },
        Remedy {
            act: "",
            errno: Errno::EMFILE,
            text: "raise the limit of open files (ulimit -n; its hard limit is LimitNOFILE= of the service or limits.conf)",
        },
        Remedy {
            act: "",
            errno: Errno::ENFILE,
            text: "raise sysctl fs.file-max",
        },
        Remedy {
            act: "",
            errno: Errno::EADDRNOTAVAIL,
            text: "widen sysctl net.ipv4.ip_local_port_range",
        },
        Remedy {
            act: "",
            errno: Errno::ENOSPC,
            text: "free space on the file system that holds the results, or choose another with --out",
        },
        Remedy {
            act: "",
            errno: Errno::EROFS,
            text: "choose a writable folder with --out",
        },
        Remedy {
            act: "",
            errno: Errno::ENOMEM,
            text: "fewer containers, or more memory",
        },
        Remedy {
            act: "",
            errno: Errno::ENOBUFS,
            text: "fewer containers, or more memory",
        },
    ]
};

fn remedy(act: &str, code: i32) -> Option<&'static str> {
    REMEDIES
        .iter()
        .find(|row| act.starts_with(row.act) && row.errno as i32 == code)
        .map(|row| row.text)
}
