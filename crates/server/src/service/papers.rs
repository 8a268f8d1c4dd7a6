//! Issuing papers: what a paper says of buyer, seller and zone is written down with its number when it is first asked for,
//! and read from there ever after.
//!
//! When it is first asked for and not when the money arrives: until then there is no paper, and an organization may put its
//! name and address right; top-ups of older versions need nothing; and settlements of different organizations never wait
//! for each other's numbers.

use billing_domain::OrganizationId;
use billing_store::{IssuedDocument, NewDocument, PaperKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::Seller;
use crate::problem::Problem;
use crate::state::AppState;

/// Who sold, as an issued paper says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SellerFacts {
    pub(crate) name: String,
    /// Lines separated by `\n`; may be empty.
    pub(crate) address: String,
    /// Tax number; may be empty.
    pub(crate) tax_id: String,
}

impl SellerFacts {
    /// As it is configured now.
    pub(crate) fn of(seller: &Seller) -> Self {
        Self { name: seller.name.clone(), address: seller.address.clone(), tax_id: seller.tax_id.clone() }
    }
}

/// The series of a seller goes on when its address changes; who has a tax number is known by it, whatever its name.
fn number_series(seller: &Seller) -> String {
    if seller.tax_id.is_empty() { seller.name.clone() } else { format!("tax:{}", seller.tax_id) }
}

/// The paper about a subject with what it says; issued with `facts` if it is not yet.
/// See docs/decisions/0012-issued-documents.md.
pub(crate) async fn issued<T: Serialize + DeserializeOwned>(
    state: &AppState,
    organization_id: &OrganizationId,
    kind: PaperKind,
    subject: &str,
    facts: &T,
) -> Result<(IssuedDocument, T), Problem> {
    // Nearly always it is there already; then no transaction is begun.
    let paper = if let Some(paper) = state.store.paper(organization_id, kind, subject).await? {
        paper
    } else {
        let new = NewDocument {
            kind,
            subject: subject.to_owned(),
            seller: number_series(&state.config.seller),
            facts: serde_json::to_string(facts).map_err(Problem::internal)?,
        };
        state.store.issue_paper(organization_id, &new, state.clock.now()).await?
    };
    // What was issued is read back even when it was issued just now: both ways print the same.
    let facts = serde_json::from_str(&paper.facts).map_err(Problem::internal)?;
    Ok((paper, facts))
}

/// `R-000123`, `S-000012`.
pub(crate) fn paper_number(paper: &IssuedDocument) -> String {
    let letter = match paper.kind {
        PaperKind::Receipt => 'R',
        PaperKind::Statement => 'S',
    };
    format!("{letter}-{:06}", paper.number)
}
