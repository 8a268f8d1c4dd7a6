//! Counts the bytes of requests' bodies while they arrive and until they are answered.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::{client_of, is_platform};
use crate::budgets::bytes::Held;
use crate::state::AppState;

/// Counts what the handler reads of the request's body. What is too much ends the body, and `extract::body` says so.
pub(crate) async fn count_body<F>(state: &AppState, request: Request, handle: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if request.body().is_end_stream() {
        return handle(request).await;
    }
    let bytes = if is_platform(request.uri()) { &state.budgets.platform_bytes } else { &state.budgets.bytes };
    let held = Arc::new(bytes.begin(client_of(&request, state.config.behind_proxy)));
    let response = handle(request.map(|body| Body::new(Counted { body, held: Arc::clone(&held) }))).await;
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
