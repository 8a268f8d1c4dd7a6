//! The body of an answer: until it is handed over, its connection is in use.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use crate::budgets::connections::Busy;

/// The same body, with which the connection's being busy ends.
pub(super) fn until_sent(body: Body, busy: Busy) -> InUse {
    InUse { body, _busy: busy }
}

/// A body that keeps its connection busy.
#[derive(Debug)]
pub(super) struct InUse {
    body: Body,
    _busy: Busy,
}

impl HttpBody for InUse {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
