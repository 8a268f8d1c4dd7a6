//! Compresses what the browser fetches once, at build time, as hard as it goes: the server only picks a file.

use crate::workspace;
use anyhow::{Context, Result, anyhow};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    thread,
};

/// Formats that are compressed in themselves.
const ALREADY: [&str; 7] = ["png", "jpg", "jpeg", "webp", "avif", "woff2", "ico"];
/// The names that compressed siblings end with.
pub(crate) const SUFFIXES: [&str; 2] = ["br", "gz"];

/// Writes `file.br` and `file.gz` beside every file below `folder` that gains from it.
pub(crate) fn compress_folder(folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> =
        workspace::files_below(folder)?.into_iter().filter(|file| is_compressible(file)).collect();
    thread::scope(|scope| {
        let running: Vec<_> = files.iter().map(|file| scope.spawn(|| compress_file(file))).collect();
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a compressor stopped"))?)
    })
}

fn is_compressible(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && !ALREADY.contains(&extension) && !SUFFIXES.contains(&extension)
}

fn compress_file(file: &Path) -> Result<()> {
    let plain = fs::read(file).with_context(|| format!("{} could not be read", file.display()))?;
    write_beside(file, "br", &compress_brotli(&plain)?)?;
    write_beside(file, "gz", &compress_gzip(&plain)?)
}

fn write_beside(file: &Path, suffix: &str, bytes: &[u8]) -> Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{suffix}"));
    fs::write(&name, bytes).with_context(|| format!("{} could not be written", name.display()))
}

/// Brotli at quality 11, which is also the yardstick of the budgets.
pub(crate) fn compress_brotli(plain: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: plain.len(), ..Default::default() };
    let mut packed = Vec::new();
    let mut reader = plain;
    brotli::BrotliCompress(&mut reader, &mut packed, &parameters).context("brotli failed")?;
    Ok(packed)
}

fn compress_gzip(plain: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish().context("gzip failed")
}
