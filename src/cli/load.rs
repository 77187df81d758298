//! The flags for what is asked of flows beside the size of their messages.

use clap::Args;

use super::factors::{given, heading};

/// Each replaces the scenario's key of the same name.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Load", multiple = true)]
pub(super) struct Load {
    /// Bytes of a response: `1`, `1KiB`
    #[arg(long, value_name = "SIZES", help_heading = heading::LOAD)]
    response: Option<String>,
    /// Requests that a flow may have under way at once
    #[arg(long, value_name = "RANGE", help_heading = heading::LOAD)]
    outstanding: Option<String>,
    /// Requests or datagrams a second offered to each flow, answered or not
    #[arg(long, value_name = "RANGE", help_heading = heading::LOAD)]
    rate: Option<String>,
    /// How messages that have a rate lie in time: constant, poisson
    #[arg(long, value_name = "LIST", help_heading = heading::LOAD)]
    arrivals: Option<String>,
    /// CPUs that a flow's ends run on: none, same, apart
    #[arg(long, value_name = "LIST", help_heading = heading::DRIVER)]
    pinning: Option<String>,
    /// What some pairs do instead of the workload: `tcp-rr:2`, `idle:90% tcp-rr:9%@100`
    #[arg(long, value_name = "LIST", help_heading = heading::LOAD)]
    beside: Option<String>,
    /// How senders of streams hand bytes to the kernel: copy, sendfile, zerocopy
    #[arg(long, value_name = "LIST", help_heading = heading::LOAD)]
    send: Option<String>,
    /// How receivers of streams take bytes from it: copy, zerocopy, discard
    #[arg(long, value_name = "LIST", help_heading = heading::LOAD)]
    receive: Option<String>,
    /// How many datagrams of a stream one system call moves: none, mmsg, gso
    #[arg(long, value_name = "LIST", help_heading = heading::LOAD)]
    batch: Option<String>,
    /// Loss within which the highest rate of datagrams is looked for: none, 0%, 0.5%
    #[arg(long, value_name = "LIST", help_heading = heading::LOAD)]
    search: Option<String>,
}

impl Load {
    /// The flags that were given: as they are written, the key each stands for, and its text.
    pub(super) fn given(&self) -> Vec<(&'static str, &'static str, String)> {
        let rows = [
            ("--response", "response", &self.response),
            ("--outstanding", "outstanding", &self.outstanding),
            ("--rate", "rate", &self.rate),
            ("--arrivals", "arrivals", &self.arrivals),
            ("--pinning", "pinning", &self.pinning),
            ("--beside", "beside", &self.beside),
            ("--send", "send", &self.send),
            ("--receive", "receive", &self.receive),
            ("--batch", "batch", &self.batch),
            ("--search", "search", &self.search),
        ];
        given(rows)
    }
}
