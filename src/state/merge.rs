//! Which of two versions of the same thing is the newer one: answers and events arrive in any order.

use billing_contract::card::Card;
use billing_contract::link::PaymentLink;
use billing_contract::request::{FundsRequest, FundsRequestState};
use billing_contract::top_up::TopUp;
use billing_contract::transaction::Transaction;
use billing_contract::wallet::Wallet;

/// Top-ups that are remembered although nothing can happen to them any more.
const FINISHED_TOP_UPS: usize = 20;
/// New ledger lines that are remembered for whoever shows them.
const RECENT_LINES: usize = 300;

/// Takes `new` unless `present` was read later.
pub(super) fn merge_wallet(present: &mut Wallet, new: Wallet) {
    // Events and answers arrive in any order; position and time say which is the newer.
    if (new.last_seq, new.as_of) >= (present.last_seq, present.as_of) {
        *present = new;
    }
}

/// Puts a top-up into the list, newest first, and answers what holds now: what is final stays final, whatever arrives
/// late.
pub(super) fn merge_top_up(list: &mut Vec<TopUp>, new: TopUp) -> TopUp {
    match list.iter_mut().find(|known| known.id == new.id) {
        // A late event of an earlier state must not bring a finished payment back.
        Some(known) if known.status.is_final() => return known.clone(),
        Some(known) => known.clone_from(&new),
        None => {
            list.insert(0, new.clone());
            let mut finished = 0;
            list.retain(|known| {
                finished += usize::from(known.status.is_final());
                // Open ones are never dropped: their outcome is still to come.
                known.status.is_open() || finished <= FINISHED_TOP_UPS
            });
        }
    }
    new
}

/// Puts a request into the list of open ones, newest first; an answered one leaves it.
pub(super) fn merge_request(list: &mut Vec<FundsRequest>, new: FundsRequest) {
    if new.state != FundsRequestState::Open {
        list.retain(|known| known.id != new.id);
    } else if !list.iter().any(|known| known.id == new.id) {
        list.insert(0, new);
    }
}

/// Puts a payment link into the list, newest first. What is over stays over, whatever arrives late.
pub(super) fn merge_link(list: &mut Vec<PaymentLink>, new: PaymentLink) {
    match list.iter_mut().find(|known| known.id == new.id) {
        // A late event of an earlier state must not bring a link back to life.
        Some(known) if !known.state.is_alive() && new.state.is_alive() => {}
        Some(known) => *known = new,
        None => list.insert(0, new),
    }
}

/// Puts a card into the list, or takes one that is gone out of it; the default one comes first.
pub(super) fn merge_card(list: &mut Vec<Card>, new: Card) {
    list.retain(|known| known.id != new.id);
    if new.removed {
        return;
    }
    if new.is_default {
        for known in list.iter_mut() {
            // There is one default card: the event names the new one only.
            known.is_default = false;
        }
        list.insert(0, new);
    } else {
        list.push(new);
    }
}

/// Adds a new line at the end of the recent ones.
pub(super) fn merge_line(recent: &mut Vec<Transaction>, new: Transaction) {
    // A stream that was resumed may send a line twice.
    if recent.last().is_none_or(|last| last.seq < new.seq) {
        recent.push(new);
    }
    if recent.len() > RECENT_LINES {
        // A third at once, so that not every line moves all the others.
        recent.drain(..RECENT_LINES / 3);
    }
}

#[cfg(test)]
mod tests {
    use billing_domain::charge::TopUpStatus;
    use billing_domain::status::WalletStatus;
    use billing_domain::{Currency, Money, Timestamp};

    use super::*;
    use crate::state::payment::tests::top_up as charge;

    fn read_at(last_seq: i64, seconds: i64) -> Wallet {
        Wallet {
            currency: Currency::Usd,
            balance: Money::from_micros(seconds),
            available: Money::ZERO,
            held: Money::ZERO,
            pending_credit: Money::ZERO,
            status: WalletStatus::Active,
            restriction: None,
            low_mark: Money::ZERO,
            card_connected: true,
            grace: None,
            runway: None,
            daily_burn: Money::ZERO,
            last_seq,
            as_of: Timestamp::from_seconds(seconds),
        }
    }

    #[test]
    fn a_late_answer_never_turns_the_balance_back() {
        let mut present = read_at(5, 50);
        merge_wallet(&mut present, read_at(4, 60));
        assert_eq!(present, read_at(5, 50));
        merge_wallet(&mut present, read_at(5, 49));
        assert_eq!(present, read_at(5, 50));
        merge_wallet(&mut present, read_at(5, 51));
        merge_wallet(&mut present, read_at(6, 40));
        assert_eq!(present, read_at(6, 40));
    }

    #[test]
    fn a_paid_top_up_stays_paid_and_open_ones_are_never_forgotten() {
        let mut list = Vec::new();
        merge_top_up(&mut list, charge("open", TopUpStatus::Unknown));
        merge_top_up(&mut list, charge("a", TopUpStatus::Processing));
        merge_top_up(&mut list, charge("a", TopUpStatus::Succeeded));
        let late = merge_top_up(&mut list, charge("a", TopUpStatus::Processing));
        assert_eq!(late.status, TopUpStatus::Succeeded, "what was heard before holds");
        assert_eq!(list.iter().find(|one| one.id == "a").map(|one| one.status), Some(TopUpStatus::Succeeded));
        for number in 0..100 {
            merge_top_up(&mut list, charge(&number.to_string(), TopUpStatus::Declined));
        }
        assert!(list.iter().any(|one| one.id == "open"));
        assert_eq!(list.len(), FINISHED_TOP_UPS + 1);
    }
}
