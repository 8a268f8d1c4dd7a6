//! Receipts: what a paid top-up came to, drawn as a PDF. What it says of buyer, seller, zone and payment is written down
//! when it is issued, at its first drawing; what was given back since then is added from the refunds.

mod wording;
mod zone;

use billing_contract::ProblemCode;
use billing_domain::charge::TopUpStatus;
use billing_domain::{OrganizationId, TopUpId};
use billing_receipt::Paper;
use billing_store::{PaperKind, StoreError};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::wording::{Issued, compose_receipt};
use crate::calendar::Calendar;
use crate::message::UserMessage;
use crate::problem::Problem;
use crate::service::papers;
use crate::state::AppState;

/// Refunds that are listed one by one; more of them are one line.
const LISTED_REFUNDS: u32 = 200;

/// How it is printed, as it stands in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Print {
    /// What is usual in the organization's time zone when left out.
    #[param(inline)]
    pub(crate) paper: Option<PaperName>,
    /// The session that the address was drawn for, by its `id`.
    #[serde(default)]
    pub(crate) session: Option<String>,
}

/// A paper by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaperName {
    /// 210 × 297 mm.
    A4,
    /// 8.5 × 11 inches.
    Letter,
}

/// The receipt of a paid top-up, as a PDF, and its number. `not_found` for ids of others, `conflict` while it is not paid.
pub(crate) async fn render_receipt(
    state: &AppState,
    organization_id: &OrganizationId,
    top_up_id: &TopUpId,
    paper: Option<PaperName>,
) -> Result<(Vec<u8>, String), Problem> {
    let top_up = state.store.top_up(organization_id, top_up_id).await?;
    // Nothing was bought before the money arrived.
    if top_up.status != TopUpStatus::Succeeded {
        return Err(Problem::new(ProblemCode::Conflict, not_paid(top_up.status)));
    }
    let organization = state.store.organization(organization_id).await?;
    let payment = match state.store.payment(organization_id, top_up_id, LISTED_REFUNDS).await {
        Err(StoreError::NotFound) => return Err(Problem::internal("a settled top-up has no credit")),
        payment => payment?,
    };
    let now = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    // Composed even if one was issued: cheap, and the issued facts win.
    let facts = Issued::of(&organization, &state.config.seller, &top_up, payment.paid, &now);
    let (issued, facts) =
        // Frozen at the first request: docs/decisions/0012-issued-documents.md.
        papers::issued(state, organization_id, PaperKind::Receipt, top_up_id.as_str(), &facts).await?;
    let number = papers::paper_number(&issued);
    let calendar = Calendar::of(&facts.time_zone).map_err(Problem::internal)?;
    let paper = match paper {
        Some(PaperName::A4) => Paper::A4,
        Some(PaperName::Letter) => Paper::Letter,
        // Letter or A4 by zone: docs/decisions/0013-receipt-paper-size.md.
        None => zone::usual_paper_size(&facts.time_zone),
    };
    // Cannot happen, since the store refuses it; a receipt that does not add up is never printed.
    let receipt = compose_receipt(&number, &facts, &payment, top_up.currency, &calendar)
        .ok_or_else(|| Problem::internal("more was given back than was paid"))?;
    Ok((state.receipt_renderer.render(receipt, paper).await?, number))
}

fn not_paid(status: TopUpStatus) -> UserMessage {
    match status {
        TopUpStatus::Declined => UserMessage::receipt_declined(),
        TopUpStatus::Expired => UserMessage::receipt_expired(),
        _ => UserMessage::receipt_not_paid(),
    }
}
