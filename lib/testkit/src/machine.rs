//! The state machine file, read strictly: a field that the walker would ignore is an error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The state machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Machine {
    /// What it is for.
    pub comment: String,
    /// The first state.
    pub start_at: String,
    /// How long an execution may take.
    pub timeout_seconds: i64,
    /// Its states by name.
    #[serde(deserialize_with = "states")]
    pub states: BTreeMap<String, State>,
}

/// One state.
#[derive(Debug, Clone)]
pub enum State {
    /// Calls a function.
    Task(Box<Task>),
    /// Ends well.
    Succeed(End),
    /// Ends badly.
    Fail(Failure),
    /// Does nothing.
    Pass(Pass),
    /// Waits.
    Wait(Wait),
}

/// A task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Task {
    /// Why it is there.
    pub comment: String,
    /// `arn:aws:states:::lambda:invoke`, with `.waitForTaskToken` or not.
    pub resource: String,
    /// How long one attempt may take.
    pub timeout_seconds: Option<i64>,
    /// Where in the data that stands.
    pub timeout_seconds_path: Option<String>,
    /// What the function gets.
    pub parameters: Map<String, Value>,
    /// What is kept of the answer.
    pub result_selector: Option<Map<String, Value>>,
    /// Where it is put; `None` means that it is thrown away.
    #[serde(default = "whole")]
    pub result_path: Option<String>,
    /// When to try again.
    #[serde(default)]
    pub retry: Vec<Retrier>,
    /// Where to go when that does not help.
    #[serde(default)]
    pub catch: Vec<Catcher>,
    /// The next state.
    pub next: String,
}

/// When to try again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Retrier {
    /// For which errors.
    pub error_equals: Vec<String>,
    /// Before the first retry.
    #[serde(default = "one")]
    pub interval_seconds: i64,
    /// By how much the wait grows each time.
    #[serde(default = "two")]
    pub backoff_rate: f64,
    /// How often.
    #[serde(default = "three")]
    pub max_attempts: u32,
    /// The longest wait.
    pub max_delay_seconds: Option<i64>,
    /// `FULL` draws the wait from nothing up to the whole.
    pub jitter_strategy: Option<String>,
}

/// Where to go after an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Catcher {
    /// For which errors.
    pub error_equals: Vec<String>,
    /// Where the error is put.
    #[serde(default = "whole")]
    pub result_path: Option<String>,
    /// The next state.
    pub next: String,
}

/// A good end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct End {
    /// What it means.
    pub comment: String,
}

/// A bad end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Failure {
    /// What it means.
    pub comment: String,
    /// The execution's error name.
    pub error: String,
    /// A sentence.
    pub cause: String,
}

/// A state that does nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Pass {
    /// Why it is there.
    pub comment: String,
    /// The next state.
    pub next: String,
}

/// A state that waits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Wait {
    /// Why it is there.
    pub comment: String,
    /// How long.
    pub seconds: i64,
    /// The next state.
    pub next: String,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn whole() -> Option<String> {
    Some("$".to_owned())
}

const fn one() -> i64 {
    1
}

const fn two() -> f64 {
    2.0
}

const fn three() -> u32 {
    3
}

fn states<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, State>, D::Error> {
    use serde::de::Error;
    let raw = BTreeMap::<String, Map<String, Value>>::deserialize(deserializer)?;
    let mut states = BTreeMap::new();
    for (name, mut fields) in raw {
        let kind = fields.remove("Type").unwrap_or_default();
        let fields = Value::Object(fields);
        let wrong = |error: serde_json::Error| D::Error::custom(format!("{name}: {error}"));
        let state = match kind.as_str() {
            Some("Task") => State::Task(serde_json::from_value(fields).map_err(wrong)?),
            Some("Succeed") => State::Succeed(serde_json::from_value(fields).map_err(wrong)?),
            Some("Fail") => State::Fail(serde_json::from_value(fields).map_err(wrong)?),
            Some("Pass") => State::Pass(serde_json::from_value(fields).map_err(wrong)?),
            Some("Wait") => State::Wait(serde_json::from_value(fields).map_err(wrong)?),
            other => return Err(D::Error::custom(format!("{name}: a state of type {other:?}"))),
        };
        states.insert(name, state);
    }
    Ok(states)
}

impl Machine {
    /// Reads a state machine.
    ///
    /// # Errors
    /// A sentence that names the state and the field that this reader does not know.
    pub fn parse(text: &str) -> Result<Self, String> {
        let machine: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for (name, state) in &machine.states {
            if let Some(missing) =
                state.followers().into_iter().find(|next| !machine.states.contains_key(*next))
            {
                return Err(format!("{name}: there is no state {missing}"));
            }
        }
        Ok(machine)
    }

    /// The provisioning workflow.
    pub fn provision_desktop() -> Self {
        let file = include_str!("../../../infra/state_machines/provision_desktop.asl.json");
        Self::parse(file).expect("the state machine file is sound")
    }

    /// The tasks with their names.
    pub fn tasks(&self) -> impl Iterator<Item = (&String, &Task)> {
        self.states.iter().filter_map(|(name, state)| match state {
            State::Task(task) => Some((name, task.as_ref())),
            _ => None,
        })
    }
}

impl State {
    /// The states that can come next.
    pub fn followers(&self) -> Vec<&String> {
        match self {
            Self::Task(task) => task.catch.iter().map(|c| &c.next).chain([&task.next]).collect(),
            Self::Pass(pass) => vec![&pass.next],
            Self::Wait(wait) => vec![&wait.next],
            Self::Succeed(_) | Self::Fail(_) => Vec::new(),
        }
    }
}
