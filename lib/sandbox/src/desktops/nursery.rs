//! Starts programs that cannot outlive the sandbox.
//!
//! Every program is started from one thread with `PR_SET_PDEATHSIG`, which the kernel acts on when that thread ends:
//! because the nursery is dropped, the process exits, or somebody kills it.

use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(50);

type Request = (Command, oneshot::Sender<std::io::Result<Child>>);

/// Keeps the thread that all programs are children of.
pub(super) struct Nursery(mpsc::Sender<Request>);

impl Nursery {
    pub(super) fn open() -> anyhow::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        std::thread::Builder::new()
            .name("desktop programs".to_owned())
            .spawn(move || {
                while let Ok((mut command, answer)) = inbox.recv() {
                    if let Err(Ok(mut unwanted)) = answer.send(command.spawn()) {
                        drop(unwanted.kill());
                        drop(unwanted.wait());
                    }
                }
            })
            .context("cannot start a thread")?;
        Ok(Self(requests))
    }

    /// Starts a program. `setup` sets its environment and streams.
    pub(super) async fn start(
        &self,
        program: &str,
        arguments: &[&str],
        setup: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Process> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", program]).args(arguments);
        setup(&mut command);
        let (answer, child) = oneshot::channel();
        self.0.send((command, answer)).ok().context("the nursery is closed")?;
        let child = child.await.context("the nursery is closed")?;
        Ok(Process(child.with_context(|| format!("cannot start {program}"))?))
    }
}

/// A running program; killed and reaped when dropped.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// How it ended, or `None` when it is still running after `limit`.
    pub(super) async fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.ended() {
                Some(status) => return Some(status),
                None if Instant::now() >= deadline => return None,
                None => sleep(POLL).await,
            }
        }
    }

    pub(super) fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
