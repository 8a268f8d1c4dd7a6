//! Queues for group commit: work of many requests waits together while a commit is on its way, and the next one takes all
//! of it. What is done with it is the caller's business.
//!
//! Every organization has its queue, in which one batch is committed after the other, so that two batches never wait for
//! one wallet's row. SQLite has one writer, so there all share one queue.

use billing_domain::OrganizationId;
use std::collections::VecDeque;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The queues of one kind of work at this server.
/// See docs/decisions/0004-group-commit.md.
#[derive(Debug)]
pub(crate) struct Queues<W> {
    all: Vec<Mutex<Queue<W>>>,
    most_at_once: usize,
    most_waiting: usize,
}

#[derive(Debug)]
struct Queue<W> {
    waiting: VecDeque<(usize, W)>,
    /// Sum of the weights.
    weight: usize,
    /// A task is committing.
    running: bool,
}

/// What becomes of enqueued work.
pub(crate) enum Enqueued<W> {
    /// It waits; a task of this queue will take it.
    Waiting,
    /// It waits, and the caller has to start the queue's task.
    First(usize),
    /// Too much waits already.
    Full(W),
}

impl<W> Queues<W> {
    /// `count`: as many as the database can use at once. One commit takes work of at most `most_at_once`, and at least
    /// one piece; at most `most_waiting` waits in a queue.
    pub(crate) fn new(count: usize, most_at_once: usize, most_waiting: usize) -> Self {
        let queue = || Mutex::new(Queue { waiting: VecDeque::new(), weight: 0, running: false });
        Self { all: (0..count.max(1)).map(|_| queue()).collect(), most_at_once, most_waiting }
    }

    /// Puts work into the organization's queue.
    pub(crate) fn enqueue(&self, organization_id: &OrganizationId, weight: usize, work: W) -> Enqueued<W> {
        // A fixed hash: an organization always maps to the same queue, so that two commits never wait for one wallet.
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(organization_id);
        let index = usize::try_from(hash % u64::try_from(self.all.len()).unwrap_or(1)).unwrap_or_default();
        let mut queue = self.lock(index);
        // Only what already waits counts, so that one large report is taken even by a short queue.
        if queue.weight >= self.most_waiting {
            return Enqueued::Full(work);
        }
        queue.weight += weight;
        queue.waiting.push_back((weight, work));
        // Under the same lock as the push: exactly one caller starts the task.
        if std::mem::replace(&mut queue.running, true) { Enqueued::Waiting } else { Enqueued::First(index) }
    }

    /// The queue's task, which takes batches until nothing waits any more.
    pub(crate) const fn task(&self, index: usize) -> Task<'_, W> {
        Task { queues: self, index }
    }

    fn lock(&self, index: usize) -> MutexGuard<'_, Queue<W>> {
        // Each change under this lock is complete in itself, so a panic leaves nothing half-done.
        self.all[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That a task is committing; the queue is free again when it ends, even by a panic.
#[derive(Debug)]
pub(crate) struct Task<'a, W> {
    queues: &'a Queues<W>,
    index: usize,
}

impl<W> Task<'_, W> {
    /// What is committed next; `None` when nothing waits, and then this task is done: both are decided under one lock.
    pub(crate) fn take(&self) -> Option<Vec<W>> {
        let mut queue = self.queues.lock(self.index);
        let (mut batch, mut sum) = (Vec::new(), 0);
        while let Some((weight, _)) = queue.waiting.front()
            // At least one piece, even a large one, or it would wait for ever.
            && (batch.is_empty() || sum + weight <= self.queues.most_at_once)
        {
            sum += weight;
            batch.extend(queue.waiting.pop_front().map(|(_, work)| work));
        }
        queue.weight -= sum;
        queue.running = !batch.is_empty();
        queue.running.then_some(batch)
    }
}

impl<W> Drop for Task<'_, W> {
    fn drop(&mut self) {
        // Only then is it still marked as running: a task that ends normally has cleared the mark in `take`.
        if std::thread::panicking() {
            self.queues.lock(self.index).running = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_takes_everything_in_order_and_in_bounded_batches() {
        let queues = Queues::new(1, 5, 8);
        let [a, b, c, d] = ["a", "b", "c", "d"].map(OrganizationId::from_trusted);
        assert!(matches!(queues.enqueue(&a, 3, 'a'), Enqueued::First(0)));
        assert!(matches!(queues.enqueue(&b, 2, 'b'), Enqueued::Waiting));
        assert!(matches!(queues.enqueue(&c, 9, 'c'), Enqueued::Waiting));
        assert!(matches!(queues.enqueue(&d, 1, 'd'), Enqueued::Full('d')));
        let task = queues.task(0);
        assert_eq!(task.take(), Some(vec!['a', 'b']));
        assert_eq!(task.take(), Some(vec!['c']), "one piece is taken however large it is");
        assert_eq!(task.take(), None);
        assert!(matches!(queues.enqueue(&d, 1, 'd'), Enqueued::First(0)), "the queue is free again");
    }
}
