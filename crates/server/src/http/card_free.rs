//! Keeps card numbers out: a body of the card and payment routes that holds one is refused unread and never logged.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;
use billing_domain::sandbox_cards::contains_card_number;

use crate::http::extract::body;
use crate::http::problem::Problem;

/// To be laid around every route that has to do with cards or payments.
pub(crate) async fn refuse_card_numbers(request: Request, next: Next) -> Response {
    let (parts, content) = request.into_parts();
    let bytes = match body(Request::from_parts(parts.clone(), content), &()).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    if contains_card_number(&bytes) {
        return Problem::new(
            ProblemCode::Invalid,
            "This looks like a card number. Card numbers must never be sent to this server; it takes tokens only.",
        )
        .into_response();
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}
