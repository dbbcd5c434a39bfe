//! Traffic: EC2 is asked whether the machine is there, CloudWatch what it has sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use app::ports::{Traffic, VmHost};
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use domain::vm::VmId;
use vm_ec2::Client;

use crate::{REGION, outcome, settings};

const ID: &str = "us-east-1/i-0123456789abcdef0";
/// 2026-11-20, 00:00 and 08:00:30 UTC.
const TODAY: u64 = 1_795_132_800;
const NOW: u64 = TODAY + 28_830;

/// AWS, answering what it is told to, in order.
#[derive(Debug, Clone, Default)]
struct Scripted {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Asked>>>,
}

/// An address and a body.
type Asked = (String, Vec<u8>);

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl HttpClient for Scripted {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        self.seen.lock().expect("no panic elsewhere").push((request.uri().to_owned(), body));
        let answer = self.answers.lock().expect("no panic elsewhere").pop_front();
        HttpConnectorFuture::ready(match answer {
            None => Err(ConnectorError::io("nobody answers".into())),
            Some(answer) => {
                let status = answer.status.try_into().expect("a status");
                let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
                for (name, value) in answer.headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
        })
    }
}

impl Scripted {
    fn playing(answers: Vec<Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into())), ..Self::default() }
    }

    fn client(&self) -> Client {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let config = SdkConfig::builder()
            .http_client(self.clone())
            .time_source(StaticTimeSource::new(now))
            .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
            .build();
        Client::new(&config, settings("http://aws.test/", "AKIAEXAMPLE", "wJalrXUtnFEMI"))
    }

    fn seen(&self) -> Vec<Asked> {
        self.seen.lock().expect("no panic elsewhere").clone()
    }
}

fn id() -> VmId {
    VmId(ID.to_owned())
}

fn instance(state: &str) -> Answer {
    let body = format!(
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>\
         <instanceId>i-0123456789abcdef0</instanceId><instanceState><name>{state}</name></instanceState>\
         </item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
    );
    Answer { status: 200, headers: vec![("content-type", "text/xml".to_owned())], body: body.into_bytes() }
}

fn cbor(status: u16, body: Vec<u8>) -> Answer {
    let headers = vec![("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
    let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Answer { status, headers, body }
}

/// A refusal, as CloudWatch writes one: the code with its namespace, and the query protocol's in a header.
fn refusal(status: u16, code: &str) -> Answer {
    let name = format!("com.amazonaws.cloudwatch#{code}");
    let body = map(&[("__type", text(&name)), ("message", text("Because."))]);
    let mut answer = cbor(status, body);
    answer.headers.push(("x-amzn-query-error", format!("{code};Sender")));
    answer
}

/// A page of sums, each a query's id with seconds since 1970 and values.
fn page(results: &[(&str, &[(u64, f64)])], next: Option<&str>) -> Answer {
    let results = results.iter().map(|(id, values)| {
        let times = values.iter().map(|(at, _)| [vec![0xc1, 0x1b], at.to_be_bytes().to_vec()].concat());
        let values = values.iter().map(|(_, value)| [vec![0xfb], value.to_be_bytes().to_vec()].concat());
        map(&[
            ("Id", text(id)),
            ("Label", text("whatever it is")),
            ("StatusCode", text(if next.is_some() { "PartialData" } else { "Complete" })),
            ("Timestamps", list(times)),
            ("Values", list(values)),
        ])
    });
    let mut members = vec![("MetricDataResults", list(results))];
    members.extend(next.map(|next| ("NextToken", text(next))));
    cbor(200, map(&members))
}

fn text(text: &str) -> Vec<u8> {
    [vec![0x78, u8::try_from(text.len()).expect("a short text")], text.as_bytes().to_vec()].concat()
}

fn list(elements: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    [vec![0x9f], elements.flatten().collect(), vec![0xff]].concat()
}

fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members = members.iter().flat_map(|(key, value)| [text(key), value.clone()].concat());
    [vec![0xbf], members.collect(), vec![0xff]].concat()
}

/// How a time is written: tag 1 before a double.
fn time(seconds: u64) -> Vec<u8> {
    let seconds = f64::from(u32::try_from(seconds).expect("before 2106"));
    [vec![0xc1, 0xfb], seconds.to_be_bytes().to_vec()].concat()
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

fn day(day: &str, incoming_bytes: u64, outgoing_bytes: u64) -> Traffic {
    Traffic { day: day.to_owned(), incoming_bytes, outgoing_bytes }
}

#[tokio::test]
async fn traffic_is_what_cloudwatch_has_summed_by_the_day() {
    let newest_first = |today: f64| [(TODAY, today), (TODAY - 86_400, 7.0)];
    let aws = Scripted::playing(vec![
        instance("running"),
        page(&[("incoming", &newest_first(12_000.0)), ("outgoing", &newest_first(48_000.0))], None),
    ]);
    let told = aws.client().traffic(&id(), 3).await.expect("traffic");
    assert_eq!(told, [day("2026-11-19", 7, 7), day("2026-11-20", 12_000, 48_000)]);

    let seen = aws.seen();
    let (uri, asked) = &seen[1];
    assert_eq!(uri, "http://aws.test/service/GraniteServiceVersion20100801/operation/GetMetricData");
    for part in ["AWS/EC2", "NetworkIn", "NetworkOut", "InstanceId", "i-0123456789abcdef0", "Sum"] {
        assert!(contains(asked, part.as_bytes()), "{part}");
    }
    // Three UTC days with today, up to the end of this minute, a day at a time.
    assert!(contains(asked, &[b"StartTime".to_vec(), time(TODAY - 2 * 86_400)].concat()));
    assert!(contains(asked, &[b"EndTime".to_vec(), time(TODAY + 28_860)].concat()));
    assert!(contains(asked, &[b"Period".to_vec(), vec![0x1a], 86_400_u32.to_be_bytes().to_vec()].concat()));
}

#[tokio::test]
async fn what_comes_in_parts_is_put_together() {
    let aws = Scripted::playing(vec![
        instance("stopped"),
        page(&[("incoming", &[(TODAY, 1.0)])], Some("more")),
        page(&[("incoming", &[(TODAY - 86_400, 2.0)]), ("outgoing", &[(TODAY, 3.0)])], None),
    ]);
    let told = aws.client().traffic(&id(), 2).await.expect("traffic");
    assert_eq!(told, [day("2026-11-19", 2, 0), day("2026-11-20", 1, 3)]);
    assert!(contains(&aws.seen()[2].1, b"NextToken\x64more"));
    let endless = (0..20).map(|_| page(&[], Some("more")));
    let aws = Scripted::playing(std::iter::once(instance("running")).chain(endless).collect());
    assert_eq!(outcome(aws.client().traffic(&id(), 1).await), "unclear");
    assert_eq!(aws.seen().len(), 11);
}

#[tokio::test]
async fn a_machine_that_is_not_there_has_no_traffic_and_is_not_asked_about() {
    let nobody = Answer {
        status: 400,
        headers: Vec::new(),
        body: b"<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code></Error></Errors></Response>"
            .to_vec(),
    };
    for answer in [nobody, instance("terminated")] {
        let aws = Scripted::playing(vec![answer]);
        assert_eq!(outcome(aws.client().traffic(&id(), 7).await), "not found");
        assert_eq!(aws.seen().len(), 1);
    }
    let aws = Scripted::default();
    let elsewhere = VmId(format!("{REGION}/vm-1"));
    assert!(outcome(aws.client().traffic(&elsewhere, 7).await).starts_with("refused"));
    assert!(aws.seen().is_empty());
}

#[tokio::test]
async fn a_machine_without_values_has_sent_nothing_yet() {
    for body in [map(&[]), map(&[("MetricDataResults", list(std::iter::empty()))])] {
        let aws = Scripted::playing(vec![instance("running"), cbor(200, body)]);
        assert_eq!(aws.client().traffic(&id(), 7).await.expect("traffic"), []);
    }
}

#[tokio::test]
async fn what_cloudwatch_refuses_is_told_in_the_ports_words() {
    let html = || Answer {
        status: 200,
        headers: vec![("content-type", "text/html".to_owned())],
        body: b"<!DOCTYPE html>".to_vec(),
    };
    for (answer, expected) in [
        (refusal(403, "InvalidClientTokenId"), "unauthorized: InvalidClientTokenId: Because."),
        (refusal(403, "AccessDenied"), "unauthorized: AccessDenied: Because."),
        (refusal(400, "ValidationError"), "refused: ValidationError: Because."),
        (refusal(400, "NeverHeardOf"), "refused: NeverHeardOf: Because."),
        (html(), "unclear"),
        (cbor(200, b"{}".to_vec()), "unclear"),
        (cbor(200, Vec::new()), "unclear"),
        (cbor(403, b"<html>".to_vec()), "unclear"),
    ] {
        let aws = Scripted::playing(vec![instance("running"), answer]);
        assert_eq!(outcome(aws.client().traffic(&id(), 7).await), expected);
        assert_eq!(aws.seen().len(), 2);
    }
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    for answer in [|| refusal(400, "Throttling"), || refusal(500, "InternalFailure")] {
        let aws = Scripted::playing(vec![instance("running"), answer(), page(&[], None)]);
        assert_eq!(outcome(aws.client().traffic(&id(), 7).await), "done");
        let aws = Scripted::playing(vec![instance("running"), answer(), answer(), answer(), answer()]);
        let ended = outcome(aws.client().traffic(&id(), 7).await);
        assert!(["busy", "unclear"].contains(&ended.as_str()), "{ended}");
        assert_eq!(aws.seen().len(), 4);
    }
}
