//! The customer objects: one for each organization, made once and kept in a book, since nothing else finds them again.

use billing_domain::{CustomerRef, OrganizationId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::Stripe;
use super::client::Reply;
use super::form::Form;
use crate::provider::ProviderError;

/// The book could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the book of customers is out of reach: {0}")]
pub struct BookError(pub String);

/// Which customer at Stripe stands for which organization; of one account and mode.
#[async_trait]
pub trait CustomerBook: Send + Sync {
    /// The customer of an organization, if one was noted.
    async fn find(&self, organization: &OrganizationId) -> Result<Option<CustomerRef>, BookError>;

    /// Notes a customer, unless another one was noted before; answers the one that stands.
    async fn keep(&self, organization: &OrganizationId, customer: &CustomerRef) -> Result<CustomerRef, BookError>;
}

/// A book that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryBook(Mutex<HashMap<OrganizationId, CustomerRef>>);

#[async_trait]
impl CustomerBook for MemoryBook {
    async fn find(&self, organization: &OrganizationId) -> Result<Option<CustomerRef>, BookError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(organization).cloned())
    }

    async fn keep(&self, organization: &OrganizationId, customer: &CustomerRef) -> Result<CustomerRef, BookError> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(book.entry(organization.clone()).or_insert_with(|| customer.clone()).clone())
    }
}

/// A write whose confirmation is missing may have happened, and so may what would follow.
#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn out_of_reach(error: BookError) -> ProviderError {
    tracing::warn!(%error, "customers of the payment provider");
    ProviderError::NoAnswer
}

impl Stripe {
    /// The customer of an organization, made at the first need.
    /// See docs/decisions/0019-stripe-customers.md.
    pub(super) async fn customer(&self, organization: &OrganizationId) -> Result<CustomerRef, ProviderError> {
        if let Some(known) = self.book.find(organization).await.map_err(out_of_reach)? {
            return Ok(known);
        }
        // Nothing but the organization: a name that changes would make the repetition a different request.
        let form = Form::default().with("metadata[organization_id]", organization);
        // A key of its own, so that two servers at once make one customer.
        let reply = self.client.post("/v1/customers", &form, &format!("cus:{organization}")).await?;
        let Reply::Object { object, .. } = reply else { return Err(ProviderError::NoAnswer) };
        let ours = object.metadata("organization_id") == Some(organization.as_str())
            && object.flag("livemode") == Some(self.live);
        if !ours {
            tracing::error!(%organization, "the payment provider answered with somebody else's customer");
            return Err(ProviderError::NoAnswer);
        }
        self.book.keep(organization, &object.own_reference()?).await.map_err(out_of_reach)
    }
}
