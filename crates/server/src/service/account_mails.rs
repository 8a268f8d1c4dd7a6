//! Sends mails about accounts: outside of the request, three times at most, in the person's language.

use std::time::Duration;

use billing_domain::UserId;
use billing_store::Account;

pub(crate) use crate::notify::account_mail::AccountMail;
use crate::state::AppState;

/// Pauses before a try; what is lost after the last one is sent again by the person's next click.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(5), Duration::from_secs(30)];

/// Whether mails can be sent at all.
pub(crate) fn can_send(state: &AppState) -> bool {
    state.notification_channels.mailer.is_some()
}

/// Writes to somebody with an account, in a task of its own.
pub(crate) fn spawn_mail(state: &AppState, user_id: UserId, mail: AccountMail) {
    if !can_send(state) {
        return;
    }
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        match state.store.account(&user_id).await {
            Ok(account) => {
                let locale = find_locale(&state, &account).await;
                send(&state, &account.email, locale.as_deref(), &mail).await;
            }
            Err(error) => tracing::warn!(%error, "a mail about an account could not be written"),
        }
    });
}

/// Writes to this address, of somebody who may have no account, in a task of its own.
pub(crate) fn spawn_mail_to(state: &AppState, to: String, locale: Option<String>, mail: AccountMail) {
    let state = state.clone();
    state.tasks.clone().spawn(async move { send(&state, &to, locale.as_deref(), &mail).await });
}

/// The language of somebody's mails: their own, else that of where they were last.
pub(super) async fn find_locale(state: &AppState, account: &Account) -> Option<String> {
    if account.locale.is_some() {
        return account.locale.clone();
    }
    let organization_id = match &account.last_organization_id {
        Some(id) => id.clone(),
        None => state.store.memberships(&account.id).await.ok()?.into_iter().next()?.organization_id,
    };
    state.store.organization(&organization_id).await.ok()?.locale
}

/// Sends a mail to this address; failures are only logged, without what it says.
pub(crate) async fn send(state: &AppState, to: &str, locale: Option<&str>, mail: &AccountMail) {
    let Some(mailer) = &state.notification_channels.mailer else { return };
    let text = mail.write(locale, &state.config.brand.name);
    for pause in PAUSES {
        if state.shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        match mailer.send_text(to, text.clone()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(reason = %error.reason, "a mail about an account was not taken");
                if error.permanent {
                    return;
                }
            }
        }
    }
}
