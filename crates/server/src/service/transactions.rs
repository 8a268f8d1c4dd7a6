//! Reading the ledger by pages: filters as people write them, and a cursor that survives whatever is posted meanwhile.

pub(crate) mod chain;
pub(crate) mod export;
pub(crate) mod outline;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_contract::FieldError;
use billing_contract::transaction::{TransactionDetail, TransactionPage};
use billing_domain::free_text::{FreeText, SEARCH};
use billing_domain::{Date, OrganizationId, Timestamp, TransactionKind};
use billing_store::{Organization, Store, TransactionFilter};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::calendar::Calendar;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error, general_error, text_error};
use crate::state::AppState;
use crate::view::transaction::map_transaction;

/// Lines of a page unless the client says otherwise.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// How long an answer without a line goes on looking for one.
const EMPTY_PAGE_PATIENCE: Duration = Duration::from_secs(2);
/// First byte of a cursor; another one would mean another way to go on.
const CURSOR_VERSION: u8 = 1;

/// What is looked for, as it stands in the address. Everything is optional.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Begin below this `seq`, wherever that is: a way into the middle of the list. Not together with `cursor`.
    before_seq: Option<String>,
    /// Begin with the line that occurred last on this date of the organization's zone or before it (or until this
    /// instant). Not together with `cursor` or `before_seq`.
    at: Option<String>,
    /// Lines of a page, 1 to 200; 50 when left out.
    limit: Option<String>,
    /// Kinds separated by commas: `outbound_call,top_up`.
    kind: Option<String>,
    /// First date in the organization's zone, or first instant (RFC 3339).
    from: Option<String>,
    /// Last date in the organization's zone, or last instant (RFC 3339); included.
    to: Option<String>,
    /// Contained in description, source or reference, in any case; at most 100 characters.
    q: Option<String>,
}

/// A search that can be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ParsedQuery {
    filter: TransactionFilter,
    before_seq: Option<i64>,
    /// Begin with what occurred last before this instant.
    at: Option<Timestamp>,
    limit: u32,
}

impl ParsedQuery {
    /// Unfiltered pages lie in the order of the ledger; what a filter costs is whatever is looked for.
    fn store(&self, state: &AppState) -> Store {
        // Costly reads have their own connections, so that a search never holds up a page.
        if self.filter == TransactionFilter::default() { state.store.clone() } else { state.store.costly() }
    }
}

/// `GET /transactions`.
pub(crate) async fn list_page(
    state: &AppState,
    organization: &Organization,
    search: &Search,
) -> Result<TransactionPage, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let mut wanted = search.check(&calendar)?;
    if let Some(until) = wanted.at {
        let newest = wanted.store(state).newest_until(&organization.id, &wanted.filter, until).await?;
        let Some(newest) = newest else { return Ok(TransactionPage { items: Vec::new(), next_cursor: None }) };
        // Inclusive of that line: a keyset begins below its bound.
        wanted.before_seq = Some(newest.saturating_add(1));
    }
    read_page(state, &organization.id, &wanted).await
}

/// `GET /transactions/{seq}`.
pub(crate) async fn get_detail(
    state: &AppState,
    organization: &Organization,
    seq: &str,
) -> Result<TransactionDetail, Problem> {
    let seq = parse_positive(seq).ok_or_else(Problem::not_found)?;
    let (line, corrected_by) =
        tokio::try_join!(state.store.line(&organization.id, seq), state.store.corrections(&organization.id, seq))?;
    let transaction = line.map(map_transaction).ok_or_else(Problem::not_found)?;
    Ok(TransactionDetail { transaction, corrected_by })
}

/// The newest lines up to `last_seq`: the page that belongs to a wallet which has been read.
pub(crate) async fn first_page(
    state: &AppState,
    organization_id: &OrganizationId,
    last_seq: i64,
) -> Result<TransactionPage, Problem> {
    let before_seq = Some(last_seq.saturating_add(1));
    let wanted = ParsedQuery { filter: TransactionFilter::default(), before_seq, at: None, limit: DEFAULT_LIMIT };
    read_page(state, organization_id, &wanted).await
}

async fn read_page(
    state: &AppState,
    organization_id: &OrganizationId,
    wanted: &ParsedQuery,
) -> Result<TransactionPage, Problem> {
    let store = wanted.store(state);
    // Fewer than asked for, with a cursor, where that many lines were looked through.
    let mut page = store.find_page(organization_id, &wanted.filter, wanted.before_seq, wanted.limit).await?;
    // The page does not go on by itself from a page with nothing on it: for a while that is done here.
    let began = Instant::now();
    while page.lines.is_empty() && page.next.is_some() && began.elapsed() < EMPTY_PAGE_PATIENCE {
        page = store.find_page(organization_id, &wanted.filter, page.next, wanted.limit).await?;
    }
    let next_cursor = page.next.map(write_cursor);
    Ok(TransactionPage { items: page.lines.into_iter().map(map_transaction).collect(), next_cursor })
}

fn write_cursor(seq: i64) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    bytes.extend(seq.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<i64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, seq) = bytes.split_first()?;
    let seq = i64::from_be_bytes(seq.try_into().ok()?);
    // A cursor is the client's to send: nothing of it is trusted.
    (*version == CURSOR_VERSION && seq > 0).then_some(seq)
}

impl Search {
    /// Whether lines are looked for, and not just read one after the other.
    pub(crate) fn is_costly(&self) -> bool {
        [&self.at, &self.kind, &self.from, &self.to, &self.q].into_iter().any(Option::is_some)
    }

    /// Refuses what only makes sense for a page: the answer is whole.
    fn refuse_places(&self) -> Result<(), Problem> {
        let places =
            [("/cursor", &self.cursor), ("/before_seq", &self.before_seq), ("/at", &self.at), ("/limit", &self.limit)];
        match places.into_iter().find(|(_, given)| given.is_some()) {
            Some((pointer, _)) => {
                Err(Problem::field(pointer, "unknown_field", Detail::general("The answer is whole: leave this out.")))
            }
            None => Ok(()),
        }
    }

    /// Dates in their order which the zone skipped altogether: there is nothing on them, and nothing wrong with asking.
    fn asks_for_skipped_days(&self) -> bool {
        // A day that a zone skipped begins and ends at the same instant.
        let date = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Date>().ok());
        date(&self.from).zip(date(&self.to)).is_some_and(|(from, to)| from <= to)
    }

    /// Every wrong parameter at once, or what to look for.
    fn check(&self, calendar: &Calendar) -> Result<ParsedQuery, Problem> {
        let mut errors = Vec::new();
        let place = |text: &Option<String>, pointer, errors: &mut Vec<_>| {
            text.as_deref().and_then(|text| parse_before(pointer, text, errors))
        };
        let wanted = ParsedQuery {
            before_seq: match &self.cursor {
                Some(text) => parse_cursor(text, &mut errors),
                None => place(&self.before_seq, "/before_seq", &mut errors),
            },
            at: self.at.as_deref().and_then(|text| parse_instant("/at", text, calendar, Edge::Last, &mut errors)),
            limit: self.limit.as_deref().map_or(DEFAULT_LIMIT, |text| parse_limit(text, &mut errors)),
            filter: TransactionFilter {
                kinds: self.kind.as_deref().map_or_else(Vec::new, |text| parse_kinds(text, &mut errors)),
                from: self
                    .from
                    .as_deref()
                    .and_then(|text| parse_instant("/from", text, calendar, Edge::First, &mut errors)),
                to: self.to.as_deref().and_then(|text| parse_instant("/to", text, calendar, Edge::Last, &mut errors)),
                query: self.q.as_deref().and_then(|text| parse_query(text, &mut errors)),
            },
        };
        if let (Some(from), Some(to)) = (wanted.filter.from, wanted.filter.to)
            && from >= to
            && !self.asks_for_skipped_days()
        {
            errors.push(field_error("/to", "before_from", UserMessage::period_ends_before_it_begins()));
        }
        let begun = [&self.cursor, &self.before_seq, &self.at].into_iter().flatten().count();
        if begun > 1 {
            errors.push(general_error("/cursor", "ambiguous", "Give one of cursor, before_seq and at."));
        }
        if errors.is_empty() { Ok(wanted) } else { Err(Problem::invalid(errors)) }
    }
}

fn parse_cursor(text: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    let seq = read_cursor(text);
    if seq.is_none() {
        errors.push(refuse_cursor());
    }
    seq
}

fn refuse_cursor() -> FieldError {
    general_error("/cursor", "not_a_cursor", "Hand back next_cursor as it was, or leave it out.")
}

fn parse_before(pointer: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    let seq = parse_positive(text);
    if seq.is_none() {
        errors.push(general_error(pointer, "not_a_seq", "Write the seq of a line, a whole number from 1."));
    }
    seq
}

/// Digits only: `+5` and ` 5` are slips.
fn parse_positive(text: &str) -> Option<i64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seq| plain && *seq > 0)
}

fn parse_limit(text: &str, errors: &mut Vec<FieldError>) -> u32 {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // `+50` would parse, and is a slip.
    match text.parse() {
        Ok(limit) if plain && (1..=MAX_LIMIT).contains(&limit) => limit,
        _ => {
            errors.push(general_error("/limit", "out_of_range", format!("Ask for 1 to {MAX_LIMIT} lines.")));
            DEFAULT_LIMIT
        }
    }
}

fn parse_kinds(text: &str, errors: &mut Vec<FieldError>) -> Vec<TransactionKind> {
    let mut kinds = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name.parse() {
            // Named twice is named once.
            Ok(kind) if kinds.contains(&kind) => {}
            Ok(kind) => kinds.push(kind),
            Err(_) => {
                let known: Vec<_> = TransactionKind::ALL.iter().map(|kind| kind.as_str()).collect();
                errors.push(general_error("/kind", "unknown_kind", format!("The kinds are {}.", known.join(", "))));
                // The first unknown name is enough to correct the list.
                break;
            }
        }
    }
    kinds
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// Where the span begins.
    First,
    /// Where it ends, itself included.
    Last,
}

/// The span's beginning, or the first instant after its end.
fn parse_instant(
    pointer: &str,
    text: &str,
    calendar: &Calendar,
    edge: Edge,
    errors: &mut Vec<FieldError>,
) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    if let Ok(date) = text.parse::<Date>() {
        // Dates are days of the organization's zone; the last one is meant to be included.
        return Some(calendar.day_start(if edge == Edge::First { date } else { date.plus_days(1) }));
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(if edge == Edge::First {
            instant
        } else {
            // Included to its last microsecond.
            Timestamp::from_micros(instant.micros().saturating_add(1))
        });
    }
    errors.push(general_error(
        pointer,
        "not_a_date",
        "Write a date like 2026-11-24, or an instant like 2026-11-24T09:30:00Z.",
    ));
    None
}

fn parse_query(text: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    // Never stored, so it may be any number: also the long one of an order.
    let text = FreeText::parse_unstored(SEARCH, text).unwrap_or_else(|error| {
        errors.push(text_error("/q", error));
        FreeText::default()
    });
    (!text.is_empty()).then(|| text.into_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(search: &Search) -> Result<ParsedQuery, Vec<(String, String)>> {
        let calendar = Calendar::of("America/Chicago").unwrap();
        search.check(&calendar).map_err(|problem| {
            let errors = problem.document().errors.iter();
            errors.map(|error| (error.pointer.clone(), error.code.clone())).collect()
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "every field of a search is optional")]
    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn dates_are_the_organizations_and_both_ends_belong_to_the_span() {
        let search = Search { from: text("2026-11-01"), to: text("2026-11-01"), ..Search::default() };
        let filter = check(&search).unwrap().filter;
        // The day on which the clocks go back has 25 hours.
        assert_eq!(filter.from.unwrap().to_string(), "2026-11-01T05:00:00Z");
        assert_eq!(filter.to.unwrap().to_string(), "2026-11-02T06:00:00Z");
        let instants =
            Search { from: text("2026-11-01T00:00:00-05:00"), to: text("2026-11-01T05:00:00Z"), ..Search::default() };
        let filter = check(&instants).unwrap().filter;
        assert_eq!(filter.to.unwrap().micros() - filter.from.unwrap().micros(), 1);
    }

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let search = Search {
            cursor: text("zzz"),
            before_seq: None,
            at: text("someday"),
            limit: text("201"),
            kind: text("top_up,gift"),
            from: text("yesterday"),
            to: text("2026-02-30"),
            q: Some("x".repeat(101)),
        };
        let errors = check(&search).unwrap_err();
        let named: Vec<_> = errors.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(
            named,
            [
                ("/cursor", "not_a_cursor"),
                ("/at", "not_a_date"),
                ("/limit", "out_of_range"),
                ("/kind", "unknown_kind"),
                ("/from", "not_a_date"),
                ("/to", "not_a_date"),
                ("/q", "too_long"),
                ("/cursor", "ambiguous"),
            ]
        );
        for seq in ["0", "-1", "+5", "", "x", "9223372036854775808"] {
            let errors = check(&Search { before_seq: text(seq), ..Search::default() }).unwrap_err();
            assert_eq!(errors, [("/before_seq".to_owned(), "not_a_seq".to_owned())], "{seq:?}");
        }
        for limit in ["0", "-1", "+5", "1e1", "", "１"] {
            assert!(check(&Search { limit: text(limit), ..Search::default() }).is_err(), "{limit:?}");
        }
        let backwards = Search { from: text("2026-11-02"), to: text("2026-11-01"), ..Search::default() };
        assert_eq!(check(&backwards).unwrap_err(), [("/to".to_owned(), "before_from".to_owned())]);
        assert!(check(&Search { q: text("a\0b"), ..Search::default() }).is_err());
    }

    #[test]
    fn a_day_that_the_zone_skipped_is_empty_and_no_mistake() {
        let apia = Calendar::of("Pacific/Apia").unwrap();
        let asks = |from: &str, to: &str| Search { from: text(from), to: text(to), ..Search::default() };
        // Samoa had no 30 December 2011.
        let filter = asks("2011-12-30", "2011-12-30").check(&apia).unwrap().filter;
        assert_eq!(filter.from, filter.to);
        assert!(asks("2011-12-31", "2011-12-30").check(&apia).is_err());
        assert!(asks("2011-12-30", "2011-12-31").check(&apia).is_ok());
    }

    #[test]
    fn fields_that_a_form_leaves_empty_ask_for_nothing() {
        let search = Search {
            kind: text(""),
            from: text(""),
            to: text(""),
            q: text("  "),
            limit: text("200"),
            ..Search::default()
        };
        let wanted = check(&search).unwrap();
        assert_eq!(wanted.filter, TransactionFilter::default());
        assert_eq!(wanted.limit, 200);
        let kinds = Search { kind: text("top_up, ai_task,top_up"), ..Search::default() };
        assert_eq!(check(&kinds).unwrap().filter.kinds, [TransactionKind::TopUp, TransactionKind::AiTask]);
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_and_nothing_else_is_one(seq in 1_i64.., noise in "\\PC{0,20}") {
            prop_assert_eq!(read_cursor(&write_cursor(seq)), Some(seq));
            if let Some(seq) = read_cursor(&noise) {
                prop_assert_eq!(write_cursor(seq), noise);
            }
        }
    }
}
