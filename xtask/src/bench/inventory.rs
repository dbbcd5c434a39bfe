//! One run of the inventory over 1,000 and over 10,000 desktops: calls, memory, time.

use anyhow::Context as _;
use serde_json::Value;

use super::table::{Table, verdict};
use crate::progress::Progress;
use crate::workspace;

/// Desktops of the two runs: the second is ten times the first, so that growth shows.
const SIZES: [u64; 2] = [1_000, 10_000];
/// What a run may need at most, in kB.
const MEMORY_KB_MAX: u64 = 64 * 1024;

/// Measures both and prints them.
///
/// # Errors
/// The program does not build, or does not say what it measured.
pub(crate) fn measure(progress: &mut Progress) -> anyhow::Result<()> {
    let program = ["--profile", "faults", "--package", "testkit", "--bin", "inventory"];
    let mut build = workspace::cargo();
    build.arg("build").args(program);
    progress.run("building the inventory's measure", &mut build, "Compiling", "crates")?;
    let program = workspace::target_dir().join("faults/inventory");
    let mut table = Table::new(&[
        "desktops",
        "provider calls",
        "pages",
        "repairs",
        "ms",
        "peak MB",
        "≤ pages + repairs, 64 MB",
    ]);
    let mut pages = Vec::new();
    for size in SIZES {
        let output = std::process::Command::new(&program).arg(size.to_string()).output()?;
        let found: Value = serde_json::from_slice(&output.stdout).context("the measure says nothing")?;
        let number = |name: &str| found[name].as_u64().unwrap_or_default();
        let kept = number("calls") <= number("pages") + number("repaired") + number("deleted");
        pages.push(number("pages"));
        table.row(vec![
            size.to_string(),
            number("calls").to_string(),
            number("pages").to_string(),
            number("repaired").to_string(),
            number("milliseconds").to_string(),
            format!("{:.1}", number("rss_kb_peak") as f64 / 1024.0),
            verdict(kept && number("rss_kb_peak") <= MEMORY_KB_MAX),
        ]);
    }
    table.print("inventory: one run over six providers, every hundredth desktop with another address");
    if let [small, large] = pages[..] {
        let growth = large as f64 / small.max(1) as f64;
        println!("pages grow {growth:.1} × for 10 × the desktops: {}", verdict(growth <= 10.0));
    }
    Ok(())
}
