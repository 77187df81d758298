//! The terminal while the view has it: the alternate screen, no cursor, keys as they are pressed.
//!
//! There is one terminal for the process, so there is one state of it, which everybody may put back: the view at its end, a
//! panic of any thread, and who leaves at once. The invariant: what was taken is given back exactly once, and nothing is
//! written to the screen after that.
//!
//! Ctrl-C stays a signal, so that it works whatever becomes of the view. Ctrl-Z, Ctrl-\ and Ctrl-S do nothing meanwhile: a
//! window cannot be paused, and the first two would leave the screen as it is.

#![allow(
    clippy::disallowed_methods,
    reason = "a screen is drawn by sequences that a terminal obeys; the texts on it are made plain before"
)]

use std::env;
use std::io::{self, IsTerminal, Write, stderr};
use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use nix::sys::termios::{
    InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use nix::unistd::{getpgrp, tcgetpgrp};

use crate::error::{Error, Result};

/// The alternate screen, blank, and no cursor (xterm's private modes 1049 and 25).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[?25l";
/// The colours, the cursor and the screen that were there before.
const LEAVE: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?1049l";
/// What a special character is set to for there to be none (`termios(3)`).
const NO_KEY: u8 = 0;

/// The modes to go back to, while the terminal is taken.
static TAKEN: Mutex<Option<Termios>> = Mutex::new(None);

/// Nothing is left half done by a thread that panics with it.
fn taken() -> MutexGuard<'static, Option<Termios>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether standard error is a terminal that a view can be drawn on, and this process in its foreground: one in the background
/// would be stopped for it.
pub(in crate::cli) fn is_fit() -> bool {
    let knows_screens = env::var("TERM").is_ok_and(|kind| !kind.is_empty() && kind != "dumb");
    let in_front = || tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp());
    stderr().is_terminal() && knows_screens && in_front()
}

/// The terminal is the view's until this is dropped.
#[derive(Debug)]
pub(super) struct Screen(());

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it is none, or is gone.
    pub(super) fn take() -> Result<Self> {
        let refused = |source| Error::kernel("take", "the terminal", source);
        let before = tcgetattr(stderr()).map_err(|errno| refused(errno.into()))?;
        tcsetattr(stderr(), SetArg::TCSAFLUSH, &quiet(before.clone()))
            .map_err(|errno| refused(errno.into()))?;
        *taken() = Some(before);
        let screen = Self(());
        give_back_on_panic();
        stderr().write_all(ENTER).map_err(refused)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, if it is taken. It may be called from any thread, and more than once.
pub(in crate::cli) fn give_back() {
    if let Some(before) = taken().take() {
        // Where the terminal is gone there is nothing to be put back.
        let _ = stderr().write_all(LEAVE);
        let _ = tcsetattr(stderr(), SetArg::TCSAFLUSH, &before);
    }
}

/// A panic's words belong on the screen that stays.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back();
            usual(panic);
        }));
    });
}

/// No echo, no waiting for a whole line, and none of the keys that would stop the process or its output.
fn quiet(mut modes: Termios) -> Termios {
    modes.local_flags -= LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::IEXTEN;
    modes.input_flags -= InputFlags::IXON;
    for key in [
        SpecialCharacterIndices::VSUSP,
        SpecialCharacterIndices::VQUIT,
    ] {
        modes.control_chars[key as usize] = NO_KEY;
    }
    modes
}

/// What a frame is written to: gathered, and put on the screen whole while that is taken.
#[derive(Debug, Default)]
pub(super) struct Sheet(Vec<u8>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let taken = taken();
        let written = taken.as_ref().map(|_| stderr().write_all(&self.0));
        drop(taken);
        self.0.clear();
        written.unwrap_or(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;

    use nix::pty::openpty;
    use nix::unistd::dup2_stderr;

    use super::*;
    use crate::host::alone;

    #[test]
    fn a_panic_of_any_thread_gives_the_terminal_back_before_it_says_why() {
        let pty = openpty(None, None).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        let pid = alone::start(|| {
            dup2_stderr(&pty.slave).unwrap();
            let screen = Screen::take().unwrap();
            let mut sheet = Sheet::default();
            sheet.write_all(b"drawn").unwrap();
            sheet.flush().unwrap();
            let panicked = std::thread::spawn(|| panic!("out of order")).join();
            assert!(panicked.is_err());
            sheet.write_all(b"drawn too late").unwrap();
            sheet.flush().unwrap();
            drop(screen);
        });
        assert_eq!(alone::exit_code(pid), 0);
        assert_eq!(tcgetattr(&pty.slave).unwrap(), before);
        drop(pty.slave);
        let mut written = Vec::new();
        // The end of a terminal is an error, and what came before it is kept.
        let _ = File::from(pty.master).read_to_end(&mut written);
        let written = String::from_utf8(written).unwrap();
        let (drawn, said) = written.split_once("\x1b[0m\x1b[?25h\x1b[?1049l").unwrap();
        assert_eq!(drawn, "\x1b[?1049h\x1b[2J\x1b[?25ldrawn");
        assert!(said.contains("out of order"), "{said:?}");
        assert!(
            !said.contains("drawn") && !said.contains("1049"),
            "{said:?}"
        );
    }
}
