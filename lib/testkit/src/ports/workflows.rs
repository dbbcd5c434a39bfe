//! The workflow service: executions by name, and tasks that wait for their token.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use app::ports::{
    CompleteTask, ExecutionStatus, ReadWorkflow, StartWorkflow, Started, TaskOutcome, WorkflowError,
};
use domain::ids::OrderId;
use jiff::SignedDuration;

use crate::sim::Sim;
use crate::world::Work;

/// One execution, and all that the service would show of it.
#[derive(Debug, Clone)]
pub struct Execution {
    /// For which order.
    pub order: OrderId,
    /// What it is doing.
    pub status: ExecutionStatus,
    /// What AWS would bill: states entered and retries.
    pub transitions: usize,
    /// The states entered, in order.
    pub states: Vec<String>,
    /// Every input, output and error that its history shows, a line each.
    pub history: String,
}

#[derive(Default)]
struct State {
    executions: BTreeMap<String, Execution>,
    waiting: BTreeMap<String, (Option<TaskOutcome>, Option<Waker>)>,
    tokens: u64,
    slow: SignedDuration,
}

/// The workflow service.
#[derive(Clone)]
pub struct Workflows {
    sim: Sim,
    state: Arc<Mutex<State>>,
}

impl Workflows {
    /// A service without executions.
    pub fn new(sim: Sim) -> Self {
        Self { sim, state: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("one thread"))
    }

    /// From now on every question takes so long.
    pub fn slow_down(&self, to: SignedDuration) {
        self.with(|s| s.slow = to);
    }

    /// Every execution with its name.
    pub fn executions(&self) -> Vec<(String, Execution)> {
        self.with(|s| s.executions.iter().map(|(name, one)| (name.clone(), one.clone())).collect())
    }

    /// Shows the history of every execution.
    pub(crate) fn each_history(&self, mut look: impl FnMut(&str)) {
        self.with(|s| s.executions.values().for_each(|execution| look(&execution.history)));
    }

    pub(crate) fn note(&self, name: &str, change: impl FnOnce(&mut Execution)) {
        self.with(|s| {
            if let Some(execution) = s.executions.get_mut(name) {
                change(execution);
            }
        });
    }

    /// A task begins to wait: its token.
    pub(crate) fn token(&self, execution: &str) -> String {
        self.with(|s| {
            s.tokens += 1;
            let token = format!("TASK-TOKEN-{execution}-{}", s.tokens);
            s.waiting.insert(token.clone(), (None, None));
            token
        })
    }

    /// What the task of a token is told.
    pub(crate) async fn told(&self, token: &str) -> TaskOutcome {
        poll_fn(|context| {
            self.with(|s| match s.waiting.get_mut(token) {
                Some((told @ Some(_), _)) => told.take().map_or(Poll::Pending, Poll::Ready),
                Some((None, waker)) => {
                    *waker = Some(context.waker().clone());
                    Poll::Pending
                }
                None => Poll::Pending,
            })
        })
        .await
    }

    /// The task of a token waits no longer.
    pub(crate) fn forget(&self, token: &str) {
        self.with(|s| s.waiting.remove(token));
    }
}

fn lost(what: &'static str) -> impl Fn() -> WorkflowError {
    move || WorkflowError { what, source: None }
}

impl StartWorkflow for Workflows {
    async fn start(&self, order: OrderId, name: &str) -> Result<Started, WorkflowError> {
        self.sim
            .call("workflow.start", lost("StartExecution"), || {
                let fresh = self.with(|s| {
                    if s.executions.contains_key(name) {
                        return false;
                    }
                    let status = ExecutionStatus::Running;
                    let execution = Execution {
                        order,
                        status,
                        transitions: 0,
                        states: Vec::new(),
                        history: String::new(),
                    };
                    s.executions.insert(name.to_owned(), execution);
                    true
                });
                if !fresh {
                    return Ok(Started::Already);
                }
                self.sim.schedule(SignedDuration::ZERO, Work::Execution { name: name.to_owned(), order });
                Ok(Started::Now)
            })
            .await
    }
}

impl ReadWorkflow for Workflows {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, WorkflowError> {
        let slow = self.with(|s| s.slow);
        if !slow.is_zero() {
            self.sim.sleep(slow).await;
        }
        self.sim
            .call("workflow.status", lost("DescribeExecution"), || {
                Ok(self
                    .with(|s| s.executions.get(name).map_or(ExecutionStatus::Missing, |e| e.status.clone())))
            })
            .await
    }
}

impl CompleteTask for Workflows {
    async fn complete(&self, token: &str, outcome: &TaskOutcome) -> Result<(), WorkflowError> {
        self.sim
            .call("workflow.complete", lost("SendTaskSuccess"), || {
                self.with(|s| {
                    if let Some((told, waker)) = s.waiting.get_mut(token) {
                        told.get_or_insert_with(|| outcome.clone());
                        if let Some(waker) = waker.take() {
                            waker.wake();
                        }
                    }
                });
                Ok(())
            })
            .await
    }
}
