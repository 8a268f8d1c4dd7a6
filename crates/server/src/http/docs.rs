//! The API's description as one plain page: no script, nothing from elsewhere.

mod curl;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use self::curl::write_curl;

/// Where programs read the description.
pub(crate) const DOCUMENT: &str = "/api/openapi.json";
/// Where people read it.
pub(crate) const DOCS: &str = "/api/docs";
/// The docs page's style sheet: the content policy allows no inline style.
pub(crate) const DOCS_STYLE: &str = "/api/docs.css";

/// The page's style sheet.
pub(crate) const STYLE: &str = "\
:root { color-scheme: light dark; background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif; }
body { max-inline-size: 60rem; margin: 2rem auto; padding-inline: min(1rem, 5vw); overflow-wrap: break-word; }
h1, h2 { font-size: min(1.5em, 9vw); }
code, pre { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { margin-block-start: 3rem; border-block-end: 1px solid #8886; }
h3 { margin-block: 2rem 0.25rem; }
table { border-collapse: collapse; inline-size: 100%; }
td, th { text-align: start; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-block-end: 1px solid #8883; }
.curl { margin: 0; padding: 0.5rem; border: 1px solid #8886; white-space: pre-wrap; }
.curl code { user-select: all; }
.method { display: inline-block; min-inline-size: 4.5ch; font-weight: 700; }
";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Makes the page from the OpenAPI document.
pub(crate) fn render_page(document: &Value) -> String {
    let mut html = String::with_capacity(64 * 1024);
    let title = escaped_text(&document["info"]["title"]);
    let _ = write!(
        html,
        "{}<main><h1>{title} API</h1><p>{}</p>\
         <p>For programs: <a href=\"{DOCUMENT}\">{DOCUMENT}</a> (OpenAPI {})</p>\
         <p>Each operation has a line for a shell: set BILLING_URL to this server's address and BILLING_KEY to a key (POST \
         /keys), or BILLING_SESSION to the token of a session. One click selects a line.</p>",
        html_head(&format!("{title} API")),
        escaped_text(&document["info"]["description"]),
        escaped_text(&document["openapi"]),
    );
    write_contents(&mut html, document);
    for tag in list_of(&document["tags"]) {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ =
            write!(html, "<h2 id=\"tag-{0}\">{0}</h2><p>{1}</p>", escape_html(name), escaped_text(&tag["description"]));
        for (path, method, operation) in all_operations(document).filter(|(_, _, operation)| has_tag(operation, name)) {
            write_operation(&mut html, document, path, method, operation);
        }
    }
    html.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in object_of(&document["components"]["schemas"]) {
        write_schema(&mut html, name, schema);
    }
    html.push_str("</main></body></html>");
    html
}

fn write_contents(html: &mut String, document: &Value) {
    html.push_str("<nav aria-label=\"Contents\"><ul>");
    for tag in list_of(&document["tags"]) {
        let _ = write!(html, "<li><a href=\"#tag-{0}\">{0}</a>", escaped_text(&tag["name"]));
    }
    html.push_str("<li><a href=\"#schemas\">Schemas</a></ul></nav>");
}

/// Every operation with its path and method.
fn all_operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    object_of(&document["paths"]).flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path.as_str(), method, item.get(method)?)))
    })
}

fn has_tag(operation: &Value, tag: &str) -> bool {
    list_of(&operation["tags"]).any(|one| one == tag)
}

fn write_operation(html: &mut String, document: &Value, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        html,
        "<section><h3 id=\"{}\"><code><span class=\"method\">{}</span> {}</code></h3><p>{}</p>",
        escaped_text(&operation["operationId"]),
        method.to_uppercase(),
        escape_html(path),
        escaped_text(&operation["summary"]),
    );
    let description = escaped_text(&operation["description"]);
    if !description.is_empty() {
        let _ = write!(html, "<p>{description}</p>");
    }
    let needs: Vec<&str> = list_of(&operation["security"]).flat_map(object_of).map(|(name, _)| name.as_str()).collect();
    let _ = write!(
        html,
        "<p>Needs: {}</p><table>",
        if needs.is_empty() { "nothing".to_owned() } else { escape_html(&needs.join(", ")) }
    );
    for parameter in list_of(&operation["parameters"]) {
        let _ = write!(
            html,
            "<tr><th scope=\"row\"><code>{}</code> ({})<td>{}",
            escaped_text(&parameter["name"]),
            escaped_text(&parameter["in"]),
            escaped_text(&parameter["description"]),
        );
    }
    if let Some(content) = operation.get("requestBody").map(|body| &body["content"]) {
        let _ = write!(html, "<tr><th scope=\"row\">Body<td>{}", content_of(content));
    }
    for (status, response) in object_of(&operation["responses"]) {
        let (description, content) = (escaped_text(&response["description"]), content_of(&response["content"]));
        let _ = write!(html, "<tr><th scope=\"row\">{}<td>{description} {content}", escape_html(status));
    }
    let line = write_curl(document, path, method, operation);
    let _ = write!(html, "</table><pre class=\"curl\"><code>{}</code></pre></section>", escape_html(&line));
}

fn content_of(content: &Value) -> String {
    let forms: Vec<String> = object_of(content)
        .map(|(media, form)| format!("{} <small>{}</small>", type_of(&form["schema"]), escape_html(media)))
        .collect();
    forms.join(", ")
}

fn write_schema(html: &mut String, name: &str, schema: &Value) {
    let _ = write!(
        html,
        "<h3 id=\"schema-{0}\">{0}</h3><p>{1}</p>",
        escape_html(name),
        escaped_text(&schema["description"])
    );
    if schema["properties"].is_object() {
        write_properties(html, schema);
    } else {
        let _ = write!(html, "<p><code>{}</code></p>", type_of(schema));
    }
}

fn write_properties(html: &mut String, schema: &Value) {
    html.push_str("<table>");
    for (field, shape) in object_of(&schema["properties"]) {
        let required = list_of(&schema["required"]).any(|one| one == field);
        let _ = write!(
            html,
            "<tr><th scope=\"row\"><code>{}</code>{}<td><code>{}</code><td>{}",
            escape_html(field),
            if required { "" } else { " (optional)" },
            type_of(shape),
            escaped_text(&shape["description"]),
        );
    }
    html.push_str("</table>");
}

/// A schema as one line with links.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape_html(name));
    }
    for one_of in ["oneOf", "anyOf"] {
        if schema[one_of].is_array() {
            return list_of(&schema[one_of]).map(type_of).collect::<Vec<_>>().join(" | ");
        }
    }
    if schema["allOf"].is_array() {
        return list_of(&schema["allOf"]).map(type_of).collect::<Vec<_>>().join(" & ");
    }
    if schema["enum"].is_array() {
        return list_of(&schema["enum"]).map(|value| escape_html(&value.to_string())).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("{}[]", type_of(&schema["items"])),
        Value::String(kind) if kind == "object" && schema["properties"].is_object() => object_type(schema),
        Value::String(kind) => escape_html(kind),
        Value::Array(kinds) => kinds.iter().map(escaped_text).collect::<Vec<_>>().join(" | "),
        _ => "any".to_owned(),
    }
}

fn object_type(schema: &Value) -> String {
    let fields: Vec<String> = object_of(&schema["properties"])
        .map(|(field, shape)| format!("{}: {}", escape_html(field), type_of(shape)))
        .collect();
    format!("{{ {} }}", fields.join(", "))
}

fn list_of(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn object_of(value: &Value) -> serde_json::map::Iter<'_> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&EMPTY).iter()
}

fn escaped_text(value: &Value) -> String {
    escape_html(value.as_str().unwrap_or_default())
}

/// The beginning of a plain page, up to what its body holds. `title` is HTML already.
pub(crate) fn html_head(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <link rel=\"icon\" href=\"/favicon.svg\"><link rel=\"stylesheet\" href=\"{DOCS_STYLE}\"></head><body>"
    )
}

/// Text inside an element or an attribute.
pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_of_the_document_is_never_markup() {
        let html = render_page(&json!({"info": {"title": "<script>alert(1)</script>", "description": "a & b"}}));
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("a &amp; b"));
    }
}
