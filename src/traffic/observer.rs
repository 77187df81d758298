//! Who looks on while flows run.

use std::time::Duration;

use super::dials::Dials;

/// Hooks around the window, called on the thread that called [`run`]. They should be quick: the flows are running.
pub trait Observer {
    /// The flows are up and begin to move. The dials may be read from any thread, until the trial ends.
    fn flowing(&mut self, _dials: Dials) {}
    /// Just before the snapshot that opens the window.
    fn before_window(&mut self);
    /// Just after the snapshot that closes the window.
    fn after_window(&mut self);
    /// A sample ended: the goodput of all flows during it, and the time since the window opened.
    fn sample(&mut self, goodput_bps: f64, elapsed: Duration);
    /// Asked at least every 100 ms while waiting; `true` ends the trial with [`Error::Interrupted`].
    ///
    /// [`Error::Interrupted`]: crate::Error::Interrupted
    fn interrupted(&self) -> bool;
}
