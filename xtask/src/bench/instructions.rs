//! Instructions per call, counted by callgrind: the one figure that a busy machine does not change.

use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::bootstrap::{Bootstrap, Subject};
use super::outside::Outside;
use super::samples;
use super::table::Table;
use crate::workspace;

const CALLS: u64 = 50;
/// The functions that carry the traffic.
const HOT: [&str; 4] = ["plans", "checkout", "webhook-paystack", "orders"];

/// Counts for the floor and the hot functions.
///
/// # Errors
/// A function does not run under callgrind.
pub(crate) fn measure(subjects: &[Subject], outside: &Outside) -> anyhow::Result<()> {
    let valgrind =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        println!("\nInstructions: not counted, because valgrind is not installed.");
        return Ok(());
    }
    let mut table = Table::new(&["function", "to first GET", "per call", "x floor"]);
    let mut floor = f64::NAN;
    for (at, subject) in subjects.iter().enumerate() {
        if at > 0 && !HOT.contains(&subject.name.as_str()) {
            continue;
        }
        let event = samples::choose(subject, outside)?.event;
        let start = count(subject, outside, &event, 0)?;
        let per_call = count(subject, outside, &event, CALLS)?.saturating_sub(start) / CALLS;
        if at == 0 {
            floor = per_call as f64;
        }
        let ratio = format!("{:.2}", per_call as f64 / floor);
        table.row(vec![subject.name.clone(), grouped(start), grouped(per_call), ratio]);
    }
    table.print(&format!("Instructions: callgrind over {CALLS} calls, less the start"));
    Ok(())
}

fn count(subject: &Subject, outside: &Outside, event: &str, calls: u64) -> anyhow::Result<u64> {
    let out = workspace::target_dir().join("bench").join(format!("{}.callgrind", subject.name));
    std::fs::create_dir_all(out.parent().context("no folder")?)?;
    let file = format!("--callgrind-out-file={}", out.display());
    let process = Bootstrap::start(
        subject,
        outside,
        &["/usr/bin/env", "valgrind", "--tool=callgrind", "--quiet", &file],
    )?;
    for _ in 0..calls {
        process.invoke(event)?;
    }
    process.terminate()?;
    let profile = std::fs::read_to_string(&out).context("callgrind wrote no profile")?;
    let total =
        profile.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    total.and_then(|total| total.trim().parse().ok()).context("the profile has no total")
}

/// `1 234 567`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(grouped(12), "12");
    }
}
