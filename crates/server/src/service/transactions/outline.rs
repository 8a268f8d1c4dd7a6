//! Where each page of a filtered list begins, so that a scroll bar can lead to any place of it.

use billing_contract::transaction::TransactionOutline;
use billing_store::Organization;

use super::Search;
use crate::calendar::Calendar;
use crate::problem::Problem;
use crate::state::AppState;

/// Lines of a page.
const EVERY: u32 = 100;
/// Pages of an answer; two million lines are more than anybody scrolls through.
/// See docs/decisions/0066-history-positions.md.
const MOST: u32 = 20_000;

/// `GET /transactions/outline`. Lines that are posted meanwhile are not in it: it ends with `last_seq`.
pub(crate) async fn get_outline(
    state: &AppState,
    organization: &Organization,
    search: &Search,
) -> Result<TransactionOutline, Problem> {
    search.refuse_places()?;
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let wanted = search.check(&calendar)?;
    // The end is fixed first, so that lines posted meanwhile shift no page.
    let last_seq = state.store.wallet(&organization.id).await?.last_seq;
    let found = state.store.costly().outline(&organization.id, &wanted.filter, last_seq, EVERY, MOST).await?;
    Ok(TransactionOutline {
        last_seq,
        count: found.count,
        every: i64::from(EVERY),
        starts: found.starts,
        truncated: found.truncated,
    })
}
