//! Card schemes as people write them.

/// `visa` is `Visa`; a scheme that is not known stays as the provider named it.
pub fn brand_name(brand: &str) -> &str {
    match brand {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        "amex" => "American Express",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_have_the_names_on_the_card_and_unknown_ones_their_own() {
        assert_eq!([brand_name("amex"), brand_name("elo"), brand_name("")], ["American Express", "elo", ""]);
    }
}
