//! The hash chain over ledger lines: each line's hash covers the line before it, so nothing can be altered unseen.

mod chain;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::kind::{TransactionKind, Unit, UnknownName};
use crate::{Currency, Money, OrganizationId, TextMap, Timestamp, TransactionId};

pub use chain::{Chain, Fault};

/// Named beside a line's hash input, so that a later format cannot be mistaken for this one.
const FORMAT: &[u8] = b"nexis-billing ledger line v1";

/// A SHA-256 in the chain. 64 lower-case hex digits on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first line of every ledger follows.
    pub const GENESIS: Self = Self([0; 32]);

    /// The hash of these bytes, as they were stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The hash of `contents` after an entry with this hash. `format` names what the contents are, so that entries of two
    /// chains cannot be exchanged.
    #[must_use]
    pub fn extend(self, format: &[u8], contents: &[u8]) -> Self {
        let mut input = Input(Sha256::new());
        input.text(format);
        input.text(&self.0);
        input.text(contents);
        Self(input.0.finalize().into())
    }
}

/// The contents of a ledger line: one movement between the wallet and one contra account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The organization whose ledger it is.
    pub organization_id: OrganizationId,
    /// Position in the ledger: 1, 2, 3 … without gaps.
    pub seq: i64,
    /// UUIDv7, made by whoever posts.
    pub id: TransactionId,
    /// Why money moved.
    pub kind: TransactionKind,
    /// The other side: `processor:…`, `revenue:…`, `promo` or `adjustment`.
    pub contra: String,
    /// Positive into the wallet, negative out of it.
    pub amount: Money,
    /// The balance once this line is posted.
    pub balance_after: Money,
    /// The wallet's currency.
    pub currency: Currency,
    /// When the usage or payment happened, not when it was posted.
    pub occurred_at: Timestamp,
    /// When it entered the ledger.
    pub posted_at: Timestamp,
    /// English, for people; part of the hash.
    pub description: String,
    /// Which agent, person or mechanism caused it; may be empty.
    pub source: String,
    /// How much was used, plain decimal.
    pub quantity: Option<String>,
    /// What `quantity` counts, of usage only.
    pub unit: Option<Unit>,
    /// Price of one unit, plain decimal.
    pub unit_price: Option<String>,
    /// The outside name of what was posted (the platform's event id, the top-up's id): unique for its origin, for ever.
    pub reference: String,
    /// The `seq` of the line that this one corrects.
    pub corrects: Option<i64>,
    /// Further facts: card, hold.
    pub details: TextMap,
}

impl Line {
    /// The line's hash after a line with hash `previous`.
    /// See docs/decisions/0002-hash-chained-ledger.md.
    pub fn hash_after(&self, previous: Hash) -> Hash {
        let mut input = Input(Sha256::new());
        input.text(FORMAT);
        input.text(&previous.0);
        input.text(self.organization_id.as_str().as_bytes());
        input.integer(self.seq);
        input.text(self.id.as_str().as_bytes());
        input.text(self.kind.as_str().as_bytes());
        input.text(self.contra.as_bytes());
        input.integer(self.amount.micros());
        input.integer(self.balance_after.micros());
        input.text(self.currency.code().as_bytes());
        input.integer(self.occurred_at.micros());
        input.integer(self.posted_at.micros());
        input.text(self.description.as_bytes());
        input.text(self.source.as_bytes());
        input.optional(self.quantity.as_deref());
        input.optional(self.unit.map(Unit::as_str));
        input.optional(self.unit_price.as_deref());
        input.text(self.reference.as_bytes());
        input.integer(self.corrects.unwrap_or(0));
        input.length(self.details.len());
        for (name, value) in self.details.iter() {
            input.text(name.as_bytes());
            input.text(value.as_bytes());
        }
        Hash(input.0.finalize().into())
    }
}

/// Length before content everywhere: no two lines share an input by moving a boundary.
struct Input(Sha256);

impl Input {
    fn length(&mut self, length: usize) {
        self.0.update(u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
    }

    fn text(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.update(bytes);
    }

    fn integer(&mut self, value: i64) {
        self.0.update(value.to_be_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.0.update([0]),
            Some(text) => {
                self.0.update([1]);
                self.text(text.as_bytes());
            }
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for Hash {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        // Written in one way only.
        if text.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return Err(UnknownName);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| UnknownName)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not a hash"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn line() -> Line {
        Line {
            organization_id: OrganizationId::from_trusted("org"),
            seq: 1,
            id: TransactionId::from_trusted("id"),
            kind: TransactionKind::OutboundCall,
            contra: "revenue:outbound_call".into(),
            amount: Money::from_micros(-114_000),
            balance_after: Money::from_micros(886_000),
            currency: Currency::Usd,
            occurred_at: Timestamp::from_seconds(10),
            posted_at: Timestamp::from_seconds(11),
            description: "Call".into(),
            source: "Agent Ava".into(),
            quantity: Some("95".into()),
            unit: Some(Unit::Second),
            unit_price: Some("0.0012".into()),
            reference: "call-8841".into(),
            corrects: None,
            details: TextMap::from([("hold_id".into(), "h".into())]),
        }
    }

    #[test]
    fn every_field_and_the_previous_hash_change_the_hash() {
        let original = line().hash_after(Hash::GENESIS);
        let changes: [fn(&mut Line); 18] = [
            |l| l.organization_id = OrganizationId::from_trusted("orgx"),
            |l| l.seq += 1,
            |l| l.id = TransactionId::from_trusted("idx"),
            |l| l.kind = TransactionKind::InboundCall,
            |l| l.contra.push('x'),
            |l| l.amount = Money::ZERO,
            |l| l.balance_after = Money::ZERO,
            |l| l.currency = Currency::Eur,
            |l| l.occurred_at = Timestamp::from_micros(1),
            |l| l.posted_at = Timestamp::from_micros(1),
            |l| l.description.push('x'),
            |l| l.source.push('x'),
            |l| l.quantity = None,
            |l| l.unit = Some(Unit::Minute),
            |l| l.unit_price = None,
            |l| l.reference.push('x'),
            |l| l.corrects = Some(1),
            |l| l.details = TextMap::default(),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut altered = line();
            change(&mut altered);
            assert_ne!(altered.hash_after(Hash::GENESIS), original, "field {index}");
        }
        assert_ne!(line().hash_after(original), original);
    }

    #[test]
    fn text_cannot_wander_between_neighboring_fields() {
        let (mut a, mut b) = (line(), line());
        a.description = "ab".into();
        a.source = "c".into();
        b.description = "a".into();
        b.source = "bc".into();
        assert_ne!(a.hash_after(Hash::GENESIS), b.hash_after(Hash::GENESIS));
    }

    #[test]
    fn format_contents_and_the_entry_before_all_count() {
        let hash = Hash::GENESIS.extend(b"format", b"contents");
        let other = [
            Hash::GENESIS.extend(b"formatcon", b"tents"),
            Hash::GENESIS.extend(b"format", b"content"),
            hash.extend(b"format", b"contents"),
        ];
        assert!(other.iter().all(|other| *other != hash));
        // Computed once by another program (Python, struct + hashlib).
        assert_eq!(hash.to_string(), FROZEN_ENTRY);
    }

    #[test]
    fn the_format_is_frozen() {
        // Ledgers written by an older release must still verify: change the format's name, never this value.
        let hash = line().hash_after(Hash::GENESIS);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string(), FROZEN);
    }

    const FROZEN_ENTRY: &str = "318f060156b3e8fbcb13f74e0ffa2c76718717be33e9d6a0c5d8341643844a32";

    /// Computed once by another program (Python, struct + hashlib) from the same fields.
    const FROZEN: &str = "eb17c269f7cf4805e0d420982361d6987ff5e7fed2293d88262d1eaa5ce40507";
}
