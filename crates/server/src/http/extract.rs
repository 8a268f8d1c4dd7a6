//! What handlers take out of a request; whatever is wrong with it becomes a problem document here.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use billing_contract::ProblemCode;
use billing_domain::OrganizationRef;
use billing_domain::external_id::{EXTERNAL_PREFIX, MAX_EXTERNAL_ID};
use billing_domain::id::Id;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::budgets::bytes::NoRoom;
use crate::http::limits::BODY_TIME;
use crate::http::problem::Problem;
use crate::problem::Detail;

/// A JSON body; as an answer, one too. Unknown fields are refused by the types themselves (`deny_unknown_fields`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}

/// An answer that is JSON already.
#[derive(Clone, Debug)]
pub(crate) struct RenderedJson(pub(crate) Bytes);

impl IntoResponse for RenderedJson {
    fn into_response(self) -> axum::response::Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // A form of another site can send a body, but not as JSON without being asked first (CORS).
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let bytes = read_body(request, state).await?;
        read_json(&bytes).map(Self)
    }
}

/// For endpoints whose body may be left out altogether.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let json = is_json(request.headers());
        let bytes = read_body(request, state).await?;
        match (json, bytes.is_empty()) {
            (_, true) => Ok(None),
            (false, false) => Err(not_json()),
            (true, false) => read_json(&bytes).map(|value| Some(Self(value))),
        }
    }
}

/// The bytes of the body, within the limit that the router sets.
pub(crate) async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    // A body may arrive byte by byte; whoever sends so slowly holds memory and a task.
    let Ok(read) = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await else {
        return Err(Problem::new(
            ProblemCode::RequestTimeout,
            Detail::general("The request's body did not arrive in time. Send it again."),
        ));
    };
    read.map_err(|rejection| match rejection.status() {
        _ if is_no_room(&rejection) => Problem::retry_later(
            ProblemCode::Unavailable,
            Detail::general("More arrives at this moment than can be taken in. Send it again in a moment."),
            1,
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = Detail::general("The request's body is larger than this address accepts.");
            Problem::new(ProblemCode::TooLarge, detail)
        }
        _ => {
            let detail = Detail::general("The request's body ended early or could not be read.");
            Problem::new(ProblemCode::Malformed, detail)
        }
    })
}

fn is_no_room(error: &(dyn std::error::Error + 'static)) -> bool {
    // The cause lies below axum's own error types.
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<NoRoom>)
}

/// `application/json` or `application/…+json`, with any parameters.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The answer to a body of another type.
pub(crate) fn not_json() -> Problem {
    Problem::new(
        ProblemCode::UnsupportedMediaType,
        Detail::general("Send the body as JSON, with the header Content-Type: application/json."),
    )
}

/// Reads a body: broken JSON is `malformed`, a body that does not fit is `invalid` and names the field.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would take a list for a struct, field by field: nobody means that, and it gets round the fields' names.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| malformed_body(&error))?;
        // An empty pointer is the whole document (RFC 6901).
        let detail = Detail::general("A JSON object belongs here, like {\"name\": \"value\"}.");
        return Err(Problem::field("", "wrong_value", detail));
    }
    // Keeping track of where one is costs more than the reading; only an answer that says where it went wrong needs it.
    serde_json::from_slice(bytes).or_else(|_| read_json_keeping_track(bytes))
}

fn read_json_keeping_track<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| field_problem(&error))?;
    deserializer.end().map_err(|error| malformed_body(&error))?;
    Ok(value)
}

fn malformed_body(error: &serde_json::Error) -> Problem {
    Problem::new(ProblemCode::Malformed, Detail::general(format!("The body is not valid JSON: {error}.")))
}

fn field_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    // Not JSON at all is another mistake than JSON with a wrong field.
    if inner.classify() != serde_json::error::Category::Data {
        return malformed_body(inner);
    }
    let message = inner.to_string();
    let mut pointer = json_pointer(error.path());
    // Serde has no codes: its sentences are all there is to distinguish these.
    let (code, detail) = if let Some(name) = quoted_after(&message, "unknown field `") {
        append_unless_last(&mut pointer, name);
        ("unknown_field", format!("There is no field \"{name}\" here."))
    } else if let Some(name) = quoted_after(&message, "missing field `") {
        append_unless_last(&mut pointer, name);
        ("required", format!("The field \"{name}\" is missing."))
    } else if let Some(name) = quoted_after(&message, "duplicate field `") {
        append_unless_last(&mut pointer, name);
        ("duplicate_field", format!("The field \"{name}\" is there twice."))
    } else {
        ("wrong_value", in_words(&without_position(&message)))
    };
    Problem::field(&pointer, code, Detail::general(detail))
}

/// RFC 6901.
fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut pointer, segment| {
        match segment {
            Segment::Seq { index } => append_chunk(&mut pointer, &index.to_string()),
            Segment::Map { key } => append_chunk(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        pointer
    })
}

fn append_chunk(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

fn append_unless_last(pointer: &mut String, name: &str) {
    let mut last = String::new();
    append_chunk(&mut last, name);
    // Some of serde's paths name the field already.
    if !pointer.ends_with(&last) {
        pointer.push_str(&last);
    }
}

fn quoted_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.split('`').next()
}

/// Serde's sentence without "at line 1 column 20", which helps nobody who fills in a form.
fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(sentence, _)| sentence).to_owned()
}

/// Serde names our own types in what it expected; whoever sends JSON knows objects and whole numbers.
fn in_words(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else { return message.to_owned() };
    let first = expected.split(' ').next().unwrap_or_default();
    let integer = first.len() > 1 && first.starts_with(['i', 'u']) && first[1..].bytes().all(|b| b.is_ascii_digit());
    match first {
        "struct" | "enum" | "internally" | "adjacently" | "tuple" | "unit" | "map" => {
            format!("{found}, expected an object")
        }
        "sequence" | "a" if expected.contains("sequence") => format!("{found}, expected a list"),
        _ if integer => format!("{found}, expected a whole number"),
        _ => message.to_owned(),
    }
}

/// The `{id}` of the path. What is no UUID in its usual form is nothing that exists.
#[derive(Clone, Debug)]
pub(crate) struct PathId<I>(pub(crate) I);

impl<S: Send + Sync, I: Id> FromRequestParts<S> for PathId<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Taken as text first: a path that does not decode is not found, not a bad request.
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The `{id}` of the path where that names something by our id or the host's; as it came, since the key decides what it sees.
#[derive(Clone, Debug)]
pub(crate) struct PathRef(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathRef {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(named) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        check_reference::<OrganizationRef>(&named)?;
        Ok(Self(named))
    }
}

/// The same with a second name after it.
#[derive(Clone, Debug)]
pub(crate) struct PathRefs<R>(pub(crate) String, pub(crate) R);

impl<S: Send + Sync, R: FromStr> FromRequestParts<S> for PathRefs<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((named, second)) = path.map_err(|_| Problem::not_found())?;
        check_reference::<OrganizationRef>(&named)?;
        Ok(Self(named, check_reference(&second)?))
    }
}

/// Whoever forgets the prefix learns of it.
fn check_reference<R: FromStr>(text: &str) -> Result<R, Problem> {
    text.parse().map_err(|_| {
        let detail = format!(
            "There is nothing at this address. It takes an id of ours, or {EXTERNAL_PREFIX} and an id of yours: 1 to \
             {MAX_EXTERNAL_ID} printable ASCII characters, percent-encoded."
        );
        Problem::new(ProblemCode::NotFound, Detail::general(detail))
    })
}

/// The query string; unknown parameters are refused by the type itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri).map_err(|error| {
            let detail = format!("The address's query cannot be used: {}.", error.body_text());
            Problem::new(ProblemCode::Invalid, Detail::general(detail))
        })?;
        Ok(Self(query.0))
    }
}

/// The version that a change is based on (`If-Match`), without its quotes.
#[derive(Clone, Debug)]
pub(crate) struct IfMatch(String);

impl IfMatch {
    /// Refuses the change unless it is based on this version; `*` is based on any.
    pub(crate) fn check(&self, etag: &str) -> Result<(), Problem> {
        // A list of tags is allowed (RFC 9110, section 13.1.1).
        if self.0 == "*" || self.0.split(',').any(|one| one.trim().trim_matches('"') == etag) {
            Ok(())
        } else {
            Err(Problem::stale())
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match parts.headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) {
            Some(value) if !value.trim().is_empty() => Ok(Self(value.trim().to_owned())),
            // 428, not a silent overwrite: whoever changes something has to have read it.
            _ => Err(Problem::new(
                ProblemCode::PreconditionRequired,
                Detail::general("Send the header If-Match with the ETag of the version that you are changing."),
            )),
        }
    }
}

/// An answer with its version in the header `ETag`.
#[derive(Clone, Debug)]
pub(crate) struct Versioned<T>(pub(crate) String, pub(crate) T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> axum::response::Response {
        ([(header::ETAG, format!("\"{}\"", self.0))], Json(self.1)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use billing_contract::FieldError;

    use super::*;
    use billing_contract::auto_pay::PutAutoPay;
    use billing_contract::top_up::CreateTopUp;

    fn error_of<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> (ProblemCode, String, String) {
        let problem = read_json::<T>(body.as_bytes()).unwrap_err();
        let document = problem.document();
        let error = document.errors.first();
        let text = |text: fn(&FieldError) -> &String| error.map(text).cloned().unwrap_or_default();
        (document.code, text(|error| &error.pointer), text(|error| &error.code))
    }

    #[tokio::test]
    async fn a_body_for_which_there_is_no_room_is_to_be_sent_again() {
        let arriving = futures_util::stream::iter([Ok(Bytes::from_static(b"{")), Err(NoRoom)]);
        let problem = read_body(Request::new(axum::body::Body::from_stream(arriving)), &()).await.unwrap_err();
        assert_eq!((problem.document().code, problem.document().retry_after), (ProblemCode::Unavailable, Some(1)));
    }

    #[test]
    fn a_body_that_does_not_fit_names_its_field() {
        let invalid = |pointer: &str, code: &str| (ProblemCode::Invalid, pointer.to_owned(), code.to_owned());
        assert_eq!(error_of::<CreateTopUp>(r#"{"amount":"1","amuont":"2"}"#), invalid("/amuont", "unknown_field"));
        assert_eq!(error_of::<CreateTopUp>(r#"{"amount":"1","card_id":5}"#), invalid("/card_id", "wrong_value"));
        assert_eq!(error_of::<CreateTopUp>(r#"{"amount":"1","amount":"1"}"#), invalid("/amount", "duplicate_field"));
        assert_eq!(
            error_of::<PutAutoPay>(r#"{"refill":{"kind":"fixed","amount":"5"}}"#),
            invalid("/enabled", "required")
        );
        for body in ["[]", "[\"100.00\"]", "\"x\"", "null", " 5"] {
            assert_eq!(error_of::<CreateTopUp>(body).0, ProblemCode::Invalid, "{body}");
        }
    }

    #[test]
    fn no_type_of_ours_is_named_to_people() {
        let detail = |body: &str| {
            let problem = read_json::<PutAutoPay>(body.as_bytes()).unwrap_err();
            problem.document().errors[0].detail.clone()
        };
        for body in [r#"{"enabled":true,"refill":5}"#, r#"{"enabled":true,"refill":"x"}"#] {
            let detail = detail(body);
            assert!(detail.ends_with("expected an object") && !detail.contains("Refill"), "{detail}");
        }
        assert_eq!(
            in_words("invalid type: string \"x\", expected u8"),
            "invalid type: string \"x\", expected a whole number"
        );
        assert_eq!(in_words("unknown variant `x`, expected `a` or `b`"), "unknown variant `x`, expected `a` or `b`");
    }

    #[test]
    fn broken_json_is_malformed() {
        for body in ["", "{", "{\"amount\":\"1\"} x", "\u{feff}{}", "{\"amount\":\"1\",}"] {
            assert_eq!(error_of::<CreateTopUp>(body).0, ProblemCode::Malformed, "{body:?}");
        }
    }

    #[test]
    fn only_json_counts_as_json() {
        for (value, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("text/plain; application/json", false),
            ("application/x-www-form-urlencoded", false),
            ("application/jsonx", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())]);
            assert_eq!(is_json(&headers), json, "{value}");
        }
    }

    #[test]
    fn a_change_must_be_based_on_the_present_version() {
        for (header, fits) in
            [("\"v1\"", true), ("\"v0\", \"v1\"", true), ("*", true), ("\"v2\"", false), ("\"\"", false)]
        {
            assert_eq!(IfMatch(header.to_owned()).check("v1").is_ok(), fits, "{header}");
        }
    }
}
