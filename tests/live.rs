//! The live view on a terminal: whatever ends a run, the terminal is as it was before it.

mod harness;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use harness::{TINY, binary, crate_dir, kernel_allows, kilonet, records, said};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;

/// What takes the terminal and what gives it back (xterm's private modes 1049 and 25).
const ENTER: &str = "\x1b[?1049h\x1b[2J\x1b[?25l";
const LEAVE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";

/// A run that nobody waits for the end of.
const LONG: &[&str] = &[
    "--topology",
    "shared",
    "--containers",
    "4",
    "--repeats",
    "1",
    "--warmup",
    "0ms",
    "--measure",
    "10m",
];

/// What a user does at a terminal.
type Act = fn(&mut Seat);

/// `kilonet` on a terminal of its own, and what it has written there so far.
struct Seat {
    child: Child,
    screen: File,
    terminal: OwnedFd,
    before: Termios,
    written: Vec<u8>,
    out: tempfile::TempDir,
}

impl Seat {
    /// Sits down at a terminal of 80 columns and 24 lines, and starts a sweep.
    fn sweep(flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).unwrap();
        // Held by this test alone, so that its own end hangs up on the program.
        fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        fcntl(&pty.slave, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let out = tempfile::tempdir().unwrap();
        let mut command = Command::new("setsid");
        // No leader of a group yet, so it is the program itself that becomes the command.
        command
            .args(["--ctty", "--"])
            .arg(binary())
            .args(["sweep", "--live", "--out"])
            .arg(out.path())
            .args(flags)
            .current_dir(crate_dir())
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .envs(environment.iter().copied());
        let before = tcgetattr(&pty.slave).unwrap();
        let child = command.stdin(end()).stdout(end()).stderr(end());
        Self {
            child: child.spawn().unwrap(),
            screen: pty.master.into(),
            terminal: pty.slave,
            before,
            written: Vec::new(),
            out,
        }
    }

    /// Reads until the program has written this.
    fn wait_for(&mut self, words: &str) {
        let mut part = [0; 4096];
        while !self.text().contains(words) {
            let count = self.screen.read(&mut part).expect("it still writes");
            self.written.extend_from_slice(&part[..count]);
        }
    }

    fn resize(&self, columns: u16, lines: u16) {
        let mut stty = Command::new("stty");
        let stty = stty.args(["cols", &columns.to_string(), "rows", &lines.to_string()]);
        let terminal = self.terminal.try_clone().unwrap();
        assert!(stty.stdin(terminal).status().unwrap().success());
    }

    fn press(&mut self, keys: &[u8]) {
        self.screen.write_all(keys).unwrap();
    }

    fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Waits for the end, holds the terminal against what it was, and gives the exit code, the text and the results' folder.
    fn end(mut self) -> (Option<i32>, String, tempfile::TempDir) {
        // The terminal is asked before its last holder lets go of it; until then a reader would wait for more.
        let mut screen = self.screen.try_clone().unwrap();
        let reader = std::thread::spawn(move || {
            let mut rest = Vec::new();
            // The end of a terminal is an error (EIO), and what came before it is kept.
            let _ = screen.read_to_end(&mut rest);
            rest
        });
        let code = self.child.wait().unwrap().code();
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after, self.before, "the modes are others");
        drop(self.terminal);
        self.written.extend(reader.join().unwrap());
        let text = String::from_utf8_lossy(&self.written).into_owned();
        assert_left(&text);
        (code, text, self.out)
    }
}

/// The screen was taken once and given back once, with the cursor shown, and nothing was drawn on it after that.
fn assert_left(text: &str) {
    assert_eq!(text.matches(ENTER).count(), 1, "{text:?}");
    assert_eq!(text.matches("\x1b[?1049l").count(), 1, "{text:?}");
    let (_, after) = text.split_once(LEAVE).expect("it is left");
    for sequence in ["\x1b[?25l", "\x1b[H", ";1H", "\x1b[2J"] {
        assert!(!after.contains(sequence), "{sequence:?}: {after:?}");
    }
}

/// What stays on the terminal.
fn stays(text: &str) -> &str {
    text.split_once(LEAVE).expect("it is left").1
}

#[test]
fn a_run_that_ends_is_reported_on_the_screen_that_was_there_before() {
    if !kernel_allows() {
        return;
    }
    let seat = Seat::sweep(TINY, &[("NO_COLOR", "1")]);
    let (code, text, out) = seat.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Aggregate goodput over containers"), "{text}");
    assert!(!text.contains("\x1b[38;"), "a colour: {text:?}");
    let folder = std::fs::read_dir(out.path()).unwrap().next();
    let folder = folder.unwrap().unwrap().path();
    assert!(stays(&text).contains(folder.to_str().unwrap()), "{text}");
    let records = records(&folder);
    assert!(records.iter().all(|record| record["status"] == "ok"));
}

#[test]
fn a_run_that_is_interrupted_in_any_way_gives_the_terminal_back() {
    if !kernel_allows() {
        return;
    }
    let ways: [(&str, Act); 5] = [
        ("q", |seat| seat.press(b"q")),
        ("Ctrl-C", |seat| seat.press(b"\x03")),
        ("SIGINT", |seat| seat.send(Signal::SIGINT)),
        ("SIGTERM", |seat| seat.send(Signal::SIGTERM)),
        ("SIGHUP", |seat| seat.send(Signal::SIGHUP)),
    ];
    for (name, act) in ways {
        let mut seat = Seat::sweep(LONG, &[]);
        // Of `measuring`, what no phase before it has in the same place.
        seat.wait_for("suring");
        act(&mut seat);
        let (code, text, _) = seat.end();
        assert_eq!(code, Some(1), "{name}: {text}");
        assert!(
            stays(&text).contains("interrupted; `kilonet run --resume "),
            "{name}"
        );
        assert!(text.contains("\x1b[38;5;"), "{name}: no colour");
    }
}

#[test]
fn who_insists_on_an_end_gets_the_terminal_back_too() {
    if !kernel_allows() {
        return;
    }
    let mut seat = Seat::sweep(LONG, &[]);
    seat.wait_for("suring");
    seat.send(Signal::SIGINT);
    seat.send(Signal::SIGTERM);
    let (code, text, _) = seat.end();
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn keys_that_would_stop_it_do_nothing_and_a_terminal_that_grows_is_filled() {
    if !kernel_allows() {
        return;
    }
    let mut seat = Seat::sweep(LONG, &[]);
    seat.wait_for("suring");
    // Ctrl-Z, Ctrl-\ and Ctrl-S.
    seat.press(b"\x1a\x1c\x13");
    seat.resize(120, 40);
    // The line at the bottom has moved there.
    seat.wait_for("\x1b[40;1Hq");
    seat.press(b"q");
    let (code, text, _) = seat.end();
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn without_a_terminal_that_can_show_it_lines_are_shown_and_it_is_said() {
    if !kernel_allows() {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let run = said(
        kilonet([&["sweep", "--live"], TINY].concat())
            .arg("--out")
            .arg(out.path()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("note: --live needs"), "{}", run.err);
    assert!(run.err.contains("1/"), "no line per trial: {}", run.err);
    assert!(!run.err.contains('\x1b'), "{:?}", run.err);
}
