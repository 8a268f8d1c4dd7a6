//! How large and how long a request may be, and whose it is; what clients use up is counted in `budgets`.

pub(crate) mod bodies;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use billing_contract::{ProblemCode, paths};

use crate::config::Config;
use crate::http::bearer::bearer_token;
use crate::http::problem::Problem;
use crate::message::UserMessage;
use crate::service::keys;
use crate::service::sessions::Client;
use crate::state::AppState;

/// Largest body, bytes: every form of ours is far smaller.
pub(crate) const BODY: usize = 16 * 1024;
/// Largest body of the payment provider's webhooks, bytes.
pub(crate) const WEBHOOK_BODY: usize = 512 * 1024;
/// Largest body of the platform's reports, bytes: a thousand lines of the longest texts.
pub(crate) const METERING_BODY: usize = 4 * 1024 * 1024;
/// Longest wait for the beginning of an answer. A stream may go on after it has begun.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Longest wait for a request's body; shorter, so that a slow client gets the answer that it was slow.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(20);

/// Longest name of a browser that is kept, characters.
const BROWSER_LENGTH: usize = 200;

/// The peer of the connection, put into every request by the accept loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What counts as one client: the network of [`sender_address`].
pub(crate) fn client_address(parts: &Parts, behind_proxy: bool) -> IpAddr {
    client_network(sender_address(parts, behind_proxy))
}

/// [`client_address`] of a request that has not been taken apart yet.
fn client_of(request: &Request, behind_proxy: bool) -> IpAddr {
    client_network(find_sender(request.extensions(), request.headers(), behind_proxy))
}

/// The address that the request came from: the peer's, or behind a proxy the last one it appended.
pub(crate) fn sender_address(parts: &Parts, behind_proxy: bool) -> IpAddr {
    find_sender(&parts.extensions, &parts.headers, behind_proxy)
}

fn find_sender(extensions: &Extensions, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    if behind_proxy { forwarded_address(headers).unwrap_or(peer) } else { peer }
}

/// Where the request comes from. What the browser calls itself is cut to a length that fits a list.
pub(crate) fn read_client(parts: &Parts, behind_proxy: bool) -> Client {
    let address = sender_address(parts, behind_proxy);
    let browser = parts.headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
    Client { network: client_network(address), address, browser: browser.chars().take(BROWSER_LENGTH).collect() }
}

/// [`client_address`], for handlers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(client_address(parts, Arc::<Config>::from_ref(state).behind_proxy)))
    }
}

/// What counts as one client: an IPv4 address, or the /64 that a provider gives to one customer.
pub(crate) fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            // A customer with a /64 has more addresses than any limit could count.
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn forwarded_address(headers: &HeaderMap) -> Option<IpAddr> {
    // The last entry is the one that our own proxy has appended; what stands before it anybody can write.
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// The limit of an address, for everything but the platform's own routes and programs whose key is known: one address of the
/// host's speaks for all of its customers.
pub(crate) fn take_rate(state: &AppState, request: &Request) -> Result<(), Problem> {
    let exempt = is_platform(request.uri())
        || bearer_token(request.headers()).is_some_and(|token| keys::is_known_key(state, token));
    if exempt { Ok(()) } else { state.budgets.take_address(client_of(request, state.config.behind_proxy)) }
}

/// The routes of the platform, which need its key.
fn is_platform(uri: &Uri) -> bool {
    uri.path().strip_prefix(paths::BASE).is_some_and(|path| path.starts_with("/metering/"))
}

/// Gives up on a request that takes too long. Work that must not be lost goes on in its own task.
pub(crate) async fn limit_time(request: Request, next: Next) -> Response {
    // The future is dropped: what must go on was spawned as a task of its own.
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(ProblemCode::Timeout, UserMessage::request_took_too_long()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_may_name_the_client() {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions.insert(Peer(SocketAddr::from(([10, 0, 0, 1], 1))));
        parts.headers.insert("x-forwarded-for", "6.6.6.6, 192.0.2.7".parse().unwrap());
        assert_eq!(client_address(&parts, false), IpAddr::from([10, 0, 0, 1]));
        assert_eq!(client_address(&parts, true), IpAddr::from([192, 0, 2, 7]));
        parts.headers.insert("x-forwarded-for", "2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(client_address(&parts, true), "2001:db8:1:2::".parse::<IpAddr>().unwrap());
    }
}
