//! `cargo xtask deploy`: builds for Lambda and hands the template to the SAM command.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::progress::Progress;
use crate::sandbox::as_in_json;
use crate::{functions, workspace};

/// Variables of the environment that hold a provider's key, and the template parameters that take them.
const PROVIDER_KEYS: &[(&str, &str)] = &[
    ("VULTR_API_KEY", "VultrApiKey"),
    ("CONTABO_CLIENT_ID", "ContaboClientId"),
    ("CONTABO_CLIENT_SECRET", "ContaboClientSecret"),
    ("CONTABO_USER", "ContaboUser"),
    ("CONTABO_PASSWORD", "ContaboPassword"),
    ("DIGITALOCEAN_TOKEN", "DigitaloceanToken"),
    ("LINODE_TOKEN", "LinodeToken"),
    ("HETZNER_TOKEN", "HetznerToken"),
    ("EC2_ACCESS_KEY_ID", "Ec2AccessKeyId"),
    ("EC2_SECRET_ACCESS_KEY", "Ec2SecretAccessKey"),
];

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
    parameters.extend(keys(|variable| std::env::var(variable).ok().filter(|key| !key.is_empty()))?);
    let installed = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8_lossy(&installed.stdout).trim().to_owned();
    let has =
        |target: &str| std::path::Path::new(&sysroot).join("lib/rustlib").join(target).join("lib").is_dir();
    let (architecture, target) = choose_target(plan.architecture.as_deref(), has)?;
    parameters.push(("Architecture".into(), architecture.into()));

    let mut progress = Progress::start();
    functions::build_release(&mut progress, target)?;
    let pairs = parameters.iter().map(|(name, value)| pair(name, value));
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

/// The keys in the environment, as template parameters. A provider without its key is not set up.
///
/// # Errors
/// Paystack's key is missing, no provider has one, or a private key cannot be read.
fn keys(of_environment: impl Fn(&str) -> Option<String>) -> anyhow::Result<Vec<(String, String)>> {
    let found = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        let one = |(variable, parameter): &(&str, &str)| {
            Some(((*parameter).to_owned(), as_in_json(&of_environment(variable)?)))
        };
        all.iter().filter_map(one).collect()
    };
    let mut keys = found(&[("PAYSTACK_SECRET_KEY", "PaystackSecretKey")]);
    if keys.is_empty() {
        bail!("set PAYSTACK_SECRET_KEY to the key that is deployed");
    }
    let mut of_providers = found(PROVIDER_KEYS);
    if of_environment("EC2_ACCESS_KEY_ID").is_some() {
        of_providers.push(("Ec2Account".into(), "other".into()));
    }
    if of_providers.is_empty() {
        let variables: Vec<_> = PROVIDER_KEYS.iter().map(|(variable, _)| *variable).collect();
        bail!("no provider has a key: set one of {}", variables.join(", "));
    }
    keys.append(&mut of_providers);
    if let Some(file) = of_environment("EC2_PRIVATE_KEY_FILE") {
        let pem = fs::read_to_string(&file).with_context(|| format!("{file} cannot be read"))?;
        keys.push(("Ec2PrivateKey".into(), as_in_json(pem.trim())));
    }
    Ok(keys)
}

/// A parameter as `sam deploy` takes it: in quotes where it holds what would end it.
fn pair(name: &str, value: &str) -> String {
    if value.is_empty() || value.contains([' ', '"']) {
        format!("{name}=\"{}\"", value.replace('"', "\\\""))
    } else {
        format!("{name}={value}")
    }
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

    fn keys_of(variables: &[(&str, &str)]) -> anyhow::Result<Vec<(String, String)>> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        keys(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_deployment_needs_a_key_of_paystack_and_of_one_provider() {
        let message = |variables: &[_]| keys_of(variables).expect_err("something is missing").to_string();
        assert!(message(&[("LINODE_TOKEN", "t")]).contains("PAYSTACK_SECRET_KEY"));
        assert!(message(&[("PAYSTACK_SECRET_KEY", "s")]).contains("HETZNER_TOKEN"));
        let keys = keys_of(&[("PAYSTACK_SECRET_KEY", "s"), ("EC2_ACCESS_KEY_ID", "AKIA")]).expect("enough");
        assert!(keys.contains(&("Ec2Account".into(), "other".into())), "{keys:?}");
    }

    #[test]
    fn what_would_end_a_parameter_stands_in_quotes() {
        assert_eq!(pair("A", "b"), "A=b");
        assert_eq!(pair("A", r"-----BEGIN KEY-----\nx"), r#"A="-----BEGIN KEY-----\nx""#);
        assert_eq!(pair("A", r#"{"a":1}"#), r#"A="{\"a\":1}""#);
    }

    #[test]
    fn arm64_is_chosen_where_its_target_is_installed() {
        assert_eq!(choose_target(None, |_| true).expect("both").0, "arm64");
        assert_eq!(choose_target(None, |target| target.starts_with("x86_64")).expect("one").0, "x86_64");
        assert_eq!(choose_target(Some("x86_64"), |_| true).expect("asked").0, "x86_64");
        let error = choose_target(Some("arm64"), |_| false).expect_err("not installed").to_string();
        assert!(error.contains("rustup target add aarch64-unknown-linux-gnu"), "{error}");
    }
}
