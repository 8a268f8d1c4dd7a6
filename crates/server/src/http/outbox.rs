//! What people were told, as one plain page: where there is no SMTP server it is the only place to read it.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse};
use billing_domain::Timestamp;

use crate::app::AppState;
use crate::http::docs::{escape, head};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::notices::{self, Letter};

/// The page's address.
pub(crate) const PATH: &str = "/outbox";

/// For owners and admins: the organisation's latest notices, newest first.
pub(crate) async fn get_outbox(
    State(state): State<AppState>,
    Manager(member): Manager,
) -> Result<impl IntoResponse, Problem> {
    let letters = notices::outbox(&state, &member.organization).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Html(page(&member.organization.name, &letters))))
}

fn page(organization: &str, letters: &[(Timestamp, String, Letter)]) -> String {
    let mut html = format!(
        "{}<main><h1>Outbox</h1><p>What the owners and admins of {} were told, newest first. \
         <a href=\"/settings/billing\">Back to Billing</a></p>",
        head("Outbox"),
        escape(organization)
    );
    if letters.is_empty() {
        html.push_str(
            "<p>Nothing yet. Notices are written when the balance gets low, when an automatic payment is declined, and \
             when automatic payments pause.</p>",
        );
    }
    for (at, shown, letter) in letters {
        // Writing to a String cannot fail.
        let _ =
            write!(html, "<article><h2>{}</h2><p><time datetime=\"{at}\">{shown}</time></p>", escape(&letter.subject));
        for paragraph in letter.text.trim().split("\n\n") {
            let _ = write!(html, "<p>{}</p>", escape(paragraph));
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
        let letter = Letter { subject: "<script>".to_owned(), text: "a\n\n<b>".to_owned() };
        let html = page("<i>Acme", &[(Timestamp::from_seconds(0), String::new(), letter)]);
        assert!(!html.contains("<script>") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
    }
}
