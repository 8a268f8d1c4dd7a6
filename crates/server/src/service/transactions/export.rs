//! The ledger as a table for spreadsheets, read page by page while it is sent: a million lines cost no more memory than
//! one page.

use billing_contract::ProblemCode;
use billing_domain::{Date, Money, Month};
use billing_store::PostedLine;
use futures_util::stream::{self, Stream, StreamExt as _};

use super::{ParsedQuery, Search};
use crate::budgets::CostlyRead;
use crate::calendar::Calendar;
use crate::problem::{Detail, Problem};
use crate::service::sessions::{self, SessionStanding, SignedInMember};
use crate::service::spreadsheet::{BYTE_ORDER_MARK, harmless_cell, name_part, send_rows};
use crate::state::AppState;

/// Lines that are read and written at one go.
const PAGE: u32 = 500;
const HEADINGS: [&str; 16] = [
    "seq",
    "occurred_at",
    "posted_at",
    "kind",
    "direction",
    "amount",
    "currency",
    "balance_after",
    "quantity",
    "unit",
    "unit_price",
    "description",
    "source",
    "reference",
    "corrects",
    "hash",
];

/// `GET /transactions.csv`: the file's name, then the first part at once, so that what cannot be read is a problem and not a
/// broken file.
///
/// A fault later on can only break the answer off, which the client sees as an incomplete one.
pub(crate) async fn export_transactions(
    state: &AppState,
    member: &SignedInMember,
    search: &Search,
) -> Result<(String, impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + use<>), Problem> {
    // An export has no pages.
    search.refuse_places()?;
    let calendar = Calendar::of(&member.organization.time_zone).map_err(Problem::internal)?;
    let mut reader = Reader {
        state: state.clone(),
        member: member.clone(),
        // Held as long as the answer is read, so that exports are counted while they cost something.
        _turn: state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await?,
        wanted: search.check(&calendar)?,
        done: false,
    };
    let name = file_name(&member.organization.name, search, calendar.date_of(state.clock.now()));
    let mut first = BYTE_ORDER_MARK.to_vec();
    first.extend(send_rows([HEADINGS.map(str::to_owned)])?);
    first.extend(reader.next().await?.unwrap_or_default());
    let rest = stream::try_unfold(reader, |mut reader| async move {
        let part = reader.next().await.map_err(|problem| std::io::Error::other(problem.document().detail.clone()))?;
        Ok(part.map(|part| (part, reader)))
    });
    Ok((name, stream::iter([Ok(first)]).chain(rest)))
}

/// `transactions-Northwind-Dental-2026-11.csv`: the organization and the month, or the months, of the lines; where the
/// filter names none, that of today, up to which they go.
fn file_name(organization: &str, search: &Search, today: Date) -> String {
    let month =
        |text: &Option<String>| text.as_deref().and_then(|text| text.get(..7)).and_then(|text| text.parse().ok());
    let last: Month = month(&search.to).unwrap_or_else(|| today.month());
    let first = month(&search.from).filter(|first| *first < last);
    let name = name_part(organization);
    let months = first.map_or_else(|| last.to_string(), |first| format!("{first}-to-{last}"));
    format!("transactions-{name}-{months}.csv")
}

struct Reader {
    state: AppState,
    member: SignedInMember,
    /// Until the last line is read.
    _turn: CostlyRead,
    wanted: ParsedQuery,
    done: bool,
}

impl Reader {
    /// The following lines; `None` after the last one.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        if self.done {
            return Ok(None);
        }
        let (filter, before) = (&self.wanted.filter, self.wanted.before_seq);
        // It may take long until the client has taken what it asked for: whoever may not read any more gets no more.
        if !matches!(sessions::session_standing(&self.state, &self.member).await?, SessionStanding::Open(_)) {
            let detail = Detail::general("The session ended while the table was sent.");
            return Err(Problem::new(ProblemCode::Unauthenticated, detail));
        }
        // By the costly connections: a client that reads slowly holds nobody else up.
        let store = self.state.store.costly();
        let lines = store.transactions_and_archive(&self.member.organization.id, filter, before, PAGE).await?;
        self.done = lines.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.wanted.before_seq = lines.last().map(|posted| posted.line.seq);
        send_rows(lines.into_iter().map(row_cells)).map(Some)
    }
}

fn row_cells(posted: PostedLine) -> [String; HEADINGS.len()] {
    let PostedLine { line, hash } = posted;
    let direction = if line.amount.is_negative() { "out" } else { "in" };
    [
        line.seq.to_string(),
        line.occurred_at.to_string(),
        line.posted_at.to_string(),
        line.kind.as_str().to_owned(),
        direction.to_owned(),
        // Positive with a direction, so that a spreadsheet can sum either way: docs/decisions/0050-csv-export.md.
        absolute_amount(line.amount),
        line.currency.to_string(),
        line.balance_after.to_string(),
        line.quantity.unwrap_or_default(),
        line.unit.map(|unit| unit.as_str().to_owned()).unwrap_or_default(),
        line.unit_price.unwrap_or_default(),
        // Other people's words: a spreadsheet must not run them.
        harmless_cell(line.description),
        harmless_cell(line.source),
        harmless_cell(line.reference),
        line.corrects.map(|seq| seq.to_string()).unwrap_or_default(),
        hash.to_string(),
    ]
}

fn absolute_amount(amount: Money) -> String {
    let text = amount.to_string();
    text.strip_prefix('-').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_by_organization_and_month() {
        let today = "2026-11-30".parse().unwrap();
        let name = |organization: &str, from: &str, to: &str| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            file_name(organization, &Search { from: given(from), to: given(to), ..Search::default() }, today)
        };
        assert_eq!(name("Northwind Dental", "", ""), "transactions-Northwind-Dental-2026-11.csv");
        assert_eq!(name("A/B: \"C\"", "2026-10-01", "2026-10-31"), "transactions-A-B-C-2026-10.csv");
        assert_eq!(name("北风", "2026-08-03", ""), "transactions-北风-2026-08-to-2026-11.csv");
        assert_eq!(name("Acme", "2026-12-01", "2026-01-01"), "transactions-Acme-2026-01.csv");
    }
}
