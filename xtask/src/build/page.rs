//! The page: its Wasm, one script, one stylesheet and the document, in dist/.

use super::name_of_contents;
use super::wasm::{self, Program};
use crate::{install, precompress, process, style, workspace};
use anyhow::{Context, Result, bail};
use billing_catalogue::{Catalogue, ENGLISH, OTHERS};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Copied as they are, under names that others know.
pub(super) const COPIED: [&str; 3] = ["favicon.svg", "manifest.webmanifest", "robots.txt"];
/// What index.html calls the files that get names of their own.
pub(super) const WASM: &str = "/app.wasm";
pub(super) const SCRIPT: &str = "/loader.js";
pub(super) const STYLE: &str = "/app.css";
/// Where the server puts what the first screen shows, and the operator's name, logo and icon.
const MARKS: [&str; 4] = [BOOTSTRAP, NAME, "<!--logo-->", "<!--icon-->"];
pub(super) const BOOTSTRAP: &str = "<!--bootstrap-->";
pub(super) const NAME: &str = "<!--name-->";

/// What the product is made of; the kit is only in dist/ when somebody asked for it.
const PROGRAMS: [Program; 2] = [Program::App, Program::Pay];
/// Makes what belongs to the embed out of the app's parts: where to work, where it goes, and the parts.
pub(super) type MakeEmbed = fn(&Path, &Path, &[PartName]) -> Result<()>;

/// Leaves the page in dist/, compressed.
pub(super) fn make_page(make_embed: MakeEmbed) -> Result<()> {
    let work = workspace::target_dir()?.join("page");
    let dist = workspace::dist_folder();
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("{} could not be emptied", dist.display()))?;
    }
    fs::create_dir_all(&dist).with_context(|| format!("{} could not be made", dist.display()))?;
    let languages = write_languages(&dist)?;
    for program in PROGRAMS {
        let parts = make_document(program, &work.join(program.stem()), &dist, &languages)?;
        if program == Program::App {
            make_embed(&work.join("embed"), &dist, &parts)?;
        }
    }
    for name in COPIED {
        copy_file(&workspace::root_folder().join("public").join(name), &dist.join(name))?;
    }
    precompress::compress_folder(&dist)
}

/// Puts the kit beside the page that is in dist/, in the place of an older one.
pub(super) fn add_kit() -> Result<()> {
    remove_kit()?;
    let (work, dist) = (workspace::target_dir()?.join("page"), workspace::dist_folder());
    make_document(Program::Kit, &work.join(Program::Kit.stem()), &dist, &write_languages(&dist)?).map(drop)
}

/// Leaves in dist/ what `make` made.
pub(super) fn remove_kit() -> Result<()> {
    let own = format!("{}-", Program::Kit.stem());
    for file in workspace::files_below(&workspace::dist_folder())? {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // The stamp of the build, which is hidden, too.
        if name == Program::Kit.document() || name.trim_start_matches('.').starts_with(&own) {
            fs::remove_file(&file).with_context(|| format!("{} could not be removed", file.display()))?;
        }
    }
    Ok(())
}

/// A file for each language but English; answers their addresses as JavaScript.
fn write_languages(dist: &Path) -> Result<String> {
    let mut names = Vec::new();
    for (language, words) in language_texts()? {
        let name = name_of_contents(language, "txt", words.as_bytes());
        fs::write(dist.join(&name), words).with_context(|| format!("dist/{name} could not be written"))?;
        names.push((language, name));
    }
    Ok(language_addresses(&names))
}

/// `{"de":"/de-….txt"}`, as public/loader.js wants it.
pub(super) fn language_addresses(names: &[(&str, String)]) -> String {
    let addresses: Vec<_> = names.iter().map(|(language, name)| format!("{language:?}:\"/{name}\"")).collect();
    format!("{{{}}}", addresses.join(","))
}

/// Each language but English and its words, as the tree has them now: this program may be older than the tree.
pub(super) fn language_texts() -> Result<Vec<(&'static str, String)>> {
    let read = |language: &str| -> Result<Catalogue> {
        let file = workspace::root_folder().join(format!("crates/catalogue/texts/{language}.json"));
        Catalogue::parse(&read_text(&file)?).with_context(|| workspace::relative_path(&file))
    };
    let english = read(ENGLISH.language)?;
    let languages = OTHERS.iter().map(|source| source.language);
    languages.map(|language| Ok((language, billing_catalogue::write_compact(&english, &read(language)?)))).collect()
}

/// What a document calls a file, and the name of that file in dist/.
pub(super) type PartName = (&'static str, String);

/// Answers the parts that the document names.
fn make_document(program: Program, work: &Path, dist: &Path, languages: &str) -> Result<Vec<PartName>> {
    let stem = program.stem();
    let code = wasm::make_code(work, program)?;
    let script = bundle_script(&code.scripts, languages)?;
    let style = minify_style(work, program)?;
    for part in code.later.iter().chain([&code.main]) {
        copy_file(&part.file, &dist.join(&part.name))?;
    }
    let parts = vec![
        (SCRIPT, place_part(stem, "js", &script, dist)?),
        (STYLE, place_part(stem, "css", &style, dist)?),
        (WASM, code.main.name),
    ];
    write_document(program.document(), &parts, &MARKS, dist)?;
    Ok(parts)
}

/// Copies the file into dist/ under a name that stands for its contents, which it answers.
pub(super) fn place_part(stem: &str, extension: &str, file: &Path, dist: &Path) -> Result<String> {
    let name = name_of_contents(stem, extension, read_text(file)?.as_bytes());
    copy_file(file, &dist.join(&name))?;
    Ok(name)
}

/// The document of the tree in dist/, naming these parts, each of which it must name, with each of these marks.
pub(super) fn write_document(document: &str, parts: &[PartName], marks: &[&str], dist: &Path) -> Result<()> {
    let mut html = read_text(&workspace::root_folder().join(document))?;
    for (address, name) in parts {
        html = rename_address(&html, address, name)?;
    }
    html = slim_document(&html)?;
    if let Some(mark) = marks.iter().find(|mark| !html.contains(**mark)) {
        bail!("{document} lost its {mark}: the server would have nowhere to put what it knows");
    }
    fs::write(dist.join(document), html).with_context(|| format!("dist/{document} could not be written"))
}

/// public/loader.js and everything that it imports as one file: a request for each would be one after the other.
pub(super) fn bundle_script(scripts: &Path, languages: &str) -> Result<PathBuf> {
    let (entry, bundle) = (scripts.join("loader.js"), scripts.join("loader.bundle.js"));
    for part in ["loader.js", "first_view.js", "panels.js"] {
        copy_file(&workspace::root_folder().join("public").join(part), &scripts.join(part))?;
    }
    let mut esbuild = esbuild_command(&entry, &bundle)?;
    // wasm-bindgen imports what loads the later parts once for each of its functions, always under the same name.
    esbuild.arg(format!("--define:LANGUAGES={languages}"));
    process::run_command(esbuild.args(["--bundle", "--format=esm", "--log-override:duplicate-object-key=silent"]))?;
    Ok(bundle)
}

/// The program's stylesheet in `work`, small.
fn minify_style(work: &Path, program: Program) -> Result<PathBuf> {
    let (joined, small) = (work.join("joined.css"), work.join("app.css"));
    fs::write(&joined, joined_style(program)?).context("the stylesheet could not be written")?;
    process::run_command(&mut esbuild_command(&joined, &small)?)?;
    Ok(small)
}

/// All but what another document alone needs.
pub(super) fn joined_style(program: Program) -> Result<String> {
    let of_pay = |file: &Path| file.ends_with("pages/pay.css") || file.ends_with("pages/shell.css");
    let of_kit = |file: &Path| file.ends_with("pages/stories.css");
    let of_a_page = |file: &Path| file.components().any(|part| part.as_os_str() == "pages");
    style::join_styles(&workspace::root_folder().join("style"), |file| match program {
        Program::App => !file.ends_with("pages/pay.css") && !of_kit(file),
        Program::Pay => of_pay(file) || !of_a_page(file),
        Program::Kit => of_kit(file) || !of_a_page(file),
    })
}

pub(super) fn esbuild_command(from: &Path, to: &Path) -> Result<Command> {
    let mut command = Command::new(install::esbuild_program()?);
    command.arg(from).args(["--minify", "--target=esnext", "--charset=utf8", "--log-level=warning"]);
    command.arg(format!("--outfile={}", to.display()));
    Ok(command)
}

/// The document with `address` replaced by the file's name in dist/.
pub(super) fn rename_address(html: &str, address: &str, name: &str) -> Result<String> {
    let quoted = format!("\"{address}\"");
    if html.matches(&quoted).count() != 1 {
        bail!("the document must name {address} exactly once");
    }
    Ok(html.replace(&quoted, &format!("\"/{name}\"")))
}

/// The document without comments (but the server's mark), indentation and empty lines.
fn slim_document(html: &str) -> Result<String> {
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    // Comments for people begin with a space, the mark does not.
    while let Some((before, comment)) = rest.split_once("<!-- ") {
        kept.push_str(before);
        let Some((_, after)) = comment.split_once("-->") else { bail!("a comment of the document has no end") };
        rest = after;
    }
    kept.push_str(rest);
    let kept = without_trunk(&kept);
    let lines = kept.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The document without what only Trunk reads, which stands on lines of its own (Trunk.toml).
pub(super) fn without_trunk(html: &str) -> String {
    html.lines().filter(|line| !line.contains("data-trunk")).collect::<Vec<_>>().join("\n")
}

pub(super) fn read_text(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))
}

pub(super) fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("{} could not be copied to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_keeps_the_servers_mark_and_loses_what_only_people_read() {
        let html = "<head>\n  <!-- Why. -->\n  <link data-trunk rel=\"rust\">\n  <!--bootstrap-->\n  <title>x</title>\n</head>\n";
        assert_eq!(slim_document(html).unwrap(), "<head>\n<!--bootstrap-->\n<title>x</title>\n</head>");
    }

    #[test]
    fn a_comment_without_an_end_is_an_error() {
        assert!(slim_document("<head><!--bootstrap--><!-- no end </head>").is_err());
    }

    #[test]
    fn a_file_that_the_document_does_not_name_is_an_error() {
        let html = r#"<script type="module" src="/loader.js"></script>"#;
        assert_eq!(
            rename_address(html, SCRIPT, "loader-1.js").unwrap(),
            r#"<script type="module" src="/loader-1.js"></script>"#
        );
        assert!(rename_address(html, STYLE, "app-1.css").is_err());
    }

    #[test]
    fn the_documents_of_this_tree_name_what_is_built() {
        for program in [Program::App, Program::Pay, Program::Kit] {
            let html = read_text(&workspace::root_folder().join(program.document())).unwrap();
            let html =
                [WASM, SCRIPT, STYLE].iter().fold(html, |html, address| rename_address(&html, address, "x").unwrap());
            let html = slim_document(&html).unwrap();
            assert!(MARKS.iter().all(|mark| html.contains(mark)), "{program:?}");
        }
    }
}
