//! The look of a receipt: calm, exact, the figures aligned, nothing that is not needed.

use crate::content::{Entry, Party, Receipt};
use crate::paper::{Measures, Paper};
use crate::sheet::{Role, Sheet, SheetPosition};
use crate::typeset::{Ink, Style, Typesetter};

const TITLE: Style = Style { size: 24.0, leading: 1.2, bold: true, ink: Ink::Strong, right: false };
const BODY: Style = Style { size: 9.5, leading: 1.5, bold: false, ink: Ink::Strong, right: false };
const NAME: Style = Style { bold: true, size: 10.5, ..BODY };
const LABEL: Style = Style { size: 8.0, ink: Ink::Quiet, ..BODY };
const QUIET: Style = Style { ink: Ink::Quiet, ..BODY };
const NOTE: Style = Style { size: 8.5, ink: Ink::Quiet, ..BODY };
const BANNER: Style = Style { bold: true, ink: Ink::Warning, ..BODY };
const TOTAL: Style = Style { size: 12.0, bold: true, ..BODY };
/// Width of what stands left of the facts.
const LABELS: f32 = 110.0;
/// Points between the two columns of parties.
const GUTTER: f32 = 28.0;
const HAIR: f32 = 0.5;
/// Table numbers, by which screen readers tell the two tables apart.
const FACTS: u16 = 0;
const AMOUNTS: u16 = 1;

const MISSING: &str = "This system has no font for some of the characters above. They are drawn as boxes, and are complete \
    when the text is copied.";

/// Lays a receipt out on as many pages as it needs.
pub(crate) fn lay_out(receipt: &Receipt, paper: Paper, typesetter: &mut Typesetter<'_>) -> Sheet {
    let mut draft = SheetDraft { sheet: Sheet::new(paper.measures()), typesetter };
    let mut place = draft.head(receipt);
    place = draft.parties(receipt, place);
    place = draft.facts(receipt, place);
    place = draft.amounts(receipt, place);
    draft.notes(receipt, place);
    draft.footers(receipt);
    draft.sheet
}

struct SheetDraft<'t, 'f> {
    sheet: Sheet,
    typesetter: &'t mut Typesetter<'f>,
}

impl SheetDraft<'_, '_> {
    fn measures(&self) -> Measures {
        self.sheet.measures
    }

    /// Puts text between `x` and `x + width`.
    fn text(
        &mut self,
        place: SheetPosition,
        (x, width): (f32, f32),
        text: &str,
        style: Style,
        role: Role,
    ) -> SheetPosition {
        let paragraph = self.typesetter.set(text, style, width);
        self.sheet.put(place, x, paragraph, role)
    }

    fn head(&mut self, receipt: &Receipt) -> SheetPosition {
        let across = (self.measures().margin, self.measures().inner());
        let top = self.sheet.top();
        let mut place = self.text(top, across, "Receipt", TITLE, Role::Title);
        if let Some(banner) = &receipt.banner {
            place = self.text(place.down(4.0), across, banner, BANNER, Role::Text);
        }
        place.down(26.0)
    }

    /// Side by side; each goes on by itself where the page ends.
    fn parties(&mut self, receipt: &Receipt, place: SheetPosition) -> SheetPosition {
        let width = (self.measures().inner() - GUTTER) / 2.0;
        let left = self.measures().margin;
        let customer = self.party(place, (left, width), "Billed to", &receipt.customer);
        let seller = self.party(place, (left + width + GUTTER, width), "Sold by", &receipt.seller);
        customer.later(seller).down(26.0)
    }

    fn party(&mut self, place: SheetPosition, column: (f32, f32), label: &str, party: &Party) -> SheetPosition {
        let mut place = self.text(place, column, label, LABEL, Role::Heading).down(2.0);
        place = self.text(place, column, &party.name, NAME, Role::Text);
        for line in party.address.lines().map(str::trim).filter(|line| !line.is_empty()) {
            place = self.text(place, column, line, BODY, Role::Text);
        }
        if !party.tax_id.is_empty() {
            place = self.text(place.down(2.0), column, &format!("Tax ID {}", party.tax_id), QUIET, Role::Text);
        }
        place
    }

    fn facts(&mut self, receipt: &Receipt, place: SheetPosition) -> SheetPosition {
        let (left, inner) = (self.measures().margin, self.measures().inner());
        let mut place = self.sheet.room(place, BODY.size * BODY.leading);
        self.sheet.rule(place, HAIR, Ink::Hair);
        place = place.down(14.0);
        for (row, fact) in (0_u16..).zip(&receipt.facts) {
            let row_place = self.sheet.room(place, BODY.size * BODY.leading);
            let label = self.text(row_place, (left, LABELS), fact.label, QUIET, Role::RowHead { table: FACTS, row });
            let beside = (left + LABELS, inner - LABELS);
            let value = self.text(row_place, beside, &fact.value, BODY, Role::Cell { table: FACTS, row });
            place = label.later(value).down(3.0);
        }
        place.down(24.0)
    }

    fn amounts(&mut self, receipt: &Receipt, place: SheetPosition) -> SheetPosition {
        let (left, inner) = (self.measures().margin, self.measures().inner());
        let mut place = self.sheet.room(place, 60.0);
        let right = Style { right: true, ..LABEL };
        let head = Role::ColumnHead { table: AMOUNTS, row: 0 };
        let below = self.text(place, (left, inner), "Description", LABEL, head).down(5.0);
        self.text(place, (left, inner), "Amount", right, head);
        place = below;
        self.sheet.rule(place, HAIR, Ink::Hair);
        for (row, entry) in (1_u16..).zip(&receipt.entries) {
            place = self.entry(place.down(8.0), entry, BODY, row).down(8.0);
            self.sheet.rule(place, HAIR, Ink::Hair);
        }
        let row = u16::try_from(receipt.entries.len()).unwrap_or(u16::MAX).saturating_add(1);
        self.entry(place.down(10.0), &receipt.total, TOTAL, row).down(18.0)
    }

    /// Title and note on the left, the amount flush right on the title's line.
    fn entry(&mut self, place: SheetPosition, entry: &Entry, style: Style, row: u16) -> SheetPosition {
        let (left, inner) = (self.measures().margin, self.measures().inner());
        let amount = self.typesetter.set(&entry.amount, Style { right: true, ..style }, inner * 0.4);
        let title = self.typesetter.set(&entry.title, style, inner * 0.6 - GUTTER);
        let place = self.sheet.room(place, title.height().max(amount.height()) + NOTE.size * NOTE.leading);
        let mut below = self.sheet.put(place, left, title, Role::RowHead { table: AMOUNTS, row });
        if !entry.note.is_empty() {
            let column = (left, inner * 0.6 - GUTTER);
            below = self.text(below, column, &entry.note, NOTE, Role::RowHead { table: AMOUNTS, row });
        }
        let amount = self.sheet.put(place, left + inner * 0.6, amount, Role::Cell { table: AMOUNTS, row });
        below.later(amount)
    }

    fn notes(&mut self, receipt: &Receipt, mut place: SheetPosition) {
        let across = (self.measures().margin, self.measures().inner());
        for note in &receipt.notes {
            place = self.text(place, across, note, NOTE, Role::Text).down(2.0);
        }
        if !self.typesetter.missing().is_empty() {
            self.text(place, across, MISSING, NOTE, Role::Text);
        }
    }

    fn footers(&mut self, receipt: &Receipt) {
        let (left, inner) = (self.measures().margin, self.measures().inner());
        let pages = self.sheet.pages.len();
        for page in 0..pages {
            let rule = SheetPosition { page, y: self.measures().height - 50.0 };
            self.sheet.rule(rule, HAIR, Ink::Hair);
            let number = self.typesetter.set(&format!("Receipt {}", receipt.number), LABEL, inner * 0.6);
            self.sheet.pin(rule.down(6.0), left, number, Role::Footer);
            let count = format!("Page {} of {pages}", page + 1);
            let count = self.typesetter.set(&count, Style { right: true, ..LABEL }, inner * 0.4);
            self.sheet.pin(rule.down(6.0), left + inner * 0.6, count, Role::Footer);
        }
    }
}
