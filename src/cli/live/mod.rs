//! The live view of a run: told what goes on, it reads the counters that are published anyway and draws them, four times a
//! second, on a thread of its own.
//!
//! Must not know how anything is measured, nor how a frame looks. The invariant: the run never waits for the view. What it
//! tells goes into a channel without a bound or a lock, nobody is woken for it, and a terminal that takes no output holds
//! up the view alone.

mod story;
pub(super) mod terminal;

use std::io::{self, IsTerminal, stdin};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::unistd::read;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::progress::{Display, Pace};
use crate::analysis::Growing;
use crate::error::{Act, Error, Result};
use crate::host::counters::{Snapshot, TcpMemory};
use crate::host::signal::Interrupt;
use crate::plan::{Place, Trial};
use crate::report::live::{TICK, draw};
use crate::report::terminal::View;
use crate::runner::{Phase, Progress};
use crate::store::Record;
use crate::testbed::Watch;
use crate::traffic::Dials;
use story::{Event, Reading, Story};
use terminal::{Screen, Sheet};

/// What a view is begun with.
pub(super) struct Subject<'a> {
    /// The scenario's name.
    pub(super) name: &'a str,
    /// The curves, with the points that earlier runs have left.
    pub(super) curves: Growing,
    /// What is to be done, and how long that should take.
    pub(super) pace: Pace,
    /// The marks of TCP's memory pool.
    pub(super) tcp_memory: Option<TcpMemory>,
}

/// A run's end of the view: it tells, and asks whether to go on.
pub(super) struct Live {
    events: Sender<Event>,
    interrupt: Interrupt,
    /// Readable once the view is to end.
    over: Arc<EventFd>,
    viewer: Mutex<Option<JoinHandle<()>>>,
}

impl Live {
    /// Takes the terminal, and starts the thread that draws on it.
    pub(super) fn start(subject: Subject<'_>, interrupt: Interrupt) -> Result<Self> {
        let (events, told) = channel();
        let over = EventFd::from_flags(EfdFlags::EFD_CLOEXEC)
            .map_err(|errno| Error::kernel("create", "the view's alarm", errno.into()))?;
        let over = Arc::new(over);
        let Subject {
            name,
            curves,
            pace,
            tcp_memory,
        } = subject;
        let viewer = Viewer {
            told,
            over: Arc::clone(&over),
            interrupt: interrupt.clone(),
            story: Story::new(name, curves, pace, tcp_memory),
            machine: None,
            began: Instant::now(),
        };
        let screen = Screen::take()?;
        let thread = thread::Builder::new()
            .name("view".to_owned())
            .spawn(move || viewer.run(screen))
            .map_err(|source| Error::kernel(Act::Spawn, "the view's thread", source))?;
        Ok(Self {
            events,
            interrupt,
            over,
            viewer: Mutex::new(Some(thread)),
        })
    }

    /// A view that has ended hears nothing, which is no harm to the run.
    fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

impl Watch for Live {
    fn phase(&self, phase: Phase) {
        self.tell(Event::Phase(phase));
    }

    fn flowing(&self, dials: Dials) {
        self.tell(Event::Flowing(dials));
    }

    fn sample(&self, goodput_bps: f64) {
        self.tell(Event::Sample(goodput_bps));
    }

    fn interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }
}

impl Progress for Live {
    fn begins(&self, place: Place, trial: &Trial) {
        let id = trial.id.to_string();
        self.tell(Event::Begins { place, id });
    }

    fn ends(&self, record: &Record) {
        self.tell(Event::Ends(Box::new(record.clone())));
    }
}

impl Display for Live {
    fn close(&self) {
        let mut viewer = self.viewer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = viewer.take() {
            let _ = self.over.write(1);
            // If it has panicked, the terminal was given back then.
            let _ = thread.join();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.close();
    }
}

/// The thread that draws.
struct Viewer {
    told: Receiver<Event>,
    over: Arc<EventFd>,
    interrupt: Interrupt,
    story: Story,
    /// The machine's counters when they were read last.
    machine: Option<Snapshot>,
    began: Instant,
}

impl Viewer {
    /// Draws until it is over, or until the terminal is gone. The screen goes back in either case.
    fn run(mut self, screen: Screen) {
        let view = View::of_stderr();
        let mut easel = Easel::default();
        loop {
            self.catch_up();
            if easel.show(&self.story, view).is_err() || self.rest().is_err() {
                break;
            }
        }
        drop(screen);
    }

    /// Takes in what was told, and reads what has changed since.
    fn catch_up(&mut self) {
        for event in self.told.try_iter() {
            self.story.heed(event);
        }
        let now = Snapshot::take().ok();
        let before = self.machine.take();
        let machine = now.as_ref().zip(before.as_ref());
        let dials = self.story.dials().filter(|dials| dials.has_messages());
        let bytes = dials.and_then(Dials::bytes_by_pair);
        self.story.take(Reading {
            at: Instant::now(),
            bytes,
            machine: machine.map(|(now, before)| now.since(before)),
        });
        self.machine = now;
        self.story
            .pass(self.began.elapsed(), self.interrupt.is_raised());
    }

    /// Waits for the next tick, and does as the keys say that are pressed meanwhile. An error is the end.
    fn rest(&mut self) -> Result<(), Over> {
        let tick = Instant::now() + TICK;
        loop {
            let left = tick.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
            let input = stdin();
            let mut waited = [
                PollFd::new(self.over.as_fd(), PollFlags::POLLIN),
                PollFd::new(input.as_fd(), PollFlags::POLLIN),
            ];
            // Keys that come from elsewhere are not for the view.
            let waited = if input.is_terminal() {
                &mut waited[..]
            } else {
                &mut waited[..1]
            };
            poll(waited, timeout).map_err(|_| Over)?;
            let is_ready = |nth: usize| waited.get(nth).and_then(PollFd::any).unwrap_or(false);
            if is_ready(0) {
                return Err(Over);
            }
            if is_ready(1) {
                self.press(&keys()?);
            }
        }
    }

    /// A key that has no character of its own comes as several, the first of them escape, and means nothing here.
    fn press(&mut self, keys: &[u8]) {
        match keys {
            [b'q', ..] => self.interrupt.raise(),
            [b'p', ..] => self.story.turn(),
            _ => {}
        }
    }
}

/// There is nothing more to draw, or nothing to draw on.
struct Over;

/// What was typed; some at least.
fn keys() -> Result<Vec<u8>, Over> {
    let mut typed = [0; 64];
    match read(stdin(), &mut typed) {
        Ok(0) | Err(_) => Err(Over),
        Ok(count) => Ok(typed[..count].to_vec()),
    }
}

/// Frames on the terminal, each as what differs from the one before.
#[derive(Default)]
struct Easel {
    terminal: Option<Terminal<CrosstermBackend<Sheet>>>,
    area: Rect,
}

impl Easel {
    /// Draws the story as it is now, as large as the terminal is now.
    fn show(&mut self, story: &Story, view: View) -> io::Result<()> {
        let (lines, columns) = console::Term::stderr().size();
        let area = Rect::new(0, 0, columns, lines);
        if self.terminal.is_none() || area != self.area {
            self.area = area;
            self.terminal = Some(blank(area)?);
        }
        if let Some(terminal) = &mut self.terminal {
            terminal.draw(|frame| draw(frame, story.picture(), view))?;
        }
        Ok(())
    }
}

/// A blank screen. Its size is told, and not asked of whatever standard output is.
fn blank(area: Rect) -> io::Result<Terminal<CrosstermBackend<Sheet>>> {
    let backend = CrosstermBackend::new(Sheet::default());
    let viewport = Viewport::Fixed(area);
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
    // Not the terminal's own `clear`, which asks where the cursor is and waits for an answer among the keys.
    terminal.backend_mut().clear()?;
    Ok(terminal)
}
