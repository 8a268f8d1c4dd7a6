//! The mail server's address: no password goes over a network in clear.

use super::secret::Secret;
use super::{ConfigError, serving, setting_error};

/// `smtps://…`, `smtp://…?tls=required` (STARTTLS or nothing), or `smtp://…` to this machine or without a password.
pub(super) fn check_server(url: &Secret) -> Result<(), ConfigError> {
    const FORM: &str = "must look like smtps://user:password@host or smtp://user:password@host:587?tls=required";
    // The error may repeat the address, which holds a password.
    let url: reqwest::Url = url.reveal().parse().map_err(|_| setting_error("smtp_url", FORM))?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| setting_error("smtp_url", FORM))?;
    let has_password = url.password().is_some() || !url.username().is_empty();
    let is_encrypted = match url.scheme() {
        "smtps" => true,
        "smtp" => url.query_pairs().any(|(name, value)| name == "tls" && value == "required"),
        _ => return Err(setting_error("smtp_url", FORM)),
    };
    if has_password && !is_encrypted && !serving::is_this_machine(host) {
        return Err(setting_error(
            "smtp_url",
            format!("the password would go to {host} in clear; write smtps://, or smtp:// with ?tls=required"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_over_tls_or_stays_on_this_machine() {
        for (url, fine) in [
            ("smtps://u:hush@mail.example", true),
            ("smtp://u:hush@mail.example:587?tls=required", true),
            ("smtp://u:hush@127.0.0.1:25", true),
            ("smtp://u:hush@localhost", true),
            ("smtp://mail.example", true),
            ("smtp://u:hush@mail.example", false),
            ("smtp://u@mail.example", false),
            ("smtp://u:hush@mail.example:587?tls=opportunistic", false),
            ("smtp://u:hush@mail.example?notls=required", false),
            ("http://u:hush@mail.example", false),
            ("hush", false),
        ] {
            let checked = check_server(&Secret::from(url.to_owned()));
            assert_eq!(checked.is_ok(), fine, "{url}");
            assert!(!checked.is_err_and(|error| error.to_string().contains("hush")), "{url}");
        }
    }
}
