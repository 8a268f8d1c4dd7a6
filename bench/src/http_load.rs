//! A client that costs next to nothing: it shares its processors with the server that is measured.

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Reads and reports do not care by which name the server is reached.
const HOST: &str = "host: 127.0.0.1\r\n";

/// One connection, kept open from request to request.
pub(crate) struct HttpClient {
    stream: TcpStream,
    /// What has been received and not been used.
    received: Vec<u8>,
    /// The body of the last answer.
    body: Vec<u8>,
    /// Its cookies, as a request sends them back.
    cookies: Option<String>,
}

/// A stream of events.
pub(crate) struct EventReader(HttpClient);

/// How a ledger line begins.
const EVENT: &str = "event: transaction\n";
/// Bytes that a stream of events is read by.
const EVENTS_AT_ONCE: usize = 2 * 1024;

impl EventReader {
    /// Waits for more; how many ledger lines were in it, perhaps none.
    pub(crate) async fn next_transactions(&mut self) -> Result<usize> {
        self.0.receive().await?;
        let received = &mut self.0.received;
        // Events are whole in a chunk; what is cut at the end is looked at again with what follows.
        let found = String::from_utf8_lossy(received).matches(EVENT).count();
        let kept = received.len().min(EVENT.len() - 1);
        received.drain(..received.len() - kept);
        Ok(found)
    }
}

/// The head of an answer.
struct AnswerHead {
    status: u16,
    /// Bytes up to the body.
    length: usize,
    body: BodyLength,
    cookies: Option<String>,
}

#[derive(Clone, Copy)]
enum BodyLength {
    Bytes(usize),
    Chunks,
}

/// A request as it goes over the wire; `headers` are whole lines, each with its line end, `host` among them.
pub(crate) fn format_request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// A GET of the API, with the session's cookie.
pub(crate) fn format_read(path: &str, token: &str) -> Vec<u8> {
    format_request("GET", &format!("/api/v1{path}"), &format!("{HOST}cookie: nexis_session={token}\r\n"), "")
}

/// A POST of the API by the platform's key.
pub(crate) fn format_report(path: &str, key: &str, body: &str) -> Vec<u8> {
    let headers = format!("{HOST}authorization: Bearer {key}\r\ncontent-type: application/json\r\n");
    format_request("POST", &format!("/api/v1{path}"), &headers, body)
}

impl HttpClient {
    /// `origin` is written `http://127.0.0.1:PORT`.
    pub(crate) async fn connect(origin: &str) -> Result<Self> {
        let address = origin.strip_prefix("http://").context("an origin without http://")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1024), body: Vec::new(), cookies: None })
    }

    /// The body of an answer that must have this status.
    pub(crate) async fn expect(&mut self, request: &[u8], status: u16) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        let head = self.receive_head().await?;
        self.body.clear();
        self.cookies = head.cookies;
        match head.body {
            BodyLength::Bytes(length) => self.receive_bytes(length).await?,
            BodyLength::Chunks => while self.receive_chunk().await? {},
        }
        ensure!(head.status == status, "{}: {}", head.status, String::from_utf8_lossy(&self.body));
        Ok(&self.body)
    }

    /// What the last answer has set, as the `cookie` header takes it.
    pub(crate) fn cookies(&self) -> Option<&str> {
        self.cookies.as_deref()
    }

    /// Opens a stream of events; the connection is used up.
    pub(crate) async fn open_events(mut self, request: &[u8]) -> Result<EventReader> {
        self.stream.write_all(request).await?;
        let head = self.receive_head().await?;
        ensure!(head.status == 200, "{}", head.status);
        // There may be thousands of them.
        self.received.shrink_to(EVENTS_AT_ONCE);
        Ok(EventReader(self))
    }

    async fn receive(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server has closed the connection");
        }
        Ok(())
    }

    async fn receive_head(&mut self) -> Result<AnswerHead> {
        loop {
            if let Some(head) = parse_head(&self.received)? {
                self.received.drain(..head.length);
                return Ok(head);
            }
            self.receive().await?;
        }
    }

    async fn receive_bytes(&mut self, length: usize) -> Result<()> {
        while self.received.len() < length {
            self.receive().await?;
        }
        self.body.extend(self.received.drain(..length));
        Ok(())
    }

    /// Whether there may be another one.
    async fn receive_chunk(&mut self) -> Result<bool> {
        let end = loop {
            match self.received.windows(2).position(|pair| pair == b"\r\n") {
                Some(end) => break end,
                None => self.receive().await?,
            }
        };
        let size = usize::from_str_radix(std::str::from_utf8(&self.received[..end])?.trim(), 16)?;
        self.received.drain(..end + 2);
        self.receive_bytes(size).await?;
        while self.received.len() < 2 {
            self.receive().await?;
        }
        self.received.drain(..2);
        Ok(size > 0)
    }
}

/// `None`: it is not whole yet.
fn parse_head(received: &[u8]) -> Result<Option<AnswerHead>> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&received[..end])?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("an answer without a status")?.parse()?;
    let (mut body, mut cookies) = (BodyLength::Bytes(0), Vec::new());
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = BodyLength::Bytes(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = BodyLength::Chunks;
        } else if name.eq_ignore_ascii_case("set-cookie") {
            cookies.extend(value.split(';').next().map(str::trim));
        }
    }
    let cookies = (!cookies.is_empty()).then(|| cookies.join("; "));
    Ok(Some(AnswerHead { status, length: end + 4, body, cookies }))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn answers_are_read_however_they_are_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for part in [
                "HTTP/1.1 200 OK\r\nContent-Le",
                "ngth: 5\r\n\r\nhel",
                "lo",
                "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r",
                "\n2\r\nde\r\n0\r\n\r\n",
            ] {
                stream.write_all(part.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
            // Until the client is through.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let mut client = HttpClient::connect(&origin).await.unwrap();
        let request = format_request("GET", "/", HOST, "");
        assert_eq!(client.expect(&request, 200).await.unwrap(), b"hello");
        assert_eq!(client.expect(&request, 201).await.unwrap(), b"abcde");
    }
}
