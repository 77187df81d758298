//! What the machine is, so that results can be compared with those of another, or of the same one later.
//!
//! Must not know results. The invariants: what the machine does not show is absent; and nothing in it names the machine
//! or its owner (no host name, addresses or serial numbers), for results are published.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource as Rlimit, getrlimit};
use nix::sys::utsname::uname;
use serde::Serialize;

use super::cgroup::{Controller, Groups};
use super::pseudo;
use crate::error::{Error, Result};
use crate::units::counted;
use crate::version::NUMBER;

/// The machine, as `manifest.json` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fingerprint {
    /// Version of kilonet.
    pub kilonet: &'static str,
    /// The kernel.
    pub kernel: Kernel,
    /// The processors.
    pub cpu: Cpu,
    /// What the firmware says the machine is; absent in many guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The memory.
    pub memory: Memory,
    /// How control groups are mounted: `none`, `v1`, `v2`, `hybrid`.
    pub cgroups: &'static str,
    /// Sysctls that bear on the results, by name.
    pub sysctls: BTreeMap<&'static str, String>,
    /// Resource limits by name, soft and hard.
    pub rlimits: BTreeMap<&'static str, Rlimits>,
}

/// The kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// `uname -r`.
    pub release: String,
    /// `uname -v`: build number, preemption model, date.
    pub version: String,
    /// `uname -m`.
    pub architecture: String,
    /// What keeps the time: `tsc`, `kvm-clock`, `hpet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocksource: Option<String>,
}

/// The processors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cpu {
    /// The model's name; absent on architectures that give numbers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// CPUs online.
    pub online: usize,
    /// The first CPU's clock when it was read, in MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mhz: Option<f64>,
    /// Whether this is a virtual machine, as far as the CPU says; absent where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_machine: Option<bool>,
    /// Frequency governor of the first CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// Idle states of the first CPU, shallowest first; a deep one makes a lone flow slow to wake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub idle_states: Vec<String>,
    /// What chooses among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_governor: Option<String>,
    /// Vulnerabilities that affect this CPU and what is done about each; those that do not are left out.
    pub vulnerabilities: BTreeMap<String, String>,
}

/// The memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// What this process's control group may use of it; absent where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_limit_bytes: Option<u64>,
    /// Whether this process is in a memory control group below the root, which charges socket buffers: it costs bulk
    /// throughput, limit or none. Absent where there is no such controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_charged: Option<bool>,
}

/// A resource limit; absent means unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rlimits {
    /// What holds now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft: Option<u64>,
    /// How far it may be raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard: Option<u64>,
}

/// Sysctls that bear on the results.
const SYSCTLS: &[&str] = &[
    "fs.file-max",
    "fs.nr_open",
    "kernel.pid_max",
    "kernel.threads-max",
    "net.core.default_qdisc",
    "net.core.devconf_inherit_init_net",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.core.netdev_max_backlog",
    "net.core.rmem_max",
    "net.core.rps_sock_flow_entries",
    "net.core.wmem_max",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.neigh.default.gc_thresh1",
    "net.ipv4.neigh.default.gc_thresh2",
    "net.ipv4.neigh.default.gc_thresh3",
    "net.ipv4.tcp_allowed_congestion_control",
    "net.ipv4.tcp_available_congestion_control",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv6.neigh.default.gc_thresh3",
    "user.max_net_namespaces",
    "user.max_user_namespaces",
    "vm.max_map_count",
];

const RLIMITS: &[(&str, Rlimit)] = &[
    ("nofile", Rlimit::RLIMIT_NOFILE),
    ("nproc", Rlimit::RLIMIT_NPROC),
    ("memlock", Rlimit::RLIMIT_MEMLOCK),
];

const CPUS: &str = "/sys/devices/system/cpu";

impl Fingerprint {
    /// Looks at the machine. To be called before [`super::privilege::acquire`], as some sysctls are shown in the
    /// initial network namespace only; those of limits are as this process found them only before they are raised.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn take() -> Result<Self> {
        let groups = Groups::of_self()?;
        let meminfo = pseudo::text("/proc/meminfo")?;
        Ok(Self {
            kilonet: NUMBER,
            kernel: kernel()?,
            cpu: cpu(&pseudo::text("/proc/cpuinfo")?),
            product: product(Path::new("/sys/class/dmi/id")),
            memory: memory(&groups, &meminfo),
            cgroups: groups.version().word(),
            sysctls: SYSCTLS
                .iter()
                .filter_map(|name| Some((*name, pseudo::sysctl(name)?)))
                .collect(),
            rlimits: RLIMITS
                .iter()
                .filter_map(|(name, limit)| Some((*name, rlimits(*limit)?)))
                .collect(),
        })
    }
}

impl Fingerprint {
    /// What makes it another machine or kernel, in a line: `AMD EPYC, 2 CPUs, Linux 6.12.0 (x86_64)`. Machines of one kind are
    /// not told apart.
    #[must_use]
    pub fn machine(&self) -> String {
        let Kernel {
            release,
            architecture,
            ..
        } = &self.kernel;
        let parts = [
            self.cpu.model.clone(),
            Some(counted(self.cpu.online, "CPU")),
            self.product.clone(),
            Some(format!("Linux {release} ({architecture})")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn kernel() -> Result<Kernel> {
    let name = uname().map_err(|errno| Error::kernel("read", "the kernel's name", errno.into()))?;
    let text = |field: &std::ffi::OsStr| field.to_string_lossy().into_owned();
    Ok(Kernel {
        release: text(name.release()),
        version: text(name.version()),
        architecture: text(name.machine()),
        clocksource: pseudo::word(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        ),
    })
}

fn cpu(cpuinfo: &str) -> Cpu {
    Cpu {
        model: cpu_field(cpuinfo, &["model name", "cpu model", "cpu"]),
        online: nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN)
            .ok()
            .flatten()
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or_default(),
        mhz: cpu_field(cpuinfo, &["cpu MHz", "clock"])
            .and_then(|text| text.trim_end_matches("MHz").parse().ok()),
        // The flag is of x86, where every hypervisor sets it; the line with flags has another name elsewhere.
        virtual_machine: cpu_field(cpuinfo, &["flags"])
            .map(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor")),
        governor: pseudo::word(format!("{CPUS}/cpu0/cpufreq/scaling_governor")),
        idle_states: idle_states(Path::new(&format!("{CPUS}/cpu0/cpuidle"))),
        idle_governor: pseudo::word(format!("{CPUS}/cpuidle/current_governor_ro"))
            .or_else(|| pseudo::word(format!("{CPUS}/cpuidle/current_governor"))),
        vulnerabilities: vulnerabilities(Path::new(&format!("{CPUS}/vulnerabilities"))),
    }
}

/// The first CPU's value under the first of `names` that is there: architectures name them differently.
fn cpu_field(cpuinfo: &str, names: &[&str]) -> Option<String> {
    let find = |name: &&str| {
        cpuinfo.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == *name && !value.trim().is_empty()).then(|| value.trim().to_owned())
        })
    };
    names.iter().find_map(find)
}

fn idle_states(folder: &Path) -> Vec<String> {
    (0..)
        .map_while(|state| pseudo::word(folder.join(format!("state{state}/name"))))
        .collect()
}

fn vulnerabilities(folder: &Path) -> BTreeMap<String, String> {
    let Ok(files) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    files
        .flatten()
        .filter_map(|file| {
            Some((
                file.file_name().into_string().ok()?,
                pseudo::word(file.path())?,
            ))
        })
        .filter(|(_, state)| state != "Not affected")
        .collect()
}

/// Vendor and product, which are of the model and not of the piece: serial numbers are left where they are.
fn product(folder: &Path) -> Option<String> {
    let parts: Vec<_> = ["sys_vendor", "product_name"]
        .iter()
        .filter_map(|file| pseudo::word(folder.join(file)))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn memory(groups: &Groups, meminfo: &str) -> Memory {
    Memory {
        total_bytes: pseudo::meminfo(meminfo, "MemTotal"),
        cgroup_limit_bytes: groups.limit(Controller::Memory).map(|limit| limit.limit),
        cgroup_charged: groups.is_charged(Controller::Memory),
    }
}

fn rlimits(limit: Rlimit) -> Option<Rlimits> {
    let (soft, hard) = getrlimit(limit).ok()?;
    let finite = |value| (value != RLIM_INFINITY).then_some(value);
    Some(Rlimits {
        soft: finite(soft),
        hard: finite(hard),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const X86: &str = "processor\t: 0\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2596.134\nflags\t\t: fpu vme hypervisor lahf_lm\n\n\
                       processor\t: 1\nmodel name\t: other\n";
    const ARM: &str =
        "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n";
    const POWER: &str =
        "processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 2300.000000MHz\n";

    #[test]
    fn processors_are_read_as_each_architecture_writes_them() {
        let x86 = cpu(X86);
        assert_eq!(
            (x86.model.as_deref(), x86.mhz),
            (Some("AMD EPYC"), Some(2596.134))
        );
        assert_eq!(x86.virtual_machine, Some(true));
        let arm = cpu(ARM);
        assert_eq!(
            (arm.model, arm.mhz, arm.virtual_machine),
            (None, None, None)
        );
        let power = cpu(POWER);
        assert_eq!(
            (power.model.as_deref(), power.mhz),
            (Some("POWER9, altivec supported"), Some(2300.0))
        );
    }

    #[test]
    fn only_what_affects_the_cpu_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("meltdown"), "Not affected\n").unwrap();
        fs::write(
            folder.path().join("spectre_v2"),
            "Mitigation: Retpolines; STIBP: disabled\n",
        )
        .unwrap();
        let found = vulnerabilities(folder.path());
        let expected = [(
            "spectre_v2".to_owned(),
            "Mitigation: Retpolines; STIBP: disabled".to_owned(),
        )];
        assert_eq!(found, BTreeMap::from(expected));
    }

    #[test]
    fn absent_fields_stay_absent_in_the_manifest() {
        let memory = Memory {
            total_bytes: Some(1024),
            cgroup_limit_bytes: None,
            cgroup_charged: None,
        };
        assert_eq!(
            serde_json::to_string(&memory).unwrap(),
            r#"{"total_bytes":1024}"#
        );
        assert_eq!(product(Path::new("/nowhere")), None);
    }

    #[test]
    fn kernel_and_cpus_are_what_other_tools_say() {
        let said = |program: &str, argument: &str| {
            let output = Command::new(program).arg(argument).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let taken = Fingerprint::take().unwrap();
        assert_eq!(taken.kernel.release, said("uname", "-r"));
        assert_eq!(taken.kernel.architecture, said("uname", "-m"));
        assert_eq!(
            taken.cpu.online.to_string(),
            said("getconf", "_NPROCESSORS_ONLN")
        );
        let end = format!("Linux {} ({})", said("uname", "-r"), said("uname", "-m"));
        let machine = taken.machine();
        assert!(machine.ends_with(&end), "{machine}");
        assert!(
            machine.contains(&format!("{} CPUs", taken.cpu.online)),
            "{machine}"
        );
        let pages: u64 = said("getconf", "_PHYS_PAGES").parse().unwrap();
        let page: u64 = said("getconf", "PAGESIZE").parse().unwrap();
        assert_eq!(taken.memory.total_bytes, Some(pages * page));
    }

    #[test]
    fn the_host_name_is_not_in_it() {
        let host = pseudo::sysctl("kernel.hostname").unwrap();
        let name = format!("\"{host}\"");
        assert!(
            !serde_json::to_string(&Fingerprint::take().unwrap())
                .unwrap()
                .contains(&name)
        );
    }
}
