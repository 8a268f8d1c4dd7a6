//! Secrets: given themselves, in a file, or as a credential of systemd; and never shown.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ConfigError, setting_error};

/// Text that must not appear in a log.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself; never for a log, an error or a URL that is shown.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// The secret `name` as it was given, from its file, or else from the credential of that name which systemd lays into
/// `$CREDENTIALS_DIRECTORY` (`LoadCredential=`, systemd.exec(5)); without the white space around it.
pub(super) fn resolve_secret(
    name: &'static str,
    given: Option<&Secret>,
    file: Option<&Path>,
) -> Result<Option<Secret>, ConfigError> {
    let credential = || {
        let file = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name);
        file.is_file().then_some(file)
    };
    match (given, file) {
        (Some(_), Some(_)) => Err(setting_error(name, format!("give the secret itself or {name}_file, not both"))),
        (Some(secret), None) => Ok(Some(Secret(secret.reveal().trim().to_owned()))),
        (None, Some(file)) => read_secret(name, file).map(Some),
        (None, None) => credential().map(|file| read_secret(name, &file)).transpose(),
    }
}

fn read_secret(name: &'static str, file: &Path) -> Result<Secret, ConfigError> {
    let unusable = |why: &dyn fmt::Display| setting_error(name, format!("{name}_file: {} {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unusable(&format_args!("cannot be read: {error}")))?;
    match text.trim() {
        "" => Err(unusable(&"is empty")),
        text => Ok(Secret(text.to_owned())),
    }
}
