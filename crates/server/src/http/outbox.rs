//! The notifications to people, as one plain page: where there is no SMTP server it is the only place to read it.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse};
use billing_domain::Timestamp;

use crate::http::docs::{escape_html, html_head};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::notify::wording::EmailText;
use crate::service::notifications;
use crate::state::AppState;

pub(crate) const PATH: &str = "/outbox";

/// For owners and admins: the organization's latest notices, newest first.
pub(crate) async fn get_outbox(
    State(state): State<AppState>,
    Manager(member): Manager,
) -> Result<impl IntoResponse, Problem> {
    let emails = notifications::list_outbox(&state, &member.organization).await?;
    // Not kept by any cache: the page names people and amounts.
    Ok(([(CACHE_CONTROL, "no-store")], Html(render_page(&member.organization.name, &emails))))
}

fn render_page(organization: &str, emails: &[(Timestamp, String, EmailText)]) -> String {
    let mut html = format!(
        "{}<main><h1>Outbox</h1><p>What the owners and admins of {} were told, newest first. \
         <a href=\"/settings/billing\">Back to Billing</a></p>",
        html_head("Outbox"),
        escape_html(organization)
    );
    if emails.is_empty() {
        html.push_str(
            "<p>Nothing yet. Notices are written when the balance gets low, when an automatic payment is declined, and \
             when automatic payments pause.</p>",
        );
    }
    for (at, shown, email) in emails {
        // Writing to a String cannot fail.
        let _ = write!(
            html,
            "<article><h2>{}</h2><p><time datetime=\"{at}\">{shown}</time></p>",
            escape_html(&email.subject)
        );
        for paragraph in email.body.trim().split("\n\n") {
            let _ = write!(html, "<p>{}</p>", escape_html(paragraph));
        }
        html.push_str("</article>");
    }
    html.push_str("</main></body></html>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_element() {
        let email = EmailText { subject: "<script>".to_owned(), body: "a\n\n<b>".to_owned() };
        let html = render_page("<i>Acme", &[(Timestamp::from_seconds(0), String::new(), email)]);
        assert!(!html.contains("<script>") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
    }
}
