//! Where the two ends of a flow run.
//!
//! Knows no text and no machine. Invariant: left to the driver is what the driver has always done.

super::factor::factor! {
    /// The CPUs that a flow's client and server run on.
    #[derive(Default)]
    Pinning, "pinning" {
        /// As the driver has it: `threads` leaves it to the scheduler, `workers` has the two ends on neighbouring CPUs.
        #[default]
        None = "none",
        /// Both on one CPU, flow by flow on the next.
        Same = "same",
        /// Each on one CPU, and not on the other's; flow by flow on the next two.
        Apart = "apart",
    }
}
