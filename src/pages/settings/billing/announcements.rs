//! What is read out when the wallet changes by itself: money that arrives, and a status that is crossed. Nothing else.

use billing_contract::transaction::Transaction;
use billing_contract::wallet::Wallet;
use billing_domain::status::WalletStatus;
use leptos::prelude::*;

use super::words::kind_word;
use crate::platform::clock;
use crate::state::Live;
use crate::texts;
use crate::ui::announcer::announcer;
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, money_text};

/// Arriving money is spoken of at most this often.
const QUIET_MILLISECONDS: i64 = 30_000;

/// Speaks from now on.
pub(super) fn follow(live: Live) {
    let announcer = announcer();
    let heard = StoredValue::new(live.wallet.read_untracked().last_seq);
    let spoken_at = StoredValue::new(None::<i64>);
    dynamic::effect(move || {
        let recent = live.recent.read();
        let is_new_credit = |line: &&Transaction| line.seq > heard.get_value() && line.amount.is_positive();
        let last = recent.iter().rev().find(is_new_credit).cloned();
        if let Some(line) = recent.last() {
            heard.set_value(line.seq);
        }
        let now = clock::now_millis();
        let quiet = spoken_at.get_value().is_some_and(|then| now - then < QUIET_MILLISECONDS);
        if let Some(line) = last.filter(|_| !quiet) {
            spoken_at.set_value(Some(now));
            let amount = money_text(line.amount, line.currency, MoneyStyle::Total);
            let balance = money_text(line.balance_after, line.currency, MoneyStyle::Balance);
            announcer.say(texts::announcements::added(kind_word(line.kind), &amount, &balance));
        }
    });
    dynamic::effect_after(move |before: Option<WalletStatus>| {
        let now = live.wallet.read().status;
        if before.is_some_and(|before| before != now) {
            let text = sentence(&live.wallet.read_untracked());
            if matches!(now, WalletStatus::Active | WalletStatus::Low) {
                announcer.say(text);
            } else {
                announcer.alert(text);
            }
        }
        now
    });
}

/// The status in a few words.
fn sentence(wallet: &Wallet) -> &'static str {
    match wallet.status {
        WalletStatus::NotConnected => texts::announcements::not_connected(),
        WalletStatus::Active => texts::announcements::active(),
        WalletStatus::Low => texts::announcements::low(),
        WalletStatus::Grace => texts::announcements::grace(),
        WalletStatus::Paused => texts::announcements::paused(),
    }
}
