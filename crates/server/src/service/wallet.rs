//! The wallet as people see it: what is left, what that allows, how long it lasts.

use axum::body::Bytes;
use billing_contract::wallet::{Grace, Restriction, Runway, Wallet};
use billing_domain::grace::Policy;
use billing_domain::status::{self, Facts, OrganizationStatus, WalletStatus};
use billing_domain::{Date, Money, OrganizationId, Timestamp, spending};
use billing_store::Organization;

use crate::calendar::Calendar;
use crate::events::Topic;
use crate::kept_answers::render_json;
use crate::problem::Problem;
use crate::service::policy::policy_of;
use crate::service::sessions::SignedInMember;
use crate::service::usage::{Spending, burn_start};
use crate::state::AppState;

pub(crate) async fn get_wallet(state: &AppState, organization: &Organization) -> Result<Wallet, Problem> {
    let now = state.clock.now();
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let today = calendar.date_of(now);
    // Spending before the wallet: what is posted in between makes the wallet the newer of the two.
    let spending = Spending::read(state, &organization.id, burn_start(today), today).await?;
    let figures = read_figures(state, &organization.id).await?;
    view_wallet(state, organization, figures, &spending, today, now).await
}

/// The same as JSON, kept for as long as nothing was committed, and for a moment at most.
pub(crate) async fn render_wallet(state: &AppState, member: &SignedInMember) -> Result<Bytes, Problem> {
    let read = async || {
        // Read again: those who wait for this may have seen it change.
        let organization = state.store.organization(&member.organization.id).await?;
        render_json(&get_wallet(state, &organization).await?)
    };
    match &member.asked {
        Some(asked) => state.answers.wallets.get(&member.organization.id, asked, read).await,
        None => read().await,
    }
}

/// The wallet after a change, for the answer to it. The change is made: if this cannot be read, the answer goes without.
pub(crate) async fn wallet_afterwards(state: &AppState, organization: &Organization) -> Option<Box<Wallet>> {
    get_wallet(state, organization)
        .await
        .inspect_err(|problem| {
            tracing::warn!(problem = problem.document().detail, "an answer went without the wallet");
        })
        .ok()
        .map(Box::new)
}

/// The wallet's row, once holds that have expired are given back.
pub(crate) async fn read_figures(
    state: &AppState,
    organization_id: &OrganizationId,
) -> Result<billing_store::Wallet, Problem> {
    let figures = state.store.wallet(organization_id).await?;
    // Without holds there is nothing to expire: one read for most wallets.
    if !figures.held.is_positive() {
        return Ok(figures);
    }
    if state.store.expire_organization_holds(organization_id, state.clock.now()).await?.is_some() {
        state.events.publish(organization_id, Topic::Wallet);
    }
    // Read again even if nothing was given back here: the worker may have done so in between.
    Ok(state.store.wallet(organization_id).await?)
}

/// The answer from figures that have been read; `spending` must reach back to [`burn_start`].
pub(crate) async fn view_wallet(
    state: &AppState,
    organization: &Organization,
    figures: billing_store::Wallet,
    spending: &Spending,
    today: Date,
    now: Timestamp,
) -> Result<Wallet, Problem> {
    let (auto_pay, pending) = tokio::try_join!(
        state.store.auto_pay(&figures.organization_id),
        state.store.pending_credit(&figures.organization_id),
    )?;
    let threshold = auto_pay.settings.filter(|_| auto_pay.enabled).map(|settings| settings.threshold);
    let daily_burn = spending.daily_burn(today)?;
    let rules = Rules {
        policy: policy_of(&state.config, organization),
        low_mark: organization.policy.low_mark.unwrap_or_else(|| spending::low_mark(threshold, daily_burn)),
    };
    let wallet = describe_wallet(&figures, daily_burn, pending.in_flight, &rules, now);
    Ok(Wallet { restriction: restriction_of(organization), ..wallet })
}

fn restriction_of(organization: &Organization) -> Option<Restriction> {
    match organization.status {
        OrganizationStatus::Active => None,
        status @ (OrganizationStatus::Suspended | OrganizationStatus::Closed) => {
            Some(Restriction { status, reason: organization.status_reason.clone() })
        }
    }
}

/// What new work the wallet admits now. The low mark only decides about a warning, so any will do here.
pub(crate) fn admission_status(figures: &billing_store::Wallet, policy: &Policy, now: Timestamp) -> WalletStatus {
    status::wallet_status(&status_facts(figures, Money::ZERO), policy, now)
}

fn status_facts(figures: &billing_store::Wallet, low_mark: Money) -> Facts {
    Facts {
        available: figures.available(),
        card_connected: figures.card_connected,
        exhausted_since: figures.exhausted_since,
        low_mark,
    }
}

/// What decides about a wallet besides its figures.
struct Rules {
    policy: Policy,
    low_mark: Money,
}

fn describe_wallet(
    figures: &billing_store::Wallet,
    daily_burn: Money,
    pending_credit: Money,
    rules: &Rules,
    now: Timestamp,
) -> Wallet {
    let Rules { policy, low_mark } = rules;
    let low_mark = *low_mark;
    let status = status::wallet_status(&status_facts(figures, low_mark), policy, now);
    let available = figures.available();
    let grace = match (status, figures.exhausted_since) {
        (WalletStatus::Grace, Some(since)) => Some(Grace {
            ends_at: policy.grace_ends_at(since),
            floor: policy.grace_floor(),
            left: available.checked_sub(policy.grace_floor()).unwrap_or(Money::ZERO),
        }),
        _ => None,
    };
    Wallet {
        currency: figures.currency,
        balance: figures.balance,
        available,
        held: figures.held,
        pending_credit,
        status,
        restriction: None,
        low_mark,
        card_connected: figures.card_connected,
        grace,
        runway: spending::estimate_runway(available, daily_burn, now)
            .map(|runway| Runway { until: runway.until, hours: runway.hours }),
        daily_burn,
        last_seq: figures.last_seq,
        as_of: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_domain::Currency;
    use billing_domain::ledger::Hash;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn figures(balance: i32, held: i32) -> billing_store::Wallet {
        let exhausted = balance <= held;
        billing_store::Wallet {
            id: billing_store::WalletId::default(),
            organization_id: OrganizationId::from_trusted("o"),
            currency: Currency::Usd,
            balance: Money::from_major(balance),
            held: Money::from_major(held),
            last_seq: 7,
            last_hash: Hash::GENESIS,
            exhausted_since: exhausted.then_some(NOW.plus_seconds(-60)),
            access_version: 0,
            archived_seq: 0,
            card_connected: true,
        }
    }

    fn shown(figures: &billing_store::Wallet, threshold: Option<Money>) -> Wallet {
        let daily_burn = Money::from_major(12);
        let policy = Policy::default_for(figures.currency);
        let rules = Rules { policy, low_mark: spending::low_mark(threshold, daily_burn) };
        describe_wallet(figures, daily_burn, Money::ZERO, &rules, NOW)
    }

    #[test]
    fn holds_count_as_spent_and_the_balance_stays_the_ledgers() {
        let wallet = shown(&figures(30, 10), None);
        assert_eq!((wallet.balance, wallet.available), (Money::from_major(30), Money::from_major(20)));
        assert_eq!((wallet.status, wallet.low_mark), (WalletStatus::Active, Money::from_major(12)));
        assert_eq!(wallet.runway.map(|runway| runway.hours), Some(40));
        assert_eq!(shown(&figures(30, 18), None).status, WalletStatus::Low);
        assert_eq!(shown(&figures(30, 10), Some(Money::from_major(20))).status, WalletStatus::Low);
    }

    #[test]
    fn grace_says_when_it_ends_and_what_is_left_of_it() {
        let wallet = shown(&figures(-2, 0), None);
        assert_eq!(wallet.status, WalletStatus::Grace);
        let grace = wallet.grace.unwrap();
        assert_eq!(grace.ends_at, NOW.plus_seconds(29 * 60));
        assert_eq!((grace.floor, grace.left), (Money::from_major(-5), Money::from_major(3)));
        assert_eq!(wallet.runway, None);
        let paused = shown(&figures(-5, 0), None);
        assert_eq!((paused.status, paused.grace), (WalletStatus::Paused, None));
    }
}
