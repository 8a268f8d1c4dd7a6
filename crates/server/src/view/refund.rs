//! A refund as the platform reads it.

use billing_contract::refund::Refund as RefundView;
use billing_store::Refund;

pub(crate) fn map_refund(refund: Refund) -> RefundView {
    RefundView {
        id: refund.id.into(),
        top_up_id: refund.top_up_id.into(),
        status: refund.status,
        amount: refund.amount,
        currency: refund.currency,
        reason: refund.reason,
        created_at: refund.created_at,
        settled_at: refund.settled_at,
    }
}
