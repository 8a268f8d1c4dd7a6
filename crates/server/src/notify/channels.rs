//! The ways that the operator has set up.

use super::email::Mailer;
use super::webhook::Webhook;
use crate::config::Config;

/// Without an SMTP server or a webhook address, notices are kept in the outbox.
#[derive(Debug)]
pub(crate) struct NotificationChannels {
    pub(crate) mailer: Option<Mailer>,
    pub(crate) webhook: Option<Webhook>,
}

impl NotificationChannels {
    /// From the settings; a sentence for the operator where they cannot be used.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        let mailer = match (&config.smtp_url, &config.mail_from) {
            (Some(url), Some(from)) => Some(Mailer::new(url.reveal(), from)?),
            (None, None) => None,
            // One without the other is a slip, and nobody would be notified.
            _ => return Err("smtp_url and mail_from: give both of them, or neither".to_owned()),
        };
        let webhook = match (&config.webhook_url, &config.webhook_secret) {
            (Some(url), Some(secret)) => Some(Webhook::new(url, secret.reveal())?),
            (None, None) => None,
            _ => return Err("webhook_url and webhook_secret: give both of them, or neither".to_owned()),
        };
        Ok(Self { mailer, webhook })
    }
}
