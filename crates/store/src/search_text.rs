//! Text as it is searched: what people type finds it, whichever way it was written.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Of a signature. Frozen, like [`hash_trigram`]: signatures are stored.
pub(crate) const BUCKETS: u32 = 16_384;

/// Lower case without accents, compatibility forms and separators: `+1 (415) 555-0101` is `14155550101`, `Müller` and
/// `ＭＵＬＬＥＲ` are `muller`. Other signs stay, so that `%` and `_` are found as what they are.
pub(crate) fn normalize_text(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    if text.is_ascii() {
        normal.extend(text.chars().filter(|sign| !is_separator(*sign)).map(|sign| sign.to_ascii_lowercase()));
        return normal;
    }
    // Decomposed once more after the change of case: some capitals become letters with marks.
    for sign in text.nfkd().flat_map(char::to_lowercase).nfkd().filter(|sign| !is_combining_mark(*sign)) {
        match sign {
            sign if is_separator(sign) => {}
            'ß' => normal.push_str("ss"),
            'æ' => normal.push_str("ae"),
            'œ' => normal.push_str("oe"),
            'ø' => normal.push('o'),
            'ł' => normal.push('l'),
            'đ' => normal.push('d'),
            'ı' => normal.push('i'),
            'ς' => normal.push('σ'),
            other => normal.push(other),
        }
    }
    normal
}

/// What stands between the parts of numbers and names, and is typed in another way or not at all.
fn is_separator(sign: char) -> bool {
    sign.is_whitespace()
        || matches!(sign, '-' | '(' | ')' | '.' | '/' | '+' | ',' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The bucket of three letters.
pub(crate) const fn hash_trigram(letters: [char; 3]) -> u32 {
    let [first, second, third] = letters;
    let number = (first as u64) << 42 | (second as u64) << 21 | third as u64;
    // A multiplication spreads neighbors; its upper bits are the best mixed ones.
    let mixed = (number ^ (number >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 50) as u32
}

/// The buckets of all its trigrams.
pub(crate) fn trigram_buckets(normal: &str) -> impl Iterator<Item = u32> {
    let mut last = ['\0'; 2];
    normal.chars().enumerate().filter_map(move |(place, sign)| {
        let [first, second] = last;
        last = [second, sign];
        (place >= 2).then(|| hash_trigram([first, second, sign]))
    })
}

/// What a search is for.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    normal: String,
    /// Of its trigrams, few that lie apart: each rules out most blocks that the others let pass.
    pub(crate) buckets: Vec<u32>,
}

/// Trigrams that are looked up.
const MOST_BUCKETS: usize = 6;

impl Pattern {
    /// `None`: it says nothing, and finds everything.
    pub(crate) fn of(query: &str) -> Option<Self> {
        let normal = normalize_text(query);
        if normal.is_empty() {
            return None;
        }
        let all: Vec<_> = trigram_buckets(&normal).collect();
        let wanted = all.len().min(MOST_BUCKETS);
        let mut buckets: Vec<_> = (0..wanted).map(|place| all[place * all.len() / wanted]).collect();
        buckets.sort_unstable();
        buckets.dedup();
        Some(Self { normal, buckets })
    }

    /// Whether one of the fields contains it.
    pub(crate) fn is_in(&self, fields: [&str; 3]) -> bool {
        fields.iter().any(|field| normalize_text(field).contains(&self.normal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_however_they_are_written() {
        for (query, text) in [
            ("415 555 01", "Call to +1 (415) 555-0101"),
            ("4155550101", "+1 415.555.0101"),
            ("Müller", "MULLER & Co."),
            ("muller", "Mu\u{308}ller"),
            ("ＡＶＡ", "Agent Ava"),
            ("strasse", "Hauptstraße"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ", "οδος"),
            ("ref-1", "REF–12"),
            ("100%", "100 % sure"),
            ("電話", "国際電話"),
        ] {
            assert!(Pattern::of(query).unwrap().is_in(["", text, ""]), "{query} in {text}");
        }
        assert!(!Pattern::of("ab").unwrap().is_in(["a", "b", "a_b"]));
        assert!(Pattern::of(" - ").is_none());
    }

    #[test]
    fn every_trigram_of_a_text_has_a_bucket() {
        let text = normalize_text("Outbound call to +1 (415) 555-0101");
        let buckets: Vec<_> = trigram_buckets(&text).collect();
        assert_eq!(buckets.len(), text.chars().count() - 2);
        assert!(buckets.iter().all(|bucket| *bucket < BUCKETS));
        for bucket in Pattern::of("call to 1 415").unwrap().buckets {
            assert!(buckets.contains(&bucket));
        }
        assert_eq!(trigram_buckets("ab").count(), 0);
    }
}
