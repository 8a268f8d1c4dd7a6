//! How large, how long and how often a request may be.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::app::AppState;
use crate::http::problem::Problem;

/// Largest body, bytes.
pub(crate) const BODY: usize = 1024 * 1024;
/// Largest body of the platform's reports, bytes: a thousand lines of the longest texts.
pub(crate) const METERING_BODY: usize = 4 * 1024 * 1024;
/// Longest wait for the beginning of an answer. A stream may go on after it has begun.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Longest wait for a request's body; shorter, so that a slow client is told that it was slow.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(20);

/// The peer of the connection, put into every request by the accept loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Who is too fast. A burst of four seconds' worth is free.
#[derive(Debug)]
pub(crate) struct RateLimits {
    sessions: Option<DefaultKeyedRateLimiter<String>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    sign_in_addresses: Failures<IpAddr>,
    sign_in_pairs: Failures<(IpAddr, String)>,
    sign_in_emails: Failures<String>,
    unknown_links: Failures<IpAddr>,
}

impl RateLimits {
    /// `per_second` requests of one session and ten times as many of one address, which a whole office may share;
    /// 0 switches both off. Failed sign-ins are limited in any case: of one address after 30, of one e-mail from one
    /// address after 10, and of one e-mail from anywhere after 100, then faster than one address alone can use up: nobody
    /// locks others out from one place.
    pub(crate) fn new(per_second: u32) -> Self {
        let quota = |factor: u32| {
            let rate = NonZeroU32::new(per_second.saturating_mul(factor))?;
            Some(Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(3))))
        };
        Self {
            sessions: quota(1).map(RateLimiter::keyed),
            addresses: quota(10).map(RateLimiter::keyed),
            sign_in_addresses: Failures::new(30, Duration::from_secs(5)),
            sign_in_pairs: Failures::new(10, Duration::from_secs(30)),
            sign_in_emails: Failures::new(100, Duration::from_secs(3)),
            unknown_links: Failures::new(30, Duration::from_secs(5)),
        }
    }

    /// One more request of this session, by its token's hash.
    pub(crate) fn check_session(&self, token_hash: &str) -> Result<(), Problem> {
        check(self.sessions.as_ref(), &token_hash.to_owned())
    }

    /// One more request of this address.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Problem> {
        check(self.addresses.as_ref(), &address)
    }

    /// May somebody try to sign in? E-mail in its normal form.
    pub(crate) fn check_sign_in(&self, address: IpAddr, email: &str) -> Result<(), Problem> {
        let email = email.to_owned();
        let everywhere = self.sign_in_emails.wait(&email);
        match self.sign_in_addresses.wait(&address).max(everywhere).max(self.sign_in_pairs.wait(&(address, email))) {
            None => Ok(()),
            Some(wait) => Err(too_fast("Too many failed sign-ins. Wait a moment, then try again.", wait)),
        }
    }

    /// A sign-in failed.
    pub(crate) fn sign_in_failed(&self, address: IpAddr, email: &str) {
        self.sign_in_addresses.failed(address);
        self.sign_in_emails.failed(email.to_owned());
        self.sign_in_pairs.failed((address, email.to_owned()));
    }

    /// May this address name a hand-over link?
    pub(crate) fn check_link(&self, address: IpAddr) -> Result<(), Problem> {
        match self.unknown_links.wait(&address) {
            None => Ok(()),
            Some(wait) => Err(too_fast("Too many links that do not exist. Wait a moment, then try again.", wait)),
        }
    }

    /// This address named a link that does not exist. A token cannot be guessed; whoever tries is slowed down all the same.
    pub(crate) fn link_unknown(&self, address: IpAddr) {
        self.unknown_links.failed(address);
    }

    /// Forgets whoever has been quiet; to be called now and then.
    pub(crate) fn tidy(&self) {
        if let Some(limiter) = &self.sessions {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
        }
        self.sign_in_addresses.tidy();
        self.sign_in_emails.tidy();
        self.sign_in_pairs.tidy();
        self.unknown_links.tidy();
    }
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), Problem> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|early| {
        too_fast("Too many requests. Wait a moment, then go on.", early.wait_time_from(DefaultClock::default().now()))
    })
}

fn too_fast(detail: &str, wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::retry_later(ProblemCode::TooManyRequests, detail, seconds)
}

/// Counts failures only, so that whoever knows the password is never in the way of themselves.
#[derive(Debug)]
struct Failures<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    blocked_until: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq + Clone> Failures<K> {
    fn new(free: u32, one_more_each: Duration) -> Self {
        let burst = NonZeroU32::new(free).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(one_more_each).unwrap_or(Quota::per_minute(burst)).allow_burst(burst);
        Self { limiter: RateLimiter::keyed(quota), blocked_until: Mutex::default() }
    }

    /// How long this one has to wait; `None`: not at all.
    fn wait(&self, key: &K) -> Option<Duration> {
        let blocked = self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.get(key)?.checked_duration_since(Instant::now())
    }

    fn failed(&self, key: K) {
        if let Err(early) = self.limiter.check_key(&key) {
            let until = Instant::now() + early.wait_time_from(DefaultClock::default().now());
            self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner).insert(key, until);
        }
    }

    fn tidy(&self) {
        self.limiter.retain_recent();
        let now = Instant::now();
        self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until > now);
    }
}

/// The client's address: the peer's, or behind a proxy the last one it appended. All of an IPv6 /64 is one client.
pub(crate) fn client_address(parts: &Parts, behind_proxy: bool) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let address = if behind_proxy { forwarded(&parts.headers).unwrap_or(peer) } else { peer };
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// The limit of an address, for everything but the platform's own routes, which are told apart by their key.
pub(crate) async fn rate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let metering = parts.uri.path().starts_with("/api/v1/metering/");
    if !metering
        && let Err(problem) = state.rate_limits.check_address(client_address(&parts, state.config.behind_proxy))
    {
        return problem.into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Gives up on a request that takes too long. Work that must not be lost goes on in its own task.
pub(crate) async fn time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            ProblemCode::Timeout,
            "This took too long, so we stopped waiting. Whatever had begun goes on; look at its state before you repeat it.",
        )
        .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_block_their_own_key_only_and_not_for_ever() {
        let failures = Failures::new(3, Duration::from_secs(30));
        for _ in 0..3 {
            failures.failed("ann");
            assert_eq!(failures.wait(&"ann"), None);
        }
        failures.failed("ann");
        assert!(failures.wait(&"ann").is_some_and(|wait| wait <= Duration::from_secs(30)));
        assert_eq!(failures.wait(&"bob"), None);
    }

    #[test]
    fn guessing_from_one_address_locks_nobody_else_out() {
        let limits = RateLimits::new(0);
        let (guesser, owner) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..30 {
            limits.sign_in_failed(guesser, "ann@acme.test");
        }
        assert!(limits.check_sign_in(guesser, "ann@acme.test").is_err());
        assert!(limits.check_sign_in(owner, "ann@acme.test").is_ok());
        // From many addresses together it is slowed down all the same.
        for host in 0..=100 {
            limits.sign_in_failed(IpAddr::from([198, 51, 100, host]), "ann@acme.test");
        }
        assert!(limits.check_sign_in(owner, "ann@acme.test").is_err());
    }

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let limits = RateLimits::new(5);
        assert!((0..20).all(|_| limits.check_session("a").is_ok()));
        let problem = limits.check_session("a").unwrap_err();
        assert_eq!(problem.document().code, ProblemCode::TooManyRequests);
        assert!(problem.document().retry_after >= Some(1));
        assert!(limits.check_session("b").is_ok());
        let unlimited = RateLimits::new(0);
        assert!((0..10_000).all(|_| unlimited.check_session("a").is_ok()));
    }

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
