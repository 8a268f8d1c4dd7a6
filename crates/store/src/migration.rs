//! The schema's history: embedded, applied in order under a lock, each step recorded with its checksum.

use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;

use crate::db::{Db, Tx, args};
use crate::{Result, StoreError};

/// One step. It never changes once it was released: a new one is added instead.
struct Migration {
    version: i64,
    name: &'static str,
    both: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "wallet",
        both: include_str!("../migrations/0001_wallet.sql"),
        sqlite: include_str!("../migrations/0001_wallet.sqlite.sql"),
        postgres: include_str!("../migrations/0001_wallet.postgres.sql"),
    },
    Migration {
        version: 2,
        name: "notices",
        both: include_str!("../migrations/0002_notices.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 3,
        name: "refunds",
        both: include_str!("../migrations/0003_refunds.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 4,
        name: "links",
        both: include_str!("../migrations/0004_links.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 5,
        name: "stripe",
        both: include_str!("../migrations/0005_stripe.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 6,
        name: "warnings",
        both: include_str!("../migrations/0006_warnings.sql"),
        sqlite: include_str!("../migrations/0006_warnings.sqlite.sql"),
        postgres: include_str!("../migrations/0006_warnings.postgres.sql"),
    },
    Migration {
        version: 7,
        name: "usage totals",
        both: include_str!("../migrations/0007_usage_totals.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 8,
        name: "corrections",
        both: include_str!("../migrations/0008_corrections.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 9,
        name: "steps",
        both: include_str!("../migrations/0009_steps.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 30,
        name: "external refunds",
        both: include_str!("../migrations/0030_external_refunds.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 31,
        name: "reversed",
        both: include_str!("../migrations/0031_reversed.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 32,
        name: "kept keys",
        both: include_str!("../migrations/0032_kept_keys.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 33,
        name: "usage remainders",
        both: include_str!("../migrations/0033_usage_remainders.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 34,
        name: "papers",
        both: include_str!("../migrations/0034_papers.sql"),
        sqlite: include_str!("../migrations/0034_papers.sqlite.sql"),
        postgres: include_str!("../migrations/0034_papers.postgres.sql"),
    },
    Migration {
        version: 35,
        name: "bad days",
        both: include_str!("../migrations/0035_bad_days.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 36,
        name: "authority",
        both: include_str!("../migrations/0036_authority.sql"),
        sqlite: include_str!("../migrations/0036_authority.sqlite.sql"),
        postgres: include_str!("../migrations/0036_authority.postgres.sql"),
    },
    Migration {
        version: 37,
        name: "early events",
        both: include_str!("../migrations/0037_early_events.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 38,
        name: "link charges",
        both: include_str!("../migrations/0038_link_charges.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        version: 39,
        name: "adoption",
        both: include_str!("../migrations/0039_adoption.sql"),
        sqlite: include_str!("../migrations/0039_adoption.sqlite.sql"),
        postgres: include_str!("../migrations/0039_adoption.postgres.sql"),
    },
];

/// Any number, as long as it is ours: "nexis" in ASCII.
const LOCK: i64 = 0x6e_65_78_69_73;

impl Migration {
    fn sql(&self, postgres: bool) -> String {
        if postgres {
            format!("{}\n{}", self.both, self.postgres)
        } else {
            // Tables without ROWID exist in SQLite alone; a comment is how the common text marks them.
            format!("{}\n{}", self.both.replace("/*WITHOUT ROWID*/", "WITHOUT ROWID"), self.sqlite)
        }
    }

    fn checksum(&self, postgres: bool) -> String {
        hex::encode(Sha256::digest(self.sql(postgres)))
    }
}

/// Brings the schema up to date. Whoever comes second waits and then finds nothing to do.
pub(crate) async fn migrate_schema(db: &Db) -> Result<()> {
    let mut tx = db.begin().await?;
    if tx.is_postgres() {
        // Another server may be busy with a long step.
        // SET LOCAL ends with the transaction, so that the pool's connection keeps its own limit.
        tx.execute("SET LOCAL lock_timeout = 0", &[]).await?;
        // An advisory lock, because the table of steps may not exist yet. The cast gives the driver a type for
        // `void`.
        tx.all("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)", args![LOCK]).await?;
    }
    tx.script(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
    )
    .await?;
    let applied = read_applied(&mut tx).await?;
    check_applied(&applied, tx.is_postgres())?;
    // All steps in one transaction: a failed one leaves the schema as it was.
    for migration in MIGRATIONS.iter().filter(|one| applied.iter().all(|(version, _)| *version != one.version)) {
        let sql = migration.sql(tx.is_postgres());
        tx.script(AssertSqlSafe(sql)).await?;
        tx.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            args![migration.version, migration.name, migration.checksum(tx.is_postgres())],
        )
        .await?;
        tracing::info!(version = migration.version, name = migration.name, "schema step applied");
    }
    tx.commit().await
}

/// Refuses a database that is not exactly of this version; writes nothing.
pub(crate) async fn expect_current(db: &Db) -> Result<()> {
    let mut tx = db.snapshot().await?;
    let found = read_applied(&mut tx).await;
    let postgres = tx.is_postgres();
    // Rolled back before the error is looked at: the connection goes back to the pool clean.
    tx.rollback().await?;
    let found = found.map_err(|error| match error {
        StoreError::Database(_) => StoreError::Schema("it holds no wallets".to_owned()),
        other => other,
    })?;
    check_applied(&found, postgres)?;
    if found.len() < MIGRATIONS.len() {
        return Err(StoreError::Schema("it is of an older version; start the server once".to_owned()));
    }
    Ok(())
}

/// Every applied step must be one of ours.
fn check_applied(applied: &[(i64, String)], postgres: bool) -> Result<()> {
    for (version, checksum) in applied {
        let Some(known) = MIGRATIONS.iter().find(|migration| migration.version == *version) else {
            return Err(StoreError::Schema(format!("step {version} was made by a newer version of this program")));
        };
        // A released step never changes: a different checksum means another program wrote this schema.
        if known.checksum(postgres) != *checksum {
            return Err(StoreError::Schema(format!("step {version} ({}) was applied with other contents", known.name)));
        }
    }
    Ok(())
}

async fn read_applied(tx: &mut Tx) -> Result<Vec<(i64, String)>> {
    let rows = tx.all("SELECT version, checksum FROM schema_migrations ORDER BY version", &[]).await?;
    rows.iter().map(|row| Ok((row.get("version")?, row.get("checksum")?))).collect()
}
