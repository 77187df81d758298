//! The processes of a trial: servers, then clients at a gate, let go together, ended together.
//!
//! Must not know any tool's words. The invariant: clients begin only when all servers listen, the window opens only when all
//! clients send, and when the crew is gone none of its processes is left.

use std::fs;
use std::io::PipeWriter;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::crossing::{Crossed, Crossing, Meter};
use super::drivers::{Programs, find, tool};
use super::process::{Call, Process, bad_end, hear};
use super::tool::{Errand, Said, Tool};
use super::verdict::{self, Fates, last_words};

use crate::error::{Error, Result};
use crate::lab::netns::Visitor;
use crate::scenario::{Orders, running_time};
use crate::traffic::priority::Urgent;
use crate::traffic::window::{self, Measured};
use crate::traffic::{
    Buffered, Flow, FlowOutcome, Namespaces, Observer, Outcome, Settings, Uncopied,
};

/// The first port that is listened on; iperf3's own. Each pair has one to itself, as some share an address.
const FIRST_PORT: u16 = 5201;

/// How long it is waited at most before it is asked again whether to end.
const PATIENCE: Duration = Duration::from_millis(50);

/// Payload by which a pair has begun to send: more than tools tell each other beforehand.
const BEGUN: u64 = 4 << 10;

/// How much later than they were told clients may end, while all machine's CPUs are theirs.
const GRACE: Duration = Duration::from_secs(20);

/// How long servers may take to end behind their clients.
const FAREWELL: Duration = Duration::from_secs(2);

/// What one process printed, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// `iperf3, client of pair 3`.
    pub process: String,
    /// What it was started with.
    pub arguments: Vec<String>,
    /// What came by its standard output.
    pub printed: String,
    /// What came by its standard error.
    pub complained: String,
    /// How it ended, where that was not well.
    pub end: Option<String>,
}

/// What became of a window that generators filled.
#[derive(Debug)]
pub struct Told {
    /// What crossed.
    pub outcome: Outcome,
    /// What each pair's client says, or why it says nothing.
    pub said: Vec<Result<Said, String>>,
}

/// The processes of a trial.
pub struct Crew<'a> {
    tool: &'static dyn Tool,
    programs: Programs,
    errands: Vec<Errand<'a>>,
    namespaces: Namespaces<'a>,
    settings: &'a Settings,
    /// A server for each pair, and behind these a client for each.
    processes: Vec<Process>,
    gate: Option<PipeWriter>,
}

impl<'a> Crew<'a> {
    /// A crew for the pairs of some flows, nobody of which is there yet.
    ///
    /// # Errors
    /// When the tool is not installed.
    pub fn of(
        (flows, namespaces): (&[Flow], Namespaces<'a>),
        settings: &'a Settings,
    ) -> Result<Self> {
        let programs = find(settings.driver)?;
        let Some(tool) = tool(settings.driver) else {
            return Err(Error::refused("run", "a generator", "the driver is none"));
        };
        let firsts: Vec<_> = flows.iter().filter(|flow| flow.stream == 0).collect();
        let pairs = u32::try_from(firsts.len()).unwrap_or(u32::MAX).max(1);
        let streams = u32::try_from(flows.len()).unwrap_or(u32::MAX) / pairs;
        let seconds = running_time(pairs, settings.warmup + settings.measure).as_secs();
        let errands = (FIRST_PORT..).zip(firsts).map(|(port, flow)| Errand {
            flow: *flow,
            settings,
            streams,
            listen: flow.door.map_or(port, |door| door.listen),
            call: flow
                .door
                .map_or(SocketAddr::new(flow.server.address, port), |door| door.call),
            seconds,
        });
        Ok(Self {
            errands: errands.collect(),
            namespaces,
            tool,
            programs,
            settings,
            processes: Vec::new(),
            gate: None,
        })
    }

    /// Starts everybody: on return all servers listen, and the clients wait at their gate.
    ///
    /// The calling thread goes from namespace to namespace meanwhile; processes die with the thread that starts them, so it
    /// must be one that stays.
    ///
    /// # Errors
    /// What the kernel refused, the first words of a server that does not listen, and [`Error::Interrupted`] on `stop`.
    pub fn assemble(&mut self, stop: &dyn Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + self.settings.connect;
        self.start_servers()?;
        let tool = self.tool;
        let settled =
            |process: &Process| process.ended().is_some() || tool.is_listening(&process.printed());
        self.until(deadline, stop, |all| all.iter().all(settled))?;
        if let Some(server) = self
            .processes
            .iter()
            .find(|it| !tool.is_listening(&it.printed()))
        {
            let reason = format!("it does not listen: {}", last_words(server));
            return Err(Error::refused("start", &server.name, reason));
        }
        self.start_clients()
    }

    /// The processes, by pid.
    #[must_use]
    pub fn pids(&self) -> Vec<i32> {
        self.processes.iter().map(Process::pid).collect()
    }

    /// Lets the clients go, measures one window while all of them send, and hears what they say at their end.
    ///
    /// # Errors
    /// When no client says what it moved, when one says what cannot be read, when interfaces cannot be read, and
    /// [`Error::Interrupted`] when the observer says so.
    pub fn run(&mut self, meter: Meter<'_>, observer: &mut dyn Observer) -> Result<Told> {
        let began = Instant::now();
        let sending = self.release(meter, observer)?;
        let urgent = Urgent::raise();
        let measured = window::measure(&mut Crossing(meter), self.settings, observer)?;
        drop(urgent);
        hear(&mut self.processes, Duration::ZERO)?;
        let early = self
            .clients()
            .iter()
            .map(|it| it.ended().is_some())
            .collect();
        self.see_off(began, observer)?;
        let said = self.answers()?;
        let fates = Fates { sending, early };
        Ok(self.told(said, measured, &fates))
    }

    /// What all processes have printed.
    #[must_use]
    pub fn outputs(&self) -> Vec<Output> {
        let output = |process: &Process| Output {
            process: process.name.clone(),
            arguments: process.arguments.clone(),
            printed: process.printed(),
            complained: process.complained(),
            end: process.ended().and_then(bad_end),
        };
        self.processes.iter().map(output).collect()
    }

    fn clients(&self) -> &[Process] {
        &self.processes[self.errands.len().min(self.processes.len())..]
    }

    fn start_servers(&mut self) -> Result<()> {
        let visitor = Visitor::new()?;
        for errand in &self.errands {
            enter(
                &visitor,
                self.namespaces[errand.flow.server.container as usize],
            )?;
            let call = Call {
                name: format!(
                    "{}, server of pair {}",
                    self.tool.program(),
                    errand.flow.pair
                ),
                file: &self.programs.server,
                arguments: self.tool.server(errand),
            };
            self.processes.push(Process::start(call, None)?);
        }
        Ok(())
    }

    fn start_clients(&mut self) -> Result<()> {
        let (waits, opens) = std::io::pipe()
            .map_err(|source| Error::kernel("make", "the gate of generators", source))?;
        self.gate = Some(opens);
        let visitor = Visitor::new()?;
        for errand in &self.errands {
            enter(
                &visitor,
                self.namespaces[errand.flow.client.container as usize],
            )?;
            let call = Call {
                name: format!(
                    "{}, client of pair {}",
                    self.tool.program(),
                    errand.flow.pair
                ),
                file: &self.programs.client,
                arguments: self.tool.client(errand),
            };
            self.processes.push(Process::start(call, Some(&waits))?);
        }
        Ok(())
    }

    /// Hears everybody until `done`; whether it came to that before the deadline.
    fn until(
        &mut self,
        deadline: Instant,
        stop: &dyn Fn() -> bool,
        done: impl Fn(&[Process]) -> bool,
    ) -> Result<bool> {
        loop {
            if stop() {
                return Err(Error::Interrupted);
            }
            if done(&self.processes) {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            hear(&mut self.processes, left.min(PATIENCE))?;
        }
    }

    /// Opens the gate, and waits until something crosses for every pair whose client has not ended. For each pair whether it did.
    fn release(&mut self, meter: Meter<'_>, observer: &dyn Observer) -> Result<Vec<bool>> {
        let before = meter()?;
        let deadline = Instant::now() + self.settings.connect;
        self.gate = None;
        loop {
            let look = (Instant::now() + PATIENCE).min(deadline);
            self.until(look, &|| observer.interrupted(), |_| false)?;
            let now = meter()?;
            let crossed = now.iter().zip(&before);
            let sending: Vec<_> = crossed
                .map(|(now, before)| now.payload.saturating_sub(before.payload) >= BEGUN)
                .collect();
            let mut each = sending.iter().zip(self.clients());
            let settled = each.all(|(sends, client)| *sends || client.ended().is_some());
            if self.clients().iter().all(|client| client.ended().is_some()) {
                self.answers()?;
            }
            if settled || Instant::now() >= deadline {
                return Ok(sending);
            }
        }
    }

    /// Waits until the clients have ended, as they were told, and then the servers.
    fn see_off(&mut self, began: Instant, observer: &dyn Observer) -> Result<()> {
        let seconds = self.errands.first().map_or(0, |errand| errand.seconds);
        let deadline = began + Duration::from_secs(seconds) + GRACE;
        let stop = || observer.interrupted();
        let servers = self.errands.len();
        let ended = |processes: &[Process]| processes.iter().all(|it| it.ended().is_some());
        self.until(deadline, &stop, |all| ended(&all[servers..]))?;
        if let Some(signal) = self.tool.farewell() {
            for server in &self.processes[..servers] {
                server.tell(signal);
            }
        }
        let farewell = Instant::now() + FAREWELL;
        if !self.until(farewell, &stop, ended)? {
            for process in &self.processes {
                process.tell(Signal::SIGKILL);
            }
            self.until(Instant::now() + FAREWELL, &stop, ended)?;
        }
        Ok(())
    }

    /// What each client says.
    fn answers(&self) -> Result<Vec<Result<Said, String>>> {
        let (servers, clients) = self.processes.split_at(self.errands.len());
        verdict::all(self.tool, clients, servers)
    }

    /// Requests that were answered, by the payload of both: a response is as large as its request.
    fn transactions(orders: Orders, crossed: u64) -> u64 {
        if orders.workload.has_responses() {
            crossed / (2 * u64::from(orders.message_bytes))
        } else {
            0
        }
    }

    /// Congestion control that took effect: where the tool does not say, that which namespaces begin with.
    fn congestion(orders: Orders, said: &Said) -> Option<String> {
        let begun_with = || {
            let name = fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").ok()?;
            Some(name.trim_end().to_owned())
        };
        let tcp = !orders.workload.is_datagrams();
        said.congestion.clone().or_else(begun_with).filter(|_| tcp)
    }

    fn told(
        &self,
        said: Vec<Result<Said, String>>,
        measured: Measured<Crossed>,
        fates: &Fates,
    ) -> Told {
        let flows = self.errands.iter().enumerate();
        let flows = flows.map(|(pair, errand)| FlowOutcome {
            window_bytes: measured.moved[pair].payload,
            transactions: Self::transactions(errand.flow.orders, measured.moved[pair].payload),
            retransmits: said[pair].as_ref().ok().and_then(|said| said.retransmits),
            ..FlowOutcome::blank(
                errand.flow,
                fates.status(pair, measured.moved[pair].payload, &said[pair]),
            )
        });
        let mut words = self.errands.iter().zip(&said);
        let words =
            words.find_map(|(errand, said)| Some((errand.flow.orders, said.as_ref().ok()?)));
        Told {
            outcome: Outcome {
                backlog: None,
                flows: flows.collect(),
                window: measured.window,
                samples: measured.samples,
                congestion: words.and_then(|(orders, said)| Self::congestion(orders, said)),
                buffers: Buffered::default(),
                uncopied: Uncopied::default(),
                warnings: Vec::new(),
            },
            said,
        }
    }
}

fn enter(visitor: &Visitor, namespace: std::os::fd::BorrowedFd<'_>) -> Result<()> {
    visitor
        .enter(namespace)
        .map_err(|source| Error::kernel("enter", "a namespace of the lab", source))
}
