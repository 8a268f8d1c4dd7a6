//! One posting inside a transaction: what is new is numbered, chained and summed while the wallet is locked.

use std::collections::HashMap;
use std::sync::Arc;

use billing_domain::ledger::Line;
use billing_domain::{Money, OrganizationId, Timestamp};

use super::archived::find_archived;
use super::remainder::Carried;
use super::rows::{self, FreshLine};
use super::{LineOutcome, NewLine, Origin, PostedLine, Posting};
use crate::db::Tx;
use crate::references::{ChainPosition, Committed};
use crate::wallet::Movement;
use crate::{Result, StoreError, Wallet, WalletStep, auto_pay, hold, step, usage, wallet};

/// Posts `lines` to one ledger. The inner error is a refusal that has written nothing, so that the transaction can go
/// on with other ledgers; after an outer error it must not be committed.
pub(crate) async fn post_in(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    lines: &[NewLine],
    now: Timestamp,
) -> Result<Result<Posting>> {
    if !lines.iter().all(is_storable) {
        // A refusal of this ledger alone: the transaction goes on with the others.
        return Ok(Err(StoreError::Unstorable));
    }
    let wallet = match wallet::lock_wallet(tx, organization_id).await {
        Err(StoreError::NotFound) => return Ok(Err(StoreError::NotFound)),
        other => other?,
    };
    // Under the lock: what is not found now cannot be posted by anybody else before the commit.
    let digests: Vec<_> = lines.iter().map(rows::digest_of).collect();
    let existing = rows::find_existing(tx, &wallet, lines, &digests).await?;
    let archived = if wallet.archived_seq > 0 { find_archived(tx, &wallet, lines).await? } else { HashMap::new() };
    let earlier = Earlier { existing, archived };
    let carried = Carried::read(tx, wallet.id, lines).await?;
    let plan = PostingPlan::new(&wallet, (lines, &digests), &earlier, carried, now);
    let Some((plan, sums)) = plan.and_then(|plan| PostingSums::of(&plan.fresh, now).map(|sums| (plan, sums))) else {
        return Ok(Err(StoreError::Overflow));
    };
    // Nothing fresh, nothing written: a report that is repeated as a whole costs reads only.
    let wallet = if plan.fresh.is_empty() { wallet } else { write_posting(tx, &wallet, &plan, &sums, now).await? };
    Ok(Ok(Posting { outcomes: plan.outcomes, wallet }))
}

/// What was posted before under the references of a posting.
struct Earlier {
    existing: HashMap<(Origin, String), PostedLine>,
    /// Of archived lines the answers, by the place of the line that is sent again.
    archived: HashMap<usize, LineOutcome>,
}

type Key<'l> = (Origin, &'l str);

/// What a posting will write and answer.
struct PostingPlan<'l> {
    outcomes: Vec<LineOutcome>,
    /// The lines to be written.
    fresh: Vec<FreshLine<'l>>,
    /// Sum of the fresh lines.
    amount: Money,
    /// What is carried after them.
    carried: Carried,
}

impl<'l> PostingPlan<'l> {
    /// `None`: the balance would leave its range.
    fn new(
        wallet: &Wallet,
        (lines, digests): (&'l [NewLine], &[Option<i64>]),
        Earlier { existing, archived }: &Earlier,
        carried: Carried,
        now: Timestamp,
    ) -> Option<Self> {
        let outcomes = Vec::with_capacity(lines.len());
        let mut plan = Self { outcomes, fresh: Vec::with_capacity(lines.len()), amount: Money::ZERO, carried };
        // The same reference may stand twice in one request, too.
        let mut seen: HashMap<Key<'_>, usize> = HashMap::with_capacity(lines.len());
        let (mut seq, mut balance, mut hash) = (wallet.last_seq, wallet.balance, wallet.last_hash);
        for (place, (new, digest)) in lines.iter().zip(digests).enumerate() {
            if let Some(outcome) = archived.get(&place) {
                plan.outcomes.push(outcome.clone());
                continue;
            }
            let key = (new.origin, new.reference.as_str());
            let earlier = match seen.get(&key) {
                Some(index) => Some(&*plan.fresh[*index].posted),
                // Nearly always nothing was posted before.
                None if existing.is_empty() => None,
                None => existing.get(&(new.origin, new.reference.clone())),
            };
            if let Some(earlier) = earlier {
                plan.outcomes.push(compare_lines(new, earlier));
                continue;
            }
            // Only fresh lines take a number, so that the sequence has no gap.
            seq = seq.checked_add(1)?;
            let amount = plan.carried.amount_of(new)?;
            balance = balance.checked_add(amount)?;
            plan.amount = plan.amount.checked_add(amount)?;
            let line = chain_line(wallet, new, seq, (amount, balance), now);
            // Chained in the order of `seq`: see docs/decisions/0002-hash-chained-ledger.md.
            hash = line.hash_after(hash);
            let posted = Arc::new(PostedLine { line, hash });
            seen.insert(key, plan.fresh.len());
            plan.outcomes.push(LineOutcome::Posted(Arc::clone(&posted)));
            plan.fresh.push(FreshLine { new, posted, digest: *digest });
        }
        // Whatever is captured, the available amount stays in its range too.
        balance.checked_sub(wallet.held).map(|_| plan)
    }
}

fn chain_line(
    wallet: &Wallet,
    new: &NewLine,
    seq: i64,
    (amount, balance_after): (Money, Money),
    now: Timestamp,
) -> Line {
    Line {
        organization_id: wallet.organization_id.clone(),
        seq,
        id: new.id.clone(),
        kind: new.kind,
        contra: new.contra.clone(),
        amount,
        balance_after,
        currency: wallet.currency,
        occurred_at: new.occurred_at,
        posted_at: now,
        description: new.description.clone(),
        source: new.source.clone(),
        quantity: new.quantity.clone(),
        unit: new.unit,
        unit_price: new.unit_price.clone(),
        reference: new.reference.clone(),
        corrects: new.corrects,
        details: new.details.clone(),
    }
}

/// A line that comes again is the same if all that the sender said is the same. Its id, hold and details are ours, and so
/// is the micro-unit that it took along.
fn compare_lines(new: &NewLine, earlier: &PostedLine) -> LineOutcome {
    let line = &earlier.line;
    // A line that took a carried micro-unit along is compared without it.
    let took_one = new.amount.checked_sub(Money::from_micros(1)).filter(|_| !new.part.is_zero());
    let same = new.kind == line.kind
        && new.contra == line.contra
        && (new.amount == line.amount || took_one == Some(line.amount))
        && new.occurred_at == line.occurred_at
        && new.description == line.description
        && new.source == line.source
        && new.quantity == line.quantity
        && new.unit == line.unit
        && new.unit_price == line.unit_price
        && new.corrects == line.corrects;
    if same {
        LineOutcome::Duplicate { seq: line.seq, amount: line.amount }
    } else {
        LineOutcome::Conflict { seq: line.seq }
    }
}

async fn write_posting(
    tx: &mut Tx,
    before: &Wallet,
    plan: &PostingPlan<'_>,
    sums: &PostingSums,
    now: Timestamp,
) -> Result<Wallet> {
    // `last` is also what the wallet's hash becomes.
    let Some(FreshLine { posted: last, .. }) = plan.fresh.last() else { return Ok(before.clone()) };
    let holds: Vec<_> = plan.fresh.iter().filter_map(|line| line.new.hold_id.as_ref()).collect();
    // Before the wallet: the money that they held is part of its movement.
    let captured = hold::capture_holds(tx, before.id, &holds).await?;
    let lines = i64::try_from(plan.fresh.len()).map_err(|_| StoreError::Overflow)?;
    let movement = Movement { amount: plan.amount, captured, lines, last_hash: last.hash };
    // The wallet before its lines: it refuses figures that are not those of the lock.
    let wallet = wallet::settle_wallet(tx, before, &movement, now).await?;
    rows::insert_lines(tx, before, &plan.fresh).await?;
    tx.note_posted(committed_lines(before, &plan.fresh, last));
    plan.carried.write(tx, before.id).await?;
    usage::add_sums(tx, before.id, &sums.spent).await?;
    step::add_to_step(tx, before.id, &sums.moved).await?;
    // Last, because it compares the wallet before with the wallet after.
    auto_pay::after_posting(tx, before, &wallet, posting_contents(plan), now).await?;
    Ok(wallet)
}

/// What the filter of references has to know of these lines.
fn committed_lines(before: &Wallet, fresh: &rows::Fresh<'_>, last: &PostedLine) -> Committed {
    let digests = fresh.iter().filter_map(|line| line.digest.map(|digest| (line.posted.line.seq, digest)));
    Committed {
        wallet: before.id,
        before: ChainPosition { seq: before.last_seq, hash: before.last_hash },
        after: ChainPosition { seq: last.line.seq, hash: last.hash },
        digests: digests.collect(),
    }
}

fn posting_contents(plan: &PostingPlan<'_>) -> auto_pay::PostingContents {
    let mut posted = auto_pay::PostingContents::default();
    for FreshLine { posted: fresh, .. } in &plan.fresh {
        let usage = fresh.line.kind.usage().is_some();
        posted.uses |= usage;
        // Money that goes out without usage: a refund, a dispute, a correction.
        posted.reverses |= !usage && fresh.line.amount.is_negative();
    }
    posted
}

/// What the new lines add to the sums beside the ledger.
struct PostingSums {
    /// Usage by day, kind and source.
    spent: usage::Spent,
    moved: WalletStep,
}

impl PostingSums {
    /// `None`: a sum would leave its range.
    fn of(fresh: &[FreshLine<'_>], now: Timestamp) -> Option<Self> {
        let mut spent = usage::Spent::new();
        let mut moved = WalletStep { step: step::step_of(now), ..WalletStep::default() };
        for FreshLine { new, posted, .. } in fresh {
            let line = &posted.line;
            if let Some(kind) = line.kind.usage() {
                usage::count_line(&mut spent, new.day, kind, &line.source, line.amount)?;
            }
            moved.count(line.kind, line.amount)?;
        }
        // So are those of the days, of all sources together.
        Money::checked_sum(spent.values().map(|(amount, _)| *amount))?;
        Some(Self { spent, moved })
    }
}

/// PostgreSQL cannot hold NUL in text; one bad line must not spoil the postings of others in the same transaction.
fn is_storable(line: &NewLine) -> bool {
    let texts = [&line.reference, &line.contra, &line.description, &line.source];
    let optional = [&line.quantity, &line.unit_price];
    let mut all = texts.into_iter().chain(optional.into_iter().flatten());
    // Details are stored as JSON, which writes NUL as an escape.
    all.all(|text| !text.contains('\0'))
}
