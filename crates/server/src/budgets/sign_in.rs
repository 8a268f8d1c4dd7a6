//! How often a password may be tried: every try is counted before it is evaluated, and a right one is given back.

use std::net::IpAddr;
use std::time::Duration;

use super::allowance::Allowance;

/// Where a sign-in comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SignInOrigin {
    /// A browser that nobody knows, by its address.
    Address(IpAddr),
    /// A browser in which this person has signed in before, by the name in its device cookie.
    Device(String),
}

/// Tries to sign in, by what they have in common.
/// See docs/decisions/0051-sign-in-limits.md.
#[derive(Debug)]
pub(crate) struct SignIns {
    addresses: Allowance<IpAddr>,
    emails: Allowance<String>,
    pairs: Allowance<(SignInOrigin, String)>,
}

/// A try that was counted.
#[derive(Debug)]
pub(crate) struct Attempt {
    origin: SignInOrigin,
    email: String,
}

impl SignIns {
    /// Of one origin with one e-mail 10 tries, then 2 a minute. Unknown browsers together: 30 of one address, then 12 a
    /// minute, and 100 with one e-mail from anywhere, then 20 a minute. A browser in which the person has signed in before
    /// has no part in those: nobody locks anybody out of it, from however many addresses.
    pub(crate) fn new() -> Self {
        Self {
            addresses: Allowance::new(30, Duration::from_secs(5)),
            emails: Allowance::new(100, Duration::from_secs(3)),
            pairs: Allowance::new(10, Duration::from_secs(30)),
        }
    }

    /// Counts a try; or how long to wait before the next one. E-mail in its normal form.
    pub(crate) fn take(&self, origin: &SignInOrigin, email: &str) -> Result<Attempt, Duration> {
        let attempt = Attempt { origin: origin.clone(), email: email.to_owned() };
        // By origin and e-mail first: who mistypes their own password meets only this limit.
        self.pairs.take((attempt.origin.clone(), attempt.email.clone()))?;
        let SignInOrigin::Address(address) = attempt.origin else { return Ok(attempt) };
        let taken = self.addresses.take(address).and_then(|()| {
            let taken = self.emails.take(attempt.email.clone());
            // A try that was refused has not been made: what was taken before it is given back.
            taken.inspect_err(|_| self.addresses.give_back(&address))
        });
        match taken {
            Ok(()) => Ok(attempt),
            Err(wait) => {
                self.pairs.give_back(&(attempt.origin, attempt.email));
                Err(wait)
            }
        }
    }

    /// The password was right, or was not looked at: whoever knows it is never in their own way.
    pub(crate) fn give_back(&self, attempt: Attempt) {
        if let SignInOrigin::Address(address) = &attempt.origin {
            self.addresses.give_back(address);
            self.emails.give_back(&attempt.email);
        }
        self.pairs.give_back(&(attempt.origin, attempt.email));
    }

    /// Forgets whoever has been quiet.
    pub(crate) fn tidy(&self) {
        self.addresses.tidy();
        self.emails.tidy();
        self.pairs.tidy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SignInOrigin {
        SignInOrigin::Address(IpAddr::from([198, 51, 100, last]))
    }

    fn evaluated(sign_ins: &SignIns, origin: &SignInOrigin, email: &str, tries: usize) -> usize {
        (0..tries).filter(|_| sign_ins.take(origin, email).is_ok()).count()
    }

    #[test]
    fn of_one_address_ten_for_one_person_and_thirty_for_all() {
        let sign_ins = SignIns::new();
        assert_eq!(evaluated(&sign_ins, &address(1), "ann@acme.test", 900), 10);
        assert_eq!(evaluated(&sign_ins, &address(1), "bob@acme.test", 900), 10);
        assert_eq!(evaluated(&sign_ins, &address(1), "eve@acme.test", 900), 10);
        assert_eq!(evaluated(&sign_ins, &address(1), "max@acme.test", 900), 0);
        assert_eq!(evaluated(&sign_ins, &address(2), "ann@acme.test", 1), 1, "another address has its own");
    }

    #[test]
    fn a_known_browser_is_not_locked_out_from_any_number_of_addresses() {
        let sign_ins = SignIns::new();
        let tried: usize = (0..110).map(|last| evaluated(&sign_ins, &address(last), "ann@acme.test", 10)).sum();
        assert_eq!(tried, 100);
        assert!(sign_ins.take(&address(200), "ann@acme.test").is_err(), "an unknown browser waits");
        let known = SignInOrigin::Device("hers".to_owned());
        assert_eq!(evaluated(&sign_ins, &known, "ann@acme.test", 900), 10, "and its own tries are counted too");
        assert!(sign_ins.take(&address(200), "bob@acme.test").is_ok());
    }

    #[test]
    fn right_passwords_count_nothing_and_refused_tries_neither() {
        let sign_ins = SignIns::new();
        for _ in 0..500 {
            let attempt = sign_ins.take(&address(1), "ann@acme.test").unwrap();
            sign_ins.give_back(attempt);
        }
        evaluated(&sign_ins, &address(1), "ann@acme.test", 900);
        assert_eq!(evaluated(&sign_ins, &address(1), "bob@acme.test", 10), 10, "refused ones use up no address");
    }
}
