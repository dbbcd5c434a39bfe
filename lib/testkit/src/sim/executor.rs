//! Runs what is ready, and moves the clock when nothing is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use app::ports::Clock;
use domain::Timestamp;

use super::Sim;
use crate::world::Work;

struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Something that goes on by itself.
pub(crate) type GoingOn = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    name: String,
    ready: Arc<Ready>,
    future: GoingOn,
}

/// Steps that one run may take before it counts as stuck in a circle.
const STEPS_MAX: usize = 5_000_000;

/// All that goes on at the same time, on one thread.
pub(crate) struct Executor {
    sim: Sim,
    tasks: Vec<Task>,
}

impl Executor {
    pub(crate) const fn new(sim: Sim) -> Self {
        Self { sim, tasks: Vec::new() }
    }

    pub(crate) fn spawn(&mut self, name: String, future: impl Future<Output = ()> + 'static) {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        self.tasks.push(Task { name, ready, future: Box::pin(future) });
    }

    /// Ends what goes on under this name, wherever it is.
    pub(crate) fn kill(&mut self, name: &str) {
        self.tasks.retain(|task| task.name != name);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.tasks.iter().map(|task| task.name.clone()).collect()
    }

    /// Runs until `done`, or until `limit` has come. `perform` turns work of the agenda into something to run.
    pub(crate) fn run(
        &mut self,
        limit: Timestamp,
        mut done: impl FnMut() -> bool,
        perform: &mut dyn FnMut(Work) -> (String, GoingOn),
    ) {
        for _ in 0..STEPS_MAX {
            for work in self.sim.due() {
                let (name, future) = perform(work);
                self.spawn(name, future);
            }
            if done() {
                return;
            }
            if !self.poll_one() && (self.sim.now() >= limit || !self.sim.advance(limit)) {
                return;
            }
        }
        panic!("stuck in a circle: {:?}\n{}", self.names(), self.sim.trace().join("\n"));
    }

    /// Polls one ready task, chosen by the seed; `false` when none is ready.
    fn poll_one(&mut self) -> bool {
        let ready: Vec<usize> =
            (0..self.tasks.len()).filter(|i| self.tasks[*i].ready.0.load(Ordering::Relaxed)).collect();
        let chosen = match ready.as_slice() {
            [] => return false,
            [only] => *only,
            several => several[usize::try_from(self.sim.below(several.len() as u64)).unwrap_or(0)],
        };
        let task = &mut self.tasks[chosen];
        task.ready.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.ready));
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            drop(self.tasks.remove(chosen));
        }
        true
    }
}
