//! The name of a wallet in its own rows.

/// The number of a wallet inside this database; it is known nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WalletId(i32);

impl WalletId {
    /// As it is stored.
    pub(crate) const fn number(self) -> i32 {
        self.0
    }

    /// As it was stored.
    pub(crate) const fn from_number(number: i32) -> Self {
        Self(number)
    }
}
