//! One module per mail: its data as the templates see it, and the words of its subject.

mod delayed;
mod failed_and_refunded;
mod not_delivered;
mod operator_alert;
mod ready;
mod rebuilding;
mod receipt;
mod started;

use app::ports::MailContent;

use crate::settings::Settings;

/// A mail's three texts. It may hold a password, so it has no `Debug`.
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) text: String,
}

/// Derives the HTML and the text template of one mail from the same data: a value that one of them forgets to
/// be given does not compile.
macro_rules! pair {
    ($data:ident, $html:literal, $text:literal) => {
        #[derive(askama::Template)]
        #[template(path = $html)]
        struct Html<'a> {
            mail: &'a $data<'a>,
        }

        #[derive(askama::Template)]
        #[template(path = $text)]
        struct Text<'a> {
            mail: &'a $data<'a>,
        }

        impl $data<'_> {
            /// Renders both parts.
            fn render(&self) -> Result<$crate::mails::Rendered, askama::Error> {
                use askama::Template as _;
                Ok($crate::mails::Rendered {
                    subject: self.frame.title.clone(),
                    html: Html { mail: self }.render()?,
                    // askama drops a template's last line end.
                    text: Text { mail: self }.render()? + "\n",
                })
            }
        }
    };
}
pub(crate) use pair;

/// Renders the mail for `content`.
///
/// # Errors
/// Only when a value refuses to be formatted, which none of ours does.
pub(crate) fn render(settings: &Settings, content: &MailContent) -> Result<Rendered, askama::Error> {
    match content {
        MailContent::Started { order, plan, os, ready_at, paid } => {
            started::render(settings, *order, *plan, *os, *ready_at, *paid)
        }
        MailContent::Receipt { order, plan, os, specs, amount, reference, paid_at } => {
            let paid = receipt::Paid { amount: *amount, reference, at: *paid_at };
            receipt::render(settings, *order, *plan, *os, specs.as_ref(), &paid)
        }
        MailContent::Ready {
            order,
            instance,
            plan,
            os,
            address,
            port,
            username,
            password,
            certificate,
            reinstalled,
        } => {
            let desktop = ready::Desktop {
                order: *order,
                instance: *instance,
                plan: *plan,
                os: *os,
                address: *address,
                port: *port,
                username,
                password: password.as_ref(),
                certificate: certificate.as_ref(),
                reinstalled: *reinstalled,
            };
            ready::render(settings, &desktop)
        }
        MailContent::Delayed { order, plan, os, deadline } => {
            delayed::render(settings, *order, *plan, *os, *deadline)
        }
        MailContent::Rebuilding { order, plan, os, deadline } => {
            rebuilding::render(settings, *order, *plan, *os, *deadline)
        }
        MailContent::FailedAndRefunded { order, plan, os, failure, amount } => {
            failed_and_refunded::render(settings, *order, *plan, *os, *failure, *amount)
        }
        MailContent::NotDelivered { order, mt5_account_id, vps_name, place, failure } => {
            let vps =
                not_delivered::Vps { order: *order, mt5_account_id, vps_name: vps_name.as_deref(), place };
            not_delivered::render(settings, &vps, *failure)
        }
        MailContent::OperatorAlert { order, note } => operator_alert::render(settings, *order, note),
    }
}

/// The mail's name in its Message-ID.
pub(crate) const fn name(content: &MailContent) -> &'static str {
    match content {
        MailContent::Started { .. } => "started",
        MailContent::Receipt { .. } => "receipt",
        MailContent::Ready { reinstalled: false, .. } => "ready",
        MailContent::Ready { reinstalled: true, .. } => "reinstalled",
        MailContent::Delayed { .. } => "delayed",
        MailContent::Rebuilding { .. } => "rebuilding",
        MailContent::FailedAndRefunded { .. } => "refund",
        MailContent::NotDelivered { .. } => "not-delivered",
        MailContent::OperatorAlert { .. } => "alert",
    }
}

/// The order that the mail is about.
pub(crate) const fn order(content: &MailContent) -> Option<domain::ids::OrderId> {
    match content {
        MailContent::Started { order, .. }
        | MailContent::Receipt { order, .. }
        | MailContent::Ready { order, .. }
        | MailContent::Delayed { order, .. }
        | MailContent::Rebuilding { order, .. }
        | MailContent::FailedAndRefunded { order, .. }
        | MailContent::NotDelivered { order, .. } => Some(*order),
        MailContent::OperatorAlert { order, .. } => *order,
    }
}
