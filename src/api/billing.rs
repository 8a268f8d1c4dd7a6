//! What the Billing tab reads: all above the fold, a month of usage, a page of the ledger.

use billing_contract::history::WalletHistory;
use billing_contract::paths;
use billing_contract::statement::Statement;
use billing_contract::transaction::{LedgerRun, TransactionDetail, TransactionOutline, TransactionPage};
use billing_contract::usage::Usage;
use billing_domain::Month;

use super::ApiError;
use super::client::{ApiCall, Method, get};

pub(crate) use super::client::Progress;

/// `GET /wallet/history`: the last 30 days.
pub(crate) async fn fetch_history() -> Result<WalletHistory, ApiError> {
    get(paths::WALLET_HISTORY).answer().await
}

/// The endpoint is `GET /usage?month=`.
pub(crate) async fn fetch_usage(month: Month) -> Result<Usage, ApiError> {
    get(paths::USAGE).query(&format!("month={month}")).answer().await
}

/// Lines of a page of the ledger.
const PAGE: &str = "100";

/// `GET /transactions`, from the newest line on. `filter` is a query without its `?`.
pub(crate) async fn fetch_transactions(filter: &str) -> Result<TransactionPage, ApiError> {
    get(paths::TRANSACTIONS).query(&append_query(filter, &[("limit", PAGE)])).answer().await
}

/// `GET /transactions`, from the first line below this `seq` on.
pub(crate) async fn fetch_transactions_before(filter: &str, seq: i64) -> Result<TransactionPage, ApiError> {
    let query = append_query(filter, &[("limit", PAGE), ("before_seq", &seq.to_string())]);
    get(paths::TRANSACTIONS).query(&query).answer().await
}

/// `GET /transactions`: the line that occurred last on this date (`2026-11-14`) or before it.
pub(crate) async fn fetch_transactions_at(filter: &str, date: &str) -> Result<TransactionPage, ApiError> {
    get(paths::TRANSACTIONS).query(&append_query(filter, &[("limit", "1"), ("at", date)])).answer().await
}

/// The endpoint is `GET /transactions/outline`; `cursor` is that of the answer before.
pub(crate) async fn fetch_outline(filter: &str, cursor: Option<&str>) -> Result<TransactionOutline, ApiError> {
    let query = cursor.map_or_else(|| filter.to_owned(), |cursor| format!("{filter}&cursor={cursor}"));
    get(paths::TRANSACTIONS_OUTLINE).query(&query).answer().await
}

/// `GET /transactions/chain`: the lines behind this `seq`, oldest first.
pub(crate) async fn fetch_ledger_run(after: i64) -> Result<LedgerRun, ApiError> {
    get(paths::TRANSACTIONS_CHAIN).query(&format!("after={after}")).answer().await
}

/// The endpoint is `GET /transactions/{seq}`.
pub(crate) async fn fetch_transaction(seq: i64) -> Result<TransactionDetail, ApiError> {
    ApiCall::new(Method::GET, paths::TRANSACTION, &seq.to_string()).answer().await
}

/// The endpoint is `GET /statement?month=`.
pub(crate) async fn fetch_statement(month: Month) -> Result<Statement, ApiError> {
    get(paths::STATEMENT).query(&format!("month={month}")).answer().await
}

/// `GET /transactions.csv`: saves what is filtered as a file of this name, saying how far it has come.
pub(crate) async fn save_csv(
    filter: &str,
    name: &str,
    on_progress: impl Fn(Progress),
) -> Result<(Progress, String), ApiError> {
    get(paths::TRANSACTIONS_CSV).query(filter).save(name, on_progress).await
}

fn append_query(filter: &str, more: &[(&str, &str)]) -> String {
    let mut query = filter.to_owned();
    for (name, value) in more {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        paths::push_encoded(&mut query, value);
    }
    query
}
