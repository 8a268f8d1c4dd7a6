//! As much of a browser as signing in elsewhere needs: cookies of each site, and following where it is sent.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

pub(super) use crate::client::http;
use crate::client::{Answer, send};

/// One browser, with the cookies of every site that it has been to.
#[derive(Debug)]
pub(super) struct Browser {
    http: reqwest::Client,
    /// The product's.
    origin: String,
    cookies: HashMap<String, BTreeMap<String, String>>,
}

/// A login that was begun: where the browser was sent.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) location: String,
    pub(super) state: String,
    pub(super) nonce: String,
}

impl Login {
    fn read(location: String) -> Self {
        let url = reqwest::Url::parse(&location).unwrap();
        let parameters: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let parameter = |name: &str| parameters.get(name).unwrap_or_else(|| panic!("no {name} in {location}")).clone();
        assert_eq!(parameter("response_type"), "code");
        assert_eq!(parameter("code_challenge_method"), "S256");
        assert_eq!(parameter("code_challenge").len(), 43);
        assert!(parameter("scope").split(' ').any(|scope| scope == "openid"));
        Self { state: parameter("state"), nonce: parameter("nonce"), location }
    }

    /// What an honest provider says in this login.
    pub(super) fn claims(&self, mut claims: Value) -> Value {
        claims["nonce"] = json!(self.nonce);
        claims
    }
}

impl Browser {
    pub(super) fn new(origin: &str) -> Self {
        Self { http: http(), origin: origin.to_owned(), cookies: HashMap::new() }
    }

    /// The cookies of the product, as they are sent to it.
    pub(super) fn cookies(&self) -> String {
        self.cookies_of(&self.origin)
    }

    /// Takes over what another browser has of the product's.
    pub(super) fn with_cookies_of(other: &Self) -> Self {
        Self { cookies: other.cookies.clone(), ..Self::new(&other.origin) }
    }

    pub(super) async fn get(&mut self, address: &str) -> Answer {
        self.send("GET", address, None).await
    }

    /// `address`: a whole one, or a path of the product's.
    pub(super) async fn send(&mut self, method: &str, address: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, address);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.finish(address, request).await
    }

    pub(super) async fn post_form(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request("POST", address).header("content-type", "application/x-www-form-urlencoded");
        self.finish(address, request.body(form)).await
    }

    /// Goes wherever it is sent, until there is something to see; where that is.
    pub(super) async fn follow(&mut self, address: &str) -> (String, Answer) {
        let mut address = self.whole(address);
        for _ in 0..20 {
            let answer = self.get(&address).await;
            if !(300..400).contains(&answer.status) {
                return (address, answer);
            }
            address = join(&address, answer.header("location").unwrap());
        }
        panic!("sent in circles: {address}");
    }

    /// Presses the button; where that leads.
    pub(super) async fn begin(&mut self, address: &str) -> Login {
        let answer = self.get(address).await;
        let login = Login::read(super::location(&answer));
        let cookie = answer.headers.get_all("set-cookie").iter().find_map(|value| {
            let text = value.to_str().unwrap();
            text.starts_with("nexis_login=").then(|| text.to_owned())
        });
        let cookie = cookie.expect("no login cookie");
        for part in ["Max-Age=600", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        login
    }

    /// Comes back from the provider as it sends people back.
    pub(super) async fn come_back(&mut self, login: &Login) -> Answer {
        self.get(&format!("/auth/acme/callback?code=a-code&state={}", login.state)).await
    }

    fn request(&self, method: &str, address: &str) -> reqwest::RequestBuilder {
        let address = self.whole(address);
        let method: reqwest::Method = method.parse().unwrap();
        let request =
            self.http.request(method.clone(), &address).header("cookie", self.cookies_of(&origin_of(&address)));
        if method == reqwest::Method::GET { request } else { request.header("origin", origin_of(&address)) }
    }

    async fn finish(&mut self, address: &str, request: reqwest::RequestBuilder) -> Answer {
        let origin = origin_of(&self.whole(address));
        let answer = send(request).await;
        let jar = self.cookies.entry(origin).or_default();
        for cookie in answer.headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    fn cookies_of(&self, origin: &str) -> String {
        let cookies = self.cookies.get(origin).into_iter().flatten();
        cookies.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn whole(&self, address: &str) -> String {
        if address.starts_with('/') { format!("{}{address}", self.origin) } else { address.to_owned() }
    }
}

fn origin_of(address: &str) -> String {
    reqwest::Url::parse(address).unwrap().origin().ascii_serialization()
}

fn join(address: &str, location: &str) -> String {
    reqwest::Url::parse(address).unwrap().join(location).unwrap().into()
}
