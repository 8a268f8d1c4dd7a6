//! The picture book: every main screen wide and narrow, light and dark, and a page that shows them side by side.

use crate::{process, workspace};
use anyhow::{Context, Result, bail};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Everybody clones the book, and every renewal stays in the history.
const PICTURE_LIMIT_BYTES: u64 = 60_000;
const PICTURES_LIMIT: usize = 40;
/// The four looks of a screen, as the test names them.
const LOOKS: [&str; 4] = ["wide-light", "wide-dark", "narrow-light", "narrow-dark"];
/// The list of what is photographed, one quoted name a line.
const LIST: &str = "tests/browser/fixture/picture-names.ts";
/// Of a PNG file (its specification, 11.2.1): where the header says what the colors are, and "by a palette".
const COLOR_TYPE_AT: usize = 25;
const PALETTE: u8 = 3;
const INDEX: &str = "README.md";

fn book_folder() -> PathBuf {
    workspace::root_folder().join("docs/screens")
}

/// Removes pictures of screens that are not on the list any more.
pub(super) fn drop_stale() -> Result<()> {
    let wanted = expected_pictures()?;
    for file in list_pictures(&book_folder())? {
        if !wanted.contains(&name_of(&file)) {
            fs::remove_file(&file).with_context(|| format!("{} could not be removed", file.display()))?;
        }
    }
    Ok(())
}

/// Gives new pictures a palette, which takes two thirds of their weight. The test does not see the difference, since it
/// lets a color be a little off.
pub(super) fn shrink_pictures() -> Result<()> {
    for file in list_pictures(&book_folder())? {
        let bytes = fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?;
        if bytes.get(COLOR_TYPE_AT) != Some(&PALETTE) {
            // Dots between two colors would weigh more and look worse than one of both.
            process::run_command(
                Command::new("pngquant").args(["--force", "--nofs", "--strip", "--ext", ".png", "256"]).arg(&file),
            )?;
        }
    }
    Ok(())
}

/// Writes the page of the book; errors when a picture is missing or too heavy.
pub(super) fn write_index() -> Result<()> {
    let (found, wanted) = (list_pictures(&book_folder())?, expected_pictures()?);
    let names: Vec<String> = found.iter().map(|file| name_of(file)).collect();
    if let Some(missing) = wanted.iter().find(|name| !names.contains(name)) {
        bail!("docs/screens/{missing} was not taken");
    }
    if found.len() > PICTURES_LIMIT {
        bail!("docs/screens holds {} pictures, the limit is {PICTURES_LIMIT}", found.len());
    }
    for file in &found {
        let bytes = fs::metadata(file)?.len();
        if bytes > PICTURE_LIMIT_BYTES {
            bail!("{} has {bytes} bytes, the limit is {PICTURE_LIMIT_BYTES}", workspace::relative_path(file));
        }
    }
    fs::write(book_folder().join(INDEX), render_index(&list_screens()?))
        .context("the page of the picture book could not be written")
}

fn list_pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = workspace::files_below(folder)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "png"));
    Ok(files)
}

fn name_of(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The names of the screens, in the order of the list.
fn list_screens() -> Result<Vec<String>> {
    let list =
        fs::read_to_string(workspace::root_folder().join(LIST)).with_context(|| format!("{LIST} could not be read"))?;
    let screens = parse_list(&list);
    if screens.is_empty() {
        bail!("{LIST} names no screen");
    }
    Ok(screens)
}

fn parse_list(text: &str) -> Vec<String> {
    let quoted = text.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
    quoted.map(str::to_owned).collect()
}

fn expected_pictures() -> Result<Vec<String>> {
    let each = |screen: String| LOOKS.map(|look| format!("{screen}-{look}.png"));
    Ok(list_screens()?.into_iter().flat_map(each).collect())
}

fn render_index(screens: &[String]) -> String {
    let mut page =
        "# The main screens\n\nTaken by `cargo xtask screens --renew` from the demo organization, on a day that \
        never changes. The browser tests compare\nevery screen with its picture here: a visible change fails until the \
        pictures are renewed.\n"
            .to_owned();
    for screen in screens {
        // Writing into a string never fails.
        let _ = write!(page, "\n## {}\n\n| light | dark |\n|---|---|\n", screen_title(screen));
        for width in ["wide", "narrow"] {
            let cell = |scheme: &str| {
                let alt = format!("{}, {width}, {scheme}", screen_title(screen));
                let size = if width == "wide" { 480 } else { 200 };
                format!("<img src=\"{screen}-{width}-{scheme}.png\" width=\"{size}\" alt=\"{alt}\">")
            };
            let _ = writeln!(page, "| {} | {} |", cell("light"), cell("dark"));
        }
    }
    page
}

/// `billing-not-connected` → `Billing not connected`.
fn screen_title(screen: &str) -> String {
    let words = screen.replace('-', " ");
    let first = words.chars().next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", words.chars().skip(1).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_as_the_test_reads_it() {
        let text = "// \"no\",\nexport const pictured = [\n  \"sign-in\",\n  \"billing\",\n] as const;\n";
        assert_eq!(parse_list(text), ["sign-in", "billing"]);
    }

    #[test]
    fn the_book_of_this_tree_is_whole() {
        let mut found: Vec<String> = list_pictures(&book_folder()).unwrap().iter().map(|file| name_of(file)).collect();
        let mut wanted = expected_pictures().unwrap();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "cargo xtask screens --renew");
        assert_eq!(fs::read_to_string(book_folder().join(INDEX)).unwrap(), render_index(&list_screens().unwrap()));
        for file in list_pictures(&book_folder()).unwrap() {
            assert!(fs::metadata(&file).unwrap().len() <= PICTURE_LIMIT_BYTES, "{}", file.display());
        }
    }

    #[test]
    fn a_title_is_made_of_the_name() {
        assert_eq!(screen_title("billing-not-connected"), "Billing not connected");
    }
}
