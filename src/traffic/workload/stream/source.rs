//! What the streams of a process send from beside its payload.

use super::sendfile::MessageFile;
use crate::error::{Error, Result};
use crate::scenario::{Orders, Sending};

/// What the streams of a process send from beside its payload.
#[derive(Debug, Default)]
pub(in crate::traffic::workload) struct Source(pub(super) Option<MessageFile>);

impl Source {
    /// What these orders need for messages of the beginning of `payload`.
    ///
    /// # Errors
    /// When there is no memory or descriptor left for it.
    pub(in crate::traffic::workload) fn of(orders: &[Orders], payload: &[u8]) -> Result<Self> {
        let sends_files = |orders: &Orders| orders.load.send == Sending::Sendfile;
        let some = orders.iter().any(sends_files);
        let file = some.then(|| MessageFile::holding(payload));
        let file = file
            .transpose()
            .map_err(|source| Error::kernel("create", "a file in memory to send from", source))?;
        Ok(Self(file))
    }
}
