//! The line to an identity provider: no redirects, no long answers, no plain text over a network.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url, header};
use serde_json::Value;

use super::OidcError;
use crate::config::is_this_machine;

const CONNECT_TIME: Duration = Duration::from_secs(3);
const TOTAL_TIME: Duration = Duration::from_secs(10);
/// More than any provider says of itself, of its keys or of a person.
const LONGEST_ANSWER: usize = 256 << 10;

/// Asks one provider.
#[derive(Debug)]
pub(super) struct Connection {
    client: Client,
    /// The provider is on this machine, where nobody listens in: tests and development.
    local: bool,
}

impl Connection {
    pub(super) fn new(issuer: &Url) -> Result<Self, String> {
        let local = is_local(issuer);
        let builder = Client::builder()
            // An answer must not choose which addresses of our network are asked.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIME)
            .timeout(TOTAL_TIME)
            .user_agent(concat!("nexis-billing/", env!("CARGO_PKG_VERSION")));
        let builder = if local { builder.no_proxy() } else { builder };
        Ok(Self { client: builder.build().map_err(|error| error.to_string())?, local })
    }

    /// A JSON document, asked for with a bearer token where one is needed.
    pub(super) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Value, OidcError> {
        self.check_address(url)?;
        let request = self.client.get(url.clone()).header(header::ACCEPT, "application/json");
        self.send(match bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        })
        .await
    }

    /// The answer to a form.
    pub(super) async fn post_form(
        &self,
        url: &Url,
        form: String,
        authorization: Option<&str>,
    ) -> Result<Value, OidcError> {
        self.check_address(url)?;
        let request = self
            .client
            .post(url.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        self.send(match authorization {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        })
        .await
    }

    /// Addresses come from the provider's own description: they must be as safe as the one that the operator gave.
    fn check_address(&self, url: &Url) -> Result<(), OidcError> {
        if url.scheme() == "https" || (self.local && is_local(url)) {
            return Ok(());
        }
        Err(OidcError::Unavailable(format!("{} is no https address", url.host_str().unwrap_or_default())))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, OidcError> {
        // Neither address nor answer is in the error: both may hold a secret.
        let unavailable = |error: reqwest::Error| OidcError::Unavailable(error.without_url().to_string());
        let mut response = request.send().await.map_err(unavailable)?;
        let status = response.status();
        if status.is_client_error() {
            return Err(OidcError::Refused("the provider refused the request"));
        }
        if !status.is_success() {
            return Err(OidcError::Unavailable(format!("it answered {}", status.as_u16())));
        }
        let bytes = read_limited(&mut response).await?;
        serde_json::from_slice(&bytes).map_err(|_| OidcError::Unavailable("its answer is no JSON".to_owned()))
    }
}

async fn read_limited(response: &mut Response) -> Result<Vec<u8>, OidcError> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= LONGEST_ANSWER => bytes.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(OidcError::Unavailable("its answer is too long".to_owned())),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(OidcError::Unavailable(error.without_url().to_string())),
        }
    }
}

/// Plain http, to this machine.
fn is_local(url: &Url) -> bool {
    url.scheme() == "http" && url.host_str().is_some_and(is_this_machine)
}
