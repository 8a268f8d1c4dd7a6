//! The address of a PostgreSQL server, and whether the line to it is safe: what goes over a network is encrypted.

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::{Result, StoreError};

/// Reads `postgres://…`. A server on this machine is spoken to as the address says, by default encrypted if it can do
/// that. Any other is `Plaintext` unless TLS is sure: without `sslmode` in the address (or `PGSSLMODE`) its certificate is
/// checked (`verify-full`), and a certificate authority that is named is always asked, as libpq does.
pub(super) fn parse_postgres(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| match error {
        sqlx::Error::Configuration(_) => StoreError::UnknownScheme("postgres:…".to_owned()),
        other => StoreError::from(other),
    })?;
    let mode = effective_mode(&options, url)?;
    Ok(options.ssl_mode(mode))
}

fn effective_mode(options: &PgConnectOptions, url: &str) -> Result<PgSslMode> {
    // From the address or the environment: libpq takes either.
    let is_given = |names: &[&str], variable: &str| {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let mut names_in_query = query.split('&').filter_map(|pair| pair.split('=').next());
        names_in_query.any(|name| names.contains(&name)) || std::env::var_os(variable).is_some()
    };
    let has_authority = is_given(&["sslrootcert", "ssl-root-cert", "ssl-ca"], "PGSSLROOTCERT");
    Ok(match options.get_ssl_mode() {
        // An authority that is named should be asked: libpq does so even with `require`.
        PgSslMode::Require if has_authority => PgSslMode::VerifyCa,
        sure @ (PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull) => sure,
        as_written if is_local(options) => as_written,
        // Not said: the safe choice. What is said and unsafe is refused below, not changed in silence.
        _ if !is_given(&["sslmode", "ssl-mode"], "PGSSLMODE") => PgSslMode::VerifyFull,
        _ => {
            let host = options.get_host();
            return Err(StoreError::Plaintext(format!(
                "the PostgreSQL at {host} is not on this machine, so the line to it must be encrypted: write \
                 sslmode=verify-full, with sslrootcert=FILE for an authority of your own, or sslmode=require where nobody \
                 can stand in between"
            )));
        }
    })
}

/// A socket of this machine, or one of its own addresses that no network sees.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    // A socket's path as host, as libpq allows it.
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Option<&'static str> {
        match parse_postgres(url) {
            Ok(options) => Some(match options.get_ssl_mode() {
                PgSslMode::Disable => "disable",
                PgSslMode::Prefer => "prefer",
                PgSslMode::Require => "require",
                PgSslMode::VerifyCa => "verify-ca",
                PgSslMode::VerifyFull => "verify-full",
                PgSslMode::Allow => "allow",
            }),
            Err(StoreError::Plaintext(sentence)) => {
                assert!(!sentence.contains("hush") && sentence.contains("sslmode"), "{sentence}");
                None
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn nothing_goes_over_a_network_in_clear() {
        for (url, expected) in [
            ("postgres://u:hush@db.example/x", Some("verify-full")),
            ("postgres://u:hush@10.0.0.5/x?sslmode=require", Some("require")),
            ("postgres://u:hush@10.0.0.5/x?sslmode=require&sslrootcert=/ca.pem", Some("verify-ca")),
            ("postgres://u:hush@db.example/x?sslmode=verify-ca&sslrootcert=/ca.pem", Some("verify-ca")),
            ("postgres://u:hush@db.example/x?sslmode=disable", None),
            ("postgres://u:hush@db.example/x?sslmode=prefer", None),
            ("postgres://u:hush@db.example/x?ssl-mode=allow", None),
            ("postgres://u:hush@localhost/x?hostaddr=203.0.113.1&sslmode=prefer", None),
            ("postgres://u@127.0.0.1/x", Some("prefer")),
            ("postgres://u@[::1]/x?sslmode=disable", Some("disable")),
            ("postgres://u@localhost/x", Some("prefer")),
            ("postgres://u@127.0.0.1/x?sslmode=verify-full", Some("verify-full")),
            ("postgres:///x?host=/var/run/postgresql", Some("prefer")),
        ] {
            assert_eq!(mode(url), expected, "{url}");
        }
    }
}
