//! The most memory a function has had after some calls, and what is uploaded for it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::bootstrap::{Bootstrap, Subject};
use super::outside::Outside;
use super::samples;
use super::table::{Table, min_and_median, verdict};

const CALLS: u32 = 100;
const MEMORY_MB_MAX: f64 = 12.0;
const ZIP_MB_MAX: f64 = 4.0;
/// Deflates what it is given the way `zip` does, and says how long the result is.
const DEFLATE: &str = "import sys, zlib; print(len(zlib.compress(sys.stdin.buffer.read(), 9)))";

/// Peak memory after `CALLS` calls with the sample event, with the time of a warm call.
///
/// # Errors
/// A function does not start or answer, or there is no /proc.
pub(crate) fn measure(subjects: &[Subject], outside: &Outside) -> anyhow::Result<()> {
    let mut table =
        Table::new(&["function", "at start MB", "peak MB", "first call us", "warm call us", "aim", "sample"]);
    for (at, subject) in subjects.iter().enumerate() {
        let sample = samples::choose(subject, outside)?;
        let process = Bootstrap::start(subject, outside, &[])?;
        let at_start = megabytes(process.peak_memory_kb()? * 1024);
        let mut times = Vec::new();
        for _ in 0..CALLS {
            let began = std::time::Instant::now();
            process.invoke(&sample.event)?;
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        let peak = megabytes(process.peak_memory_kb()? * 1024);
        let first = times.first().copied().unwrap_or(f64::NAN);
        let warm = min_and_median(&times).map_or(f64::NAN, |(_, median)| median);
        let aim = if at == 0 { String::new() } else { verdict(peak <= MEMORY_MB_MAX) };
        table.row(vec![
            subject.name.clone(),
            format!("{at_start:.1}"),
            format!("{peak:.1}"),
            format!("{first:.0}"),
            format!("{warm:.0}"),
            aim,
            format!("{} -> {}", sample.name, sample.answer),
        ]);
    }
    table.print(&format!(
        "Memory: VmHWM after {CALLS} calls with the sample event (aim: <= {MEMORY_MB_MAX} MB)"
    ));
    Ok(())
}

/// The binaries, and what they are as zips.
///
/// # Errors
/// A binary cannot be read, or there is no Python to deflate it with.
pub(crate) fn sizes(subjects: &[Subject]) -> anyhow::Result<()> {
    let mut table = Table::new(&["function", "binary MB", "zip MB", "aim"]);
    for (at, subject) in subjects.iter().enumerate() {
        let binary = std::fs::read(&subject.binary)
            .with_context(|| format!("{} cannot be read", subject.binary.display()))?;
        let zip = megabytes(deflated(&binary)?);
        let aim = if at == 0 { String::new() } else { verdict(zip <= ZIP_MB_MAX) };
        let size = format!("{:.2}", megabytes(binary.len() as u64));
        table.row(vec![subject.name.clone(), size, format!("{zip:.2}"), aim]);
    }
    table.print(&format!("Size (aim: zip <= {ZIP_MB_MAX} MB)"));
    Ok(())
}

fn deflated(bytes: &[u8]) -> anyhow::Result<u64> {
    let ours = crate::python::program("python");
    let python = if ours.is_file() { ours.as_path() } else { Path::new("python3") };
    let mut child = Command::new(python)
        .args(["-c", DEFLATE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("zip sizes need Python 3")?;
    child.stdin.take().context("no pipe")?.write_all(bytes)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "Python could not deflate the binary");
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
