//! A sentence of the server in no language: its code in the catalog and what is filled in.

use billing_domain::TextMap;
use serde::{Deserialize, Serialize};

/// What an English text beside it says, for showing it in another language. A reader that does not know the code shows the
/// English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Name of the sentence, `amount_below_minimum`. Codes may be added at any time.
    pub code: String,
    /// What is filled in, by name: texts as they are, amounts as plain decimals, counts in digits.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub params: TextMap,
}
