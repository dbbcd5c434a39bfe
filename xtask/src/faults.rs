//! `cargo xtask faults`: the fault campaign, built with optimisation.

use anyhow::bail;

use crate::progress::Progress;
use crate::workspace;

/// Orders that every `cargo xtask test` goes through.
pub(crate) const ORDERS_IN_TEST: &str = "100000";

/// What the campaign is asked for, as its program takes it: see lib/testkit/src/bin/faults.rs.
pub(crate) struct Plan {
    /// `--seeds N`, `--seed S`, `--orders N`, `--from S`, `--bug NAME`.
    pub(crate) arguments: Vec<String>,
}

impl Plan {
    /// So many orders, from seed 0.
    pub(crate) fn orders(number: &str) -> Self {
        Self { arguments: vec!["--orders".into(), number.into()] }
    }
}

/// Builds the campaign and runs it.
///
/// # Errors
/// It does not build or does not run to its end, or a promise was broken; its output says by which seed.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let campaign = ["--profile", "faults", "--package", "testkit", "--bin", "faults"];
    let mut build = workspace::cargo();
    build.arg("build").args(campaign);
    Progress::start().run("building the campaign", &mut build, "Compiling", "crates")?;
    let program = workspace::target_dir().join("faults/faults");
    match std::process::Command::new(program).args(&plan.arguments).status()?.code() {
        Some(0) => Ok(()),
        Some(1) => bail!("a promise was broken: `cargo xtask faults --seed S` shows one run in full"),
        Some(2) => bail!("the campaign did not understand what it was asked for, see above"),
        _ => bail!("the campaign did not come to its end, see above"),
    }
}
