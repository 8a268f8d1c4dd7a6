//! An answer that comes later, from wherever a person gives it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

enum OneshotState<T> {
    Open(Option<Waker>),
    Given(T),
    Taken,
}

/// Gives the answer, once; dropped without one, it gives the fallback.
pub(crate) struct OneshotSender<T: Clone + 'static> {
    state: Rc<RefCell<OneshotState<T>>>,
    fallback: T,
}

impl<T: Clone> OneshotSender<T> {
    pub(crate) fn send(&self, answer: T) {
        let before = self.state.replace_with(|state| match state {
            OneshotState::Open(_) => OneshotState::Given(answer),
            OneshotState::Given(earlier) => OneshotState::Given(earlier.clone()),
            OneshotState::Taken => OneshotState::Taken,
        });
        if let OneshotState::Open(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T: Clone + 'static> Drop for OneshotSender<T> {
    fn drop(&mut self) {
        self.send(self.fallback.clone());
    }
}

/// One who gives an answer, and the waiting for it.
pub(crate) fn oneshot_channel<T: Clone + 'static>(fallback: T) -> (OneshotSender<T>, impl Future<Output = T>) {
    let state = Rc::new(RefCell::new(OneshotState::Open(None)));
    let waiting = Rc::clone(&state);
    let (last, answer) = (
        fallback.clone(),
        poll_fn(move |context| {
            let mut state = waiting.borrow_mut();
            match std::mem::replace(&mut *state, OneshotState::Taken) {
                OneshotState::Given(answer) => Poll::Ready(Some(answer)),
                OneshotState::Taken => Poll::Ready(None),
                OneshotState::Open(_) => {
                    *state = OneshotState::Open(Some(context.waker().clone()));
                    Poll::Pending
                }
            }
        }),
    );
    (OneshotSender { state, fallback }, async move { answer.await.unwrap_or(last) })
}
