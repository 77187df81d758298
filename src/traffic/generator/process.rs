//! A process of an external program: started in a namespace, its output read to the end.
//!
//! Must not know what it runs. The invariant: it dies with the thread that started it, however that ends, and no wait for it
//! is without a deadline.

use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid, getpid, getppid};

use crate::error::{Act, Error, Result};
use crate::host::limits;

/// Bytes kept of what a stream brings; a program that prints more has more to say than anybody reads.
const MOST_KEPT: usize = 1 << 20;

/// Waits for the end of its standard input, and becomes the program: all that wait at one gate begin together.
const WAIT_AND_BECOME: &str = "read -r _; exec \"$0\" \"$@\"";

/// What is to be run, and what it is to be called in sentences.
pub(super) struct Call<'a> {
    pub(super) name: String,
    pub(super) file: &'a Path,
    pub(super) arguments: Vec<String>,
}

/// A process, and what it has printed. It is killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    child: Child,
    out: Stream<ChildStdout>,
    err: Stream<ChildStderr>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts it in the namespace of the calling thread; with a gate, it waits there until that is opened.
    pub(super) fn start(call: Call<'_>, gate: Option<&PipeReader>) -> Result<Self> {
        let failed = |source| Error::kernel(Act::Start, &call.name, source);
        let mut command = Command::new(if gate.is_some() {
            Path::new("/bin/sh")
        } else {
            call.file
        });
        if let Some(gate) = gate {
            command.args(["-c", WAIT_AND_BECOME]).arg(call.file);
            command.stdin(gate.try_clone().map_err(failed)?);
        } else {
            command.stdin(Stdio::null());
        }
        // The words it prints are to be those that are looked for, and it is to find nothing of the user's.
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        command.args(&call.arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        bind_to_this_thread(&mut command);
        let mut child = command.spawn().map_err(failed)?;
        Ok(Self {
            out: Stream::open(child.stdout.take()).map_err(failed)?,
            err: Stream::open(child.stderr.take()).map_err(failed)?,
            name: call.name,
            arguments: call.arguments,
            child,
            ended: None,
        })
    }

    pub(super) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// What it has printed.
    pub(super) fn printed(&self) -> String {
        self.out.text()
    }

    /// What it has complained of.
    pub(super) fn complained(&self) -> String {
        self.err.text()
    }

    /// How it ended; absent while it has not.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        self.ended
    }

    /// Tells it to end.
    pub(super) fn tell(&self, signal: Signal) {
        // One that has been waited for may have its number used again.
        if self.ended.is_none() {
            let _ = kill(Pid::from_raw(self.pid()), signal);
        }
    }

    fn pipes(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let out = self.out.pipe.as_ref().map(AsFd::as_fd);
        out.into_iter()
            .chain(self.err.pipe.as_ref().map(AsFd::as_fd))
    }

    /// Reads what it has printed, and takes note of its end.
    fn catch_up(&mut self) -> Result<()> {
        let failed = |source| Error::kernel("hear", &self.name, source);
        self.out.catch_up().map_err(failed)?;
        self.err.catch_up().map_err(failed)?;
        if self.ended.is_none() && self.pipes().next().is_none() {
            let failed = |source| Error::kernel("wait for", &self.name, source);
            self.ended = self.child.try_wait().map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// How a process ended, in words; absent where it ended as programs do that have succeeded.
pub(super) fn bad_end(status: ExitStatus) -> Option<String> {
    if let Some(signal) = status.signal() {
        let name = Signal::try_from(signal).map_or("a signal", Signal::as_str);
        return Some(format!("was killed by {name}"));
    }
    let code = status.code().filter(|code| *code != 0)?;
    Some(format!("ended with exit code {code}"))
}

/// Waits until any of some processes prints or ends, at most so long, and hears all that do.
pub(super) fn hear(processes: &mut [Process], patience: Duration) -> Result<()> {
    let speaking = speaking(processes, patience)
        .map_err(|source| Error::kernel("hear", "generators", source))?;
    for (process, speaks) in processes.iter_mut().zip(speaking) {
        if speaks {
            process.catch_up()?;
        }
    }
    Ok(())
}

/// Which of them have something to say; those too whose pipes are closed and who are not known to have ended.
fn speaking(processes: &[Process], patience: Duration) -> io::Result<Vec<bool>> {
    let mut owners = Vec::new();
    let mut descriptors = Vec::new();
    for (owner, process) in processes.iter().enumerate() {
        for pipe in process.pipes() {
            owners.push(owner);
            descriptors.push(PollFd::new(pipe, PollFlags::POLLIN));
        }
    }
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    match poll(&mut descriptors, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut speaking: Vec<_> = processes
        .iter()
        .map(|process| process.ended.is_none() && process.pipes().next().is_none())
        .collect();
    for (owner, descriptor) in owners.into_iter().zip(&descriptors) {
        speaking[owner] |= descriptor.any().unwrap_or(true);
    }
    Ok(speaking)
}

/// The pipe that one of its streams comes by, until its end, and what has come.
#[derive(Debug)]
struct Stream<R> {
    pipe: Option<R>,
    bytes: Vec<u8>,
}

impl<R: Read + AsFd> Stream<R> {
    fn open(pipe: Option<R>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            fcntl(pipe.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        Ok(Self {
            pipe,
            bytes: Vec::new(),
        })
    }

    fn catch_up(&mut self) -> io::Result<()> {
        let mut some = [0; 4096];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut some) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    let room = MOST_KEPT.saturating_sub(self.bytes.len());
                    self.bytes.extend_from_slice(&some[..count.min(room)]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Has the kernel kill the process when the calling thread ends, and no signal of the terminal reach it.
#[allow(
    unsafe_code,
    reason = "std has no safe way to say what dies with a thread"
)]
fn bind_to_this_thread(command: &mut Command) {
    // Interrupts of the terminal are for kilonet, which ends its children itself.
    command.process_group(0);
    let parent = getpid();
    // Some make a table of as many files as they may open.
    let limits = limits::found();
    let bind = move || {
        limits.map_or(Ok(()), limits::Found::give_back)?;
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        SigSet::all().thread_unblock()?;
        // Its parent may have ended before the kernel was told.
        if getppid() == parent {
            Ok(())
        } else {
            Err(Errno::ESRCH.into())
        }
    };
    // SAFETY: between fork and exec it makes a few system calls, all of which are safe there: it takes no lock, allocates
    // nothing and touches no memory but its own stack.
    unsafe { command.pre_exec(bind) };
}
