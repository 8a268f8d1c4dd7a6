//! What the browser offers, in plain Rust types: the only room that names `web_sys`, `js_sys` and `gloo_net`.

pub(crate) mod bootstrap;
#[allow(dead_code, reason = "the page behind a payment link has no tabs of one session")]
pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod dialog;
pub(crate) mod drafts;
pub(crate) mod fetch;
pub(crate) mod focus;
#[allow(dead_code, reason = "for the page behind a payment link, a program of its own")]
pub(crate) mod fragment;
pub(crate) mod history;
pub(crate) mod host;
pub(crate) mod idle;
pub(crate) mod intl;
pub(crate) mod json;
pub(crate) mod language;
pub(crate) mod listener;
#[allow(dead_code, reason = "the page behind a payment link has no tabs of one session")]
pub(crate) mod lock;
pub(crate) mod oneshot;
pub(crate) mod print;
pub(crate) mod random;
pub(crate) mod scroll;
pub(crate) mod share;
pub(crate) mod signal;
#[cfg(not(target_arch = "wasm32"))]
#[allow(dead_code, reason = "only the app has a first view")]
pub(crate) mod ssr;
pub(crate) mod storage;
pub(crate) mod stream;
pub(crate) mod stripe;
pub(crate) mod task;
pub(crate) mod timers;
pub(crate) mod transfer;
pub(crate) mod version;
pub(crate) mod visibility;
mod window;
