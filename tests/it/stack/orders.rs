//! One order, from the checkout to where it rests.

use std::time::Duration;

use serde_json::{Value, json};

use super::http;
use super::{Credentials, Customer, MailKind, until};

/// How long a delivery may take here: twice the local deadline, and the undoing.
const REST_WAIT: Duration = Duration::from_secs(240);
const LOG_LINES_SHOWN: usize = 25;

/// An order that was placed.
pub(crate) struct Order<'c> {
    pub(crate) customer: &'c Customer<'c>,
    pub(crate) id: String,
    pub(crate) payment: String,
    pub(crate) reference: String,
    /// Hundredths of `currency`.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    authorization_url: String,
}

impl<'c> Order<'c> {
    /// Reads the answer of a checkout.
    #[track_caller]
    pub(crate) fn placed(customer: &'c Customer<'c>, view: &Value) -> Self {
        let text = |name: &str| view[name].as_str().unwrap_or_else(|| panic!("no {name}: {view}")).to_owned();
        Self {
            customer,
            id: text("order_id"),
            payment: text("payment_id"),
            reference: text("reference"),
            amount: view["amount"]["minor"].as_i64().expect("an amount"),
            currency: view["amount"]["currency"].as_str().expect("a currency").to_owned(),
            authorization_url: text("authorization_url"),
        }
    }

    /// Opens the gateway's page and presses its button, as a browser does. Answer: where the gateway sends the
    /// browser back to.
    #[track_caller]
    pub(crate) fn pay_on_page(&self) -> String {
        let page = http::call("GET", &self.authorization_url, &[], None);
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains(r#"name="action" value="pay""#), "no button to pay: {}", page.text);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = http::call("POST", &self.authorization_url, &form, Some("action=pay"));
        assert!(matches!(answer.status, 302 | 303), "{} {}", answer.status, answer.text);
        let back = answer.header("location").to_owned();
        assert!(back.contains(&self.reference), "{back}");
        back
    }

    /// Pays and follows the gateway back to the shop.
    #[track_caller]
    pub(crate) fn pay(&self) {
        let back = self.pay_on_page();
        let answer = http::call("GET", &back, &[], None);
        assert!(matches!(answer.status, 200 | 303), "{} {}", answer.status, answer.text);
    }

    /// As the customer sees it.
    #[track_caller]
    pub(crate) fn view(&self) -> Value {
        self.customer.get(&format!("/orders/{}", self.id))
    }

    /// As it is stored.
    #[track_caller]
    pub(crate) fn stored(&self) -> Value {
        self.customer.stack.item(&format!("ORDER#{}", self.id), "ORDER")
    }

    /// Its payment as it is stored.
    #[track_caller]
    pub(crate) fn stored_payment(&self) -> Value {
        self.customer.stack.item(&format!("PAYMENT#{}", self.payment), "PAYMENT")
    }

    /// The attempts to make its machine as they are stored, first one first.
    #[track_caller]
    pub(crate) fn attempts(&self) -> Vec<Value> {
        let mut items = self.customer.stack.items(&format!("ORDER#{}", self.id));
        items.retain(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("ATTEMPT#")));
        items
    }

    /// One of its mails as it is stored, by the kind's word.
    #[track_caller]
    pub(crate) fn stored_mail(&self, kind: &str) -> Value {
        self.customer.stack.item(&format!("MAIL#{}.{kind}", self.id), "MAIL")
    }

    /// The desktop that it becomes.
    #[track_caller]
    pub(crate) fn instance(&self) -> String {
        self.stored()["instance"].as_str().expect("an instance id").to_owned()
    }

    /// The steps of its timeline.
    #[track_caller]
    pub(crate) fn steps(&self) -> Vec<String> {
        let view = self.view();
        let steps = view["timeline"].as_array().into_iter().flatten();
        steps.map(|step| step["step"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until it has a status.
    ///
    /// # Panics
    /// When it comes to rest in another, or takes too long.
    #[track_caller]
    pub(crate) fn until(&self, wanted: &str) {
        until(
            REST_WAIT,
            || {
                let status = self.stored()["status"].as_str().unwrap_or_default().to_owned();
                let rests = matches!(status.as_str(), "active" | "refunded" | "expired");
                assert!(!rests || status == wanted, "the order rests as {status}\n{}", self.story());
                (status == wanted).then_some(())
            },
            || format!("{wanted}\n{}", self.story()),
        );
    }

    /// Waits for one of its mails and reads the sign-in from it.
    #[track_caller]
    pub(crate) fn mailed_credentials(&self, kind: MailKind) -> Credentials {
        let stack = self.customer.stack;
        let find = || stack.mails_about(&self.id).into_iter().rfind(|mail| mail.kind() == Some(kind));
        until(REST_WAIT, find, || format!("no {kind:?} mail\n{}", self.story())).credentials()
    }

    /// Everything that helps to understand what became of it.
    pub(crate) fn story(&self) -> String {
        let stack = self.customer.stack;
        let stored = self.stored();
        let mut lines = vec![format!("{} is {}", self.id, stored["status"])];
        for step in stored["timeline"].as_array().into_iter().flatten() {
            lines.push(format!("  {} {}", step["at"], step["step"]));
        }
        for execution in stack.executions(&self.id) {
            lines.push(format!("  execution {} {}", execution["name"], execution["status"]));
            let arn = execution["executionArn"].as_str().unwrap_or_default();
            let history = stack.history(arn);
            for event in history.iter().filter(|event| !is_quiet(event)) {
                let (entered, failed) =
                    (&event["stateEnteredEventDetails"]["name"], &event["taskFailedEventDetails"]);
                let details = if entered.is_string() { entered } else { failed };
                lines.push(format!("    {} {}", event["type"], clipped(&details.to_string(), 300)));
            }
        }
        lines.push(format!("  payment {}", clipped(&self.stored_payment().to_string(), 400)));
        lines.push(format!(
            "  desktop {}",
            clipped(&stack.item(&format!("INSTANCE#{}", self.instance()), "INSTANCE").to_string(), 600)
        ));
        lines.push(format!("  machines {}", clipped(&json!(stack.machines(&self.id)).to_string(), 1500)));
        let marks = [self.id.clone(), self.payment.clone(), self.reference.clone(), self.instance()];
        let logs = stack.logs();
        let ours = logs.iter().filter(|(_, line)| marks.iter().any(|mark| line.contains(mark.as_str())));
        let ours: Vec<_> = ours.collect();
        for (stream, line) in &ours[ours.len().saturating_sub(LOG_LINES_SHOWN)..] {
            lines.push(format!("  {} {}", stream.rsplit('[').next().unwrap_or_default(), clipped(line, 500)));
        }
        lines.join("\n")
    }
}

fn is_quiet(event: &Value) -> bool {
    matches!(
        event["type"].as_str(),
        Some("TaskScheduled" | "TaskSucceeded" | "TaskStateExited" | "SucceedStateExited")
    )
}

fn clipped(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
