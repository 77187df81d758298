//! What the user can do about a failure: one sentence each, chosen where the failure is, by what is known there.
//!
//! Must not know words of errors. The invariant: a remedy is a value, and its sentence is written here and nowhere else, so
//! that a test can provoke every one of them (`cli/remedies.rs`).

use std::fmt;

/// Makes the enum, the sentences, and the names from one list, so that none of the three can lack a row.
macro_rules! remedies {
    ($($(#[$doc:meta])* $name:ident $(($($field:ident: $kind:ty),+))? => $sentence:literal;)+) => {
        /// What the user can do about a failure.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Remedy {
            $($(#[$doc])* $name $(($($kind),+))?,)+
        }

        impl fmt::Display for Remedy {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name $(($($field),+))? => write!(out, $sentence),)+
                }
            }
        }

        #[cfg(any(test, feature = "sample"))]
        impl Remedy {
            /// The names of all.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The name of this one.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)+
                }
            }
        }
    };
}

remedies! {
    // What the kernel or the machine lacks.
    /// The kernel has no macvlan.
    NoMacvlan => "not available: this kernel has no macvlan; modprobe macvlan, or use a kernel with CONFIG_MACVLAN";
    /// The kernel has no ipvlan.
    NoIpvlan => "not available: this kernel has no ipvlan; modprobe ipvlan, or use a kernel with CONFIG_IPVLAN";
    /// The kernel has no netkit.
    NoNetkit => "not available: this kernel has no netkit; use Linux 6.7 or newer with CONFIG_NETKIT";
    /// The kernel has no VXLAN.
    NoVxlan => "not available: this kernel has no vxlan; modprobe vxlan, or use a kernel with CONFIG_VXLAN";
    /// The kernel cannot redirect from one link to another.
    NoRedirect => "not available: this kernel lacks a part of tc; modprobe -a sch_ingress cls_u32 act_mirred, or use a kernel with \
        CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_U32 and CONFIG_NET_ACT_MIRRED";
    /// The kernel's bridges cannot filter VLANs.
    NoVlanFiltering => "not available: this kernel's bridges do not filter VLANs; use a kernel with CONFIG_BRIDGE_VLAN_FILTERING";
    /// The kernel cannot spread what a link receives.
    NoRps => "not available: this kernel has no RPS; use a kernel with CONFIG_RPS";
    /// The kernel cannot poll a link by threads.
    NoThreadedNapi => "not available: this kernel has no threaded NAPI; use Linux 5.12 or newer";
    /// The kernel neither cuts nor joins datagrams.
    NoDatagramOffload => "not available: this kernel neither cuts nor joins datagrams; use Linux 5.0 or newer, or batch = \"mmsg\"";
    /// The kernel has no `nf_tables`, or not all of it.
    NoNftables => "not available: this kernel lacks a part of nf_tables; modprobe nf_tables and nft_ct";
    /// The kernel does not show bridged frames to the rules of IP.
    NoBridgeNetfilter => "not available: modprobe br_netfilter, without which bridged frames meet no rules";
    /// Something that cells require is missing here; the row of `kilonet doctor` on it says what helps.
    Requirement(what: String) => "{what}";
    /// Several things are missing, each with a remedy of its own.
    EachOf(remedies: String) => "{remedies}";
    /// What loads rules is not installed.
    InstallTool(package: &'static str) => "not available: install {package}, or put the folder that it is in on PATH";
    /// A generator is not installed.
    InstallGenerator(package: &'static str) => "apt-get install {package}, or put the folder that it is in on PATH";
    /// There is one CPU where two are needed.
    TwoCpus => "let kilonet use two CPUs or more (see `taskset -p`)";

    // Rights.
    /// Namespaces may not be made.
    AllowUserNamespaces => "run as root, or allow unprivileged user namespaces: sysctl user.max_user_namespaces above 0, \
        kernel.unprivileged_userns_clone=1 (Debian's older kernels), kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)";
    /// Only root may spread what a link receives.
    RpsNeedsRoot => "run as root, or with rps = \"off\"";
    /// An ordinary user may not show the links of a namespace as files here.
    SysfsNeedsRoot => "run as root, or with rps = \"off\" and napi other than \"threaded\"";
    /// Only root may enter what exists.
    AttachAsRoot => "run it as root, as in `sudo kilonet attach ...`";
    /// Root has not all of root's rights over what is to be entered.
    AttachCapabilities => "kilonet is root, but lacks CAP_SYS_ADMIN or CAP_SYS_PTRACE over it: start it outside of the \
                           container or service that drops them";
    /// Only root may join containers of an engine.
    CableNeedsRoot => "run as root, or use a topology that the engine wires itself, such as \"bridge\"";
    /// Only root may raise sysctls.
    SysctlsNeedRoot => "run as root, or take `sysctls` out of the scenario";
    /// Control groups may not be made.
    OwnControlGroup => "run as root, or in a delegated control group, as from `systemd-run --user --scope -p Delegate=yes`, or \
                        use the driver threads, which needs none";
    /// The engine's socket may not be used.
    EngineRights => "run as root, or join the group that owns the engine's socket (usermod -aG docker)";

    /// The kernel's log may not be read.
    ReadKernelLog => "run as root, or set sysctl kernel.dmesg_restrict=0; a container also needs the device /dev/kmsg";
    /// The packets that the kernel drops may not be traced, or it tells no reasons.
    TraceDrops => "run as root, or with CAP_BPF and CAP_PERFMON over the machine, on Linux 5.17 or newer with CONFIG_BPF_SYSCALL and \
        CONFIG_DEBUG_INFO_BTF";

    // Limits.
    /// A bridge has no port left.
    BridgeFull => "a Linux bridge holds 1023 ports; set ports_per_bridge to 1023 or less";
    /// The user has no network namespace left.
    RaiseMaxNetNamespaces => "raise sysctl user.max_net_namespaces";
    /// The process has no descriptor left.
    RaiseOpenFiles => "raise the hard limit of open files: LimitNOFILE= in the service's unit, or `ulimit -n` before the start in a shell that has CAP_SYS_RESOURCE";
    /// The machine has no open file left.
    RaiseFileMax => "raise sysctl fs.file-max";
    /// Memory is full.
    MoreMemory => "use fewer containers, or give the machine or its control group more memory";
    /// The neighbour table is full, or rules reject.
    RaiseNeighbours => "nobody answers at that address: if dmesg says that the neighbour table overflows, raise sysctl \
                        net.ipv4.neigh.default.gc_thresh3 (or net.ipv6's); if a rule rejects, let it accept";
    /// An address is on no interface, or no port of it is left.
    AddressGone => "check that the address is still on an interface there (ip addr); if it is, use fewer flows per namespace, \
                    as each takes a local port";
    /// No thread can be started for each end of a flow.
    FewerThreads => "use driver = \"workers\", or raise what `kilonet doctor` shows as the lowest limit of threads";
    /// No thread or process can be started.
    RaiseTasks => "raise the limit of processes and threads: `ulimit -u` in the shell, LimitNPROC= and TasksMax= in the service's unit, or \
        pids.max of the control group";
    /// A file may not grow any more.
    RaiseFileSize => "raise the limit of a file's size: `ulimit -f` in the shell, or LimitFSIZE= in the service's unit";
    /// A limit is too low for what was asked for; the limit itself says how it is raised.
    RaiseLimit(how: String) => "{how}";

    // Results.
    /// A disk is full.
    FreeSpace => "free space on the file system that holds the results, or choose another with --out";
    /// A folder may not be written to.
    WritableFolder => "choose a folder you may write to with --out";
    /// A file stands where a folder should be, or the other way round.
    FileInTheWay => "choose another name with --out: this one is taken by a file or folder of another kind";
    /// Nothing can be made at a place.
    OtherFolder => "choose another folder with --out";
    /// Standard output cannot be written to.
    OtherOutput => "send it to a file or a pipe that can be written to";
    /// The report of a run cannot be written into its folder.
    RecordsKept(dir: String) => "the records are kept in {dir}: run kilonet report {dir} once this is fixed, or write the \
                                 report elsewhere: kilonet report {dir} --format svg,html --out ELSEWHERE";
    /// Standard output cannot be written to, and the report of a run was to be printed.
    ReportKept(dir: String) => "the records are kept in {dir}, and so is the report: open report.html there, or print it again with \
        kilonet report {dir}";
    /// A folder is no run folder.
    NameRunFolder => "give the folder that a run printed as its last line, such as results/20261123T041500Z-quickstart";
    /// A file is none that can be read to its end.
    RegularFile => "put a regular file in its place, or a link to one";
    /// A file in a run folder is a link.
    NoLink => "remove the link, or choose another folder with --out";
    /// The folder of a run that is gone on with, or a file in it, may not be written to.
    MakeWritable => "a run continues in its own folder: make the folder and its files writable, or become the user whose run it \
                     is";
    /// A file in the folder of a run that is gone on with is a link.
    ReplaceLink => "a run continues in its own folder: replace the link by the file that it leads to";
    /// A file is larger than any that kilonet writes.
    SeeWhoWrote => "find out what else has written to it: kilonet writes no file that large";
    /// A manifest is of a later version.
    NewerKilonet => "use a newer kilonet, such as the one that wrote it";
    /// Another run writes to a folder.
    AwaitWriter => "wait for that run to end, or start a new one without --resume";
    /// A run measured what existed then.
    AttachAgain => "run kilonet attach again, which makes a folder of its own";
    /// A run began elsewhere.
    BeginHere => "start another run here, and compare the two with kilonet compare";
    /// Another kilonet began a run.
    SameKilonet => "continue with the kilonet that began it; or start another run, and compare the two with kilonet compare; or \
                    add --allow-other-version, and the report names the versions";
    /// A rule set has changed since a run began.
    PutRulesetBack => "restore it (its text is `ruleset_text` in manifest.json), or start another run";
    /// Two runs share no cell.
    CompareAlike => "compare runs of the same scenario, or of the same sweep";
    /// Two runs share no figure of what was asked for.
    CompareUsual => "leave --metric out to compare the default metrics of the workload";
    /// No trial of two runs can be compared.
    ReadReports => "read the reason in the report of each run (kilonet report)";

    // What the scenario asks for.
    /// A mask names CPUs that are not there.
    RpsMaskTooWide => "name only CPUs that this machine has: the mask names some that it does not have";
    /// A rule set is not where it was looked for.
    RulesetPath => "give `lab.ruleset` as a path from the folder in which kilonet is started";
    /// A rule set has no rule.
    RulesetEmpty => "write a file for nft, or what iptables-save writes";
    /// A profile has no rules for the protocols of a lab.
    DualStack => "set stack = \"dual\", or choose another firewall";
    /// A rule set has a name with nothing behind it.
    RulesetNames(names: String) => "allowed: {names}";
    /// A tool does not take a line of the rules.
    MendRule(number: usize, line: String) => "correct line {number} of the rules, which reads: {line}";
    /// Rules cut the flows off.
    AcceptFlows => "let the rules accept TCP between the lab's containers";
    /// No rate passes.
    EasierSearch => "use fewer flows or a lower rate to start with, or accept more loss";
    /// A limit of a control group is not taken.
    SmallerLimits => "ask for no more than kilonet's own control group may use, or this machine has";
    /// Another run has raised the same sysctl.
    AwaitRun => "wait for the other run to end";
    /// What is left behind belongs to another user.
    CleanAsOwner => "run kilonet clean as the user whose run it was, or as root";
    /// There is no folder for journals of raised sysctls, and none can be made.
    ClearJournals => "find out who put it there, and remove it: kilonet keeps a folder of this name while sysctls are raised";
    /// A sysctl that is left raised may be put back by root alone.
    CleanAsRoot => "run kilonet clean as root";
    /// Something that kilonet has not written goes by the name of one of its journals.
    RemoveStranger => "find out who put it there, and remove it: kilonet did not write it";
    /// A journal of raised sysctls cannot be read.
    RestoreByHand => "restore the sysctls it names by hand, then remove it";

    // Containers that exist, and labs that are entered.
    /// An engine does not answer.
    StartEngine => "start the engine (systemctl start docker), or set DOCKER_HOST to its socket";
    /// An engine takes calls and answers none.
    EngineSilent => "look in the engine's log for the reason, or restart it (systemctl restart docker); or set DOCKER_HOST to \
                     the socket of another engine";
    /// An engine went away.
    EngineGone => "check that the engine is still running; `kilonet clean` removes what is left with it";
    /// An engine is behind no socket of this machine.
    EngineSocket => "set DOCKER_HOST to a socket, such as unix:///var/run/docker.sock";
    /// An engine is too old.
    NewerEngine => "install an engine of version 1.13 or newer";
    /// An engine does not take an image.
    RoomForImage => "check whether the disk with the engine's data is full (docker info names its root), and read the engine's \
                     log";
    /// An engine gives no address of a family.
    EngineAddresses => "start the engine with --ipv6 and --fixed-cidr-v6, or use topology = \"user-bridge\"";
    /// An engine publishes no port.
    EnginePorts => "check the engine's options --userland-proxy and --ip6tables";
    /// What is to be attached to is not there.
    NameWhatRuns => "give a running container's name or id, a process, or a path such as /run/netns/NAME";
    /// What is attached to has no address of a family.
    OtherFamily => "choose another --family, or give it an address";
    /// A room of a lab is not there.
    Rooms(rooms: String) => "{rooms}";
    /// A command is no program.
    NameProgram => "give the name of a program in a folder of PATH, or the path of one that may be executed";
    /// No lab was started.
    StartLab => "start a lab with kilonet lab, and run kilonet exec in its shell";
    /// The lab has ended.
    StartAnotherLab => "start another lab with kilonet lab";
    /// An engine's containers are no lab.
    DockerExec => "use docker exec, or a cell with testbed = \"kernel\"";
    /// A container ended.
    SeeWhyItEnded => "find out whether the container was killed, by somebody or for lack of memory";
    /// The process that all others come from ended.
    SeeWhoKilledAll => "find out what killed it, and with it every process of the lab";
    /// Processes of a lab were killed.
    SeeWhoKilled(deaths: String) => "give containers more memory (memory_max), or find out what killed them: {deaths}";
    /// The kernel's own words.
    KernelSays(words: String) => "fix what the kernel names: {words}";
}
