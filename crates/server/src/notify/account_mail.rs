//! Mails about somebody's own account, in their language. They hold links that nothing but the mail may hold: none of them
//! is ever stored.

use super::wording::EmailText;

include!(concat!(env!("OUT_DIR"), "/mails.rs"));

/// What is written to somebody.
#[derive(Clone, Debug)]
pub(crate) enum AccountMail {
    /// By this link they choose another password.
    ResetPassword {
        /// The whole address.
        link: String,
    },
    /// Their password was changed.
    PasswordChanged,
    /// By this link they confirm a new sign-in address.
    ConfirmEmail {
        /// The whole address.
        link: String,
    },
    /// Their sign-in address was changed; to the old one.
    EmailChanged {
        /// The new one.
        email: String,
    },
    /// A second factor is asked for from now on.
    SecondFactorOn,
    /// None is asked for any more.
    SecondFactorOff,
    /// By this link they come into an organization.
    Invitation {
        /// The whole address.
        link: String,
        /// Where to, by name.
        organization: String,
        /// Who invites them, by name.
        inviter: String,
    },
}

impl AccountMail {
    /// In the language of this BCP 47 tag, or English; `product`: what the operator calls it.
    pub(crate) fn write(&self, tag: Option<&str>, product: &str) -> EmailText {
        let (name, values) = match self {
            Self::ResetPassword { link } => ("reset", vec![("link", link.as_str())]),
            Self::PasswordChanged => ("changed", Vec::new()),
            Self::ConfirmEmail { link } => ("email", vec![("link", link.as_str())]),
            Self::EmailChanged { email } => ("email_changed", vec![("email", email.as_str())]),
            Self::SecondFactorOn => ("factor_on", Vec::new()),
            Self::SecondFactorOff => ("factor_off", Vec::new()),
            Self::Invitation { link, organization, inviter } => {
                ("invitation", vec![("link", link.as_str()), ("organization", organization), ("inviter", inviter)])
            }
        };
        // A text of the catalogue is one line.
        let values = [values, vec![("product", product), ("br", "\n")]].concat();
        let text = |part: &str| fill_in(find_text(tag, &format!("{name}_{part}")), &values);
        EmailText { subject: text("subject"), body: text("body") }
    }
}

/// The text of this name; English where the language is unknown or lacks it.
fn find_text(tag: Option<&str>, name: &str) -> &'static str {
    let language = tag.and_then(|tag| tag.split('-').next()).unwrap_or("en").to_ascii_lowercase();
    let of = |wanted: &str| {
        let (_, texts) = MAILS.iter().find(|(language, _)| *language == wanted)?;
        texts.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    };
    of(&language).or_else(|| of("en")).unwrap_or_default()
}

fn fill_in(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 128);
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        out.push_str(before);
        out.extend(values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_mail_with_its_link() {
        let link = || "https://b.test/reset#t=1".to_owned();
        let mails = [
            AccountMail::ResetPassword { link: link() },
            AccountMail::PasswordChanged,
            AccountMail::ConfirmEmail { link: link() },
            AccountMail::EmailChanged { email: "new@b.test".to_owned() },
            AccountMail::SecondFactorOn,
            AccountMail::SecondFactorOff,
            AccountMail::Invitation { link: link(), organization: "Acme {link}".to_owned(), inviter: "Ava".to_owned() },
        ];
        let languages: Vec<_> = MAILS.iter().map(|(language, _)| *language).collect();
        assert_eq!(languages, ["en", "de", "es", "ja", "ar"]);
        for mail in &mails {
            let english = mail.write(None, "Nexis");
            assert_eq!(mail.write(Some("xx-YY"), "Nexis"), english);
            for language in &languages[1..] {
                let text = mail.write(Some(&format!("{language}-ZZ")), "Nexis");
                assert!(text != english && !text.subject.is_empty(), "{text:?}");
                if let AccountMail::ResetPassword { link }
                | AccountMail::ConfirmEmail { link }
                | AccountMail::Invitation { link, .. } = mail
                {
                    assert!(text.body.contains(&format!("\n{link}\n")), "{text:?}");
                }
                if matches!(mail, AccountMail::Invitation { .. }) {
                    assert!(text.subject.contains("Acme {link}") && text.body.contains("Ava"), "{text:?}");
                }
            }
        }
    }
}
