//! Who acts, as the audit log names them.

use billing_store::Actor;

use crate::service::sessions::{Confirmation, SignedInMember};

impl SignedInMember {
    /// This person in their session; the program where it acts in their name.
    pub(crate) fn actor(&self) -> Actor {
        match self.confirmation {
            Confirmation::ByProgram => Actor::system("demo"),
            Confirmation::At(_) => Actor {
                session: self.public_id(),
                address: self.address.map(|address| address.to_string()).unwrap_or_default(),
                ..Actor::user(&self.user.id, &self.user.name)
            },
        }
    }
}
