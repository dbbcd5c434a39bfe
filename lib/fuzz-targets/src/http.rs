//! What is read of any HTTP answer, whoever sent it.

use http_call::{bounded, cents, lenient};
use serde::Deserialize;

use crate::scripted::{self, Answer};

const BODY_MAX: usize = 4096;

/// Three header values (`Retry-After`, `Date`, `Content-Type`), each ended by a line feed, and a body.
pub(crate) fn answer(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut headers = Vec::new();
    for name in ["retry-after", "date", "content-type"] {
        let value = parts.next().unwrap_or_default();
        headers.extend(format!("{name}: ").into_bytes());
        // Anything else is refused before any code of ours sees it.
        headers.extend(value.iter().filter(|byte| **byte >= b' ' && **byte != 127));
        headers.extend(b"\r\n");
    }
    let body = parts.next().unwrap_or_default().to_vec();
    let sent = Answer { status: 429, headers, body: body.clone() };
    let answer = scripted::play(vec![sent], false, |http, url| http_call::send(http.get(url), BODY_MAX));
    let Ok(answer) = answer else {
        assert!(body.len() > BODY_MAX, "an answer that was not read");
        return;
    };
    assert!(body.len() <= BODY_MAX && answer.body == body);
    assert!(answer.retry_after.is_none_or(|seconds| seconds <= 3600));
    assert!(!answer.media_type.contains(|c: char| c.is_ascii_uppercase()));
    crate::assert_tame(&answer.outline());
    let _ = answer.date();
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default, deserialize_with = "cents::dollars")]
    dollars: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    integer: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    word: String,
    #[serde(default, deserialize_with = "lenient::words")]
    words: Vec<String>,
}

/// One value, read leniently as each kind of field: whatever JSON it is, the whole object is read.
pub(crate) fn fields(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let short = bounded(text, 20);
    assert!(short.chars().count() <= 21 && !short.contains(char::is_control));
    // In a list too: it stands one level deeper below, and serde_json ends at 128.
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    if !is_json(text) || !is_json(&format!("[{text}]")) {
        return;
    }
    let object =
        format!(r#"{{"dollars":{text},"integer":{text},"text":{text},"word":{text},"words":{text}}}"#);
    let fields: Fields = serde_json::from_str(&object).expect("a field that cannot be read is absent");
    assert!(fields.text.as_deref() != Some("") && fields.text.unwrap_or_default() == fields.word);
    if let (Some(number), Some(cents)) = (fields.integer, fields.dollars) {
        assert_eq!(number.checked_mul(100), Some(cents), "{text}");
    }
    assert!(fields.words.len() <= text.len());
}
