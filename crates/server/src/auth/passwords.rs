//! Passwords are hashed with Argon2id, a few at a time and in fair order: each takes memory and a core for a while.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
#[cfg(feature = "test-seams")]
use argon2::{Algorithm, Params, Version};

use super::turns::{QueueFull, Turns};
use crate::budgets::SignInOrigin;

/// Longest password, bytes: longer ones only cost work.
pub(crate) const MAX_PASSWORD: usize = 1024;
/// Checks that wait, in all and of one origin: about two seconds of work on two cores.
const WAITING: usize = 128;
const WAITING_OF_ONE: usize = 16;

#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Turns<SignInOrigin>,
    /// Compared with when there is no such person, so that the time taken reveals nothing.
    nobody: String,
}

impl Passwords {
    /// As many at a time as there are cores.
    pub(crate) fn new() -> Result<Self, argon2::password_hash::Error> {
        // Argon2 keeps a core busy: more at a time would only make each of them slower.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let turns = Turns::new(cores, WAITING, WAITING_OF_ONE);
        Ok(Self { turns, nobody: Self::hash("nobody has this password")? })
    }

    /// The PHC string to keep. Takes tens of milliseconds.
    pub(crate) fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
        Ok(new_hasher().hash_password(password.as_bytes())?.to_string())
    }

    /// The same when it is this origin's turn; too many wait already otherwise.
    pub(crate) async fn hash_in_turn(
        &self,
        origin: SignInOrigin,
        password: String,
    ) -> Result<Result<String, argon2::password_hash::Error>, QueueFull> {
        let turn = self.turns.wait(origin).await?;
        let work = tokio::task::spawn_blocking(move || {
            let hash = Self::hash(&password);
            drop(turn);
            hash
        });
        Ok(work.await.unwrap_or(Err(argon2::password_hash::Error::Crypto)))
    }

    /// Whether this is the password that was hashed; `None` takes as long and says no. `Full`: too many wait already, and
    /// nothing was looked at.
    pub(crate) async fn verify(
        &self,
        origin: SignInOrigin,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, QueueFull> {
        // Waits in line by origin, so that one who tries many passwords does not hold up the others.
        let turn = self.turns.wait(origin).await?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        // The turn is over when the work is, also when nobody waits for its end any more.
        let work = tokio::task::spawn_blocking(move || {
            let fits = password_fits(&password, &hash);
            drop(turn);
            fits
        });
        // A panic in the check is no match.
        Ok(work.await.unwrap_or(false) && known)
    }
}

/// With the cost that Argon2 recommends.
#[cfg(not(feature = "test-seams"))]
fn new_hasher() -> Argon2<'static> {
    Argon2::default()
}

/// With the least cost that Argon2 allows: every test signs somebody in. The parameters travel with the hash.
#[cfg(feature = "test-seams")]
fn new_hasher() -> Argon2<'static> {
    Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None)
        .map_or_else(|_| Argon2::default(), |least| Argon2::new(Algorithm::Argon2id, Version::V0x13, least))
}

fn password_fits(password: &str, hash: &str) -> bool {
    // Again here, whoever calls: hashing megabytes is work without use.
    password.len() <= MAX_PASSWORD
        && PasswordHash::new(hash)
            // The parameters are those of the stored hash, so older ones go on fitting.
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = Passwords::hash("demo").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let verify = async |password: &str, hash: Option<&str>| {
            let origin = SignInOrigin::Address(IpAddr::from([127, 0, 0, 1]));
            passwords.verify(origin, password.to_owned(), hash.map(str::to_owned)).await.unwrap()
        };
        assert!(verify("demo", Some(&hash)).await);
        assert!(!verify("Demo", Some(&hash)).await);
        assert!(!verify(&"x".repeat(MAX_PASSWORD + 1), Some(&hash)).await);
        assert!(!verify("nobody has this password", None).await);
        assert!(!verify("demo", Some("no hash")).await);
    }
}
