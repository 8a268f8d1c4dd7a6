//! The TOML file. What is wrong with it is said without its contents: the line that does not parse may be a password.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

use super::oidc::OIDC_NAMES;
use super::{Cli, ConfigError, ServerSettings};

/// Settings of a file; unknown names are refused, so that a typo is noticed.
pub(super) fn read_file(path: &Path) -> Result<ServerSettings, ConfigError> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| ConfigError::File { path: shown.clone(), error })?;
    parse_settings(&text).map_err(|reason| ConfigError::Toml { path: shown, reason })
}

/// The error says which line, which setting if it is one of ours, and what to do.
pub(super) fn parse_settings(text: &str) -> Result<ServerSettings, String> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        if let Some(name) = find_unknown(error.message()) {
            return format!("line {number}: there is no setting `{name}`");
        }
        let line = text.lines().nth(number - 1).unwrap_or_default();
        match line.split_once('=').map(|(name, _)| name.trim()).filter(|name| is_setting(name)) {
            Some(name) => {
                format!("line {number}: the value of `{name}` cannot be read; texts stand between \"quotes\"")
            }
            None => format!("line {number} cannot be read; write NAME = \"VALUE\""),
        }
    })
}

/// The name of a setting that there is not. Of what else a parser says, any part may be a value.
fn find_unknown(message: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let name = message.strip_prefix("unknown field `")?.split('`').next()?;
    let bare = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (bare && name.len() <= LONGEST).then_some(name)
}

fn is_setting(name: &str) -> bool {
    let command = Cli::command();
    OIDC_NAMES.contains(&name)
        || command.find_subcommand("serve").is_some_and(|serve| serve.get_arguments().any(|flag| flag.get_id() == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (text, said) in [
            ("grace_seconds = 1\nservice_key = hush-hush\n", "line 2: the value of `service_key`"),
            ("service_key = \"hush-hush\nlisten = \"127.0.0.1:1\"", "cannot be read"),
            ("service_key = 4815162342", "line 1: the value of `service_key`"),
            ("database = [\"postgres://u:hush@h/d\"]", "line 1: the value of `database`"),
            ("grace_seconds = \"hush\"", "line 1: the value of `grace_seconds`"),
            ("provider = \"hush\"", "line 1: the value of `provider`"),
            ("demo = true\n\nhush-hush\n", "cannot be read"),
            ("service_key = \"\"\"\nhush==\n", "cannot be read"),
            ("Hush1 = \"x\"", "line 1 cannot be read"),
            ("[oidc.a]\nissuer = \"https://a\"\nclient_secret = hush", "line 3: the value of `client_secret`"),
            ("[oidc.a]\nclient_secrets = \"hush\"", "line 2: there is no setting `client_secrets`"),
            ("listne = \"127.0.0.1:9\"", "line 1: there is no setting `listne`"),
        ] {
            let error = parse_settings(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.to_lowercase().contains("hush") && !error.contains("4815"), "{text}: {error}");
        }
    }
}
