//! The page as the server draws it: the first view as HTML, by the components that then run in the browser.
//!
//! In a browser this library is empty; the page's programs are compiled of the same modules.
#![cfg(not(target_arch = "wasm32"))]
#![expect(unreachable_pub, reason = "leptos writes `pub` into what its component macro makes")]
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(clippy::large_types_passed_by_value, reason = "a handle of the wallet is a pointer in the browser")
)]
#![allow(dead_code, reason = "most of the page answers to people, who come later")]

mod api;
mod app;
mod pages;
mod platform;
mod routes;
mod shared;
mod state;
mod texts;
mod ui;

pub use app::first_view::{FirstView, render_first_view};

/// The codes of the languages that the page speaks, `de`.
pub const LANGUAGES: [&str; platform::ssr::LANGUAGES.len()] = platform::ssr::LANGUAGES;
