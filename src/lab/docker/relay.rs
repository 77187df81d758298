//! The processes by which an engine relays connections to ports that it publishes, where its rules do not.
//!
//! Must not know containers. The invariant: only what a command line says to be a relay of one of the given ports is one.

use std::collections::HashSet;

use procfs::process::{Process, all_processes};

/// Docker's relay, as its command line calls it; `-host-port` is followed by the port it listens on.
const RELAY: &str = "docker-proxy";
const PORT: &str = "-host-port";

/// The relays of these ports, by the numbers of their processes. They work for the traffic, so their time is not other
/// people's. None where processes cannot be seen.
pub(super) fn of_ports(ports: &HashSet<u16>) -> Vec<i32> {
    if ports.is_empty() {
        return Vec::new();
    }
    let processes = all_processes().into_iter().flatten().flatten();
    let relays = processes.filter(|process| is_relay(process, ports));
    relays.map(|process| process.pid()).collect()
}

fn is_relay(process: &Process, ports: &HashSet<u16>) -> bool {
    let command = process.cmdline().unwrap_or_default();
    port_of(&command).is_some_and(|port| ports.contains(&port))
}

/// The port that a relay listens on; none where the command is no relay's.
fn port_of(command: &[String]) -> Option<u16> {
    command.first().filter(|program| program.ends_with(RELAY))?;
    let after = command.iter().skip_while(|word| *word != PORT).nth(1)?;
    after.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_known_by_its_command_line() {
        let of = |line: &str| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            port_of(&words)
        };
        let line = "/usr/sbin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 32768 -container-ip 172.17.0.2 -container-port 5201";
        assert_eq!(of(line), Some(32768));
        assert_eq!(of("/usr/bin/other -host-port 32768"), None);
        assert_eq!(of("/usr/sbin/docker-proxy -host-port"), None);
        assert_eq!(of(""), None);
    }
}
