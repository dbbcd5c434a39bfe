//! `cargo xtask demo`.

use crate::cli::UpOptions;
use crate::local::Stack;
use crate::progress::Progress;

/// Placeholder
pub(crate) fn run(options: &UpOptions, once: bool) -> anyhow::Result<()> {
    let mut progress = Progress::start();
    let stack = Stack::start(options, &mut progress)?;
    if once {
        return Ok(());
    }
    stack.watch()
}
