//! `sam deploy`: what it is told, and how.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::local::random_hex;
use crate::workspace;

/// Whether the command is there.
///
/// # Errors
/// It is not.
pub(super) fn look() -> anyhow::Result<()> {
    let sam = Command::new("sam").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !sam.is_ok_and(|status| status.success()) {
        bail!(
            "the AWS SAM command `sam` is needed: pip install aws-sam-cli, or see the AWS SAM documentation"
        );
    }
    Ok(())
}

/// Deploys template.yaml with the settings of [`config`].
///
/// # Errors
/// The settings cannot be written, or AWS refuses.
pub(super) fn deploy(stack_name: &str, config: &str) -> anyhow::Result<()> {
    let file = PassingFile::write(config)?;
    let status = Command::new("sam")
        .current_dir(workspace::root())
        .args(["deploy", "--template-file", "template.yaml", "--resolve-s3", "--no-fail-on-empty-changeset"])
        .args(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--stack-name", stack_name])
        .args(["--config-env", "default", "--config-file"])
        .arg(file.path())
        .status()?;
    if !status.success() {
        bail!("sam deploy failed, see above");
    }
    Ok(())
}

/// Template parameters as a `samconfig.toml`: the command line of a program can be read by everybody on its machine.
///
/// # Errors
/// A value that `sam` has no spelling for.
pub(super) fn config(parameters: &[(String, String)]) -> anyhow::Result<String> {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| pair(name, value)).collect::<anyhow::Result<_>>()?;
    // A list of texts in JSON is one in TOML, but for a character that JSON leaves as it is.
    let list = json!(pairs).to_string().replace('\u{7f}', "\\u007f");
    Ok(format!("version = 0.1\n\n[default.deploy.parameters]\nparameter_overrides = {list}\n"))
}

/// A parameter as `sam deploy` reads it: in quotes where it holds what would end it.
///
/// # Errors
/// A value that has no spelling: `sam` takes `\"`, `\'` and `\ ` for the second character alone, and
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

/// A file that only its owner may read and that goes when this does, also by Ctrl-C or SIGTERM.
struct PassingFile(PathBuf);

impl PassingFile {
    fn write(text: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("samconfig-{}.toml", random_hex()?));
        let passing = Self(path.clone());
        ctrlc::set_handler(move || {
            // A failure would say that it is gone already.
            let _ = fs::remove_file(&path);
            std::process::exit(130);
        })
        .context("Ctrl-C cannot be listened to")?;
        passing.fill(text)?;
        Ok(passing)
    }

    fn fill(&self, text: &str) -> anyhow::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("{} cannot be written", self.0.display()))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PassingFile {
    fn drop(&mut self) {
        if self.0.exists()
            && let Err(error) = fs::remove_file(&self.0)
        {
            eprintln!("delete {}, which holds the keys: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::sandbox::as_in_json;

    /// What `sam deploy` makes of one entry of `parameter_overrides`, by the regular expressions of
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
    fn the_settings_are_toml_of_one_line_for_all_parameters() {
        let parameters = [("A", "b"), ("Empty", ""), ("Json", r#"{"a":1}"#), ("Del", "x\u{7f}")];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = config(&parameters).expect("every value has a spelling");
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "version = 0.1",
                "",
                "[default.deploy.parameters]",
                r#"parameter_overrides = ["A=b","Empty=\"\"","Json=\"{\\\"a\\\":1}\"","Del=x\u007f"]"#,
            ]
        );
    }

    #[test]
    fn a_passing_file_is_its_owners_and_goes() {
        let name = format!("samconfig-{}.toml", random_hex().expect("random"));
        let path = std::env::temp_dir().join(name);
        let file = PassingFile(path.clone());
        file.fill("secret").expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(file.fill("again").is_err(), "somebody else's file is not written to");
        drop(file);
        assert!(!path.exists());
    }
}
