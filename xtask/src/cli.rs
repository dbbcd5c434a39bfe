//! What can be typed after `cargo xtask`.

use anyhow::{Context as _, bail};

use crate::bench;
use crate::demo::{Fault, Provider, Show};
use crate::deploy::Plan;
use crate::faults;
use crate::fuzz;
use crate::state::StateDir;

/// Shown by `cargo xtask help`, before the faults that the demo knows, and after a command that does not exist.
pub(crate) const USAGE: &str = "\
cargo xtask demo [--once] [--provider NAME | --fault NAME] [--env KEY=VALUE]…
    Starts everything on this machine and buys a Windows and an Ubuntu desktop before your eyes.
    Stays up until Ctrl-C; --once ends after the last desktop, with exit code 0 only if what was promised was kept.
    --provider vultr|contabo|digitalocean|linode|hetzner|ec2 has everybody else sold out.
    --fault lets something go wrong, see below.
cargo xtask test
    Everything that must pass: format, lints, all tests (with the whole product running), template, licences.
cargo xtask up [--detach] [--env KEY=VALUE]… [--aws-port N] [--sandbox-port N] [--desktops auto|real|built-in]
    The local stack without the purchase; writes .local/stack.json. --env sets a function setting.
cargo xtask down
    Ends a local stack that was started with --detach.
cargo xtask logs [FUNCTION] [--follow]
    What the functions logged.
cargo xtask bench [--quick] [--as-built] [--only startup|memory|size|instructions|inventory|stack]… [FUNCTION]…
    What the functions cost, each figure against its floor: start, memory, size, instructions, the way of an order.
    --as-built measures the binaries of the last build.
cargo xtask faults [--seeds N] [--orders N] [--from SEED] [--seed SEED] [--bug NAME]
    The fault campaign: random schedules of faults over the real use cases and the real state machine, on virtual
    time, with every promise checked. --seed shows one run in full; --bug puts a known bug back.
cargo xtask fuzz [TARGET] [--seconds N]
    Every parser of outside bytes under libFuzzer, 30 seconds each unless told otherwise. Needs a C++ compiler.
cargo xtask coverage
    Line coverage of lib/; needs cargo-tarpaulin.
cargo xtask deploy --stack-name NAME --mail-from ADDRESS --operator-email ADDRESS [--site-url URL]
                   [--architecture arm64|x86_64] [--parameter KEY=VALUE]…
    Builds for Lambda and runs `sam deploy`. The keys come from the environment: PAYSTACK_SECRET_KEY, and those of one
    provider or more, VULTR_API_KEY or HETZNER_TOKEN say; docs/operations.md names them all.

demo, up, down and logs take --state DIR for a second stack beside the first; its default is .local.";

/// One command with what it needs.
pub(crate) enum Command {
    /// Print `USAGE`.
    Help,
    /// Buy desktops.
    Demo {
        /// End after the last desktop.
        once: bool,
        /// Which, and what goes wrong with them.
        show: Show,
        /// How the local stack is started.
        options: UpOptions,
    },
    /// Run every check.
    Test,
    /// Start the local stack.
    Up {
        /// Leave it running and return.
        detach: bool,
        /// How it is started.
        options: UpOptions,
    },
    /// End the local stack.
    Down {
        /// Which one.
        state: StateDir,
    },
    /// Print the functions' logs.
    Logs {
        /// Only lines that name this function.
        function: Option<String>,
        /// Go on printing.
        follow: bool,
        /// Of which local stack.
        state: StateDir,
    },
    /// Run the fault campaign.
    Faults(faults::Plan),
    /// Run the fuzz targets.
    Fuzz(fuzz::Plan),
    /// Line coverage of lib/.
    Coverage,
    /// Measure the functions.
    Bench(bench::Plan),
    /// Build for Lambda and deploy.
    Deploy(Plan),
}

/// How a local stack is started.
#[derive(Clone)]
pub(crate) struct UpOptions {
    /// Where it keeps its files.
    pub(crate) state: StateDir,
    /// Function settings, `KEY` to `VALUE`.
    pub(crate) overrides: Vec<(String, String)>,
    /// A port that must be used for the embedded AWS.
    pub(crate) aws_port: Option<u16>,
    /// A port that must be used for the sandbox.
    pub(crate) sandbox_port: Option<u16>,
    /// What the functions call as AWS, when it is not the embedded one itself.
    pub(crate) function_endpoint: Option<String>,
    /// What stands behind the sandbox's machines: `auto`, `real` or `built-in`.
    pub(crate) desktops: String,
}

impl UpOptions {
    /// A stack in `state` with nothing overridden.
    pub(crate) fn at(state: StateDir) -> Self {
        Self {
            state,
            overrides: Vec::new(),
            aws_port: None,
            sandbox_port: None,
            function_endpoint: None,
            desktops: "auto".into(),
        }
    }
}

/// Reads the words after `cargo xtask`.
///
/// # Errors
/// An unknown command or flag, or a flag without its value; the message names it.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> anyhow::Result<Command> {
    let mut words = Words(words.into_iter().collect());
    if words.flag("--help") || words.flag("-h") {
        return Ok(Command::Help);
    }
    let command = words.next_word().unwrap_or_else(|| "help".into());
    let parsed = match command.as_str() {
        "help" => Command::Help,
        "demo" => Command::Demo {
            once: words.flag("--once"),
            show: show(&mut words)?,
            options: up_options(&mut words)?,
        },
        "test" => Command::Test,
        "up" => Command::Up { detach: words.flag("--detach"), options: up_options(&mut words)? },
        "down" => Command::Down { state: state(&mut words)? },
        "logs" => {
            let (follow, state) = (words.flag("--follow"), state(&mut words)?);
            Command::Logs { follow, state, function: words.next_word() }
        }
        "faults" => {
            let mut arguments = Vec::new();
            for flag in ["--seeds", "--orders", "--from", "--seed", "--bug"] {
                if let Some(value) = words.value(flag)? {
                    arguments.extend([flag.to_owned(), value]);
                }
            }
            Command::Faults(faults::Plan { arguments })
        }
        "fuzz" => Command::Fuzz(fuzz_plan(&mut words)?),
        "coverage" => Command::Coverage,
        "bench" => Command::Bench(bench_plan(&mut words)?),
        "deploy" => Command::Deploy(deploy_plan(&mut words)?),
        other => bail!("there is no command `{other}`\n\n{USAGE}"),
    };
    match words.0.first() {
        Some(word) => bail!("`{command}` does not take `{word}`"),
        None => Ok(parsed),
    }
}

fn show(words: &mut Words) -> anyhow::Result<Show> {
    match (words.value("--provider")?, words.value("--fault")?) {
        (Some(_), Some(_)) => bail!("--provider and --fault are shown one at a time"),
        (Some(provider), None) => Ok(Show::Provider(Provider::find(&provider)?)),
        (None, Some(fault)) => Ok(Show::Fault(Fault::find(&fault)?)),
        (None, None) => Ok(Show::Both),
    }
}

fn up_options(words: &mut Words) -> anyhow::Result<UpOptions> {
    let mut options = UpOptions::at(state(words)?);
    while let Some(pair) = words.value("--env")? {
        options.overrides.push(key_value(&pair)?);
    }
    options.aws_port = port(words, "--aws-port")?;
    options.sandbox_port = port(words, "--sandbox-port")?;
    if let Some(desktops) = words.value("--desktops")? {
        if !["auto", "real", "built-in"].contains(&desktops.as_str()) {
            bail!("--desktops is auto, real or built-in, not `{desktops}`");
        }
        options.desktops = desktops;
    }
    Ok(options)
}

fn state(words: &mut Words) -> anyhow::Result<StateDir> {
    Ok(match words.value("--state")? {
        Some(dir) => StateDir::at(dir),
        None => StateDir::usual(),
    })
}

fn port(words: &mut Words, flag: &str) -> anyhow::Result<Option<u16>> {
    words
        .value(flag)?
        .map(|text| text.parse().with_context(|| format!("{flag} cannot be `{text}`")))
        .transpose()
}

fn fuzz_plan(words: &mut Words) -> anyhow::Result<fuzz::Plan> {
    let seconds = match words.value("--seconds")? {
        None => fuzz::Plan::SECONDS,
        Some(text) => text.parse().with_context(|| format!("--seconds cannot be `{text}`"))?,
    };
    Ok(fuzz::Plan { target: words.next_word(), seconds })
}

fn bench_plan(words: &mut Words) -> anyhow::Result<bench::Plan> {
    let mut plan = bench::Plan {
        quick: words.flag("--quick"),
        as_built: words.flag("--as-built"),
        ..bench::Plan::default()
    };
    while let Some(part) = words.value("--only")? {
        if !bench::PARTS.contains(&part.as_str()) {
            bail!("--only is one of {}, not `{part}`", bench::PARTS.join(", "));
        }
        plan.parts.push(part);
    }
    plan.functions.extend(std::iter::from_fn(|| words.next_word()));
    Ok(plan)
}

fn deploy_plan(words: &mut Words) -> anyhow::Result<Plan> {
    let needed =
        |words: &mut Words, flag: &str| words.value(flag)?.with_context(|| format!("deploy needs {flag}"));
    let mut plan = Plan {
        stack_name: needed(words, "--stack-name")?,
        architecture: words.value("--architecture")?,
        parameters: vec![
            ("MailFrom".into(), needed(words, "--mail-from")?),
            ("OperatorEmail".into(), needed(words, "--operator-email")?),
        ],
    };
    if let Some(url) = words.value("--site-url")? {
        plan.parameters.push(("SiteUrl".into(), url));
    }
    while let Some(pair) = words.value("--parameter")? {
        plan.parameters.push(key_value(&pair)?);
    }
    Ok(plan)
}

fn key_value(pair: &str) -> anyhow::Result<(String, String)> {
    let (key, value) = pair.split_once('=').with_context(|| format!("`{pair}` is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The words not yet understood.
struct Words(Vec<String>);

impl Words {
    fn next_word(&mut self) -> Option<String> {
        let at = self.0.iter().position(|word| !word.starts_with("--"))?;
        Some(self.0.remove(at))
    }

    fn flag(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|word| word == name);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    fn value(&mut self, name: &str) -> anyhow::Result<Option<String>> {
        let with_equals = format!("{name}=");
        let Some(at) = self.0.iter().position(|word| word == name || word.starts_with(&with_equals)) else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        if let Some(value) = word.strip_prefix(&with_equals) {
            return Ok(Some(value.to_owned()));
        }
        if at == self.0.len() {
            bail!("{name} needs a value");
        }
        Ok(Some(self.0.remove(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<Command> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn settings_can_be_given_more_than_once_and_keep_later_equals_signs() {
        let Ok(Command::Up { detach: true, options }) =
            parsed("up --env A=1 --detach --env=B=x=y --aws-port 4000 --state elsewhere")
        else {
            panic!("not an up")
        };
        assert_eq!(options.overrides, [("A".into(), "1".into()), ("B".into(), "x=y".into())]);
        assert_eq!(options.aws_port, Some(4000));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, named) in [
            ("fly", "`fly`"),
            ("up --fast", "`--fast`"),
            ("up --env A", "`A` is not KEY=VALUE"),
            ("up --aws-port many", "--aws-port cannot be `many`"),
            ("up --desktops toy", "`toy`"),
            ("test now", "`now`"),
            ("fuzz vultr --seconds long", "--seconds cannot be `long`"),
            ("deploy --stack-name x", "--mail-from"),
            ("demo --state", "--state needs a value"),
            ("demo --provider acme", "hetzner"),
            ("demo --fault flood", "never-boots"),
            ("demo --fault sold-out --provider ec2", "one at a time"),
        ] {
            let message = parsed(line).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(message.contains(named), "{line}: {message}");
        }
    }

    #[test]
    fn the_function_of_logs_may_stand_anywhere() {
        for line in ["logs checkout --follow", "logs --follow checkout"] {
            let Ok(Command::Logs { function, follow: true, .. }) = parsed(line) else { panic!("{line}") };
            assert_eq!(function.as_deref(), Some("checkout"));
        }
    }
}
