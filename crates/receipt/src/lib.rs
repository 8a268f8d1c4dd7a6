//! Receipts on paper. Finished text goes in, a PDF comes out: nothing here knows an amount, a clock or a database, and
//! the same receipt always gives the same bytes.

#![expect(clippy::float_arithmetic, reason = "lengths on paper, in points; amounts arrive as finished text")]

mod content;
mod design;
mod fonts;
mod paper;
mod pdf;
mod sheet;
mod typeset;

pub use content::{Entry, Fact, Han, Moment, Party, Receipt};
pub use fonts::Fonts;
pub use paper::Paper;

/// A receipt as a file.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The bytes of the PDF file.
    pub pdf: Vec<u8>,
    /// Characters that no font has: boxes on the paper, but still there when the text is copied or read aloud.
    pub missing: Vec<char>,
}

/// Why there is no PDF: the library refused, which it does for no text that a name may hold.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The paper has no area.
    #[error("the page has an impossible size")]
    Paper,
    /// A font of the system cannot be embedded.
    #[error("the font of \"{0}\" cannot be read")]
    Font(String),
    /// The file cannot be written down.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// Draws a receipt. Takes some milliseconds of one core.
pub fn draw_receipt(receipt: &Receipt, paper: Paper, fonts: &Fonts) -> Result<Drawn, DrawError> {
    let mut typesetter = typeset::Typesetter::new(fonts, receipt.han);
    let sheet = design::lay_out(receipt, paper, &mut typesetter);
    let pdf = pdf::write_pdf(receipt, &sheet, fonts)?;
    Ok(Drawn { pdf, missing: typesetter.missing() })
}
