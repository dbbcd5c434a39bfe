//! Programs of the local stack: started in groups of their own, remembered on disk, ended with all they started.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::state::StateDir;

/// How long a program may take to end by itself before it is made to.
const STOP_WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);
/// Set when everything is being ended: from then on nothing may start.
pub(crate) static ENDING: AtomicBool = AtomicBool::new(false);
/// Held while something is started and remembered, or ended: an interrupt in between would leave it running.
static CHANGING: Mutex<()> = Mutex::new(());
/// The file that remembers what runs.
const FILE: &str = "processes.json";

/// A program to start.
pub(crate) struct Program<'a> {
    /// Its name, for messages and log files.
    pub(crate) name: &'a str,
    /// The executable.
    pub(crate) executable: &'a Path,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Its whole environment besides PATH and HOME.
    pub(crate) environment: BTreeMap<String, String>,
}

/// A program that was started, and a word of its command line by which it is told from a stranger with its id.
struct Running {
    pid: u32,
    word: String,
}

impl Running {
    /// Whether it still runs; a stranger that got its id does not count, and neither does a zombie.
    fn is_alive(&self) -> bool {
        // Just after a start the command line is not there yet.
        let ours = |words: &str| words.trim().is_empty() || words.contains(&self.word);
        self.state_and_words().is_some_and(|(state, words)| state != 'Z' && ours(&words))
    }

    /// The process's state letter and its command line: from /proc, or from `ps` on systems without it.
    fn state_and_words(&self) -> Option<(char, String)> {
        let proc = Path::new("/proc").join(self.pid.to_string());
        if Path::new("/proc/self/stat").exists() {
            let stat = std::fs::read_to_string(proc.join("stat")).ok()?;
            let words = std::fs::read(proc.join("cmdline")).ok()?;
            // The name before the state is in parentheses and may hold anything.
            let state = stat.rsplit_once(") ")?.1.chars().next()?;
            return Some((state, String::from_utf8_lossy(&words).replace('\0', " ")));
        }
        let seen =
            Command::new("ps").args(["-o", "stat=,args=", "-p", &self.pid.to_string()]).output().ok()?;
        let line = String::from_utf8_lossy(&seen.stdout).trim().to_owned();
        Some((line.chars().next()?, line))
    }
}

/// Starts a program with its output in `logs/NAME.log` and remembers it.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(state: &StateDir, program: Program<'_>) -> anyhow::Result<u32> {
    let _held = CHANGING.lock();
    if ENDING.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    let log = File::create(state.make("logs")?.join(format!("{}.log", program.name)))?;
    let kept = ["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let child = Command::new(program.executable)
        .args(&program.arguments)
        .env_clear()
        .envs(kept)
        .envs(program.environment)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C in the terminal is ours to hear: we end them in order.
        .process_group(0)
        .spawn()
        .with_context(|| format!("{} cannot be started", program.executable.display()))?;
    let word = [program.executable.as_os_str()]
        .into_iter()
        .chain(program.arguments.first().map(OsStr::new))
        .next_back()
        .map(|word| word.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut all = state.read(FILE).as_array().cloned().unwrap_or_default();
    all.push(json!({"name": program.name, "pid": child.id(), "word": word}));
    state.write(FILE, &Value::Array(all))?;
    Ok(child.id())
}

/// Whether any remembered program still runs.
pub(crate) fn any_alive(state: &StateDir) -> bool {
    remembered(state).iter().any(|(_, program)| program.is_alive())
}

/// The name of a remembered program that has ended.
pub(crate) fn first_dead(state: &StateDir) -> Option<String> {
    remembered(state).into_iter().find(|(_, program)| !program.is_alive()).map(|(name, _)| name)
}

/// Ends every remembered program, last started first, and all that they started themselves.
///
/// # Errors
/// When one does not end.
pub(crate) fn stop_all(state: &StateDir) -> anyhow::Result<()> {
    let _held = CHANGING.lock();
    for (name, program) in remembered(state).into_iter().rev() {
        stop(&program).with_context(|| format!("{name} (process {}) does not end", program.pid))?;
    }
    state.remove(FILE);
    Ok(())
}

/// Waits until `ready` says so.
///
/// # Errors
/// When the program ends first, or time is up; the message shows the end of its log.
pub(crate) fn wait_until_ready(
    state: &StateDir,
    name: &str,
    limit: Duration,
    mut ready: impl FnMut() -> bool,
) -> anyhow::Result<()> {
    let start = Instant::now();
    while !ready() {
        let dead = remembered(state).iter().any(|(known, program)| known == name && !program.is_alive());
        if dead {
            bail!("{name} ended at once: {}", last_line(state, name));
        }
        if start.elapsed() > limit {
            bail!("{name} does not answer after {} s: {}", limit.as_secs(), last_line(state, name));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn last_line(state: &StateDir, name: &str) -> String {
    let path = state.path(&format!("logs/{name}.log"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    format!("{line} (all of it in {})", path.display())
}

fn remembered(state: &StateDir) -> Vec<(String, Running)> {
    let file = state.read(FILE);
    let entries = file.as_array().map(Vec::as_slice).unwrap_or_default();
    let read = |entry: &Value| {
        let pid = u32::try_from(entry["pid"].as_u64()?).ok()?;
        Some((entry["name"].as_str()?.to_owned(), Running { pid, word: entry["word"].as_str()?.to_owned() }))
    };
    entries.iter().filter_map(read).collect()
}

fn stop(program: &Running) -> anyhow::Result<()> {
    if !program.is_alive() {
        return Ok(());
    }
    signal("-TERM", &program.pid.to_string());
    let asked = Instant::now();
    while program.is_alive() && asked.elapsed() < STOP_WAIT {
        thread::sleep(POLL);
    }
    // Whatever it left in its group, and itself if it would not go.
    signal("-KILL", &format!("-{}", program.pid));
    let forced = Instant::now();
    while program.is_alive() {
        if forced.elapsed() > STOP_WAIT {
            bail!("it ignores even SIGKILL");
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn signal(name: &str, target: &str) {
    // The shell's own `kill`, which is there even where no package brings one. A target that is gone is what we want.
    drop(
        Command::new("/bin/sh")
            .args(["-c", "kill \"$@\"", "kill", name, target])
            .stderr(Stdio::null())
            .status(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(name: &str) -> StateDir {
        StateDir::at(std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id())))
    }

    fn shell(script: &str) -> Program<'_> {
        Program {
            name: "shell",
            executable: Path::new("/bin/sh"),
            arguments: vec!["-c".into(), script.into()],
            environment: BTreeMap::new(),
        }
    }

    #[test]
    fn stopping_ends_the_program_and_what_it_started() {
        let state = state("stop");
        start(&state, shell("sleep 600 & echo $!; wait")).expect("started");
        let log = state.path("logs/shell.log");
        wait_until_ready(&state, "shell", STOP_WAIT, || {
            std::fs::read_to_string(&log).is_ok_and(|t| t.contains('\n'))
        })
        .expect("prints the id");
        let inner = std::fs::read_to_string(&log).expect("log").trim().parse().expect("an id");
        let inner = Running { pid: inner, word: "sleep".into() };
        assert!(any_alive(&state) && inner.is_alive());
        stop_all(&state).expect("stops");
        assert!(!any_alive(&state));
        // It was killed with its group; the system may take a moment to end it.
        let killed = Instant::now();
        while inner.is_alive() && killed.elapsed() < STOP_WAIT {
            thread::sleep(POLL);
        }
        assert!(!inner.is_alive());
        state.remove("");
    }

    #[test]
    fn a_program_that_ends_early_is_reported_with_its_last_words() {
        let state = state("early");
        start(&state, shell("echo no such luck; exit 3")).expect("started");
        let error = wait_until_ready(&state, "shell", STOP_WAIT, || false).expect_err("it ended").to_string();
        assert!(error.contains("no such luck"), "{error}");
        state.remove("");
    }
}
