//! What is wrong with a text that somebody entered, in sentences.

use billing_domain::FreeTextError;

use super::UserMessage;

impl From<FreeTextError> for UserMessage {
    fn from(error: FreeTextError) -> Self {
        match error {
            FreeTextError::Required => Self::text_missing(),
            FreeTextError::TooLong(maximum) => Self::text_too_long(maximum),
            FreeTextError::Unprintable => Self::text_unprintable(),
            FreeTextError::CardNumber => Self::text_card_number(),
        }
    }
}
