//! The reactive wallet: everything that the Billing tab shows and that may change under it.

use std::ops::Deref;

use billing_contract::auto_pay::AutoPay;
use billing_contract::billing::Billing;
use billing_contract::card::Card;
use billing_contract::link::PaymentLink;
use billing_contract::request::FundsRequest;
use billing_contract::session::{Service, StripePage};
use billing_contract::top_up::TopUp;
use billing_contract::transaction::{Transaction, TransactionPage};
use billing_contract::usage::Usage;
use billing_contract::wallet::Wallet;
use billing_domain::decimal::write_scaled;
use billing_domain::limits::ChargeLimits;
use billing_domain::{Currency, Date, Money, Timestamp, slider};
use leptos::prelude::*;

use crate::platform::signal::ErasedSignal;

use super::payment::{PaymentNotice, PaymentStage};
use super::{attempt, merge};
use crate::platform::timers::{self, Timer};
use crate::platform::{clock, intl};

/// Lines of the ledger are gathered for so long before they are shown.
const GATHER_MILLISECONDS: i32 = 80;

/// Whether the figures are kept true by the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It does: the figures are true.
    Live,
    /// It did until then: the figures may be older.
    Lost(Timestamp),
}

/// In a browser there is one wallet in a document, which lives as long as that: every closure of the page carries one pointer.
#[cfg(target_arch = "wasm32")]
type WalletHandle = &'static WalletState;
/// A server draws document after document, and must be rid of each.
#[cfg(not(target_arch = "wasm32"))]
type WalletHandle = WalletState;

/// The reactive wallet. A copy is the same wallet.
#[derive(Clone, Copy)]
pub(crate) struct LiveWallet(WalletHandle);

impl Deref for LiveWallet {
    type Target = WalletState;

    #[cfg_attr(target_arch = "wasm32", expect(clippy::needless_borrow, reason = "a pointer in one of two builds"))]
    fn deref(&self) -> &WalletState {
        &self.0
    }
}

/// What the wallet is made of.
#[derive(Clone, Copy)]
pub(crate) struct WalletState {
    pub(crate) wallet: ErasedSignal<Wallet>,
    pub(crate) auto_pay: ErasedSignal<AutoPay>,
    /// Connected cards, the default first.
    pub(crate) cards: ErasedSignal<Vec<Card>>,
    /// Requests of members that nobody has answered.
    pub(crate) requests: ErasedSignal<Vec<FundsRequest>>,
    /// The latest payment links, newest first.
    pub(crate) links: ErasedSignal<Vec<PaymentLink>>,
    /// The dialog that makes a payment link is open.
    pub(crate) link_dialog_open: RwSignal<bool>,
    /// Known top-ups, newest first: all open ones and the last finished ones.
    pub(crate) top_ups: ErasedSignal<Vec<TopUp>>,
    /// This month's spending, as last read.
    pub(crate) usage: ErasedSignal<Usage>,
    /// The first page of the ledger, as it came with the document.
    pub(crate) first_page: ErasedSignal<TransactionPage>,
    /// Lines posted since, oldest first; only the last few hundred.
    pub(crate) recent: ErasedSignal<Vec<Transaction>>,
    /// Lines that are about to be among the recent ones.
    gathered: StoredValue<Vec<Transaction>>,
    gathering: StoredValue<Option<Timer>, LocalStorage>,
    /// Today in the organization's zone.
    pub(crate) today: ErasedSignal<Date>,
    /// Whether the figures are kept true by the stream.
    pub(crate) freshness: ErasedSignal<Freshness>,
    /// Who moves the money.
    service: StoredValue<Service>,
    stripe: Option<&'static StripePage>,
    pub(crate) payment: ManualPayment,
    /// What may be charged at once.
    pub(crate) limits: ChargeLimits,
    pub(crate) currency: Currency,
    /// How far the device's clock is ahead of the server's, milliseconds.
    ahead_millis: StoredValue<i64>,
}

/// The manual top-up: what was chosen, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct ManualPayment {
    /// Its dialog is open.
    pub(crate) open: RwSignal<bool>,
    pub(crate) stage: ErasedSignal<PaymentStage>,
    /// The amount as it stands in the box.
    pub(crate) amount: RwSignal<String>,
    /// The chosen card; the default one when `None`.
    pub(crate) card_id: RwSignal<Option<String>>,
    /// The member's request that this money answers.
    pub(crate) request_id: RwSignal<Option<String>>,
}

impl ManualPayment {
    /// Nothing chosen, or what was under way in the document before this one.
    fn resumed(open: &[TopUp], limits: &ChargeLimits) -> Self {
        let kept = attempt::stored_attempt();
        let is_manual = |top_up: &&TopUp| top_up.is_manual() && top_up.status.is_open();
        let kept_id = kept.as_ref().and_then(|kept| kept.top_up_id.as_deref());
        let known = open.iter().filter(is_manual);
        let known = known.clone().find(|top_up| Some(top_up.id.as_str()) == kept_id).or_else(|| known.clone().next());
        let stage = match (&kept, known) {
            (_, Some(top_up)) => PaymentStage::of(top_up.clone()),
            (Some(kept), None) if kept.top_up_id.is_none() => PaymentStage::Choosing(Some(PaymentNotice::Interrupted)),
            _ => PaymentStage::Choosing(None),
        };
        let interrupted = stage == PaymentStage::Choosing(Some(PaymentNotice::Interrupted));
        let same = |kept: &attempt::PaymentAttempt| {
            interrupted || stage.top_up().is_some_and(|top_up| Some(&top_up.id) == kept.top_up_id.as_ref())
        };
        let kept = kept.filter(same);
        let amount = stage.top_up().map(|top_up| top_up.amount).or(kept.as_ref().map(|kept| kept.amount));
        Self {
            open: RwSignal::new(false),
            amount: RwSignal::new(box_text(amount.unwrap_or_else(|| proposed_amount(limits)), limits.currency)),
            card_id: RwSignal::new(kept.as_ref().map(|kept| kept.card_id.clone())),
            request_id: RwSignal::new(kept.and_then(|kept| kept.request_id)),
            stage: ErasedSignal::new(stage),
        }
    }
}

impl LiveWallet {
    /// The wallet as the document brought it, for this owner and everything below.
    pub(crate) fn provide(billing: Billing, service: Service) -> Self {
        let limits = ChargeLimits::from(&billing.limits);
        let payment = ManualPayment::resumed(&billing.open_top_ups, &limits);
        let state = WalletState {
            limits,
            currency: billing.wallet.currency,
            ahead_millis: StoredValue::new(ahead_of(billing.as_of)),
            wallet: ErasedSignal::new(billing.wallet),
            auto_pay: ErasedSignal::new(billing.auto_pay),
            cards: ErasedSignal::new(billing.cards),
            requests: ErasedSignal::new(billing.requests),
            links: ErasedSignal::new(billing.links),
            link_dialog_open: RwSignal::new(false),
            top_ups: ErasedSignal::new(billing.open_top_ups),
            usage: ErasedSignal::new(billing.usage),
            first_page: ErasedSignal::new(billing.transactions),
            recent: ErasedSignal::new(Vec::new()),
            gathered: StoredValue::new(Vec::new()),
            gathering: StoredValue::new_local(None),
            today: ErasedSignal::new(billing.today),
            freshness: ErasedSignal::new(Freshness::Live),
            stripe: stripe_page(&service),
            service: StoredValue::new(service),
            payment,
        };
        #[cfg(target_arch = "wasm32")]
        let state = Box::leak(Box::new(state));
        let live = Self(state);
        provide_context(live);
        live
    }

    /// What Stripe's form needs, where Stripe moves the money.
    pub(crate) fn stripe(self) -> Option<&'static StripePage> {
        self.stripe
    }

    /// Who moves the money.
    pub(crate) fn service(self) -> Service {
        self.service.get_value()
    }

    /// Everything was read anew, after something may have been missed. The ledger's lines come by the stream.
    pub(crate) fn refresh(self, billing: Billing) {
        self.apply_wallet(billing.wallet);
        if *self.freshness.read_untracked() != Freshness::Live {
            self.freshness.set(Freshness::Lost(billing.as_of));
        }
        self.auto_pay.set(billing.auto_pay);
        self.cards.set(billing.cards);
        self.requests.set(billing.requests);
        self.links.set(billing.links);
        self.usage.set(billing.usage);
        self.today.set(billing.today);
        for top_up in billing.open_top_ups {
            self.apply_top_up(top_up);
        }
    }

    /// What time it is at the server, by the time in its last answer: of the device's own clock only the pace is trusted.
    pub(crate) fn now(self) -> Timestamp {
        Timestamp::from_micros((clock::now_millis() - self.ahead_millis.get_value()).saturating_mul(1000))
    }

    pub(crate) fn apply_wallet(self, wallet: Wallet) {
        self.ahead_millis.set_value(ahead_of(wallet.as_of));
        self.wallet.update(|present| merge::merge_wallet(present, wallet));
    }

    /// A top-up has moved on. Once its outcome is known, its key is used up.
    pub(crate) fn apply_top_up(self, mut top_up: TopUp) {
        self.apply_answered_wallet(top_up.wallet.take());
        // The answer to a request may come after the event that overtook it.
        let mut top_ups = self.top_ups.get_untracked();
        let top_up = merge::merge_top_up(&mut top_ups, top_up);
        self.top_ups.set(top_ups);
        if top_up.status.is_final()
            && attempt::stored_attempt().is_some_and(|kept| kept.top_up_id.as_ref() == Some(&top_up.id))
        {
            attempt::forget_attempt();
        }
        if let Some(next) = self.payment.stage.read_untracked().after(&top_up) {
            self.payment.stage.set(next);
        }
    }

    /// A new line of the ledger. Those that come close together are shown together: a busy wallet has hundreds a second.
    pub(crate) fn receive_line(self, line: Transaction) {
        self.gathered.update_value(|gathered| gathered.push(line));
        if self.gathering.with_value(Option::is_none) {
            let show = move || {
                self.gathering.set_value(None);
                let gathered = self.gathered.try_update_value(std::mem::take).unwrap_or_default();
                self.recent.update(|recent| gathered.into_iter().for_each(|line| merge::merge_line(recent, line)));
            };
            self.gathering.set_value(Some(timers::run_after(GATHER_MILLISECONDS, show)));
        }
    }

    /// A card is new, changed or gone.
    pub(crate) fn apply_card(self, card: Card) {
        self.cards.update(|cards| merge::merge_card(cards, card));
    }

    /// A member asks, or was answered.
    pub(crate) fn apply_request(self, request: FundsRequest) {
        self.requests.update(|list| merge::merge_request(list, request));
    }

    /// A payment link is new or has moved on.
    pub(crate) fn apply_link(self, link: PaymentLink) {
        self.links.update(|list| merge::merge_link(list, link));
    }

    /// What the wallet has come to by a change, as the answer to it says.
    pub(crate) fn apply_answered_wallet(self, wallet: Option<Box<Wallet>>) {
        if let Some(wallet) = wallet {
            self.apply_wallet(*wallet);
        }
    }

    /// Automatic payments as they are now.
    pub(crate) fn apply_auto_pay(self, mut auto_pay: AutoPay) {
        self.apply_answered_wallet(auto_pay.wallet.take());
        self.auto_pay.set(auto_pay);
    }

    /// The stream is lost: the figures are those of so long ago.
    pub(crate) fn mark_stale(self, silent_milliseconds: i64) {
        let now = self.now();
        self.freshness
            .set(Freshness::Lost(Timestamp::from_micros(now.micros() - silent_milliseconds.saturating_mul(1_000))));
    }

    /// Forgets whatever belongs to the organization and the person: the session is over.
    pub(crate) fn forget(self) {
        self.wallet.update(|wallet| {
            (wallet.balance, wallet.available, wallet.held) = (Money::ZERO, Money::ZERO, Money::ZERO);
            (wallet.pending_credit, wallet.daily_burn) = (Money::ZERO, Money::ZERO);
            (wallet.grace, wallet.runway) = (None, None);
        });
        self.cards.set(Vec::new());
        self.requests.set(Vec::new());
        self.links.set(Vec::new());
        self.top_ups.set(Vec::new());
        self.first_page.set(TransactionPage { items: Vec::new(), next_cursor: None });
        self.gathered.update_value(Vec::clear);
        self.recent.set(Vec::new());
        self.link_dialog_open.set(false);
        self.payment.open.set(false);
        self.payment.stage.set(PaymentStage::Choosing(None));
        self.payment.request_id.set(None);
    }

    /// The card that a payment would charge: the chosen one, else the default one.
    pub(crate) fn payment_card(self) -> Option<Card> {
        let cards = self.cards.read();
        let chosen = self.payment.card_id.read();
        let chosen = cards.iter().find(|card| Some(&card.id) == chosen.as_ref());
        chosen.or_else(|| cards.iter().find(|card| card.is_default)).or_else(|| cards.first()).cloned()
    }

    /// A payment that no member began keeps nobody from adding money, although somebody looked at it.
    fn set_others_aside(self) {
        let stage = self.payment.stage;
        if stage.read_untracked().top_up().is_some_and(|top_up| !top_up.is_manual()) {
            stage.set(PaymentStage::Choosing(None));
        }
    }

    /// Opens the top-up. While money is under way it shows that instead.
    pub(crate) fn open_payment(self) {
        self.set_others_aside();
        let payment = self.payment;
        if matches!(*payment.stage.read_untracked(), PaymentStage::Paid(_) | PaymentStage::Connecting) {
            payment.stage.set(PaymentStage::Choosing(None));
        }
        payment.open.set(true);
    }

    /// Opens a top-up that is under way, unless a request for another one is waiting for its answer.
    pub(crate) fn show_payment(self, top_up: TopUp) {
        let payment = self.payment;
        if !matches!(*payment.stage.read_untracked(), PaymentStage::Sending | PaymentStage::Repeating { .. }) {
            payment.amount.set(box_text(top_up.amount, self.currency));
            payment.stage.set(PaymentStage::of(top_up));
        }
        payment.open.set(true);
    }

    /// Opens the top-up for a member's request, with its amount.
    pub(crate) fn open_payment_for(self, request_id: String, amount: Money) {
        self.set_others_aside();
        if !self.payment.stage.read_untracked().is_under_way() {
            self.payment.stage.set(PaymentStage::Choosing(None));
            self.payment.amount.set(box_text(amount, self.currency));
            self.payment.request_id.set(Some(request_id));
        }
        self.payment.open.set(true);
    }
}

/// Lives as long as the document. A server draws none of Stripe's forms, which come when somebody asks for them.
fn stripe_page(service: &Service) -> Option<&'static StripePage> {
    let stripe = service.stripe.clone().filter(|_| cfg!(target_arch = "wasm32"))?;
    Some(Box::leak(Box::new(stripe)))
}

/// An amount as it stands in a box: with exactly the digits that its currency has and the reader's decimal point.
fn box_text(amount: Money, currency: Currency) -> String {
    let mut text = String::new();
    // Writing into a string never fails.
    let _ = write_scaled(&mut text, amount.to_minor_half_even(currency), currency.exponent(), currency.exponent());
    text.replace('.', &intl::number_separators().0.to_string())
}

/// What stands in the box before anybody has chosen: a middling quick pick.
fn proposed_amount(limits: &ChargeLimits) -> Money {
    let picks = slider::quick_picks(limits);
    picks.get(picks.len() / 2).copied().unwrap_or(limits.min)
}

fn ahead_of(server: Timestamp) -> i64 {
    clock::now_millis() - server.micros() / 1000
}

/// The wallet that was provided above.
pub(crate) fn use_live() -> Option<LiveWallet> {
    use_context()
}
