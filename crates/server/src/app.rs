//! What every request and every worker shares.

use std::sync::Arc;

use billing_payments::PaymentProvider;
use billing_store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::events::EventHub;
use crate::http::limits::RateLimits;
use crate::http::static_files::StaticFiles;
use crate::service::sessions::Passwords;

/// Handles on everything; clones are cheap and mean the same.
#[derive(Clone)]
pub(crate) struct AppState {
    /// The database.
    pub(crate) store: Store,
    /// Who moves the money.
    pub(crate) provider: Arc<dyn PaymentProvider>,
    /// What time it is.
    pub(crate) clock: Clock,
    /// Who watches what.
    pub(crate) events: EventHub,
    /// The operator's settings.
    pub(crate) config: Arc<Config>,
    /// Who is too fast.
    pub(crate) rate_limits: Arc<RateLimits>,
    /// The built page.
    pub(crate) files: Arc<StaticFiles>,
    /// Checks passwords, a few at a time.
    pub(crate) passwords: Arc<Passwords>,
    /// Work that outlives its request: spawn it here, and a shutdown waits for it.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the server stops: streams and workers end then.
    pub(crate) shutdown: CancellationToken,
}
