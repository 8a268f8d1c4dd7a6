//! Who did what in the organization.

use billing_contract::audit::AuditPage;
use billing_contract::paths;

use super::ApiError;
use super::client::{Progress, get};

/// Entries of one page.
const PAGE: &str = "limit=50";

/// `GET /audit`, newest first; the page that the cursor stands for.
pub(crate) async fn fetch_audit(cursor: Option<&str>) -> Result<AuditPage, ApiError> {
    let mut query = PAGE.to_owned();
    if let Some(cursor) = cursor {
        query.push_str("&cursor=");
        paths::push_encoded(&mut query, cursor);
    }
    get(paths::AUDIT).query(&query).answer().await
}

/// `GET /audit.csv`: saves all entries as a file of this name, unless the server says another one; which name it has.
pub(crate) async fn save_audit(name: &str) -> Result<String, ApiError> {
    get(paths::AUDIT_CSV).save(name, |_: Progress| ()).await.map(|(_, name)| name)
}
