//! Commands on keys: the same services as the API, for whoever has the database and so every right.

use std::io::{BufWriter, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use billing_contract::key::CreateKey;
use serde_json::json;

use super::accounts::{explain, open_context, print_line};
use crate::Failure;
use crate::auth::keys::KeyHolder;
use crate::config::{Config, CreateKeyArgs, KeyOutput};
use crate::service::keys;

/// Whoever runs a command may hand out everything.
fn operator() -> KeyHolder {
    KeyHolder::root(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// `key create`: the key goes to standard output, and nowhere else.
pub(crate) async fn create_key(config: &Config, form: &CreateKeyArgs) -> Result<ExitCode, Failure> {
    let wanted = CreateKey {
        name: form.name.clone(),
        scopes: form.scopes.clone(),
        organization: form.organization.clone(),
        expires_at: form.expires_at,
    };
    let context = open_context(config, "key create").await?;
    let made = keys::create_key(&context, &operator(), &wanted).await;
    context.store.close().await;
    let made = made.map_err(|problem| explain(&problem))?;
    eprintln!("The key {} is shown this once; keep it where only your program reads it.", made.key.id);
    match form.output {
        KeyOutput::Json => print_line(&serde_json::to_value(&made)?),
        KeyOutput::Env => {
            writeln!(std::io::stdout().lock(), "BILLING_KEY={}", made.secret)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// `key list`.
pub(crate) async fn list_keys(config: &Config) -> Result<ExitCode, Failure> {
    let context = open_context(config, "key list").await?;
    let listed = keys::list_keys(&context, &operator()).await;
    context.store.close().await;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for key in listed.map_err(|problem| explain(&problem))?.items {
        serde_json::to_writer(&mut out, &key)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// `key revoke`.
pub(crate) async fn revoke_key(config: &Config, id: &str) -> Result<ExitCode, Failure> {
    let unknown = || format!("there is no key {id} that holds");
    let key_id = id.parse().map_err(|_| unknown())?;
    let context = open_context(config, "key revoke").await?;
    let revoked = keys::revoke_key(&context, &operator(), &key_id).await;
    context.store.close().await;
    match revoked {
        Err(problem) if problem.document().status == 404 => Err(unknown().into()),
        Err(problem) => Err(explain(&problem)),
        Ok(()) => print_line(&json!({"id": key_id, "revoked": true})),
    }
}
