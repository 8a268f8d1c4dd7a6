//! Wallets in currencies with no, two and three decimals: whatever moves money does so to the smallest coin of each.

use billing_contract::paths;
use billing_domain::{Currency, Money, OrganizationId};
use serde_json::{Value, json};

use crate::auto_pay::settings;
use crate::client::{Answer, Client, send};
use crate::fixture::{Organization, World, now, organization_in};
use crate::money::{charges, connect, eventually, ledger, pay};
use crate::receipts;
use crate::wallets::{amount, assert_whole, lines, money, report, spend, usage};

on_both_databases!(
    a_top_up_and_its_refunds_move_whole_coins,
    limits_and_the_password_follow_the_currency,
    usage_and_grace_are_in_the_currency,
    automatic_payments_charge_whole_coins,
    a_link_charges_what_it_says,
    credits_statement_and_file_add_up,
);

/// How a currency is tested.
struct Case {
    currency: Currency,
    organization: Organization,
    owner: Client,
}

/// An amount that needs every decimal of the currency, how receipts write it, and in coins.
const fn odd(currency: Currency) -> (&'static str, &'static str, i64) {
    match currency {
        Currency::Jpy => ("1234", "1,234 JPY", 1_234),
        Currency::Kwd => ("1012.345", "1,012.345 KWD", 1_012_345),
        Currency::Eur => ("1012.34", "1,012.34 EUR", 101_234),
        _ => ("1012.34", "1,012.34 USD", 101_234),
    }
}

/// One coin of the currency.
const fn coin(currency: Currency) -> &'static str {
    match currency.exponent() {
        0 => "1",
        3 => "0.001",
        _ => "0.01",
    }
}

/// As much as so many dollars: a hundred times as much in yen.
fn scaled(currency: Currency, dollars: i32) -> String {
    (i64::from(dollars) * i64::from(currency.price_scale())).to_string()
}

fn scaled_money(currency: Currency, dollars: i32) -> Money {
    amount(&scaled(currency, dollars))
}

fn coins(money: Money, currency: Currency) -> i64 {
    money.to_minor_exact(currency).unwrap()
}

/// An organization in each currency, in one world.
async fn cases(world: &World) -> Vec<Case> {
    let mut cases = Vec::new();
    for currency in [Currency::Usd, Currency::Eur, Currency::Jpy, Currency::Kwd] {
        let organization = organization_in(&world.store, currency.code(), currency).await;
        let owner = world.sign_in(&organization.owner).await;
        connect(&owner, "pm_card_visa").await;
        cases.push(Case { currency, organization, owner });
    }
    cases
}

impl Case {
    fn id(&self) -> &OrganizationId {
        &self.organization.id
    }

    async fn wallet(&self) -> Value {
        self.owner.get("/api/v1/wallet").await.expect(200).json()
    }

    async fn balance(&self) -> Money {
        money(&self.wallet().await["balance"])
    }

    /// A program's request that needs a key.
    async fn post_as_platform(&self, world: &World, path: &str, key: &str, form: &Value) -> Answer {
        send(world.platform().request("POST", path).header("idempotency-key", key).json(form)).await
    }

    async fn give(&self, world: &World, key: &str, form: &Value) -> Answer {
        self.post_as_platform(world, &paths::fill_id(paths::ORGANIZATION_CREDITS, self.id().as_str()), key, form).await
    }
}

async fn a_top_up_and_its_refunds_move_whole_coins(world: World) {
    for case in &cases(&world).await {
        let (currency, (text, printed, in_coins)) = (case.currency, odd(case.currency));
        let too_fine = format!("{text}{}", if text.contains('.') { "5" } else { ".5" });
        let refused = pay(&case.owner, "k-fine", &too_fine).await.expect(422).json();
        assert_eq!(refused["errors"][0]["code"], "too_precise", "{currency}");
        let paid = pay(&case.owner, "k-1", text).await.expect(201).json();
        assert_eq!((&paid["currency"], money(&paid["amount"])), (&json!(currency.code()), amount(text)));
        let id = paid["id"].as_str().unwrap();
        let refund = |amount: Option<&str>| {
            let mut form = json!({"organization_id": case.id(), "top_up_id": id, "reason": "x"});
            form["amount"] = json!(amount);
            form
        };
        let fine = case.post_as_platform(&world, "/api/v1/refunds", "r-0", &refund(Some("0.0001"))).await.expect(422);
        assert_eq!(fine.json()["errors"][0]["code"], "too_precise", "{currency}");
        case.post_as_platform(&world, "/api/v1/refunds", "r-1", &refund(Some(coin(currency)))).await.expect(201);
        let receipt = case.owner.get(&format!("/api/v1/top-ups/{id}/receipt")).await.expect(200);
        let words = receipts::text(&receipt).await;
        assert!(words.contains(printed), "{printed} is not in {words}");
        case.post_as_platform(&world, "/api/v1/refunds", "r-2", &refund(None)).await.expect(201);
        let bank = charges(&world, case.id()).await;
        assert_eq!(bank.len(), 1, "{bank:?}");
        assert_eq!(bank[0]["request"]["currency"], currency.code(), "{bank:?}");
        assert_eq!(
            (&bank[0]["request"]["amount_minor"], &bank[0]["refunded_minor"]),
            (&json!(in_coins), &json!(in_coins))
        );
        let moved: Vec<_> =
            lines(&world, case.id()).await.iter().map(|line| coins(line.line.amount, currency)).collect();
        assert_eq!(moved, [in_coins, -1, 1 - in_coins], "{currency}");
        assert_eq!(case.balance().await, Money::ZERO);
        assert_whole(&world, case.id()).await;
    }
}

async fn limits_and_the_password_follow_the_currency(world: World) {
    let cases = cases(&world).await;
    for case in &cases {
        let currency = case.currency;
        let limits = case.owner.get("/api/v1/billing").await.expect(200).json()["limits"].clone();
        let (least, most) = (scaled_money(currency, 10), scaled_money(currency, 5_000));
        assert_eq!((money(&limits["min"]), money(&limits["max"])), (least, most), "{currency}");
        let one = amount(coin(currency));
        for (beyond, code) in [(least.checked_sub(one), "below_minimum"), (most.checked_add(one), "above_maximum")] {
            let beyond = beyond.unwrap().priced(currency).to_string();
            let refused = pay(&case.owner, "k-beyond", &beyond).await.expect(422).json();
            assert_eq!(refused["errors"][0]["code"], code, "{currency} {beyond}");
        }
    }
    // Long enough for nobody to be confirmed any more.
    world.advance_unconfirmed(3_600).await;
    for case in &cases {
        let limit = scaled_money(case.currency, 1_000);
        let above = limit.checked_add(amount(coin(case.currency))).unwrap().priced(case.currency).to_string();
        let refused = pay(&case.owner, "k-above", &above).await.expect(403);
        assert_eq!(refused.problem(), "confirmation_required", "{}", case.currency);
        pay(&case.owner, "k-limit", &scaled(case.currency, 1_000)).await.expect(201);
        assert_eq!(case.balance().await, limit);
    }
}

async fn usage_and_grace_are_in_the_currency(world: World) {
    for case in &cases(&world).await {
        let currency = case.currency;
        let promo = json!({"amount": scaled(currency, 10), "kind": "promo", "reason": "Welcome"});
        case.give(&world, "c-1", &promo).await.expect(201);
        // Prices are finer than coins in every currency, and nothing of them is lost.
        let mut event = usage("call-1", case.id(), "outbound_call", "0.0012");
        (event["quantity"], event["unit"]) = (json!("95"), json!("second"));
        assert_eq!(report(&world, &[event]).await[0]["amount"], "-0.114", "{currency}");
        let left = scaled_money(currency, 10).checked_sub(amount("0.114")).unwrap();
        assert_eq!(case.balance().await, left);
        let ask = |estimate: Money| json!({"organization_id": case.id(), "kind": "ai_task", "estimate": estimate.to_string(), "ttl_seconds": 1});
        let path = "/api/v1/metering/authorizations";
        let more = left.checked_add(Money::from_micros(1)).unwrap();
        let refused = world.platform().post(path, &ask(more)).await.expect(200).json();
        assert_eq!((&refused["allowed"], &refused["reason"]), (&json!(false), &json!("insufficient")), "{currency}");
        spend(&world, case.id(), &left.to_string()).await;
        let wallet = case.wallet().await;
        assert_eq!((&wallet["status"], &wallet["currency"]), (&json!("grace"), &json!(currency.code())));
        assert_eq!(money(&wallet["grace"]["floor"]), scaled_money(currency, -5), "{currency}");
        spend(&world, case.id(), &scaled(currency, 5)).await;
        assert_eq!(case.wallet().await["status"], "paused", "{currency}");
        let usage = case.owner.get("/api/v1/usage").await.expect(200).json();
        assert_eq!((&usage["currency"], money(&usage["total"])), (&json!(currency.code()), scaled_money(currency, 15)));
        case.give(&world, "c-2", &promo).await.expect(201);
        assert!(["low", "active"].contains(&case.wallet().await["status"].as_str().unwrap()), "{currency}");
        assert_whole(&world, case.id()).await;
    }
}

async fn automatic_payments_charge_whole_coins(world: World) {
    for case in &cases(&world).await {
        let currency = case.currency;
        pay(&case.owner, "k-1", &scaled(currency, 30)).await.expect(201);
        let form = json!({"enabled": true, "threshold": scaled(currency, 20), "monthly_cap": scaled(currency, 200),
            "refill": {"kind": "target", "balance": scaled(currency, 100)}});
        let (etag, shown) = settings(&case.owner).await;
        assert_eq!(shown["currency"], currency.code());
        send(case.owner.request("PUT", "/api/v1/auto-pay").header("if-match", etag).json(&form)).await.expect(200);
        // To the micro-unit below: what is charged is the next whole coin above the gap.
        let used = scaled_money(currency, 10).checked_add(Money::from_micros(1)).unwrap();
        spend(&world, case.id(), &used.to_string()).await;
        let target = scaled_money(currency, 100);
        eventually("the wallet is refilled", || async { (case.balance().await >= target).then_some(()) }).await;
        let over = case.balance().await.checked_sub(target).unwrap();
        assert!(over < amount(coin(currency)), "{currency}: {over} too much");
        let expected = coins(scaled_money(currency, 80), currency) + 1;
        let taken: Vec<_> = agreed_coins(&world, case).await;
        assert_eq!(taken, [coins(scaled_money(currency, 30), currency), expected], "{currency}");
        let (_, after) = settings(&case.owner).await;
        let spent = scaled_money(currency, 80).checked_add(amount(coin(currency))).unwrap();
        assert_eq!(money(&after["month"]["spent"]), spent);
        assert_eq!(money(&after["month"]["left"]), scaled_money(currency, 200).checked_sub(spent).unwrap());
        assert_whole(&world, case.id()).await;
    }
}

/// What the bank took, once the ledger says the same; the smaller amount first.
async fn agreed_coins(world: &World, case: &Case) -> Vec<i64> {
    let taken = eventually("bank and ledger agree", || async {
        let bank = charges(world, case.id()).await;
        let taken: Vec<_> = bank.iter().map(|charge| charge["request"]["amount_minor"].as_i64().unwrap()).collect();
        let credits = ledger(world, case.id()).await;
        let credits = credits.iter().filter(|line| ["top_up", "auto_top_up"].contains(&line["kind"].as_str().unwrap()));
        let credited: Vec<_> = credits.map(|line| coins(money(&line["amount"]), case.currency)).collect();
        (taken == credited).then_some(taken)
    })
    .await;
    let mut taken = taken;
    taken.sort_unstable();
    taken
}

async fn a_link_charges_what_it_says(world: World) {
    for case in &cases(&world).await {
        let (text, _, in_coins) = odd(case.currency);
        let fine = json!({"purpose": "pay", "amount": "1000.0001"});
        let refused = case.owner.post("/api/v1/payment-links", &fine).await.expect(422).json();
        assert_eq!(refused["errors"][0]["code"], "too_precise", "{}", case.currency);
        let form = json!({"purpose": "pay", "amount": text});
        let made = case.owner.post("/api/v1/payment-links", &form).await.expect(201).json();
        let token = made["url"].as_str().unwrap().split_once("/pay#").unwrap().1;
        let page = world.anonymous().post("/api/v1/pay/resolve", &json!({"token": token})).await.expect(200).json();
        assert_eq!((&page["currency"], money(&page["amount"])), (&json!(case.currency.code()), amount(text)));
        let card =
            json!({"token": token, "card_token": "pm_card_visa", "exp_month": 12, "exp_year": 2034, "consent": "v1"});
        let request = world.anonymous().request("POST", "/api/v1/pay/complete").header("idempotency-key", "k-1");
        let attempt = send(request.json(&card)).await.expect(201).json();
        assert_eq!((&attempt["status"], money(&attempt["amount"])), (&json!("succeeded"), amount(text)));
        assert_eq!(charges(&world, case.id()).await[0]["request"]["amount_minor"], in_coins);
        assert_eq!(case.balance().await, amount(text));
        assert_whole(&world, case.id()).await;
    }
}

async fn credits_statement_and_file_add_up(world: World) {
    let cases = cases(&world).await;
    for case in &cases {
        let currency = case.currency;
        let give = |amount: &str, kind: &str| json!({"amount": amount, "kind": kind, "reason": "Welcome"});
        let (text, _, _) = odd(currency);
        case.give(&world, "c-1", &give(text, "promo")).await.expect(201);
        let mut ending = give(&scaled(currency, 5), "promo");
        ending["expires_at"] = json!(now().plus_seconds(600).to_string());
        case.give(&world, "c-2", &ending).await.expect(201);
        case.give(&world, "c-3", &give(&format!("-{}", coin(currency)), "adjustment")).await.expect(201);
        let fine = case.give(&world, "c-4", &give("1.0001", "promo")).await.expect(422).json();
        assert_eq!(fine["errors"][0]["code"], "too_precise", "{currency}");
        spend(&world, case.id(), "0.000001").await;
    }
    world.advance(700).await;
    for case in &cases {
        let (currency, (text, _, _)) = (case.currency, odd(case.currency));
        // The usage was of the credit that ends, so that all of the other is left.
        let expected = amount(text).checked_sub(amount(coin(currency))).unwrap();
        eventually("the credit is taken back", || async { (case.balance().await == expected).then_some(()) }).await;
        let statement = case.owner.get("/api/v1/statement").await.expect(200).json();
        assert_eq!((&statement["currency"], money(&statement["closing_balance"])), (&json!(currency.code()), expected));
        let (came, went) = (money(&statement["money_in"]), money(&statement["money_out"]));
        assert_eq!(came.checked_sub(went.magnitude()), Some(expected), "{statement}");
        let file = case.owner.get("/api/v1/transactions.csv").await.expect(200).text();
        let mut reader = csv::Reader::from_reader(file.as_bytes());
        let headings = reader.headers().unwrap().clone();
        let column = |name: &str| headings.iter().position(|heading| heading == name).unwrap();
        let mut sum = Money::ZERO;
        for record in reader.records().map(Result::unwrap) {
            assert_eq!(&record[column("currency")], currency.code());
            let part = amount(&record[column("amount")]);
            let signed = if &record[column("direction")] == "out" { part.checked_neg().unwrap() } else { part };
            sum = sum.checked_add(signed).unwrap();
        }
        assert_eq!(sum, expected, "{file}");
        assert_whole(&world, case.id()).await;
    }
}
