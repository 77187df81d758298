//! The flags for how links and bridges are set.

use clap::Args;

use super::factors::{given, heading};

/// Each replaces the scenario's key of the same name.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::LINKS)]
#[group(id = "Wiring", multiple = true)]
pub(super) struct Wiring {
    /// What joins bridges: none, trunk, routed
    #[arg(long, value_name = "LIST")]
    join: Option<String>,
    /// Whether the two of a pair are behind different bridges: false, true
    #[arg(long, value_name = "LIST")]
    crossing: Option<String>,
    /// How links and bridges know who is where: static, learned
    #[arg(long, value_name = "LIST")]
    entries: Option<String>,
    /// Whether bridges watch multicast: false, true
    #[arg(long, value_name = "LIST")]
    snooping: Option<String>,
    /// Seconds after which bridges forget
    #[arg(long, value_name = "RANGE")]
    ageing: Option<String>,
    /// Whether bridges send frames back where they came from: false, true
    #[arg(long, value_name = "LIST")]
    hairpin: Option<String>,
    /// Whether the ports of containers are kept apart: false, true
    #[arg(long, value_name = "LIST")]
    isolation: Option<String>,
    /// Whether bridges look at VLANs: false, true
    #[arg(long, value_name = "LIST")]
    vlan_filtering: Option<String>,
    /// Whether veths segment and coalesce: true, false
    #[arg(long, value_name = "LIST")]
    offload: Option<String>,
    /// Largest units that veths take whole: `64KiB`, `256KiB`
    #[arg(long, value_name = "SIZES")]
    gso_max: Option<String>,
    /// Largest units of IPv4 alone: `64KiB`, `256KiB`
    #[arg(long, value_name = "SIZES")]
    gso_ipv4_max: Option<String>,
    /// Who takes in what veths receive: none, polled, threaded
    #[arg(long, value_name = "LIST")]
    napi: Option<String>,
    /// CPUs that what veths receive is spread over: off, all, or a mask such as `0x3`
    #[arg(long, value_name = "LIST")]
    rps: Option<String>,
}

impl Wiring {
    /// The flags that were given: as they are written, the key each stands for, and its text.
    pub(super) fn given(&self) -> Vec<(&'static str, &'static str, String)> {
        let rows = [
            ("--join", "join", &self.join),
            ("--crossing", "crossing", &self.crossing),
            ("--entries", "entries", &self.entries),
            ("--snooping", "snooping", &self.snooping),
            ("--ageing", "ageing", &self.ageing),
            ("--hairpin", "hairpin", &self.hairpin),
            ("--isolation", "isolation", &self.isolation),
            ("--vlan-filtering", "vlan_filtering", &self.vlan_filtering),
            ("--offload", "offload", &self.offload),
            ("--gso-max", "gso_max", &self.gso_max),
            ("--gso-ipv4-max", "gso_ipv4_max", &self.gso_ipv4_max),
            ("--napi", "napi", &self.napi),
            ("--rps", "rps", &self.rps),
        ];
        given(rows)
    }
}
