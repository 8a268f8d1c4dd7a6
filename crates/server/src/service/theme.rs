//! The host's colors and shapes: checked where they come in, so that whatever reaches the page's style is a color, a length or
//! a name, and can be read.

use billing_contract::FieldError;
use billing_contract::portal_theme::{PortalTheme, ThemeMode};
use billing_domain::TextMap;

use crate::color::{Color, LEAST_CONTRAST};
use crate::config::{LIGHT, WHITE};
use crate::problem::{Detail, field_error};

/// Largest radius of corners, pixels.
const MOST_RADIUS: u32 = 48;
/// Longest list of families of type, bytes, and longest of its names.
pub(crate) const MOST_FONT: usize = 200;
const MOST_FAMILY: usize = 60;
/// Families that CSS knows without quotes.
const GENERIC_FAMILIES: [&str; 6] = ["sans-serif", "serif", "monospace", "system-ui", "ui-sans-serif", "ui-serif"];

/// What the page stands on and is written with where the theme leaves it to us (style/tokens.css).
struct Screen {
    /// The surfaces that are hardest to read on.
    grounds: [Color; 2],
    ink: Color,
}

const LIGHT_SCREEN: Screen = Screen { grounds: [LIGHT, WHITE], ink: Color::new(0x13, 0x1a, 0x17) };
const DARK_SCREEN: Screen =
    Screen { grounds: [Color::new(0x0c, 0x0f, 0x0e), Color::new(0x1d, 0x22, 0x1f)], ink: Color::new(0xea, 0xee, 0xeb) };

/// The theme as it is kept and given to the page: colors in lower case, names of type in quotes.
///
/// # Errors
/// Every field that is no color, length or name, and `unreadable` for colors that cannot be told apart; pointers begin with
/// `/theme`.
pub(crate) fn parse_theme(theme: &PortalTheme) -> Result<TextMap, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut parsed = TextMap::default();
    let mut color = |name: &str, entered: &Option<String>| {
        let text = entered.as_deref()?;
        let color = Color::parse(text);
        if color.is_some() {
            parsed.insert(name.to_owned(), text.to_ascii_lowercase());
        } else {
            errors.push(wrong(name, "Write a color as #rrggbb."));
        }
        color
    };
    let accent = color("accent", &theme.accent);
    let surface = color("surface", &theme.surface);
    let text = color("text", &theme.text);
    color("border", &theme.border);
    let mode = theme.mode.unwrap_or(ThemeMode::Auto);
    if theme.mode.is_some() {
        parsed.insert("mode".to_owned(), mode_name(mode).to_owned());
    }
    let mut word = |name: &str, entered: &Option<String>, parse: fn(&str) -> Option<String>, rule: &str| {
        let Some(entered) = entered else { return };
        match parse(entered) {
            Some(text) => parsed.insert(name.to_owned(), text),
            None => errors.push(wrong(name, rule)),
        }
    };
    word("radius", &theme.radius, parse_radius, "Write a length of 0px to 48px, in whole pixels.");
    word(
        "font",
        &theme.font,
        parse_font,
        "Write names of families between commas: letters, digits, spaces and hyphens.",
    );
    errors.extend(check_text(mode, surface, text));
    errors.extend(check_accent(mode, surface, accent));
    if errors.is_empty() { Ok(parsed) } else { Err(errors) }
}

/// Text on every surface that it may stand on, as soon as the theme chooses either.
fn check_text(mode: ThemeMode, surface: Option<Color>, text: Option<Color>) -> Option<FieldError> {
    let name = if text.is_some() { "text" } else { "surface" };
    surface.or(text)?;
    let pairs = screens(mode).iter().flat_map(|screen| {
        let ink = text.unwrap_or(screen.ink);
        screen.grounds.iter().map(move |ground| ink.contrast(surface.unwrap_or(*ground)))
    });
    check_contrast(name, pairs.min()?)
}

/// The accent on the theme's surface. Where the surface is ours, dark screens take a lighter shade of the accent, unless the
/// theme is dark only: then it is meant for them.
fn check_accent(mode: ThemeMode, surface: Option<Color>, accent: Option<Color>) -> Option<FieldError> {
    let accent = accent?;
    let grounds = match (surface, mode) {
        (Some(surface), _) => [surface; 2],
        (None, ThemeMode::Dark) => DARK_SCREEN.grounds,
        (None, _) => LIGHT_SCREEN.grounds,
    };
    check_contrast("accent", grounds.iter().map(|ground| accent.contrast(*ground)).min()?)
}

fn screens(mode: ThemeMode) -> &'static [Screen] {
    const BOTH: [Screen; 2] = [LIGHT_SCREEN, DARK_SCREEN];
    match mode {
        ThemeMode::Light => &BOTH[..1],
        ThemeMode::Dark => &BOTH[1..],
        ThemeMode::Auto => &BOTH,
    }
}

fn check_contrast(name: &str, contrast: u32) -> Option<FieldError> {
    let (whole, part) = (contrast / 100, contrast % 100);
    let detail = format!("This has a contrast of {whole}.{part:02} : 1 where it is seen; 4.5 : 1 is needed.");
    (contrast < LEAST_CONTRAST).then(|| field_error(format!("/theme/{name}"), "unreadable", Detail::general(detail)))
}

fn wrong(name: &str, rule: &str) -> FieldError {
    field_error(format!("/theme/{name}"), "wrong_value", Detail::general(rule))
}

const fn mode_name(mode: ThemeMode) -> &'static str {
    match mode {
        ThemeMode::Light => "light",
        ThemeMode::Dark => "dark",
        ThemeMode::Auto => "auto",
    }
}

fn parse_radius(text: &str) -> Option<String> {
    let pixels = text.strip_suffix("px").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let pixels: u32 = pixels.parse().ok().filter(|pixels| *pixels <= MOST_RADIUS)?;
    Some(format!("{pixels}px"))
}

fn parse_font(text: &str) -> Option<String> {
    let families: Option<Vec<String>> = text.split(',').map(parse_family).collect();
    families.map(|families| families.join(", ")).filter(|font| font.len() <= MOST_FONT)
}

fn parse_family(text: &str) -> Option<String> {
    let text = text.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    let name = quoted.unwrap_or(text).trim();
    let fits = (1..=MOST_FAMILY).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-'));
    let generic = quoted.is_none() && GENERIC_FAMILIES.contains(&name);
    fits.then(|| if generic { name.to_owned() } else { format!("\"{name}\"") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<String, String> {
        let theme: PortalTheme = serde_json::from_str(json).unwrap();
        match parse_theme(&theme) {
            Ok(parsed) => Ok(serde_json::to_string(&parsed).unwrap()),
            Err(errors) => {
                let all: Vec<_> = errors.iter().map(|error| format!("{} {}", error.pointer, error.code)).collect();
                Err(all.join(", "))
            }
        }
    }

    #[test]
    fn what_is_accepted_is_a_color_a_length_or_a_name() {
        assert_eq!(parse("{}").unwrap(), "{}");
        assert_eq!(
            parse(
                r##"{"mode":"light","accent":"#0A6C4B","surface":"#ffffff","text":"#111111","border":"#DDDDDD",
                "radius":"08px","font":"Inter, 'Open Sans',system-ui, serif"}"##
            )
            .unwrap(),
            r##"{"accent":"#0a6c4b","border":"#dddddd","font":"\"Inter\", \"Open Sans\", system-ui, serif","mode":"light","radius":"8px","surface":"#ffffff","text":"#111111"}"##
        );
    }

    #[test]
    fn nothing_reaches_the_style_unread() {
        for (json, said) in [
            (r#"{"accent":"red"}"#, "/theme/accent wrong_value"),
            (r##"{"border":"#fff"}"##, "/theme/border wrong_value"),
            (r##"{"surface":"#ffffff;}"}"##, "/theme/surface wrong_value"),
            (r#"{"radius":"49px"}"#, "/theme/radius wrong_value"),
            (r#"{"radius":"1rem"}"#, "/theme/radius wrong_value"),
            (r#"{"radius":"px"}"#, "/theme/radius wrong_value"),
            (r#"{"radius":"+8px"}"#, "/theme/radius wrong_value"),
            (r#"{"font":"x}body{display:none"}"#, "/theme/font wrong_value"),
            (r#"{"font":"url(https://evil.example)"}"#, "/theme/font wrong_value"),
            (r#"{"font":"Inter,,serif"}"#, "/theme/font wrong_value"),
            (r#"{"font":"\"Inter"}"#, "/theme/font wrong_value"),
            (r#"{"accent":"red","radius":"x"}"#, "/theme/accent wrong_value, /theme/radius wrong_value"),
        ] {
            assert_eq!(parse(json).unwrap_err(), said, "{json}");
        }
        assert!(parse(&format!("{{\"font\":\"{}\"}}", "Inter, ".repeat(40) + "serif")).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (json, said) in [
            (r##"{"accent":"#f5c542"}"##, "/theme/accent unreadable"),
            (r##"{"mode":"dark","accent":"#0a6c4b"}"##, "/theme/accent unreadable"),
            (r##"{"mode":"light","surface":"#ffffff","accent":"#777777"}"##, "/theme/accent unreadable"),
            (r##"{"mode":"light","surface":"#ffffff","text":"#999999"}"##, "/theme/text unreadable"),
            (r##"{"mode":"light","surface":"#333333"}"##, "/theme/surface unreadable"),
            (r##"{"surface":"#ffffff"}"##, "/theme/surface unreadable"),
            (r##"{"text":"#111111"}"##, "/theme/text unreadable"),
        ] {
            assert_eq!(parse(json).unwrap_err(), said, "{json}");
        }
        for json in [
            r##"{"accent":"#0a6c4b"}"##,
            r##"{"mode":"dark","accent":"#f5c542"}"##,
            r##"{"mode":"light","surface":"#ffffff"}"##,
            r##"{"surface":"#ffffff","text":"#111111"}"##,
            r##"{"mode":"dark","surface":"#101010","text":"#eeeeee","accent":"#f5c542"}"##,
        ] {
            assert!(parse(json).is_ok(), "{json}");
        }
    }
}
