//! The whole ledger in runs, so that somebody else than this server can recompute its hashes.

use billing_contract::transaction::LedgerRun;
use billing_store::Organization;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::{Problem, general_error};
use crate::state::AppState;
use crate::view::transaction::map_hashed;

/// Lines of an answer: about half a megabyte, which a browser reads without a noticeable pause.
const MOST: u32 = 1_000;

/// Where a run begins, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChainPlace {
    /// The `seq` of the last line that the caller has; 0, or left out, for the first run.
    after: Option<String>,
}

impl ChainPlace {
    fn check(&self) -> Result<i64, Problem> {
        let Some(text) = self.after.as_deref() else { return Ok(0) };
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| plain).ok_or_else(|| {
            Problem::invalid(vec![general_error(
                "/after",
                "not_a_seq",
                "Write the seq of a line, or 0 for the first run.",
            )])
        })
    }
}

/// `GET /transactions/chain`.
pub(crate) async fn read_run(
    state: &AppState,
    organization: &Organization,
    place: &ChainPlace,
) -> Result<LedgerRun, Problem> {
    let after = place.check()?;
    let store = state.store.costly();
    // Before the lines: none up to here may be missing from them.
    let last_seq = store.wallet(&organization.id).await?.last_seq;
    let lines = store.lines_after(&organization.id, after, MOST).await?;
    Ok(LedgerRun { items: lines.into_iter().map(map_hashed).collect(), last_seq })
}
