//! Handing rule sets to the tools that load them, one process for each batch, in the namespace the thread is in.
//!
//! The only file that starts `nft`, `iptables-restore` and `iptables-save`. The invariant: what a tool complains of is shown in its own
//! words, with the line it complains of.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::process::{Command, Output, Stdio};

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::script::Script;
use crate::error::{Act, Error, Remedy, Result};
use crate::lab::programs;
use crate::scenario::{Backend, Family};

/// Lines of a complaint that are shown.
const COMPLAINT_LINES: usize = 3;

/// The program that a script is loaded by.
fn tool(script: &Script, backend: Backend) -> &'static str {
    match (script, backend) {
        (Script::Restore(Family::Ipv4, _), Backend::IptablesLegacy) => "iptables-legacy-restore",
        (Script::Restore(Family::Ipv6, _), Backend::IptablesLegacy) => "ip6tables-legacy-restore",
        (Script::Restore(Family::Ipv4, _), Backend::IptablesNft | Backend::Nft) => {
            "iptables-nft-restore"
        }
        (Script::Restore(Family::Ipv6, _), Backend::IptablesNft | Backend::Nft) => {
            "ip6tables-nft-restore"
        }
        (Script::Nft(_), _) => "nft",
    }
}

/// Loads a script into the namespace in which the calling thread is. `whose` is named in complaints.
///
/// # Errors
/// When the tool is absent, and what it complains of.
pub(super) fn load(script: &Script, backend: Backend, whose: &str) -> Result<()> {
    let name = tool(script, backend);
    let object = format!("the rules of {whose}");
    let Some(file) = programs::find(name) else {
        let package = if name == "nft" {
            "nftables"
        } else {
            "iptables"
        };
        return Err(
            Error::refused("load", object, format!("{name} is not installed"))
                .with_remedy(Remedy::InstallTool(package)),
        );
    };
    let output = run(Command::new(file), script)
        .map_err(|source| Error::kernel(Act::Start, name, source))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let refused = Error::refused("load", object, in_one_line(name, &complaint));
    Err(match complained_line(&complaint, script.text()) {
        Some((number, line)) => refused.with_remedy(Remedy::MendRule(number, line)),
        None => refused,
    })
}

/// What iptables lists of one protocol in the namespace in which the calling thread is, each rule with what it counted.
///
/// # Errors
/// When the tool is absent, and what it complains of.
pub(super) fn saved(family: Family, backend: Backend) -> Result<String> {
    let name = match (family, backend) {
        (Family::Ipv4, Backend::IptablesLegacy) => "iptables-legacy-save",
        (Family::Ipv6, Backend::IptablesLegacy) => "ip6tables-legacy-save",
        (Family::Ipv4, Backend::IptablesNft | Backend::Nft) => "iptables-nft-save",
        (Family::Ipv6, Backend::IptablesNft | Backend::Nft) => "ip6tables-nft-save",
    };
    let refused = |reason| Error::refused("list", "the rules of a host side", reason);
    let file = programs::find(name).ok_or_else(|| {
        refused(format!("{name} is not installed")).with_remedy(Remedy::InstallTool("iptables"))
    })?;
    let output = Command::new(file)
        .arg("-c")
        .stdin(Stdio::null())
        .env("LC_ALL", "C")
        .output()
        .map_err(|source| Error::kernel(Act::Start, name, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(refused(in_one_line(name, &complaint)))
}

fn run(mut tool: Command, script: &Script) -> io::Result<Output> {
    if matches!(script, Script::Nft(_)) {
        tool.args(["-f", "-"]);
    }
    tool.stdin(Stdio::from(in_memory(script.text())?))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .env("LC_ALL", "C")
        // The lock keeps two from editing the tables of one namespace, and this one is ours alone. The usual file
        // would stay behind, and an ordinary user cannot make it.
        .env("XTABLES_LOCKFILE", "/dev/null")
        .output()
}

/// A file that is nowhere: a pipe would have to be filled while the tool is being listened to.
fn in_memory(text: &str) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"rules", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn in_one_line(tool: &str, complaint: &str) -> String {
    let lines = complaint.lines().map(str::trim);
    let worth = lines.filter(|line| !line.is_empty() && !line.starts_with("Try `"));
    let shown: Vec<_> = worth.take(COMPLAINT_LINES).collect();
    format!("{tool}: {}", shown.join("; "))
}

/// The line of the script that a complaint points to, and its number from 1.
fn complained_line(complaint: &str, script: &str) -> Option<(usize, String)> {
    let after = |mark: &str| {
        let rest = complaint.split_once(mark)?.1.trim_start_matches([':', ' ']);
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..digits].parse::<usize>().ok()
    };
    let number = after("/dev/stdin:").or_else(|| after("line"))?;
    let line = script.lines().nth(number.checked_sub(1)?)?;
    Some((number, line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_shown_with_its_line() {
        let script = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m foo -j DROP\nCOMMIT\n";
        let complaints = [
            "iptables-nft-restore v1.8.9 (nf_tables): Couldn't load match `foo':No such file or directory\n\nError occurred at line: 3\nTry `x'",
            "iptables-restore: line 3 failed",
            "/dev/stdin:3:19-19: Error: syntax error, unexpected newline",
        ];
        for complaint in complaints {
            let line = complained_line(complaint, script);
            assert_eq!(
                line,
                Some((3, "-A INPUT -m foo -j DROP".to_owned())),
                "{complaint}"
            );
        }
        assert_eq!(complained_line("no line named", script), None);
        assert_eq!(complained_line("line 9 failed", script), None);
    }

    #[test]
    fn complaints_are_one_line_without_advice_on_the_tools_options() {
        let complaint = "first\n\nsecond\nTry `nft -h'\n";
        assert_eq!(in_one_line("nft", complaint), "nft: first; second");
    }
}
