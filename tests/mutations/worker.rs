//! A process that works off its share of the cases: what hangs, or takes all memory, ends it, and the ring goes on after that.
//!
//! The invariant: before a case its number is on the disk, and after it what was wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use clap::{Command, CommandFactory, FromArgMatches};
use kilonet::cli::{Cli, complain};
use kilonet::scenario::Scenario;
use kilonet::store::folder::{Manifest, Writer};
use nix::sys::resource::{RLIM_INFINITY, Resource, UsageWho, getrusage, setrlimit};
use nix::unistd::{alarm, dup2_stderr, dup2_stdout};
use serde::{Deserialize, Serialize};

use super::case::{self, Act};
use super::draw::Draw;
use super::seeds::Seeds;
use super::shown::{self, Columns, Wrongs};

/// The cases of one process: those from the first on, in steps, below the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) seed: u64,
    pub(crate) first: u64,
    pub(crate) step: usize,
    pub(crate) end: u64,
    /// A folder of its own.
    pub(crate) home: PathBuf,
    /// Something that goes wrong in its first case, to see that it is found.
    pub(crate) plant: Option<Plant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Plant {
    Panic,
    Memory,
    Spin,
    Wait,
    Write,
    Escape,
    Figure,
}

/// Something that was wrong in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) case: u64,
    pub(crate) act: String,
    pub(crate) what: String,
}

/// By act: how many cases were done, and how many refused.
pub(crate) type Tally = BTreeMap<String, (u64, u64)>;

/// The variable that tells a process its share.
pub(crate) const SHARE: &str = "KILONET_MUTATIONS_SHARE";

/// Files of a share's folder.
pub(crate) const AT: &str = "at";
pub(crate) const FINDINGS: &str = "findings";
pub(crate) const TALLY: &str = "tally";
const CASE: &str = "case";

/// Bytes of address space that all cases together may take, the program itself among them.
const MEMORY: u64 = 2 << 30;
/// Seconds of CPU time that one case may take, which takes some milliseconds; and of a clock's, where it waits for what never comes.
const CPU_S: u64 = 20;
const WAIT_S: u32 = 120;

/// Where nothing may be written to.
const OUTSIDE: &str = "/stolen-by-kilonet";

/// The share that this process was started for.
pub(crate) fn share() -> Option<Share> {
    let share = std::env::var(SHARE).ok()?;
    Some(serde_json::from_str(&share).unwrap())
}

/// Messages of panics since they were last taken.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Works off a share.
pub(crate) fn work(share: &Share) {
    let mut worker = Worker::new(share);
    for case in (share.first..share.end).step_by(share.step) {
        fs::write(share.home.join(AT), case.to_string()).unwrap();
        let plant = share.plant.filter(|_| case == share.first);
        limit(plant);
        worker.case(case, plant);
    }
    alarm::cancel();
    let tally = serde_json::to_string(&worker.tally).unwrap();
    fs::write(share.home.join(TALLY), tally).unwrap();
}

/// What one case may take, from now on.
fn limit(plant: Option<Plant>) {
    let (cpu_s, wait_s) = match plant {
        Some(Plant::Spin) => (1, WAIT_S),
        Some(Plant::Wait) => (CPU_S, 1),
        _ => (CPU_S, WAIT_S),
    };
    let used = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let used = used.user_time().tv_sec() + used.system_time().tv_sec();
    let soft = u64::try_from(used).unwrap() + cpu_s;
    setrlimit(Resource::RLIMIT_CPU, soft, RLIM_INFINITY).unwrap();
    alarm::set(wait_s);
}

struct Worker<'a> {
    share: &'a Share,
    seeds: Seeds,
    columns: Columns,
    /// The command line, built once for all cases.
    cli: Command,
    out: File,
    err: File,
    tally: Tally,
}

impl<'a> Worker<'a> {
    fn new(share: &'a Share) -> Self {
        let seeds = Seeds::read();
        let columns = Columns::read();
        let caught = |name: &str| {
            let mut options = OpenOptions::new();
            let options = options.create(true).append(true).read(true);
            options.open(share.home.join(name)).unwrap()
        };
        let (out, err) = (caught("stdout"), caught("stderr"));
        dup2_stdout(&out).unwrap();
        dup2_stderr(&err).unwrap();
        setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY).unwrap();
        setrlimit(Resource::RLIMIT_CORE, 0, 0).unwrap();
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            let said = panic.payload_as_str().unwrap_or_default();
            PANICS
                .lock()
                .unwrap()
                .push(format!("panic at {place}: {said}"));
        }));
        let tally = Tally::new();
        Self {
            share,
            seeds,
            columns,
            cli: Cli::command(),
            out,
            err,
            tally,
        }
    }

    fn case(&mut self, number: u64, plant: Option<Plant>) {
        let home = self.share.home.join(CASE);
        if home.exists() {
            fs::remove_dir_all(&home).unwrap();
        }
        fs::create_dir(&home).unwrap();
        std::env::set_current_dir(&home).unwrap();
        let act = case::make(&mut Draw::new(self.share.seed, number), &self.seeds, &home);
        for file in [&self.out, &self.err] {
            file.set_len(0).unwrap();
        }
        let before = self.places();
        let done = catch_unwind(AssertUnwindSafe(|| {
            plant.into_iter().for_each(come_true);
            done(&mut self.cli, &act)
        }));
        let mut wrongs = self.written(&act, &before);
        wrongs.append(&mut PANICS.lock().unwrap());
        let done = done.unwrap_or(false);
        self.judge(&act, done, &mut wrongs);
        self.tell(number, &act, wrongs);
        let counts = self.tally.entry(name(&act)).or_default();
        if done {
            counts.0 += 1;
        } else {
            counts.1 += 1;
        }
    }

    /// What was said and written, read by who did not write it.
    fn judge(&mut self, act: &Act, done: bool, wrongs: &mut Wrongs) {
        let (out, err) = (caught(&mut self.out), caught(&mut self.err));
        let said = String::from_utf8_lossy(&err);
        shown::controls("standard error", &said, wrongs);
        shown::units("standard error", &said, wrongs);
        if !done && wrongs.is_empty() && !said.contains("error: ") {
            wrongs.push("it failed and said no error".to_owned());
        }
        let Act::Verb(words) = act else { return };
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        printed(&words, done, &out, wrongs);
        let folder = match words[..] {
            ["report", "run"] => "run",
            _ => "out",
        };
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() {
                self.file(&words, &path, wrongs);
            }
        }
    }

    fn file(&self, words: &[&str], path: &Path, wrongs: &mut Wrongs) {
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        match path.extension().and_then(|it| it.to_str()) {
            Some("md") => {
                shown::controls("Markdown", &text, wrongs);
                shown::markdown(&text, wrongs);
            }
            Some("svg") => {
                shown::controls("a picture", &text, wrongs);
                shown::picture(&text, wrongs);
            }
            Some("html") => {
                shown::controls("the page", &text, wrongs);
                shown::page(&text, wrongs);
            }
            Some("csv") if words[0] == "export" => self.columns.table(&bytes, wrongs),
            Some("json") if words[0] == "export" => shown::iperf3(&text, wrongs),
            _ => {}
        }
    }

    /// What there is around the folder that may be written to.
    fn places(&self) -> BTreeSet<PathBuf> {
        let home = &self.share.home;
        let folders = [
            home.parent().unwrap(),
            home,
            &home.join(CASE),
            &home.join("case/run"),
        ];
        let entries = folders
            .into_iter()
            .flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
        let mut places: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
        if Path::new(OUTSIDE).exists() {
            places.insert(OUTSIDE.into());
        }
        places
    }

    /// What was written where it may not be.
    fn written(&self, act: &Act, before: &BTreeSet<PathBuf>) -> Wrongs {
        let case = self.share.home.join(CASE);
        let may = |path: &&PathBuf| match act {
            Act::Resume => path.starts_with(case.join("run")),
            Act::Verb(words) if words.len() == 2 => path.starts_with(case.join("run")),
            Act::Verb(_) => **path == case.join("out"),
        };
        let after = self.places();
        let others = self.share.home.parent().unwrap();
        let new = after
            .symmetric_difference(before)
            .filter(|path| !may(path) && path.parent() != Some(others));
        // Those beside this worker's folder come and go with the other workers, but for what was drawn to be there.
        let stolen = others.join("stolen");
        let new = new.chain(after.get(&stolen));
        new.map(|path| format!("{} was written", path.file_name().unwrap().display()))
            .collect()
    }

    fn tell(&self, case: u64, act: &Act, mut wrongs: Wrongs) {
        wrongs.sort();
        wrongs.dedup();
        for what in wrongs {
            let finding = Finding {
                case,
                act: name(act),
                what,
            };
            let line = format!("{}\n", serde_json::to_string(&finding).unwrap());
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.share.home.join(FINDINGS));
            file.unwrap().write_all(line.as_bytes()).unwrap();
        }
    }
}

fn name(act: &Act) -> String {
    match act {
        Act::Resume => "resume".to_owned(),
        Act::Verb(words) => words.join(" "),
    }
}

/// Does what a user would; whether it went well.
fn done(cli: &mut Command, act: &Act) -> bool {
    match act {
        Act::Verb(words) => verb(cli, words),
        Act::Resume => resume(Path::new("run")),
    }
}

fn verb(cli: &mut Command, words: &[String]) -> bool {
    let words = ["kilonet"]
        .into_iter()
        .chain(words.iter().map(String::as_str));
    let matches = cli.try_get_matches_from_mut(words).unwrap();
    let cli = Cli::from_arg_matches(&matches).unwrap();
    match cli.run(|| std::process::exit(1)) {
        // A comparison that found a regression is done as well.
        Ok(code) => code != ExitCode::from(2),
        Err(error) => {
            let _ = complain(&error);
            false
        }
    }
}

/// What `run --resume` reads of a folder before it measures.
fn resume(folder: &Path) -> bool {
    let read = Manifest::read(folder)
        .and_then(|manifest| Scenario::parse(&manifest.scenario_text, &manifest.name))
        .and_then(|_| Writer::resume(folder));
    read.map_err(|error| complain(&error)).is_ok()
}

/// What went to standard output.
fn printed(words: &[&str], done: bool, out: &[u8], wrongs: &mut Wrongs) {
    let text = String::from_utf8_lossy(out);
    match words {
        ["export", _, _, "openmetrics"] => shown::openmetrics(&text, wrongs),
        ["export", _, _, "k8s-netperf-csv"] => shown::k8s_netperf(out, wrongs),
        ["compare", _, _, _, "json"] if done => shown::comparison(&text, wrongs),
        ["export", ..] => {}
        _ => {
            shown::controls("standard output", &text, wrongs);
            shown::units("standard output", &text, wrongs);
            shown::markdown(&text, wrongs);
        }
    }
}

fn caught(file: &mut File) -> Vec<u8> {
    let mut text = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut text).unwrap();
    text
}

/// Goes wrong.
fn come_true(plant: Plant) {
    match plant {
        Plant::Panic => panic!("planted"),
        Plant::Memory => drop(std::hint::black_box(vec![1_u8; 4 << 30])),
        Plant::Spin => loop {
            std::hint::spin_loop();
        },
        Plant::Wait => loop {
            std::thread::park();
        },
        Plant::Write => fs::write("../stolen", "").unwrap(),
        Plant::Escape => eprintln!("\u{1b}[2J"),
        Plant::Figure => println!("NaN Gb/s"),
    }
}
