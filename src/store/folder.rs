//! A run folder: made, appended to, read back.
