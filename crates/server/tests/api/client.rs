//! A plain client: says what it sends, hides nothing of what it gets.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Somebody who talks to the server: with a session's cookie, with the service key, or with nothing.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    origin: String,
    cookie: Option<String>,
    bearer: Option<String>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A client at another address of this machine.
pub(crate) fn http_from(address: std::net::Ipv4Addr) -> reqwest::Client {
    builder().local_address(std::net::IpAddr::V4(address)).build().unwrap()
}

/// A client that goes where it is told.
pub(crate) fn http() -> reqwest::Client {
    builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// It speaks no TLS here, but wants to know whose it would use; without certificates, as reading the machine's takes longer
/// than most requests.
fn builder() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().tls_certs_only([])
}

impl Client {
    pub(crate) fn new(origin: &str) -> Self {
        Self { http: http(), origin: origin.to_owned(), cookie: None, bearer: None }
    }

    pub(crate) fn with_cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    pub(crate) fn with_bearer(mut self, key: &str) -> Self {
        self.bearer = Some(key.to_owned());
        self
    }

    /// `nexis_session=…`, as a browser would send it.
    pub(crate) fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("this client is not signed in")
    }

    /// What it sends as `Authorization: Bearer …`.
    pub(crate) fn bearer(&self) -> &str {
        self.bearer.as_deref().expect("this client has no bearer token")
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// A request as our own page would send it; changes carry the origin.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.origin));
        if ![Method::GET, Method::HEAD].contains(&method) {
            request = request.header("origin", &self.origin);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(key) = &self.bearer {
            request = request.bearer_auth(key);
        }
        request
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request("DELETE", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request("POST", path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request("PUT", path).json(body)).await
    }

    /// Bytes exactly as given, for paths and headers that an HTTP library would tidy up.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let address = self.origin.strip_prefix("http://").unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// Sends it to a program that may be killed meanwhile.
pub(crate) async fn try_send(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
}

/// Reads a body that does not end by itself until it holds this text, or ends.
pub(crate) async fn read_until(response: &mut reqwest::Response, text: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while let Some(bytes) = response.chunk().await.unwrap() {
            read.extend_from_slice(&bytes);
            if String::from_utf8_lossy(&read).contains(text) {
                break;
            }
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(20), reading).await.is_ok();
    let read = String::from_utf8_lossy(&read).into_owned();
    assert!(in_time && read.contains(text), "{text:?} does not come; what came: {read:?}");
    read
}

/// Sends it and reads the whole answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    try_send(request).await.unwrap()
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?} {}", self.text()))
    }

    /// The code of a problem document, which must be a well-formed one.
    pub(crate) fn problem(&self) -> String {
        let document = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{document}");
        assert_eq!(document["status"], self.status, "{document}");
        let code = document["code"].as_str().unwrap().to_owned();
        assert!(document["type"].as_str().unwrap().ends_with(&format!("/problems/{code}")), "{document}");
        assert!(!document["title"].as_str().unwrap().is_empty() && !document["detail"].as_str().unwrap().is_empty());
        code
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(HeaderName::try_from(name).unwrap()).map(HeaderValue::to_str).map(Result::unwrap)
    }

    /// The answer, after making sure of its status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}
