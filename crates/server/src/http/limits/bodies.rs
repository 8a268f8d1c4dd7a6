//! Counts the bytes of requests' bodies while they arrive and until they are answered.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::{client_address, is_platform};
use crate::budgets::bytes::Held;
use crate::state::AppState;

/// To be laid around all routes. What is too much ends the body, and `extract::body` says so.
pub(crate) async fn count_body(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let bytes = if is_platform(&parts.uri) { &state.budgets.platform_bytes } else { &state.budgets.bytes };
    let held = Arc::new(bytes.begin(client_address(&parts, state.config.behind_proxy)));
    let counted = Counted { body, held: Arc::clone(&held) };
    let response = next.run(Request::from_parts(parts, Body::new(counted))).await;
    // What has been read lives as long as the handler does.
    drop(held);
    response
}

/// A body whose bytes are counted.
#[derive(Debug)]
struct Counted {
    body: Body,
    held: Arc<Held>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && let Err(no_room) = self.held.add(data.len())
        {
            return Poll::Ready(Some(Err(axum::Error::new(no_room))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
