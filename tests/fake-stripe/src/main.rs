//! The stand-in as a program, for browser tests: says where it listens, then serves until it is ended.

use std::io::Write as _;
use std::net::SocketAddr;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let fake = fake_stripe::Fake::start(listen.parse::<SocketAddr>()?).await?;
    fake.send_webhooks_to(std::env::args().nth(2));
    writeln!(std::io::stdout(), "listening on {}", fake.origin())?;
    std::future::pending::<()>().await;
    Ok(())
}
