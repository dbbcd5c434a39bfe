//! What a Linux machine takes from its user data: the customer's account, and the report of its first boot.

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use yaml_rust2::{Yaml, YamlLoader};

/// The customer's account. Holds a password hash, hence no `Debug`.
#[derive(Clone)]
pub(super) struct Account {
    /// A plain account name.
    pub(super) name: String,
    /// As in `/etc/shadow`.
    pub(super) password_hash: String,
}

#[derive(Clone, Default)]
pub(super) struct CloudConfig {
    /// The first of `users` that has a password.
    pub(super) account: Option<Account>,
    /// The script in `write_files` whose path ends in `desktop-report`.
    pub(super) report: Option<String>,
}

impl CloudConfig {
    /// Reads user data that begins with `#cloud-config`.
    ///
    /// # Errors
    /// Not a cloud-config, not YAML, or an account that could not be written into `/etc/passwd`.
    pub(super) fn parse(user_data: &[u8]) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(user_data).context("user data is not text")?;
        anyhow::ensure!(text.starts_with("#cloud-config"), "user data does not begin with #cloud-config");
        let documents = YamlLoader::load_from_str(text).context("user data is not YAML")?;
        let document = documents.first().context("user data is empty")?;
        let account = document["users"].as_vec().and_then(|users| users.iter().find_map(account));
        if let Some(account) = &account {
            anyhow::ensure!(is_account_name(&account.name), "no account name: {:?}", account.name);
            anyhow::ensure!(account.password_hash.bytes().all(is_hash_byte), "no password hash");
        }
        let report = document["write_files"].as_vec().and_then(|files| files.iter().find_map(report));
        Ok(Self { account, report })
    }
}

fn account(user: &Yaml) -> Option<Account> {
    let (name, password_hash) = (user["name"].as_str()?, user["passwd"].as_str()?);
    Some(Account { name: name.to_owned(), password_hash: password_hash.to_owned() })
}

fn report(file: &Yaml) -> Option<String> {
    let content = file["content"].as_str().filter(|_| file["path"].as_str().is_some_and(is_report))?;
    match file["encoding"].as_str() {
        None | Some("text/plain") => Some(content.to_owned()),
        Some("b64" | "base64") => String::from_utf8(BASE64_STANDARD.decode(content.trim()).ok()?).ok(),
        Some(_) => None,
    }
}

fn is_report(path: &str) -> bool {
    path.rsplit('/').next() == Some("desktop-report")
}

fn is_account_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

const fn is_hash_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'$' | b'.' | b'/' | b'=' | b',' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "#cloud-config
hostname: desk-one
users:
  - default
  - name: desk
    lock_passwd: false
    passwd: \"$6$salt$hash.of/it\"
write_files:
  - path: /etc/skel/.xsession
    content: exec startxfce4
  - path: /usr/local/sbin/desktop-report
    content: |
      #!/bin/bash
      echo \"$1\"
";

    #[test]
    fn the_account_and_the_report_are_taken_out() {
        let config = CloudConfig::parse(FULL.as_bytes()).unwrap();
        let account = config.account.unwrap();
        assert_eq!((account.name.as_str(), account.password_hash.as_str()), ("desk", "$6$salt$hash.of/it"));
        assert_eq!(config.report.as_deref(), Some("#!/bin/bash\necho \"$1\"\n"));
    }

    #[test]
    fn a_base64_file_is_decoded() {
        let text =
            "#cloud-config\nwrite_files: [{path: /x/desktop-report, encoding: b64, content: ZWNobyAkMQ==}]\n";
        assert_eq!(CloudConfig::parse(text.as_bytes()).unwrap().report.as_deref(), Some("echo $1"));
    }

    #[test]
    fn user_data_without_any_of_it_is_a_machine_without_any_of_it() {
        let config = CloudConfig::parse(b"#cloud-config\npackages: [curl]\nusers: [default]\n").unwrap();
        assert!(config.account.is_none() && config.report.is_none());
    }

    #[test]
    fn what_could_not_be_an_account_is_refused() {
        for (name, hash) in [("a:b", "$6$x"), ("Root", "$6$x"), ("desk", "$6$x:y"), ("desk", "a b")] {
            let text = format!("#cloud-config\nusers: [{{name: '{name}', passwd: '{hash}'}}]\n");
            assert!(CloudConfig::parse(text.as_bytes()).is_err(), "{name} {hash}");
        }
        assert!(CloudConfig::parse(b"#!/bin/sh\n").is_err());
        assert!(CloudConfig::parse(b"#cloud-config\n\t- : [").is_err());
        assert!(CloudConfig::parse(&[0xff, 0xfe]).is_err());
    }
}
