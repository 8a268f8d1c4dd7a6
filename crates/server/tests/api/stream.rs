//! Reading server-sent events as a browser does (WHATWG HTML, "Interpreting an event stream").

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use crate::client::Client;

/// Longer than any event may take to come, a second look at the session included.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream.
#[derive(Debug)]
pub(crate) struct Stream {
    response: Response,
    waiting: String,
    /// The last `id` that came.
    pub(crate) last_id: Option<String>,
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Stream {
    /// Opens `/events` with this query, and with `Last-Event-ID` if there is one.
    pub(crate) async fn open(client: &Client, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = client.request("GET", &format!("/api/v1/events{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        Self::read(request).await
    }

    /// Opens the stream of requests.
    pub(crate) async fn requests(client: &Client) -> Self {
        Self::read(client.request("GET", "/api/v1/requests/events")).await
    }

    async fn read(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers().get("content-encoding").is_none(), "a packed stream arrives in lumps");
        Self { response, waiting: String::new(), last_id: None }
    }

    /// The next event; `None` at the end of the stream. Comments are skipped.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.waiting.find("\n\n") {
                let event = parse(&self.waiting[..end]);
                self.waiting.drain(..end + 2);
                match event {
                    Some(event) => {
                        self.last_id = event.id.clone().or_else(|| self.last_id.take());
                        return Some(event);
                    }
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("nothing came for too long");
            // A stream that the server ends is over, however its connection is closed.
            match chunk {
                Ok(Some(bytes)) => self.waiting.push_str(std::str::from_utf8(&bytes).unwrap()),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next event that says more than that the stream lives.
    pub(crate) async fn next_news(&mut self) -> Option<Event> {
        loop {
            match self.next().await {
                Some(event) if event.name == "heartbeat" => {}
                event => return event,
            }
        }
    }

    /// The next event of this name.
    pub(crate) async fn next_of(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before a {name} came"));
            if event.name == name {
                return event;
            }
        }
    }
}

fn parse(block: &str) -> Option<Event> {
    let field = |wanted: &str| {
        block
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.trim_start())
    };
    let data = field("data")?;
    Some(Event {
        name: field("event").unwrap_or("message").to_owned(),
        id: field("id").map(ToOwned::to_owned),
        data: serde_json::from_str(data).unwrap(),
    })
}
