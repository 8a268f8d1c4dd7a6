//! Browsers in which somebody has signed in before, known by a cookie that is of no other use (OWASP, "Device cookies"):
//! each keeps its own tries, so that guesses from elsewhere lock nobody out of it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_store::Store;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Failure;
use crate::database_key::database_key;

/// Where the database keeps the key, so that all servers know each other's cookies.
const META: &str = "device_key";
/// How long a browser keeps the cookie, seconds: longer than that none of them does.
pub(crate) const COOKIE_SECONDS: i64 = 400 * 24 * 3600;
/// People whom one browser knows.
const PEOPLE: usize = 4;
/// 128 random bits in base64.
const NAME_CHARACTERS: usize = 22;

/// Makes and reads the cookies.
#[derive(Debug)]
pub(crate) struct Devices {
    key: String,
}

impl Devices {
    /// With the database's key.
    pub(crate) async fn open(store: &Store) -> Result<Self, Failure> {
        // One key per database, made by whoever asks first.
        Ok(Self { key: database_key(store, META).await? })
    }

    /// What this browser is called, if this person has signed in there before.
    pub(crate) fn find(&self, cookie: &str, email: &str) -> Option<String> {
        split_entries(cookie).find(|entry| self.is_of(entry, email)).map(|entry| entry[..NAME_CHARACTERS].to_owned())
    }

    /// The cookie after this person has signed in: their entry first, then those of the last others.
    pub(crate) fn renew(&self, cookie: Option<&str>, email: &str) -> Result<String, getrandom::Error> {
        let before: Vec<_> = split_entries(cookie.unwrap_or_default()).collect();
        let own = match before.iter().find(|entry| self.is_of(entry, email)) {
            // The entry stays: its count goes on with the same name.
            Some(own) => (*own).to_owned(),
            None => self.entry(email)?,
        };
        // Only the last few, or the cookie would grow with every person.
        let others = before.into_iter().filter(|entry| *entry != own).take(PEOPLE - 1);
        Ok(std::iter::once(own.as_str()).chain(others).collect::<Vec<_>>().join("."))
    }

    fn entry(&self, email: &str) -> Result<String, getrandom::Error> {
        let mut name = [0; 16];
        getrandom::fill(&mut name)?;
        let name = BASE64_URL_SAFE_NO_PAD.encode(name);
        let mac = self.mac(&name, email).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
        Ok(name + &BASE64_URL_SAFE_NO_PAD.encode(mac))
    }

    fn is_of(&self, entry: &str, email: &str) -> bool {
        let Some((name, mac)) = entry.split_at_checked(NAME_CHARACTERS) else { return false };
        BASE64_URL_SAFE_NO_PAD
            .decode(mac)
            // In constant time: `verify_slice`, not `==`.
            .is_ok_and(|given| self.mac(name, email).is_some_and(|mac| mac.verify_slice(&given).is_ok()))
    }

    /// Any length is a key to HMAC, so there always is one.
    fn mac(&self, name: &str, email: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).ok()?;
        mac.update(name.as_bytes());
        // With the address, so that an entry of one person does not fit another's.
        mac.update(email.as_bytes());
        Some(mac)
    }
}

fn split_entries(cookie: &str) -> impl Iterator<Item = &str> {
    // Bounded before anything is checked: a long cookie must not cost many HMACs.
    cookie.split('.').take(PEOPLE).filter(|entry| entry.len() > NAME_CHARACTERS && entry.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(key: &str) -> Devices {
        Devices { key: key.to_owned() }
    }

    #[test]
    fn a_browser_knows_the_people_who_signed_in_there() {
        let devices = devices("key");
        let ann = devices.renew(None, "ann@acme.test").unwrap();
        let name = devices.find(&ann, "ann@acme.test").unwrap();
        assert_eq!(devices.find(&ann, "bob@acme.test"), None);
        let both = devices.renew(Some(&ann), "bob@acme.test").unwrap();
        assert_eq!(devices.find(&both, "ann@acme.test").as_ref(), Some(&name), "she keeps her entry");
        assert!(devices.find(&both, "bob@acme.test").is_some_and(|other| other != name));
        assert_eq!(devices.renew(Some(&ann), "ann@acme.test").unwrap(), ann);
        let many = (0..9).fold(ann, |cookie, n| devices.renew(Some(&cookie), &format!("{n}@acme.test")).unwrap());
        assert_eq!(many.split('.').count(), PEOPLE);
        assert_eq!(devices.find(&many, "ann@acme.test"), None);
        assert!(devices.find(&many, "8@acme.test").is_some() && devices.find(&many, "5@acme.test").is_some());
    }

    #[test]
    fn nobody_can_make_one_up() {
        let theirs = devices("another key").renew(None, "ann@acme.test").unwrap();
        let own = devices("key").renew(None, "ann@acme.test").unwrap();
        let cut = &own[..own.len() - 1];
        let renamed = format!("{}{}", &theirs[..NAME_CHARACTERS], &own[NAME_CHARACTERS..]);
        for cookie in ["", ".", "x", theirs.as_str(), cut, renamed.as_str(), "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"]
        {
            assert_eq!(devices("key").find(cookie, "ann@acme.test"), None, "{cookie}");
        }
    }
}
