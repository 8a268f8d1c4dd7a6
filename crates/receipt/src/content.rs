//! What a receipt says.

/// A receipt, every figure and date of it written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What people call it by, `R-8F3K-2MXQ-7HTB-09CD`.
    pub number: String,
    /// The creation date of the file: when the money arrived, in UTC.
    pub paid_at: Moment,
    /// Above everything else, such as `Sandbox: no real money`.
    pub banner: Option<String>,
    /// Whose wallet it is.
    pub customer: Party,
    /// Who got the money.
    pub seller: Party,
    /// Number, date, method, status, in this order.
    pub facts: Vec<Fact>,
    /// What was paid, then what was given back.
    pub entries: Vec<Entry>,
    /// What remains of it.
    pub total: Entry,
    /// Sentences below, one each.
    pub notes: Vec<String>,
    /// How Chinese characters are drawn where the text itself does not say.
    pub han: Han,
}

/// Somebody with a name and a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The legal name; must not be empty.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
}

/// One thing that is said of the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What the value is, such as `Payment method`.
    pub label: &'static str,
    /// The value as it is printed, such as `Visa •• 4242`.
    pub value: String,
}

/// A line with an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the amount is for, such as `Wallet top-up`.
    pub title: String,
    /// Smaller, below it; may be empty.
    pub note: String,
    /// The amount with its currency, such as `1,234.50 USD`.
    pub amount: String,
}

/// A moment in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The year, 1 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
}

/// One character, four ways to draw it. Kana and Hangul in a text decide for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Han {
    /// As in mainland China.
    #[default]
    Simplified,
    /// Traditional forms as used in Taiwan.
    Taiwan,
    /// As in Hong Kong.
    HongKong,
    /// Kanji forms as used in Japan.
    Japanese,
    /// Hanja forms as used in Korea.
    Korean,
}
