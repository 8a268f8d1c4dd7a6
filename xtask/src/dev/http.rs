//! As much of HTTP/1.1 as standing between a browser and a server on the same machine takes: heads, one exchange a connection.

use anyhow::{Context, Result, bail};
use std::io::{Read, Write};

/// Longer heads are no browser's.
const LONGEST_HEAD: usize = 64 * 1024;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The head of a request or an answer, and what was read behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// `GET / HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub(super) first_line: String,
    headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub(super) rest: Vec<u8>,
}

impl Head {
    /// `None` when the other side hung up without an answer.
    pub(super) fn read(from: &mut impl Read) -> Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD) {
                let rest = bytes.split_off(end + END_OF_HEAD.len());
                return Self::parse(&bytes, rest).map(Some);
            }
            if bytes.len() > LONGEST_HEAD {
                bail!("the head of the message is longer than {LONGEST_HEAD} bytes");
            }
            match from.read(&mut buffer)? {
                0 if bytes.is_empty() => return Ok(None),
                0 => bail!("the message ends within its head"),
                count => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
        }
    }

    fn parse(bytes: &[u8], rest: Vec<u8>) -> Result<Self> {
        let text = std::str::from_utf8(bytes).context("the head of the message is no text")?;
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let first_line = lines.next().context("the message has no first line")?.to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').with_context(|| format!("`{line}` is no header"))?;
            Ok((name.to_owned(), value.trim().to_owned()))
        });
        Ok(Self { first_line, headers: headers.collect::<Result<_>>()?, rest })
    }

    /// The method and the target of a request.
    pub(super) fn request(&self) -> (&str, &str) {
        let mut words = self.first_line.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// In the place of any others of that name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Writes the head alone.
    pub(super) fn write(&self, to: &mut impl Write) -> Result<()> {
        let mut text = format!("{}\r\n", self.first_line);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        to.write_all(text.as_bytes())?;
        Ok(())
    }
}

/// Makes a request one that the server behind takes for its own: its host, its origin where the page's own was named, and
/// no second request on the same connection.
pub(super) fn redirect_request(request: &mut Head, authority: &str) {
    let host = request.header("host").unwrap_or_default().to_owned();
    let own = request.header("origin").is_some_and(|origin| origin.eq_ignore_ascii_case(&format!("http://{host}")));
    if own {
        request.set("Origin", &format!("http://{authority}"));
    }
    request.set("Host", authority);
    request.set("Connection", "close");
    request.remove("Keep-Alive");
}

/// Answers with a whole body, which is never kept.
pub(super) fn send_answer(to: &mut impl Write, status: &str, content_type: &str, body: &[u8]) -> Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n"
    );
    to.write_all(head.as_bytes())?;
    to.write_all(body)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::read(&mut text.as_bytes()).unwrap().unwrap()
    }

    fn written(head: &Head) -> String {
        let mut bytes = Vec::new();
        head.write(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_head_is_read_to_its_end_and_the_body_is_kept() {
        let head = head("POST /api/v1/top-ups HTTP/1.1\r\nHost: a:1\r\nContent-Length: 4\r\n\r\nbody");
        assert_eq!(head.request(), ("POST", "/api/v1/top-ups"));
        assert_eq!((head.header("content-length"), head.rest.as_slice()), (Some("4"), b"body".as_slice()));
    }

    #[test]
    fn half_a_head_an_endless_one_and_nonsense_are_errors_and_silence_is_none() {
        assert!(Head::read(&mut "GET / HTTP/1.1\r\nHost".as_bytes()).is_err());
        assert!(Head::read(&mut "x".repeat(LONGEST_HEAD + 4097).as_bytes()).is_err());
        assert!(Head::read(&mut "GET / HTTP/1.1\r\nnonsense\r\n\r\n".as_bytes()).is_err());
        assert_eq!(Head::read(&mut "".as_bytes()).unwrap(), None);
    }

    #[test]
    fn our_own_origin_becomes_the_servers_and_that_of_another_page_stays_what_it_is() {
        let mut ours = head("POST / HTTP/1.1\r\nHost: 127.0.0.1:8081\r\norigin: http://127.0.0.1:8081\r\n\r\n");
        redirect_request(&mut ours, "127.0.0.1:8080");
        assert_eq!(
            written(&ours),
            "POST / HTTP/1.1\r\nOrigin: http://127.0.0.1:8080\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n"
        );
        let mut other = head("POST / HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nOrigin: http://evil.example\r\n\r\n");
        redirect_request(&mut other, "127.0.0.1:8080");
        assert_eq!(other.header("origin"), Some("http://evil.example"));
    }
}
