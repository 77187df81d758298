//! What was being done when the kernel refused, where the refusal has a remedy that only this act tells.
//!
//! Must not know objects. The invariant: a remedy is chosen from the act and the error number, never from words; the words
//! are for people and for records, and stay as they are there.

use std::fmt;

use super::Remedy;

/// An act that the kernel may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A veth is made as a port of a bridge.
    AddPort,
    /// A netkit pair is made.
    AddNetkit,
    /// A macvlan is made.
    CreateMacvlan,
    /// An ipvlan is made.
    CreateIpvlan,
    /// A VXLAN device is made.
    CreateVxlan,
    /// What comes in by a link is redirected to another.
    Redirect,
    /// A bridge is made that filters VLANs.
    CreateFilteringBridge,
    /// What a link receives is spread over CPUs.
    SetRps,
    /// A link is given kernel threads that poll it.
    SetThreadedNapi,
    /// The links of a namespace are shown as files.
    MountSysfs,
    /// A network namespace is made.
    CreateNamespace,
    /// A network namespace of somebody else's is opened or entered.
    Attach,
    /// The namespace of an engine's container is entered.
    EnterContainer,
    /// The user's own rule set is read.
    ReadRuleset,
    /// Rules are handed to `nf_tables`.
    LoadRules,
    /// Bridged frames are shown to the rules of IP.
    ShowFrames,
    /// A server begins to listen.
    ListenForFlow,
    /// A client calls its server.
    ConnectFlow,
    /// A server takes its client's call.
    AcceptFlow,
    /// A client calls its server once more.
    ConnectAgain,
    /// A thread for each end of a flow is started.
    SpawnEnds,
    /// A thread of kilonet's own is started.
    Spawn,
    /// A process is started.
    Start,
    /// The process becomes a command of the user's.
    Become,
    /// Something is done to a file or folder of results, said in these words.
    Keep(&'static str),
    /// Any other, said in these words; all that helps depends on the error number alone.
    Other(String),
}

impl Act {
    /// The verb and its preposition, lower case, as people and records read it.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::AddPort => "add port",
            Self::AddNetkit => "add netkit",
            Self::CreateMacvlan => "create macvlan of",
            Self::CreateIpvlan => "create ipvlan of",
            Self::CreateVxlan => "create vxlan",
            Self::Redirect => "redirect",
            Self::CreateFilteringBridge => "create bridge that filters VLANs,",
            Self::SetRps => "set RPS on",
            Self::SetThreadedNapi => "set threaded NAPI on",
            Self::MountSysfs => "mount sysfs",
            Self::CreateNamespace => "create namespace",
            Self::Attach => "attach to",
            Self::EnterContainer => "enter",
            Self::ReadRuleset => "read",
            Self::LoadRules => "load",
            Self::ShowFrames => "set",
            Self::ListenForFlow => "listen for flow",
            Self::ConnectFlow => "connect flow",
            Self::AcceptFlow => "accept flow",
            Self::ConnectAgain => "make",
            Self::SpawnEnds | Self::Spawn => "spawn",
            Self::Start => "start",
            Self::Become => "run",
            Self::Keep(words) => words,
            Self::Other(words) => words,
        }
    }

    /// What helps against the kernel's refusal of it.
    pub(super) fn remedy(&self, errno: i32) -> Option<Remedy> {
        self.own_remedy(errno).or_else(|| of_any_act(errno))
    }

    fn own_remedy(&self, errno: i32) -> Option<Remedy> {
        match (self, errno) {
            (Self::AddPort, libc::EXFULL) => Some(Remedy::BridgeFull),
            (Self::AddNetkit, libc::EOPNOTSUPP) => Some(Remedy::NoNetkit),
            (Self::CreateMacvlan, libc::EOPNOTSUPP) => Some(Remedy::NoMacvlan),
            (Self::CreateIpvlan, libc::EOPNOTSUPP) => Some(Remedy::NoIpvlan),
            (Self::CreateVxlan, libc::EOPNOTSUPP) => Some(Remedy::NoVxlan),
            (Self::Redirect, libc::ENOENT) => Some(Remedy::NoRedirect),
            (Self::CreateFilteringBridge, libc::EOPNOTSUPP) => Some(Remedy::NoVlanFiltering),
            (Self::SetRps, libc::ENOENT) => Some(Remedy::NoRps),
            (Self::SetRps, libc::EOVERFLOW) => Some(Remedy::RpsMaskTooWide),
            (Self::SetRps, libc::EPERM) => Some(Remedy::RpsNeedsRoot),
            (Self::SetThreadedNapi, libc::ENOENT) => Some(Remedy::NoThreadedNapi),
            (Self::MountSysfs, libc::EPERM) => Some(Remedy::SysfsNeedsRoot),
            (Self::CreateNamespace, libc::ENOSPC) => Some(Remedy::RaiseMaxNetNamespaces),
            (Self::CreateNamespace, libc::EPERM) => Some(Remedy::AllowUserNamespaces),
            (Self::Attach, libc::EPERM | libc::EACCES) => Some(Remedy::AttachAsRoot),
            (Self::Attach, libc::ENOENT | libc::EINVAL) => Some(Remedy::NameWhatRuns),
            (Self::EnterContainer, libc::EPERM) => Some(Remedy::CableNeedsRoot),
            (Self::ReadRuleset, libc::ENOENT | libc::ENOTDIR) => Some(Remedy::RulesetPath),
            (Self::LoadRules, libc::EPROTONOSUPPORT | libc::EOPNOTSUPP | libc::ENOENT) => {
                Some(Remedy::NoNftables)
            }
            (Self::ShowFrames, libc::ENOENT) => Some(Remedy::NoBridgeNetfilter),
            (Self::ConnectFlow | Self::ConnectAgain, libc::EHOSTUNREACH) => {
                Some(Remedy::RaiseNeighbours)
            }
            (Self::ListenForFlow | Self::ConnectFlow | Self::ConnectAgain, libc::EADDRNOTAVAIL) => {
                Some(Remedy::AddressGone)
            }
            (Self::AcceptFlow, libc::ENOPROTOOPT) => Some(Remedy::NoDatagramOffload),
            (Self::SpawnEnds, libc::EAGAIN) => Some(Remedy::FewerThreads),
            (Self::Spawn | Self::Start, libc::EAGAIN) => Some(Remedy::RaiseTasks),
            (Self::Become, libc::ENOENT | libc::ENOTDIR | libc::EACCES | libc::ENOEXEC) => {
                Some(Remedy::NameProgram)
            }
            (Self::Keep(_), errno) => of_keeping(errno),
            _ => None,
        }
    }
}

/// What helps where results cannot be kept.
fn of_keeping(errno: i32) -> Option<Remedy> {
    match errno {
        libc::ENOSPC | libc::EDQUOT => Some(Remedy::FreeSpace),
        libc::EACCES | libc::EPERM | libc::EROFS => Some(Remedy::WritableFolder),
        libc::EEXIST | libc::ENOTDIR | libc::EISDIR => Some(Remedy::FileInTheWay),
        libc::ENOENT => Some(Remedy::OtherFolder),
        _ => None,
    }
}

/// What an error number means whatever was being done.
fn of_any_act(errno: i32) -> Option<Remedy> {
    match errno {
        libc::EMFILE => Some(Remedy::RaiseOpenFiles),
        libc::ENFILE => Some(Remedy::RaiseFileMax),
        libc::EFBIG => Some(Remedy::RaiseFileSize),
        libc::ENOMEM | libc::ENOBUFS => Some(Remedy::MoreMemory),
        _ => None,
    }
}

impl fmt::Display for Act {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.words())
    }
}

impl From<&str> for Act {
    fn from(words: &str) -> Self {
        Self::Other(words.to_owned())
    }
}

impl From<String> for Act {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

impl From<&String> for Act {
    fn from(words: &String) -> Self {
        Self::Other(words.clone())
    }
}
