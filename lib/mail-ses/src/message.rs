//! One mail as the bytes that SES takes.

use app::ports::MailContent;
use domain::Timestamp;
use domain::customer::Email;
use mail_builder::MessageBuilder;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;

use crate::mails;
use crate::settings::Settings;

/// A rendered mail. It may hold a password, so it has no `Debug` and is never logged.
pub struct Message {
    /// To whom.
    pub to: Email,
    /// One line, in UTF-8.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part, complete by itself.
    pub text: String,
    id: String,
    at: Timestamp,
}

/// Renders the mail for `content`. `to: None` means the operator. `now` becomes the Date header and part of the
/// Message-ID; nothing else is asked for, so the same arguments give the same message.
///
/// # Errors
/// Only when a value refuses to be formatted, which none of ours does.
pub fn compose(
    settings: &Settings,
    to: Option<&Email>,
    content: &MailContent,
    now: Timestamp,
) -> Result<Message, askama::Error> {
    let rendered = mails::render(settings, content)?;
    let about = mails::order(content).map(|order| format!(".{order}")).unwrap_or_default();
    let (_, domain) = settings.from.as_str().split_once('@').unwrap_or_default();
    Ok(Message {
        to: to.unwrap_or(&settings.operator).clone(),
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        id: format!("{}{about}.{}@{domain}", mails::name(content), now.as_millisecond()),
        at: now,
    })
}

impl Message {
    /// The MIME message: multipart/alternative with the text first, both parts UTF-8, every line within
    /// 998 bytes (RFC 5322, 2.1.1).
    ///
    /// # Errors
    /// None in practice: writing to memory does not fail.
    pub fn mime(&self, settings: &Settings) -> std::io::Result<Vec<u8>> {
        let boundary = self.boundary();
        let alternatives = ContentType::new("multipart/alternative").attribute("boundary", boundary.as_str());
        MessageBuilder::new()
            .from((settings.brand.as_str(), settings.from.as_str()))
            .to(self.to.as_str())
            .reply_to(settings.operator.as_str())
            .subject(self.subject.as_str())
            .date(Date::new(self.at.as_second()))
            .message_id(self.id.as_str())
            // Keeps out-of-office robots from answering (RFC 3834).
            .header("Auto-Submitted", Text::new("auto-generated"))
            .body(MimePart::new(
                alternatives,
                vec![
                    MimePart::new("text/plain", self.text.as_str()),
                    MimePart::new("text/html", self.html.as_str()),
                ],
            ))
            .write_to_vec()
    }

    /// A separator that stands in neither part. The library's own would come from the clock.
    fn boundary(&self) -> String {
        let mut boundary = "=_alternatives".to_owned();
        while self.text.contains(&boundary) || self.html.contains(&boundary) {
            boundary.push('_');
        }
        boundary
    }
}
