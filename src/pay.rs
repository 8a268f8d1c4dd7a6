//! The colleague's page: a program of its own, so that a phone loads nothing of the Billing tab before it can pay.
#![expect(unreachable_pub, reason = "leptos writes `pub` into what its component macro makes")]
#![allow(dead_code, reason = "this page uses a part of the kit, and says so by leaving the rest out of its program")]

mod api;
mod platform;
mod shared;
mod texts;
mod ui;

mod pages {
    pub(crate) mod pay;
}

fn main() {
    #[cfg(feature = "debug-panics")]
    console_error_panic_hook::set_once();
    pages::pay::mount_pay();
}
