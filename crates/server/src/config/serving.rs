//! What must have been said before anything is served, beyond what a look at the database needs.

use std::net::IpAddr;

use super::{Config, ConfigError, setting_error};

/// Whether a host name can only mean this machine.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Config {
    /// Refuses what nobody should get by leaving something out: the open network without an address by which a page is
    /// known, and a bank that moves no money where somebody expects some.
    pub(crate) fn check_serving(&self) -> Result<(), ConfigError> {
        if self.public_origin.is_none() && !self.listen.ip().is_loopback() {
            return Err(setting_error(
                "listen",
                format!(
                    "{} is open to other machines; say with --public-url by which address people reach it, or listen on \
                     127.0.0.1",
                    self.listen
                ),
            ));
        }
        if !self.demo && self.provider.is_none() {
            return Err(setting_error(
                "provider",
                "who moves the money? --provider stripe, or --provider sandbox, which moves none",
            ));
        }
        Ok(())
    }

    /// Whether a request for this host (`Host`, with its port) is meant for us: the public address, or this machine.
    pub(crate) fn is_ours(&self, host: &str) -> bool {
        let public = self.public_origin.as_deref().and_then(|origin| origin.split_once("://"));
        let is_public = public.is_some_and(|(scheme, authority)| {
            let standard = if scheme == "https" { ":443" } else { ":80" };
            let plain = |authority: &str| authority.strip_suffix(standard).unwrap_or(authority).to_ascii_lowercase();
            plain(authority) == plain(host)
        });
        is_public || is_this_machine(without_port(host))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::{Cli, Command};
    use super::*;

    fn config(line: &str) -> Config {
        let words = ["nexis-billing", "serve"].into_iter().chain(line.split_whitespace());
        let Command::Serve(settings) = Cli::try_parse_from(words).unwrap().command else { panic!("not serve") };
        settings.check().unwrap()
    }

    #[test]
    fn the_open_network_needs_a_public_address_and_the_sandbox_must_be_asked_for() {
        for (line, refused) in [
            ("--provider sandbox", None),
            ("--demo", None),
            ("--demo --listen [::1]:0", None),
            ("--provider sandbox --listen 0.0.0.0:80 --public-url https://billing.example", None),
            ("--provider sandbox --listen 0.0.0.0:80", Some("listen")),
            ("--demo --listen [::]:80", Some("listen")),
            ("", Some("provider")),
            ("--demo=false", Some("provider")),
        ] {
            let named = config(line).check_serving().err().map(|error| error.to_string());
            assert_eq!(named.as_deref().and_then(|text| text.split(':').next()), refused, "{line}");
        }
    }

    #[test]
    fn only_the_public_address_and_this_machine_are_ours() {
        let (own, public) = (config("--demo"), config("--demo --public-url https://Billing.Example"));
        for (host, without, with) in [
            ("127.0.0.1:8080", true, true),
            ("localhost", true, true),
            ("[::1]:8080", true, true),
            ("billing.example", false, true),
            ("BILLING.example:443", false, true),
            ("billing.example:8443", false, false),
            ("evil.example", false, false),
            ("localhost.evil.example", false, false),
            ("127.0.0.1.evil.example:80", false, false),
            ("192.0.2.1:8080", false, false),
            ("", false, false),
        ] {
            assert_eq!((own.is_ours(host), public.is_ours(host)), (without, with), "{host}");
        }
    }
}
