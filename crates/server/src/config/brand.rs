//! Whose product the page says it is: name, logo, accent color, where help is, further links. Checked at the start, so that
//! nobody finds out from a customer that the buttons cannot be read.

use std::fs;
use std::path::Path;

use billing_contract::session::ProductLink;
use billing_domain::free_text::{EMAIL, LABEL};

use crate::color::{Color, LEAST_CONTRAST};

use super::{ConfigError, ServerSettings, parse_text, setting_error};

/// Light surfaces of the page's tokens (style/tokens.css): the darkest that the accent stands on.
pub(crate) const LIGHT: Color = Color::new(0xf3, 0xf6, 0xf4);
pub(crate) const WHITE: Color = Color::new(0xff, 0xff, 0xff);
const MOST_LOGO_BYTES: usize = 100_000;
const MOST_LINKS: usize = 6;

/// The product's face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrandConfig {
    pub(crate) name: String,
    /// Its logo; `None`: ours.
    pub(crate) logo: Option<Logo>,
    /// `#rrggbb`; `None`: ours.
    pub(crate) accent: Option<String>,
    /// Where people write to for help.
    pub(crate) support_email: Option<String>,
    /// Where help is on the web.
    pub(crate) support_url: Option<String>,
    /// Shown at the end of every page.
    pub(crate) links: Vec<ProductLink>,
}

/// A picture, read at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logo {
    pub(crate) bytes: Vec<u8>,
    /// `svg`, `png` or `webp`.
    pub(crate) extension: &'static str,
}

/// Checks what was set and reads the logo.
pub(super) fn parse_brand(settings: &ServerSettings) -> Result<BrandConfig, ConfigError> {
    let links = settings.brand_links.as_deref().unwrap_or_default();
    if links.len() > MOST_LINKS {
        return Err(setting_error("brand_links", format!("at most {MOST_LINKS} links fit at the end of a page")));
    }
    Ok(BrandConfig {
        name: parse_text("brand_name", settings.brand_name.as_deref(), LABEL)?.unwrap_or_else(|| "Nexis".to_owned()),
        logo: settings.brand_logo.as_deref().map(read_logo).transpose()?,
        accent: settings.brand_accent.as_deref().map(parse_accent).transpose()?,
        support_email: parse_text("support_email", settings.support_email.as_deref(), EMAIL)?
            .map(parse_email)
            .transpose()?,
        support_url: settings.support_url.as_deref().map(|url| parse_address("support_url", url)).transpose()?,
        links: links.iter().map(|entry| parse_link(entry)).collect::<Result<_, _>>()?,
    })
}

fn read_logo(path: &Path) -> Result<Logo, ConfigError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let Some(extension) = ["svg", "png", "webp"].into_iter().find(|known| *known == extension) else {
        return Err(setting_error("brand_logo", "must be an .svg, .png or .webp file"));
    };
    let bytes = fs::read(path).map_err(|error| setting_error("brand_logo", format!("{}: {error}", path.display())))?;
    if bytes.is_empty() || bytes.len() > MOST_LOGO_BYTES {
        return Err(setting_error("brand_logo", format!("must be a picture of at most {MOST_LOGO_BYTES} bytes")));
    }
    Ok(Logo { bytes, extension })
}

/// On light surfaces the accent is text and what white text stands on; on dark ones the page uses a lighter shade of it.
fn parse_accent(text: &str) -> Result<String, ConfigError> {
    let Some(color) = Color::parse(text) else {
        return Err(setting_error("brand_accent", "must look like #0a6c4b"));
    };
    let contrast = color.contrast(LIGHT).min(color.contrast(WHITE));
    if contrast < LEAST_CONTRAST {
        let (whole, part) = (contrast / 100, contrast % 100);
        return Err(setting_error(
            "brand_accent",
            format!(
                "{text} has a contrast of {whole}.{part:02} : 1 on the page's light ground, 4.5 : 1 is needed; take a darker shade"
            ),
        ));
    }
    Ok(text.to_ascii_lowercase())
}

fn parse_email(text: String) -> Result<String, ConfigError> {
    let fits = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if fits && !text.contains([' ', '?', '&', '<', '>', ',']) {
        return Ok(text);
    }
    Err(setting_error("support_email", "must look like help@example.com"))
}

fn parse_address(name: &'static str, url: &str) -> Result<String, ConfigError> {
    let rest = url.strip_prefix("https://").filter(|rest| rest.contains('.') || rest.starts_with("localhost"));
    match rest {
        Some(rest) if !rest.chars().any(|one| one.is_whitespace() || one.is_control()) => Ok(url.to_owned()),
        _ => Err(setting_error(name, format!("`{url}` must look like https://example.com/help"))),
    }
}

/// `Help center=https://example.com/help`
fn parse_link(entry: &str) -> Result<ProductLink, ConfigError> {
    let Some((label, url)) = entry.split_once('=') else {
        return Err(setting_error(
            "brand_links",
            format!("`{entry}` must look like Help center=https://example.com/help"),
        ));
    };
    let Some(label) = parse_text("brand_links", Some(label), LABEL)? else {
        return Err(setting_error("brand_links", "a link needs a label"));
    };
    Ok(ProductLink { label, url: parse_address("brand_links", url.trim())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(settings: &str) -> Result<BrandConfig, String> {
        let settings: ServerSettings = toml::from_str(settings).unwrap();
        parse_brand(&settings).map_err(|error| error.to_string())
    }

    #[test]
    fn without_settings_it_is_ours() {
        let brand = of("").unwrap();
        assert_eq!((brand.name.as_str(), brand.accent, brand.logo), ("Nexis", None, None));
    }

    #[test]
    fn what_is_set_is_kept() {
        let brand = of("brand_name = \"Ava & Co\"\nbrand_accent = \"#7A1FA2\"\nsupport_email = \"help@ava.example\"\n\
            support_url = \"https://ava.example/help\"\nbrand_links = [\"Terms = https://ava.example/terms?a=b\"]")
        .unwrap();
        assert_eq!(brand.accent.as_deref(), Some("#7a1fa2"));
        let terms = ProductLink { label: "Terms".into(), url: "https://ava.example/terms?a=b".into() };
        assert_eq!(brand.links, [terms]);
    }

    #[test]
    fn what_cannot_be_used_is_said_at_the_start() {
        for (settings, words) in [
            ("brand_name = \" \"", "brand_name"),
            ("brand_accent = \"green\"", "#0a6c4b"),
            ("brand_accent = \"#f5c542\"", "take a darker shade"),
            ("brand_logo = \"logo.gif\"", ".svg"),
            ("brand_logo = \"no-such-file.svg\"", "no-such-file.svg"),
            ("support_email = \"help\"", "support_email"),
            ("support_email = \"a@b.c?subject=x\"", "support_email"),
            ("support_url = \"javascript:alert(1)\"", "support_url"),
            ("brand_links = [\"https://ava.example\"]", "must look like"),
            ("brand_links = [\"Terms=http://ava.example\"]", "https://"),
            ("brand_links = [\"=https://ava.example\"]", "brand_links"),
        ] {
            let error = of(settings).unwrap_err();
            assert!(error.contains(words), "{settings}: {error}");
        }
    }
}
