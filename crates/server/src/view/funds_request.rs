//! A request for funds, as the person who made it and those who answer it see it.

use billing_contract::request::{FundsRequest, FundsRequestState};
use billing_domain::Currency;
use billing_store::{Request, RequestState};

pub(crate) fn map_funds_request(request: Request, currency: Currency) -> FundsRequest {
    FundsRequest {
        id: request.id.into(),
        requested_by: request.user_name,
        amount: request.amount,
        currency,
        reason: request.reason,
        state: match request.state {
            RequestState::Open => FundsRequestState::Open,
            RequestState::Approved => FundsRequestState::Approved,
            RequestState::Declined => FundsRequestState::Declined,
        },
        answer: request.answer,
        created_at: request.created_at,
        decided_at: request.decided_at,
    }
}
