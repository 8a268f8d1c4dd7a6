//! The kit on one page, for those who work on it: a program of its own, so that it costs the product nothing.
#![expect(unreachable_pub, reason = "leptos writes `pub` into what its component macro makes")]
#![allow(dead_code, reason = "this page shows the kit, and uses little of what lies below it")]

mod platform;
mod stories;
mod texts;
mod ui;

fn main() {
    #[cfg(feature = "debug-panics")]
    console_error_panic_hook::set_once();
    stories::mount_kit();
}
