//! The server's life: bind, open, prepare, serve, drain.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use billing_contract::session::DemoSignIn;
use billing_store::{ConnectionLimits as StoreConnections, Store};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Failure;
use crate::auth::devices::Devices;
use crate::auth::oidc::OidcProviders;
use crate::auth::passwords::Passwords;
use crate::budgets::Budgets;
use crate::budgets::connections::Connections;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo;
use crate::events::{EventHub, News};
use crate::external_ids::ExternalIds;
use crate::http::{metrics as admin, router, serve as accept};
use crate::kept_answers::ReadAnswers;
use crate::metrics::Metrics;
use crate::notify::channels::NotificationChannels;
use crate::provider::{self, measured::Measured};
use crate::queue;
use crate::receipt_renderer::ReceiptRenderer;
use crate::reference_mask::ReferenceMask;
use crate::service::account_links::AccountLink;
use crate::service::setup;
use crate::state::{AppState, SharedState};
use crate::static_files::StaticFiles;
use crate::workers;

/// Work outside of requests may take so long to end.
const TASKS_TIME: Duration = Duration::from_secs(10);

/// Connections of the platform's own listener: programs that keep theirs open.
const PLATFORM_CONNECTIONS: usize = 1024;
/// Connections of the operator's monitoring.
const ADMIN_CONNECTIONS: usize = 64;
/// Files that are not browsers' connections: the database's, the provider's, the other listeners'.
const OTHER_FILES: usize = 256;

/// Serves until a signal asks to stop.
pub(crate) async fn run_server(config: Config) -> Result<(), Failure> {
    survive_file_size_limit()?;
    // First the port: whoever started a second server by mistake should learn it before anything is touched.
    let listener = bind_listener(config.listen).await?;
    let address = listener.local_addr()?;
    let monitoring = bind_if(config.admin_listen).await?;
    let platform = bind_if(config.platform_listen).await?;
    let room = file_handles(config.max_connections);
    let (state, news) = open_state(config).await?;
    let _ = state.own_origin.set(format!("http://{address}"));
    let signal = tokio::spawn(cancel_on_signal(state.shutdown.clone()));
    if state.config.demo {
        // Boxed: a history of ninety days is made in it, once.
        let prepare = Box::pin(demo::prepare_demo(&state));
        let Some(prepared) = state.shutdown.run_until_cancelled(prepare).await else {
            return Ok(());
        };
        let organization_id = prepared?;
        if state.config.demo_traffic {
            state.tasks.spawn(demo::traffic::run_traffic(state.clone(), organization_id));
        }
    }
    workers::start_workers(&state, news);
    let setup = setup::offer_setup(&state).await?;
    announce_addresses(&state, address, [("metrics", monitoring.as_ref()), ("platform", platform.as_ref())])?;
    if let Some(link) = setup {
        announce_setup(&state, &link)?;
    }
    let of_one = state.config.max_connections_per_address;
    tokio::join!(
        serve_on(Some(listener), router::browser_router(state.clone()), room, of_one, &state),
        serve_on(platform, router::platform_router(state.clone()), PLATFORM_CONNECTIONS, PLATFORM_CONNECTIONS, &state),
        serve_on(monitoring, admin::metrics_router(state.clone()), ADMIN_CONNECTIONS, ADMIN_CONNECTIONS, &state),
    );
    state.tasks.close();
    if tokio::time::timeout(TASKS_TIME, state.tasks.wait()).await.is_err() {
        tracing::warn!("some work was left for the next start after {} seconds", TASKS_TIME.as_secs());
    }
    state.store.close().await;
    signal.abort();
    Ok(())
}

async fn serve_on(listener: Option<TcpListener>, router: Router, most: usize, most_of_one: usize, state: &AppState) {
    let Some(listener) = listener else { return };
    let allowed = accept::Allowed {
        connections: Connections::new(most, most_of_one),
        first_header: state.config.header_time,
        write: state.config.write_time,
    };
    accept::serve_connections(listener, router, allowed, state.shutdown.clone()).await;
}

/// Raises the number of open files as far as the system allows; how many connections fit beside everything else.
fn file_handles(wanted: usize) -> usize {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let room = limit.saturating_sub(OTHER_FILES.min(limit / 2));
            if room < wanted {
                tracing::warn!("the system allows {limit} open files, so at most {room} connections are kept open");
            }
            wanted.min(room).max(1)
        }
        Err(error) => {
            tracing::warn!(%error, "the number of open files cannot be raised");
            wanted
        }
    }
}

async fn bind_if(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Failure> {
    match address {
        Some(address) => bind_listener(address).await.map(Some),
        None => Ok(None),
    }
}

async fn bind_listener(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{address} is taken by another program. Stop that one, or choose another address with --listen (port 0 takes a free one)."
        )
        .into(),
        _ => format!("cannot listen on {address}: {error}").into(),
    })
}

async fn open_state(config: Config) -> Result<(AppState, UnboundedReceiver<News>), Failure> {
    // Two libraries speak TLS; both use this one. It fails only where it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let notification_channels = NotificationChannels::new(&config)?;
    let oidc = OidcProviders::new(&config.oidc)?;
    let files = StaticFiles::read(&config.dist, &config.brand)?;
    let connections = StoreConnections { costly_read_time: config.read_time, ..StoreConnections::default() };
    let store = Store::connect_with(config.database.reveal(), connections)
        .await
        .map_err(|error| format!("the database cannot be opened: {error}"))?
        .with_archive(config.archive_dir.clone());
    let devices = Devices::open(&store).await?;
    let reference_mask = ReferenceMask::open(&store).await?;
    let clock = Clock::default();
    #[cfg(feature = "test-seams")]
    if let Some(start) = config.clock_start {
        clock.begin_at(start);
    }
    let (provider, sandbox) = provider::open_provider(&config, &store, &clock).await?;
    let (events, news) = EventHub::new();
    let metrics = Arc::new(Metrics::default());
    let shared = SharedState {
        provider: Arc::new(Measured::new(provider, Arc::clone(&metrics))),
        sandbox,
        metrics,
        postings: Arc::new(queue::postings::new_queues(store.write_concurrency())),
        authorizations: Arc::new(queue::authorizations::new_queues(store.write_concurrency())),
        events,
        wake_queue: Arc::default(),
        external_ids: ExternalIds::default(),
        answers: ReadAnswers::default(),
        receipt_renderer: Arc::new(ReceiptRenderer::new(config.fonts.clone())),
        notification_channels: Arc::new(notification_channels),
        low_marks: Arc::default(),
        worker_wake: Arc::default(),
        budgets: Arc::new(Budgets::new(config.requests_per_second)),
        files: Arc::new(files),
        first_views: Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, NonZero::get))),
        own_origin: Arc::default(),
        setup_open: Arc::default(),
        demo_sign_ins: if config.demo { demo::sign_ins().into() } else { Arc::default() },
        passwords: Arc::new(Passwords::new().map_err(|error| format!("no password could be hashed: {error}"))?),
        keys: Arc::default(),
        oidc: Arc::new(oidc),
        devices: Arc::new(devices),
        reference_mask: Arc::new(reference_mask),
        tasks: TaskTracker::new(),
        shutdown: CancellationToken::new(),
        config: Arc::new(config),
    };
    Ok((AppState { store, clock, shared: Arc::new(shared) }, news))
}

/// Programs wait for the line that begins with `listening on`; what comes after it is for people.
fn announce_addresses(
    state: &AppState,
    address: SocketAddr,
    others: [(&'static str, Option<&TcpListener>); 2],
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (name, listener) in others {
        let Some(listener) = listener else { continue };
        let path = if name == "metrics" { "/metrics" } else { "" };
        writeln!(out, "{name} at http://{}{path}", listener.local_addr()?)?;
    }
    writeln!(out, "listening on http://{address}")?;
    if state.config.demo {
        let provider = if state.config.stripe.is_some() { "Stripe's test mode" } else { "Sandbox" };
        writeln!(out, "\n  {provider}: no real money. Sign in as")?;
        for DemoSignIn { label, email, password, .. } in state.demo_sign_ins.iter() {
            writeln!(out, "  {label:<22} {email:<18} password {password}")?;
        }
        writeln!(out)?;
    }
    out.flush()
}

/// Says where somebody begins: nobody has an account in this database yet.
fn announce_setup(state: &AppState, link: &AccountLink) -> io::Result<()> {
    let link = format!("{}{}", state.origin().unwrap_or_default(), link.address);
    tracing::warn!(target: "security", "nobody has an account here yet; set this server up within 24 hours at {link}");
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n  Nobody has an account here yet. Open this link to make the first organization and its owner;\n  \
         it works once, for 24 hours. A restart prints a new one.\n\n  {link}\n"
    )?;
    out.flush()
}

/// A file that may not grow any further is an error of the write, as a full disk is: it must not end the process, which is
/// what the signal does to whoever leaves it alone.
#[cfg(unix)]
fn survive_file_size_limit() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Handled from now on, whether or not somebody waits for it.
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}

#[cfg(not(unix))]
const fn survive_file_size_limit() -> io::Result<()> {
    Ok(())
}

async fn cancel_on_signal(shutdown: CancellationToken) {
    if let Err(error) = wait_for_signal().await {
        tracing::error!(%error, "signals cannot be heard; stop the server by ending its process");
        return std::future::pending().await;
    }
    tracing::info!("stopping: running requests may finish");
    shutdown.cancel();
}

#[cfg(unix)]
async fn wait_for_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
