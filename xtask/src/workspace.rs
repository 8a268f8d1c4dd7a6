//! Where things are: the tree, the build folder, the cache of tools, and what the lock file pins.

use crate::process;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the workspace's `Cargo.toml`. What Cargo says at run time counts: two clones that share a build folder
/// share this program too.
pub(crate) fn root_folder() -> PathBuf {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map(Path::to_path_buf).unwrap_or(manifest)
}

/// The cargo that runs this program, started in the root of the tree.
pub(crate) fn cargo_command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root_folder());
    // What cargo says of this program is no news of the crates to be built: `ring` would be compiled anew, with all that
    // needs it, whenever plain `cargo` and a chore follow each other.
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        command.env_remove(name);
    }
    command
}

/// Set by cargo for the program that it runs.
fn is_of_a_package(variable: &OsStr) -> bool {
    variable.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

/// `cargo metadata` without dependencies: the members, their manifests and the build folder.
pub(crate) fn cargo_metadata() -> Result<Value> {
    let text = process::capture_output(cargo_command().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_str(&text).context("`cargo metadata` answered something unreadable")
}

/// The build folder, wherever `CARGO_TARGET_DIR` or a configuration file puts it.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = cargo_metadata()?;
    let Some(path) = metadata["target_directory"].as_str() else { bail!("`cargo metadata` names no target folder") };
    Ok(PathBuf::from(path))
}

pub(crate) fn dist_folder() -> PathBuf {
    root_folder().join("dist")
}

pub(crate) fn browser_tests() -> PathBuf {
    root_folder().join("tests/browser")
}

pub(crate) fn stripe_oracles() -> PathBuf {
    root_folder().join("tests/stripe-oracles")
}

/// The server as `cargo build --release` leaves it.
pub(crate) fn server_binary() -> Result<PathBuf> {
    Ok(target_dir()?.join("release/nexis-billing"))
}

/// A program as it was compiled beside the tests.
pub(crate) fn test_program(name: &str) -> Result<PathBuf> {
    Ok(target_dir()?.join("debug").join(name))
}

/// `${XDG_CACHE_HOME:-~/.cache}/nexis-billing/tools`: outside the tree, so that every clone shares it.
pub(crate) fn tool_cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => match env::home_dir() {
            Some(home) => home.join(".cache"),
            None => bail!("neither XDG_CACHE_HOME nor a home folder is known: set XDG_CACHE_HOME"),
        },
    };
    Ok(base.join("nexis-billing/tools"))
}

/// The version of a package in `Cargo.lock`.
pub(crate) fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(root_folder().join("Cargo.lock")).context("Cargo.lock could not be read")?;
    let start = format!("name = \"{package}\"\nversion = \"");
    let version = lock.split(&start).nth(1).and_then(|rest| rest.split('"').next());
    version.map(str::to_owned).with_context(|| format!("Cargo.lock does not pin `{package}`"))
}

/// Every file below `folder`, sorted, so that each run sees the same order. A missing folder is empty.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        if !next.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&next).with_context(|| format!("{} could not be read", next.display()))? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// A path below the root as text with forward slashes, for messages.
pub(crate) fn relative_path(path: &Path) -> String {
    path.strip_prefix(root_folder()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_does_not_inherit_what_it_set_for_this_program() {
        let command = cargo_command();
        let removed = |name: &str| command.get_envs().any(|(known, value)| known == name && value.is_none());
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR") && !removed("CARGO_TARGET_DIR"));
    }
}
