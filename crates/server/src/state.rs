//! What every request and every worker shares.

use std::ops::Deref;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRef;
use billing_contract::session::DemoSignIn;
use billing_domain::id::Id;
use billing_payments::{PaymentProvider, Sandbox};
use billing_store::Store;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::devices::Devices;
use crate::auth::keys::KeyCache;
use crate::auth::oidc::OidcProviders;
use crate::auth::passwords::Passwords;
use crate::budgets::Budgets;
use crate::clock::Clock;
use crate::config::Config;
use crate::events::EventHub;
use crate::external_ids::ExternalIds;
use crate::kept_answers::ReadAnswers;
use crate::metrics::Metrics;
use crate::notify::channels::NotificationChannels;
use crate::notify::low_marks::LowMarkCache;
use crate::problem::Problem;
use crate::queue::authorizations::QueuedAuthorization;
use crate::queue::group::Queues;
use crate::queue::postings::QueuedPosting;
use crate::queue::wake::WakeQueue;
use crate::receipt_renderer::ReceiptRenderer;
use crate::reference_mask::ReferenceMask;
use crate::static_files::StaticFiles;

/// Handles on everything; clones mean the same. A request clones this several times, so what does not differ between two
/// clones is shared behind one pointer.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) store: Store,
    /// What time it is.
    pub(crate) clock: Clock,
    pub(crate) shared: Arc<SharedState>,
}

/// The handles that every clone of [`AppState`] has in common.
pub(crate) struct SharedState {
    /// Who moves the money.
    pub(crate) provider: Arc<dyn PaymentProvider>,
    /// The same, when it is the sandbox bank: it can be asked for more than a provider.
    pub(crate) sandbox: Option<Sandbox>,
    /// What the operator's monitoring reads.
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) events: EventHub,
    /// Wallets whose automatic payments and low mark the worker looks at next.
    pub(crate) wake_queue: Arc<WakeQueue>,
    /// Usage lines that wait to be posted together.
    pub(crate) postings: Arc<Queues<QueuedPosting>>,
    /// Authorizations that wait to be answered together.
    pub(crate) authorizations: Arc<Queues<QueuedAuthorization>>,
    /// Knows organizations by the host's ids.
    pub(crate) external_ids: ExternalIds,
    /// What the busiest reads were answered a moment ago.
    pub(crate) answers: ReadAnswers,
    /// Draws receipts, a few at a time.
    pub(crate) receipt_renderer: Arc<ReceiptRenderer>,
    /// By which people and the operator are notified.
    pub(crate) notification_channels: Arc<NotificationChannels>,
    /// Low marks that were read a moment ago.
    pub(crate) low_marks: Arc<LowMarkCache>,
    /// Changed when the workers should begin their next turn at once.
    pub(crate) worker_wake: Arc<watch::Sender<()>>,
    pub(crate) config: Arc<Config>,
    /// What clients have used up.
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) files: Arc<StaticFiles>,
    /// How many documents may have their first view drawn at once.
    pub(crate) first_views: Arc<Semaphore>,
    /// What the sign-in page offers as buttons; empty outside of a demo.
    pub(crate) demo_sign_ins: Arc<[DemoSignIn]>,
    /// `http://127.0.0.1:8080`: where this server listens, once it does.
    pub(crate) own_origin: Arc<OnceLock<String>>,
    /// Nobody has an account in this database, and a link for the first run was printed.
    pub(crate) setup_open: Arc<AtomicBool>,
    /// Checks passwords, a few at a time.
    pub(crate) passwords: Arc<Passwords>,
    /// Knows keys of programs that were used a moment ago.
    pub(crate) keys: Arc<KeyCache>,
    /// Identity providers that people may sign in by.
    pub(crate) oidc: Arc<OidcProviders>,
    /// Knows browsers in which people have signed in before.
    pub(crate) devices: Arc<Devices>,
    /// Keeps card numbers in the platform's ids out of the ledger.
    pub(crate) reference_mask: Arc<ReferenceMask>,
    /// Work that outlives its request: spawn it here, and a shutdown waits for it.
    pub(crate) tasks: TaskTracker,
    /// Canceled when the server stops: streams and workers end then.
    pub(crate) shutdown: CancellationToken,
}

impl Deref for AppState {
    type Target = SharedState;

    fn deref(&self) -> &SharedState {
        &self.shared
    }
}

/// Handles that a handler, a layer or an extractor asks for alone, so that its signature says what it can reach.
macro_rules! handles {
    ($($field:ident: $handle:ty),+ $(,)?) => {$(
        impl FromRef<AppState> for $handle {
            fn from_ref(state: &AppState) -> Self {
                state.$field.clone()
            }
        }
    )+};
}

handles! {
    config: Arc<Config>,
    metrics: Arc<Metrics>,
}

/// An id of this moment, for a new row.
pub(crate) fn new_id<I: Id>(clock: &Clock) -> Result<I, Problem> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(Problem::internal)?;
    Ok(billing_store::ids::new_id(clock.now(), &random))
}

impl AppState {
    /// The same for what must never wait for anybody's reading: with connections to the database of its own.
    pub(crate) fn reserved(&self) -> Self {
        Self { store: self.store.reserved(), ..self.clone() }
    }

    /// Scheme and authority for links in mails; `None` before the server listens.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.config.public_origin.as_deref().or_else(|| self.own_origin.get().map(String::as_str))
    }

    /// An id of this moment, for a new row.
    pub(crate) fn new_id<I: Id>(&self) -> Result<I, Problem> {
        new_id(&self.clock)
    }

    /// So many of them at once.
    pub(crate) fn new_ids<I: Id>(&self, count: usize) -> Result<Vec<I>, Problem> {
        let mut random = vec![[0; 10]; count];
        getrandom::fill(random.as_flattened_mut()).map_err(Problem::internal)?;
        let now = self.clock.now();
        Ok(random.iter().map(|random| billing_store::ids::new_id(now, random)).collect())
    }
}
