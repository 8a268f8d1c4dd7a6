//! Names in the scripts of the world come back as they were written, drawn or not.

use billing_receipt::{Han, Paper, Receipt};

use crate::{BARE, SYSTEM, ask, drawn, receipt, text};

/// A name, and the font that must draw it.
const NAMES: [(&str, &str); 14] = [
    ("Société Générale de Distribution", "NotoSans-"),
    ("Zażółć Gęślą Jaźń Sp. z o.o.", "NotoSans-"),
    ("Ελληνική Οδοντιατρική Α.Ε.", "NotoSans-"),
    ("Общество «Северный ветер»", "NotoSans-"),
    ("Công ty Trách nhiệm Hữu hạn Bắc Phong", "NotoSans-"),
    ("شركة النور للاتصالات والذكاء الاصطناعي", "NotoSansArabic"),
    ("חברת הצפון לטיפול שיניים", "NotoSansHebrew"),
    ("नॉर्थविंड डेंटल प्राइवेट लिमिटेड", "NotoSansDevanagari"),
    ("บริษัท ทันตกรรมลมเหนือ จำกัด", "NotoSansThai"),
    ("北风牙科有限公司", "NotoSansCJKsc"),
    ("株式会社ノースウィンド歯科", "NotoSansCJKjp"),
    ("주식회사 노스윈드 치과", "NotoSansCJKkr"),
    ("தமிழ் பல் மருத்துவமனை", "NotoSansTamil"),
    ("სტომატოლოგია ჩრდილოეთი", "NotoSansGeorgian"),
];

#[test]
fn a_name_in_any_script_is_drawn_and_comes_back() {
    for (name, font) in NAMES {
        let drawn = drawn(&receipt(name, "1 Main Street", 0), Paper::A4, &SYSTEM);
        assert!(drawn.missing.is_empty(), "{name}: {:?}", drawn.missing);
        let read = text(&drawn.pdf);
        assert!(read.contains(name), "{name} is not in\n{read}");
        let fonts = ask("pdffonts", &["-"], &drawn.pdf);
        assert!(fonts.contains(font), "{name} is not drawn with {font}:\n{fonts}");
    }
}

#[test]
fn lines_of_several_scripts_lose_no_word() {
    let name = "Acme חברה 株式会社 Οδός";
    let address = "Кафе 中央 12\nشارع Main 26\nถนน Sukhumvit 7\nनई दिल्ली 110001 서울";
    let drawn = drawn(&receipt(name, address, 0), Paper::Letter, &SYSTEM);
    assert!(drawn.missing.is_empty(), "{:?}", drawn.missing);
    let read = text(&drawn.pdf);
    for word in name.split_whitespace().chain(address.split_whitespace()) {
        assert!(read.contains(word), "{word} is not in\n{read}");
    }
}

#[test]
fn a_character_without_a_font_is_named_and_still_comes_back() {
    let name = "שלום नई दिल्ली 株式会社";
    let drawn = drawn(&receipt(name, "1 Main Street", 0), Paper::A4, &BARE);
    assert!(drawn.missing.contains(&'株') && drawn.missing.contains(&'ש'), "{:?}", drawn.missing);
    let read = text(&drawn.pdf);
    for word in name.split_whitespace() {
        assert!(read.contains(word), "{word} is not in\n{read}");
    }
    assert!(read.contains("no font for some of the characters"), "{read}");
}

#[test]
fn a_chinese_character_is_drawn_as_the_reader_knows_it() {
    for (han, font) in [(Han::Simplified, "CJKsc"), (Han::Taiwan, "CJKtc"), (Han::Japanese, "CJKjp")] {
        let receipt = Receipt { han, ..receipt("直角", "", 0) };
        let fonts = ask("pdffonts", &["-"], &drawn(&receipt, Paper::A4, &SYSTEM).pdf);
        assert!(fonts.contains(font), "{han:?}: {fonts}");
    }
}
