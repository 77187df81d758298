//! Somebody else's generators: what each of them can be told to do. Which workloads it has, the rows of these say.
//!
//! Knows no command line and no machine. The invariant: what a tool cannot be told is refused, never left out.

use std::time::Duration;

use super::traffic::{Driver, Family, Path};

/// What a tool has for the factors of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Abilities {
    /// Protocols they run over.
    pub families: &'static [Family],
    /// Bytes of its smallest and of its largest message.
    pub message: (u32, u32),
    /// Flows that one of its clients has at most.
    pub most_streams: u32,
    /// Whether it can be told which congestion control to use.
    pub congestion: bool,
    /// Whether it can be told how much to offer.
    pub rate: bool,
    /// Ways its flows can go. A port of a host side leads to a server only where all goes to the one that is called; those outside
    /// have one interface by which all that comes to them comes, so that they must not be servers, nor clients where responses
    /// count.
    pub paths: &'static [Path],
    /// Whether it runs where there is no address but that of lo.
    pub loopback: bool,
}

/// iperf 3.12's `MAX_BLOCKSIZE` and `MAX_STREAMS`.
const IPERF3: Abilities = Abilities {
    families: &[Family::Ipv4, Family::Ipv6],
    message: (1, 1 << 20),
    most_streams: 128,
    congestion: true,
    rate: true,
    paths: &[Path::Direct, Path::Published, Path::Hairpin],
    loopback: true,
};

/// netperf 2.7. It looks each address up as a name, for the families that the machine has (`AI_ADDRCONFIG`): on lo alone it has
/// none.
const NETPERF: Abilities = Abilities {
    families: &[Family::Ipv4, Family::Ipv6],
    message: (1, 1 << 20),
    most_streams: 1,
    congestion: true,
    rate: false,
    paths: &[Path::Direct],
    loopback: false,
};

/// sockperf 3.7's `MIN_PAYLOAD_SIZE` and `MAX_PAYLOAD_SIZE`.
const SOCKPERF: Abilities = Abilities {
    families: &[Family::Ipv4],
    message: (14, 65_507),
    most_streams: 1,
    congestion: false,
    rate: false,
    paths: &[Path::Direct, Path::Hairpin],
    loopback: true,
};

/// How much later than the first the last client may begin: for each pair the start of a program on a busy machine, and
/// something beside. 250 iperf3 began within 2 s on 2 cores.
const START: Duration = Duration::from_millis(500);
const START_OF_EACH: Duration = Duration::from_millis(15);

/// How long clients go on behind the window, so that none of them ends within.
const MARGIN: Duration = Duration::from_millis(500);

impl Driver {
    /// What the tool can be told; none for drivers of our own.
    #[must_use]
    pub fn abilities(self) -> Option<Abilities> {
        match self {
            Self::Iperf3 => Some(IPERF3),
            Self::Netperf => Some(NETPERF),
            Self::Sockperf => Some(SOCKPERF),
            Self::Threads | Self::Workers | Self::Processes => None,
        }
    }

    /// What runs the flows of the baseline over loopback: the same, or threads of our own where that cannot.
    #[must_use]
    pub fn over_loopback(self) -> Self {
        match self.abilities() {
            Some(abilities) if !abilities.loopback => Self::Threads,
            _ => self,
        }
    }

    /// Whether its flows can be told which congestion control to use.
    #[must_use]
    pub fn takes_congestion(self) -> bool {
        self.abilities()
            .is_none_or(|abilities| abilities.congestion)
    }

    /// Whether the flows are those of somebody else's programs.
    #[must_use]
    pub fn is_generator(self) -> bool {
        self.abilities().is_some()
    }
}

/// How long generators are told to go on, for windows of this many pairs to lie within, warm-up included. In whole seconds,
/// as these tools count.
#[must_use]
pub fn running_time(pairs: u32, window: Duration) -> Duration {
    let whole = START + START_OF_EACH * pairs + window + MARGIN;
    Duration::from_secs(whole.as_secs() + u64::from(whole.subsec_nanos() > 0))
}
