//! Saving a long answer as a file while it arrives, saying how far it has come; stopped when nobody waits for it any more.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlAnchorElement, ReadableStream, ReadableStreamDefaultReader, Url};

use super::fetch::{self, FetchError, HttpRequest, HttpResponse, TimeLimit};
use super::timers;

/// So much is handed over to the browser at once, which keeps it outside the page's memory.
const PART_BYTES: u64 = 4_000_000;

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Bytes that have arrived.
    pub(crate) bytes: u64,
    /// Whole records of a CSV file among them, the headings included.
    pub(crate) records: u64,
}

/// Why there is no file.
pub(crate) enum TransferFailure {
    /// The server refused, with this answer.
    Refused(HttpResponse),
    /// The answer did not begin, broke off, or could not be handed over; or nothing new came within the limit.
    Broken(FetchError),
}

/// Counts the records of a CSV file piece by piece: a line break inside quotes ends none.
#[derive(Clone, Copy, Debug, Default)]
struct Records {
    quoted: bool,
    count: u64,
}

impl Records {
    fn read(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'"' => self.quoted = !self.quoted,
                // A doubled quote inside a field switches twice, so it needs no case of its own.
                b'\n' if !self.quoted => self.count += 1,
                _ => {}
            }
        }
    }
}

/// Sends it and saves a good answer, once it is whole, under the name that the server gives it, else under this one; answers
/// that name too. The request's limit is the longest time without anything new.
pub(crate) async fn save_answer(
    request: HttpRequest<'_>,
    name: &str,
    on_progress: impl Fn(Progress),
) -> Result<(Progress, String), TransferFailure> {
    let limit = TimeLimit::start(request.limit_milliseconds).map_err(TransferFailure::Broken)?;
    let broken = || TransferFailure::Broken(limit.failure());
    let open = fetch::open_request(&request, &limit).await.map_err(|_| broken())?;
    // A refusal is JSON and read whole: its sentence is shown instead of a file.
    if !open.ok() {
        return Err(HttpResponse::read(open).await.map_or_else(|_| broken(), TransferFailure::Refused));
    }
    let name =
        // The server names the file by organization and month, which this page need not know.
        open.headers().get("content-disposition").and_then(|text| name_in(&text)).unwrap_or_else(|| name.to_owned());
    let body = open.body().ok_or_else(broken)?;
    let (progress, parts) = read_body(&body, &limit, on_progress).await.map_err(|_| broken())?;
    offer_download(&parts, &name).map_err(|_| broken())?;
    Ok((progress, name))
}

/// The file name in a `Content-Disposition` header (RFC 6266, `filename*=UTF-8''…`).
fn name_in(disposition: &str) -> Option<String> {
    let encoded = disposition.split(';').find_map(|parameter| parameter.trim().strip_prefix("filename*=UTF-8''"))?;
    js_sys::decode_uri_component(encoded).ok().map(String::from)
}

async fn read_body(
    body: &ReadableStream,
    limit: &TimeLimit,
    on_progress: impl Fn(Progress),
) -> Result<(Progress, Array), JsValue> {
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into()?;
    let (parts, mut pieces, mut kept) = (Array::new(), Array::new(), 0);
    let (mut bytes, mut records) = (0, Records::default());
    loop {
        // Counted anew with each piece: a slow download is fine, a silent one is not.
        limit.restart();
        let read = JsFuture::from(reader.read()).await?;
        if Reflect::get(&read, &"done".into())?.is_truthy() {
            break;
        }
        let piece: Uint8Array = Reflect::get(&read, &"value".into())?.dyn_into()?;
        let length = u64::from(piece.byte_length());
        records.read(&piece.to_vec());
        pieces.push(&piece);
        (bytes, kept) = (bytes + length, kept + length);
        // Handed over in pieces: an export of a million lines does not fit into the Wasm's memory.
        if kept >= PART_BYTES {
            parts.push(&JsValue::from(Blob::new_with_u8_array_sequence(&pieces)?));
            (pieces, kept) = (Array::new(), 0);
        }
        on_progress(Progress { bytes, records: records.count });
    }
    parts.push(&JsValue::from(Blob::new_with_u8_array_sequence(&pieces)?));
    Ok((Progress { bytes, records: records.count }, parts))
}

fn offer_download(parts: &Array, name: &str) -> Result<(), JsValue> {
    let document = super::window::browser_window().and_then(|window| window.document()).ok_or(JsValue::UNDEFINED)?;
    let url = Url::create_object_url_with_blob(&Blob::new_with_blob_sequence(parts)?)?;
    // A link that nobody sees: browsers save a file under a name of its own only that way.
    let link: HtmlAnchorElement = document.create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser has begun to save it by then; until it is let go of, the file's bytes stay.
    wasm_bindgen_futures::spawn_local(async move {
        timers::sleep(60_000).await;
        let _ = Url::revoke_object_url(&url);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_inside_quotes_ends_no_record_wherever_the_pieces_are_cut() {
        let text = b"a,b\r\n\"x\"\"\ny\",2\r\nlast,3\r\n";
        for cut in 0..text.len() {
            let mut records = Records::default();
            records.read(&text[..cut]);
            records.read(&text[cut..]);
            assert_eq!((records.count, records.quoted), (3, false), "cut at {cut}");
        }
    }
}
