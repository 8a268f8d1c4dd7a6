//! What is read out when the wallet changes by itself: money that arrives, a status that is crossed, somebody who asks.
//! Nothing else, and what can wait at most every half minute.

use billing_contract::request::FundsRequest;
use billing_contract::transaction::Transaction;
use billing_contract::wallet::Wallet;
use billing_domain::status::WalletStatus;
use leptos::prelude::*;

use super::words::kind_word;
use crate::platform::clock;
use crate::platform::timers::{self, Timer};
use crate::state::LiveWallet;
use crate::texts;
use crate::ui::announcer::{Announcer, use_announcer};
use crate::ui::dynamic;
use crate::ui::money::{MoneyStyle, money_text};

/// The least time between two polite announcements.
const QUIET_MILLISECONDS: i64 = 30_000;
/// What comes together is said together: a top-up, and the status that it lifts.
const GATHER_MILLISECONDS: i64 = 400;

/// Speaks from now on.
pub(super) fn announce_changes(live: LiveWallet) {
    let queue = AnnouncementQueue::new(use_announcer());
    follow_credits(live, queue);
    follow_requests(live, queue);
    dynamic::effect_after(move |before: Option<WalletStatus>| {
        let now = live.wallet.read().status;
        if before.is_some_and(|before| before != now) {
            let text = status_sentence(&live.wallet.read_untracked());
            if matches!(now, WalletStatus::Active | WalletStatus::Low) {
                queue.say(AnnouncementTopic::Status, text.to_owned());
            } else {
                queue.forget(AnnouncementTopic::Status);
                queue.announcer.alert(text);
            }
        }
        now
    });
}

fn follow_credits(live: LiveWallet, queue: AnnouncementQueue) {
    let last_seen = StoredValue::new(live.wallet.read_untracked().last_seq);
    dynamic::effect(move || {
        let recent = live.recent.read();
        let is_new_credit = |line: &&Transaction| line.seq > last_seen.get_value() && line.amount.is_positive();
        let last = recent.iter().rev().find(is_new_credit).cloned();
        if let Some(line) = recent.last() {
            last_seen.set_value(line.seq);
        }
        // A payment in the dialog is announced there.
        let paid_here = |line: &Transaction| {
            live.payment.stage.read_untracked().top_up().is_some_and(|top_up| top_up.id == line.reference)
        };
        if let Some(line) = last.filter(|line| !paid_here(line)) {
            let amount = money_text(line.amount, line.currency, MoneyStyle::Total);
            let balance = money_text(line.balance_after, line.currency, MoneyStyle::Balance);
            queue.say(AnnouncementTopic::Credit, texts::announcements::added(kind_word(line.kind), &amount, &balance));
        }
    });
}

fn follow_requests(live: LiveWallet, queue: AnnouncementQueue) {
    dynamic::effect_after(move |before: Option<Vec<String>>| {
        let requests = live.requests.read();
        let new = |request: &&FundsRequest| before.as_ref().is_some_and(|known| !known.contains(&request.id));
        if let Some(request) = requests.iter().find(new) {
            let amount = money_text(request.amount, request.currency, MoneyStyle::Total);
            queue.say(AnnouncementTopic::Request, texts::announcements::asks(&request.requested_by, &amount));
        }
        requests.iter().map(|request| request.id.clone()).collect()
    });
}

/// What is spoken of; of each only the latest is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum AnnouncementTopic {
    Credit,
    Status,
    Request,
}

/// Says what has gathered, and then is quiet for a while.
#[derive(Clone, Copy)]
struct AnnouncementQueue {
    announcer: Announcer,
    waiting: StoredValue<Vec<(AnnouncementTopic, String)>>,
    spoken_at: StoredValue<Option<i64>>,
    timer: StoredValue<Option<Timer>, LocalStorage>,
}

impl AnnouncementQueue {
    fn new(announcer: Announcer) -> Self {
        Self {
            announcer,
            waiting: StoredValue::new(Vec::new()),
            spoken_at: StoredValue::new(None),
            timer: StoredValue::new_local(None),
        }
    }

    fn say(self, topic: AnnouncementTopic, text: String) {
        self.forget(topic);
        let first = self.waiting.with_value(Vec::is_empty);
        self.waiting.update_value(|waiting| waiting.push((topic, text)));
        if first {
            let wait = announcement_delay(self.spoken_at.get_value(), clock::now_millis());
            let wait = i32::try_from(wait).unwrap_or(i32::MAX);
            self.timer.set_value(Some(timers::run_after(wait, move || self.speak())));
        }
    }

    fn forget(self, topic: AnnouncementTopic) {
        self.waiting.update_value(|waiting| waiting.retain(|(other, _)| *other != topic));
    }

    fn speak(self) {
        let mut said = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        if said.is_empty() {
            return;
        }
        said.sort();
        let texts: Vec<String> = said.into_iter().map(|(_, text)| text).collect();
        self.spoken_at.set_value(Some(clock::now_millis()));
        self.announcer.say(texts.join(" "));
    }
}

/// How long what is said now has to wait.
fn announcement_delay(spoken_at: Option<i64>, now: i64) -> i64 {
    let quiet = spoken_at.map_or(0, |then| then.saturating_add(QUIET_MILLISECONDS).saturating_sub(now));
    // A clock that was set back must not silence the page.
    quiet.clamp(GATHER_MILLISECONDS, QUIET_MILLISECONDS)
}

/// The status in a few words.
fn status_sentence(wallet: &Wallet) -> &'static str {
    match wallet.status {
        WalletStatus::NotConnected => texts::announcements::not_connected(),
        WalletStatus::Active => texts::announcements::active(),
        WalletStatus::Low => texts::announcements::low(),
        WalletStatus::Grace => texts::announcements::grace(),
        WalletStatus::Paused => texts::announcements::paused(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_together_is_gathered_and_then_it_is_quiet_for_half_a_minute() {
        assert_eq!(announcement_delay(None, 5_000), GATHER_MILLISECONDS);
        assert_eq!(announcement_delay(Some(5_000), 6_000), 29_000);
        assert_eq!(announcement_delay(Some(5_000), 34_900), GATHER_MILLISECONDS);
        assert_eq!(announcement_delay(Some(5_000), 90_000), GATHER_MILLISECONDS);
        assert_eq!(announcement_delay(Some(900_000), 5_000), QUIET_MILLISECONDS);
    }
}
