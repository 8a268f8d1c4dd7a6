//! Telling people and the operator: what is said, to whom it goes, and when a wallet is low enough to say so.

use billing_contract::auto_pay::HealthState;
use billing_domain::{OrganizationId, Timestamp};
use billing_store::{Channel, Delivery, DeliveryResult, NoticeFacts, Organization};
use futures_util::future::join_all;

use crate::calendar::Calendar;
use crate::notify::wording::{EmailText, compose_email};
use crate::problem::Problem;
use crate::service::{auto_pay, wallet};
use crate::state::AppState;

/// Pauses between the tries of a delivery, seconds: Standard Webhooks, "Deliverability and reliability". After the last
/// one it is dead.
const PAUSES: [i64; 9] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];
/// Longer than any try takes.
const LEASE_SECONDS: i64 = 60;
/// Notices that the outbox shows.
const SHOWN: u32 = 100;

/// Looks whether the wallet has crossed its low mark; people are notified once a crossing and at most weekly.
///
/// While automatic payments are about to refill it, it is not low: nobody has to do anything. It is once they wait for
/// their pace and the money is gone, or once they rest.
/// See docs/decisions/0042-low-balance-notifications.md.
pub(crate) async fn watch_balance(state: &AppState, organization_id: &OrganizationId) -> Result<(), Problem> {
    let available = state.store.wallet(organization_id).await?.available();
    // Most postings change nothing about the mark: nothing more is read for them.
    if state.low_marks.says_nothing_new(organization_id, available) {
        return Ok(());
    }
    let organization = state.store.organization(organization_id).await?;
    let wallet = wallet::get_wallet(state, &organization).await?;
    let below = wallet.available <= wallet.low_mark;
    let refilled = below
        && match auto_pay::get_auto_pay(state, &organization).await?.health.state {
            HealthState::Armed | HealthState::Charging => true,
            HealthState::Waiting => wallet.available.is_positive(),
            _ => false,
        };
    // A wallet that never had money has nothing to fall from.
    let is_low = below && !refilled && wallet.last_seq > 0;
    let facts = NoticeFacts::from([
        ("available".to_owned(), wallet.available.to_string()),
        ("balance".to_owned(), wallet.balance.to_string()),
        ("currency".to_owned(), wallet.currency.to_string()),
        ("low_mark".to_owned(), wallet.low_mark.to_string()),
        ("status".to_owned(), wallet.status.to_string()),
    ]);
    state.store.watch_low_balance(organization_id, is_low, &facts, state.clock.now()).await?;
    // While it is below and refilled, the next look has to read again.
    if is_low == below {
        state.low_marks.note(organization_id, wallet.low_mark, is_low);
    }
    Ok(())
}

/// Looks again at wallets whose low mark may have moved since it was read: spending moves it.
pub(crate) async fn watch_passed_over(state: &AppState) -> Result<(), Problem> {
    for organization_id in state.low_marks.due() {
        watch_balance(state, &organization_id).await?;
    }
    Ok(())
}

/// The organization's latest notices as e-mails, newest first; each with when it was written, also on its clocks.
pub(crate) async fn list_outbox(
    state: &AppState,
    organization: &Organization,
) -> Result<Vec<(Timestamp, String, EmailText)>, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let notices = state.store.notices(&organization.id, SHOWN).await?;
    let origin = state.config.public_origin.as_deref();
    let shown = |at| format!("{} ({})", calendar.minute_of(at), organization.time_zone);
    Ok(notices
        .iter()
        .map(|one| (one.created_at, shown(one.created_at), compose_email(one, organization, origin)))
        .collect())
}

/// Tries what is due, all of it side by side; how many.
pub(crate) async fn deliver_due(state: &AppState, limit: u32) -> Result<usize, Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    // Leased, so that two servers do not send the same e-mail; a lapsed lease is tried again.
    let due = state.store.lease_due_deliveries(&owner, now.plus_seconds(LEASE_SECONDS), now, limit).await?;
    // Side by side: one receiver that hangs must not hold up the others until its time limit.
    let words = join_all(due.iter().map(|delivery| deliver_one(state, delivery))).await;
    for (delivery, word) in due.iter().zip(words) {
        let word = word?;
        if let DeliveryResult::Failed { error, again_at } = &word {
            let (notice, channel) = (&delivery.notice.id, delivery.channel.as_str());
            if again_at.is_some() {
                tracing::warn!(%notice, channel, error, "a notice was not taken; it is tried again");
            } else {
                tracing::error!(%notice, channel, error, "a notice was not taken; it is not tried again");
            }
        }
        // Each result by itself: a failure further on must not repeat what was delivered.
        state.store.record_delivery(delivery, &owner, &word, state.clock.now()).await?;
    }
    Ok(due.len())
}

async fn deliver_one(state: &AppState, delivery: &Delivery) -> Result<DeliveryResult, Problem> {
    let sent = match delivery.channel {
        // Kept, not dead: without such a channel there is nothing to try again.
        Channel::Webhook => match &state.notification_channels.webhook {
            None => return Ok(DeliveryResult::Kept),
            Some(webhook) => webhook.send(&delivery.notice, state.clock.now()).await,
        },
        Channel::Email => match &state.notification_channels.mailer {
            None => return Ok(DeliveryResult::Kept),
            Some(mailer) => {
                let organization = state.store.organization(&delivery.notice.organization_id).await?;
                let text = compose_email(&delivery.notice, &organization, state.config.public_origin.as_deref());
                mailer.send(&delivery.notice, &delivery.recipient, text).await
            }
        },
    };
    Ok(match sent {
        Ok(()) => DeliveryResult::Delivered,
        Err(failed) => DeliveryResult::Failed {
            again_at: if failed.permanent { None } else { again_at(delivery.tries, state.clock.now()) },
            error: failed.reason,
        },
    })
}

/// When a delivery that was tried `tries` times before this one is tried again.
fn again_at(tries: i64, now: Timestamp) -> Option<Timestamp> {
    // More tries than pauses: it is dead.
    usize::try_from(tries).ok().and_then(|tries| PAUSES.get(tries)).map(|pause| now.plus_seconds(*pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let now = Timestamp::from_seconds(1_000_000);
        let pauses: Vec<_> = (0..).map_while(|tries| again_at(tries, now)).map(|at| at.seconds_since(now)).collect();
        assert!(pauses.is_sorted() && pauses.len() == 9, "{pauses:?}");
        assert_eq!(again_at(9, now), None);
    }
}
