//! Reading the audit log: owners their organization's, programs what their key sees, by pages or as a table.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_contract::ProblemCode;
use billing_contract::audit::{AuditPage, AuditRecord};
use billing_domain::{OrganizationId, OrganizationRef, Timestamp};
use billing_store::{AuditPlace, Organization};
use futures_util::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::keys::KeyHolder;
use crate::budgets::CostlyRead;
use crate::calendar::Calendar;
use crate::problem::{Detail, Problem, general_error};
use crate::service::sessions::{self, SessionStanding, SignedInMember};
use crate::service::spreadsheet::{BYTE_ORDER_MARK, harmless_cell, name_part, send_rows};
use crate::service::{keys, organization_refs};
use crate::state::AppState;
use crate::view::audit::map_audit;

/// Entries of a page unless the client says otherwise.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// Entries of the table that are read and written at one go.
const PAGE: u32 = 500;
/// First byte of a cursor; another one would mean another way to go on.
const CURSOR_VERSION: u8 = 1;

const HEADINGS: [&str; 15] = [
    "organization_id",
    "seq",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "session",
    "address",
    "action",
    "subject",
    "subject_name",
    "before",
    "after",
    "changed",
    "hash",
];

/// Who reads the log.
#[derive(Clone, Debug)]
pub(crate) enum AuditReader {
    /// An owner, what was done in their organization.
    Owner(Box<SignedInMember>),
    /// A program, what its key sees.
    Program(KeyHolder),
}

/// Which entries are listed, as it stands in the address. Everything is optional.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Of this organization: its id, or `ext:` and the host's own. Left out: of all that the reader sees.
    organization: Option<String>,
    /// Entries of a page, 1 to 200; 50 when left out.
    limit: Option<String>,
}

/// The same for the table, which has no pages.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TableSearch {
    /// Of this organization: its id, or `ext:` and the host's own. Left out: of all that the reader sees.
    organization: Option<String>,
}

/// `GET /audit`.
pub(crate) async fn list_page(state: &AppState, reader: &AuditReader, search: &Search) -> Result<AuditPage, Problem> {
    let (before, limit) = search.check()?;
    let organization = reader.find_organization(state, search.organization.as_deref()).await?;
    let id = organization.as_ref().map(|organization| &organization.id);
    // One more than asked for says whether there is a following page.
    let mut found = state.store.page_audit(id, before.as_ref(), limit.saturating_add(1)).await?;
    let limit = usize::try_from(limit).map_err(Problem::internal)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| has_more).map(|last| write_cursor(&last.place()));
    Ok(AuditPage { items: found.into_iter().map(map_audit).collect(), next_cursor })
}

impl AuditReader {
    /// The organization whose entries are read; `None`: all. `named`: as the address names it.
    async fn find_organization(&self, state: &AppState, named: Option<&str>) -> Result<Option<Organization>, Problem> {
        let unknown = || Problem::invalid(vec![organization_refs::unknown_organization("/organization")]);
        match (self, named.filter(|text| !text.is_empty())) {
            (Self::Owner(member), named) => {
                let own = &member.organization;
                // Whether there is another one of this name is nobody's business.
                if named.is_some_and(|text| !is_named(own, text)) { Err(unknown()) } else { Ok(Some(own.clone())) }
            }
            (Self::Program(holder), Some(text)) => {
                let found = organization_refs::find_organization(&state.store, holder, text).await?;
                found.map(Some).ok_or_else(unknown)
            }
            (Self::Program(holder), None) => match holder.organization_id() {
                Some(id) => Ok(Some(state.store.organization(id).await?)),
                None => Ok(None),
            },
        }
    }

    async fn take_turn(&self, state: &AppState, within: Option<&OrganizationId>) -> Result<CostlyRead, Problem> {
        match self {
            Self::Owner(member) => state.budgets.take_costly_read(&member.token_hash, &member.organization.id).await,
            Self::Program(holder) => {
                state.budgets.take_costly_key_read(holder.id().map_or("", |id| id.as_str()), within).await
            }
        }
    }

    /// Whether they still may: a table is sent for as long as its reader takes.
    async fn check_standing(&self, state: &AppState) -> Result<(), Problem> {
        let stands = match self {
            Self::Owner(member) => {
                matches!(sessions::session_standing(state, member).await?, SessionStanding::Open(_))
            }
            Self::Program(holder) => keys::still_holds(state, holder).await?,
        };
        if stands {
            return Ok(());
        }
        let detail = "The session or key ended while the table was sent.";
        Err(Problem::new(ProblemCode::Unauthenticated, Detail::general(detail)))
    }
}

fn is_named(organization: &Organization, text: &str) -> bool {
    match text.parse() {
        Ok(OrganizationRef::Id(id)) => organization.id == id,
        Ok(OrganizationRef::External(id)) => organization.external_id.as_ref() == Some(&id),
        Err(_) => false,
    }
}

impl Search {
    fn check(&self) -> Result<(Option<AuditPlace>, u32), Problem> {
        let mut errors = Vec::new();
        let before = self.cursor.as_deref().and_then(|text| {
            let place = read_cursor(text);
            if place.is_none() {
                let detail = "Hand back next_cursor as it was, or leave it out.";
                errors.push(general_error("/cursor", "not_a_cursor", detail));
            }
            place
        });
        let limit = self.limit.as_deref().map_or(Some(DEFAULT_LIMIT), |text| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|limit| plain && (1..=MAX_LIMIT).contains(limit))
        });
        match limit {
            Some(limit) if errors.is_empty() => Ok((before, limit)),
            Some(_) => Err(Problem::invalid(errors)),
            None => {
                errors.push(general_error("/limit", "out_of_range", format!("Ask for 1 to {MAX_LIMIT} entries.")));
                Err(Problem::invalid(errors))
            }
        }
    }
}

fn write_cursor(place: &AuditPlace) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    bytes.extend(place.at.micros().to_be_bytes());
    bytes.extend(place.seq.to_be_bytes());
    bytes.extend(place.organization_id.as_ref().map_or("", OrganizationId::as_str).as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<AuditPlace> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    // A cursor is the client's to send: nothing of it is trusted.
    let (version, rest) = bytes.split_first()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (seq, id) = rest.split_first_chunk::<8>()?;
    let (at, seq) = (Timestamp::from_micros(i64::from_be_bytes(*at)), i64::from_be_bytes(*seq));
    let organization_id = if id.is_empty() { None } else { Some(std::str::from_utf8(id).ok()?.parse().ok()?) };
    (*version == CURSOR_VERSION && seq > 0).then_some(AuditPlace { at, organization_id, seq })
}

/// `GET /audit.csv`: the file's name, then its parts. A fault later on can only break the answer off.
pub(crate) async fn export_audit(
    state: &AppState,
    reader: AuditReader,
    search: &TableSearch,
) -> Result<(String, impl Stream<Item = Result<Vec<u8>, std::io::Error>> + Send + use<>), Problem> {
    let organization = reader.find_organization(state, search.organization.as_deref()).await?;
    let name = file_name(organization.as_ref(), state.clock.now())?;
    let organization_id = organization.map(|organization| organization.id);
    let turn = reader.take_turn(state, organization_id.as_ref()).await?;
    let mut table = Table { state: state.clone(), reader, organization_id, before: None, done: false, _turn: turn };
    let mut first = BYTE_ORDER_MARK.to_vec();
    first.extend(send_rows([HEADINGS.map(str::to_owned)])?);
    // At once, so that what cannot be read is a problem and not a broken file.
    first.extend(table.next().await?.unwrap_or_default());
    let rest = stream::try_unfold(table, |mut table| async move {
        let part = table.next().await.map_err(|problem| std::io::Error::other(problem.document().detail.clone()))?;
        Ok(part.map(|part| (part, table)))
    });
    Ok((name, stream::iter([Ok(first)]).chain(rest)))
}

/// `activity-Northwind-Dental-2026-11-30.csv`: the day is the organization's.
fn file_name(organization: Option<&Organization>, now: Timestamp) -> Result<String, Problem> {
    let zone = organization.map_or("UTC", |organization| organization.time_zone.as_str());
    let today = Calendar::of(zone).map_err(Problem::internal)?.date_of(now);
    let name = organization.map_or_else(|| "all".to_owned(), |organization| name_part(&organization.name));
    Ok(format!("activity-{name}-{today}.csv"))
}

/// A log on its way.
struct Table {
    state: AppState,
    reader: AuditReader,
    /// `None`: of all.
    organization_id: Option<OrganizationId>,
    before: Option<AuditPlace>,
    done: bool,
    /// Held as long as the answer is read, so that tables are counted while they cost something.
    _turn: CostlyRead,
}

impl Table {
    /// The following entries; `None` after the last one.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        if self.done {
            return Ok(None);
        }
        self.reader.check_standing(&self.state).await?;
        // By the costly connections: a client that reads slowly holds nobody else up.
        let store = self.state.store.costly();
        let found = store.page_audit(self.organization_id.as_ref(), self.before.as_ref(), PAGE).await?;
        self.done = found.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.before = found.last().map(billing_store::WrittenAudit::place);
        let rows = found.into_iter().map(|entry| row_cells(map_audit(entry))).collect::<Result<Vec<_>, _>>()?;
        send_rows(rows).map(Some)
    }
}

fn row_cells(record: AuditRecord) -> Result<[String; HEADINGS.len()], Problem> {
    let facts = |facts| serde_json::to_string(facts).map_err(Problem::internal);
    let changed = harmless_cell(name_changes(&record));
    Ok([
        record.organization_id.unwrap_or_default(),
        record.seq.to_string(),
        record.at.to_string(),
        record.actor.kind.as_str().to_owned(),
        record.actor.id,
        harmless_cell(record.actor.name),
        record.session,
        record.address,
        record.action,
        harmless_cell(record.subject),
        harmless_cell(record.subject_name.unwrap_or_default()),
        facts(&record.before)?,
        facts(&record.after)?,
        changed,
        record.hash.to_string(),
    ])
}

/// `role: member → admin`, for people.
fn name_changes(record: &AuditRecord) -> String {
    let mut names: Vec<&String> = record.before.keys().chain(record.after.keys()).collect();
    names.sort();
    names.dedup();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let changes = names.into_iter().map(|name| match (record.before.get(name), record.after.get(name)) {
        (None, after) => format!("{name}: {}", text(after)),
        (before, after) => format!("{name}: {} → {}", text(before), text(after)),
    });
    changes.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use billing_contract::audit::AuditActor;
    use billing_domain::ActorKind;
    use billing_domain::ledger::Hash;

    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let at = Timestamp::from_micros(1_800_000_000_000_001);
        for organization_id in [None, Some("0198c0de-0000-7000-8000-000000000001".parse().unwrap())] {
            let place = AuditPlace { at, organization_id, seq: 7 };
            assert_eq!(read_cursor(&write_cursor(&place)), Some(place));
        }
        let zero = AuditPlace { at, organization_id: None, seq: 0 };
        for text in ["", "x", "AQ", &write_cursor(&zero), "AQAAAAAAAAABAAAAAAAAAAF4"] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }

    #[test]
    fn changes_are_named_for_people() {
        let facts = |facts: &[(&str, &str)]| -> BTreeMap<String, String> {
            facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let record = AuditRecord {
            organization_id: None,
            seq: 1,
            at: Timestamp::from_seconds(1),
            actor: AuditActor { kind: ActorKind::System, id: String::new(), name: "=worker".to_owned() },
            session: String::new(),
            address: String::new(),
            action: "a.b".to_owned(),
            subject: "s".to_owned(),
            subject_name: None,
            before: facts(&[("role", "member"), ("gone", "x")]),
            after: facts(&[("role", "admin"), ("new", "y")]),
            hash: Hash::GENESIS,
        };
        assert_eq!(name_changes(&record), "gone: x → ; new: y; role: member → admin");
        let cells = row_cells(record).unwrap();
        assert_eq!((cells[5].as_str(), cells[12].as_str()), ("'=worker", r#"{"new":"y","role":"admin"}"#));
    }
}
