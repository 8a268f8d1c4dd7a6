//! The address of the development server: what is built here comes from here, everything else from the product's server.

use super::{document, http, site::Site};
use crate::build::development;
use anyhow::{Context, Result};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

/// A stream says something at least this often, so that one whose browser has gone is noticed.
const BEAT: Duration = Duration::from_secs(15);

/// Who answers a request.
#[derive(Debug, PartialEq, Eq)]
enum ProxyRoute<'a> {
    /// A file of the newest build, by name.
    File(&'a str),
    /// What has changed, as it happens.
    Stream,
    Server,
}

fn route_target(target: &str) -> ProxyRoute<'_> {
    let path = target.split('?').next().unwrap_or_default();
    let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(development::FOLDER));
    match below.and_then(|rest| rest.strip_prefix('/')) {
        Some("stream") => ProxyRoute::Stream,
        Some(name) => ProxyRoute::File(name),
        None => ProxyRoute::Server,
    }
}

/// Answers every connection of `listener` until the program ends.
pub(super) fn start_proxy(listener: TcpListener, site: Arc<Site>, server: String) {
    let server = Arc::new(server);
    thread::spawn(move || {
        for browser in listener.incoming().flatten() {
            let (site, server) = (Arc::clone(&site), Arc::clone(&server));
            // A browser that hangs up in the middle is no news.
            thread::spawn(move || drop(serve_browser(browser, &site, &server)));
        }
    });
}

fn serve_browser(mut browser: TcpStream, site: &Site, server: &str) -> Result<()> {
    let Some(request) = http::Head::read(&mut browser)? else { return Ok(()) };
    let (_, target) = request.request();
    match route_target(target) {
        ProxyRoute::Stream => stream_changes(browser, site),
        ProxyRoute::File(name) => match site.file(name) {
            Some(file) => http::send_answer(&mut browser, "200 OK", content_type(name), &file),
            None => http::send_answer(&mut browser, "404 Not Found", "text/plain", b"nothing of that name was built\n"),
        },
        ProxyRoute::Server => {
            let forwarded = forward_request(&mut browser, request, site, server);
            if let Err(failure) = &forwarded {
                let sentence = format!("The product's server ({server}) did not answer: {failure:#}\n");
                http::send_answer(&mut browser, "502 Bad Gateway", "text/plain; charset=utf-8", sentence.as_bytes())?;
            }
            forwarded
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "text/plain; charset=utf-8",
    }
}

fn stream_changes(mut browser: TcpStream, site: &Site) -> Result<()> {
    browser.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nretry: 300\n",
    )?;
    let mut known = site.news();
    write!(browser, "data: {known}\n\n")?;
    loop {
        match site.news_after(&known, BEAT) {
            Some(news) => {
                write!(browser, "data: {news}\n\n")?;
                known = news;
            }
            None => browser.write_all(b":\n\n")?,
        }
    }
}

/// One exchange with the product's server. Errors only while the browser has no answer yet.
fn forward_request(browser: &mut TcpStream, mut request: http::Head, site: &Site, server: &str) -> Result<()> {
    let path = request.request().1.split('?').next().unwrap_or_default().to_owned();
    let wants_page =
        request.request().0 == "GET" && request.header("accept").is_some_and(|kind| kind.contains("text/html"));
    http::redirect_request(&mut request, server);
    if wants_page {
        // What is read here must be readable, and all of it.
        for name in ["Accept-Encoding", "If-None-Match"] {
            request.remove(name);
        }
    }
    let mut upstream = TcpStream::connect(server).context("no connection")?;
    request.write(&mut upstream)?;
    upstream.write_all(&request.rest)?;
    let (mut from, mut to) = (browser.try_clone()?, upstream.try_clone()?);
    // Ends when the browser hangs up, which the server must learn: else it would go on with a stream that nobody reads.
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let answer = http::Head::read(&mut upstream)?.context("it hung up")?;
    let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    // From here on the browser has its answer, whole or cut off as the server's was.
    let sent = if wants_page && is_page && answer.header("transfer-encoding").is_none() {
        send_page(browser, answer, &mut upstream, &path, site)
    } else {
        pass_on(browser, &answer, &mut upstream)
    };
    let _ = browser.shutdown(Shutdown::Both);
    drop(sent);
    Ok(())
}

fn pass_on(browser: &mut TcpStream, answer: &http::Head, upstream: &mut TcpStream) -> Result<()> {
    answer.write(browser)?;
    browser.write_all(&answer.rest)?;
    io::copy(upstream, browser)?;
    Ok(())
}

/// The app's document as it is in the tree now; any other page as it came.
fn send_page(
    browser: &mut TcpStream,
    mut answer: http::Head,
    upstream: &mut TcpStream,
    path: &str,
    site: &Site,
) -> Result<()> {
    let mut body = std::mem::take(&mut answer.rest);
    upstream.read_to_end(&mut body)?;
    let text = String::from_utf8_lossy(&body);
    if document::is_app(&text) {
        body = match site.document(document::program_at(path)) {
            Ok(document) => document::fill_document(&document, &text).into_bytes(),
            Err(failure) => {
                return http::send_answer(
                    browser,
                    "500 Internal Server Error",
                    "text/plain",
                    format!("{failure:#}\n").as_bytes(),
                );
            }
        };
        answer.set("Cache-Control", "no-store");
        answer.remove("ETag");
    }
    answer.set("Content-Length", &body.len().to_string());
    answer.write(browser)?;
    browser.write_all(&body)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_built_here_is_answered_here() {
        assert_eq!(route_target("/dev/app.wasm?0123"), ProxyRoute::File("app.wasm"));
        assert_eq!(route_target("/dev/reload.js?program=app"), ProxyRoute::File("reload.js"));
        assert_eq!(route_target("/dev/stream"), ProxyRoute::Stream);
        for target in
            ["/", "/settings/billing?kind=fee", "/api/v1/events", "/developers", "/dev", "/pay", "/favicon.svg"]
        {
            assert_eq!(route_target(target), ProxyRoute::Server, "{target}");
        }
    }

    /// A server that answers one request with `answer` and hands over what it was asked.
    fn server(answer: &'static str) -> (String, thread::JoinHandle<http::Head>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let running = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let head = http::Head::read(&mut connection).unwrap().unwrap();
            connection.write_all(answer.as_bytes()).unwrap();
            head
        });
        (address, running)
    }

    fn ask(server: &str, request: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        start_proxy(listener, Arc::new(Site::default()), server.to_owned());
        let mut browser = TcpStream::connect(address).unwrap();
        browser.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        browser.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn the_apps_document_is_ours_under_the_servers_own_headers() {
        let (address, running) = server(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Security-Policy: default-src 'none'\r\n\r\n\
             <script type=\"application/json\" id=\"bootstrap\">{\"seen\":1}</script><div id=\"shell\"></div>",
        );
        let answer =
            ask(&address, "GET /pay HTTP/1.1\r\nHost: dev\r\nAccept: text/html\r\nAccept-Encoding: br\r\n\r\n");
        assert!(running.join().unwrap().header("accept-encoding").is_none());
        assert!(answer.contains("Content-Security-Policy: default-src 'none'\r\n"), "{answer}");
        assert!(answer.contains("/dev/pay.wasm?") && answer.contains("{\"seen\":1}"), "{answer}");
    }

    #[test]
    fn everything_else_is_passed_on_as_it_is() {
        let whole =
            "HTTP/1.1 201 Created\r\nSet-Cookie: nexis_session=x; Path=/\r\nContent-Type: application/json\r\n\r\n{}";
        let (address, running) = server(whole);
        let request = "POST /api/v1/session HTTP/1.1\r\nHost: dev\r\nContent-Length: 2\r\nAccept: text/html\r\n\r\n{}";
        assert_eq!(ask(&address, request), whole);
        assert_eq!(running.join().unwrap().header("host"), Some(address.as_str()));
    }

    #[test]
    fn a_server_that_is_not_there_is_named() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let answer = ask(&free, "GET / HTTP/1.1\r\nHost: dev\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains(&free), "{answer}");
    }
}
