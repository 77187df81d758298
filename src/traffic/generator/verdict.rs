//! The results of a trial's processes once they have ended: figures, failures, or output that cannot be read.
//!
//! Must not know any tool's words. The invariant: a failure names the process, and says why in words that came from it or from
//! the kernel.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::process::{Process, bad_end};
use super::tool::{Answer, Said, Tool};
use crate::error::{Error, Result};
use crate::traffic::{FlowStatus, Loss};

/// What each client says, or why it says nothing.
///
/// # Errors
/// When none says anything, and when one has printed what cannot be read.
pub(super) fn all(
    tool: &dyn Tool,
    clients: &[Process],
    servers: &[Process],
) -> Result<Vec<Result<Said, String>>> {
    let pairs = clients.iter().zip(servers);
    let answers = pairs.map(|(client, server)| answer(tool, client, server));
    let answers: Vec<_> = answers.collect::<Result<_>>()?;
    match answers.iter().find_map(|answer| answer.as_ref().err()) {
        Some(first) if answers.iter().all(Result::is_err) => {
            Err(Error::refused("run", tool.program(), first))
        }
        _ => Ok(answers),
    }
}

fn answer(tool: &dyn Tool, client: &Process, server: &Process) -> Result<Result<Said, String>> {
    let failed = |process: &Process, why: String| Ok(Err(format!("{}: {why}", process.name)));
    let Some(status) = client.ended() else {
        return failed(client, "did not end".to_owned());
    };
    for (process, told) in [(client, None), (server, tool.farewell())] {
        let killed = process.ended().filter(|status| is_killed(*status, told));
        if let Some(why) = killed.and_then(bad_end) {
            return failed(process, why);
        }
    }
    let printed = client.printed();
    match tool.answer(&printed) {
        Answer::Figures(said) => Ok(Ok(said)),
        Answer::Failure(why) => failed(client, why),
        Answer::Gibberish(_) if bad_end(status).is_some() => failed(client, last_words(client)),
        Answer::Gibberish(why) => {
            let reason = format!("{why}, in {:?}", beginning(&printed));
            let act = "read what was printed by";
            Err(Error::refused(act, &client.name, reason))
        }
    }
}

/// Whether something else ended it than itself, or what it was told to end by.
fn is_killed(status: ExitStatus, told: Option<Signal>) -> bool {
    status.signal().is_some() && status.signal() != told.map(|signal| signal as i32)
}

/// What was seen of each pair.
pub(super) struct Fates {
    /// Something crossed before the window.
    pub(super) sending: Vec<bool>,
    /// Its client ended before the window did.
    pub(super) early: Vec<bool>,
}

impl Fates {
    /// How a pair fared.
    pub(super) fn status(
        &self,
        pair: usize,
        crossed: u64,
        said: &Result<Said, String>,
    ) -> FlowStatus {
        let why = said.as_ref().err();
        if self.early[pair] {
            let error = why.map_or("its client ended before the window", String::as_str);
            return FlowStatus::Died {
                loss: said_by_its_program(error),
                before_end: Duration::ZERO,
            };
        }
        match why {
            Some(why) if !self.sending[pair] => FlowStatus::Unconnected(said_by_its_program(why)),
            _ if crossed == 0 => FlowStatus::Stalled,
            _ => FlowStatus::Ok,
        }
    }
}

/// The programs of others tell no error number.
fn said_by_its_program(sentence: &str) -> Loss {
    Loss {
        act: "run".to_owned(),
        errno: None,
        sentence: sentence.to_owned(),
    }
}

/// Characters of somebody's output that an error quotes.
const QUOTED: usize = 200;

fn beginning(text: &str) -> String {
    text.trim().chars().take(QUOTED).collect()
}

/// What a process said before it ended badly, or how it ended where it said nothing.
pub(super) fn last_words(process: &Process) -> String {
    let complained = process.complained();
    let words = [complained, process.printed()];
    let mut said = words.iter().map(|text| beginning(text));
    let end = || process.ended().and_then(bad_end);
    said.find(|text| !text.is_empty())
        .or_else(end)
        .unwrap_or_else(|| "it printed nothing".to_owned())
}
