//! The built page over HTTP: sent as the browser can unpack it, cached as long as its name allows.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;

use crate::http::bootstrap;
use crate::http::problem::Problem;
use crate::http::security::{AppPage, EmbedPage, EmbedScript};
use crate::problem::Detail;
use crate::state::AppState;
use crate::static_files::{Asset, Document, INDEX, Variant, is_of_embed};

/// Everything that is no route: a file, a page of the app (which is `index.html`), or nothing.
pub(crate) async fn get_file(State(state): State<AppState>, request: Request) -> Response {
    let (parts, _body) = request.into_parts();
    let path = parts.uri.path().trim_start_matches('/').to_owned();
    if path == "api" || path.starts_with("api/") {
        return Problem::not_found().into_response();
    }
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let problem = Problem::new(ProblemCode::MethodNotAllowed, Detail::general("Files can only be read."));
        return ([(header::ALLOW, "GET, HEAD")], problem).into_response();
    }
    // What is behind `#` in a payment link never comes here.
    let address = path.strip_suffix('/').unwrap_or(&path);
    if let Some(other) = state.files.other(address) {
        let text = other.with(&bootstrap::element_for_anybody(&state));
        let mut document = document_response(other, text, "no-cache");
        if is_of_embed(address) {
            document.extensions_mut().insert(EmbedPage);
        }
        return document;
    }
    if let Some(asset) = state.files.assets.get(&path) {
        let mut file = asset_response(asset, &parts.headers);
        if is_of_embed(&path) {
            file.extensions_mut().insert(EmbedScript);
        }
        return file;
    }
    if path != INDEX && path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return Problem::not_found().into_response();
    }
    let screen = bootstrap::first_screen(&state, &parts).await;
    // Whatever carries somebody's figures must not be kept; without them the page is asked for again each time.
    let caching = if screen.private { "no-store" } else { "no-cache" };
    let index = &state.files.index;
    let text = index.with_view(&screen.element, screen.view.as_ref());
    let mut page = document_response(index, text, caching);
    page.headers_mut().insert(header::VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    page
}

/// For HEAD, hyper keeps the length and drops the bytes.
fn document_response(document: &Document, text: String, caching: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, caching)];
    let style = document.style_hash.clone();
    (headers, Extension(AppPage { style }), text).into_response()
}

fn asset_response(asset: &Asset, request: &HeaderMap) -> Response {
    let (variant, encoding) = choose_encoding(asset, request);
    let mut response = if etag_matches(request, &variant.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        // For HEAD, hyper keeps the length and drops the bytes.
        let mut response = Response::new(Body::from(variant.bytes.clone()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, variant.etag.clone());
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let caching = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// The smallest form that the browser accepts; its own preference (`q`) goes first.
fn choose_encoding<'a>(asset: &'a Asset, request: &HeaderMap) -> (&'a Variant, Option<&'static str>) {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weight = |name| encoding_weight(accepted, name);
    let packed = [(asset.brotli.as_ref(), "br"), (asset.gzip.as_ref(), "gzip")]
        .into_iter()
        .filter_map(|(variant, name)| Some((variant?, Some(name), weight(name))))
        .filter(|(_, _, weight)| *weight > 0)
        // The first of equals wins here, unlike with `max_by_key`.
        .reduce(|best, next| if next.2 > best.2 { next } else { best });
    match packed {
        Some((variant, name, _)) => (variant, name),
        None => (&asset.plain, None),
    }
}

/// The q-value of an encoding in thousandths; 0 is "not acceptable" (RFC 9110 §12.5.3).
fn encoding_weight(accepted: &str, encoding: &str) -> i64 {
    let mut any = 0;
    for entry in accepted.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = q.map_or(1000, |q| billing_domain::decimal::parse_scaled(q, 3).unwrap_or(0));
        if name.eq_ignore_ascii_case(encoding) {
            return weight;
        }
        if name == "*" {
            any = weight;
        }
    }
    any
}

fn etag_matches(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let Some(known) = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else { return false };
    known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one.as_bytes() == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_chooses_how_a_file_is_packed() {
        let variant = |text: &str| Variant::of(text.as_bytes().to_vec());
        let asset = Asset {
            plain: variant("plain"),
            brotli: Some(variant("br")),
            gzip: Some(variant("gz")),
            content_type: "text/plain",
            immutable: false,
        };
        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0.5, gzip;q=0.8", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("br;q=0, *", Some("gzip")),
            ("identity", None),
            ("", None),
            ("br;q=nonsense", None),
            ("BR ; q=1.000", Some("br")),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            assert_eq!(choose_encoding(&asset, &headers).1, encoding, "{accepted}");
        }
    }
}
