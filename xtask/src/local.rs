//! The local stack: the embedded AWS with the deployed template, and the sandbox beside it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::cli::UpOptions;
use crate::ports::{self, Ports};
use crate::process::{self, Program};
use crate::progress::Progress;
use crate::sandbox::Sandbox;
use crate::state::StateDir;
use crate::{functions, http, python, settings, workspace};

/// How long a program of the stack may take to answer for the first time.
const READY_WAIT: Duration = Duration::from_secs(60);
/// How many warnings and errors of the functions are shown after a failure.
const COMPLAINTS_MAX: usize = 20;
const WATCH_PAUSE: Duration = Duration::from_millis(500);

/// Starts a local stack and, unless `detach`, stays until Ctrl-C.
///
/// # Errors
/// Something is missing, in use or does not start; then nothing is left running.
pub(crate) fn up(options: &UpOptions, detach: bool) -> anyhow::Result<()> {
    let mut progress = Progress::start();
    let stack = Stack::start(options, &mut progress)?;
    println!("\n{}", stack.summary());
    if detach {
        println!("It stays up until `cargo xtask down`.");
        stack.leave_running();
        return Ok(());
    }
    println!("It stays up until Ctrl-C.");
    stack.watch()
}

/// Ends a local stack.
///
/// # Errors
/// None runs, or a program of it does not end.
pub(crate) fn down(state: &StateDir) -> anyhow::Result<()> {
    let ran = process::any_alive(state);
    tear_down(state)?;
    println!("{}", if ran { "The local stack is down." } else { "No local stack was running." });
    Ok(())
}

/// Prints what the functions logged.
///
/// # Errors
/// No local stack runs.
pub(crate) fn logs(state: &StateDir, function: Option<&str>, follow: bool) -> anyhow::Result<()> {
    let stack = state.read("stack.json");
    let endpoint =
        stack["aws_endpoint"].as_str().context("no local stack runs; `cargo xtask up` starts one")?;
    let mut reader = Command::new(python::program("python"));
    reader.current_dir(workspace::root()).args(["infra/local/stack.py", "logs", endpoint]);
    reader.args(function.map(|name| format!("--function={name}"))).args(follow.then_some("--follow"));
    if !reader.status()?.success() {
        bail!("the logs could not be read");
    }
    Ok(())
}

/// Prints the warnings and errors of the functions, for somebody who wants to know why something failed.
pub(crate) fn print_complaints(state: &StateDir) {
    let stack = state.read("stack.json");
    let endpoint = stack["aws_endpoint"].as_str().unwrap_or_default();
    let mut reader = Command::new(python::program("python"));
    reader.current_dir(workspace::root()).args(["infra/local/stack.py", "logs", endpoint]);
    let Ok(output) = reader.output() else { return };
    let text = String::from_utf8_lossy(&output.stdout);
    let complains = |line: &&str| line.contains(r#""level":"WARN""#) || line.contains(r#""level":"ERROR""#);
    for line in text.lines().filter(complains).take(COMPLAINTS_MAX) {
        eprintln!("{line}");
    }
}

/// A running local stack; ended when this is dropped, unless it is left running.
pub(crate) struct Stack {
    state: StateDir,
    /// What stack.json says.
    pub(crate) facts: Value,
    left_running: bool,
    _lock: std::fs::File,
}

impl Stack {
    /// Installs, builds, starts and deploys; then writes stack.json.
    ///
    /// # Errors
    /// As `up`.
    pub(crate) fn start(options: &UpOptions, progress: &mut Progress) -> anyhow::Result<Self> {
        let state = options.state.clone();
        let lock = state.lock()?;
        if process::any_alive(&state) {
            bail!("this local stack is already up; `cargo xtask down` ends it");
        }
        let ports = ports::choose(options)?;
        end_on_interrupt(&state)?;
        // From here on a failure ends what was started, by way of Drop.
        let mut stack = Self { state, facts: Value::Null, left_running: false, _lock: lock };
        stack.state.remove("stack.json");
        python::ensure(progress)?;
        let binaries = functions::build_local(progress)?;
        stack.start_embedded_aws(options, &ports)?;
        let sandbox = Sandbox::start(&stack.state, options, ports.sandbox, &binaries, READY_WAIT)?;
        progress.done("embedded AWS and sandbox answer");
        let mut facts = stack.deploy(options, &ports, &sandbox, &binaries)?;
        sandbox.announce_webhook(facts["api_url"].as_str().context("the deployment has no API")?)?;
        progress.done("template.yaml deployed");
        merge(&mut facts, &sandbox.facts);
        facts["dashboard_url"] = Value::Null;
        facts["logs_dir"] = json!(stack.state.path("logs"));
        stack.state.write("stack.json", &facts)?;
        stack.facts = facts;
        Ok(stack)
    }

    /// A fact of stack.json that every stack has.
    ///
    /// # Errors
    /// When it is missing.
    pub(crate) fn fact(&self, name: &str) -> anyhow::Result<&str> {
        self.facts[name].as_str().with_context(|| format!("stack.json has no {name}"))
    }

    /// Where it keeps its files.
    pub(crate) fn state(&self) -> &StateDir {
        &self.state
    }

    /// Where it is and who may sign in, for the user.
    pub(crate) fn summary(&self) -> String {
        let fact = |name: &str| self.facts[name].as_str().unwrap_or("?").to_owned();
        let user = |name: &str| {
            let user = &self.facts[name];
            format!(
                "{} / {}",
                user["email"].as_str().unwrap_or("?"),
                user["password"].as_str().unwrap_or("?")
            )
        };
        format!(
            "API        {}\nsandbox    {}\nAWS        {}\ncustomer   {}\nadmin      {}\ndetails    {}",
            fact("api_url"),
            fact("sandbox_url"),
            fact("aws_endpoint"),
            user("customer"),
            user("admin"),
            self.state.stack_json().display()
        )
    }

    /// Keeps the programs running after this program ends.
    pub(crate) fn leave_running(mut self) {
        self.left_running = true;
    }

    /// Waits for ever, unless a program of the stack ends.
    ///
    /// # Errors
    /// When one ends by itself.
    pub(crate) fn watch(&self) -> anyhow::Result<()> {
        loop {
            if let Some(name) = process::first_dead(&self.state) {
                bail!(
                    "{name} ended by itself; see {}",
                    self.state.path(&format!("logs/{name}.log")).display()
                );
            }
            thread::sleep(WATCH_PAUSE);
        }
    }

    fn start_embedded_aws(&self, options: &UpOptions, ports: &Ports) -> anyhow::Result<()> {
        let endpoint = format!("http://127.0.0.1:{}", ports.aws);
        // Functions inherit this environment: AWS_ENDPOINT_URL is what keeps them off the real AWS.
        let environment = [
            ("AUTH", "true"),
            ("AWS_ENDPOINT_URL", options.function_endpoint.as_ref().unwrap_or(&endpoint)),
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", &ports.aws.to_string()),
            // Otherwise it listens for devices on every address of this machine.
            ("IOT_MTLS_ENABLED", "0"),
            ("MINISTACK_HOST", "127.0.0.1"),
            ("PERSIST_STATE", "0"),
            ("SCHEDULE_SCALE", settings::SCHEDULE_SCALE),
            ("SFN_WAIT_SCALE", settings::STATE_MACHINE_WAIT_SCALE),
            ("STATE_DIR", &self.state.make("aws")?.to_string_lossy()),
            // Empty, unless a test puts something in.
            ("TASK_FAULTS_DIR", &self.state.make("task-faults")?.to_string_lossy()),
            ("TMPDIR", &self.state.make("tmp")?.to_string_lossy()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let server = workspace::root().join("infra/local/ministack_server.py");
        let program = Program {
            name: "aws",
            executable: &python::program("python"),
            arguments: vec![server.to_string_lossy().into_owned()],
            environment: BTreeMap::from(environment),
        };
        process::start(&self.state, program)?;
        let ready = format!("{endpoint}/_ministack/ready");
        process::wait_until_ready(&self.state, "aws", READY_WAIT, || {
            http::get(&ready, &[]).is_ok_and(|answer| answer.status == 200)
        })
    }

    /// Answer: what stack.json says about the AWS side.
    fn deploy(
        &self,
        options: &UpOptions,
        ports: &Ports,
        sandbox: &Sandbox,
        binaries: &std::path::Path,
    ) -> anyhow::Result<Value> {
        let mut parameters = sandbox.parameters.clone();
        for (name, value) in settings::PARAMETERS {
            parameters[name] = json!(value);
        }
        let overrides: serde_json::Map<_, _> =
            options.overrides.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let plan = json!({
            "endpoint": format!("http://127.0.0.1:{}", ports.aws),
            "stack_name": settings::STACK_NAME,
            "build_dir": binaries,
            "parameters": parameters,
            "overrides": overrides,
        });
        let mut deploy = Command::new(python::program("python"))
            .current_dir(workspace::root())
            .args(["infra/local/stack.py", "deploy"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        deploy.stdin.take().context("no pipe")?.write_all(plan.to_string().as_bytes())?;
        let output = deploy.wait_with_output()?;
        if !output.status.success() {
            let log = self.state.path("logs/aws.log");
            bail!("{} (see {})", String::from_utf8_lossy(&output.stderr).trim(), log.display());
        }
        serde_json::from_slice(&output.stdout).context("stack.py did not answer with JSON")
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if self.left_running {
            return;
        }
        if let Err(error) = tear_down(&self.state) {
            eprintln!("error: {error:#}");
        }
    }
}

fn tear_down(state: &StateDir) -> anyhow::Result<()> {
    process::stop_all(state)?;
    for name in ["stack.json", "aws", "task-faults", "tmp"] {
        state.remove(name);
    }
    Ok(())
}

/// Ctrl-C and SIGTERM end the stack in order, whatever this program is doing.
fn end_on_interrupt(state: &StateDir) -> anyhow::Result<()> {
    static STATE: Mutex<Option<StateDir>> = Mutex::new(None);
    if let Ok(mut current) = STATE.lock()
        && current.replace(state.clone()).is_some()
    {
        return Ok(());
    }
    ctrlc::set_handler(|| {
        eprintln!("\nending …");
        process::ENDING.store(true, Ordering::SeqCst);
        let state = STATE.lock().ok().and_then(|mut current| current.take());
        if let Some(error) = state.and_then(|state| tear_down(&state).err()) {
            eprintln!("error: {error:#}");
        }
        std::process::exit(130);
    })
    .context("Ctrl-C cannot be listened to")
}

fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}

/// 40 hexadecimal digits from the system's random source.
///
/// # Errors
/// When there is none.
pub(crate) fn random_hex() -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut bytes = [0_u8; 20];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
