//! The tool that each driver is, and where its programs are.
//!
//! The invariant: a driver without a tool is refused, never run by another.

use std::path::PathBuf;

use super::tool::Tool;
use super::{iperf3, netperf, sockperf};
use crate::error::{Error, Remedy, Result};
use crate::lab::programs;
use crate::scenario::Driver;

/// The tool that a driver is.
pub(super) fn tool(driver: Driver) -> Option<&'static dyn Tool> {
    match driver {
        Driver::Iperf3 => Some(&iperf3::Iperf3),
        Driver::Netperf => Some(&netperf::Netperf),
        Driver::Sockperf => Some(&sockperf::Sockperf),
        Driver::Threads | Driver::Workers | Driver::Processes => None,
    }
}

/// Where the programs of a generator are; most have one for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// That of servers.
    pub server: PathBuf,
    /// That of clients.
    pub client: PathBuf,
}

/// Finds the programs of a generator.
///
/// # Errors
/// When it is not installed.
pub fn find(driver: Driver) -> Result<Programs> {
    let tool =
        tool(driver).ok_or_else(|| Error::refused("run", "a generator", "the driver is none"))?;
    let package = tool.program();
    let file = |program: &str| {
        programs::find(program).ok_or_else(|| {
            let error = Error::refused("find", program, "it is not installed");
            error.with_remedy(Remedy::InstallGenerator(package))
        })
    };
    Ok(Programs {
        server: file(tool.server_program())?,
        client: file(package)?,
    })
}
