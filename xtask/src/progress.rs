//! What the user sees while something takes a while: one line per step, with its time.

use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// Without a terminal to redraw a line on, how often a long step says that it still runs.
const STILL_RUNNING: Duration = Duration::from_secs(15);
/// How much of a failed command's output is shown.
const REASON_LINES: usize = 60;

/// Steps with their times, counted from when this was made.
pub(crate) struct Progress {
    start: Instant,
    step: Instant,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { start: now, step: now }
    }

    /// Says that a step is done: time since the start, what was done, and how long it took.
    pub(crate) fn done(&mut self, what: &str) {
        let took = self.step.elapsed();
        self.step = Instant::now();
        clear_line();
        println!("{}  {what} ({})", clock(self.start.elapsed()), seconds(took));
    }

    /// Says something that belongs to the step before.
    pub(crate) fn note(&self, text: &str) {
        clear_line();
        println!("{}  {text}", clock(self.start.elapsed()));
    }

    /// Runs a command quietly while a line says how far it is: `unit` counts those lines of its output that contain
    /// `counted`.
    ///
    /// # Errors
    /// When it cannot be started or fails; then the end of its output is shown.
    pub(crate) fn run(
        &self,
        what: &str,
        command: &mut Command,
        counted: &str,
        unit: &str,
    ) -> anyhow::Result<()> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let output = child.stderr.take().context("no pipe")?;
        let (mut lines, mut count, mut told) = (Vec::new(), 0_u32, Instant::now());
        for line in BufReader::new(output).lines() {
            let line = line?;
            if line.contains(counted) {
                count += 1;
                if std::io::stdout().is_terminal() {
                    clear_line();
                    print!("{}  {what}: {count} {unit} …", clock(self.start.elapsed()));
                    std::io::stdout().flush()?;
                } else if told.elapsed() > STILL_RUNNING {
                    told = Instant::now();
                    println!("{}  {what}: {count} {unit} …", clock(self.start.elapsed()));
                }
            }
            lines.push(line);
        }
        clear_line();
        if !child.wait()?.success() {
            bail!("{what} failed\n{}", reason(&lines).join("\n"));
        }
        Ok(())
    }
}

/// The part of a failed command's output that says why: from its first error, or its end.
fn reason(lines: &[String]) -> &[String] {
    let from = lines.iter().position(|line| line.starts_with("error"));
    let rest = &lines[from.unwrap_or(lines.len().saturating_sub(REASON_LINES))..];
    &rest[..rest.len().min(REASON_LINES)]
}

fn clear_line() {
    if std::io::stdout().is_terminal() {
        print!("\r\x1b[2K");
    }
}

/// `2:05` for 125 seconds.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:>3}:{:02}", seconds / 60, seconds % 60)
}

/// `0.4 s`, `12 s`, `3 min 20 s`.
pub(crate) fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..=9 => format!("{:.1} s", took.as_secs_f64()),
        10..=99 => format!("{} s", took.as_secs()),
        more => format!("{} min {} s", more / 60, more % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_read_them() {
        assert_eq!(clock(Duration::from_secs(125)), "  2:05");
        assert_eq!(seconds(Duration::from_millis(440)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(12)), "12 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn the_reason_begins_at_the_first_error() {
        let lines = ["Compiling a", "error: no such type", "Compiling b"].map(str::to_owned);
        assert_eq!(reason(&lines), &lines[1..]);
        assert_eq!(reason(&lines[..1]), &lines[..1]);
    }

    #[test]
    fn a_failed_command_shows_the_end_of_its_output() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo the reason >&2; exit 1"]);
        let error =
            Progress::start().run("building", &mut command, "x", "crates").expect_err("fails").to_string();
        assert_eq!(error, "building failed\nthe reason");
    }
}
