//! The operator's brand on the documents: name, logo, icon, and the accent as a small stylesheet beside the page's own.

use sha2::{Digest as _, Sha256};

use crate::config::BrandConfig;

/// Where the documents want the product's name.
const NAME: &str = "<!--name-->";
/// Between these stands our own mark, and our own icon.
const LOGO: (&str, &str) = ("<!--logo-->", "<!--/logo-->");
const ICON: (&str, &str) = ("<!--icon-->", "<!--/icon-->");

/// What the documents get, and the files that they name.
#[derive(Debug)]
pub(super) struct Branding {
    name: String,
    pub(super) logo: Option<String>,
    stylesheet: Option<String>,
    /// By path without the leading slash.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl Branding {
    /// Names its files after their contents, so that browsers may keep them.
    pub(super) fn of(brand: &BrandConfig) -> Self {
        let mut files = Vec::new();
        let mut named = |stem: &str, extension: &str, bytes: Vec<u8>| {
            let name = format!("{stem}-{}.{extension}", hex::encode(&Sha256::digest(&bytes)[..8]));
            files.push((name.clone(), bytes));
            format!("/{name}")
        };
        let logo = brand.logo.as_ref().map(|logo| named("logo", logo.extension, logo.bytes.clone()));
        let stylesheet =
            brand.accent.as_deref().map(|accent| named("brand", "css", accent_tokens(accent).into_bytes()));
        Self { name: escape_html(&brand.name), logo, stylesheet, files }
    }

    /// The document as people of this operator see it.
    /// See docs/decisions/0057-branding.md.
    pub(super) fn apply(&self, html: &str) -> String {
        let mut html = html.replace(NAME, &self.name);
        let ours = |html: &str, (start, end): (&str, &str), instead: Option<String>| {
            let Some((before, rest)) = html.split_once(start) else { return html.to_owned() };
            let Some((kept, after)) = rest.split_once(end) else { return html.to_owned() };
            [before, instead.as_deref().unwrap_or(kept), after].concat()
        };
        let picture = |address: &String| format!("<img class=\"brand-logo\" src=\"{address}\" alt=\"\">");
        html = ours(&html, LOGO, self.logo.as_ref().map(picture));
        html = ours(&html, ICON, self.logo.as_ref().map(|address| format!("<link rel=\"icon\" href=\"{address}\">")));
        if let Some(address) = &self.stylesheet {
            html = html.replacen("</head>", &format!("<link rel=\"stylesheet\" href=\"{address}\"></head>"), 1);
        }
        html
    }
}

/// The accent's tokens (style/tokens.css). On dark screens lightness is set, so that any hue is read there.
fn accent_tokens(accent: &str) -> String {
    let of = |lightness: &str, chroma: &str| format!("oklch(from {accent} {lightness} {chroma} h)");
    let both = |light: String, dark: String| format!("light-dark({light},{dark})");
    format!(
        ":root{{--accent:{};--accent-hover:{};--on-accent:{};--accent-wash:{};--part-0:{};--part-1:{};--part-2:{}}}",
        both(accent.to_owned(), of("0.8", "c")),
        both(of("calc(l - 0.06)", "c"), of("0.86", "c")),
        both("#fff".to_owned(), of("0.2", "0.03")),
        both(of("0.958", "0.022"), of("0.265", "0.036")),
        both(of("0.36", "0.08"), of("0.84", "0.115")),
        both(of("0.55", "0.105"), of("0.66", "0.115")),
        both(of("0.68", "0.045"), of("0.52", "0.05")),
    )
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Logo;

    const HTML: &str = "<head><title>Billing · <!--name--></title><!--icon--><link rel=\"icon\" href=\"data:,\"><!--/icon--></head>\
        <p><!--logo--><svg></svg><!--/logo--><!--name--></p>";

    fn brand() -> BrandConfig {
        BrandConfig {
            name: "Nexis".to_owned(),
            logo: None,
            accent: None,
            support_email: None,
            support_url: None,
            links: Vec::new(),
        }
    }

    #[test]
    fn without_a_brand_the_documents_show_ours() {
        let html = Branding::of(&brand()).apply(HTML);
        assert_eq!(
            html,
            "<head><title>Billing · Nexis</title><link rel=\"icon\" href=\"data:,\"></head><p><svg></svg>Nexis</p>"
        );
    }

    #[test]
    fn a_brand_is_put_in_place_of_ours_and_cannot_leave_its_place() {
        let logo = Logo { bytes: b"<svg/>".to_vec(), extension: "svg" };
        let brand = BrandConfig {
            name: "<Ava & Co>".to_owned(),
            logo: Some(logo),
            accent: Some("#7a1fa2".to_owned()),
            ..brand()
        };
        let branding = Branding::of(&brand);
        let html = branding.apply(HTML);
        assert!(html.contains("<title>Billing · &lt;Ava &amp; Co&gt;</title>"), "{html}");
        assert!(!html.contains("<svg>") && !html.contains("data:,"), "{html}");
        for (name, _) in &branding.files {
            assert!(html.contains(&format!("\"/{name}\"")), "{name} is not named in {html}");
        }
    }
}
