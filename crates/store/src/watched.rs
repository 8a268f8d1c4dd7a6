//! What open pages watch, of many organizations at a time.

use std::collections::HashMap;

use billing_domain::OrganizationId;
use sqlx::AssertSqlSafe;

use crate::auto_pay::auto_pay_columns;
use crate::db::{Arg, numbered_places, split_pieces};
use crate::wallet::wallet_columns;
use crate::{AutoPay, Result, Store, Wallet};

impl Store {
    /// These organizations' wallets with their automatic payments, in any order; one that does not exist is left out.
    pub async fn watched_wallets(&self, organization_ids: &[OrganizationId]) -> Result<Vec<(Wallet, AutoPay)>> {
        let mut found = Vec::with_capacity(organization_ids.len());
        for ids in split_pieces(organization_ids) {
            let args: Vec<_> = ids.iter().map(Arg::from).collect();
            let places = numbered_places(true, 1, 1, ids.len());
            let sql = format!("SELECT {} FROM auto_pay WHERE organization_id IN {places}", auto_pay_columns!());
            let mut auto_pays = HashMap::new();
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                let auto_pay = AutoPay::read(&row)?;
                auto_pays.insert(auto_pay.organization_id.clone(), auto_pay);
            }
            let sql = format!("SELECT {} FROM wallets WHERE organization_id IN {places}", wallet_columns!());
            for row in self.db.all(AssertSqlSafe(sql), &args).await? {
                let wallet = Wallet::read(&row)?;
                found.extend(auto_pays.remove(&wallet.organization_id).map(|auto_pay| (wallet, auto_pay)));
            }
        }
        Ok(found)
    }
}
