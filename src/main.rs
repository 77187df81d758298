//! Prints what the library says and turns it into an exit code; everything else is in the library.
fn main() {}
