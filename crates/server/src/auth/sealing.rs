//! Seals what the program must be able to read again and a stolen database must not: AES-256-GCM under the operator's key.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest;

/// What the operator's key is for, so that another use of it has another key.
const PURPOSE: &[u8] = b"nexis-billing second factors v1";

/// Why something cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealingError {
    /// It was sealed with another key, for somebody else, or has been changed.
    #[error("sealed with another key, or changed")]
    Opening,
    /// The system has no randomness to give.
    #[error("no randomness")]
    Randomness,
}

/// The key.
pub(crate) struct SealingKey(LessSafeKey);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SealingKey {
    /// Of the operator's secret text, which is long enough to need no slow derivation.
    pub(crate) fn new(secret: &str) -> Option<Self> {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(PURPOSE);
        context.update(secret.as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, context.finish().as_ref()).ok()?;
        Some(Self(LessSafeKey::new(key)))
    }

    /// Seals for `owner`: in another person's row it cannot be opened.
    pub(crate) fn seal(&self, owner: &str, plain: &[u8]) -> Result<String, SealingError> {
        // Random numbers used once: a key seals far fewer than 2^32 (NIST SP 800-38D, section 8.3).
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealingError::Randomness)?;
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner.as_bytes()), &mut sealed)
            .map_err(|_| SealingError::Opening)?;
        Ok(BASE64_STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed for `owner`.
    pub(crate) fn open(&self, owner: &str, sealed: &str) -> Result<Vec<u8>, SealingError> {
        let bytes = BASE64_STANDARD_NO_PAD.decode(sealed).map_err(|_| SealingError::Opening)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealingError::Opening)?;
        let mut sealed = sealed.to_vec();
        let opened =
            self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(owner.as_bytes()), &mut sealed);
        opened.map(|plain| plain.to_vec()).map_err(|_| SealingError::Opening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_for_the_same_owner() {
        let key = SealingKey::new("a secret of the operator's, long enough").unwrap();
        let sealed = key.seal("one", b"secret").unwrap();
        assert_eq!(key.open("one", &sealed), Ok(b"secret".to_vec()));
        assert_ne!(key.seal("one", b"secret").unwrap(), sealed, "each time with another number");
        assert_eq!(key.open("two", &sealed), Err(SealingError::Opening));
        let other = SealingKey::new("another secret of the operator's").unwrap();
        assert_eq!(other.open("one", &sealed), Err(SealingError::Opening));
        for wrong in ["", "?", "AAAA", &sealed[1..]] {
            assert_eq!(key.open("one", wrong), Err(SealingError::Opening), "{wrong}");
        }
    }
}
