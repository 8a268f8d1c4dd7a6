//! What the Billing tab reads: all above the fold, a month of usage, a page of the ledger.

use billing_contract::billing::Billing;
use billing_contract::history::WalletHistory;
use billing_contract::paths;
use billing_contract::transaction::TransactionPage;
use billing_contract::usage::Usage;
use billing_domain::Month;

use super::ApiError;
use super::client::get;

/// `GET /billing`.
pub(crate) async fn billing() -> Result<Billing, ApiError> {
    get(paths::BILLING).answer().await
}

/// `GET /wallet/history`: the last 30 days.
pub(crate) async fn history() -> Result<WalletHistory, ApiError> {
    get(paths::WALLET_HISTORY).answer().await
}

/// `GET /usage?month=`.
pub(crate) async fn usage(month: Month) -> Result<Usage, ApiError> {
    get(paths::USAGE).query(&format!("month={month}")).answer().await
}

/// `GET /transactions`. `filter` is a query without its `?`; `cursor` continues after an earlier page.
pub(crate) async fn transactions(filter: &str, cursor: Option<&str>) -> Result<TransactionPage, ApiError> {
    let mut query = filter.to_owned();
    let mut add = |name: &str, value: &str| {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        paths::push_encoded(&mut query, value);
    };
    add("limit=", "50");
    if let Some(cursor) = cursor {
        add("cursor=", cursor);
    }
    get(paths::TRANSACTIONS).query(&query).answer().await
}
