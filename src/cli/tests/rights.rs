//! What an ordinary user may not do.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use nix::errno::Errno;

use super::{Case, How, as_nobody, raised, seam, told};
use crate::error::{Act, Remedy};
use crate::host::cgroup::{self, Nest};
use crate::host::privilege;
use crate::host::sysctl::Guard;
use crate::host::watching::{Drops, KernelLog, drops, kernel_log};
use crate::lab::docker::Engine;
use crate::lab::existing::{self, Existing};
use crate::report;
use crate::scenario::Limits;

pub(super) fn cases() -> Vec<Case> {
    vec![
        namespaces(),
        attaching(),
        attaching_as_root(),
        sysctls(),
        groups(),
        spreading(),
        folder(),
        engine(),
        leftovers(),
        kernel_log(),
        tracing(),
        seam(
            Remedy::SysfsNeedsRoot,
            "nothing of /sys is hidden here",
            (Act::MountSysfs, Errno::EPERM),
        ),
        seam(
            Remedy::CableNeedsRoot,
            "an engine and its group are needed",
            (Act::EnterContainer, Errno::EPERM),
        ),
    ]
}

fn namespaces() -> Case {
    let said = as_nobody(|| raised("containers = 2\ntopology = \"veth\"").unwrap_err());
    told(Remedy::AllowUserNamespaces, said)
}

fn attaching() -> Case {
    told(
        Remedy::AttachAsRoot,
        as_nobody(|| Existing::find("1").unwrap_err()),
    )
}

/// What root is told to whom a service or a container has left no capabilities.
fn attaching_as_root() -> Case {
    let error = existing::refusal("1", Errno::EACCES.into());
    Case {
        remedy: Remedy::AttachCapabilities,
        how: How::Seam("this process has all of root's rights"),
        hint: error.hint(),
    }
}

fn sysctls() -> Case {
    let wanted = BTreeMap::from([("kernel.pid_max".to_owned(), "1".to_owned())]);
    let said = as_nobody(|| Guard::raise(&wanted).unwrap_err());
    told(Remedy::SysctlsNeedRoot, said)
}

fn groups() -> Case {
    let said = as_nobody(|| Nest::build(1, &Limits::default()).unwrap_err());
    told(Remedy::OwnControlGroup, said)
}

fn spreading() -> Case {
    let said = as_nobody(|| {
        privilege::acquire().unwrap();
        raised("containers = 2\ntopology = \"veth\"\nrps = \"all\"").unwrap_err()
    });
    told(Remedy::RpsNeedsRoot, said)
}

fn folder() -> Case {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let said = as_nobody(|| report::save(&file, b"text").unwrap_err());
    told(Remedy::WritableFolder, said)
}

/// A folder of root's in the place of a control group of root's: the kernel refuses to remove either.
fn leftovers() -> Case {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let group = folder.path().join("group");
    fs::create_dir(&group).unwrap();
    let swept = || cgroup::leftovers::swept(&group).unwrap().unwrap_err();
    told(Remedy::CleanAsOwner, as_nobody(swept))
}

/// Everybody may read it where nothing restricts that.
fn kernel_log() -> Case {
    let refusal = || match KernelLog::open() {
        Err(error) => error,
        Ok(_) => kernel_log::refusal(Errno::EPERM.into()),
    };
    told(Remedy::ReadKernelLog, as_nobody(refusal))
}

/// Everybody may where nothing restricts that.
fn tracing() -> Case {
    let refusal = || match Drops::open() {
        Err(error) => error,
        Ok(_) => drops::refusal(Errno::EPERM.into()),
    };
    told(Remedy::TraceDrops, as_nobody(refusal))
}

fn engine() -> Case {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let socket = folder.path().join("sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o600)).unwrap();
    let reach = |socket: &Path| Engine::connect_to(&format!("unix://{}", socket.display()));
    told(
        Remedy::EngineRights,
        as_nobody(|| reach(&socket).unwrap_err()),
    )
}
