//! Tasks of the workflow that go wrong, each once: `infra/local/ministack_server.py` looks for these files.

use std::fs;
use std::path::{Path, PathBuf};

use super::Stack;

/// A fault of one task of one order.
pub(crate) struct TaskFault(PathBuf);

impl TaskFault {
    /// Whether it has struck: one that has not has shown nothing.
    pub(crate) fn has_struck(&self) -> bool {
        let mut struck = self.0.clone().into_os_string();
        struck.push(".struck");
        Path::new(&struck).exists()
    }
}

impl Stack {
    /// Lets the next call of a state go wrong for an order: it `fails_before` or `fails_after` its work, `times_out`, or
    /// runs `twice` at once.
    #[track_caller]
    pub(crate) fn task_fault(&self, order: &str, state: &str, kind: &str) -> TaskFault {
        let folder = Path::new(self.fact("logs_dir")).with_file_name("task-faults");
        let path = folder.join(format!("{order}.{state}.{kind}"));
        fs::write(&path, "").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        TaskFault(path)
    }
}
