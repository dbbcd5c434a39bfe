//! A function's process, started as Lambda starts it: nothing in its environment but what Lambda and the template set.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::outside::Outside;
use super::runtime_api::{Reply, RuntimeApi};

/// A function that was built and is to be measured.
#[derive(Clone)]
pub(crate) struct Subject {
    /// The package's name.
    pub(crate) name: String,
    /// The binary.
    pub(crate) binary: PathBuf,
}

/// A running process that has asked for work.
pub(crate) struct Bootstrap {
    child: Child,
    api: RuntimeApi,
    /// From exec to its first request for work.
    pub(crate) start: Duration,
}

impl Bootstrap {
    /// Starts the process and waits until it asks for work. `wrapper`: a program that runs it, with its arguments.
    ///
    /// # Errors
    /// It ends or does not ask; the message holds what it said.
    pub(crate) fn start(subject: &Subject, outside: &Outside, wrapper: &[&str]) -> anyhow::Result<Self> {
        let api = RuntimeApi::start()?;
        let mut command = match wrapper {
            [] => Command::new(&subject.binary),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&subject.binary);
                command
            }
        };
        command.env_clear().envs(environment(&api.address(), &outside.url())).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("{} cannot be started", subject.binary.display()))?;
        match api.await_next() {
            Ok(asked) => Ok(Self { child, api, start: asked - began }),
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                Err(error.context(format!("{} does not start", subject.name)))
            }
        }
    }

    /// One invocation.
    ///
    /// # Errors
    /// The process does not answer.
    pub(crate) fn invoke(&self, event: &str) -> anyhow::Result<Reply> {
        self.api.invoke(event)
    }

    /// The most memory that it had at any time, in kilobytes, as the kernel counted it.
    ///
    /// # Errors
    /// Where there is no /proc.
    pub(crate) fn peak_memory_kb(&self) -> anyhow::Result<u64> {
        let path = Path::new("/proc").join(self.child.id().to_string()).join("status");
        let status =
            std::fs::read_to_string(&path).context("peak memory is read from /proc, which is not here")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).context("no VmHWM in /proc")
    }

    /// Ends the process as Lambda does not: with the signal that lets a profiler write its file.
    ///
    /// # Errors
    /// It does not end.
    pub(crate) fn terminate(mut self) -> anyhow::Result<()> {
        let script = ["-c", "kill -TERM \"$1\"", "kill"];
        let signalled = Command::new("/bin/sh").args(script).arg(self.child.id().to_string()).status()?;
        ensure!(signalled.success(), "the process is gone");
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn environment(runtime_api: &str, outside: &str) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_ENDPOINT_URL", outside.to_owned()),
        ("PAYSTACK_API_URL", outside.to_owned()),
        ("VULTR_API_URL", format!("{outside}/v2")),
    ];
    environment.extend(SETTINGS.iter().map(|(name, value)| (*name, (*value).to_owned())));
    environment
}

const SETTINGS: &[(&str, &str)] = &[
    ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "000000000000"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
    ("STACK_NAME", "bench"),
    ("TABLE_NAME", "bench"),
    ("PAYMENT_EVENTS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/payment-events"),
    ("MAIL_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/mail"),
    (
        "INSTANCE_COMMANDS_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/000000000000/instance-commands.fifo",
    ),
    ("STATE_MACHINE_ARN", "arn:aws:states:us-east-1:000000000000:stateMachine:bench"),
    ("CREDENTIALS_KEY_ID", "arn:aws:kms:us-east-1:000000000000:key/bench"),
    ("PUBLIC_API_URL", "https://api.example"),
    ("SITE_URL", "https://shop.example"),
    ("BRAND", "NemoRDP"),
    ("MAIL_FROM", "hello@nemordp.example"),
    ("OPERATOR_EMAIL", "operator@nemordp.example"),
    ("GATEWAY_MODE", "test"),
    ("PAYSTACK_SECRET_NAME", "nemordp/paystack"),
    ("VULTR_SECRET_NAME", "nemordp/vultr"),
    ("FIRST_BOOT_SECRET_NAME", "nemordp/first-boot"),
];
