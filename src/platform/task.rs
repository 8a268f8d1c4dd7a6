//! Work in the background that stops when its owner drops it.

use std::future::Future;
use std::pin::Pin;

use futures_util::future::{AbortHandle, Abortable};

/// Stops its work when dropped.
#[must_use = "a task that is dropped stops"]
pub(crate) struct BackgroundTask(AbortHandle);

impl Drop for BackgroundTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn spawn_task(work: impl Future<Output = ()> + 'static) -> BackgroundTask {
    spawn_boxed(Box::pin(work))
}

/// The machinery around the work, compiled once for all kinds of it.
fn spawn_boxed(work: Pin<Box<dyn Future<Output = ()>>>) -> BackgroundTask {
    let (handle, registration) = AbortHandle::new_pair();
    let work = Abortable::new(work, registration);
    leptos::task::spawn_local(async move {
        // Aborted: nobody is interested any more.
        let _ = work.await;
    });
    BackgroundTask(handle)
}
