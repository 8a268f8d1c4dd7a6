//! Notices to people by e-mail.

use std::fmt;
use std::time::Duration;

use billing_store::Notice;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::DeliveryError;
use super::wording::EmailText;

/// A server that takes longer is tried again later.
const TIME: Duration = Duration::from_secs(20);

/// The operator's SMTP server.
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
}

impl Mailer {
    /// `url`: `smtps://user:password@host`, or `smtp://host?tls=required`. `from`: `Nexis Billing <billing@host>`.
    pub(crate) fn new(url: &str, from: &str) -> Result<Self, String> {
        // The error may repeat the address, which holds a password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| {
            "smtp_url: must look like smtps://user:password@host or smtp://host:587?tls=required".to_owned()
        })?;
        let from = from.parse().map_err(|error| format!("mail_from: {error}"))?;
        Ok(Self { transport: transport.timeout(Some(TIME)).build(), from })
    }

    /// A mail that is no notice: nothing of it is stored.
    pub(crate) async fn send_text(&self, to: &str, text: EmailText) -> Result<(), DeliveryError> {
        let for_good = |reason: String| DeliveryError { reason, permanent: true };
        let to = to.parse().map_err(|_| for_good("this is no e-mail address".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(text.subject)
            .message_id(None)
            .body(text.body)
            .map_err(|error| for_good(error.to_string()))?;
        self.deliver(message).await
    }

    pub(crate) async fn send(&self, notice: &Notice, to: &str, text: EmailText) -> Result<(), DeliveryError> {
        let for_good = |reason: String| DeliveryError { reason, permanent: true };
        // It was stored as somebody's address, and will not become one by trying again.
        let to = to.parse().map_err(|_| for_good("this is no e-mail address".to_owned()))?;
        // A message that is sent twice, after a crash, is one to whoever reads it.
        let id = format!("<{}@{}>", notice.id, self.from.email.domain());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(text.subject)
            .message_id(Some(id))
            .body(text.body)
            .map_err(|error| for_good(error.to_string()))?;
        self.deliver(message).await
    }

    async fn deliver(&self, message: Message) -> Result<(), DeliveryError> {
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            // A permanent refusal (5xx) is final; anything else may be over soon.
            Err(error) => Err(DeliveryError { permanent: error.is_permanent(), reason: error.to_string() }),
        }
    }
}
