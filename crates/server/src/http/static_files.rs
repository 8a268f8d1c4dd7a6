//! The built page, with the operator's face: read into memory once, sent as the browser can unpack it, cached as long as its name allows.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use billing_contract::ProblemCode;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::app::AppState;
use crate::config::Brand;
use crate::hex;
use crate::http::bootstrap;
use crate::http::face::Face;
use crate::http::problem::Problem;
use crate::http::security::AppPage;
use crate::problem::Detail;

/// Where `index.html` wants the first screen's data.
const MARKER: &str = "<!--bootstrap-->";
const INDEX: &str = "index.html";
/// Documents with an address of their own, for somebody without an account: the one behind a hand-over link, and in
/// development builds of the page its kit.
const OTHERS: [(&str, &str); 2] = [("pay", "pay.html"), ("kit", "kit.html")];

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DistError {
    /// No folder, or none that can be read.
    #[error(
        "the built page cannot be read from {path} ({error}): run `cargo xtask build`, or name its folder with --dist"
    )]
    Unreadable { path: String, error: io::Error },
    /// A folder without a page.
    #[error("{path} holds no index.html: run `cargo xtask build`, or name the page's folder with --dist")]
    NoIndex { path: String },
}

/// The files of the page.
#[derive(Debug)]
pub(crate) struct StaticFiles {
    /// By path without the leading slash.
    assets: HashMap<String, Asset>,
    index: Document,
    /// By address without slashes: those of [`OTHERS`] that are there.
    others: Vec<(&'static str, Document)>,
    logo: Option<String>,
}

/// A document with a place for the first screen's data.
#[derive(Debug)]
struct Document {
    before: String,
    after: String,
}

impl Document {
    fn read(file: &Path, face: &Face) -> io::Result<Self> {
        let text = face.put_on(&String::from_utf8_lossy(&fs::read(file)?));
        let (before, after) = text.split_once(MARKER).unwrap_or((&text, ""));
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// With this element in its place.
    fn with(&self, element: &str) -> String {
        [&self.before, element, &self.after].concat()
    }
}

#[derive(Debug)]
struct Asset {
    plain: Variant,
    brotli: Option<Variant>,
    gzip: Option<Variant>,
    content_type: &'static str,
    immutable: bool,
}

#[derive(Debug)]
struct Variant {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Variant {
    fn of(bytes: Vec<u8>) -> Self {
        let hex = hex::encode(&Sha256::digest(&bytes)[..16]);
        // Hex digits between quotes are a header value always.
        let etag = HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes: Bytes::from(bytes), etag }
    }
}

impl StaticFiles {
    /// Reads the folder. Hidden files are left out; `x.br` and `x.gz` become forms of `x`.
    /// The documents get the brand's name and logo, and its colours as a stylesheet of their own.
    pub(crate) fn read(folder: &Path, brand: &Brand) -> Result<Self, DistError> {
        let unreadable = |error| DistError::Unreadable { path: folder.display().to_string(), error };
        let mut files = HashMap::new();
        collect(folder, "", &mut files).map_err(unreadable)?;
        let index = files.remove(INDEX).ok_or_else(|| DistError::NoIndex { path: folder.display().to_string() })?;
        let face = Face::of(brand);
        let index = Document::read(&index, &face).map_err(unreadable)?;
        let mut others = Vec::new();
        for (address, name) in OTHERS {
            if let Some(file) = files.remove(name) {
                others.push((address, Document::read(&file, &face).map_err(unreadable)?));
            }
        }

        let mut assets = HashMap::new();
        for (name, path) in &files {
            if packed_of(name).is_some_and(|plain| is_document(plain) || files.contains_key(plain)) {
                continue;
            }
            let packed = |suffix: &str| {
                files.get(&format!("{name}.{suffix}")).map(fs::read).transpose().map(|bytes| bytes.map(Variant::of))
            };
            let asset = Asset {
                plain: Variant::of(fs::read(path).map_err(unreadable)?),
                brotli: packed("br").map_err(unreadable)?,
                gzip: packed("gz").map_err(unreadable)?,
                content_type: content_type(name),
                immutable: has_hashed_name(name),
            };
            assets.insert(name.clone(), asset);
        }
        for (name, bytes) in face.files {
            let (content_type, plain) = (content_type(&name), Variant::of(bytes));
            assets.insert(name, Asset { plain, brotli: None, gzip: None, content_type, immutable: true });
        }
        Ok(Self { assets, index, others, logo: face.logo })
    }
}

impl StaticFiles {
    /// The address of the operator's logo.
    pub(crate) fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }

    /// What is at this address without its slashes, when it is no page of the app.
    fn other(&self, address: &str) -> Option<&Document> {
        self.others.iter().find(|(of, _)| *of == address).map(|(_, document)| document)
    }
}

fn is_document(name: &str) -> bool {
    name == INDEX || OTHERS.iter().any(|(_, document)| *document == name)
}

fn packed_of(name: &str) -> Option<&str> {
    name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"))
}

fn collect(folder: &Path, prefix: &str, files: &mut HashMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else {
            files.insert(format!("{prefix}{name}"), entry.path());
        }
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

/// The build writes `name-<hash>.js`, as others write `name-<hash>_bg.wasm`: such a name never stands for other contents.
fn has_hashed_name(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

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
    // What is behind `#` in a hand-over link never comes here.
    if let Some(other) = state.files.other(path.strip_suffix('/').unwrap_or(&path)) {
        return document(other.with(&bootstrap::element_for_anybody(&state)), "no-cache");
    }
    if let Some(asset) = state.files.assets.get(&path) {
        return send(asset, &parts.headers);
    }
    if path != INDEX && path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return Problem::not_found().into_response();
    }
    let (element, private) = bootstrap::element(&state, &parts).await;
    // Whatever carries somebody's figures must not be kept; without them the page is asked for again each time.
    let caching = if private { "no-store" } else { "no-cache" };
    let mut page = document(state.files.index.with(&element), caching);
    page.headers_mut().insert(header::VARY, HeaderValue::from_static("Cookie"));
    page
}

/// For HEAD, hyper keeps the length and drops the bytes.
fn document(text: String, caching: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, caching)];
    (headers, Extension(AppPage), text).into_response()
}

fn send(asset: &Asset, request: &HeaderMap) -> Response {
    let (variant, encoding) = choose(asset, request);
    let mut response = if matches(request, &variant.etag) {
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
fn choose<'a>(asset: &'a Asset, request: &HeaderMap) -> (&'a Variant, Option<&'static str>) {
    let accepted = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let weight = |name| weight(accepted, name);
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
fn weight(accepted: &str, encoding: &str) -> i64 {
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

fn matches(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let Some(known) = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else { return false };
    known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one.as_bytes() == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_are_told_from_names_without() {
        for (name, hashed) in [
            ("nexis-billing-app-1f3c9a0b7d2e4f56.js", true),
            ("nexis-billing-app-1f3c9a0b7d2e4f56_bg.wasm", true),
            ("snippets/gloo-net-0123456789abcdef/inline0.js", false),
            ("favicon.svg", false),
            ("manifest.webmanifest", false),
            ("app-deadbeef.css", true),
            ("app-readable.css", false),
        ] {
            assert_eq!(has_hashed_name(name), hashed, "{name}");
        }
    }

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
            assert_eq!(choose(&asset, &headers).1, encoding, "{accepted}");
        }
    }
}
