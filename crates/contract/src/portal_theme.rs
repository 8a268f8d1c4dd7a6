//! How a host colors and shapes the pages that it opens for its people.

use serde::{Deserialize, Serialize};

/// Colors and shapes of the host. Colors are written `#rrggbb`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PortalTheme {
    /// Light or dark; left out: as the system says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ThemeMode>,
    /// Buttons and links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// What everything stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border: Option<String>,
    /// Corners: `0px` to `48px`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<String>,
    /// Families of type, as in CSS: names between commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub font: Option<String>,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ThemeMode {
    /// Always light.
    Light,
    /// Always dark.
    Dark,
    /// As the system says.
    Auto,
}
