//! What a SELECT list may do to a struct, and what it may not.

use billing_domain::{CardId, CardRef, Currency, Money, OrganizationId, Timestamp, TopUpId};
use sqlx::AssertSqlSafe;

use super::*;
use crate::db::args;
use crate::top_up::top_up_columns;
use crate::{IdempotencyKey, NewCard, NewOrganization, NewTopUp, Store, TopUp};

const NOW: Timestamp = Timestamp::from_seconds(1_795_521_600);

async fn store() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("billing.db").display());
    (Store::connect(&url).await.unwrap(), folder)
}

async fn top_up(store: &Store) -> TopUp {
    let organization = NewOrganization {
        id: OrganizationId::from_trusted("organization"),
        name: "Northwind Dental".to_owned(),
        address: String::new(),
        tax_id: String::new(),
        time_zone: "Europe/Berlin".to_owned(),
        currency: Currency::Usd,
        made_by_demo: false,
    };
    let organization = store.create_organization(&organization, NOW).await.unwrap();
    let card = NewCard {
        id: CardId::from_trusted("card"),
        provider: "sandbox".to_owned(),
        provider_ref: CardRef::from_trusted("card reference"),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2030,
        fingerprint: None,
    };
    let card = store.add_card(&organization.id, &card, NOW).await.unwrap();
    let new = NewTopUp {
        id: TopUpId::from_trusted("top-up"),
        amount: Money::from_micros(25_000_000),
        card_id: Some(card.id),
        requested_by: None,
        next_check_at: NOW.plus_seconds(60),
    };
    let key = IdempotencyKey { key: "key".to_owned(), fingerprint: "fingerprint".to_owned() };
    store.create_top_up(&organization.id, &new, &key, NOW).await.unwrap();
    store.top_up(&organization.id, &new.id).await.unwrap()
}

#[tokio::test]
async fn the_order_of_the_columns_means_nothing() {
    let (store, _folder) = store().await;
    let top_up = top_up(&store).await;
    let mut columns: Vec<_> = top_up_columns!().split(", ").collect();
    for turn in 0..columns.len() {
        columns.rotate_left(1);
        columns.swap(0, turn);
        let sql = format!("SELECT {} FROM top_ups", columns.join(", "));
        let row = store.db.first(AssertSqlSafe(sql), &[]).await.unwrap().unwrap();
        assert_eq!(TopUp::read(&row).unwrap(), top_up);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_an_error_that_names_its_column() {
    let (store, _folder) = store().await;
    let sql = "SELECT 2 AS flag, 'USX' AS currency, NULL AS absent, CAST(4000000000 AS BIGINT) AS day, '{' AS details";
    let row = store.db.first(sql, args![]).await.unwrap().unwrap();
    let fault = |result: Result<()>| match result {
        Err(StoreError::Corrupt(fault)) => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(row.get::<bool>("flag").map(drop)), "flag: 2 is no flag");
    assert_eq!(fault(row.get::<Currency>("currency").map(drop)), "currency: unknown name `USX`");
    assert_eq!(fault(row.get::<Option<Date>>("day").map(drop)), "day: 4000000000 is no day");
    assert!(fault(row.get::<BTreeMap<String, String>>("details").map(drop)).starts_with("details: "));
    assert_eq!(row.get::<Option<Currency>>("absent").unwrap(), None);
    assert_eq!(fault(row.get::<String>("absent").map(drop)), "absent: no value");
    assert!(row.get::<i64>("elsewhere").is_err(), "there is no such column");
}
