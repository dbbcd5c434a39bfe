//! A virtual screen: what Windows machines show, and what the log-in check's client draws on.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStdout;
use tokio::time::timeout;

use super::nursery::{Nursery, Process};

const START_LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Screen {
    /// As in `DISPLAY`.
    pub(super) display: String,
    _server: Process,
}

impl Screen {
    /// Starts an X server on a display number that is free.
    pub(super) async fn open(nursery: &Nursery) -> anyhow::Result<Self> {
        // Without `-noreset` it starts over, and refuses everybody meanwhile, each time that its last client leaves.
        let arguments = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"];
        let mut server = nursery
            .start("Xvfb", &arguments, |command| {
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
            })
            .await?;
        let stdout = server.take_stdout().context("Xvfb without output")?;
        let mut line = String::new();
        let mut reader = BufReader::new(ChildStdout::from_std(stdout)?);
        timeout(START_LIMIT, reader.read_line(&mut line)).await.context("Xvfb does not start")??;
        match line.trim().parse::<u32>() {
            Ok(number) => Ok(Self { display: format!(":{number}"), _server: server }),
            Err(_) => bail!("Xvfb found no display"),
        }
    }
}
