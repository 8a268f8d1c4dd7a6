//! A receipt's number: made from its top-up's id, so that it needs no counter, stays the same for ever, tells nobody how
//! much is sold, and leads support back to the id.

/// Crockford's alphabet: no letter looks like a figure or like another one.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `R-8F3K-2MXQ-7HTB-09CD`: the last 80 bits of the id, all that is random in a UUIDv7 (74 bits) included. Two receipts
/// have the same number no sooner than two top-ups have the same random bits. Empty for what is no UUID.
pub(crate) fn number(top_up_id: &str) -> String {
    let Ok(id) = uuid::Uuid::parse_str(top_up_id).map(|id| id.as_u128()) else { return String::new() };
    let mut text = String::from("R");
    for place in 0..16 {
        if place % 4 == 0 {
            text.push('-');
        }
        let five = packed(id) >> (75 - 5 * place) & 31;
        text.push(
            usize::try_from(five).ok().and_then(|index| ALPHABET.get(index)).map_or('?', |byte| char::from(*byte)),
        );
    }
    text
}

/// The last 86 bits, without the six that are the same in every id.
fn packed(id: u128) -> u128 {
    let tail = id & ((1 << 62) - 1);
    let middle = id >> 64 & 0xfff;
    let time = id >> 80 & 0x3f;
    time << 74 | middle << 62 | tail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bits that are the same in every id of a top-up.
    const VERSION_AND_VARIANT: u128 = 0xf000_c000_0000_0000_0000;

    fn of(id: u128) -> String {
        number(&uuid::Uuid::from_u128(id).to_string())
    }

    #[test]
    fn a_number_is_four_groups_of_four() {
        assert_eq!(number("00000000-0000-7000-8000-000000000000"), "R-0000-0000-0000-0000");
        assert_eq!(number("0193705d-3c6a-7e2b-9a55-1b7f0f3c9e21").len(), 21);
        assert_eq!(number("no id"), "");
    }

    proptest! {
        #[test]
        fn another_random_bit_makes_another_number(id: u128, bit in 0_u32..86) {
            let flipped = id ^ 1 << bit;
            let same = VERSION_AND_VARIANT >> bit & 1 == 1;
            prop_assert_eq!(of(id) == of(flipped), same);
        }
    }
}
