//! The message as a mail program takes it apart.

use mail_parser::{MessageParser, MimeHeaders};
use mail_ses::compose;

use crate::samples;

#[test]
fn every_mail_has_a_text_and_an_html_part_that_come_back_unchanged() {
    let settings = samples::settings(samples::SITE);
    for (name, content) in samples::all() {
        let message = compose(&settings, Some(&samples::customer()), &content, samples::now()).unwrap();
        let mime = message.mime(&settings).unwrap();
        let parsed = MessageParser::default().parse(&mime).unwrap();

        let root = parsed.root_part().content_type().unwrap();
        assert_eq!((root.ctype(), root.subtype()), ("multipart", Some("alternative")), "{name}");
        assert_eq!((parsed.text_body_count(), parsed.html_body_count()), (1, 1), "{name}");
        assert_eq!(parsed.attachment_count(), 0, "{name}");
        for part in &parsed.parts[1..] {
            assert_eq!(part.content_type().and_then(|t| t.attribute("charset")), Some("utf-8"), "{name}");
        }
        let unfolded = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
        assert_eq!(unfolded(&parsed.body_text(0).unwrap()), message.text.trim_end(), "{name}");
        assert_eq!(unfolded(&parsed.body_html(0).unwrap()), message.html.trim_end(), "{name}");
        assert_eq!(parsed.subject(), Some(message.subject.as_str()), "{name}");
    }
}

#[test]
fn the_headers_name_sender_receiver_answerer_time_and_id() {
    let settings = samples::settings(None);
    let content = samples::started(domain::catalogue::Os::Windows);
    let message = compose(&settings, Some(&samples::customer()), &content, samples::now()).unwrap();
    let mime = message.mime(&settings).unwrap();
    let parsed = MessageParser::default().parse(&mime).unwrap();
    let first = |address: Option<&mail_parser::Address<'_>>| {
        let address = address.and_then(|a| a.first()).unwrap();
        (address.name().map(str::to_owned), address.address().unwrap().to_owned())
    };
    assert_eq!(first(parsed.from()), (Some("NemoRDP".to_owned()), "desk@nemordp.example".to_owned()));
    assert_eq!(first(parsed.to()), (None, "ada@example.com".to_owned()));
    assert_eq!(first(parsed.reply_to()), (None, "operator@nemordp.example".to_owned()));
    assert_eq!(parsed.date().unwrap().to_rfc3339(), "2026-11-20T14:02:11Z");
    let id = format!("started.{}.{}@nemordp.example", samples::order(), samples::now().as_millisecond());
    assert_eq!(parsed.message_id(), Some(id.as_str()));
    let automatic = parsed.header_raw("Auto-Submitted").map(str::trim);
    assert_eq!(automatic, Some("auto-generated"));
}

#[test]
fn a_mail_to_nobody_goes_to_the_operator() {
    let settings = samples::settings(None);
    let message = compose(&settings, None, &samples::alert(None), samples::now()).unwrap();
    assert_eq!(message.to, settings.operator);
}

#[test]
fn no_line_is_longer_than_mail_allows_and_all_bytes_are_ascii() {
    let settings = samples::settings(samples::SITE);
    for (name, content) in samples::all() {
        let message = compose(&settings, None, &content, samples::now()).unwrap();
        let mime = String::from_utf8(message.mime(&settings).unwrap()).unwrap();
        assert!(mime.is_ascii(), "{name}");
        assert!(!mime.replace("\r\n", "").contains(['\r', '\n']), "{name}: a bare CR or LF");
        let longest = mime.split("\r\n").map(str::len).max().unwrap();
        assert!(longest <= 998, "{name}: a line of {longest} bytes");
        assert!(mime.len() < 60_000, "{name}: {} bytes; some mail programs cut at 100 KB", mime.len());
    }
}

#[test]
fn the_same_mail_at_the_same_time_is_the_same_bytes() {
    let settings = samples::settings(samples::SITE);
    let bytes = || {
        let content = samples::ready(domain::catalogue::Os::Linux);
        compose(&settings, None, &content, samples::now()).unwrap().mime(&settings).unwrap()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn nothing_is_fetched_from_elsewhere_and_no_warning_is_talked_away() {
    for site in [samples::SITE, None] {
        let settings = samples::settings(site);
        for (name, content) in samples::all() {
            let message = compose(&settings, None, &content, samples::now()).unwrap();
            for fetched in ["<img", "<link", "<script", "url(", "@import", "src="] {
                assert!(!message.html.contains(fetched), "{name}: {fetched}");
            }
            let foreign = message.html.matches("http").count()
                - message.html.matches("https://nemordp.example/").count();
            assert_eq!(foreign, 0, "{name}: links elsewhere");
            for text in [&message.html, &message.text] {
                assert!(!text.contains("//instances") && !text.contains("//orders"), "{name}");
                let lower = text.to_lowercase();
                for advice in
                    ["ignore the warning", "turn off the warning", "don't ask me again", "cert:ignore"]
                {
                    assert!(!lower.contains(advice), "{name}: {advice}");
                }
            }
        }
    }
}
