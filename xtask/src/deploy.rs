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

/// Parameters that are given together or not at all; the template refuses some of what is in part, and a function would
/// stop at the rest.
const WHOLES: &[&[&str]] = &[
    &["ContaboClientId", "ContaboClientSecret", "ContaboUser", "ContaboPassword"],
    &["Ec2AccessKeyId", "Ec2SecretAccessKey"],
    &["Ec2KeyPairName", "Ec2PrivateKey"],
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
    let mut parameters =
        with_keys(&plan.parameters, |variable| std::env::var(variable).ok().filter(|key| !key.is_empty()))?;
    let installed = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8_lossy(&installed.stdout).trim().to_owned();
    let has =
        |target: &str| std::path::Path::new(&sysroot).join("lib/rustlib").join(target).join("lib").is_dir();
    let (architecture, target) = choose_target(plan.architecture.as_deref(), has)?;
    parameters.push(("Architecture".into(), architecture.into()));

    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| pair(name, value)).collect::<anyhow::Result<_>>()?;
    let mut progress = Progress::start();
    functions::build_release(&mut progress, target)?;
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

/// `given`, and the keys of the environment that are not among them, as template parameters. A provider without its key
/// is not set up.
///
/// # Errors
/// Paystack's key is missing, no provider is set up or one only in part, or a private key cannot be read.
fn with_keys(
    given: &[(String, String)],
    of_environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut all = given.to_vec();
    for (variable, parameter) in [("PAYSTACK_SECRET_KEY", "PaystackSecretKey")].iter().chain(PROVIDER_KEYS) {
        if let (None, Some(key)) = (value_of(&all, parameter), of_environment(variable)) {
            all.push(((*parameter).to_owned(), as_in_json(&key)));
        }
    }
    if let (None, Some(file)) = (value_of(&all, "Ec2PrivateKey"), of_environment("EC2_PRIVATE_KEY_FILE")) {
        let pem = fs::read_to_string(&file).with_context(|| format!("{file} cannot be read"))?;
        all.push(("Ec2PrivateKey".to_owned(), as_in_json(pem.trim())));
    }
    if value_of(&all, "Ec2Account").is_none() && value_of(&all, "Ec2AccessKeyId").is_some() {
        all.push(("Ec2Account".to_owned(), "other".to_owned()));
    }
    check(&all)?;
    Ok(all)
}

/// What a parameter is set to; nothing is as good as empty.
fn value_of<'a>(parameters: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    let found = parameters.iter().rev().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// Whether what the template, or a function, would refuse is not there.
fn check(parameters: &[(String, String)]) -> anyhow::Result<()> {
    let is_set = |name: &str| value_of(parameters, name).is_some();
    if !is_set("PaystackSecretKey") {
        bail!("set PAYSTACK_SECRET_KEY to the key that is deployed");
    }
    for whole in WHOLES {
        let (there, missing): (Vec<&str>, Vec<&str>) = whole.iter().partition(|name| is_set(name));
        if !there.is_empty() && !missing.is_empty() {
            let (there, missing) = (there.join(", "), missing.join(", "));
            bail!("{there} without {missing}: docs/operations.md says what sets each of them");
        }
    }
    let ec2 = value_of(parameters, "Ec2Account").unwrap_or("none");
    if ec2 == "other" && !is_set("Ec2AccessKeyId") {
        bail!("Ec2Account=other needs EC2_ACCESS_KEY_ID and EC2_SECRET_ACCESS_KEY");
    }
    let of_others = PROVIDER_KEYS.iter().filter(|(_, parameter)| !parameter.starts_with("Ec2"));
    if ec2 == "none" && !of_others.clone().any(|(_, parameter)| is_set(parameter)) {
        let variables: Vec<_> = of_others.map(|(variable, _)| *variable).collect();
        let variables = variables.join(", ");
        bail!(
            "no provider is set up: set one of {variables}, EC2_ACCESS_KEY_ID, or --parameter Ec2Account=own"
        );
    }
    Ok(())
}

/// A parameter as `sam deploy` reads it: in quotes where it holds what would end it.
///
/// # Errors
/// A value that its command line has no spelling for: it takes `\"`, `\'` and `\ ` for the second character alone, and
/// cannot be told otherwise.
fn pair(name: &str, value: &str) -> anyhow::Result<String> {
    let is_special = |next: char| next.is_whitespace() || next == '"' || next == '\'';
    let mut backslashes = value.match_indices('\\');
    let misread = backslashes.any(|(at, _)| value[at + 1..].chars().next().is_none_or(is_special));
    if misread || value.contains("ParameterKey=") {
        bail!(
            "{name}: sam would not read this value as it stands; in a key, write a quote as \\u0022 and a backslash as \\u005c"
        );
    }
    Ok(if value.is_empty() || value.contains(is_special) {
        format!("{name}=\"{}\"", value.replace('"', "\\\""))
    } else {
        format!("{name}={value}")
    })
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

    fn deployed(given: &[(&str, &str)], variables: &[(&str, &str)]) -> anyhow::Result<Vec<(String, String)>> {
        let given: Vec<_> = given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        with_keys(&given, |name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    const PAID: (&str, &str) = ("PAYSTACK_SECRET_KEY", "s");

    #[test]
    fn a_deployment_needs_a_key_of_paystack_and_a_whole_provider() {
        let pair = ("Ec2KeyPairName", "k");
        let tokens = [PAID, ("LINODE_TOKEN", "t")];
        for (given, variables, named) in [
            (&[][..], &[("LINODE_TOKEN", "t")][..], "PAYSTACK_SECRET_KEY"),
            (&[], &[PAID], "HETZNER_TOKEN"),
            (&[("Ec2Account", "none")], &[PAID, ("EC2_PRIVATE_KEY_FILE", "/dev/null")], "HETZNER_TOKEN"),
            (&[("Ec2Account", "other")], &[PAID], "EC2_ACCESS_KEY_ID"),
            (&[], &[PAID, ("EC2_ACCESS_KEY_ID", "AKIA")], "without Ec2SecretAccessKey"),
            (
                &[],
                &[PAID, ("CONTABO_CLIENT_ID", "c")],
                "without ContaboClientSecret, ContaboUser, ContaboPassword",
            ),
            (&[], &[PAID, ("CONTABO_USER", "u")], "without ContaboClientId"),
            (&[pair], &tokens, "Ec2KeyPairName without Ec2PrivateKey"),
            (&[("Ec2PrivateKey", "p")], &tokens, "Ec2PrivateKey without Ec2KeyPairName"),
        ] {
            let error = deployed(given, variables).expect_err("something is missing").to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn ec2_is_a_provider_by_its_key_or_by_the_functions_own_role() {
        let keys = [PAID, ("EC2_ACCESS_KEY_ID", "AKIA"), ("EC2_SECRET_ACCESS_KEY", "s")];
        for (given, variables, account) in [
            (&[][..], &keys[..], "other"),
            (&[("Ec2Account", "own")], &[PAID], "own"),
            (&[("Ec2Account", "own")], &keys, "own"),
        ] {
            let all = deployed(given, variables).expect("enough");
            assert_eq!(value_of(&all, "Ec2Account"), Some(account));
            assert_eq!(all.iter().filter(|(name, _)| name == "Ec2Account").count(), 1, "{account}");
        }
    }

    #[test]
    fn a_parameter_that_is_given_goes_before_the_variable_of_it() {
        let all = deployed(&[("HetznerToken", "given")], &[PAID, ("HETZNER_TOKEN", "set")]).expect("enough");
        assert_eq!(all.iter().filter(|(name, _)| name == "HetznerToken").count(), 1);
        assert_eq!(value_of(&all, "HetznerToken"), Some("given"));
    }

    /// What `sam deploy` makes of one argument of `--parameter-overrides`, by the regular expressions of
    /// `CfnParameterOverridesType` in its `samcli/cli/types.py`; what follows a match is lost.
    fn as_sam_reads(argument: &str) -> (String, String) {
        let (name, value) = argument.trim().split_once('=').expect("NAME=VALUE");
        let quoted = value.chars().next().filter(|first| ['"', '\''].contains(first));
        let matched = quoted.and_then(|quote| quoted_part(value, quote)).unwrap_or_else(|| bare_part(value));
        let wrapped =
            ['"', '\''].iter().any(|quote| matched.starts_with(*quote) && matched.ends_with(*quote));
        let inner = if wrapped { &matched[1..matched.len() - 1] } else { matched };
        (name.into(), inner.replace("\\ ", " ").replace("\\\"", "\"").replace("\\'", "'"))
    }

    /// From the opening quote to the next one without a backslash before it.
    fn quoted_part(value: &str, quote: char) -> Option<&str> {
        let mut chars = value.char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' if chars.next().is_none_or(|(_, next)| next == '\n') => return None,
                char if char == quote => return Some(&value[..=at]),
                _ => {}
            }
        }
        None
    }

    /// Up to the first blank or double quote without a backslash before it.
    fn bare_part(value: &str) -> &str {
        let mut chars = value.char_indices();
        while let Some((at, char)) = chars.next() {
            let ends = match char {
                ' ' | '"' => true,
                '\\' => chars.next().is_none_or(|(_, next)| next == '\n'),
                _ => false,
            };
            if ends {
                return &value[..at];
            }
        }
        value
    }

    /// Every text of up to five of the characters that mean something on the way.
    fn ugly() -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..5 {
            let longer = longest.iter().flat_map(|text| {
                ['a', 'n', '=', ' ', '"', '\'', '\\', '\n'].iter().map(move |char| format!("{text}{char}"))
            });
            longest = longer.collect();
            all.extend_from_slice(&longest);
        }
        all
    }

    #[test]
    fn any_key_arrives_in_its_secret_as_it_is() {
        let keys = ugly()
            .into_iter()
            .chain(["-----BEGIN KEY-----\nx\n", "grün€🔑", "${A}", "\t\u{1}"].map(str::to_owned));
        for key in keys {
            let argument = pair("A", &as_in_json(&key)).expect("a key has a spelling");
            let (name, value) = as_sam_reads(&argument);
            let stored: String = serde_json::from_str(&format!("\"{value}\"")).expect("JSON");
            assert_eq!((name.as_str(), stored), ("A", key), "{argument}");
        }
    }

    #[test]
    fn any_other_value_arrives_as_it_is_or_is_refused() {
        let mut refused = 0;
        for value in ugly() {
            match pair("A", &value) {
                Ok(argument) => assert_eq!(as_sam_reads(&argument), ("A".into(), value), "{argument}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 0);
        assert_eq!(pair("A", "b").expect("plain"), "A=b");
        assert_eq!(pair("A", r#"{"a":1}"#).expect("quoted"), r#"A="{\"a\":1}""#);
        assert!(pair("A", "ParameterKey=B,ParameterValue=c").is_err());
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
