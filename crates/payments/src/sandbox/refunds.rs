//! Giving money back at the sandbox bank: refunds live in their charge's record, so they can never exceed it.

use super::records::{ChargeRecord, RefundRecord, State};
use super::vault::Drawer;
use super::{Sandbox, refund_name};
use crate::provider::ProviderError;
use crate::refund::{RefundAnswer, RefundOutcome, RefundRequest};

impl Sandbox {
    pub(super) async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, ProviderError> {
        loop {
            let (version, mut record) = self.refunded_charge(request).await?;
            // The reference first: a repetition must not be measured by what is left now.
            if let Some(refund) = find_refund(&record, request) {
                return if refund.amount_minor == request.amount_minor {
                    Ok(to_answer(refund))
                } else {
                    Err(ProviderError::ReferenceReused)
                };
            }
            let left = record.request.amount_minor.saturating_sub(record.refunded_minor());
            if record.state != State::Done || record.request.currency != request.currency {
                return Err(ProviderError::Refused("the charge cannot be refunded".to_owned()));
            }
            if request.amount_minor <= 0 || request.amount_minor > left {
                return Err(ProviderError::Refused("more than is left of the charge".to_owned()));
            }
            let refund = RefundRecord {
                reference: request.reference.clone(),
                amount_minor: request.amount_minor,
                outcome: RefundOutcome::Succeeded,
            };
            record.refunds.push(refund.clone());
            // Of racing refunds the second reads again, and sees what the first has left.
            if self.write(Drawer::Charges, request.charge.as_str(), version, &record).await? {
                return Ok(to_answer(&refund));
            }
        }
    }

    pub(super) async fn look_up_refund(&self, request: &RefundRequest) -> Result<Option<RefundAnswer>, ProviderError> {
        let (_, record) = self.refunded_charge(request).await?;
        Ok(find_refund(&record, request).map(to_answer))
    }

    async fn refunded_charge(&self, request: &RefundRequest) -> Result<(i64, ChargeRecord), ProviderError> {
        self.read(Drawer::Charges, request.charge.as_str())
            .await?
            .ok_or_else(|| ProviderError::Refused("no such charge".to_owned()))
    }
}

fn find_refund<'a>(record: &'a ChargeRecord, request: &RefundRequest) -> Option<&'a RefundRecord> {
    record.refunds.iter().find(|refund| refund.reference == request.reference)
}

fn to_answer(refund: &RefundRecord) -> RefundAnswer {
    refund.answer(refund_name(&refund.reference))
}
