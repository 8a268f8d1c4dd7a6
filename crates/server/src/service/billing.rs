//! Everything that the Billing tab shows above the fold, in one answer that fits together.

use axum::body::Bytes;
use billing_contract::billing::Billing;

use crate::calendar::Calendar;
use crate::kept_answers::render_json;
use crate::problem::Problem;
use crate::service::sessions::SignedInMember;
use crate::service::usage::{Spending, summary_start};
use crate::service::{auto_pay, cards, links, requests, top_ups, transactions, usage, wallet};
use crate::state::AppState;
use billing_domain::OrganizationId;

/// How often the figures are read again because the ledger moved meanwhile. On a wallet that is never still the usage
/// may then be a line ahead of the balance, as it is on every later change until the stream has sent it.
const TRIES: usize = 3;

/// The answer as JSON, kept for as long as nothing was committed, and for a moment at most.
pub(crate) async fn render_billing(state: &AppState, member: &SignedInMember) -> Result<Bytes, Problem> {
    let read = async || {
        // Read again: those who wait for this may have seen it change.
        let organization = state.store.organization(&member.organization.id).await?;
        let member = SignedInMember { organization, ..member.clone() };
        // On the heap, because the future is large.
        render_json(&Box::pin(get_billing(state, &member)).await?)
    };
    match &member.asked {
        Some(asked) => state.answers.billing.get(&member.token_hash, asked, read).await,
        None => read().await,
    }
}

pub(crate) async fn get_billing(state: &AppState, member: &SignedInMember) -> Result<Billing, Problem> {
    let organization = &member.organization;
    let now = state.clock.now();
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let today = calendar.date_of(now);
    let month = today.month();
    let (figures, spending) = read_settled_figures(state, &organization.id, summary_start(month), today).await?;
    // Not beyond the wallet's last line: whoever resumes the stream from there misses nothing and sees nothing twice.
    let last_seq = figures.last_seq;
    // Side by side, since each of them is a round trip and the first paint waits for the slowest.
    let (wallet, auto_pay, cards, usage, transactions, requests, open_top_ups, links) = tokio::try_join!(
        wallet::view_wallet(state, organization, figures, &spending, today, now),
        auto_pay::get_auto_pay(state, organization),
        cards::list_cards(state, &organization.id),
        usage::summarize_month(state, organization, &spending, month, today),
        transactions::first_page(state, &organization.id, last_seq),
        requests::open_requests(state, member),
        top_ups::open_top_ups(state, &organization.id),
        links::list_links(state, &organization.id),
    )?;
    Ok(Billing {
        wallet,
        auto_pay,
        cards: cards.items,
        limits: state.config.limits(organization.currency).into(),
        usage,
        transactions,
        links: links.items,
        requests,
        open_top_ups,
        today,
        as_of: now,
    })
}

/// Wallet and usage of the same moment of the ledger.
async fn read_settled_figures(
    state: &AppState,
    organization_id: &OrganizationId,
    from: billing_domain::Date,
    today: billing_domain::Date,
) -> Result<(billing_store::Wallet, Spending), Problem> {
    let mut before = wallet::read_figures(state, organization_id).await?;
    // No snapshot: the parts come from several services, and a ledger that stands still needs no second reading.
    for _ in 1..TRIES {
        let spending = Spending::read(state, organization_id, from, today).await?;
        let after = state.store.wallet(organization_id).await?;
        if after.last_seq == before.last_seq {
            return Ok((after, spending));
        }
        before = after;
    }
    Ok((before, Spending::read(state, organization_id, from, today).await?))
}
