//! What a session that its host has narrowed may call: one table of all that is open to sessions.

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use billing_contract::{ProblemCode, paths};
use billing_domain::Capability;

use crate::http::problem::Problem;
use crate::problem::Detail;
use crate::service::sessions::SignedInMember;

use Capability::{AutoPay, Cards, Export, Links, Pay, View};

/// What a narrowed session needs for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Requirement {
    /// Nothing: it concerns the session itself.
    Session,
    /// This capability.
    Needs(Capability),
    /// It is closed to every session that is narrowed.
    Everything,
}

use Requirement::{Everything, Needs, Session};

/// Every operation that is open to a session. What is not here is closed to narrowed ones.
const TABLE: &[(Method, &str, Requirement)] = &[
    (Method::GET, paths::BOOTSTRAP, Needs(View)),
    (Method::GET, paths::SESSION, Session),
    (Method::DELETE, paths::SESSION, Session),
    (Method::POST, paths::SESSION_CONFIRMATION, Session),
    (Method::GET, paths::BILLING, Needs(View)),
    (Method::GET, paths::WALLET, Needs(View)),
    (Method::GET, paths::WALLET_HISTORY, Needs(View)),
    (Method::POST, paths::TOP_UPS, Needs(Pay)),
    (Method::GET, paths::TOP_UP, Needs(View)),
    (Method::POST, paths::TOP_UP_CHECK, Needs(Pay)),
    (Method::POST, paths::TOP_UP_CHALLENGE, Needs(Pay)),
    (Method::POST, paths::TOP_UP_CANCEL, Needs(Pay)),
    (Method::GET, paths::TOP_UP_RECEIPT, Needs(Export)),
    (Method::GET, paths::CARDS, Needs(View)),
    (Method::POST, paths::CARD_SETUPS, Needs(Cards)),
    (Method::GET, paths::CARD_SETUP, Needs(Cards)),
    (Method::POST, paths::CARD_SETUP_CHECK, Needs(Cards)),
    (Method::POST, paths::CARD_SETUP_CHALLENGE, Needs(Cards)),
    (Method::DELETE, paths::CARD, Needs(Cards)),
    (Method::PUT, paths::CARD_DEFAULT, Needs(Cards)),
    (Method::GET, paths::PAYMENT_LINKS, Needs(View)),
    (Method::POST, paths::PAYMENT_LINKS, Needs(Links)),
    (Method::DELETE, paths::PAYMENT_LINK, Needs(Links)),
    (Method::GET, paths::AUTO_PAY, Needs(View)),
    (Method::PUT, paths::AUTO_PAY, Needs(AutoPay)),
    (Method::POST, paths::AUTO_PAY_RESUME, Needs(AutoPay)),
    (Method::GET, paths::TRANSACTIONS, Needs(View)),
    (Method::GET, paths::TRANSACTIONS_OUTLINE, Needs(View)),
    (Method::GET, paths::TRANSACTIONS_CHAIN, Needs(View)),
    (Method::GET, paths::TRANSACTION, Needs(View)),
    (Method::GET, paths::TRANSACTIONS_CSV, Needs(Export)),
    (Method::GET, paths::STATEMENT, Needs(Export)),
    (Method::GET, paths::USAGE, Needs(View)),
    (Method::GET, paths::EVENTS, Needs(View)),
    (Method::GET, paths::REQUESTS, Needs(View)),
    (Method::GET, paths::REQUEST_EVENTS, Needs(View)),
    // Whoever may not pay does not ask others to either.
    (Method::POST, paths::REQUESTS, Needs(Pay)),
    (Method::POST, paths::REQUEST_APPROVE, Needs(Pay)),
    (Method::POST, paths::REQUEST_DECLINE, Needs(Pay)),
    (Method::GET, paths::ORGANIZATION, Needs(View)),
    (Method::PUT, paths::ORGANIZATION, Everything),
    (Method::GET, paths::ADMINS, Needs(View)),
    (Method::GET, paths::MEMBERS, Everything),
    (Method::PUT, paths::MEMBER_ROLE, Everything),
    (Method::DELETE, paths::MEMBER, Everything),
    (Method::GET, paths::INVITATIONS, Everything),
    (Method::POST, paths::INVITATIONS, Everything),
    (Method::DELETE, paths::INVITATION, Everything),
    (Method::POST, paths::INVITATION_RESEND, Everything),
    (Method::GET, paths::AUDIT, Everything),
    (Method::GET, paths::AUDIT_CSV, Everything),
    (Method::GET, paths::ME, Everything),
    (Method::PUT, paths::ME, Everything),
    (Method::PUT, paths::ME_PASSWORD, Everything),
    (Method::POST, paths::ME_SECOND_FACTOR, Everything),
    (Method::DELETE, paths::ME_SECOND_FACTOR, Everything),
    (Method::POST, paths::ME_SECOND_FACTOR_CONFIRM, Everything),
    (Method::GET, paths::ME_SESSIONS, Everything),
    (Method::DELETE, paths::ME_SESSIONS, Everything),
    (Method::DELETE, paths::ME_SESSION, Everything),
    (Method::GET, paths::ME_ORGANIZATIONS, Everything),
    (Method::POST, paths::SESSION_ORGANIZATION, Everything),
];

/// Refuses what the host has not opened to this session.
pub(crate) fn check_capability(parts: &Parts, member: &SignedInMember) -> Result<(), Problem> {
    let Some(can) = &member.can else { return Ok(()) };
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if allows(can, &parts.method, path) {
        return Ok(());
    }
    let detail = "Whoever opened this session for you has not opened this to it. Nothing was done.";
    Err(Problem::new(ProblemCode::Forbidden, Detail::general(detail)))
}

/// `path`: as the router has it, from its root.
fn allows(can: &[Capability], method: &Method, path: &str) -> bool {
    // The router answers HEAD with what it has for GET.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let path = path.strip_prefix(paths::BASE).unwrap_or_default();
    let row = TABLE.iter().find(|(known, at, _)| known == method && *at == path);
    match row.map(|(_, _, requirement)| *requirement) {
        Some(Session) => true,
        Some(Needs(capability)) => can.contains(&capability),
        Some(Everything) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::router::api_routes;

    #[test]
    fn the_table_has_every_operation_that_is_open_to_sessions() {
        let (_, document) = api_routes().split_for_parts();
        let document = serde_json::to_value(document).unwrap();
        let mut described = BTreeSet::from([("get".to_owned(), paths::BOOTSTRAP.to_owned())]);
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let security = operation["security"].as_array().into_iter().flatten();
                if security.into_iter().any(|scheme| scheme.get("session").is_some()) {
                    described.insert((method.clone(), path.strip_prefix(paths::BASE).unwrap().to_owned()));
                }
            }
        }
        let table: BTreeSet<_> =
            TABLE.iter().map(|(method, path, _)| (method.as_str().to_ascii_lowercase(), (*path).to_owned())).collect();
        assert_eq!(table, described);
        assert_eq!(table.len(), TABLE.len(), "an operation is there twice");
    }

    #[test]
    fn only_what_is_named_is_open() {
        let at = |path: &str| format!("{}{path}", paths::BASE);
        let can = [View, Pay];
        for (method, path, open) in [
            (Method::GET, at(paths::WALLET), true),
            (Method::HEAD, at(paths::WALLET), true),
            (Method::POST, at(paths::TOP_UPS), true),
            (Method::DELETE, at(paths::SESSION), true),
            (Method::PUT, at(paths::AUTO_PAY), false),
            (Method::PUT, at(paths::MEMBER_ROLE), false),
            (Method::GET, at(paths::MEMBERS), false),
            (Method::GET, at(paths::TRANSACTIONS_CSV), false),
            (Method::POST, at(paths::WALLET), false),
            (Method::GET, at("/unknown"), false),
            (Method::GET, String::new(), false),
        ] {
            assert_eq!(allows(&can, &method, &path), open, "{method} {path}");
        }
        assert!(!allows(&[], &Method::GET, &at(paths::WALLET)));
    }
}
