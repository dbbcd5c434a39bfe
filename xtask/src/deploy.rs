//! `cargo xtask deploy`: builds for Lambda and hands the template to the SAM command.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::progress::Progress;
use crate::{functions, workspace};

/// What to deploy, and where.
pub(crate) struct Plan {
    /// Name of the CloudFormation stack.
    pub(crate) stack_name: String,
    /// `arm64` or `x86_64`; by default arm64 where its target is installed.
    pub(crate) architecture: Option<String>,
    /// Template parameters, name to value.
    pub(crate) parameters: Vec<(String, String)>,
}

/// Builds the functions and deploys the stack into the account of the AWS environment variables or profile.
///
/// # Errors
/// A missing program or key, code that does not compile, or a refusal by AWS.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let sam = Command::new("sam").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !sam.is_ok_and(|status| status.success()) {
        bail!(
            "the AWS SAM command `sam` is needed: pip install aws-sam-cli, or see the AWS SAM documentation"
        );
    }
    let mut parameters = plan.parameters.clone();
    for (variable, parameter) in
        [("PAYSTACK_SECRET_KEY", "PaystackSecretKey"), ("VULTR_API_KEY", "VultrApiKey")]
    {
        let key =
            std::env::var(variable).with_context(|| format!("set {variable} to the key that is deployed"))?;
        parameters.push((parameter.into(), key));
    }
    let installed = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8_lossy(&installed.stdout).trim().to_owned();
    let has =
        |target: &str| std::path::Path::new(&sysroot).join("lib/rustlib").join(target).join("lib").is_dir();
    let (architecture, target) = choose_target(plan.architecture.as_deref(), has)?;
    parameters.push(("Architecture".into(), architecture.into()));

    let mut progress = Progress::start();
    functions::build_release(&mut progress, target)?;
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={value}"));
    let status = Command::new("sam")
        .current_dir(workspace::root())
        .args(["deploy", "--template-file", "template.yaml", "--resolve-s3", "--no-fail-on-empty-changeset"])
        .args([
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_AUTO_EXPAND",
            "--stack-name",
            &plan.stack_name,
        ])
        .arg("--parameter-overrides")
        .args(pairs)
        .status()?;
    if !status.success() {
        bail!("sam deploy failed, see above");
    }
    progress.done("deployed");
    Ok(())
}

/// The Lambda architecture and the Rust target it is built for; arm64 costs less and starts faster.
fn choose_target(
    asked: Option<&str>,
    is_installed: impl Fn(&str) -> bool,
) -> anyhow::Result<(&'static str, &'static str)> {
    const ARM: (&str, &str) = ("arm64", "aarch64-unknown-linux-gnu");
    const INTEL: (&str, &str) = ("x86_64", "x86_64-unknown-linux-gnu");
    let (chosen, must) = match asked {
        Some("arm64") => (ARM, true),
        Some("x86_64") => (INTEL, true),
        Some(other) => bail!("--architecture is arm64 or x86_64, not `{other}`"),
        None if is_installed(ARM.1) => (ARM, false),
        None => (INTEL, true),
    };
    if must && !is_installed(chosen.1) {
        bail!("the Rust target {0} is needed: rustup target add {0}", chosen.1);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arm64_is_chosen_where_its_target_is_installed() {
        assert_eq!(choose_target(None, |_| true).expect("both").0, "arm64");
        assert_eq!(choose_target(None, |target| target.starts_with("x86_64")).expect("one").0, "x86_64");
        assert_eq!(choose_target(Some("x86_64"), |_| true).expect("asked").0, "x86_64");
        let error = choose_target(Some("arm64"), |_| false).expect_err("not installed").to_string();
        assert!(error.contains("rustup target add aarch64-unknown-linux-gnu"), "{error}");
    }
}
