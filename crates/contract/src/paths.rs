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
    /// GET: all above the fold.
    BILLING = "/billing";
    /// GET.
    WALLET = "/wallet";
    /// GET.
    WALLET_HISTORY = "/wallet/history";
    /// POST.
    TOP_UPS = "/top-ups";
    /// GET.
    TOP_UP = "/top-ups/{id}";
    /// POST: ask the provider what became of it.
    TOP_UP_CHECK = "/top-ups/{id}/check";
    /// POST: the sandbox cardholder answers.
    TOP_UP_CHALLENGE = "/top-ups/{id}/challenge";
    /// POST: gives up one that waits for the cardholder.
    TOP_UP_CANCEL = "/top-ups/{id}/cancel";
    /// GET, `application/pdf`.
    TOP_UP_RECEIPT = "/top-ups/{id}/receipt";
    /// POST, service key.
    REFUNDS = "/refunds";
    /// GET, service key.
    REFUND = "/refunds/{id}";
    /// GET.
    CARDS = "/cards";
    /// POST.
    CARD_SETUPS = "/cards/setups";
    /// GET.
    CARD_SETUP = "/cards/setups/{id}";
    /// POST: ask the provider where it stands.
    CARD_SETUP_CHECK = "/cards/setups/{id}/check";
    /// POST: the sandbox cardholder answers.
    CARD_SETUP_CHALLENGE = "/cards/setups/{id}/challenge";
    /// DELETE.
    CARD = "/cards/{id}";
    /// PUT.
    CARD_DEFAULT = "/cards/{id}/default";
    /// GET, POST.
    PAYMENT_LINKS = "/payment-links";
    /// DELETE.
    PAYMENT_LINK = "/payment-links/{id}";
    /// POST, public, token in the body.
    PAY_RESOLVE = "/pay/resolve";
    /// POST, public.
    PAY_COMPLETE = "/pay/complete";
    /// POST, public.
    PAY_STATUS = "/pay/status";
    /// POST, public, `application/pdf`.
    PAY_RECEIPT = "/pay/receipt";
    /// POST, public: the sandbox cardholder answers.
    PAY_CHALLENGE = "/pay/challenge";
    /// GET, PUT.
    AUTO_PAY = "/auto-pay";
    /// POST.
    AUTO_PAY_RESUME = "/auto-pay/resume";
    /// GET.
    TRANSACTIONS = "/transactions";
    /// GET, `text/csv`.
    TRANSACTIONS_CSV = "/transactions.csv";
    /// GET: where each page of a filtered list begins.
    TRANSACTIONS_OUTLINE = "/transactions/outline";
    /// GET, by its `seq`.
    TRANSACTION = "/transactions/{id}";
    /// GET: a month's statement.
    STATEMENT = "/statement";
    /// GET.
    USAGE = "/usage";
    /// GET, `text/event-stream`.
    EVENTS = "/events";
    /// GET, POST.
    REQUESTS = "/requests";
    /// GET, `text/event-stream`.
    REQUEST_EVENTS = "/requests/events";
    /// POST.
    REQUEST_APPROVE = "/requests/{id}/approve";
    /// POST.
    REQUEST_DECLINE = "/requests/{id}/decline";
    /// GET, PUT.
    ORGANIZATION = "/organization";
    /// GET.
    ADMINS = "/admins";
    /// GET.
    MEMBERS = "/members";
    /// PUT.
    MEMBER_ROLE = "/members/{id}/role";
    /// POST, service key.
    METERING_EVENTS = "/metering/events";
    /// POST, service key.
    METERING_AUTHORIZATIONS = "/metering/authorizations";
    /// POST, service key.
    METERING_RELEASE = "/metering/authorizations/{id}/release";
    /// POST, signed by Stripe.
    WEBHOOKS_STRIPE = "/webhooks/stripe";
}

/// The full address with its `{id}` filled in. `id` is percent-encoded, so that it stays one segment.
pub fn fill_id(path: &str, id: &str) -> String {
    let mut address = String::with_capacity(BASE.len() + path.len() + id.len());
    address.push_str(BASE);
    match path.split_once("{id}") {
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
