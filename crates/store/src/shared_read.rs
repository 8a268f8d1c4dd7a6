//! Reads that many callers wait for together: each is answered by a read that began after it had asked, as if it had read by
//! itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// One thing that is read, by one caller at a time for all who wait.
/// See docs/decisions/0105-answers-of-a-version.md.
#[derive(Debug)]
pub struct SharedRead<T>(Arc<Mutex<Turns<T>>>);

#[derive(Debug)]
struct Turns<T> {
    /// Somebody reads, or is about to.
    reading: bool,
    /// Whoever asked since the last read began.
    waiting: Vec<oneshot::Sender<Turn<T>>>,
}

/// What becomes of somebody who waits.
#[derive(Debug)]
enum Turn<T> {
    Answer(T),
    /// It is theirs to read, for all who wait.
    Reader(Reader<T>),
}

/// The right to read. Dropped without an answer, it goes to the next one who waits.
#[derive(Debug)]
struct Reader<T>(SharedRead<T>);

// Not derived: what is read need not be `Clone` to be waited for.
impl<T> Clone for SharedRead<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for SharedRead<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Turns { reading: false, waiting: Vec::new() })))
    }
}

impl<T: Clone> SharedRead<T> {
    /// The value of a read that began after this was called: of somebody else's, or of `read`. An error is the caller's own;
    /// those who waited for that read then read by themselves.
    pub async fn get<E>(&self, read: impl AsyncFnOnce() -> Result<T, E>) -> Result<T, E> {
        let reader = match self.take_turn() {
            Ok(reader) => reader,
            Err(answer) => match answer.await {
                Ok(Turn::Answer(value)) => return Ok(value),
                Ok(Turn::Reader(reader)) => reader,
                // Whoever read has failed or gone.
                Err(_) => return read().await,
            },
        };
        // Those who come from now on wait for the next read: this one may miss what they have seen.
        let served = std::mem::take(&mut self.lock().waiting);
        let value = read().await?;
        for one in served {
            let _ = one.send(Turn::Answer(value.clone()));
        }
        drop(reader);
        Ok(value)
    }
}

impl<T> SharedRead<T> {
    /// The right to read, or where the answer will be.
    fn take_turn(&self) -> Result<Reader<T>, oneshot::Receiver<Turn<T>>> {
        let mut turns = self.lock();
        if !std::mem::replace(&mut turns.reading, true) {
            return Ok(Reader(self.clone()));
        }
        let (sender, receiver) = oneshot::channel();
        turns.waiting.push(sender);
        Err(receiver)
    }

    fn lock(&self) -> MutexGuard<'_, Turns<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        let mut turns = self.0.lock();
        let Some(next) = turns.waiting.pop() else {
            turns.reading = false;
            return;
        };
        // Not under the lock: if that one has gone, its right is dropped here and goes on to the next.
        drop(turns);
        let _ = next.send(Turn::Reader(Self(self.0.clone())));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn whoever_asks_is_answered_by_a_read_that_begins_afterwards() {
        let (shared, reads) = (SharedRead::<u32>::default(), AtomicU32::new(0));
        let read = async || {
            let number = reads.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok::<_, ()>(number)
        };
        // The first reads at once; the others come while it does, and share the second read.
        let (first, second, third) = tokio::join!(shared.get(read), shared.get(read), shared.get(read));
        assert_eq!((first, second, third), (Ok(0), Ok(1), Ok(1)));
        assert_eq!(shared.get(read).await, Ok(2), "nobody reads any more");
    }

    #[tokio::test]
    async fn who_goes_or_fails_holds_nobody_up() {
        let shared = SharedRead::<u32>::default();
        let mut gone = Box::pin(shared.get(async || std::future::pending::<Result<u32, ()>>().await));
        let mut waiting = Box::pin(shared.get(async || Ok::<_, ()>(7)));
        let mut leaving = Box::pin(shared.get(async || Ok::<_, ()>(8)));
        assert!(futures_poll(&mut gone).await && futures_poll(&mut waiting).await && futures_poll(&mut leaving).await);
        drop(gone);
        // The last one who came has the turn now, and goes without taking it.
        drop(leaving);
        assert_eq!(waiting.await, Ok(7));
        assert_eq!(shared.get(async || Err::<u32, _>("away")).await, Err("away"));
        assert_eq!(shared.get(async || Ok::<_, ()>(9)).await, Ok(9));
    }

    /// Polls once; whether it still waits.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
