//! Tables for spreadsheets, sent while they are read.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use billing_contract::paths;
use futures_util::Stream;

/// The answer with a table as a file of this name.
pub(crate) fn send_table<S>(name: &str, parts: S) -> Response
where
    S: Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + 'static,
{
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, attachment_headers(name)),
    ];
    (headers, Body::from_stream(parts)).into_response()
}

/// A name in any script (RFC 6266), and one in ASCII for those who read no other.
fn attachment_headers(name: &str) -> String {
    let ascii: String = name.chars().map(|one| if one.is_ascii_graphic() { one } else { '_' }).collect();
    let mut encoded = String::new();
    paths::push_encoded(&mut encoded, name);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}
