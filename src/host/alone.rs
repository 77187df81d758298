//! For tests of what a process does while it has one thread only, which no test runner offers.
//!
//! The invariant: the body runs in a process of one thread, a copy of this one, and its failure is the caller's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// The exit code of a body that panicked.
const PANICKED: i32 = 101;

/// Starts `body` in a copy of this process and gives its pid; the copy exits with 0 when the body returns.
#[allow(
    unsafe_code,
    reason = "a single-threaded process is only to be had by a fork"
)]
pub(crate) fn start(body: impl FnOnce()) -> Pid {
    // SAFETY: the copy has this thread alone, so a lock that another thread holds at this instant stays locked in it. The
    // allocator's are released by the C library; the test harness's are never taken, as the copy neither returns
    // to the harness nor prints before it panics. Run each test in a process of its own (nextest) to be quite sure.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            // A test that is given up on takes its copy along.
            set_pdeathsig(Signal::SIGKILL).unwrap();
            let ended = catch_unwind(AssertUnwindSafe(body));
            std::process::exit(if ended.is_ok() { 0 } else { PANICKED });
        }
    }
}

/// Waits for the process and gives its exit code.
pub(crate) fn exit_code(pid: Pid) -> i32 {
    match waitpid(pid, None).unwrap() {
        WaitStatus::Exited(_, code) => code,
        other => panic!("the process ended otherwise: {other:?}"),
    }
}
