//! Knowing when namespaces are really gone.
//!
//! Closing a namespace only queues it: one kernel worker destroys the queue batch by batch, under the lock that the next
//! lab's set-up needs. No counter tells when it is done (the slab count lags for minutes), but the worker takes its batches
//! in order, so the end of a namespace of our own that was queued in a later batch proves that the earlier ones are done.
//!
//! Each of our own has a veth to a watcher, where its end is an event: `RTM_DELLINK`. Two are used up. The first may share a
//! batch with the lab, whose links go early in a batch and whose memory goes late; the second is queued when the first is
//! gone, so it is in a later batch.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::SocketAddr;
use rtnetlink::{LinkVeth, MulticastGroup};
use tokio::runtime::Runtime;

use crate::error::{Act, Error, Result};
use crate::lab::netns::{self, Namespace, Visitor};

/// How long the end may take before it is given up waiting for; 10,000 containers take about 10 s.
const LIMIT: Duration = Duration::from_mins(2);

type Events = UnboundedReceiver<(NetlinkMessage<RouteNetlinkMessage>, SocketAddr)>;

/// Closes `doomed` all at once and waits until the kernel has destroyed it, and all that was closed before. Returns how long
/// that took, `None` when the wait was given up after two minutes.
///
/// # Errors
/// When the means for waiting could not be had; everything has been closed all the same.
pub(in crate::lab) fn destroy(doomed: Vec<Namespace>) -> Result<Option<Duration>> {
    netns::visit(|visitor| Ok(Barrier::raise(visitor)?.close(doomed)))
}

/// A watcher and the two namespaces whose ends it will see. Must live on one thread of its own, which is inside the
/// watcher's namespace for as long.
struct Barrier {
    runtime: Runtime,
    events: Events,
    first: Namespace,
    second: Namespace,
}

impl Barrier {
    /// Makes the watcher and the two. Leaves the calling thread, the visitor's, in the watcher's namespace.
    fn raise(visitor: &Visitor) -> Result<Self> {
        let create = || {
            visitor
                .create()
                .map_err(|source| Error::kernel(Act::CreateNamespace, "for the barrier", source))
        };
        let (first, second, watcher) = (create()?, create()?, create()?);
        visitor
            .enter(&watcher)
            .map_err(|source| Error::kernel("enter", "the barrier's namespace", source))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|source| Error::kernel("start", "the barrier's event loop", source))?;
        let events = runtime.block_on(watch(&[&first, &second]))?;
        Ok(Self {
            runtime,
            events,
            first,
            second,
        })
    }

    fn close(self, doomed: Vec<Namespace>) -> Option<Duration> {
        let Self {
            runtime,
            mut events,
            first,
            second,
        } = self;
        let start = Instant::now();
        drop(doomed);
        let both_gone = async {
            drop(first);
            next_end(&mut events).await?;
            drop(second);
            next_end(&mut events).await
        };
        let seen = runtime.block_on(async { tokio::time::timeout(LIMIT, both_gone).await });
        matches!(seen, Ok(Some(()))).then(|| start.elapsed())
    }
}

/// Listens to the links of the namespace in which the thread is, and makes one from it into each of `others`.
async fn watch(others: &[&Namespace]) -> Result<Events> {
    use std::os::fd::{AsFd, AsRawFd};

    let failed = |source| Error::kernel("open", "the barrier's netlink socket", source);
    let (connection, handle, events) =
        rtnetlink::new_multicast_connection(&[MulticastGroup::Link]).map_err(failed)?;
    tokio::spawn(connection);
    for (number, other) in others.iter().enumerate() {
        let veth = LinkVeth::new("end", &format!("barrier{number}"))
            .setns_by_fd(other.as_fd().as_raw_fd())
            .build();
        handle
            .link()
            .add(veth)
            .execute()
            .await
            .map_err(|error| Error::kernel("create veth", "of the barrier", into_io(error)))?;
    }
    Ok(events)
}

/// Waits for the next end of a link; `None` when the connection is closed.
async fn next_end(events: &mut Events) -> Option<()> {
    loop {
        let (message, _) = events.next().await?;
        if let NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(_)) = message.payload {
            return Some(());
        }
    }
}

fn into_io(error: rtnetlink::Error) -> std::io::Error {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io(),
        other => std::io::Error::other(other.to_string()),
    }
}
