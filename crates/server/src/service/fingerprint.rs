//! What an idempotency key was used for.

use sha2::{Digest as _, Sha256};

/// SHA-256 of a request's parts in hex; compared, never read back.
pub(crate) fn request_fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With their lengths, so that no two lists of parts have the same bytes.
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}
