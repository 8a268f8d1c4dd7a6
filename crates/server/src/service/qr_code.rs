//! Addresses as QR codes, drawn as SVG path data.

use std::fmt::Write as _;

use billing_contract::link::QrCode;
use qrcode::{Color, EcLevel};

use crate::problem::Problem;

/// The code of an address: medium correction, as printed codes have it.
/// See docs/decisions/0035-qr-codes.md.
pub(super) fn draw_qr_code(url: &str) -> Result<QrCode, Problem> {
    let code = qrcode::QrCode::with_error_correction_level(url, EcLevel::M).map_err(Problem::internal)?;
    let size = code.width();
    let dark: Vec<bool> = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
    let mut path = String::new();
    for (y, row) in dark.chunks(size).enumerate() {
        let mut x = 0;
        // A run of dark modules is one rectangle: less text, and no seams when it is scaled.
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&true) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {y}h{}v1H{x}z", run.len());
            }
            x += run.len();
        }
    }
    Ok(QrCode { size: u16::try_from(size).map_err(Problem::internal)?, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_code_draws_exactly_its_dark_modules() {
        let url = "https://billing.example.com/pay#0123456789abcdef0123456789abcdef0123456789a";
        let drawn = draw_qr_code(url).unwrap();
        let code = qrcode::QrCode::with_error_correction_level(url, EcLevel::M).unwrap();
        let size = usize::from(drawn.size);
        let mut dark = vec![false; size * size];
        for run in drawn.path.split('M').skip(1) {
            let (start, rest) = run.split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            dark[y * size + x..y * size + x + length].fill(true);
        }
        let expected: Vec<bool> = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        assert_eq!(dark, expected);
    }
}
