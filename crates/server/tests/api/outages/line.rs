//! A line to a PostgreSQL server that can be cut and mended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Hands everything on, until it is cut: then open connections end at once, and new ones as soon as they are made.
#[derive(Debug)]
pub(super) struct Line {
    /// Where to connect instead.
    pub(super) port: u16,
    whole: Arc<AtomicBool>,
    cuts: watch::Sender<u32>,
}

impl Line {
    pub(super) async fn to(address: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (cuts, cut) = watch::channel(0);
        let line = Self { port: listener.local_addr().unwrap().port(), whole: Arc::new(AtomicBool::new(true)), cuts };
        let whole = Arc::clone(&line.whole);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !whole.load(Ordering::SeqCst) {
                    continue;
                }
                let (address, mut cut) = (address.clone(), cut.clone());
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(address).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        line
    }

    pub(super) fn cut(&self) {
        self.whole.store(false, Ordering::SeqCst);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(super) fn mend(&self) {
        self.whole.store(true, Ordering::SeqCst);
    }
}
