//! Keys that a database makes for itself, so that all servers on it have the same ones.

use billing_store::Store;

use crate::Failure;

/// The database's key of this name: 256 random bits in hex, made by whoever comes first.
pub(crate) async fn database_key(store: &Store, name: &str) -> Result<String, Failure> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| error.to_string())?;
    Ok(store.meta_or(name, &hex::encode(key)).await?)
}
