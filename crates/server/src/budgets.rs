//! What clients may use of this server, counted by address, session and organization before it is used.

mod allowance;
pub(crate) mod bytes;
pub(crate) mod connections;
mod sign_in;
mod slots;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use billing_contract::ProblemCode;
use billing_domain::OrganizationId;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use self::allowance::Allowance;
use self::bytes::Bytes;
use self::sign_in::SignIns;
pub(crate) use self::sign_in::{Attempt, SignInOrigin};
pub(crate) use self::slots::Slot;
use self::slots::Slots;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem};

/// Costly reads of one session at a time, and those that wait for them: what somebody does who types or scrolls.
const COSTLY_READS: usize = 2;
const COSTLY_READS_WAITING: usize = 8;
/// The same of one organization, however many sessions it has.
const COSTLY_READS_OF_ALL: usize = 4;
const COSTLY_READS_OF_ALL_WAITING: usize = 40;
/// Open event streams of one session.
const STREAMS: usize = 10;
/// Bytes of requests in memory, in all and of one address.
const BYTES: usize = 64 * 1024 * 1024;
const BYTES_OF_ONE: usize = 8 * 1024 * 1024;
/// The platform's, which nobody else can use up: sixty reports of the largest size.
const PLATFORM_BYTES: usize = 256 * 1024 * 1024;

/// What everybody has used up. A burst of four seconds' worth of requests is free.
/// See docs/decisions/0052-budgets.md.
#[derive(Debug)]
pub(crate) struct Budgets {
    sessions: Option<DefaultKeyedRateLimiter<String>>,
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    organizations: Option<DefaultKeyedRateLimiter<OrganizationId>>,
    sign_ins: SignIns,
    unknown_links: Allowance<IpAddr>,
    portal_codes: Allowance<IpAddr>,
    key_tries: Allowance<IpAddr>,
    account_links: Allowance<IpAddr>,
    resets: Allowance<IpAddr>,
    logins: Allowance<IpAddr>,
    account_mails: Allowance<String>,
    invitations: Allowance<String>,
    factor_codes: Allowance<(SignInOrigin, String)>,
    factor_codes_of_all: Allowance<String>,
    costly_reads: Slots,
    costly_reads_of_all: Slots,
    streams: Slots,
    /// Bytes of everybody's requests.
    pub(crate) bytes: Bytes,
    /// Bytes of the platform's requests.
    pub(crate) platform_bytes: Bytes,
}

/// A code that was counted.
#[derive(Debug)]
pub(crate) struct FactorAttempt {
    attempt: Attempt,
    key: (SignInOrigin, String),
}

/// The right to read something costly; over when it is dropped.
#[derive(Debug)]
pub(crate) struct CostlyRead {
    _own: Slot,
    _of_all: Option<Slot>,
}

impl Budgets {
    /// `per_second` requests of one session and ten times as many of one organization and of one address, which a whole
    /// office may share; 0 switches these off. Tries to sign in and to guess a link or a key are limited in
    /// any case.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            sessions: limiter(per_second, 1),
            addresses: limiter(per_second, 10),
            organizations: limiter(per_second, 10),
            sign_ins: SignIns::new(),
            unknown_links: Allowance::new(30, Duration::from_secs(5)),
            portal_codes: Allowance::new(30, Duration::from_secs(5)),
            key_tries: Allowance::new(30, Duration::from_secs(5)),
            account_links: Allowance::new(30, Duration::from_secs(5)),
            logins: Allowance::new(120, Duration::from_secs(1)),
            resets: Allowance::new(30, Duration::from_secs(20)),
            account_mails: Allowance::new(3, Duration::from_mins(10)),
            invitations: Allowance::new(100, Duration::from_mins(1)),
            factor_codes: Allowance::new(5, Duration::from_mins(1)),
            factor_codes_of_all: Allowance::new(20, Duration::from_mins(2)),
            costly_reads: Slots::new(COSTLY_READS, COSTLY_READS_WAITING),
            costly_reads_of_all: Slots::new(COSTLY_READS_OF_ALL, COSTLY_READS_OF_ALL_WAITING),
            streams: Slots::new(STREAMS, 0),
            bytes: Bytes::new(BYTES, BYTES_OF_ONE),
            platform_bytes: Bytes::new(PLATFORM_BYTES, PLATFORM_BYTES),
        }
    }

    /// One more request of this session, by its token's hash, and of its organization.
    pub(crate) fn take_request(&self, token_hash: &str, organization_id: &OrganizationId) -> Result<(), Problem> {
        // The session before the organization: one busy browser must not use up what everybody shares.
        check(self.sessions.as_ref(), &token_hash.to_owned())?;
        check(self.organizations.as_ref(), organization_id)
    }

    /// One more request of this address.
    pub(crate) fn take_address(&self, address: IpAddr) -> Result<(), Problem> {
        check(self.addresses.as_ref(), &address)
    }

    /// Counts a try to sign in, before it is evaluated. E-mail in its normal form.
    pub(crate) fn take_sign_in(&self, origin: &SignInOrigin, email: &str) -> Result<Attempt, Problem> {
        let taken = self.sign_ins.take(origin, email);
        taken.map_err(|wait| too_fast(UserMessage::too_many_sign_ins(), wait))
    }

    /// The try does not count: the password was right, or was not looked at.
    pub(crate) fn give_back_sign_in(&self, attempt: Attempt) {
        self.sign_ins.give_back(attempt);
    }

    /// Counts a code of a second factor, before it is evaluated, as a try to sign in and by limits of its own: six digits can
    /// be found by trying, and whoever tries has the password already. E-mail in its normal form.
    pub(crate) fn take_factor_code(&self, origin: &SignInOrigin, email: &str) -> Result<FactorAttempt, Problem> {
        let key = (origin.clone(), email.to_owned());
        let wait = |wait| too_fast(UserMessage::too_many_sign_ins(), wait);
        let attempt = self.take_sign_in(origin, email)?;
        self.factor_codes.take(key.clone()).map_err(wait)?;
        // A browser in which the person has signed in before is not kept out by others who try.
        if matches!(origin, SignInOrigin::Address(_)) {
            self.factor_codes_of_all.take(email.to_owned()).map_err(wait)?;
        }
        Ok(FactorAttempt { attempt, key })
    }

    /// The code was right, so it does not count.
    pub(crate) fn give_back_factor_code(&self, taken: FactorAttempt) {
        self.give_back_sign_in(taken.attempt);
        self.factor_codes.give_back(&taken.key);
        if matches!(taken.key.0, SignInOrigin::Address(_)) {
            self.factor_codes_of_all.give_back(&taken.key.1);
        }
    }

    /// This address names a payment link. A token cannot be guessed; whoever tries is slowed down all the same.
    /// See docs/decisions/0033-link-limits.md.
    pub(crate) fn take_link(&self, address: IpAddr) -> Result<(), Problem> {
        let taken = self.unknown_links.take(address);
        taken.map_err(|wait| too_fast(UserMessage::too_many_unknown_links(), wait))
    }

    /// There is such a link, so it does not count.
    pub(crate) fn give_back_link(&self, address: IpAddr) {
        self.unknown_links.give_back(&address);
    }

    /// This address brings a portal session's code. As with links: nobody guesses one, and whoever tries is slowed down.
    pub(crate) fn take_portal_code(&self, address: IpAddr) -> Result<(), Problem> {
        let taken = self.portal_codes.take(address);
        taken.map_err(|wait| too_fast(UserMessage::too_many_unknown_links(), wait))
    }

    /// The code was right, so it does not count.
    pub(crate) fn give_back_portal_code(&self, address: IpAddr) {
        self.portal_codes.give_back(&address);
    }

    /// This address comes with a key that is not known here. A key cannot be guessed; whoever tries is slowed down all the
    /// same.
    pub(crate) fn take_key_try(&self, address: IpAddr) -> Result<(), Problem> {
        let detail = "Too many keys from your address were wrong. Wait a moment, then send one that holds.";
        self.key_tries.take(address).map_err(|wait| too_fast(Detail::general(detail), wait))
    }

    /// The key is right, so it does not count.
    pub(crate) fn give_back_key_try(&self, address: IpAddr) {
        self.key_tries.give_back(&address);
    }

    /// This address begins a login at an identity provider, which leaves a row: a whole office may do so at nine o'clock.
    pub(crate) fn take_login(&self, address: IpAddr) -> Result<(), Problem> {
        self.logins.take(address).map_err(|wait| too_fast(UserMessage::too_many_sign_ins(), wait))
    }

    /// This address brings the token of a link to an account. As with payment links: whoever tries is slowed down.
    pub(crate) fn take_account_link(&self, address: IpAddr) -> Result<(), Problem> {
        let taken = self.account_links.take(address);
        taken.map_err(|wait| too_fast(UserMessage::too_many_unknown_links(), wait))
    }

    /// There is such a link, so it does not count.
    pub(crate) fn give_back_account_link(&self, address: IpAddr) {
        self.account_links.give_back(&address);
    }

    /// This address asks for a link to reset a password, whoever's.
    pub(crate) fn take_reset(&self, address: IpAddr) -> Result<(), Problem> {
        let taken = self.resets.take(address);
        taken.map_err(|wait| too_fast(UserMessage::too_many_sign_ins(), wait))
    }

    /// This organization invites somebody once more.
    pub(crate) fn take_invitation(&self, organization_id: &OrganizationId) -> Result<(), Problem> {
        let detail = "Your organization has sent too many invitations at once. Wait a moment, then go on.";
        let taken = self.invitations.take(organization_id.to_string());
        taken.map_err(|wait| too_fast(Detail::general(detail), wait))
    }

    /// Whether one more mail with a link may go to this address of e-mail, in its normal form: nobody's mailbox is
    /// filled by others.
    pub(crate) fn take_account_mail(&self, email: &str) -> bool {
        self.account_mails.take(email.to_owned()).is_ok()
    }

    /// Waits until this session may read something whose cost is whatever is asked for.
    pub(crate) async fn take_costly_read(
        &self,
        token_hash: &str,
        organization_id: &OrganizationId,
    ) -> Result<CostlyRead, Problem> {
        self.take_slots(token_hash, Some(organization_id)).await
    }

    /// The same of a program, by its key's id; `None`: it reads of all organizations.
    pub(crate) async fn take_costly_key_read(
        &self,
        key_id: &str,
        organization_id: Option<&OrganizationId>,
    ) -> Result<CostlyRead, Problem> {
        self.take_slots(&format!("key {key_id}"), organization_id).await
    }

    async fn take_slots(&self, own: &str, organization_id: Option<&OrganizationId>) -> Result<CostlyRead, Problem> {
        let busy = |_| {
            let detail = "You are asking for more at once than is answered. Wait for an answer, then go on.";
            Problem::retry_later(ProblemCode::TooManyRequests, Detail::general(detail), 2)
        };
        // The own slot first: one session cannot hold several of the organization's while it waits.
        let own = self.costly_reads.take(own).await.map_err(busy)?;
        let of_all = match organization_id {
            Some(id) => Some(self.costly_reads_of_all.take(id.as_str()).await.map_err(busy)?),
            None => None,
        };
        Ok(CostlyRead { _own: own, _of_all: of_all })
    }

    /// One more event stream of this session.
    pub(crate) async fn take_stream(&self, token_hash: &str) -> Result<Slot, Problem> {
        let taken = self.streams.take(token_hash).await;
        taken.map_err(|_| {
            let detail = format!("{STREAMS} streams of this session are open already. Close one of them.");
            Problem::retry_later(ProblemCode::TooManyRequests, Detail::general(detail), 5)
        })
    }

    /// Forgets whoever has been quiet; to be called now and then.
    pub(crate) fn tidy(&self) {
        if let Some(limiter) = &self.sessions {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.organizations {
            limiter.retain_recent();
        }
        self.sign_ins.tidy();
        self.unknown_links.tidy();
        self.portal_codes.tidy();
        self.key_tries.tidy();
        self.account_links.tidy();
        self.resets.tidy();
        self.logins.tidy();
        self.account_mails.tidy();
        self.invitations.tidy();
        self.factor_codes.tidy();
        self.factor_codes_of_all.tidy();
    }
}

fn limiter<K: Hash + Eq + Clone>(per_second: u32, factor: u32) -> Option<DefaultKeyedRateLimiter<K>> {
    // Zero switches the limit off.
    let rate = NonZeroU32::new(per_second.saturating_mul(factor))?;
    // Four seconds' worth: a page that opens sends a burst.
    let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(3));
    Some(RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)))
}

fn check<K: Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), Problem> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|early| {
        let detail = Detail::general("Too many requests. Wait a moment, then go on.");
        too_fast(detail, early.wait_time_from(DefaultClock::default().now()))
    })
}

fn too_fast(detail: impl Into<Detail>, wait: Duration) -> Problem {
    // Rounded up, so that whoever waits that long gets through.
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::retry_later(ProblemCode::TooManyRequests, detail, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(name: &str) -> OrganizationId {
        OrganizationId::from_trusted(name)
    }

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let budgets = Budgets::new(5);
        assert!((0..20).all(|_| budgets.take_request("a", &organization("acme")).is_ok()));
        let problem = budgets.take_request("a", &organization("acme")).unwrap_err();
        assert_eq!(problem.document().code, ProblemCode::TooManyRequests);
        assert!(problem.document().retry_after >= Some(1));
        assert!(budgets.take_request("b", &organization("acme")).is_ok());
        let unlimited = Budgets::new(0);
        assert!((0..10_000).all(|_| unlimited.take_request("a", &organization("acme")).is_ok()));
    }

    #[test]
    fn many_sessions_of_one_organization_share_its_budget() {
        let budgets = Budgets::new(1);
        let passed = (0..100)
            .filter(|session| budgets.take_request(&session.to_string(), &organization("acme")).is_ok())
            .count();
        assert!((40..50).contains(&passed), "{passed}");
        assert!(budgets.take_request("another", &organization("other")).is_ok());
    }
}
