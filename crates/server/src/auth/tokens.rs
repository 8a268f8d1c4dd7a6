//! Secrets that open something by themselves: how one is made, and what the database keeps of it.

use sha2::{Digest as _, Sha256};

/// A new secret: 256 random bits in hex. Only its SHA-256 is kept.
pub(crate) fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Whether a text has the form of such a secret.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What the database knows of a session's token, a code, a key, or what stands behind `#` in a link: SHA-256 in hex.
pub(crate) fn hash_token(token: &str) -> String {
    // Without salt is enough: it is 256 random bits, not a password.
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (first, second) = (new_token().unwrap(), new_token().unwrap());
        assert!(is_token(&first) && !is_token("0") && !is_token(&first.to_uppercase().replace('0', "A")));
        assert_ne!(first, second);
        assert_ne!(hash_token(&first), hash_token(&second));
    }
}
