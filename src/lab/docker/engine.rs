//! The connection to an engine: which socket, which version, and what its refusals mean.
//!
//! Must not know containers. The invariant: an error says what was asked of the engine, what it answered, and, where the
//! connection is at fault, what to do about that.

use std::env;
use std::fmt;
use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bollard::errors::Error as Answer;
use bollard::models::SystemVersion;
use bollard::{API_DEFAULT_VERSION, Docker};
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::error::{Error, Remedy, Result};

/// Where an engine listens unless `DOCKER_HOST` says otherwise.
const USUAL: &str = "unix:///var/run/docker.sock";
/// What the address of a socket begins with.
const UNIX: &str = "unix://";

/// The oldest API that has all that is asked of it: networks with IPv6 and labels, and filters by label. Engine 1.13.
const OLDEST: (usize, usize) = (1, 25);

/// Requests at once. The engine does most of the work of a container under a lock or two of its own: on two cores, engine
/// 20.10 had 100 containers on its bridge up after 32 and 39 s with one request at a time, 21.3 and 21.7 s with two, 19.2 to
/// 22.6 s with four, 18.6 and 19.0 s with eight, 17.5 and 20.4 s with 16, 18.3 and 19.0 s with 32.
pub(super) const AT_ONCE: usize = 8;

/// How long one request may take; the engine may be busy with those before it.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long an engine may take to say that it is one, which it does without any of its locks.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(5);

/// An engine that answers.
pub struct Engine {
    api: Docker,
    runtime: Runtime,
    version: String,
    /// Its socket.
    socket: String,
}

impl fmt::Debug for Engine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Engine")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Reaches the engine behind `DOCKER_HOST`, or the usual socket, and agrees with it on a version of the API.
    ///
    /// # Errors
    /// When there is none, when its socket may not be used, and when it is too old.
    pub fn connect() -> Result<Self> {
        let host = env::var("DOCKER_HOST").unwrap_or_default();
        let host = if host.is_empty() { USUAL } else { &host };
        Self::connect_to(host)
    }

    /// The same, where there is one: none where nobody has named one by `DOCKER_HOST` and nobody listens at the usual socket.
    ///
    /// # Errors
    /// As [`Engine::connect`] where there is an engine, or one was named.
    pub fn find() -> Result<Option<Self>> {
        let is_named = env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty());
        match Self::connect() {
            Err(error) if !is_named && error.remedy() == Some(&Remedy::StartEngine) => Ok(None),
            engine => engine.map(Some),
        }
    }

    pub(crate) fn connect_to(host: &str) -> Result<Self> {
        if !host.starts_with(UNIX) {
            let reason = "containers must see directories of this machine";
            return Err(
                Error::refused("reach", format!("the engine at {host}"), reason)
                    .with_remedy(Remedy::EngineSocket),
            );
        }
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|source| Error::kernel("start", "the runtime for requests", source))?;
        let object = format!("the engine at {host}");
        let reached = runtime.block_on(async { timeout(PATIENCE_AT_FIRST, reach(host)).await });
        let reached = reached.unwrap_or(Err(Answer::RequestTimeoutError));
        let (api, version) = reached
            .map_err(|error| refusal_within(PATIENCE_AT_FIRST, ("reach", &object), error))?;
        let agreed = api.client_version();
        if (agreed.major_version, agreed.minor_version) < OLDEST {
            let reason = format!(
                "it speaks API {agreed}, and {}.{} is needed",
                OLDEST.0, OLDEST.1
            );
            return Err(Error::refused("use", object, reason).with_remedy(Remedy::NewerEngine));
        }
        Ok(Self {
            api,
            runtime,
            version: version.version.unwrap_or_default(),
            socket: host[UNIX.len()..].to_owned(),
        })
    }

    /// What the engine calls its own version: `20.10.24`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The number of the process that listens at its socket, as this process sees it: the engine's own, or that of a supervisor which
    /// has opened the socket for it.
    ///
    /// # Errors
    /// When nobody listens any more, or whoever does is in no namespace of processes that this one sees.
    pub(super) fn process(&self) -> Result<i32> {
        let failed =
            |source| Error::kernel("reach", format!("the engine at {}", self.socket), source);
        let stream = UnixStream::connect(&self.socket).map_err(failed)?;
        let peer = getsockopt(&stream, PeerCredentials).map_err(|errno| failed(errno.into()))?;
        if peer.pid() == 0 {
            let reason = "its process is not one that kilonet sees";
            return Err(Error::refused("look at", "the engine", reason));
        }
        Ok(peer.pid())
    }

    /// The first process of a container, by its name or id; none where it does not run.
    ///
    /// # Errors
    /// When there is no such container.
    pub fn process_of(&self, container: &str) -> Result<Option<i64>> {
        let inspecting = self.api.inspect_container(container, None);
        let seen = self.wait(("inspect", container), inspecting)?;
        let process = seen.state.and_then(|state| state.pid);
        Ok(process.filter(|pid| *pid > 0))
    }

    pub(super) fn api(&self) -> &Docker {
        &self.api
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Waits for an answer; a refusal is put as what was to be done to what.
    pub(super) fn wait<T>(
        &self,
        (act, object): (&str, &str),
        answer: impl Future<Output = Result<T, Answer>>,
    ) -> Result<T> {
        // The client's own patience is with the beginning of an answer, which may go on for ever.
        self.block_on(async { timeout(PATIENCE, answer).await })
            .unwrap_or(Err(Answer::RequestTimeoutError))
            .map_err(|error| refusal(act, object, error))
    }
}

/// Agrees with the engine on a version of the API, and asks for its own.
async fn reach(host: &str) -> Result<(Docker, SystemVersion), Answer> {
    let api = Docker::connect_with_unix(host, PATIENCE.as_secs(), API_DEFAULT_VERSION)?;
    let api = api.negotiate_version().await?;
    let version = api.version().await?;
    Ok((api, version))
}

/// The engine's refusal in our form.
pub(super) fn refusal(act: &str, object: &str, error: Answer) -> Error {
    refusal_within(PATIENCE, (act, object), error)
}

/// The same of one that was waited for so long at most.
fn refusal_within(patience: Duration, (act, object): (&str, &str), error: Answer) -> Error {
    match error {
        Answer::SocketNotFoundError(path) => {
            Error::refused(act, object, format!("there is no socket {path}"))
                .with_remedy(Remedy::StartEngine)
        }
        Answer::DockerResponseServerError { message, .. } => {
            Error::refused(act, object, message.trim())
        }
        Answer::DockerStreamError { error } => Error::refused(act, object, error.trim()),
        Answer::RequestTimeoutError => {
            let reason = format!("it did not answer within {} s", patience.as_secs());
            Error::refused(act, object, reason).with_remedy(Remedy::EngineSilent)
        }
        other => match kernel_cause(&other) {
            Some(source) => unreachable_engine(act, object, source),
            None => Error::refused(act, object, other.to_string()),
        },
    }
}

/// What the kernel said at the bottom of a refusal, if it said anything.
fn kernel_cause(error: &(dyn std::error::Error + 'static)) -> Option<io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let known = error.downcast_ref::<io::Error>();
        if let Some(code) = known.and_then(io::Error::raw_os_error) {
            return Some(io::Error::from_raw_os_error(code));
        }
        cause = error.source();
    }
    None
}

fn unreachable_engine(act: &str, object: &str, source: io::Error) -> Error {
    let remedy = match source.kind() {
        io::ErrorKind::PermissionDenied => Remedy::EngineRights,
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Remedy::StartEngine,
        _ => Remedy::EngineGone,
    };
    Error::kernel(act, object, source).with_remedy(remedy)
}
