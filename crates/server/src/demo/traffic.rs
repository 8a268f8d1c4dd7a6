//! Keeps the demo organization at work, as the AI platform would: it asks whether work may start, then reports it.

use std::net::Ipv4Addr;
use std::time::Duration;

use billing_contract::Entered;
use billing_contract::metering::{Authorization, Authorize};

use super::agents::AGENTS;
use crate::auth::keys::KeyHolder;
use crate::problem::Problem;
use crate::random::Random;
use crate::service::metering::authorization;
use crate::service::postings::{self, Report, UsageLine};
use crate::state::AppState;
use billing_domain::{HoldId, OrganizationId, TransactionId};

/// Milliseconds between two pieces of work.
const PAUSE: (u32, u32) = (2_000, 6_000);
const ESTIMATE: &str = "0.50";
const HOLD_SECONDS: i64 = 600;

/// Works until the server stops.
pub(crate) async fn run_traffic(state: AppState, organization_id: OrganizationId) {
    let mut random = Random::seeded(state.clock.now().micros().unsigned_abs());
    loop {
        let pause = Duration::from_millis(random.between(PAUSE.0, PAUSE.1).into());
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(problem) = do_work(&state, &organization_id, &mut random).await {
            tracing::warn!(problem = problem.document().detail, "the demo's traffic could not be posted");
        }
    }
}

/// One piece of work by whoever is free; nothing if the wallet does not allow it.
async fn do_work(state: &AppState, organization_id: &OrganizationId, random: &mut Random) -> Result<(), Problem> {
    let Some(agent) = random.pick(AGENTS) else { return Ok(()) };
    let form = Authorize {
        organization_id: organization_id.to_string(),
        kind: agent.kind,
        estimate: Entered(Some(ESTIMATE.to_owned())),
        ttl_seconds: HOLD_SECONDS,
    };
    let holder = KeyHolder::root(Ipv4Addr::LOCALHOST.into());
    let hold_id = match authorization::authorize_work(state, &holder, &form).await? {
        Authorization::Allowed { hold_id, .. } => HoldId::from_trusted(hold_id),
        Authorization::Refused { reason, .. } => {
            tracing::debug!(agent = agent.name, %reason, "the demo's agents may not work");
            return Ok(());
        }
    };
    let now = state.clock.now();
    let reference = format!("live-{}", state.new_id::<TransactionId>()?);
    let Some(line) = agent.work(reference, now, random) else { return Ok(()) };
    // It has just ended, however long it took.
    let line = UsageLine { occurred_at: now, hold_id: Some(hold_id), ..line };
    let organization = state.store.organization(organization_id).await?;
    postings::post_reports(state, vec![Report { organization, lines: vec![line] }]).await?;
    Ok(())
}
