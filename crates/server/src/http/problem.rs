//! Problem documents (RFC 9457) as HTTP responses.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use billing_contract::problem::MEDIA_TYPE;

pub(crate) use crate::problem::Problem;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = self.document();
        // An unknown status would be a fault of ours.
        let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(document).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], body).into_response();
        if let Some(seconds) = document.retry_after {
            // In the header for programs, in the document for people.
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge; this scheme makes no browser show its own password dialog.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Session"));
        }
        response
    }
}
