//! Headers that every response carries, and the check that a change was asked for by our own page.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::Response;
use billing_contract::{ProblemCode, paths};

use crate::config::Config;
use crate::http::bearer::bearer_token;
use crate::http::extract::{is_json, not_json};
use crate::http::health;
use crate::http::identity::frame_token;
use crate::http::problem::Problem;
use crate::problem::Detail;

/// Nothing but what the page is made of. `wasm-unsafe-eval` lets WebAssembly compile and nothing else.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self'; connect-src 'self'; img-src 'self' data:; manifest-src 'self'; font-src 'none'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; \
     require-trusted-types-for 'script'; trusted-types default";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (OPENER_POLICY, "same-origin"),
    (RESOURCE_POLICY, "same-origin"),
    (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Marks an answer that is the app itself: the only kind in which a card is ever entered.
#[derive(Clone, Debug)]
pub(crate) struct AppPage {
    /// The hash of the stylesheet that stands in the document, as its policy names it: `'sha256-…'`.
    pub(crate) style: Option<String>,
}

/// Marks a document that the sites of `--embed-origins` may show in a frame: nothing else may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmbedPage;

/// Marks what a page of any host may load: the element, which holds nothing of anybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmbedScript;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// In a frame a wallet of the browser may ask the person, through Stripe's form.
const EMBED_PERMISSIONS: &str =
    "camera=(), geolocation=(), microphone=(), payment=(self \"https://js.stripe.com\"), usb=()";

/// The app's policy with room for Stripe's script, its frames and what they load (docs/stripe.md). Stripe's parts stay
/// in frames of its own origin; nothing else on the page is loosened.
fn with_stripe(script_origin: &str) -> String {
    let hosts = if script_origin == "https://js.stripe.com" {
        [
            "https://js.stripe.com https://*.js.stripe.com",
            "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
            "https://api.stripe.com",
            "https://*.stripe.com",
        ]
    } else {
        [script_origin; 4]
    };
    let [scripts, frames, connections, images] = hosts;
    CONTENT_SECURITY_POLICY
        .replace("script-src 'self'", &format!("script-src 'self' {scripts}"))
        .replace("connect-src 'self'", &format!("frame-src {frames}; connect-src 'self' {connections}"))
        .replace("img-src 'self'", &format!("img-src 'self' {images}"))
}

/// The policy of a document with this stylesheet in it, and no other.
fn with_style(policy: &str, hash: &str) -> String {
    policy.replace("style-src 'self'", &format!("style-src 'self' {hash}"))
}

/// The policy of a document that these sites may show.
fn with_ancestors(policy: &str, sources: &str) -> String {
    policy.replace("frame-ancestors 'none'", &format!("frame-ancestors {sources}"))
}

/// Who may show the document says its policy; the older header knows no list.
fn allow_framing(headers: &mut HeaderMap) {
    headers.remove(header::X_FRAME_OPTIONS);
    headers.insert(OPENER_POLICY, HeaderValue::from_static("unsafe-none"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(EMBED_PERMISSIONS));
}

/// Two years, as browsers ask for before they remember a site for good.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Whether an address of the API is asked: its answers are never stored.
pub(crate) fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with(paths::BASE)
}

/// Puts the headers on every response; `api`: see [`is_api`].
pub(crate) fn set_headers(config: &Config, api: bool, response: &mut Response) {
    let app_page = response.extensions().get::<AppPage>().cloned();
    let is_embed_page = response.extensions().get::<EmbedPage>().is_some();
    let is_embed_script = response.extensions().get::<EmbedScript>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let stripe = config.stripe.as_ref().filter(|_| app_page.is_some());
    let mut policy = stripe.map(|stripe| with_stripe(stripe.script_origin()));
    if let Some(hash) = app_page.and_then(|page| page.style) {
        policy = Some(with_style(policy.as_deref().unwrap_or(CONTENT_SECURITY_POLICY), &hash));
    }
    if is_embed_page && !config.embed_origins.is_empty() {
        let base = policy.as_deref().unwrap_or(CONTENT_SECURITY_POLICY);
        policy = Some(with_ancestors(base, &config.embed_origins.sources()));
        allow_framing(headers);
    }
    if let Some(policy) = policy.and_then(|policy| HeaderValue::try_from(policy).ok()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if is_embed_script {
        // A module script is asked for with CORS; there is nothing in it that is not everybody's.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    if config.https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Refuses requests for a host that is not ours: a page whose name somebody points at this machine would otherwise be taken
/// for our own (DNS rebinding). Programs with a key of their own are asked for by whatever name their network has for us, and
/// so are the answers for load balancers, which hold nothing.
pub(crate) fn check_host(config: &Config, request: &Request) -> Result<(), Problem> {
    let known = host_authority(request.uri(), request.headers()).is_some_and(|host| config.is_ours(host));
    if known || is_program(request.headers()) || [health::ALIVE, health::READY].contains(&request.uri().path()) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::Misdirected,
        Detail::general(
            "This server does not know the host that was asked (header Host). Its operator says with --public-url by \
             which address it is reached; a proxy in front hands the header on.",
        ),
    ))
}

/// Refuses changes that another site's page could have sent with our cookie, and bodies that a plain form could send.
pub(crate) fn check_origin(config: &Config, request: &Request) -> Result<(), Problem> {
    if is_safe(request.method()) || is_signed(request.uri().path()) || is_program(request.headers()) {
        return Ok(());
    }
    let ours = config.public_origin.as_deref();
    let from_here = comes_from_here(request.headers(), host_authority(request.uri(), request.headers()), ours);
    if !from_here {
        return Err(Problem::new(
            ProblemCode::Forbidden,
            Detail::general(
                "This change was not sent by this site's own page. Programs send the header Origin with this server's address.",
            ),
        ));
    }
    if has_body(request.headers()) && !is_json(request.headers()) { Err(not_json()) } else { Ok(()) }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// What the payment provider or an identity provider sends carries a signature.
fn is_signed(path: &str) -> bool {
    let of_payments = path.strip_prefix(paths::BASE).is_some_and(|path| path.starts_with("/webhooks/"));
    let (before, after) = paths::AUTH_LOGOUT.split_once("{name}").unwrap_or_default();
    let name = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    of_payments || name.is_some_and(|name| !name.contains('/'))
}

/// A key that no browser adds by itself, and no cookie, which it does: no page of somebody else's made a browser send this.
/// Beside the token of a session in a frame a cookie counts for nothing, so it may be there.
fn is_program(headers: &HeaderMap) -> bool {
    frame_token(headers).is_some() || (bearer_token(headers).is_some() && !headers.contains_key(header::COOKIE))
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}

fn host_authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
}

/// With a configured public address the origin must be that one. Without one it must name the host that was asked:
/// the scheme is then unknown to us, since a proxy may have taken the TLS off.
/// See docs/decisions/0049-same-origin-without-a-public-url.md.
fn comes_from_here(headers: &HeaderMap, host: Option<&str>, public_origin: Option<&str>) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return site.is_some() };
    let Ok(origin) = origin.to_str() else { return false };
    let origin = origin.to_ascii_lowercase();
    if public_origin == Some(origin.as_str()) {
        return true;
    }
    let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    public_origin.is_none() && named.is_some() && named == host.map(str::to_ascii_lowercase).as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(origin: Option<&str>, site: Option<&str>, public: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        comes_from_here(&headers, Some("127.0.0.1:8080"), public)
    }

    #[test]
    fn only_our_own_page_may_change_things() {
        for (origin, site, ours) in [
            (Some("http://127.0.0.1:8080"), None, true),
            (Some("http://127.0.0.1:8080"), Some("same-origin"), true),
            (None, Some("same-origin"), true),
            (None, Some("none"), true),
            (None, None, false),
            (None, Some("same-site"), false),
            (None, Some("cross-site"), false),
            (Some("null"), None, false),
            (Some("http://127.0.0.1:8081"), None, false),
            (Some("http://127.0.0.1:8080.evil.example"), None, false),
            (Some("http://evil.example"), Some("same-origin"), false),
            (Some("http://127.0.0.1:8080"), Some("cross-site"), false),
            (Some("127.0.0.1:8080"), None, false),
        ] {
            assert_eq!(accepted(origin, site, None), ours, "{origin:?} {site:?}");
        }
    }

    #[test]
    fn stripe_gets_room_for_its_own_hosts_and_nothing_else() {
        let policy = with_stripe("https://js.stripe.com");
        for part in [
            "default-src 'none'",
            "script-src 'self' https://js.stripe.com https://*.js.stripe.com 'wasm-unsafe-eval';",
            "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com;",
            "connect-src 'self' https://api.stripe.com;",
            "img-src 'self' https://*.stripe.com data:;",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains(" https:;"), "{policy}");
        assert!(with_stripe("http://127.0.0.1:9").contains("frame-src http://127.0.0.1:9;"));
    }

    #[test]
    fn a_configured_address_is_the_only_origin() {
        let public = Some("https://billing.example");
        assert!(accepted(Some("https://billing.example"), None, public));
        assert!(!accepted(Some("http://billing.example"), None, public));
        assert!(!accepted(Some("http://127.0.0.1:8080"), None, public));
    }
}
