//! From exec to the first request for work: what our code adds to a cold start. Each against the floor.

use std::time::Duration;

use super::bootstrap::{Bootstrap, Subject};
use super::outside::Outside;
use super::table::{Table, min_and_median, verdict};

/// The aims: a multiple of the floor, and milliseconds.
const RATIO_MAX: f64 = 2.5;
const MS_MAX: f64 = 5.0;

/// Starts each function `repeats` times, in turns, so that all see the same weather on a shared machine. The first
/// subject is the floor.
///
/// # Errors
/// A function does not start.
pub(crate) fn measure(subjects: &[Subject], outside: &Outside, repeats: u32) -> anyhow::Result<()> {
    let mut times = vec![Vec::new(); subjects.len()];
    // The first turn brings the binaries into the page cache and is not counted.
    for turn in 0..=repeats {
        for (subject, times) in subjects.iter().zip(&mut times) {
            let started = Bootstrap::start(subject, outside, &[])?.start;
            if turn > 0 {
                times.push(milliseconds(started));
            }
        }
    }
    let floor = times.first().and_then(|times| min_and_median(times)).unwrap_or((f64::NAN, f64::NAN));
    let mut table = Table::new(&["function", "min ms", "x floor", "median ms", "x floor", "aim"]);
    for (at, (subject, times)) in subjects.iter().zip(&times).enumerate() {
        let Some((min, median)) = min_and_median(times) else { continue };
        // By the fastest start: what else the machine does at the time cannot make a function faster than it is.
        let aim = if at == 0 { String::new() } else { verdict(min <= RATIO_MAX * floor.0 && min <= MS_MAX) };
        table.row(vec![
            subject.name.clone(),
            format!("{min:.2}"),
            format!("{:.2}", min / floor.0),
            format!("{median:.2}"),
            format!("{:.2}", median / floor.1),
            aim,
        ]);
    }
    table.print(&format!(
        "Start: exec to the first GET /next, {repeats} processes each (aim: <= {RATIO_MAX} x floor and <= {MS_MAX} ms)"
    ));
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
