//! The functions' processes on this machine.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::Stack;
use super::http::Answer;
use super::sigv4::{Signer, Unsigned};

/// One running function.
pub(crate) struct Process {
    id: String,
    settings: HashMap<String, String>,
}

impl Process {
    /// Ends it at once, whatever it is doing.
    pub(crate) fn kill(&self) {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -KILL \"$1\"", "kill", &self.id]).stderr(Stdio::null());
        // One that has just ended by itself is as gone.
        drop(kill.status());
    }

    /// The credentials of its role, which it was started with.
    #[track_caller]
    pub(crate) fn credentials(&self) -> Signer {
        let setting = |name: &str| self.settings.get(name).unwrap_or_else(|| panic!("no {name}")).clone();
        Signer {
            access_key: setting("AWS_ACCESS_KEY_ID"),
            secret_key: setting("AWS_SECRET_ACCESS_KEY"),
            session_token: Some(setting("AWS_SESSION_TOKEN")),
            region: setting("AWS_REGION"),
        }
    }
}

impl Stack {
    /// A function's full name.
    pub(crate) fn function(&self, name: &str) -> String {
        format!("{}-{name}", self.fact("stack_name"))
    }

    /// The processes that run a function of this stack now.
    pub(crate) fn processes(&self, name: &str) -> Vec<Process> {
        let function = self.function(name);
        let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ours = |process: &Process| {
            let setting = |name: &str| process.settings.get(name).map(String::as_str);
            setting("AWS_LAMBDA_FUNCTION_NAME") == Some(&function)
                && setting("AWS_ENDPOINT_URL") == Some(self.fact("aws_endpoint"))
                && process.settings.contains_key("AWS_LAMBDA_RUNTIME_API")
        };
        folders
            .filter_map(|folder| {
                let id = folder.file_name().into_string().ok()?;
                id.parse::<u32>().ok()?;
                let environment = fs::read(folder.path().join("environ")).ok()?;
                let environment = String::from_utf8_lossy(&environment).into_owned();
                let pairs = environment.split('\0').filter_map(|pair| pair.split_once('='));
                let settings = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                Some(Process { id, settings })
            })
            .filter(ours)
            .collect()
    }

    /// Invokes a function by itself; the answer is its own, and `x-amz-function-error` says that it failed.
    #[track_caller]
    pub(crate) fn invoke(&self, name: &str, event: &Value) -> Answer {
        self.root().send(&Unsigned {
            service: "lambda",
            endpoint: self.fact("aws_endpoint"),
            method: "POST",
            path: &format!("/2015-03-31/functions/{}/invocations", self.function(name)),
            content_type: "application/json",
            target: None,
            body: &event.to_string(),
        })
    }

    /// Runs one task of the workflow by itself. `Err` holds the name of the error.
    ///
    /// # Errors
    /// The task's own.
    #[track_caller]
    pub(crate) fn run_task(&self, task: &str, order: &str) -> Result<(), String> {
        let answer = self.invoke("provision", &json!({"task": task, "order_id": order}));
        if answer.header("x-amz-function-error").is_empty() {
            return Ok(());
        }
        Err(answer.json()["errorType"].as_str().unwrap_or(&answer.text).to_owned())
    }
}
