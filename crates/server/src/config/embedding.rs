//! Which sites may show the page in a frame: the setting, the policy that browsers get, and the check of a frame's parent.

use super::serving::is_this_machine;
use super::{ConfigError, setting_error};

const SHAPE: &str = "each must look like https://app.example.com or https://*.example.com, without a path; http only on this \
                     machine";

/// Origins, in lower case as browsers write them; `https://*.example.com` stands for every name below `example.com`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EmbedOrigins(Vec<String>);

impl EmbedOrigins {
    /// Reads the setting.
    ///
    /// # Errors
    /// One of them is no origin, or one that anybody between could speak for.
    pub(crate) fn parse(entered: &[String]) -> Result<Self, ConfigError> {
        let origins = entered.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let read = |text| parse_source(text).ok_or_else(|| setting_error("embed_origins", format!("{text}: {SHAPE}")));
        Ok(Self(origins.map(read).collect::<Result<_, _>>()?))
    }

    /// No site may.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As sources of `frame-ancestors` (CSP 3 §6.4.2.1), which match as [`Self::allows`] does.
    pub(crate) fn sources(&self) -> String {
        self.0.join(" ")
    }

    /// Whether a page of this origin, as a browser writes it, may show ours.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        self.0.iter().any(|source| match source.split_once("://*.") {
            None => source == origin,
            Some((scheme, parent)) => {
                let host = origin.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
                let below = host.and_then(|host| host.strip_suffix(parent)).and_then(|below| below.strip_suffix('.'));
                below.is_some_and(is_name)
            }
        })
    }
}

fn parse_source(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse::<u16>().ok()?)),
        _ => (authority, None),
    };
    let local = is_this_machine(host);
    let named =
        is_name(host.strip_prefix("*.").unwrap_or(host)) && (!host.starts_with('*') || host.matches('.').count() > 1);
    let trusted = match scheme {
        "https" => named || local,
        "http" => local,
        _ => false,
    };
    // Browsers leave the standard port out.
    let standard = matches!((scheme, port), ("https", Some(443)) | ("http", Some(80)));
    trusted.then(|| if standard { format!("{scheme}://{host}") } else { text.clone() })
}

/// Labels of letters, digits and hyphens, with points between them.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> EmbedOrigins {
        EmbedOrigins::parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_origin_is_written_as_browsers_do_and_what_anybody_could_speak_for_is_refused() {
        let all = origins(
            "https://App.example.com/, https://*.example.org,http://127.0.0.1:4000,http://localhost,https://a.example:443,",
        );
        let sources =
            "https://app.example.com https://*.example.org http://127.0.0.1:4000 http://localhost https://a.example";
        assert_eq!(all.sources(), sources);
        assert!(origins("").is_empty());
        for wrong in [
            "http://app.example.com",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://user@app.example.com",
            "https://*",
            "https://*.com",
            "https://a.*.example.com",
            "*",
            "app.example.com",
            "https://",
            "https://app.example.com:99999",
            "https://app.example.com; script-src *",
            "https://app example.com",
            "ftp://localhost",
        ] {
            let refused = EmbedOrigins::parse(&[wrong.to_owned()]);
            assert!(refused.is_err_and(|error| error.to_string().contains("embed_origins")), "{wrong}");
        }
    }

    #[test]
    fn a_name_below_is_allowed_and_one_that_only_looks_alike_is_not() {
        let all = origins("https://app.example.com,https://*.example.org,http://localhost:3000");
        for (origin, allowed) in [
            ("https://app.example.com", true),
            ("https://app.example.com:8443", false),
            ("http://app.example.com", false),
            ("https://a.example.org", true),
            ("https://a.b.example.org", true),
            ("https://example.org", false),
            ("https://.example.org", false),
            ("https://evilexample.org", false),
            ("https://evil.example/.example.org", false),
            ("http://a.example.org", false),
            ("https://a.example.org:1", false),
            ("http://localhost:3000", true),
            ("http://localhost:3001", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(all.allows(origin), allowed, "{origin}");
        }
    }
}
