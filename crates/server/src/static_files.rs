//! The built page, with the operator's branding, read into memory once.

mod branding;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use billing_page::FirstView;
use bytes::Bytes;
use sha2::{Digest as _, Sha256, Sha384};

use self::branding::Branding;
use crate::config::BrandConfig;

/// Where `index.html` wants the first screen's data.
const MARKER: &str = "<!--bootstrap-->";
/// Between these stands what is seen where the first view is not drawn.
const VIEW: (&str, &str) = ("<!--view-->", "<!--/view-->");
/// How the documents begin, and how the build names the stylesheet in them.
const ROOT: &str = "<html lang=\"en\">";
const STYLESHEET: (&str, &str) = ("<link rel=\"stylesheet\" href=\"/", "\">");
/// The document of the app.
pub(crate) const INDEX: &str = "index.html";
/// Documents with an address of their own, for somebody without an account: the one behind a payment link, those in the
/// frames of a host's page, and in development builds of the page its kit.
const OTHERS: [(&str, &str); 4] =
    [("pay", "pay.html"), (EMBED, "embed.html"), ("embed/balance", "balance.html"), ("kit", "kit.html")];
/// Below this address is all that a host's page shows or loads.
const EMBED: &str = "embed";
/// The script that a host's page loads: it follows every release.
const ELEMENT: &str = "embed/v1.js";
/// Which release that is, and the hash of its script, for hosts that pin one.
const ELEMENT_RELEASE: &str = "embed/v1.json";

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DistError {
    /// No folder, or none that can be read.
    #[error(
        "the built page cannot be read from {path} ({error}): run `cargo xtask build`, or name its folder with --dist"
    )]
    Unreadable { path: String, error: io::Error },
    /// A folder without a page.
    #[error("{path} holds no index.html: run `cargo xtask build`, or name the page's folder with --dist")]
    NoIndex { path: String },
}

/// The files of the page.
/// See docs/decisions/0084-static-files-in-memory.md.
#[derive(Debug)]
pub(crate) struct StaticFiles {
    /// By path without the leading slash.
    pub(crate) assets: HashMap<String, Asset>,
    /// The app.
    pub(crate) index: Document,
    /// By address without slashes: those of [`OTHERS`] that are there.
    others: Vec<(&'static str, Document)>,
    logo: Option<String>,
}

/// A document with places for the first screen's data and view.
#[derive(Debug)]
pub(crate) struct Document {
    text: String,
    /// The hash of its own stylesheet, as a content policy names it.
    pub(crate) style_hash: Option<String>,
}

impl Document {
    fn read(file: &Path, branding: &Branding) -> io::Result<Self> {
        let text = branding.apply(&String::from_utf8_lossy(&fs::read(file)?));
        Ok(Self { text, style_hash: None })
    }

    /// With its stylesheet inside: the first view is painted without another request.
    fn with_style_inside(self, folder: &Path) -> io::Result<Self> {
        let Some((before, rest)) = self.text.split_once(STYLESHEET.0) else { return Ok(self) };
        let Some((name, after)) = rest.split_once(STYLESHEET.1) else { return Ok(self) };
        let style = fs::read_to_string(folder.join(name))?;
        let hash = BASE64_STANDARD.encode(Sha256::digest(&style));
        let text = [before, "<style>", &style, "</style>", after].concat();
        Ok(Self { text, style_hash: Some(format!("'sha256-{hash}'")) })
    }

    /// With this element in its place, if it has one.
    pub(crate) fn with(&self, element: &str) -> String {
        self.text.replacen(MARKER, element, 1)
    }

    /// With this view in place of the frame that is seen otherwise, in the view's language.
    pub(crate) fn with_view(&self, element: &str, view: Option<&FirstView>) -> String {
        let text = self.with(element);
        let Some(view) = view else { return text };
        let Some((before, rest)) = text.split_once(VIEW.0) else { return text };
        let Some((_, after)) = rest.split_once(VIEW.1) else { return text };
        let direction = if view.language == "ar" { " dir=\"rtl\"" } else { "" };
        let root = format!("<html lang=\"{}\"{direction}>", view.language);
        let before = before.replacen(ROOT, &root, 1);
        [&before, "<div id=\"first-view\">", &view.html, "</div>", after].concat()
    }
}

/// A file in the forms that a browser may accept.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) plain: Variant,
    pub(crate) brotli: Option<Variant>,
    pub(crate) gzip: Option<Variant>,
    /// Media type, with the character set of texts.
    pub(crate) content_type: &'static str,
    /// Its name changes with its contents.
    pub(crate) immutable: bool,
}

/// A file in one form.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) bytes: Bytes,
    /// Strong, of the bytes.
    pub(crate) etag: HeaderValue,
}

impl Variant {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let hex = hex::encode(&Sha256::digest(&bytes)[..16]);
        // Hex digits between quotes are a header value always.
        let etag = HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes: Bytes::from(bytes), etag }
    }
}

impl StaticFiles {
    /// Reads the folder. Hidden files are left out; `x.br` and `x.gz` become forms of `x`.
    /// The documents get the brand's name and logo, and its colors as a stylesheet of their own.
    pub(crate) fn read(folder: &Path, brand: &BrandConfig) -> Result<Self, DistError> {
        let unreadable = |error| DistError::Unreadable { path: folder.display().to_string(), error };
        let mut files = HashMap::new();
        collect_files(folder, "", &mut files).map_err(unreadable)?;
        let index = files.remove(INDEX).ok_or_else(|| DistError::NoIndex { path: folder.display().to_string() })?;
        let branding = Branding::of(brand);
        let index = Document::read(&index, &branding).and_then(|index| index.with_style_inside(folder));
        let index = index.map_err(unreadable)?;
        let mut others = Vec::new();
        for (address, name) in OTHERS {
            if let Some(file) = files.remove(name) {
                others.push((address, Document::read(&file, &branding).map_err(unreadable)?));
            }
        }

        let mut assets = HashMap::new();
        for (name, path) in &files {
            if packed_of(name).is_some_and(|plain| is_document(plain) || files.contains_key(plain)) {
                continue;
            }
            let packed = |suffix: &str| {
                files.get(&format!("{name}.{suffix}")).map(fs::read).transpose().map(|bytes| bytes.map(Variant::of))
            };
            let asset = Asset {
                plain: Variant::of(fs::read(path).map_err(unreadable)?),
                brotli: packed("br").map_err(unreadable)?,
                gzip: packed("gz").map_err(unreadable)?,
                content_type: content_type(name),
                immutable: has_hashed_name(name),
            };
            assets.insert(name.clone(), asset);
        }
        for (name, bytes) in branding.files {
            let (content_type, plain) = (content_type(&name), Variant::of(bytes));
            assets.insert(name, Asset { plain, brotli: None, gzip: None, content_type, immutable: true });
        }
        add_pinned_element(&mut assets);
        Ok(Self { assets, index, others, logo: branding.logo })
    }
}

impl StaticFiles {
    /// The address of the operator's logo.
    pub(crate) fn logo(&self) -> Option<&str> {
        self.logo.as_deref()
    }

    /// What is at this address without its slashes, when it is no page of the app.
    pub(crate) fn other(&self, address: &str) -> Option<&Document> {
        self.others.iter().find(|(of, _)| *of == address).map(|(_, document)| document)
    }
}

/// Whether what is at this address without its slashes belongs into a host's page.
pub(crate) fn is_of_embed(address: &str) -> bool {
    address == EMBED || address.strip_prefix(EMBED).is_some_and(|rest| rest.starts_with('/'))
}

/// The script of this very release under an address of its own, and what says so.
fn add_pinned_element(assets: &mut HashMap<String, Asset>) {
    let Some(element) = assets.get(ELEMENT) else { return };
    let version = env!("CARGO_PKG_VERSION");
    let integrity = format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(&element.plain.bytes)));
    let json = format!("{{\"version\":\"{version}\",\"integrity\":\"{integrity}\"}}\n");
    let pinned = element.clone();
    let release = Asset {
        plain: Variant::of(json.into_bytes()),
        brotli: None,
        gzip: None,
        content_type: content_type(ELEMENT_RELEASE),
        immutable: false,
    };
    assets.insert(format!("{EMBED}/{version}.js"), pinned);
    assets.insert(ELEMENT_RELEASE.to_owned(), release);
}

fn is_document(name: &str) -> bool {
    name == INDEX || OTHERS.iter().any(|(_, document)| *document == name)
}

fn packed_of(name: &str) -> Option<&str> {
    name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"))
}

fn collect_files(folder: &Path, prefix: &str, files: &mut HashMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect_files(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else {
            files.insert(format!("{prefix}{name}"), entry.path());
        }
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}

/// The build writes `name-<hash>.js`, as others write `name-<hash>_bg.wasm`: such a name never stands for other contents.
fn has_hashed_name(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_are_told_from_names_without() {
        for (name, hashed) in [
            ("nexis-billing-app-1f3c9a0b7d2e4f56.js", true),
            ("nexis-billing-app-1f3c9a0b7d2e4f56_bg.wasm", true),
            ("snippets/gloo-net-0123456789abcdef/inline0.js", false),
            ("favicon.svg", false),
            ("manifest.webmanifest", false),
            ("app-deadbeef.css", true),
            ("app-readable.css", false),
        ] {
            assert_eq!(has_hashed_name(name), hashed, "{name}");
        }
    }
}
