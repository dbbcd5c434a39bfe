//! Every mail that goes out: typed data in, one subject, one HTML and one text part, one MIME message for
//! `ses:SendRawEmail`.
//!
//! ```text
//! MailContent ─► mails::* (words, links) ─► templates/*.html + *.txt ─► message::Message ─► Mailer ─► SES
//! ```
//! Everything up to [`Message`] is pure: the time is an argument and the same input gives the same bytes.
//! Why the templates are what they are: docs/adr/0011-mail-templates.md.

mod frame;
mod mailer;
mod mails;
mod message;
mod settings;
mod words;

pub use mailer::Mailer;
pub use message::{Message, compose};
pub use settings::Settings;
