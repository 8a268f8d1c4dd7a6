//! What the host that opened this session has left open to it; what it has not is not offered.

use std::cell::RefCell;

use billing_domain::Capability;

thread_local! {
    /// `None`: all that the role allows.
    static OPEN: RefCell<Option<Vec<Capability>>> = const { RefCell::new(None) };
}

/// From now on; what is drawn already stays.
pub(crate) fn use_permissions(can: Option<Vec<Capability>>) {
    OPEN.set(can);
}

/// Whether the session may; the server decides again.
pub(crate) fn is_permitted(capability: Capability) -> bool {
    OPEN.with_borrow(|open| open.as_ref().is_none_or(|open| open.contains(&capability)))
}
