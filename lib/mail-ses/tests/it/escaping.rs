//! Values from outside stay values.

use app::ports::MailContent;
use domain::catalogue::Os;
use domain::secret::Secret;
use mail_parser::MessageParser;
use mail_ses::{Message, compose};

use crate::samples;

const HOSTILE: &str = "<script>alert(1)</script>\r\nBcc: thief@example.net\r\n\r\n<a href=\"x\">'&amp;";

fn composed(content: &MailContent) -> Message {
    compose(&samples::settings(samples::SITE), Some(&samples::customer()), content, samples::now()).unwrap()
}

#[test]
fn a_hostile_user_name_shows_as_text() {
    let mut content = samples::ready(Os::Windows);
    if let MailContent::Ready { username, .. } = &mut content {
        HOSTILE.clone_into(username);
    }
    let message = composed(&content);
    assert!(!message.html.contains("<script"));
    assert!(message.html.contains("&#60;script&#62;alert(1)&#60;/script&#62; Bcc: thief@"));
    assert!(message.text.contains("User name:  <script>alert(1)</script> Bcc: thief@example.net"));
}

#[test]
fn a_hostile_note_shows_as_text_and_adds_no_header() {
    let content = MailContent::OperatorAlert { order: None, note: HOSTILE.repeat(100) };
    let message = composed(&content);
    assert!(!message.html.contains("<script"));
    let mime = message.mime(&samples::settings(None)).unwrap();
    let parsed = MessageParser::default().parse(&mime).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(parsed.headers().len(), 9, "{:?}", parsed.headers());
    let subject = parsed.subject().unwrap();
    assert!(subject.starts_with("Needs a person: <script>") && subject.chars().count() < 120, "{subject}");
    assert!(message.text.len() < 4000, "a note is cut");
}

#[test]
fn a_hostile_brand_and_reference_add_no_header() {
    let mut settings = samples::settings(samples::SITE);
    settings.brand = format!("Shop\r\nBcc: thief@example.net\r\n<b>{}", "x".repeat(200));
    let mut content = samples::receipt(Os::Windows);
    if let MailContent::Receipt { reference, .. } = &mut content {
        HOSTILE.clone_into(reference);
    }
    let message = compose(&settings, None, &content, samples::now()).unwrap();
    assert!(!message.html.contains("<script") && !message.html.contains("<b>xxx"));
    let mime = message.mime(&settings).unwrap();
    let parsed = MessageParser::default().parse(&mime).unwrap();
    assert!(parsed.bcc().is_none());
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.address(), Some("desk@nemordp.example"));
}

#[test]
fn a_password_of_markup_arrives_letter_by_letter() {
    for secret in [samples::PASSWORD, "</td><td>&lt;", "=_alternatives--=_alternatives", "a=\u{20ac}\u{e9}"] {
        let mut content = samples::ready(Os::Linux);
        if let MailContent::Ready { password, .. } = &mut content {
            *password = Some(Secret::new(secret.to_owned()));
        }
        let message = composed(&content);
        let mime = message.mime(&samples::settings(None)).unwrap();
        let parsed = MessageParser::default().parse(&mime).unwrap();
        let text = parsed.body_text(0).unwrap();
        assert!(text.lines().any(|line| line == format!("  Password:   {secret}")), "{text}");
        let shown = mail_parser::decoders::html::html_to_text(&parsed.body_html(0).unwrap());
        assert!(shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_password_is_in_neither_subject_nor_preview() {
    let message = composed(&samples::ready(Os::Windows));
    assert!(!message.subject.contains(samples::PASSWORD));
    assert_eq!(message.html.matches("q7&#38;T").count(), 1);
    assert_eq!(message.text.matches(samples::PASSWORD).count(), 1);
}
