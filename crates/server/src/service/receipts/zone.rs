//! What a time zone says about paper and letters, where nobody has said it.

use billing_receipt::{Han, Paper};

/// The zones of the United States and Canada (tz database, `zone.tab`, with their older names), where paper is Letter.
/// Whole families of names are in [`usual_paper_size`].
const LETTER: [&str; 63] = [
    "America/Adak",
    "America/Anchorage",
    "America/Atikokan",
    "America/Blanc-Sablon",
    "America/Boise",
    "America/Cambridge_Bay",
    "America/Chicago",
    "America/Creston",
    "America/Dawson",
    "America/Dawson_Creek",
    "America/Denver",
    "America/Detroit",
    "America/Edmonton",
    "America/Fort_Nelson",
    "America/Fort_Wayne",
    "America/Glace_Bay",
    "America/Goose_Bay",
    "America/Halifax",
    "America/Indianapolis",
    "America/Inuvik",
    "America/Iqaluit",
    "America/Juneau",
    "America/Los_Angeles",
    "America/Louisville",
    "America/Menominee",
    "America/Metlakatla",
    "America/Moncton",
    "America/Montreal",
    "America/New_York",
    "America/Nipigon",
    "America/Nome",
    "America/Pangnirtung",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/Rainy_River",
    "America/Rankin_Inlet",
    "America/Regina",
    "America/Resolute",
    "America/Shiprock",
    "America/Sitka",
    "America/St_Johns",
    "America/Swift_Current",
    "America/Thunder_Bay",
    "America/Toronto",
    "America/Vancouver",
    "America/Whitehorse",
    "America/Winnipeg",
    "America/Yakutat",
    "America/Yellowknife",
    "CST6CDT",
    "EST",
    "EST5EDT",
    "HST",
    "MST",
    "MST7MDT",
    "Navajo",
    "PST8PDT",
    "Pacific/Guam",
    "Pacific/Honolulu",
    "Pacific/Johnston",
    "Pacific/Midway",
    "Pacific/Pago_Pago",
    "Pacific/Saipan",
];
const LETTER_FAMILIES: [&str; 5] = ["US/", "Canada/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/"];

/// Letter in the United States and Canada, A4 in the rest of the world.
/// See docs/decisions/0013-receipt-paper-size.md.
pub(super) fn usual_paper_size(zone: &str) -> Paper {
    let family = LETTER_FAMILIES.iter().any(|family| zone.starts_with(family));
    if family || LETTER.binary_search(&zone).is_ok() { Paper::Letter } else { Paper::A4 }
}

/// How Chinese characters are drawn there.
pub(super) fn uses_han(zone: &str) -> Han {
    match zone {
        "Asia/Tokyo" | "Japan" => Han::Japanese,
        "Asia/Seoul" | "Asia/Pyongyang" | "ROK" => Han::Korean,
        "Asia/Taipei" | "ROC" => Han::Taiwan,
        "Asia/Hong_Kong" | "Hongkong" | "Asia/Macau" | "Asia/Macao" => Han::HongKong,
        // Where the zone says nothing, the most used form.
        _ => Han::Simplified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Calendar;

    #[test]
    fn every_zone_of_the_list_exists_and_is_found() {
        assert!(LETTER.is_sorted());
        for zone in LETTER {
            assert!(Calendar::of(zone).is_ok(), "{zone}");
            assert_eq!(usual_paper_size(zone), Paper::Letter, "{zone}");
        }
    }

    #[test]
    fn paper_follows_the_country() {
        for zone in ["America/Indiana/Knox", "US/Eastern", "Canada/Pacific"] {
            assert_eq!(usual_paper_size(zone), Paper::Letter, "{zone}");
        }
        for zone in ["Europe/Berlin", "America/Sao_Paulo", "Asia/Tokyo", "UTC", "Australia/Sydney"] {
            assert_eq!(usual_paper_size(zone), Paper::A4, "{zone}");
        }
    }
}
