//! Every endpoint's address, used by router and client alike. `{id}` stands for one segment.

/// What every address below begins with.
pub const BASE: &str = "/api/v1";

macro_rules! paths {
    ($($(#[$meta:meta])* $name:ident = $path:literal;)+) => {
        $($(#[$meta])* pub const $name: &str = $path;)+

        /// Every address, for the test that walks them.
        pub const ALL: &[&str] = &[$($name),+];
    };
}

paths! {
    /// GET: what the first screen shows.
    BOOTSTRAP = "/bootstrap";
    /// POST signs in, GET says who, DELETE signs out.
    SESSION = "/session";
    /// The same person proves once more that it is them.
    SESSION_CONFIRMATION = "/session/confirmation";
    /// POST, DELETE, key.
    PORTAL_SESSIONS = "/portal-sessions";
    /// POST, public: a host's code for a session.
    PORTAL_EXCHANGE = "/portal/exchange";
    /// GET: all above the fold.
    BILLING = "/billing";
    /// GET answers a [`crate::wallet::Wallet`].
    WALLET = "/wallet";
    /// GET answers a [`crate::history::WalletHistory`].
    WALLET_HISTORY = "/wallet/history";
    /// POST, with `Idempotency-Key`: charges a card.
    TOP_UPS = "/top-ups";
    /// GET answers a [`crate::top_up::TopUp`].
    TOP_UP = "/top-ups/{id}";
    /// POST: ask the provider what became of it.
    TOP_UP_CHECK = "/top-ups/{id}/check";
    /// POST: the sandbox cardholder answers.
    TOP_UP_CHALLENGE = "/top-ups/{id}/challenge";
    /// POST: gives up one that waits for the cardholder.
    TOP_UP_CANCEL = "/top-ups/{id}/cancel";
    /// GET answers `application/pdf`, once the top-up has succeeded.
    TOP_UP_RECEIPT = "/top-ups/{id}/receipt";
    /// POST; by a key.
    REFUNDS = "/refunds";
    /// GET; by a key.
    REFUND = "/refunds/{id}";
    /// GET answers a [`crate::card::CardList`].
    CARDS = "/cards";
    /// POST begins connecting a card.
    CARD_SETUPS = "/cards/setups";
    /// GET answers a [`crate::card::CardSetup`].
    CARD_SETUP = "/cards/setups/{id}";
    /// POST: ask the provider where it stands.
    CARD_SETUP_CHECK = "/cards/setups/{id}/check";
    /// POST: the sandbox cardholder answers.
    CARD_SETUP_CHALLENGE = "/cards/setups/{id}/challenge";
    /// DELETE removes a connected card.
    CARD = "/cards/{id}";
    /// PUT makes it the default card.
    CARD_DEFAULT = "/cards/{id}/default";
    /// GET lists, POST makes one.
    PAYMENT_LINKS = "/payment-links";
    /// DELETE revokes a link.
    PAYMENT_LINK = "/payment-links/{id}";
    /// POST, public, token in the body.
    PAY_RESOLVE = "/pay/resolve";
    /// POST, public: uses the link with a card.
    PAY_COMPLETE = "/pay/complete";
    /// POST, public: where an attempt stands.
    PAY_STATUS = "/pay/status";
    /// POST, public: `application/pdf` for the payer.
    PAY_RECEIPT = "/pay/receipt";
    /// POST, public: the sandbox cardholder answers.
    PAY_CHALLENGE = "/pay/challenge";
    /// GET, PUT with `If-Match`.
    AUTO_PAY = "/auto-pay";
    /// POST: a person ends a pause.
    AUTO_PAY_RESUME = "/auto-pay/resume";
    /// GET answers a page of the ledger.
    TRANSACTIONS = "/transactions";
    /// GET answers `text/csv`: all lines of a filter.
    TRANSACTIONS_CSV = "/transactions.csv";
    /// GET: where each page of a filtered list begins.
    TRANSACTIONS_OUTLINE = "/transactions/outline";
    /// GET: the next lines of the whole ledger, oldest first, for whoever recomputes its hashes.
    TRANSACTIONS_CHAIN = "/transactions/chain";
    /// GET, by its `seq`.
    TRANSACTION = "/transactions/{id}";
    /// GET: a month's statement.
    STATEMENT = "/statement";
    /// GET answers a month's [`crate::usage::Usage`].
    USAGE = "/usage";
    /// GET, `text/event-stream`: all that the tab shows.
    EVENTS = "/events";
    /// GET lists, POST asks for funds.
    REQUESTS = "/requests";
    /// GET, `text/event-stream`, for members: their requests only.
    REQUEST_EVENTS = "/requests/events";
    /// POST: an admin says yes.
    REQUEST_APPROVE = "/requests/{id}/approve";
    /// POST: an admin says no.
    REQUEST_DECLINE = "/requests/{id}/decline";
    /// GET and PUT: what receipts print, and where days begin.
    ORGANIZATION = "/organization";
    /// POST, public: the first run, by the token in the server's log.
    SETUP = "/setup";
    /// POST, public: a link by mail.
    PASSWORD_RESETS = "/password-resets";
    /// GET and PUT: name and language.
    ME = "/me";
    /// POST, public, token in the body: another sign-in address holds.
    EMAIL_CHANGE_COMPLETE = "/email-changes/complete";
    /// POST begins, DELETE ends it.
    ME_SECOND_FACTOR = "/me/second-factor";
    /// POST: from now on it is asked for.
    ME_SECOND_FACTOR_CONFIRM = "/me/second-factor/confirm";
    /// PUT, on the word of the present one.
    ME_PASSWORD = "/me/password";
    /// GET lists; DELETE ends all others.
    ME_SESSIONS = "/me/sessions";
    /// DELETE ends it.
    ME_SESSION = "/me/sessions/{id}";
    /// GET: the organizations that a person is in.
    ME_ORGANIZATIONS = "/me/organizations";
    /// POST: goes on in another organization.
    SESSION_ORGANIZATION = "/session/organization";
    /// POST, public, token in the body.
    PASSWORD_RESET_COMPLETE = "/password-resets/complete";
    /// GET: whom a member can ask.
    ADMINS = "/admins";
    /// GET answers a [`crate::member::MemberList`].
    MEMBERS = "/members";
    /// PUT gives a person another role.
    MEMBER_ROLE = "/members/{id}/role";
    /// DELETE takes a person out, or lets them leave.
    MEMBER = "/members/{id}";
    /// GET lists, POST invites.
    INVITATIONS = "/invitations";
    /// DELETE withdraws it.
    INVITATION = "/invitations/{id}";
    /// POST: another link.
    INVITATION_RESEND = "/invitations/{id}/resend";
    /// POST, public, token in the body: what it invites to.
    INVITATION_RESOLVE = "/invitations/resolve";
    /// POST, public, token in the body.
    INVITATION_ACCEPT = "/invitations/accept";
    /// GET; for owners and by a key: who did what.
    AUDIT = "/audit";
    /// GET answers `text/csv`: the same as a table.
    AUDIT_CSV = "/audit.csv";
    /// POST; by a key.
    METERING_EVENTS = "/metering/events";
    /// POST; by a key.
    METERING_AUTHORIZATIONS = "/metering/authorizations";
    /// POST; by a key.
    METERING_RELEASE = "/metering/authorizations/{id}/release";
    /// GET, POST; by a key.
    KEYS = "/keys";
    /// DELETE; by a key.
    KEY = "/keys/{id}";
    /// POST; by a key.
    KEY_ROTATE = "/keys/{id}/rotate";
    /// GET; by a key.
    ORGANIZATIONS = "/organizations";
    /// GET, PUT; by a key.
    ORGANIZATION_OF = "/organizations/{id}";
    /// POST; by a key.
    ORGANIZATION_SUSPEND = "/organizations/{id}/suspend";
    /// POST; by a key.
    ORGANIZATION_RESUME = "/organizations/{id}/resume";
    /// POST; by a key.
    ORGANIZATION_CLOSE = "/organizations/{id}/close";
    /// GET; by a key.
    ORGANIZATION_WALLET = "/organizations/{id}/wallet";
    /// POST; by a key.
    ORGANIZATION_CREDITS = "/organizations/{id}/credits";
    /// GET; by a key.
    ORGANIZATION_MEMBERS = "/organizations/{id}/members";
    /// PUT, DELETE; by a key.
    ORGANIZATION_MEMBER = "/organizations/{id}/members/{user}";
    /// POST, signed by Stripe.
    WEBHOOKS_STRIPE = "/webhooks/stripe";
}

/// GET, in a browser: to an identity provider. Outside of [`BASE`], as what follows.
pub const AUTH_START: &str = "/auth/{name}/start";
/// GET, in a browser: back from there.
pub const AUTH_CALLBACK: &str = "/auth/{name}/callback";
/// POST, by the provider: somebody has signed out there.
pub const AUTH_LOGOUT: &str = "/auth/{name}/backchannel-logout";

/// One of these addresses with the provider's name, which needs no encoding.
pub fn fill_name(path: &str, name: &str) -> String {
    path.replace("{name}", name)
}

/// The full address with its `{id}` filled in. `id` is percent-encoded, so that it stays one segment.
pub fn fill_id(path: &str, id: &str) -> String {
    let mut address = String::with_capacity(BASE.len() + path.len() + id.len());
    address.push_str(BASE);
    // Split at a character: what searches for a text weighs in the page.
    match path.split_once('{').and_then(|(before, rest)| Some((before, rest.strip_prefix("id}")?))) {
        None => address.push_str(path),
        Some((before, after)) => {
            address.push_str(before);
            push_encoded(&mut address, id);
            address.push_str(after);
        }
    }
    address
}

/// The full address with its `{…}` filled in, in order; each value stays one segment. Places without a value stay as they
/// are.
pub fn fill_ids(path: &str, values: &[&str]) -> String {
    let mut address = BASE.to_owned();
    let mut values = values.iter();
    for segment in path.split('/').skip(1) {
        address.push('/');
        match values.as_slice().first() {
            Some(value) if segment.starts_with('{') && segment.ends_with('}') => {
                push_encoded(&mut address, value);
                values.next();
            }
            _ => address.push_str(segment),
        }
    }
    address
}

/// Appends `text` percent-encoded as a path segment or query value.
pub fn push_encoded(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_takes_its_value() {
        let path = "/organizations/{id}/members/{user}";
        assert_eq!(fill_ids(path, &["ext:a/b", "\u{fc}"]), "/api/v1/organizations/ext%3Aa%2Fb/members/%C3%BC");
        assert_eq!(fill_ids(path, &["{user}", "x"]), "/api/v1/organizations/%7Buser%7D/members/x");
        assert_eq!(fill_ids(path, &["a"]), "/api/v1/organizations/a/members/{user}");
        assert_eq!(fill_ids(WALLET, &[]), "/api/v1/wallet");
        assert_eq!(fill_ids(TOP_UP_CHECK, &["a/b"]), fill_id(TOP_UP_CHECK, "a/b"));
    }

    #[test]
    fn an_id_stays_one_segment() {
        assert_eq!(fill_id(TOP_UP_CHECK, "a/b ü"), "/api/v1/top-ups/a%2Fb%20%C3%BC/check");
        assert_eq!(fill_id(WALLET, ""), "/api/v1/wallet");
    }
}
