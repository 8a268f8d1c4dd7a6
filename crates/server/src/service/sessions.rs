//! Signing in and out, and who a request comes from: decided anew on every request, from the database.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// Longest password, bytes: longer ones only cost work.
const MAX_PASSWORD: usize = 1024;

/// Checks passwords with Argon2id, a few at a time: each takes memory and a core for a while.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Semaphore,
    /// Compared with when there is no such person, so that the time taken does not tell.
    nobody: String,
}

impl Passwords {
    /// With as many slots as there are cores.
    pub(crate) fn new() -> Result<Self, argon2::password_hash::Error> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self { slots: Semaphore::new(cores), nobody: Self::hash("nobody has this password")? })
    }

    /// The PHC string to keep. Takes tens of milliseconds.
    pub(crate) fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
        Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
    }

    /// Whether this is the password that was hashed; `None` takes as long and says no.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> bool {
        let Ok(_slot) = self.slots.acquire().await else { return false };
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let fits = tokio::task::spawn_blocking(move || fits(&password, &hash)).await.unwrap_or(false);
        known && fits
    }
}

fn fits(password: &str, hash: &str) -> bool {
    password.len() <= MAX_PASSWORD
        && PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A new session's secret: 256 random bits in hex. Only its SHA-256 is kept.
fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What the database knows of a token.
fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = Passwords::hash("demo").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("demo".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.verify("Demo".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.verify("x".repeat(MAX_PASSWORD + 1), Some(hash)).await);
        assert!(!passwords.verify("nobody has this password".to_owned(), None).await);
        assert!(!passwords.verify("demo".to_owned(), Some("no hash".to_owned())).await);
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (first, second) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!(first.len(), 64);
        assert_ne!(first, second);
        assert_ne!(hash_of(&first), hash_of(&second));
    }
}
