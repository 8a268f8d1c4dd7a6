//! The books: every object in Stripe's own shape, by id, in the order in which it was made.

use std::collections::HashMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::API_VERSION;
use crate::faults::Faults;
use crate::keys::Keys;

/// A request that changed something, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Path with ids replaced by `{id}`.
    pub path: String,
    /// Flat parameters in order.
    pub parameters: Vec<(String, String)>,
    /// The idempotency key.
    pub key: Option<String>,
}

/// The state of everything.
#[derive(Clone, Debug, Default)]
pub struct Bank {
    objects: Vec<Value>,
    places: HashMap<String, usize>,
    serial: u64,
    clock_offset: i64,
    /// Which test card a payment method is.
    pub(crate) tokens: HashMap<String, &'static str>,
    /// What a challenge ends with when it is confirmed.
    pub(crate) after_challenge: HashMap<String, Option<String>>,
    /// Troubles that wait.
    pub faults: Faults,
    /// Idempotency keys.
    pub keys: Keys,
    /// Every changing request that got past the door.
    pub recorded: Vec<Recorded>,
    /// Where events go.
    pub(crate) webhook_url: Option<String>,
    /// Events that wait to be sent.
    pub(crate) outbox: Vec<Value>,
}

impl Bank {
    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX).saturating_add(self.clock_offset)
    }

    /// Moves the clock.
    pub fn advance(&mut self, seconds: i64) {
        self.clock_offset += seconds;
    }

    /// Sets the clock; it goes on from there.
    pub fn set_now(&mut self, seconds: i64) {
        self.clock_offset += seconds - self.now();
    }

    /// A new id with a prefix.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}_fake{:06}", self.serial)
    }

    /// Puts a new object into the books; it gets `created` and `livemode`.
    pub(crate) fn insert(&mut self, mut object: Value) -> Value {
        object["created"] = json!(self.now());
        if object.get("livemode").is_none() {
            object["livemode"] = json!(false);
        }
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        self.places.insert(id, self.objects.len());
        self.objects.push(object.clone());
        object
    }

    /// One object.
    pub fn get(&self, kind: &str, id: &str) -> Option<&Value> {
        self.places.get(id).and_then(|place| self.objects.get(*place)).filter(|object| object["object"] == kind)
    }

    /// Whatever has this id.
    pub(crate) fn any(&self, id: &str) -> Option<&Value> {
        self.places.get(id).and_then(|place| self.objects.get(*place))
    }

    /// Changes fields of an object; answers it as it then is.
    pub(crate) fn update(&mut self, id: &str, fields: Value) -> Value {
        let Some(object) = self.places.get(id).and_then(|place| self.objects.get_mut(*place)) else {
            return Value::Null;
        };
        if let Value::Object(fields) = fields {
            for (name, value) in fields {
                object[name] = value;
            }
        }
        object.clone()
    }

    /// All objects of a kind, oldest first.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        self.objects.iter().filter(|object| object["object"] == kind).collect()
    }

    /// Something happened to an object.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value) {
        let id = self.new_id("evt");
        let event = json!({
            "id": id, "object": "event", "api_version": API_VERSION, "type": kind, "data": {"object": object},
            "pending_webhooks": 1, "request": {"id": Value::Null, "idempotency_key": Value::Null},
        });
        let event = self.insert(event);
        self.outbox.push(event);
    }

    /// Every event so far, oldest first, as the bytes that a webhook carries.
    pub fn events(&self) -> Vec<(String, Vec<u8>)> {
        let bytes = |event: &Value| serde_json::to_vec_pretty(event).unwrap_or_default();
        let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        self.all("event").into_iter().map(|event| (kind(event), bytes(event))).collect()
    }

    /// What was really taken from cards under a reference, less what was given back, minor units; and how many charges.
    pub fn taken(&self, reference: &str) -> (i64, usize) {
        let paid = self
            .all("payment_intent")
            .into_iter()
            .filter(|intent| intent["metadata"]["reference"] == reference && intent["status"] == "succeeded");
        paid.fold((0, 0), |(sum, count), intent| {
            let taken = intent["amount_received"].as_i64().unwrap_or_default() - self.given_back(&intent["id"]);
            (sum + taken, count + 1)
        })
    }

    /// The cardholder's bank has taken an intent's money back and not returned it.
    pub(crate) fn is_taken_back(&self, intent: &Value) -> bool {
        let taken = |dispute: &&Value| dispute["balance_transactions"].as_array().is_some_and(|moves| moves.len() == 1);
        self.all("dispute").iter().any(|dispute| dispute["payment_intent"] == *intent && taken(dispute))
    }

    /// Refunds of an intent that did not fail.
    pub(crate) fn given_back(&self, intent: &Value) -> i64 {
        let all = self.all("refund").into_iter().filter(|refund| {
            refund["payment_intent"] == *intent && refund["status"] != "failed" && refund["status"] != "canceled"
        });
        all.filter_map(|refund| refund["amount"].as_i64()).sum()
    }
}
