//! `tcp-crr`: connect, request, response, close, and again.
//!
//! ```text
//! client:  call -> send the request -> receive the response -> receive the end -> close
//! server:  accept -> receive the request -> send the response -> close
//! ```
//!
//! The server closes first, as a server that says no length does (HTTP/1.0), so that `TIME_WAIT` is the server's: it costs the
//! client no port, and the server takes a call from the same port again as soon as it comes (`tcp_timewait_state_process`). A
//! client that closed first would have no port left after 28,000 connections to one address within a minute.
//!
//! Must not know threads or the driver's epoll, only that somebody is to be told of new sockets. The invariant: what is
//! dropped before its exchange is whole is aborted, so that nothing of it outlives the lab.

mod client;
mod line;
mod server;

pub(in crate::traffic) use client::Client;
pub(in crate::traffic) use line::Watch;
pub(in crate::traffic) use server::Server;

#[cfg(test)]
mod tests;
