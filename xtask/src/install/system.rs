//! What the system's package manager brings: a browser and a PostgreSQL server.

use super::{CHROMIUM, HEADLESS, Requirement, chromium_program, on_path};
use crate::process;
use anyhow::{Result, bail};
use std::{fs, path::PathBuf, process::Command};

/// A real Chromium with fonts. Without its windows where that is to be had: what draws tabs and toolbars that nobody sees
/// takes a fifth of the time.
pub(super) struct Chromium;

impl Requirement for Chromium {
    fn title(&self) -> String {
        "Chromium without windows".into()
    }

    fn cost(&self) -> String {
        "about 1 minute".into()
    }

    fn is_present(&self) -> Result<bool> {
        let has_windows = |browser: &PathBuf| !browser.ends_with(HEADLESS) && std::env::var_os(CHROMIUM).is_none();
        Ok(chromium_program().is_some_and(|browser| !has_windows(&browser) || on_path("apt-get").is_none()))
    }

    fn fetch(&self) -> Result<()> {
        install_packages(&[HEADLESS, "fonts-dejavu-core", "fonts-liberation"])
    }
}

/// Fonts for the scripts that people have names in, and a program that reads receipts back.
pub(super) struct Receipts;

const FONTS: [&str; 2] = [
    "/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
];

impl Requirement for Receipts {
    fn title(&self) -> String {
        "fonts of all scripts and pdftotext".into()
    }

    fn cost(&self) -> String {
        "about 1 minute".into()
    }

    fn is_present(&self) -> Result<bool> {
        Ok(on_path("pdftotext").is_some() && FONTS.iter().all(|font| PathBuf::from(font).is_file()))
    }

    fn fetch(&self) -> Result<()> {
        install_packages(&["poppler-utils", "fonts-noto-core", "fonts-noto-cjk"])
    }
}

/// Writes a picture with a palette of 256 colors.
pub(super) struct Pngquant;

impl Requirement for Pngquant {
    fn title(&self) -> String {
        "pngquant".into()
    }

    fn cost(&self) -> String {
        "a few seconds".into()
    }

    fn is_present(&self) -> Result<bool> {
        Ok(on_path("pngquant").is_some())
    }

    fn fetch(&self) -> Result<()> {
        install_packages(&["pngquant"])
    }
}

/// The server's own programs (`initdb`, `postgres`), not a running service.
pub(super) struct Postgres;

impl Requirement for Postgres {
    fn title(&self) -> String {
        "PostgreSQL".into()
    }

    fn cost(&self) -> String {
        "about 1 minute".into()
    }

    fn is_present(&self) -> Result<bool> {
        Ok(postgres_bin().is_some())
    }

    fn fetch(&self) -> Result<()> {
        install_packages(&["postgresql"])
    }
}

/// The folder of the newest installed `initdb` and `postgres`.
pub(crate) fn postgres_bin() -> Option<PathBuf> {
    let holds_server = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let version = |folder: &PathBuf| -> u32 {
        let name = folder.parent().and_then(|parent| parent.file_name());
        name.and_then(|name| name.to_str()).and_then(|name| name.parse().ok()).unwrap_or(0)
    };
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = debian.map(|entry| entry.path().join("bin")).filter(holds_server).max_by_key(version);
    newest.or_else(|| on_path("initdb")?.parent().map(PathBuf::from).filter(holds_server))
}

pub(crate) fn is_root() -> bool {
    process::capture_output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn install_packages(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get install -y {}", packages.join(" "));
    if on_path("apt-get").is_none() {
        bail!("no apt-get here: install the equivalent of `{by_hand}` with your own package manager");
    }
    if !is_root() {
        bail!("this needs the rights of root. Run: sudo apt-get update && sudo {by_hand}");
    }
    process::run_command(apt_command().arg("update").arg("-q"))?;
    process::run_command(apt_command().args(["install", "-q", "-y", "--no-install-recommends"]).args(packages))
}

fn apt_command() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
