//! A database of a test's own on a PostgreSQL server: a copy of one whose schema was made once, for making it anew takes
//! longer than most tests. The API's tests use this file too. That an empty database gets its schema is seen in
//! `migrations`, and each time the template is made.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use billing_store::Store;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// PostgreSQL's "there is no such database".
const NO_SUCH_DATABASE: &str = "3D000";
/// Held while the template is made. Any number that nothing else on a test server locks.
const LOCK: i64 = 0x6e65_7869_735f_7470;

/// Creates the empty, migrated database `name` on the server of `admin` (`postgres://…/postgres`) and answers its address.
pub(crate) async fn create(admin: &str, name: &str) -> String {
    let template = template_name();
    let mut connection = PgConnection::connect(admin).await.unwrap();
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
    if let Err(error) = execute(&mut connection, copy.clone()).await {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some(NO_SUCH_DATABASE), "{error}");
        make_template(admin, &mut connection, &template).await;
        execute(&mut connection, copy).await.unwrap();
    }
    connection.close().await.unwrap();
    address(admin, name)
}

/// Removes the database, unless the whole server is to be thrown away (`NEXIS_BILLING_TEST_POSTGRES_DISPOSABLE`): each
/// removal waits until everything that all tests have written is on the disk.
pub(crate) fn drop_database(admin: &str, name: &str) {
    if std::env::var_os("NEXIS_BILLING_TEST_POSTGRES_DISPOSABLE").is_some() {
        return;
    }
    let (admin, statement) = (admin.to_owned(), format!("DROP DATABASE {name} WITH (FORCE)"));
    // A `Drop` cannot wait within the test's own runtime.
    let dropping = std::thread::spawn(move || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&admin).await?;
            Ok(execute(&mut connection, statement).await?)
        })
    });
    if !matches!(dropping.join(), Ok(Ok(()))) {
        eprintln!("the database {name} is left behind");
    }
}

/// One test makes it, those that come at the same time wait. Under its name it appears only when it is complete.
async fn make_template(admin: &str, connection: &mut PgConnection, template: &str) {
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut *connection).await.unwrap();
    let made = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(template);
    if made.fetch_optional(&mut *connection).await.unwrap().is_none() {
        let draft = format!("{template}_draft");
        // Of a test that was killed at this point.
        execute(connection, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await.unwrap();
        execute(connection, format!("CREATE DATABASE {draft}")).await.unwrap();
        let store = Store::connect(&address(admin, &draft)).await.unwrap();
        store.close().await;
        execute(connection, format!("ALTER DATABASE {draft} RENAME TO {template}")).await.unwrap();
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(connection).await.unwrap();
}

/// Of the schema as it is now: whoever edits a migration beside a server that goes on running gets another template.
fn template_name() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    format!("nexis_template_{:016x}", hasher.finish())
}

fn address(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop)
}
