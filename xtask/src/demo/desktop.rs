//! What the customer holds in the end: the mail, the .rdp file, and a desktop that lets them in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::customer::{Customer, await_mail};
use super::order::Finished;
use crate::http;
use crate::local::Stack;

/// A desktop that was delivered.
pub(crate) struct Delivered {
    /// What people call it.
    name: String,
    /// The mail's subject.
    subject: String,
    /// The mail's text.
    text: String,
    /// The sign-in that the mail holds.
    sign_in: SignIn,
    /// The .rdp file.
    rdp_file: String,
    rdp_path: PathBuf,
    mail_path: PathBuf,
}

struct SignIn {
    address: String,
    username: String,
    password: String,
}

/// Waits for the mail with the credentials and fetches the .rdp file.
///
/// # Errors
/// The mail does not come or holds no sign-in, or the API refuses the file.
pub(crate) fn collect(
    stack: &Stack,
    customer: &Customer,
    name: &str,
    order: &Finished,
) -> anyhow::Result<Delivered> {
    let view = customer
        .get(stack, &format!("/instances/{}", order.instance))?
        .expect_success("GET /instances/{id}")?;
    let address = view["address"].as_str().context("the desktop has no address")?.to_owned();
    let fits = |text: &str| text.contains(&address) && field(text, "Password").is_some();
    let mail =
        await_mail(stack, &customer.email, fits).context("the mail with the credentials did not come")?;
    let text = mail["BodyText"].as_str().unwrap_or_default().to_owned();
    let sign_in = SignIn {
        address,
        username: field(&text, "User name").context("the mail names no user")?.to_owned(),
        password: field(&text, "Password").context("the mail holds no password")?.to_owned(),
    };
    let file = customer.get(stack, &format!("/instances/{}/rdp-file", order.instance))?;
    ensure!(file.status == 200, "GET /instances/{{id}}/rdp-file answers {}", file.status);
    ensure!(!file.text.contains(&sign_in.password), "the .rdp file holds the password");
    Ok(Delivered {
        name: name.to_owned(),
        subject: mail["Subject"].as_str().unwrap_or_default().to_owned(),
        text,
        sign_in,
        rdp_file: file.text,
        rdp_path: PathBuf::new(),
        mail_path: PathBuf::new(),
    })
}

impl Delivered {
    /// Where it answers.
    pub(crate) fn address(&self) -> &str {
        &self.sign_in.address
    }

    /// Signs in at the machine with the mailed password, which must be taken, and with a wrong one, which must not.
    ///
    /// # Errors
    /// Otherwise.
    pub(crate) fn check_sign_in(&self, stack: &Stack) -> anyhow::Result<()> {
        let right = self.sign_in_with(stack, &self.sign_in.password)?;
        ensure!(right, "{}: the machine refuses the mailed password", self.name);
        let wrong = self.sign_in_with(stack, "wrong-password-1A")?;
        ensure!(!wrong, "{}: the machine takes any password", self.name);
        Ok(())
    }

    fn sign_in_with(&self, stack: &Stack, password: &str) -> anyhow::Result<bool> {
        let control = stack.fact("control_url")?;
        let state =
            http::get(&format!("{control}/state"), &[])?.expect_success("the machines cannot be listed")?;
        let ours = |machine: &&Value| machine["address"].as_str() == Some(&self.sign_in.address);
        let id = state["machines"].as_array().into_iter().flatten().find(ours).and_then(|m| m["id"].as_str());
        let id = id.with_context(|| format!("no machine has the address {}", self.sign_in.address))?;
        let body = json!({"user": self.sign_in.username, "password": password});
        let answer = http::post_json(&format!("{control}/machines/{id}/login"), &body, &[])?
            .expect_success("the sandbox cannot try to sign in")?;
        answer["accepted"].as_bool().context("the desktop does not say whether it lets the user in")
    }

    /// Saves the .rdp file and the whole mail in `folder`.
    ///
    /// # Errors
    /// When the disk says no.
    pub(crate) fn save(&mut self, folder: &Path) -> anyhow::Result<()> {
        let name = self.name.to_lowercase().replace(' ', "-");
        self.rdp_path = folder.join(format!("{name}.rdp"));
        self.mail_path = folder.join(format!("{name}-mail.txt"));
        for (path, text) in [(&self.rdp_path, &self.rdp_file), (&self.mail_path, &self.text)] {
            fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }

    /// The mail, the file and the sign-in, for the user.
    pub(crate) fn summary(&self) -> String {
        let mail: String = beginning(&self.text).map(|line| format!("  | {line}\n")).collect();
        format!(
            "{} desktop\n  mail      {} (all of it: {})\n{mail}  .rdp file {}\n  open it   xfreerdp {} /cert:tofu",
            self.name,
            self.subject,
            self.mail_path.display(),
            self.rdp_path.display(),
            self.rdp_path.display()
        )
    }
}

/// The mail up to its first numbered heading: the greeting and the sign-in.
fn beginning(mail: &str) -> impl Iterator<Item = &str> {
    let heading = |line: &&str| line.starts_with("1. ");
    mail.trim_end().lines().take_while(move |line| !heading(line)).filter(|line| !line.trim().is_empty())
}

/// The rest of the line that begins with `name` and a colon.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let after = |line: &'t str| line.trim().strip_prefix(name)?.trim_start().strip_prefix(':');
    text.lines().filter_map(after).map(str::trim).find(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_is_shown_up_to_its_instructions() {
        let shown: Vec<&str> = beginning("Ready\n\n  Address: x\n\n1. CONNECT\nclick\n").collect();
        assert_eq!(shown, ["Ready", "  Address: x"]);
    }

    #[test]
    fn a_field_of_the_mail_is_read_to_the_end_of_its_line() {
        let text = "Hello\r\n  Password: a:b c!\r\nUser name:x\n";
        assert_eq!(field(text, "Password"), Some("a:b c!"));
        assert_eq!(field(text, "User name"), Some("x"));
        assert_eq!(field(text, "Port"), None);
    }
}
