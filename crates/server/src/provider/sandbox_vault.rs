//! The sandbox bank's books in the server's database: what the bank did survives a crash of the wallet.

use async_trait::async_trait;
use billing_payments::sandbox::{Drawer, Record, SandboxVault, VaultError};
use billing_store::{SandboxKey, SandboxRecord, Store, StoreError};

/// Books in the store's own tables for the bank, which nothing else reads.
#[derive(Clone, Debug)]
pub(crate) struct StoreVault(pub(crate) Store);

fn to_record(SandboxRecord { version, body }: SandboxRecord) -> Record {
    Record { version, body }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn out_of_reach(error: StoreError) -> VaultError {
    VaultError(error.to_string())
}

#[async_trait]
impl SandboxVault for StoreVault {
    async fn read(&self, drawer: Drawer, key: &str) -> Result<Option<Record>, VaultError> {
        Ok(self.0.sandbox_read(SandboxKey { drawer: drawer.as_str(), key }).await.map_err(out_of_reach)?.map(to_record))
    }

    async fn write(&self, drawer: Drawer, key: &str, expected: i64, body: &str) -> Result<bool, VaultError> {
        self.0.sandbox_write(SandboxKey { drawer: drawer.as_str(), key }, expected, body).await.map_err(out_of_reach)
    }

    async fn all(&self, drawer: Drawer) -> Result<Vec<Record>, VaultError> {
        let records = self.0.sandbox_all(drawer.as_str()).await.map_err(out_of_reach)?;
        Ok(records.into_iter().map(to_record).collect())
    }
}
