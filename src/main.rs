//! Mounts the app.
#![expect(unreachable_pub, reason = "leptos writes `pub` into what its component macro makes")]
#![expect(
    clippy::unnecessary_wraps,
    reason = "what `wasm_split` cuts off answers a Result, for when it cannot be loaded"
)]

mod api;
mod app;
mod pages;
mod parts;
mod platform;
mod routes;
mod state;
mod texts;
mod ui;

fn main() {
    #[cfg(feature = "debug-panics")]
    console_error_panic_hook::set_once();
    app::mount();
}
