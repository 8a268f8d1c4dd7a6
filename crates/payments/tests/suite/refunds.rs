//! Giving money back.

use billing_domain::{Currency, PaymentRef};
use billing_payments::{ChargeRequest, ProviderError, Reference, RefundOutcome, RefundRequest};

use crate::bench::{Kind, TestBank, charge, connect};

fn refund(charge: &ChargeRequest, payment: Option<&PaymentRef>, id: &str, amount_minor: i64) -> RefundRequest {
    RefundRequest {
        reference: Reference::refund(id, 1),
        charge: charge.reference.clone(),
        charge_provider_ref: payment.cloned(),
        amount_minor,
        currency: Currency::Usd,
    }
}

pub(crate) async fn a_refund_happens_once_and_never_exceeds_the_charge(bench: &dyn TestBank) {
    let card = connect(bench, Kind::Good).await;
    let charged = charge(&card, "refunded");
    let name = bench.provider().charge(&charged).await.unwrap().provider_ref;
    let first = refund(&charged, name.as_ref(), "first", 1_500);
    assert_eq!(bench.provider().look_up_refund(&first).await, Ok(None));
    let answer = bench.provider().refund(&first).await.unwrap();
    assert_eq!(answer.outcome, RefundOutcome::Succeeded);
    assert_eq!(bench.provider().refund(&first).await.unwrap(), answer);
    assert_eq!(bench.provider().look_up_refund(&first).await, Ok(Some(answer)));
    assert_eq!(bench.taken(&charged.reference).await, (1_000, 1));
    let too_much = refund(&charged, name.as_ref(), "second", 1_001);
    assert!(matches!(bench.provider().refund(&too_much).await, Err(ProviderError::Refused(_))));
    let other = refund(&charged, name.as_ref(), "first", 1);
    assert_eq!(bench.provider().refund(&other).await, Err(ProviderError::ReferenceReused));
    bench.provider().refund(&refund(&charged, name.as_ref(), "rest", 1_000)).await.unwrap();
    assert_eq!(bench.taken(&charged.reference).await, (0, 1));
}

pub(crate) async fn an_unsettled_charge_cannot_be_refunded(bench: &dyn TestBank) {
    let card = connect(bench, Kind::ConfirmedEveryTime).await;
    let waiting = charge(&card, "waiting");
    let name = bench.provider().charge(&waiting).await.unwrap().provider_ref;
    let early = refund(&waiting, name.as_ref(), "early", 100);
    assert!(matches!(bench.provider().refund(&early).await, Err(ProviderError::Refused(_))));
    let never = charge(&card, "never");
    assert!(matches!(
        bench.provider().refund(&refund(&never, None, "none", 100)).await,
        Err(ProviderError::Refused(_))
    ));
}
