//! How streams hand their bytes to the kernel and take them from it.
//!
//! Knows no text and no machine. Invariant: only streams have a choice; requests and datagrams are copied.

super::factor::factor! {
    /// How a sender hands bytes to the kernel.
    #[derive(Default)]
    Sending, "send" {
        /// The kernel copies them (`send`).
        #[default]
        Copy = "copy",
        /// The kernel takes the pages of a file in memory (`sendfile`).
        Sendfile = "sendfile",
        /// The kernel takes the sender's own pages, where it can (`MSG_ZEROCOPY`).
        Zerocopy = "zerocopy",
    }
}

super::factor::factor! {
    /// How a receiver takes bytes from the kernel.
    #[derive(Default)]
    Receiving, "receive" {
        /// The kernel copies them (`recv`).
        #[default]
        Copy = "copy",
        /// The kernel maps its pages where the receiver sees them, where it can (`TCP_ZEROCOPY_RECEIVE`).
        Zerocopy = "zerocopy",
        /// The kernel drops them (`MSG_TRUNC`).
        Discard = "discard",
    }
}
