//! A new customer, from sign-up to a session, the way the dashboard does it: Cognito's public calls.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::http;
use crate::local::{Stack, random_hex};

/// How long a mail may take to arrive.
const MAIL_WAIT: Duration = Duration::from_secs(60);
const MAIL_POLL: Duration = Duration::from_millis(250);

/// A customer who is signed in.
pub(crate) struct Customer {
    /// The address, which is also the user name.
    pub(crate) email: String,
    /// The password, for the user to sign in with.
    pub(crate) password: String,
    authorization: String,
}

impl Customer {
    /// Signs a new customer up, confirms the address with the code from the mail, and signs in.
    ///
    /// # Errors
    /// Cognito refuses, or the code does not arrive.
    pub(crate) fn sign_up(stack: &Stack) -> anyhow::Result<Self> {
        let random = random_hex()?;
        let email = format!("ada.{}@example.com", random.get(..6).unwrap_or(&random));
        let password = format!("demo-{}", random.get(6..22).unwrap_or(&random));
        let client = stack.fact("client_id")?;
        let attributes = json!([{"Name": "email", "Value": email}]);
        let user = json!({"ClientId": client, "Username": email, "Password": password, "UserAttributes": attributes});
        cognito(stack, "SignUp", &user)?;
        let mail = await_mail(stack, &email, |text| text.contains("code"))?;
        let code = confirmation_code(mail["BodyText"].as_str().unwrap_or_default());
        let code = code.context("the confirmation mail holds no code")?;
        cognito(
            stack,
            "ConfirmSignUp",
            &json!({"ClientId": client, "Username": email, "ConfirmationCode": code}),
        )?;
        let session = json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": client,
            "AuthParameters": {"USERNAME": email, "PASSWORD": password},
        });
        let session = cognito(stack, "InitiateAuth", &session)?;
        let token = session["AuthenticationResult"]["IdToken"].as_str().context("Cognito gave no token")?;
        Ok(Self { authorization: format!("Bearer {token}"), email, password })
    }

    /// The header that says who is calling.
    pub(crate) fn header(&self) -> (&'static str, &str) {
        ("authorization", &self.authorization)
    }

    /// `GET` on the HTTP API as this customer.
    ///
    /// # Errors
    /// No answer.
    pub(crate) fn get(&self, stack: &Stack, path: &str) -> anyhow::Result<http::Answer> {
        http::get(&format!("{}{path}", stack.fact("api_url")?), &[self.header()])
    }
}

/// Waits for a mail to `email` whose text fits; answers it as the embedded AWS keeps it (`Subject`, `BodyText`, …).
///
/// # Errors
/// None comes in time.
pub(crate) fn await_mail(stack: &Stack, email: &str, fits: impl Fn(&str) -> bool) -> anyhow::Result<Value> {
    let url = format!("{}/_ministack/ses/messages", stack.fact("aws_endpoint")?);
    let mut waited = Duration::ZERO;
    while waited < MAIL_WAIT {
        let kept = http::get(&url, &[])?.expect_success("the mails cannot be read")?;
        let all = kept["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let mut mails = all.filter_map(Value::as_array).flatten();
        let to_us = |mail: &&Value| {
            let to = mail["To"].as_array().into_iter().flatten().any(|to| to.as_str() == Some(email));
            to && mail["BodyText"].as_str().is_some_and(&fits)
        };
        if let Some(mail) = mails.find(to_us) {
            return Ok(mail.clone());
        }
        std::thread::sleep(MAIL_POLL);
        waited += MAIL_POLL;
    }
    anyhow::bail!("no such mail to {email} within {} s", MAIL_WAIT.as_secs())
}

/// The first run of six digits.
fn confirmation_code(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit()).find(|run| run.len() == 6)
}

fn cognito(stack: &Stack, action: &str, body: &Value) -> anyhow::Result<Value> {
    let target = format!("AWSCognitoIdentityProviderService.{action}");
    let headers = [("x-amz-target", target.as_str())];
    http::post(stack.fact("aws_endpoint")?, "application/x-amz-json-1.1", &body.to_string(), &headers)?
        .expect_success(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_a_sentence() {
        assert_eq!(confirmation_code("In 2026 your code is 123456."), Some("123456"));
        assert_eq!(confirmation_code("no code"), None);
    }
}
