//! The ledger as a table for spreadsheets, read page by page while it is sent: a million lines cost no more memory than
//! one page.

use billing_contract::ProblemCode;
use billing_domain::Money;
use billing_store::PostedLine;
use futures_util::stream::{self, Stream, StreamExt as _};

use super::{Search, Wanted};
use crate::app::AppState;
use crate::budgets::CostlyRead;
use crate::calendar::Calendar;
use crate::problem::Problem;
use crate::service::sessions::{self, Member};

/// Lines that are read and written at one go.
const PAGE: u32 = 500;
/// Characters with which a spreadsheet begins a formula (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

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

/// `GET /transactions.csv`: the first part at once, so that what cannot be read is a problem and not a broken file.
///
/// A fault later on can only break the answer off, which the client sees as an incomplete one.
pub(crate) async fn export(
    state: &AppState,
    member: &Member,
    search: &Search,
) -> Result<impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + use<>, Problem> {
    search.refuse_places()?;
    let calendar = Calendar::of(&member.organization.time_zone).map_err(Problem::internal)?;
    let mut reader = Reader {
        state: state.clone(),
        member: member.clone(),
        _turn: state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await?,
        wanted: search.check(&calendar)?,
        done: false,
    };
    let mut first = rows([HEADINGS.map(str::to_owned)])?;
    first.extend(reader.next().await?.unwrap_or_default());
    let rest = stream::try_unfold(reader, |mut reader| async move {
        let part = reader.next().await.map_err(|problem| std::io::Error::other(problem.document().detail.clone()))?;
        Ok(part.map(|part| (part, reader)))
    });
    Ok(stream::iter([Ok(first)]).chain(rest))
}

struct Reader {
    state: AppState,
    member: Member,
    /// Until the last line is read.
    _turn: CostlyRead,
    wanted: Wanted,
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
        if sessions::standing(&self.state, &self.member).await?.is_err() {
            return Err(Problem::new(ProblemCode::Unauthenticated, "The session ended while the table was sent."));
        }
        let store = self.state.store.costly();
        let lines = store.transactions(&self.member.organization.id, filter, before, PAGE).await?;
        self.done = lines.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.wanted.before_seq = lines.last().map(|posted| posted.line.seq);
        rows(lines.into_iter().map(cells)).map(Some)
    }
}

fn cells(posted: PostedLine) -> [String; HEADINGS.len()] {
    let PostedLine { line, hash } = posted;
    let direction = if line.amount.is_negative() { "out" } else { "in" };
    [
        line.seq.to_string(),
        line.occurred_at.to_string(),
        line.posted_at.to_string(),
        line.kind.as_str().to_owned(),
        direction.to_owned(),
        magnitude(line.amount),
        line.currency.to_string(),
        line.balance_after.to_string(),
        line.quantity.unwrap_or_default(),
        line.unit.map(|unit| unit.as_str().to_owned()).unwrap_or_default(),
        line.unit_price.unwrap_or_default(),
        harmless(line.description),
        harmless(line.source),
        harmless(line.reference),
        line.corrects.map(|seq| seq.to_string()).unwrap_or_default(),
        hash.to_string(),
    ]
}

fn magnitude(amount: Money) -> String {
    let text = amount.to_string();
    text.strip_prefix('-').map(str::to_owned).unwrap_or(text)
}

/// Other people's text never becomes a formula.
fn harmless(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

/// Records as RFC 4180 wants them.
fn rows(records: impl IntoIterator<Item = [String; HEADINGS.len()]>) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        writer.write_record(&record).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_and_separators_stay_text() {
        for (text, cell) in [("=1+1", "'=1+1"), ("-2", "'-2"), ("@x", "'@x"), ("a=b", "a=b"), ("", "")] {
            assert_eq!(harmless(text.to_owned()), cell);
        }
        let mut cells = [const { String::new() }; HEADINGS.len()];
        cells[0] = "say \"hi\", Ann\nBob".to_owned();
        let text = String::from_utf8(rows([cells]).unwrap()).unwrap();
        assert_eq!(text, format!("\"say \"\"hi\"\", Ann\nBob\"{}\r\n", ",".repeat(15)));
    }
}
