//! Mounts the app.
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(
        clippy::large_types_passed_by_value,
        dead_code,
        reason = "in the browser a handle of the wallet is a pointer, and the server's parts are not there"
    )
)]
#![expect(unreachable_pub, reason = "leptos writes `pub` into what its component macro makes")]

mod api;
mod app;
mod pages;
mod platform;
mod routes;
mod shared;
mod state;
mod texts;
mod ui;

fn main() {
    #[cfg(feature = "debug-panics")]
    console_error_panic_hook::set_once();
    app::mount_app();
}
