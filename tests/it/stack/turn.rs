//! Which stories run at the same time: those that disturb nobody side by side, the others each alone, after them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Stories that run now.
struct Running {
    beside: usize,
    alone: bool,
}

static RUNNING: Mutex<Running> = Mutex::new(Running { beside: 0, alone: false });
static CHANGED: Condvar = Condvar::new();

/// A story's leave to run; given back with this.
pub(crate) enum Turn {
    Beside,
    Alone,
}

impl Turn {
    /// Waits only while a story runs alone: one that waits to run alone holds nobody up, since the slowest of those
    /// that run would hold up all.
    pub(crate) fn beside_others() -> Self {
        let mut running = wait_while(|running| running.alone);
        running.beside += 1;
        Self::Beside
    }

    /// Waits until nobody runs.
    pub(crate) fn alone() -> Self {
        let mut running = wait_while(|running| running.alone || running.beside > 0);
        running.alone = true;
        Self::Alone
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        match self {
            Self::Beside => running.beside -= 1,
            Self::Alone => running.alone = false,
        }
        CHANGED.notify_all();
    }
}

fn wait_while(busy: impl Fn(&Running) -> bool) -> MutexGuard<'static, Running> {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    CHANGED.wait_while(running, |running| busy(running)).unwrap_or_else(PoisonError::into_inner)
}
