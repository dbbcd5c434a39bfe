//! Walks the state machine as Step Functions does, on virtual time, and counts what AWS would bill.
//!
//! Source: Amazon States Language specification; Step Functions developer guide, "Handling errors".

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use app::ports::{ExecutionStatus, TaskOutcome};
use domain::ids::OrderId;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::functions;
use crate::machine::{Machine, Retrier, State, Task};
use crate::sim::Crashed;
use crate::world::World;

/// How one attempt of a task state goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFault {
    /// The function is never reached.
    Before,
    /// It does its work, and its answer is lost.
    AfterEffect,
    /// It is run twice, one after the other.
    Twice,
    /// It is run twice at the same time.
    TwiceAtOnce,
    /// It does its work, but the state's time runs out before the answer comes.
    TimesOut,
}

impl StateFault {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Before, Self::AfterEffect, Self::Twice, Self::TwiceAtOnce, Self::TimesOut];
}

/// Which states break, and how often.
#[derive(Debug, Clone, Default)]
pub struct Breaks(Arc<Mutex<BTreeMap<String, (StateFault, u32)>>>);

impl Breaks {
    /// The next `attempts` of `state` go wrong like this.
    pub fn at(&self, state: &str, fault: StateFault, attempts: u32) {
        self.0.lock().expect("one thread").insert(state.to_owned(), (fault, attempts));
    }

    fn take(&self, state: &str) -> Option<StateFault> {
        let mut breaks = self.0.lock().expect("one thread");
        let (fault, left) = breaks.get_mut(state).filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(*fault)
    }
}

/// An error as the state machine sees it.
struct Raised {
    name: String,
    cause: String,
}

impl Raised {
    fn new(name: &str, cause: &str) -> Self {
        Self { name: name.to_owned(), cause: cause.to_owned() }
    }
}

/// Walks one execution to its end and records how it ended.
pub(crate) async fn walk(world: World, machine: Arc<Machine>, name: String, order: OrderId) {
    let walk = Walk { world: world.clone(), machine: Arc::clone(&machine), name: name.clone() };
    let limit = SignedDuration::from_secs(machine.timeout_seconds);
    let input = json!({ "order_id": order.to_string() });
    let status = match world.sim.within(limit, Box::pin(walk.run(input))).await {
        Some(status) => status,
        None => ExecutionStatus::Dead("TIMED_OUT".to_owned()),
    };
    world.workflows.note(&name, |e| e.status = status);
}

struct Walk {
    world: World,
    machine: Arc<Machine>,
    name: String,
}

impl Walk {
    /// Adds a line to the execution's history.
    fn seen(&self, what: fmt::Arguments<'_>) {
        self.world.workflows.note(&self.name, |e| {
            writeln!(e.history, "{what}").expect("a String takes everything");
        });
    }

    fn transition(&self) {
        self.world.workflows.note(&self.name, |e| e.transitions += 1);
    }

    async fn run(&self, mut data: Value) -> ExecutionStatus {
        let mut state: &str = &self.machine.start_at;
        loop {
            self.world.workflows.note(&self.name, |e| {
                e.transitions += 1;
                e.states.push(state.to_owned());
            });
            self.seen(format_args!("{state} entered with {data}"));
            state = match &self.machine.states[state] {
                State::Succeed(_) => return ExecutionStatus::Succeeded,
                State::Fail(end) => {
                    self.seen(format_args!("failed: {} {}", end.error, end.cause));
                    return ExecutionStatus::Dead("FAILED".to_owned());
                }
                State::Pass(pass) => &pass.next,
                State::Wait(wait) => {
                    self.world.sim.sleep(SignedDuration::from_secs(wait.seconds)).await;
                    &wait.next
                }
                State::Task(task) => match self.task(state, task, &mut data).await {
                    Ok(next) => next,
                    Err(raised) => {
                        self.seen(format_args!("failed: {} {}", raised.name, raised.cause));
                        return ExecutionStatus::Dead("FAILED".to_owned());
                    }
                },
            };
        }
    }

    /// One state to its end: the state that comes next.
    async fn task<'a>(&self, state: &str, task: &'a Task, data: &mut Value) -> Result<&'a str, Raised> {
        let mut retries = vec![0_u32; task.retry.len()];
        loop {
            let raised = match self.attempt(state, task, data).await {
                Ok(output) => {
                    self.seen(format_args!("{state} answered {output}"));
                    let kept = match &task.result_selector {
                        Some(selector) => fill(selector, &output, None)?,
                        None => output,
                    };
                    put(data, task.result_path.as_deref(), kept)?;
                    return Ok(&task.next);
                }
                Err(raised) => raised,
            };
            self.seen(format_args!("{state} raised {} {}", raised.name, raised.cause));
            let retrier = task.retry.iter().position(|r| matches(&r.error_equals, &raised.name));
            if let Some(place) = retrier.filter(|place| retries[*place] < task.retry[*place].max_attempts) {
                let wait = self.wait(&task.retry[place], retries[place]);
                retries[place] += 1;
                self.world.sim.sleep(wait).await;
                self.transition();
                continue;
            }
            let Some(catcher) = task.catch.iter().find(|c| matches(&c.error_equals, &raised.name)) else {
                return Err(raised);
            };
            put(
                data,
                catcher.result_path.as_deref(),
                json!({ "Error": raised.name, "Cause": raised.cause }),
            )?;
            return Ok(&catcher.next);
        }
    }

    /// The wait before a retry: interval times rate to the power of the retries so far, at most the longest,
    /// and of that anything from nothing to the whole with full jitter.
    fn wait(&self, retrier: &Retrier, retries: u32) -> SignedDuration {
        let power = i32::try_from(retries.min(60)).unwrap_or(60);
        let seconds = SignedDuration::from_secs(retrier.interval_seconds).as_secs_f64()
            * retrier.backoff_rate.powi(power);
        let longest = SignedDuration::from_secs(retrier.max_delay_seconds.unwrap_or(i64::from(u32::MAX)));
        let whole = SignedDuration::try_from_secs_f64(seconds).unwrap_or(longest).min(longest);
        match retrier.jitter_strategy.as_deref() {
            Some("FULL") => {
                let span = u64::try_from(whole.as_millis()).unwrap_or(0);
                SignedDuration::from_millis(i64::try_from(self.world.sim.below(span + 1)).unwrap_or(0))
            }
            _ => whole,
        }
    }

    async fn attempt(&self, state: &str, task: &Task, data: &Value) -> Result<Value, Raised> {
        let seconds = match (&task.timeout_seconds_path, task.timeout_seconds) {
            (Some(path), _) => {
                look(data, path)?.as_i64().ok_or_else(|| runtime("the time limit is no number"))?
            }
            (None, seconds) => seconds.unwrap_or(99_999_999),
        };
        let limit = SignedDuration::from_secs(seconds);
        let waits = match task.resource.as_str() {
            "arn:aws:states:::lambda:invoke" => false,
            "arn:aws:states:::lambda:invoke.waitForTaskToken" => true,
            other => return Err(runtime(&format!("an unknown resource {other}"))),
        };
        let token = waits.then(|| self.world.workflows.token(&self.name));
        let call = self.call(state, task, data, token.as_deref(), limit);
        let outcome = self.world.sim.within(limit, call).await;
        if let Some(token) = &token {
            self.world.workflows.forget(token);
        }
        outcome.unwrap_or_else(|| Err(Raised::new("States.Timeout", "")))
    }

    /// One attempt: the function's answer, or with a token what the task is told.
    async fn call(
        &self,
        state: &str,
        task: &Task,
        data: &Value,
        token: Option<&str>,
        limit: SignedDuration,
    ) -> Result<Value, Raised> {
        let parameters = fill(&task.parameters, data, token)?;
        self.seen(format_args!("{state} calls with {parameters}"));
        let function = parameters["FunctionName"].as_str().unwrap_or_default();
        let payload = &parameters["Payload"];
        let answer = match self.world.breaks.take(state) {
            None => self.invoke(function, payload).await?,
            Some(StateFault::Before) => return Err(Raised::new("Lambda.ServiceException", "not reached")),
            Some(StateFault::AfterEffect) => {
                drop(self.invoke(function, payload).await);
                return Err(Raised::new("Lambda.SdkClientException", "the answer was lost"));
            }
            Some(StateFault::Twice) => {
                drop(self.invoke(function, payload).await);
                self.invoke(function, payload).await?
            }
            Some(StateFault::TwiceAtOnce) => {
                let (_, second) = both(self.invoke(function, payload), self.invoke(function, payload)).await;
                second?
            }
            Some(StateFault::TimesOut) => {
                drop(self.invoke(function, payload).await);
                self.world.sim.sleep(limit).await;
                return std::future::pending().await;
            }
        };
        let Some(token) = token else {
            return Ok(json!({ "ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200 }));
        };
        match self.world.workflows.told(token).await {
            TaskOutcome::Success(output) => {
                serde_json::from_str(&output).map_err(|_| runtime("the task's output is no JSON"))
            }
            TaskOutcome::Failure { error, cause } => Err(Raised { name: error, cause }),
        }
    }

    async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, Raised> {
        let run = functions::invoke(&self.world, function, payload);
        match self.world.sim.process(run).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err((name, cause))) => Err(Raised { name: name.to_owned(), cause }),
            // What Lambda says depends on how and when the process ended.
            Err(Crashed) => {
                let names = ["Lambda.Unknown", "Runtime.ExitError", "Runtime.Unknown", "Sandbox.Timedout"];
                let chosen = usize::try_from(self.world.sim.below(4)).unwrap_or(0);
                Err(Raised::new(names[chosen], "the process ended"))
            }
        }
    }
}

/// Runs two at the same time; the outcome of both.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |context| {
        use std::task::Poll;
        if first.is_none()
            && let Poll::Ready(done) = a.as_mut().poll(context)
        {
            first = Some(done);
        }
        if second.is_none()
            && let Poll::Ready(done) = b.as_mut().poll(context)
        {
            second = Some(done);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(two)) => Poll::Ready((one, two)),
            (one, two) => {
                (first, second) = (one, two);
                Poll::Pending
            }
        }
    })
    .await
}

fn runtime(cause: &str) -> Raised {
    Raised::new("States.Runtime", cause)
}

/// Whether an error falls under these names. `States.ALL` is everything but what ends an execution for good;
/// `States.TaskFailed` is everything but a time-out.
fn matches(names: &[String], raised: &str) -> bool {
    let terminal = matches!(raised, "States.Runtime" | "States.DataLimitExceeded");
    names.iter().any(|name| match name.as_str() {
        "States.ALL" => !terminal,
        "States.TaskFailed" => !terminal && raised != "States.Timeout",
        exact => exact == raised,
    })
}

/// What stands at a path such as `$.vm.first_boot_wait_seconds`.
fn look(data: &Value, path: &str) -> Result<Value, Raised> {
    let missing = || runtime(&format!("nothing at {path}"));
    let rest = path.strip_prefix('$').ok_or_else(missing)?;
    let mut found = data;
    for part in rest.split('.').skip(1) {
        found = found.get(part).ok_or_else(missing)?;
    }
    Ok(found.clone())
}

/// Puts a value at a path of one or more names; `$` replaces everything, `None` throws the value away.
fn put(data: &mut Value, path: Option<&str>, value: Value) -> Result<(), Raised> {
    let Some(path) = path else { return Ok(()) };
    if path == "$" {
        *data = value;
        return Ok(());
    }
    let names = path.strip_prefix("$.").ok_or_else(|| runtime(&format!("no path: {path}")))?;
    let mut place = data;
    for name in names.split('.') {
        let fields = place.as_object_mut().ok_or_else(|| runtime("the data is no object"))?;
        place = fields.entry(name).or_insert_with(|| json!({}));
    }
    *place = value;
    Ok(())
}

/// Fills a template: a name that ends in `.$` gets what its path or `States.Format` says.
fn fill(template: &Map<String, Value>, data: &Value, token: Option<&str>) -> Result<Value, Raised> {
    let mut filled = Map::new();
    for (name, value) in template {
        let (name, value) = match (name.strip_suffix(".$"), value) {
            (Some(name), Value::String(rule)) => (name, evaluate(rule, data, token)?),
            (Some(_), _) => return Err(runtime("a rule that is no text")),
            (None, Value::Object(inner)) => (name.as_str(), fill(inner, data, token)?),
            (None, plain) => (name.as_str(), plain.clone()),
        };
        filled.insert(name.to_owned(), value);
    }
    Ok(Value::Object(filled))
}

fn evaluate(rule: &str, data: &Value, token: Option<&str>) -> Result<Value, Raised> {
    if rule == "$$.Task.Token" {
        return token.map(|t| json!(t)).ok_or_else(|| runtime("this task has no token"));
    }
    let Some(arguments) = rule.strip_prefix("States.Format(").and_then(|r| r.strip_suffix(')')) else {
        return if rule.starts_with("$.") || rule == "$" { look(data, rule) } else { Err(runtime(rule)) };
    };
    let mut parts = arguments.split(", ");
    let format = parts.next().and_then(|f| f.strip_prefix('\'')).and_then(|f| f.strip_suffix('\''));
    let mut text = format.ok_or_else(|| runtime("States.Format wants a text first"))?.to_owned();
    for path in parts {
        let value = look(data, path)?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text = text.replacen("{}", &value, 1);
    }
    Ok(json!(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn templates_take_paths_tokens_and_formats() {
        let template = map(json!({
            "plain": 1,
            "Payload": { "id.$": "$.order_id", "token.$": "$$.Task.Token", "mail.$": "States.Format('{}.ready', $.order_id)" },
        }));
        let Ok(filled) = fill(&template, &json!({ "order_id": "ord_1" }), Some("t")) else {
            panic!("no value")
        };
        assert_eq!(
            filled,
            json!({ "plain": 1, "Payload": { "id": "ord_1", "token": "t", "mail": "ord_1.ready" } })
        );
        assert!(fill(&map(json!({ "a.$": "$.missing" })), &json!({}), None).is_err());
        assert!(fill(&map(json!({ "a.$": "States.UUID()" })), &json!({}), None).is_err());
    }

    #[test]
    fn states_all_does_not_match_what_ends_an_execution() {
        let all = ["States.ALL".to_owned()];
        assert!(matches(&all, "Nemo.Internal") && matches(&all, "States.Timeout"));
        assert!(!matches(&all, "States.Runtime"));
        assert!(!matches(&["States.TaskFailed".to_owned()], "States.Timeout"));
    }

    #[test]
    fn a_result_goes_where_its_path_says() {
        let mut data = json!({ "order_id": "ord_1" });
        assert!(put(&mut data, Some("$.claim"), json!({ "wait": 9 })).is_ok());
        assert!(put(&mut data, None, json!("thrown away")).is_ok());
        assert_eq!(data, json!({ "order_id": "ord_1", "claim": { "wait": 9 } }));
    }
}
