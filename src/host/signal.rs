//! Signals that end a process: the first asks the run to end, and who insists ends it at once.
//!
//! All that a user, a terminal, a service manager or a limit on CPU time sends to end a process is heeded alike, since each of
//! them would else leave behind what outlives a process. One that was ignored when the process was started stays ignored where
//! that is how it is asked to go on, as `nohup` asks. SIGPIPE is not among them: Rust's runtime has it ignored.
//!
//! Must not know what there is to end. The invariant: the signals are blocked in every thread and taken by one that waits
//! for them, so no code ever runs inside a signal handler, and none of our system calls is interrupted by them.
//!
//! A program started from here inherits the block ([`std::process::Command`] keeps the mask since Rust 1.66): who starts
//! one that should be interrupted as usual lifts it in the child.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use procfs::process::Process;

use crate::error::{Act, Error, Result};

/// What asks for the end.
const ENDING: [Signal; 5] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGXCPU,
];

/// What insists, if it is not the first. A terminal that goes away may be told by the shell and again by the kernel, and a
/// limit on CPU time is told of each second: neither is anybody's impatience.
const INSISTING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT];

/// What is never taken while a run goes on. A window cannot be paused, so Ctrl-Z does nothing; and a file that grows beyond its
/// limit is an error of the write, which is recorded or ends the run, and not the end of the process.
const HELD: [Signal; 2] = [Signal::SIGTSTP, Signal::SIGXFSZ];

/// Who starts a process with one of these ignored wants it to go on when the terminal goes away (`nohup`), or in the
/// background (`&` in a script).
const MAY_BE_IGNORED: [Signal; 3] = [Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGINT];

/// Those of these signals that were not ignored on purpose when the process was started. One that is blocked and waited for
/// would come in spite of that.
fn heeded(signals: impl IntoIterator<Item = Signal>) -> SigSet {
    let status = Process::myself().and_then(|own| own.status());
    let ignored = status.map_or(0, |status| status.sigign);
    let is_ignored = |signal: Signal| ignored & (1 << (signal as u64 - 1)) != 0;
    let is_heeded = |signal: &Signal| !(MAY_BE_IGNORED.contains(signal) && is_ignored(*signal));
    signals.into_iter().filter(is_heeded).collect()
}

/// The signals, blocked, which is what threads made from here on inherit.
#[derive(Debug)]
pub struct Blocked(SigSet);

impl Blocked {
    /// Blocks all that ask for the end of a run, in the calling thread. To be called from `main` before there is any second
    /// thread. A signal that comes from now on waits until [`Blocked::listen`].
    ///
    /// # Errors
    /// None on Linux, where blocking these cannot be refused.
    pub fn new() -> Result<Self> {
        block(&HELD.into_iter().collect())?;
        Self::of(ENDING)
    }

    /// The same for other signals, but for a hang-up or SIGQUIT that was ignored when the process was started.
    ///
    /// # Errors
    /// None on Linux, where blocking those that can be blocked is never refused.
    pub fn of(signals: impl IntoIterator<Item = Signal>) -> Result<Self> {
        let signals = heeded(signals);
        block(&signals)?;
        Ok(Self(signals))
    }

    /// Waits for the next of them, in the place of a thread that listens.
    ///
    /// # Errors
    /// None on Linux, for signals that exist.
    pub fn next(&self) -> Result<Signal> {
        self.0
            .wait()
            .map_err(|errno| Error::kernel("wait for", "signals", errno.into()))
    }

    /// Starts the thread that waits for the signals. The first raises the interrupt; on one that insists `at_once` is run,
    /// which puts back what outlives the process (raised sysctls) and exits: exiting is `main`'s to do, so it is a
    /// closure of `main`'s. Everything else of ours dies with the process.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn listen(self, at_once: impl FnOnce() + Send + 'static) -> Result<Interrupt> {
        let interrupt = Interrupt::new();
        let raised = interrupt.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || take_turns(|| self.0.wait().ok(), &raised, at_once))
            .map_err(|source| Error::kernel(Act::Spawn, "the signal thread", source))?;
        Ok(interrupt)
    }
}

fn block(signals: &SigSet) -> Result<()> {
    signals
        .thread_block()
        .map_err(|errno| Error::kernel("block", "signals", errno.into()))
}

/// Lets every signal through again, in a process that was started by one that blocks some.
///
/// # Errors
/// None on Linux.
pub fn unblock_all() -> Result<()> {
    SigSet::all()
        .thread_unblock()
        .map_err(|errno| Error::kernel("unblock", "signals", errno.into()))
}

/// Enough for the last act, which formats a few lines and writes a few files.
const STACK_BYTES: usize = 256 * 1024;

fn take_turns(
    mut next: impl FnMut() -> Option<Signal>,
    interrupt: &Interrupt,
    at_once: impl FnOnce(),
) {
    // Waiting fails only for a set with an invalid signal, which this one is not; the thread then ends, and the signals
    // stay blocked until the process is killed.
    if next().is_some() {
        interrupt.raise();
    }
    while let Some(signal) = next() {
        if INSISTING.contains(&signal) {
            return at_once();
        }
    }
}

/// Whether the user asked for the end; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// One that nobody has raised yet; for tests and for callers without signals.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises it. It stays raised.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was raised; cheap enough for a hot loop.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write, pipe};

    use nix::sys::resource::{Resource, setrlimit};
    use nix::sys::signal::{SigHandler, kill};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

    use super::*;
    use crate::host::alone;

    #[test]
    fn what_is_raised_is_raised_for_all_clones() {
        let interrupt = Interrupt::new();
        let clone = interrupt.clone();
        assert!(!clone.is_raised());
        interrupt.raise();
        assert!(clone.is_raised() && interrupt.is_raised());
    }

    /// A process that says `1` when interrupted and ends with 7 by its last act, and what it says.
    fn patient_process(ready: &'static [u8]) -> (nix::unistd::Pid, std::io::PipeReader) {
        let (hears, mut says) = pipe().unwrap();
        let pid = alone::start(move || {
            let blocked = Blocked::new().unwrap();
            if ready == b"before" {
                // Not `raise`, which means this thread alone.
                kill(nix::unistd::getpid(), Signal::SIGINT).unwrap();
            }
            let interrupt = blocked.listen(|| std::process::exit(7)).unwrap();
            says.write_all(b"0").unwrap();
            while !interrupt.is_raised() {
                thread::yield_now();
            }
            says.write_all(b"1").unwrap();
            thread::park();
        });
        (pid, hears)
    }

    #[test]
    fn whatever_ends_a_process_asks_for_the_end() {
        for first in ENDING {
            let (pid, mut hears) = patient_process(b"");
            assert_eq!(next(&mut hears), b'0');
            kill(pid, first).unwrap();
            assert_eq!(next(&mut hears), b'1', "{first}");
            kill(pid, Signal::SIGTERM).unwrap();
            assert_eq!(alone::exit_code(pid), 7, "{first}");
        }
    }

    #[test]
    fn neither_ctrl_z_nor_a_file_beyond_its_limit_ends_or_stops_the_process() {
        let pid = alone::start(|| {
            let _blocked = Blocked::new().unwrap();
            kill(nix::unistd::getpid(), Signal::SIGTSTP).unwrap();
            setrlimit(Resource::RLIMIT_FSIZE, 0, 0).unwrap();
            let refusal = tempfile::tempfile().unwrap().write(b"1").unwrap_err();
            assert_eq!(refusal.kind(), std::io::ErrorKind::FileTooLarge);
        });
        let ended = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(ended, WaitStatus::Exited(pid, 0));
    }

    #[test]
    fn what_is_said_more_than_once_by_itself_insists_on_nothing() {
        use Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU};
        let ends_at_once = |signals: &[Signal]| {
            let (mut signals, interrupt) = (signals.iter().copied(), Interrupt::new());
            let mut left = false;
            take_turns(|| signals.next(), &interrupt, || left = true);
            assert!(interrupt.is_raised());
            left
        };
        assert!(!ends_at_once(&[SIGHUP, SIGHUP]));
        assert!(!ends_at_once(&[SIGTERM, SIGHUP, SIGXCPU, SIGXCPU]));
        assert!(ends_at_once(&[SIGHUP, SIGXCPU, SIGINT]));
        assert!(ends_at_once(&[SIGINT, SIGQUIT]));
    }

    #[test]
    fn what_was_ignored_from_the_start_stays_ignored_but_a_word_to_end() {
        let pid = alone::start(|| {
            // As `nohup` and a script's `&` have it.
            let left_out = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];
            left_out.into_iter().for_each(ignore);
            ignore(Signal::SIGTERM);
            let Blocked(signals) = Blocked::new().unwrap();
            let heeded: Vec<_> = ENDING
                .into_iter()
                .filter(|it| signals.contains(*it))
                .collect();
            let all_but = |it: &Signal| !left_out.contains(it);
            assert_eq!(
                heeded,
                ENDING.into_iter().filter(all_but).collect::<Vec<_>>()
            );
            for signal in left_out {
                kill(nix::unistd::getpid(), signal).unwrap();
            }
        });
        assert_eq!(alone::exit_code(pid), 0);
    }

    #[allow(
        unsafe_code,
        reason = "only a signal's action can be changed by nothing else"
    )]
    fn ignore(signal: Signal) {
        // SAFETY: no handler is set that could run.
        unsafe { nix::sys::signal::signal(signal, SigHandler::SigIgn) }.unwrap();
    }

    fn next(hears: &mut std::io::PipeReader) -> u8 {
        let mut byte = [0];
        hears.read_exact(&mut byte).unwrap();
        byte[0]
    }

    #[test]
    fn the_first_signal_interrupts_and_the_second_runs_the_last_act() {
        let (pid, mut hears) = patient_process(b"");
        assert_eq!(next(&mut hears), b'0');
        kill(pid, Signal::SIGINT).unwrap();
        assert_eq!(next(&mut hears), b'1');
        kill(pid, Signal::SIGTERM).unwrap();
        assert_eq!(alone::exit_code(pid), 7);
    }

    #[test]
    fn a_signal_before_anybody_listens_is_not_lost() {
        let (pid, mut hears) = patient_process(b"before");
        assert_eq!([next(&mut hears), next(&mut hears)], *b"01");
        kill(pid, Signal::SIGTERM).unwrap();
        assert_eq!(alone::exit_code(pid), 7);
    }
}
