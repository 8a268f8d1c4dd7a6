//! An answer that comes later, from wherever a person gives it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

enum State<T> {
    Open(Option<Waker>),
    Given(T),
    Taken,
}

/// Gives the answer, once; dropped without one, it gives the fallback.
pub(crate) struct Reply<T: Clone + 'static> {
    state: Rc<RefCell<State<T>>>,
    fallback: T,
}

impl<T: Clone> Reply<T> {
    /// Gives it.
    pub(crate) fn give(&self, answer: T) {
        let before = self.state.replace_with(|state| match state {
            State::Open(_) => State::Given(answer),
            State::Given(earlier) => State::Given(earlier.clone()),
            State::Taken => State::Taken,
        });
        if let State::Open(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T: Clone + 'static> Drop for Reply<T> {
    fn drop(&mut self) {
        self.give(self.fallback.clone());
    }
}

/// One who gives an answer, and the waiting for it.
pub(crate) fn reply<T: Clone + 'static>(fallback: T) -> (Reply<T>, impl Future<Output = T>) {
    let state = Rc::new(RefCell::new(State::Open(None)));
    let waiting = Rc::clone(&state);
    let (last, answer) = (
        fallback.clone(),
        poll_fn(move |context| {
            let mut state = waiting.borrow_mut();
            match std::mem::replace(&mut *state, State::Taken) {
                State::Given(answer) => Poll::Ready(Some(answer)),
                State::Taken => Poll::Ready(None),
                State::Open(_) => {
                    *state = State::Open(Some(context.waker().clone()));
                    Poll::Pending
                }
            }
        }),
    );
    (Reply { state, fallback }, async move { answer.await.unwrap_or(last) })
}
