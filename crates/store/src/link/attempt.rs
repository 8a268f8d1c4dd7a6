//! Using a link: a card is set up, then, if the link asks for money, charged. Each step commits with what it means for
//! the link, so that of two people one succeeds, and a crash in between is gone on from.

use billing_domain::auto_pay::health::HealthEvent;
use billing_domain::charge::{TopUpKind, TopUpStatus};
use billing_domain::link::{MAX_DECLINES, MAX_TRIES};
use billing_domain::{CardSetupId, LinkId, Money, OrganizationId, Timestamp, TopUpId};

use super::{PaymentLink, find_link};
use crate::auto_pay::AutoPayUpdate;
use crate::card_setup::{self, SetupStatus};
use crate::db::{Tx, args, retrying};
use crate::idempotency::{self, Claim, Kept};
use crate::notice::{self, Added};
use crate::top_up::{TopUp, creating};
use crate::{
    Actor, Card, CardSetup, Created, IdempotencyKey, NewCardSetup, NewTopUp, Result, SetupResult, Store, StoreError,
    auto_pay, card, wallet,
};

/// Why a link cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// It is used, expired, taken back, or was tried too often.
    Dead,
    /// Somebody is using it at this moment.
    Busy,
    /// It charges another sum than the payer has seen.
    ChargeChanged,
}

/// What a link charges at once, as the payer saw it and as it is now; `None`: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedCharge {
    /// What the payer has agreed to.
    pub seen: Option<Money>,
    /// What the link would charge at this moment.
    pub due: Option<Money>,
}

/// The top-up that follows a set-up where the link asks for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCharge {
    /// UUIDv7, made by the caller.
    pub top_up_id: TopUpId,
    /// From then on a worker may take it over.
    pub next_check_at: Timestamp,
}

/// The effect of a provider's answer on a set-up that belongs to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkApplied {
    /// As it is now.
    pub setup: CardSetup,
    /// The card that is connected now.
    pub connected: Option<Card>,
    /// The top-up that was written down and has to be reconciled.
    pub top_up: Option<TopUp>,
    /// A card that nobody needs any more: the provider may forget it.
    pub forget: Option<Card>,
}

impl Store {
    /// Begins to use a link, at most once for a key, and not while somebody else is at it. Never answers
    /// `Created::Blocked`.
    /// See docs/decisions/0027-link-attempts-are-card-setups.md.
    pub async fn begin_link_attempt(
        &self,
        link: &PaymentLink,
        new: &NewCardSetup,
        key: &IdempotencyKey,
        charge: ExpectedCharge,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<CardSetup>, LinkRefusal>> {
        retrying!("begin_link_attempt", self.begin_link_attempt_once(link, new, key, charge, now))
    }

    /// Applies the provider's answer to a link's set-up. A success connects the card and completes the link, or writes
    /// the top-up down that the link asks for. A finished set-up stays as it is, and so does the link.
    /// See docs/decisions/0027-link-attempts-are-card-setups.md.
    pub async fn apply_link_setup(
        &self,
        organization_id: &OrganizationId,
        id: &CardSetupId,
        update: &SetupResult,
        charge: &LinkCharge,
        now: Timestamp,
    ) -> Result<LinkApplied> {
        retrying!("apply_link_setup", organization_id => self.apply_link_setup_once(organization_id, id, update, charge, now))
    }

    /// The set-up by which somebody is using a link at this moment, if somebody is.
    pub async fn open_link_setup(&self, link: &PaymentLink) -> Result<Option<CardSetup>> {
        // The same condition as the partial unique index that allows one open set-up a link.
        let sql = "SELECT id FROM card_setups WHERE link_id = $1 AND status IN ('pending', 'action_required')";
        match self.db.first(sql, args![&link.id]).await? {
            Some(row) => self.card_setup(&link.organization_id, &row.get("id")?).await.map(Some),
            None => Ok(None),
        }
    }

    /// The top-up that followed this set-up of a link.
    pub async fn top_up_of_setup(&self, setup: &CardSetup) -> Result<Option<TopUp>> {
        let (Some(link_id), Some(card_id)) = (&setup.link_id, &setup.card_id) else { return Ok(None) };
        // The card of such a set-up is hidden and charged for its link only, so this is its top-up.
        let sql = "SELECT id FROM top_ups WHERE link_id = $1 AND card_id = $2";
        match self.db.first(sql, args![link_id, card_id]).await? {
            Some(row) => self.top_up(&setup.organization_id, &row.get("id")?).await.map(Some),
            None => Ok(None),
        }
    }

    async fn begin_link_attempt_once(
        &self,
        link: &PaymentLink,
        new: &NewCardSetup,
        key: &IdempotencyKey,
        charge: ExpectedCharge,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<CardSetup>, LinkRefusal>> {
        let mut tx = self.db.begin().await?;
        let organization_id = &link.organization_id;
        // Under the wallet's lock, as every change of a link: of two people one comes first.
        wallet::lock_wallet(&mut tx, organization_id).await?;
        // The key first: who repeats the request gets the attempt, whatever has become of the link.
        match idempotency::claim_key(&mut tx, organization_id, key, &new.id, Kept::ForEver, now).await? {
            Claim::New => {}
            Claim::Reused => return Ok(Ok(Created::Reused)),
            Claim::Replay(id) => {
                let setup = card_setup::find_setup(&mut tx, organization_id, &id).await?;
                return Ok(Ok(Created::Replay(setup)));
            }
        }
        // Read again under the lock: it may have been used or revoked since it was shown.
        let present = find_link(&mut tx, organization_id, &link.id).await?;
        if !present.state(now).is_alive() {
            return Ok(Err(LinkRefusal::Dead));
        }
        // One at a time: two cards for one link would both be charged.
        if is_in_use(&mut tx, &link.id).await? {
            return Ok(Err(LinkRefusal::Busy));
        }
        // The payer agreed to a sum; another one needs another look. See docs/decisions/0080-expected-charge.md.
        if charge.seen != charge.due {
            return Ok(Err(LinkRefusal::ChargeChanged));
        }
        // Stopped for good, so that whoever has the link cannot go on trying cards.
        if present.tries >= MAX_TRIES {
            stop_attempt(&mut tx, &link.id, now).await?;
            tx.commit().await?;
            return Ok(Err(LinkRefusal::Dead));
        }
        // Counted before the bank is asked: an attempt that crashes counts, too.
        let sql = "UPDATE payment_links SET tries = tries + 1, opened_at = COALESCE(opened_at, $2) WHERE id = $1";
        tx.execute(sql, args![&link.id, now]).await?;
        let setup = card_setup::insert_setup(&mut tx, organization_id, new, Some(&link.id), charge.seen, now).await?;
        tx.commit().await?;
        Ok(Ok(Created::New(setup)))
    }

    async fn apply_link_setup_once(
        &self,
        organization_id: &OrganizationId,
        id: &CardSetupId,
        update: &SetupResult,
        charge: &LinkCharge,
        now: Timestamp,
    ) -> Result<LinkApplied> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        let before = card_setup::find_setup(&mut tx, organization_id, id).await?;
        let link_id = before.link_id.as_ref().ok_or(StoreError::NotFound)?;
        let link = find_link(&mut tx, organization_id, link_id).await?;
        let unchanged = |setup| LinkApplied { setup, connected: None, top_up: None, forget: None };
        // Whatever comes after the end, the first answer to it stands.
        if matches!(before.status, SetupStatus::Succeeded | SetupStatus::Failed) {
            tx.rollback().await?;
            return Ok(unchanged(before));
        }
        let SetupResult::Succeeded { card: new, .. } = update else {
            // Only the bank's refusals count: who gives up has tried no number.
            if let SetupResult::Failed { decline_code: Some(_) } = update {
                count_decline(&mut tx, &link.id, now).await?;
            }
            let setup = card_setup::advance_setup(&mut tx, id, update, None, now).await?;
            tx.commit().await?;
            return Ok(unchanged(setup));
        };
        // Whoever began in time may finish; taken back meanwhile is taken back, by hand or with its maker's role.
        let alive = link.completed_at.is_none() && link.revoked_at.is_none() && link.maker_manages;
        if !alive {
            let abandoned = SetupResult::Failed { decline_code: None };
            // Written down, so that the provider's name is known when the card is forgotten there.
            let forgotten = card::add_hidden(&mut tx, organization_id, new, now).await?;
            let setup = card_setup::advance_setup(&mut tx, id, &abandoned, None, now).await?;
            tx.commit().await?;
            return Ok(LinkApplied { forget: Some(forgotten), ..unchanged(setup) });
        }
        // Where somebody has switched automatic payments on meanwhile, the link does not, and its first payment is theirs.
        let first_payment = before.charge.filter(|_| link.settings.is_some());
        let due = match link.amount.or(first_payment) {
            Some(amount)
                if link.amount.is_some() || !auto_pay::find_auto_pay(&mut tx, organization_id).await?.enabled =>
            {
                Some(amount)
            }
            _ => None,
        };
        let applied = match due {
            None => {
                let card = card::insert_connected(&mut tx, organization_id, new, now).await?;
                // The id is new only if the card is: a card that was connected already notifies nobody.
                if card.id == new.id {
                    notice::card_added(&mut tx, &card, Added::ByLink { made_by: &link.created_by_name }, now).await?;
                    card::append_added(&mut tx, &card, &link_holder(), now).await?;
                }
                let setup = card_setup::advance_setup(&mut tx, id, update, Some(&card), now).await?;
                complete_link(&mut tx, &link, Some(&card), None, now).await?;
                LinkApplied { connected: Some(card), ..unchanged(setup) }
            }
            Some(amount) => {
                // Nobody else may charge it: it is connected, if ever, once it has paid.
                let card = card::add_hidden(&mut tx, organization_id, new, now).await?;
                let setup = card_setup::advance_setup(&mut tx, id, update, Some(&card), now).await?;
                let new = top_up(charge, amount, &card);
                let top_up =
                    creating::insert_top_up(&mut tx, &wallet, TopUpKind::Manual, &new, &card, Some(&link.id), now)
                        .await?;
                LinkApplied { top_up: Some(top_up), ..unchanged(setup) }
            }
        };
        tx.commit().await?;
        Ok(applied)
    }
}

fn top_up(charge: &LinkCharge, amount: Money, card: &Card) -> NewTopUp {
    NewTopUp {
        id: charge.top_up_id.clone(),
        amount,
        card_id: Some(card.id.clone()),
        // The payer has no account.
        requested_by: None,
        next_check_at: charge.next_check_at,
    }
}

/// What the outcome of its charge means for a link, in the transaction that writes the outcome.
/// See docs/decisions/0029-revoke-during-payment.md.
pub(crate) async fn after_charge(tx: &mut Tx, top_up: &TopUp, now: Timestamp) -> Result<()> {
    let Some(link_id) = &top_up.link_id else { return Ok(()) };
    match top_up.status {
        TopUpStatus::Declined => count_decline(tx, link_id, now).await,
        TopUpStatus::Succeeded => {
            let link = find_link(tx, &top_up.organization_id, link_id).await?;
            // The money counts in any case; a link that was taken back meanwhile, or whose maker manages nothing any more,
            // connects nothing.
            // Read in this transaction: the role may have gone while the bank was thinking.
            let holds = link.revoked_at.is_none() && link.maker_manages;
            let card = if link.purpose.connects() && holds {
                let card = card::reveal_card(tx, &top_up.organization_id, &top_up.card_id).await?;
                notice::card_added(tx, &card, Added::ByLink { made_by: &link.created_by_name }, now).await?;
                card::append_added(tx, &card, &link_holder(), now).await?;
                Some(card)
            } else {
                None
            };
            // With or without its card the link is used up: it was paid.
            complete_link(tx, &link, card.as_ref(), Some(&top_up.id), now).await
        }
        _ => Ok(()),
    }
}

/// Whoever has the link has no name here.
fn link_holder() -> Actor {
    Actor::system("payment link")
}

async fn is_in_use(tx: &mut Tx, link_id: &LinkId) -> Result<bool> {
    // An open top-up keeps the link busy as well: its card may still be charged.
    let sql = "SELECT 1 FROM card_setups WHERE link_id = $1 AND status IN ('pending', 'action_required')
        UNION ALL SELECT 1 FROM top_ups WHERE link_id = $1
            AND status IN ('created', 'processing', 'action_required', 'unknown') LIMIT 1";
    Ok(tx.first(sql, args![link_id]).await?.is_some())
}

async fn stop_attempt(tx: &mut Tx, link_id: &LinkId, now: Timestamp) -> Result<()> {
    // The first moment stays, and a link that has done its work is left alone.
    let sql = "UPDATE payment_links SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1 AND completed_at IS NULL";
    tx.execute(sql, args![link_id, now]).await?;
    Ok(())
}

async fn count_decline(tx: &mut Tx, link_id: &LinkId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE payment_links SET declines = declines + 1 WHERE id = $1 RETURNING declines";
    let row = tx.first(sql, args![link_id]).await?;
    let declines: i64 = row.map(|row| row.get("declines")).transpose()?.unwrap_or_default();
    // See docs/decisions/0033-link-limits.md.
    if declines >= MAX_DECLINES { stop_attempt(tx, link_id, now).await } else { Ok(()) }
}

/// The link has done what it was made for; it switches automatic payments on where nobody has done so since.
/// See docs/decisions/0034-link-settings.md.
async fn complete_link(
    tx: &mut Tx,
    link: &PaymentLink,
    card: Option<&Card>,
    top_up_id: Option<&TopUpId>,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE payment_links SET completed_at = $2, card_id = $3, top_up_id = $4 WHERE id = $1",
        args![&link.id, now, card.map(|card| &card.id), top_up_id],
    )
    .await?;
    let (Some(settings), Some(card)) = (link.settings, card) else { return Ok(()) };
    let present = auto_pay::find_auto_pay(tx, &link.organization_id).await?;
    // Somebody has agreed to other settings since; those stand.
    if present.enabled {
        return Ok(());
    }
    let update = AutoPayUpdate {
        enabled: true,
        settings,
        card_id: Some(card.id.clone()),
        // Names the link, since the payer's own consent is with the set-up.
        consent: Some(format!("link:{}", link.id)),
        updated_by: link.created_by.clone(),
    };
    auto_pay::write_settings(tx, &link.organization_id, &update, now).await?;
    // The maker's name is in it: a link that switches them on is their act.
    auto_pay::notify_changed(tx, &present, &update, now).await?;
    auto_pay::apply_event(tx, &present, HealthEvent::Agreed, now).await?;
    let updated = auto_pay::find_auto_pay(tx, &link.organization_id).await?;
    auto_pay::append_change(tx, &present, &updated, &link_holder(), now).await?;
    // What was paid with the link is the first automatic payment. Where the balance has come down while the payer was at
    // it, the page said that nothing is charged at once: the pace holds from here.
    let wallet = wallet::lock_wallet(tx, &link.organization_id).await?;
    if top_up_id.is_some() || wallet.available() <= settings.threshold {
        auto_pay::begin_pace(tx, &link.organization_id, now).await?;
    }
    Ok(())
}
