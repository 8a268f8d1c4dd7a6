//! Which top-ups are open, in the words of the partial indexes.

/// The same words as `TopUpStatus::is_open` and the partial indexes.
macro_rules! is_open {
    () => {
        "status IN ('created', 'processing', 'action_required', 'unknown')"
    };
}
pub(crate) use is_open;
