//! Requests: a member asks the admins for money in the wallet.

use billing_domain::{Money, Timestamp};

use crate::{Result, Store};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Nobody answered yet.
    Open,
    /// An admin said yes.
    Approved,
    /// An admin said no.
    Declined,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// UUIDv7.
    pub id: String,
    /// Whose wallet.
    pub organization_id: String,
    /// Who asks, UUIDv7.
    pub user_id: String,
    /// Who asks, by name.
    pub user_name: String,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub state: RequestState,
    /// The admin's word.
    pub answer: Option<String>,
    /// Which admin.
    pub decided_by: Option<String>,
    /// The top-up that followed.
    pub top_up_id: Option<String>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered.
    pub decided_at: Option<Timestamp>,
}

/// A request to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// UUIDv7.
    pub id: String,
    /// A member (`NotFound`).
    pub user_id: String,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
}

/// An admin's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Yes or no.
    pub approved: bool,
    /// A word for the member.
    pub answer: Option<String>,
    /// Which admin, UUIDv7.
    pub decided_by: String,
    /// The top-up that was begun with the approval.
    pub top_up_id: Option<String>,
}

impl Store {
    /// Writes a request down.
    pub async fn create_request(&self, organization_id: &str, new: &NewRequest, now: Timestamp) -> Result<Request> {
        todo!()
    }

    /// The requests, newest first: all, or those of one user.
    pub async fn requests(&self, organization_id: &str, user_id: Option<&str>, limit: u32) -> Result<Vec<Request>> {
        todo!()
    }

    /// One request, or `NotFound`.
    pub async fn request(&self, organization_id: &str, id: &str) -> Result<Request> {
        todo!()
    }

    /// Answers an open request; `Stale` when somebody was faster.
    pub async fn decide_request(
        &self,
        organization_id: &str,
        id: &str,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<Request> {
        todo!()
    }
}
