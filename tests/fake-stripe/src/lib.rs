//! A stand-in for Stripe: the endpoints that the wallet uses, in Stripe's own wire format (2026-10-28.endive), over a
//! state machine that shares nothing with the product. It stores replies under idempotency keys as Stripe does, refuses
//! parameters that Stripe refuses, signs and sends webhooks, and fails in scripted ways.
//!
//! Everything that Stripe does not have lies below `/_fake/`; [`Fake`] offers the same to Rust tests.

mod answer;
mod api;
mod bank;
mod browser;
mod cards;
mod control;
mod entry;
mod faults;
mod form;
mod keys;
mod webhooks;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use bank::Bank;
pub use cards::{CARDS, Card, DISPUTED, SILENT, SLOW, Step};
pub use faults::Fault;

/// What webhooks are signed with unless told otherwise.
pub const WEBHOOK_SECRET: &str = "whsec_fake";
/// The one version that it speaks.
pub const API_VERSION: &str = "2026-10-28.endive";
/// Its account.
pub const ACCOUNT: &str = "acct_fake";

/// The state that all handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    bank: Arc<Mutex<Bank>>,
    origin: Arc<str>,
}

impl Shared {
    pub(crate) fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }
}

/// A running stand-in; it ends with this value.
#[derive(Debug)]
pub struct Fake {
    shared: Shared,
    task: JoinHandle<()>,
}

impl Fake {
    /// Starts one; port 0 takes a free one.
    pub async fn start(listen: SocketAddr) -> std::io::Result<Self> {
        Self::with(Bank::default(), listen).await
    }

    /// Another one whose books begin with what stands in these now. Nobody is sent its events yet.
    pub(crate) async fn copy(shared: &Shared) -> std::io::Result<Self> {
        let mut bank = shared.bank().clone();
        bank.webhook_url = None;
        bank.outbox.clear();
        Self::with(bank, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    async fn with(bank: Bank, listen: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let shared = Shared { bank: Arc::new(Mutex::new(bank)), origin: origin.into() };
        let routes = entry::routes(shared.clone());
        let task = tokio::spawn(async move {
            // It ends with the test.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { shared, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        self.shared.origin()
    }

    /// The next request that fits runs into this; several are used up in order.
    pub fn next(&self, fault: Fault) {
        self.shared.bank().faults.push(fault, None);
    }

    /// The stand-in's state, for looking at it and for what no request can do.
    pub fn bank(&self) -> MutexGuard<'_, Bank> {
        self.shared.bank()
    }

    /// Where events are sent as they happen; `None` sends nothing.
    pub fn send_webhooks_to(&self, url: Option<String>) {
        self.shared.bank().webhook_url = url;
    }

    /// A signature header for these bytes at the stand-in's present time.
    pub fn sign(&self, body: &[u8]) -> String {
        let bank = self.shared.bank();
        webhooks::sign(WEBHOOK_SECRET, body, bank.now())
    }

    /// The cardholder answers the challenge of an intent in the browser.
    pub fn authenticate(&self, client_secret: &str, approve: bool) -> Result<Value, Value> {
        api::authenticate(&mut self.shared.bank(), client_secret, approve)
    }

    /// The cardholder disputes a paid intent; an inquiry moves no money. `None`: no such intent.
    pub fn dispute(&self, intent: &str, amount: Option<i64>, inquiry: bool) -> Option<Value> {
        let opened = {
            let mut bank = self.shared.bank();
            let intent = bank.get("payment_intent", intent).cloned()?;
            api::dispute(&mut bank, &intent, amount, inquiry)
        };
        webhooks::send(&self.shared);
        Some(opened)
    }

    /// Moves a dispute on, to `won`, `lost`, `warning_closed` … `None`: no such dispute.
    pub fn move_dispute(&self, id: &str, status: &str) -> Option<Value> {
        let moved = api::move_dispute(&mut self.shared.bank(), id, status);
        webhooks::send(&self.shared);
        moved
    }

    /// The card's bank suspects that a paid intent was fraud. `None`: no such intent.
    pub fn warn_of_fraud(&self, intent: &str) -> Option<Value> {
        let warned = {
            let mut bank = self.shared.bank();
            let intent = bank.get("payment_intent", intent).cloned()?;
            api::warn(&mut bank, &intent)
        };
        webhooks::send(&self.shared);
        Some(warned)
    }

    /// The card networks know new digits and a new expiry of a card. `None`: no such card.
    pub fn renew_card(&self, payment_method: &str, last4: &str, exp_year: i64) -> Option<Value> {
        let renewed = api::renew_card(&mut self.shared.bank(), payment_method, last4, exp_year);
        webhooks::send(&self.shared);
        renewed
    }

    /// Somebody refunds a paid intent in the dashboard; without an amount, all that is left. `None`: it cannot be.
    pub fn refund_in_dashboard(&self, intent: &str, amount: Option<i64>) -> Option<Value> {
        let refund = api::refund_in_dashboard(&mut self.shared.bank(), intent, amount).ok();
        webhooks::send(&self.shared);
        refund
    }

    /// The card's bank says what becomes of a pending refund. `None`: none waits.
    pub fn finish_refund(&self, id: &str, status: &str) -> Option<Value> {
        let finished = api::finish_refund(&mut self.shared.bank(), id, status);
        webhooks::send(&self.shared);
        finished
    }

    /// The cardholder comes for a payment that was refused for want of them, with the card that it was begun with.
    pub fn confirm_again(&self, client_secret: &str, payment_method: &str) -> Result<Value, Value> {
        api::confirm_again(&mut self.shared.bank(), client_secret, payment_method)
    }

    /// The cardholder fills in the form for an intent.
    pub fn confirm_in_browser(&self, client_secret: &str, token: &str) -> Result<Value, Value> {
        api::confirm_in_browser(&mut self.shared.bank(), client_secret, token)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}
