//! The descendants of this process: kept as descendants, and ended together.
//!
//! Must not know what they run. The invariant: once [`adopt`] was called, whoever descends from this process stays its
//! descendant, however many parents in between end.

use std::collections::HashMap;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid};
use procfs::process::all_processes;

use crate::error::{Error, Result};

/// How long those who are asked to end may take for it.
const GRACE: Duration = Duration::from_secs(1);

/// How often it is looked meanwhile whether they have.
const LOOK: Duration = Duration::from_millis(5);

/// Makes this process the one that orphans among its descendants become children of.
///
/// # Errors
/// None on Linux since 3.4.
pub fn adopt() -> Result<()> {
    prctl::set_child_subreaper(true)
        .map_err(|errno| Error::kernel("adopt", "orphans", errno.into()))
}

/// Has the kernel send this process `signal` when the thread that started it ends, which must be one of `parent`.
///
/// # Errors
/// When `parent` has ended already.
pub fn follow(parent: u32, signal: Signal) -> Result<()> {
    let refused = |source: io::Error| Error::kernel("follow", format!("process {parent}"), source);
    prctl::set_pdeathsig(signal).map_err(|errno| refused(errno.into()))?;
    // It may have ended before the kernel was told.
    if getppid().as_raw().cast_unsigned() == parent {
        Ok(())
    } else {
        Err(refused(Errno::ESRCH.into()))
    }
}

/// Takes note of all children that have ended, orphans that were adopted among them. When `child` is one of them: its exit
/// code, or 128 and the number of the signal that ended it, as shells count.
#[must_use]
pub fn harvest(child: u32) -> Option<u8> {
    let child = Pid::from_raw(child.cast_signed());
    let mut code = None;
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, status)) if pid == child => code = u8::try_from(status).ok(),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                code = u8::try_from(128 + signal as i32).ok();
            }
            Ok(WaitStatus::StillAlive) => return code,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return code,
        }
    }
}

/// Ends all descendants, and waits until there are none: they are asked by SIGHUP, as by a terminal that goes away, and
/// killed if that takes too long.
///
/// # Errors
/// When `/proc` cannot be listed.
pub fn end_all() -> Result<()> {
    // One that is stopped would only hear of it when it goes on.
    tell_all(&[Signal::SIGHUP, Signal::SIGCONT])?;
    let deadline = Instant::now() + GRACE;
    while reap() && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
    while reap() {
        // Again and again, since one that is not dead yet may have had children meanwhile.
        tell_all(&[Signal::SIGKILL])?;
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Takes note of the children that have ended. Whether any are left.
fn reap() -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return true,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
    }
}

fn tell_all(signals: &[Signal]) -> Result<()> {
    for descendant in descendants()? {
        for signal in signals {
            // One that has ended meanwhile needs no telling.
            let _ = kill(Pid::from_raw(descendant), *signal);
        }
    }
    Ok(())
}

/// Children, their children, and so on.
fn descendants() -> Result<Vec<i32>> {
    let processes = all_processes()
        .map_err(|reason| Error::refused("list", "processes", reason.to_string()))?;
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for stat in processes.filter_map(|process| process.ok()?.stat().ok()) {
        children.entry(stat.ppid).or_default().push(stat.pid);
    }
    let mut found = children.remove(&getpid().as_raw()).unwrap_or_default();
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        found.extend(children.remove(parent).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;
    use crate::host::alone;

    /// A process that starts a shell with this script, says so, and ends all its descendants when it hears of it. What it
    /// and they hold is the pipe's other end, so that its end is theirs.
    #[allow(
        clippy::zombie_processes,
        reason = "all children are waited for, without asking which they are"
    )]
    fn ends_all_of(script: &'static str) {
        let (mut hears, says) = io::pipe().unwrap();
        let pid = alone::start(move || {
            adopt().unwrap();
            let (mut ready, told) = io::pipe().unwrap();
            let mut shell = Command::new("sh");
            shell
                .args(["-c", script])
                .arg0("kin")
                .stdout(told)
                .stderr(says);
            shell.spawn().unwrap();
            drop(shell);
            let mut byte = [0];
            ready.read_exact(&mut byte).unwrap();
            end_all().unwrap();
            assert_eq!(descendants().unwrap(), [0; 0]);
        });
        assert_eq!(alone::exit_code(pid), 0);
        let mut rest = Vec::new();
        hears.read_to_end(&mut rest).unwrap();
    }

    #[test]
    fn all_descendants_are_ended_whoever_their_parents_were() {
        ends_all_of("(sleep 1000 & (sleep 1000 & echo) &); sleep 1000");
        ends_all_of("setsid sh -c 'sleep 1000 & echo' & exit");
    }

    #[test]
    fn those_who_do_not_listen_are_killed() {
        ends_all_of("trap '' HUP TERM; (trap '' HUP; sleep 1000 & echo); sleep 1000");
    }
}
