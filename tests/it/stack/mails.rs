//! The mails that were sent.

use serde_json::Value;

use super::Stack;
use super::http;

/// One mail as it came.
#[derive(Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// The product's mails, told apart by how they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MailKind {
    Started,
    Receipt,
    Ready,
    Reinstalled,
    Delayed,
    FailedAndRefunded,
    OperatorAlert,
}

/// How to sign in, as a mail says it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) address: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Mail {
    /// `None` for a mail that is not one of the product's: Cognito's, say.
    pub(crate) fn kind(&self) -> Option<MailKind> {
        let first = self.text.lines().next().unwrap_or_default();
        let begins = [
            ("Receipt", MailKind::Receipt),
            ("We could not deliver", MailKind::FailedAndRefunded),
            ("Something needs a person", MailKind::OperatorAlert),
        ];
        let ends = [
            ("is being set up", MailKind::Started),
            ("is reinstalled and ready", MailKind::Reinstalled),
            ("takes longer than usual", MailKind::Delayed),
            ("desktop is ready", MailKind::Ready),
        ];
        let by_begin = begins.into_iter().find(|(words, _)| first.starts_with(words));
        by_begin.or_else(|| ends.into_iter().find(|(words, _)| first.ends_with(words))).map(|(_, kind)| kind)
    }

    /// The sign-in that the mail holds.
    ///
    /// # Panics
    /// When it holds none.
    #[track_caller]
    pub(crate) fn credentials(&self) -> Credentials {
        let field = |name: &str| {
            let value = |line: &str| {
                Some(line.trim().strip_prefix(name)?.trim_start().strip_prefix(':')?.trim().to_owned())
            };
            self.text.lines().find_map(value).unwrap_or_else(|| panic!("no {name} in {}", self.subject))
        };
        Credentials { address: field("Address"), username: field("User name"), password: field("Password") }
    }
}

impl Stack {
    /// Every mail that was sent, oldest first.
    #[track_caller]
    pub(crate) fn mails(&self) -> Vec<Mail> {
        let url = format!("{}/_ministack/ses/messages", self.fact("aws_endpoint"));
        let kept = http::call("GET", &url, &[], None).good("sent mails");
        let accounts = kept["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let read = |mail: &Value| {
            let text = |name: &str| mail[name].as_str().unwrap_or_default().replace("\r\n", "\n");
            let to = mail["To"].as_array().and_then(|to| to.first()).and_then(Value::as_str);
            Mail {
                to: to.unwrap_or_default().trim_matches(['<', '>']).to_owned(),
                subject: text("Subject"),
                text: text("BodyText"),
                html: text("BodyHtml"),
            }
        };
        accounts.filter_map(Value::as_array).flatten().map(read).collect()
    }

    /// The mails to one address, oldest first.
    #[track_caller]
    pub(crate) fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// The mails about one order, oldest first: to the customer and to the operator.
    #[track_caller]
    pub(crate) fn mails_about(&self, order: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.text.contains(order)).collect()
    }
}
