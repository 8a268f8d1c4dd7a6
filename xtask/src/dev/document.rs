//! The document as the product's server would send it, with what is built now: the server's answer gives the data of the
//! first screen and the operator's name, the tree gives everything else.

use crate::build::Program;
use serde_json::Value;

/// How the data begins and ends in the server's answer (crates/server/src/http/bootstrap.rs).
const DATA: (&str, &str) = ("<script type=\"application/json\" id=\"bootstrap\">", "</script>");
/// Only the app's own documents have one.
const SHELL: &str = "<div id=\"shell\"";
/// Where the server would put the data and the name (crates/server/src/http/face.rs).
const DATA_MARK: &str = "<!--bootstrap-->";
const NAME_MARK: &str = "<!--name-->";

/// The program at an address of the page.
pub(super) fn program_at(path: &str) -> Program {
    match path.trim_matches('/') {
        "pay" => Program::Pay,
        "kit" => Program::Kit,
        _ => Program::App,
    }
}

/// Whether the answer is the app, and not another page of the server's.
pub(super) fn is_app(answer: &str) -> bool {
    answer.contains(SHELL)
}

/// `document` with the data that stands in `answer`; the app asks for it when there is none.
pub(super) fn fill_document(document: &str, answer: &str) -> String {
    let data = answer.split_once(DATA.0).and_then(|(_, rest)| rest.split_once(DATA.1)).map_or("", |(data, _)| data);
    let read: Value = serde_json::from_str(data).unwrap_or_default();
    let name = escape_html(read["service"]["brand"]["name"].as_str().unwrap_or("Nexis"));
    let element = if data.is_empty() { String::new() } else { [DATA.0, data, DATA.1].concat() };
    document.replace(NAME_MARK, &name).replacen(DATA_MARK, &element, 1)
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "<head><title>Billing · Old</title>\
        <script type=\"application/json\" id=\"bootstrap\">{\"service\":{\"brand\":{\"name\":\"Ava & Co\"}}}</script>\
        </head><div id=\"shell\" class=\"shell\"></div>";

    #[test]
    fn the_data_and_the_name_come_from_the_server_and_the_rest_from_the_tree() {
        let html = fill_document("<title>Billing · <!--name--></title><!--bootstrap--><p>new</p>", ANSWER);
        assert_eq!(
            html,
            "<title>Billing · Ava &amp; Co</title><script type=\"application/json\" id=\"bootstrap\">\
             {\"service\":{\"brand\":{\"name\":\"Ava & Co\"}}}</script><p>new</p>"
        );
    }

    #[test]
    fn without_data_the_document_is_whole_and_the_app_asks() {
        assert_eq!(fill_document("<!--name--><!--bootstrap--><p>", "<div id=\"shell\">"), "Nexis<p>");
    }

    #[test]
    fn the_apps_documents_are_told_from_others() {
        assert!(is_app(ANSWER) && !is_app("<html><h1>Nexis Billing API</h1>"));
        assert_eq!(program_at("/pay"), Program::Pay);
        assert_eq!(program_at("/pay/"), Program::Pay);
        assert_eq!(program_at("/kit"), Program::Kit);
        assert_eq!(program_at("/settings/billing"), Program::App);
        assert_eq!(program_at("/"), Program::App);
    }
}
