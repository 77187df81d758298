//! Standard output and standard error: the one place through which everything is printed.
//!
//! The invariants: no control character of a stranger's text gets to a terminal; what cannot be written to standard output is
//! an error, and what cannot be written to standard error is lost without one, since there is nobody left to tell. A reader
//! that has seen enough, such as `head`, is no failure: what is left is dropped, and the exit code is what it would have been.
//!
//! The view over the whole screen has its own way to the terminal, in `live`, and the line that moves in `progress`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use nix::errno::Errno;
use nix::libc;

use crate::error::{Error, Remedy, Result};
use crate::printable::{Printable, escaped, is_unprintable};

/// Prints what people read.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn page(text: impl Into<Printable>) -> Result<()> {
    write(text.into().as_bytes())
}

/// Prints what programs read: unchanged, but on a terminal with its control characters escaped.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn data(bytes: &[u8]) -> Result<()> {
    if stdout().is_terminal() {
        write(escaped(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        write(bytes)
    }
}

/// Prints the path of what was made, in a line of its own, for people and programs.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn path(path: &Path) -> Result<()> {
    data(&[path.as_os_str().as_bytes(), b"\n"].concat())
}

/// Says a line on standard error.
pub(super) fn say(text: impl Into<Printable>) {
    let mut line = text.into();
    line.push("\n");
    let _ = stderr().write_all(line.as_bytes());
}

/// Whether what is said goes to a terminal.
pub(super) fn says_on_terminal() -> bool {
    stderr().is_terminal()
}

/// Prints help or the version that was asked for.
///
/// # Errors
/// When standard output cannot be written to.
pub(super) fn help(asked: &clap::Error) -> Result<()> {
    write(&in_colour(asked, AutoStream::choice(&stdout())))
}

/// Says what is wrong with the command line.
pub(super) fn usage(wrong: &clap::Error) {
    let _ = stderr().write_all(&in_colour(wrong, AutoStream::choice(&stderr())));
}

/// What the parser of the command line has to say, in its colours where these are wanted. It quotes arguments: if one of them
/// holds what a terminal obeys, nothing tells that from the colours, and there are none.
fn in_colour(said: &clap::Error, choice: ColorChoice) -> Vec<u8> {
    let is_harmless = |argument: &OsStr| !argument.to_string_lossy().contains(is_unprintable);
    let harmless = std::env::args_os().all(|argument| is_harmless(&argument));
    let said = said.render();
    if harmless && choice != ColorChoice::Never {
        said.ansi().to_string().into_bytes()
    } else {
        Printable::from(said.to_string()).as_bytes().to_vec()
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the place for it")]
fn stdout() -> io::Stdout {
    io::stdout()
}

#[allow(clippy::disallowed_methods, reason = "this is the place for it")]
fn stderr() -> io::Stderr {
    io::stderr()
}

/// Writes all of it to standard output, past the buffer of the standard library: that one takes a closed output for one that
/// was written to, and what it holds back until the end fails unheard.
fn write(bytes: &[u8]) -> Result<()> {
    let written = if WAS_CLOSED.load(Ordering::Relaxed) {
        Err(Errno::EBADF.into())
    } else {
        let own = stdout().as_fd().try_clone_to_owned();
        own.and_then(|own| File::from(own).write_all(bytes))
    };
    match written {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            let refused = Error::kernel("write", "standard output", source);
            Err(refused.with_remedy(Remedy::OtherOutput))
        }
        _ => Ok(()),
    }
}

/// Whether standard output was closed when the process was started (`>&-`).
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Called by the C library before Rust's runtime, which opens `/dev/null` in the place of a closed standard output, so that
/// no file that is opened later is taken for it. After that, a closed one and one that was sent to `/dev/null` are the same.
#[used]
#[allow(unsafe_code, reason = "nothing of Rust runs earlier")]
// SAFETY: functions in this section are called once, by the C library, with arguments that this one does not take, which the
// C calling convention allows; it neither allocates nor needs anything of Rust's runtime.
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = {
    extern "C" fn look() {
        // SAFETY: it reads a flag of a descriptor by its number, which may be closed: that is the question.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }
    look
};

/// Says what went wrong on standard error.
pub(super) fn tell(error: &Error) {
    // A scenario's errors come rendered, each with its own `error:`.
    let label = if matches!(error, Error::Scenario(_)) {
        ""
    } else {
        "error: "
    };
    say(format!("{label}{}", error.sentence()));
    if let Some(hint) = error.hint() {
        say(format!("hint: {hint}"));
    }
}
