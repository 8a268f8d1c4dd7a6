//! Idempotency keys as Stripe keeps them: the reply of whatever began to execute is stored, even a 500; other parameters
//! under the same key are an error; a key that is at work is a conflict; what failed validation may be sent again.

use std::collections::HashMap;

use crate::answer::Answer;
use crate::form::Form;

/// What a key was used for.
#[derive(Clone, Debug)]
struct Used {
    path: String,
    form: Form,
    /// `None` while it is at work.
    reply: Option<Answer>,
}

/// What a key says about a request.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Execute it.
    New,
    /// The stored reply.
    Stored(Answer),
    /// 409.
    AtWork,
    /// 400.
    Mismatch,
}

/// All keys.
#[derive(Clone, Debug, Default)]
pub struct Keys(HashMap<String, Used>);

impl Keys {
    pub(crate) fn claim(&mut self, key: &str, path: &str, form: &Form) -> Claim {
        match self.0.get(key) {
            Some(used) if used.path != path || used.form != *form => Claim::Mismatch,
            Some(Used { reply: Some(reply), .. }) => Claim::Stored(reply.clone()),
            Some(_) => Claim::AtWork,
            None => {
                self.0.insert(key.to_owned(), Used { path: path.to_owned(), form: form.clone(), reply: None });
                Claim::New
            }
        }
    }

    /// Stores the reply, or lets the key go if nothing was begun.
    pub(crate) fn finish(&mut self, key: &str, reply: Option<Answer>) {
        match (self.0.get_mut(key), reply) {
            (Some(used), Some(reply)) => used.reply = Some(reply),
            _ => {
                self.0.remove(key);
            }
        }
    }

    /// Forgets all, as Stripe may after 24 hours.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
