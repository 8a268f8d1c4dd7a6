//! Mounts the app.

mod app;
mod pages;
mod platform;
mod routes;
mod ui;

fn main() {
    #[cfg(feature = "debug-panics")]
    console_error_panic_hook::set_once();
    app::mount();
}
