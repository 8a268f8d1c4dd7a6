//! Opening a database by its address.

use crate::Result;

/// A database of the product. Cheap to clone; all clones share their connections.
#[derive(Clone, Debug)]
pub struct Store {}

impl Store {
    /// Opens `sqlite:PATH` (made if it is not there) or `postgres://…` and brings its schema up to date. Several servers
    /// may do this at once. An unknown scheme is `UnknownScheme`; a schema of a newer program is `Schema`.
    pub async fn connect(url: &str) -> Result<Self> {
        todo!()
    }

    /// Whether the database answers: for `/readyz`.
    pub async fn ping(&self) -> Result<()> {
        todo!()
    }

    /// Closes all connections once their work is done.
    pub async fn close(&self) {
        todo!()
    }
}
