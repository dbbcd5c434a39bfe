//! Runs what is ready, and moves the clock when nothing is.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

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
    name: Cow<'static, str>,
    ready: Arc<Ready>,
    waker: Waker,
    future: GoingOn,
}

impl Task {
    fn new(name: Cow<'static, str>, future: GoingOn) -> Self {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        Self { name, waker: Waker::from(Arc::clone(&ready)), ready, future }
    }

    fn is_ready(&self) -> bool {
        self.ready.0.load(Ordering::Relaxed)
    }
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

    pub(crate) fn spawn(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        future: impl Future<Output = ()> + 'static,
    ) {
        self.tasks.push(Task::new(name.into(), Box::pin(future)));
    }

    /// Ends what goes on under this name, wherever it is.
    pub(crate) fn kill(&mut self, name: &str) {
        self.tasks.retain(|task| task.name != name);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.tasks.iter().map(|task| task.name.clone().into_owned()).collect()
    }

    /// Whether nothing goes on.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Runs until `done`, or until `limit` has come. `perform` turns work of the agenda into something to run.
    ///
    /// `done` is asked at the beginning and after every step of a task: nothing else can change its answer.
    pub(crate) fn run(
        &mut self,
        limit: Timestamp,
        mut done: impl FnMut() -> bool,
        perform: &mut dyn FnMut(Work) -> (Cow<'static, str>, GoingOn),
    ) {
        let mut stepped = true;
        for _ in 0..STEPS_MAX {
            while let Some(work) = self.sim.due() {
                let (name, future) = perform(work);
                self.tasks.push(Task::new(name, future));
            }
            if stepped && done() {
                return;
            }
            stepped = self.poll_one();
            if !stepped && !self.sim.advance(limit) {
                return;
            }
        }
        panic!("stuck in a circle: {:?}\n{}", self.names(), self.sim.trace().join("\n"));
    }

    /// Polls one ready task, chosen by the seed; `false` when none is ready.
    fn poll_one(&mut self) -> bool {
        let mut ready = (0..self.tasks.len()).filter(|place| self.tasks[*place].is_ready());
        let Some(first) = ready.next() else { return false };
        let others = ready.clone().count();
        let chosen = match usize::try_from(if others == 0 { 0 } else { self.sim.below(others as u64 + 1) }) {
            Ok(0) | Err(_) => first,
            Ok(number) => ready.nth(number - 1).unwrap_or(first),
        };
        let task = &mut self.tasks[chosen];
        task.ready.0.store(false, Ordering::Relaxed);
        if task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_ready() {
            drop(self.tasks.remove(chosen));
        }
        true
    }
}
