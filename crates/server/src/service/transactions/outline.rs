//! Where each page of a filtered list begins, so that a scroll bar can lead to any place of it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_contract::transaction::TransactionOutline;
use billing_store::{Organization, OutlinePlace};

use super::{Search, refuse_cursor};
use crate::calendar::Calendar;
use crate::problem::Problem;
use crate::state::AppState;

/// Lines of a page.
const EVERY: u32 = 100;
/// Pages of all answers; two million lines are more than anybody scrolls through.
/// See docs/decisions/0066-history-positions.md.
const MOST: u32 = 20_000;
/// First byte of a cursor: those of pages, which begin with another one, lead nowhere here.
const CURSOR_VERSION: u8 = 2;

/// `GET /transactions/outline`. Lines that are posted meanwhile are not in it: it begins with `last_seq`.
pub(crate) async fn get_outline(
    state: &AppState,
    organization: &Organization,
    search: &Search,
) -> Result<TransactionOutline, Problem> {
    let mut search = search.clone();
    let cursor = search.cursor.take();
    search.refuse_places()?;
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let wanted = search.check(&calendar)?;
    let from = match cursor {
        Some(text) => read_cursor(&text).ok_or_else(|| Problem::invalid(vec![refuse_cursor()]))?,
        // The end is fixed first, so that lines posted meanwhile shift no page.
        None => OutlinePlace { last_seq: state.store.wallet(&organization.id).await?.last_seq, counted: 0 },
    };
    let found = state.store.costly().outline(&organization.id, &wanted.filter, from, EVERY, MOST).await?;
    Ok(TransactionOutline {
        last_seq: from.last_seq,
        count: found.count,
        every: i64::from(EVERY),
        starts: found.starts,
        truncated: found.truncated,
        next_cursor: found.next.map(write_cursor),
    })
}

fn write_cursor(place: OutlinePlace) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    bytes.extend(place.last_seq.to_be_bytes());
    bytes.extend(place.counted.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<OutlinePlace> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, numbers) = bytes.split_first()?;
    let (last_seq, counted) = numbers.split_at_checked(size_of::<i64>())?;
    let last_seq = i64::from_be_bytes(last_seq.try_into().ok()?);
    let counted = i64::from_be_bytes(counted.try_into().ok()?);
    // A cursor is the client's to send: nothing of it is trusted.
    let possible = *version == CURSOR_VERSION && last_seq > 0 && (0..i64::from(EVERY * MOST)).contains(&counted);
    possible.then_some(OutlinePlace { last_seq, counted })
}
