//! Measures the product beside its peers: the release program, a real PostgreSQL, and `bench/` between them.

use crate::{arguments::UnknownArguments, build, install, process, steps::Steps, suite::Cluster, workspace};
use anyhow::{Result, bail};

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        return Err(UnknownArguments::new(arguments).into());
    }
    install::ensure_installed(&install::for_build()?)?;
    install::ensure_installed(&[install::for_postgres()])?;
    let mut steps = Steps::of(2);
    steps.step("the product, in release", || build::build_product(false))?;
    let cluster = Cluster::start()?;
    let Some(programs) = install::postgres_bin() else { bail!("PostgreSQL's programs cannot be found") };
    let mut bench = workspace::cargo_command();
    bench.args(["run", "--release", "--locked", "--package", "billing-bench"]);
    bench.env("NEXIS_BILLING_BENCH_SERVER", workspace::server_binary()?);
    bench.env("NEXIS_BILLING_BENCH_DIST", workspace::dist_folder());
    bench.env("NEXIS_BILLING_BENCH_POSTGRES_BIN", programs);
    bench.env("NEXIS_BILLING_BENCH_POSTGRES_URL", cluster.url());
    steps.step("measuring", || process::run_command(&mut bench))?;
    cluster.stop()
}
