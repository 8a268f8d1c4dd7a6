//! The accept loop: limits on connections and on how long they may be silent, and an orderly end.

mod in_use;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::budgets::connections::{Connections, Place};
use crate::http::limits::{Peer, client_network};

/// The rest between two requests may take so long. More than the 60 s that proxies keep idle connections for, so that it is
/// never us who hang up just as they send.
const IDLE_TIME: Duration = Duration::from_secs(75);
/// What is still running after this is cut off.
const DRAIN_TIME: Duration = Duration::from_secs(10);
/// The pause after the system refused a connection, mostly for want of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a listener allows.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    pub(crate) connections: Connections,
    /// How long a new connection may be silent, until its first request's header is there.
    pub(crate) first_header: Duration,
    /// How long a client may take nothing of an answer.
    pub(crate) write: Duration,
}

/// Serves until `shutdown` is canceled, then lets running requests finish.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    router: Router,
    allowed: Allowed,
    shutdown: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let Some(place) = allowed.connections.admit(client_network(peer.ip())) else {
            tracing::debug!(%peer, "a connection was refused: there are too many");
            continue;
        };
        let place = Arc::new(place);
        let (router, asked) = (router.clone(), Arc::clone(&place));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            let busy = asked.ask();
            let answer = router.clone().oneshot(request);
            async move {
                let busy = busy.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?;
                let Ok(response) = answer.await;
                Ok::<_, io::Error>(response.map(|body| in_use::until_sent(body, busy)))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_TIME)
            .serve_connection(TokioIo::new(Box::pin(prepare_connection(stream, allowed.write))), service);
        let connection = graceful.watch(connection);
        let first_header = allowed.first_header;
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = place.closed() => tracing::debug!(%peer, "an idle connection made room for another one"),
                () = silent_for(&place, first_header) => tracing::debug!(%peer, "a connection never asked anything"),
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "connection ended");
                },
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off after {} seconds", DRAIN_TIME.as_secs());
    }
}

/// Small answers must not wait for more (Nagle); a socket that refuses the option is served all the same.
fn prepare_connection(stream: TcpStream, write: Duration) -> TimeoutStream<TcpStream> {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write));
    stream
}

/// Ends when nothing at all was asked in this time.
async fn silent_for(place: &Place, time: Duration) {
    tokio::time::sleep(time).await;
    if !place.is_silent() {
        std::future::pending::<()>().await;
    }
}
