//! Tables that spreadsheets open: what they would take for a formula, what a file may be named.

use crate::problem::Problem;

/// Characters with which a spreadsheet begins a formula (OWASP, CSV injection), the full-width ones, which Excel reads
/// alike in Japanese, and the minus sign included.
/// See docs/decisions/0050-csv-export.md.
const FORMULA: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\u{2212}'];
/// Says that the file is UTF-8: without it Excel takes it for the system's old code page.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// Characters of a name in the file's.
const NAME_CHARACTERS: usize = 60;

/// Other people's text never becomes a formula.
pub(super) fn harmless_cell(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

/// Records as RFC 4180 wants them.
pub(super) fn send_rows<const N: usize>(records: impl IntoIterator<Item = [String; N]>) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        writer.write_record(&record).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

/// A name as part of a file's.
pub(super) fn name_part(name: &str) -> String {
    // What some file system refuses in a name, and what would need quotes in the header.
    let unusual = |one: char| one.is_control() || one.is_whitespace() || r#"/\:*?"<>|'%;,"#.contains(one);
    let words = name.split(unusual).filter(|word| !word.is_empty());
    // Long names are cut, since some file systems take 255 bytes in all.
    words.collect::<Vec<_>>().join("-").chars().take(NAME_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_and_separators_stay_text() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("-2", "'-2"),
            ("@x", "'@x"),
            ("\n=1+1", "'\n=1+1"),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠x", "'＠x"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(harmless_cell(text.to_owned()), cell);
        }
        let mut cells = [const { String::new() }; 16];
        cells[0] = "say \"hi\", Ann\nBob".to_owned();
        let text = String::from_utf8(send_rows([cells]).unwrap()).unwrap();
        assert_eq!(text, format!("\"say \"\"hi\"\", Ann\nBob\"{}\r\n", ",".repeat(15)));
    }
}
