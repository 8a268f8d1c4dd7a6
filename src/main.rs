//! Mounts the app.
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
