//! Ledgers as they are after a year, posted through the store in large batches: what grows is measured on them.

use std::time::Instant;

use anyhow::{Context as _, Result};
use billing_domain::kind::Unit;
use billing_domain::pricing::Remainder;
use billing_domain::{Money, OrganizationId, TextMap, Timestamp, TransactionId, TransactionKind};
use billing_store::{NewLine, Origin, Store};

use crate::wallets::{create_wallet, current_time, new_id};

/// So long ago the first line was posted.
pub(crate) const SPAN_DAYS: i64 = 400;
/// A word that stands in one line near the ledger's beginning, where a search looks last.
pub(crate) const RARE_WORD: &str = "zanzibar";
/// The store's own largest transaction.
const BATCH: i64 = 4_000;
/// A short ledger is posted in as many moments as there are parts of days.
const FEWEST_BATCHES: i64 = 800;
const SOURCES: [&str; 4] = ["Agent Ava", "Agent Ben", "Agent Chloe", "Agent Dan"];
/// The organization that has the ledger, by its name.
const NAME: &str = "Growth";

/// A ledger of at least so many lines: the one that is there, filled up, or a new one.
pub(crate) async fn seed_ledger(url: &str, lines: i64) -> Result<OrganizationId> {
    let store = Store::connect(url).await.with_context(|| format!("{url} is of another version: delete it"))?;
    let start = current_time()?.plus_seconds(-SPAN_DAYS * 86_400);
    let id = match find_ledger(&store).await? {
        Some(id) => id,
        None => create_wallet(&store, NAME, start).await?,
    };
    fill_ledger(&store, &id, lines, start).await?;
    store.close().await;
    Ok(id)
}

async fn find_ledger(store: &Store) -> Result<Option<OrganizationId>> {
    for id in store.organization_ids().await? {
        if store.organization(&id).await?.name == NAME {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

#[expect(clippy::print_stdout, reason = "seeding takes minutes, and nobody looks at a silent terminal")]
async fn fill_ledger(store: &Store, id: &OrganizationId, lines: i64, start: Timestamp) -> Result<()> {
    let batch = BATCH.min(lines / FEWEST_BATCHES).max(1);
    let (begun, mut told) = (Instant::now(), 0);
    let mut seq = store.wallet(id).await?.last_seq;
    while seq < lines {
        let upto = (seq + batch).min(lines);
        let at = |line: i64| start.plus_seconds(SPAN_DAYS * 86_400 * line / lines);
        let new = (seq + 1..=upto).map(|line| new_line(line, at(line))).collect();
        store.post(id, new, at(upto)).await?;
        seq = upto;
        if begun.elapsed().as_secs() / 10 > told {
            told = begun.elapsed().as_secs() / 10;
            println!("  … {seq} of {lines} lines");
        }
    }
    Ok(())
}

fn new_line(line: i64, at: Timestamp) -> NewLine {
    let kind = kind_of(line);
    let (origin, amount, contra) = match kind {
        TransactionKind::TopUp | TransactionKind::AutoTopUp => (Origin::TopUp, 25_000_000, "processor:sandbox"),
        TransactionKind::Refund => (Origin::Refund, -5_000_000, "processor:sandbox"),
        TransactionKind::Dispute => (Origin::Dispute, -5_000_000, "processor:sandbox"),
        TransactionKind::Promo => (Origin::Promo, 5_000_000, "promo"),
        TransactionKind::Adjustment => (Origin::Adjustment, 1_000_000, "adjustment"),
        TransactionKind::OutboundCall | TransactionKind::InboundCall | TransactionKind::AiTask => {
            (Origin::Usage, -114_000, "")
        }
    };
    let usage = kind.usage().is_some();
    NewLine {
        id: TransactionId::from_trusted(new_id()),
        kind,
        origin,
        reference: format!("call-{line:010}"),
        contra: if usage { format!("revenue:{kind}") } else { contra.to_owned() },
        amount: Money::from_micros(amount),
        part: Remainder::ZERO,
        occurred_at: at,
        day: at.utc_date(),
        description: if line == 7 {
            "Call with the office in Zanzibar".to_owned()
        } else if usage {
            format!("Call with +1 415 555 {:04}", line % 10_000)
        } else {
            "Payment by card".to_owned()
        },
        source: SOURCES[usize::try_from(line).unwrap_or_default() % SOURCES.len()].to_owned(),
        quantity: usage.then(|| "95".to_owned()),
        unit: usage.then_some(Unit::Second),
        unit_price: usage.then(|| "0.0012".to_owned()),
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    }
}

/// Calls mostly; payments so often that the shortest ledger has a page of them; what is rare only at the beginning, where a list that is read from its end finds
/// it last.
fn kind_of(line: i64) -> TransactionKind {
    match line {
        2 => TransactionKind::Dispute,
        3 => TransactionKind::Refund,
        4 => TransactionKind::Adjustment,
        _ if line % 151 == 0 => TransactionKind::AutoTopUp,
        _ if line % 97 == 0 => TransactionKind::TopUp,
        _ => match line % 7 {
            0..4 => TransactionKind::OutboundCall,
            4..6 => TransactionKind::InboundCall,
            _ => TransactionKind::AiTask,
        },
    }
}
