//! The kernel's log, as far as it is of the network (`/dev/kmsg`).
//!
//! Must not know trials. The invariant: it is read without waiting, and what others were told before is nobody's of ours.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::libc;

use super::clock::{self, Ahead};
use super::kinds;
use crate::error::{Error, Remedy, Result};
use crate::store::record::Counter;

const PATH: &str = "/dev/kmsg";

/// The longest record there is (`PRINTK_MESSAGE_MAX`, and room for what is before and behind the line). One that does not fit is
/// refused, not cut.
const LONGEST: usize = 1 << 13;

/// The kernel's log, read on from where it was read to before.
#[derive(Debug)]
pub struct KernelLog {
    file: File,
    record: Box<[u8]>,
    ahead: Ahead,
    /// When it had last been read to its end.
    emptied: Duration,
}

/// A line of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// As the kernel wrote it.
    pub line: String,
    /// The kernel's stamp of it: only [`KernelLog::seconds`] says when that was.
    pub stamp: Duration,
    /// The number of the namespace that it names.
    pub namespace: Option<u64>,
    /// The counter that moved as it was written, where there is one.
    pub witness: Option<Counter>,
}

/// A moment that lines can be told to be before or after.
#[derive(Debug, Clone, Copy)]
pub struct Mark(Duration);

impl Mark {
    /// This one.
    #[must_use]
    pub fn now() -> Self {
        Self(clock::now())
    }
}

impl KernelLog {
    /// Opens it at its end.
    ///
    /// # Errors
    /// `EPERM` where `kernel.dmesg_restrict` is 1 and this user is not root over the machine; `ENOENT` in most containers.
    pub fn open() -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).custom_flags(libc::O_NONBLOCK).open(PATH);
        let mut log = Self {
            file: file.map_err(refusal)?,
            record: vec![0; LONGEST].into_boxed_slice(),
            ahead: Ahead::default(),
            emptied: clock::now(),
        };
        log.skip();
        Ok(log)
    }

    /// Passes over what has been written so far.
    pub fn skip(&mut self) {
        // It can be left where it is: what is read then is said to be of a later time than it was.
        let _ = self.file.seek(SeekFrom::End(0));
        self.emptied = clock::now();
    }

    /// What has been written of the network since it was read last.
    pub fn read(&mut self) -> Vec<Logged> {
        let mut lines = Vec::new();
        loop {
            match self.file.read(&mut self.record) {
                Ok(0) => break,
                Ok(length) => {
                    let bounds = (self.emptied, clock::now());
                    let text = String::from_utf8_lossy(&self.record[..length]);
                    if let Some((stamp, line)) = parse(&text) {
                        self.ahead.learn(stamp, bounds);
                        lines.extend(logged(stamp, line));
                    }
                }
                // The kernel has written over what was to be next: it goes on with what is left.
                Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // `EAGAIN`, which says that there is no more; no other error would go away by trying again.
                Err(_) => break,
            }
        }
        self.emptied = clock::now();
        lines
    }

    /// Seconds from a moment until a line was written; negative where it was before.
    #[must_use]
    pub fn seconds(&self, from: Mark, line: &Logged) -> f64 {
        self.ahead.seconds(from.0, line.stamp)
    }
}

pub(crate) fn refusal(source: io::Error) -> Error {
    Error::kernel("read", PATH, source).with_remedy(Remedy::ReadKernelLog)
}

/// The stamp and the line of a record: `6,1234,987654321,-;the line`, with microseconds in the third place. Lines that begin with a
/// space follow it, which say of which device it is.
fn parse(record: &str) -> Option<(Duration, &str)> {
    let (head, line) = record.split_once(';')?;
    let micros = head.split(',').nth(2)?.parse().ok()?;
    Some((Duration::from_micros(micros), line.lines().next()?))
}

fn logged(stamp: Duration, line: &str) -> Option<Logged> {
    let kind = kinds::of(line)?;
    Some(Logged {
        line: line.to_owned(),
        stamp,
        namespace: kinds::namespace(line),
        witness: kind.witness,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_stamp_and_its_first_line() {
        let record = "4,6150,64235043131,-,caller=T99;neighbour: arp_cache: neighbor table overflow!\n SUBSYSTEM=net\n";
        let (stamp, line) = parse(record).unwrap();
        assert_eq!(stamp, Duration::from_micros(64_235_043_131));
        let logged = logged(stamp, line).unwrap();
        assert_eq!(
            logged.line,
            "neighbour: arp_cache: neighbor table overflow!"
        );
        assert_eq!(logged.witness, Some(Counter::NeighbourOverflows));
        for other in ["", "6,1,2", "6,1,x,-;line", "6,1"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_line_was_written_after_the_log_was_emptied_and_before_it_is_read() {
        let Ok(mut log) = KernelLog::open() else {
            eprintln!("SKIPPED: this user may not read the kernel's log");
            return;
        };
        let before = Mark::now();
        let _ = log.read();
        // Whatever others wrote meanwhile, our clock and the log's agree on when that was.
        let logged = Logged {
            line: String::new(),
            stamp: clock::now(),
            namespace: None,
            witness: None,
        };
        assert!(log.seconds(before, &logged).abs() < 60.0);
    }
}
