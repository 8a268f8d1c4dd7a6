//! The binary.
mod clock;
mod config;
mod events;
fn main() {}
