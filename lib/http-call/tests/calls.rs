//! Calls against a scripted peer.

#![allow(clippy::expect_used, reason = "a test fails loudly")]

use std::time::{Duration, Instant};

use http_call::peer::{Peer, Reply, client};
use http_call::{Answer, NoAnswer, Patience, read, send};

const SHORT: Patience = Patience { per_try: Duration::from_millis(400), whole: Duration::from_secs(4) };

async fn read_from(peer: &Peer, patience: Patience) -> Result<Answer, NoAnswer> {
    let http = client();
    read(patience, 1000, || http.get(peer.url())).await
}

#[tokio::test]
async fn a_read_is_repeated_after_500_429_and_a_broken_connection() {
    let trouble =
        || [Reply::empty(500), Reply::HangUp, Reply::CutShort(200), Reply::empty(429), Reply::Silence];
    for first in trouble() {
        let peer = Peer::start(vec![first, Reply::json(200, "{}")]).await;
        let answer = read_from(&peer, SHORT).await.expect("an answer");
        assert_eq!((answer.status, peer.seen().len()), (200, 2));
    }
}

#[tokio::test]
async fn a_read_is_asked_three_times_and_no_more() {
    let peer = Peer::start((0..9).map(|_| Reply::empty(503)).collect()).await;
    let answer = read_from(&peer, SHORT).await.expect("an answer");
    assert_eq!((answer.status, peer.seen().len()), (503, 3));
}

#[tokio::test]
async fn a_clear_answer_stands_at_once() {
    for status in [200, 400, 401, 404] {
        let peer = Peer::start(vec![Reply::json(status, "{}")]).await;
        let answer = read_from(&peer, SHORT).await.expect("an answer");
        assert_eq!((answer.status, peer.seen().len()), (status, 1));
    }
}

#[tokio::test]
async fn retry_after_is_obeyed_within_the_limit_and_handed_on_beyond_it() {
    for status in [429, 503] {
        let soon = Reply::empty(status).with("retry-after", "1");
        let peer = Peer::start(vec![soon, Reply::json(200, "{}")]).await;
        let begun = Instant::now();
        assert_eq!(read_from(&peer, SHORT).await.expect("an answer").status, 200);
        assert!(begun.elapsed() >= Duration::from_secs(1));

        let peer = Peer::start(vec![Reply::empty(status).with("retry-after", "60")]).await;
        let answer = read_from(&peer, SHORT).await.expect("an answer");
        assert_eq!((answer.status, answer.retry_after, peer.seen().len()), (status, Some(60), 1));
    }
}

#[tokio::test]
async fn a_retry_after_that_is_a_time_is_counted_from_the_answers_own_date() {
    let now = "Fri, 20 Nov 2026 08:07:18 GMT";
    for (date, retry_after, seconds) in [
        (now, "Fri, 20 Nov 2026 08:09:18 GMT", Some(120)),
        (now, "Fri, 20 Nov 2026 08:07:18 GMT", Some(1)),
        (now, "Thu, 19 Nov 2026 08:07:18 GMT", Some(1)),
        (now, "Sat, 21 Nov 2026 08:07:18 GMT", Some(3600)),
        ("today", "Fri, 20 Nov 2026 08:09:18 GMT", None),
        (now, "tomorrow", None),
        ("today", "7", Some(7)),
    ] {
        let reply = Reply::empty(429).with("date", date).with("retry-after", retry_after);
        let peer = Peer::start(vec![reply]).await;
        let answer = send(client().get(peer.url()), 10).await.expect("an answer");
        assert_eq!(answer.retry_after, seconds, "{date} {retry_after}");
    }
}

#[tokio::test]
async fn all_tries_together_keep_the_limit() {
    let peer = Peer::start((0..3).map(|_| Reply::Silence).collect()).await;
    let patience = Patience { per_try: Duration::from_secs(5), whole: Duration::from_millis(600) };
    let begun = Instant::now();
    let error = read_from(&peer, patience).await.err().expect("no answer");
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(error.to_string(), "the time is up");
}

#[tokio::test]
async fn no_connection_is_told_from_a_broken_one() {
    let gone = Peer::start(Vec::new()).await;
    let url = gone.url().to_owned();
    drop(gone);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = send(client().post(url), 1000).await.err().expect("no answer");
    assert!(matches!(error, NoAnswer::NoConnection(_)) && error.nothing_happened());

    for reply in [Reply::HangUp, Reply::CutShort(202)] {
        let peer = Peer::start(vec![reply]).await;
        let error = send(client().post(peer.url()), 1000).await.err().expect("no answer");
        assert!(matches!(error, NoAnswer::Broken(_)) && !error.nothing_happened());
    }
    let error = send(client().post("no url"), 1000).await.err().expect("no answer");
    assert!(matches!(error, NoAnswer::NoRequest(_)));
}

#[tokio::test]
async fn a_call_that_may_act_is_sent_once() {
    for status in [429, 500, 503] {
        let peer = Peer::start(vec![Reply::empty(status), Reply::empty(200)]).await;
        let answer = send(client().post(peer.url()), 1000).await.expect("an answer");
        assert_eq!((answer.status, peer.seen().len()), (status, 1));
    }
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound() {
    let peer =
        Peer::start(vec![Reply::json(200, "x".repeat(1000)), Reply::json(200, "x".repeat(1001))]).await;
    assert_eq!(send(client().get(peer.url()), 1000).await.expect("an answer").body.len(), 1000);
    let error = send(client().get(peer.url()), 1000).await.err().expect("too long");
    assert_eq!(error.to_string(), "HTTP 200 with more than 1000 bytes");
}

#[tokio::test]
async fn an_outline_names_the_answer_without_its_body() {
    let peer = Peer::start(vec![Reply::html(502)]).await;
    let answer = send(client().get(peer.url()), 1000).await.expect("an answer");
    assert_eq!(answer.outline(), format!("HTTP 502, text/html, {} bytes", answer.body.len()));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let peer = Peer::start(vec![Reply::empty(307).with("location", "/elsewhere")]).await;
    let answer = send(client().post(peer.url()), 1000).await.expect("an answer");
    assert_eq!((answer.status, peer.seen().len()), (307, 1));
}

#[tokio::test]
async fn headers_and_the_peers_clock_can_be_read() {
    let reply = Reply::empty(204).with("date", "Fri, 20 Nov 2026 08:07:18 GMT").with("x-note", "quiet");
    let peer = Peer::start(vec![reply, Reply::empty(204).with("date", "soon")]).await;
    let answer = send(client().get(peer.url()), 10).await.expect("an answer");
    assert_eq!(answer.header("x-note"), Some("quiet"));
    assert_eq!(answer.date().map(|at| at.to_string()).as_deref(), Some("2026-11-20T08:07:18Z"));
    let answer = send(client().get(peer.url()), 10).await.expect("an answer");
    assert_eq!((answer.header("x-note"), answer.date()), (None, None));
}

#[tokio::test]
async fn an_answer_that_stands_is_not_asked_for_again() {
    let peer = Peer::start(vec![Reply::empty(503).with("x-closed", "1"), Reply::empty(200)]).await;
    let patience = Patience { per_try: Duration::from_secs(1), whole: Duration::from_secs(3) };
    let request = || client().get(peer.url());
    let closed = |answer: &http_call::Answer| answer.header("x-closed").is_some();
    let answer = http_call::read_unless(patience, 10, request, closed).await.expect("an answer");
    assert_eq!((answer.status, peer.seen().len()), (503, 1));
}

#[tokio::test]
async fn a_time_in_a_header_is_counted_from_the_answers_own_date() {
    let date = "Fri, 20 Nov 2026 08:07:18 GMT";
    for (date, at, seconds) in [
        (date, "1795162043", Some(5)),
        (date, "1795162000", Some(1)),
        (date, "1795999999", Some(3600)),
        (date, "-9223372036854775808", None),
        (date, "soon", None),
        ("today", "1795162043", None),
    ] {
        let limited = Reply::empty(200).with("date", date).with("x-reset", at);
        let peer = Peer::start(vec![limited]).await;
        let answer = read_from(&peer, SHORT).await.expect("an answer");
        assert_eq!(
            (answer.seconds_until("x-reset"), answer.seconds_until("x-other")),
            (seconds, None),
            "{at}"
        );
    }
}
