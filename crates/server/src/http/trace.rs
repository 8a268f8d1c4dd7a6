//! What log lines about a request say of it.

use std::collections::hash_map::RandomState;
use std::fmt::Display;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request};
use tracing::Span;
use tracing::field::{Empty, display};

/// The number of the next request. It begins anywhere, so that two runs of a server hardly have the same.
static NEXT_REQUEST: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().build_hasher().finish()));

/// No query, which holds what people searched for. The organization is filled in by [`record_organization`].
pub(crate) fn request_span(request: &Request) -> Span {
    let id = NEXT_REQUEST.fetch_add(1, Ordering::Relaxed);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::info_span!(
        "request",
        id = format_args!("{id:016x}"),
        method = %request.method(),
        path = request.uri().path(),
        route,
        organization = Empty,
    )
}

/// Whose data the present request is about, once that is known.
pub(crate) fn record_organization(organization_id: impl Display) {
    Span::current().record("organization", display(organization_id));
}
