//! Amazon CloudWatch, as far as EC2's metrics are concerned: `GetMetricData` in Smithy's RPC v2 CBOR, at EC2's address.
//!
//! `NetworkIn` and `NetworkOut` in `AWS/EC2` by `InstanceId`, in the region of the signature, statistic `Sum`: constant
//! rates from the creation on, in real time, in one page. Nothing, and no error, for an instance that is not there;
//! unlike the real one's, the values of one that was terminated are gone with it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::cbor::Cbor;
use super::query::Scope;
use crate::operation::{Call, Service};
use crate::random;
use crate::server::Caller;
use crate::world::{Shared, World, locked};

/// CloudWatch's name in paths.
const PATH: &str = "/ec2/service/GraniteServiceVersion20100801/operation/{operation}";
/// Its name in signatures.
const SIGNING_NAME: &str = "monitoring";
/// Traffic of a simulated desktop, in bytes a second.
const INCOMING_RATE: i64 = 12_000;
const OUTGOING_RATE: i64 = 48_000;
const QUERIES_MAX: usize = 500;
const DATAPOINTS_MAX: i64 = 100_800;

/// CloudWatch has limits of its own, so high that none is played.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new()
        .route(PATH, post(operation))
        .route_layer(middleware::from_fn_with_state(Shared::clone(world), gate))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    super::let_in(&world, (Service::CloudWatch, SIGNING_NAME), caller, request, next).await
}

async fn operation(
    State(world): State<Shared>,
    Path(operation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is = |name, value: &str| headers.get(name).is_some_and(|found: &HeaderValue| found == value);
    if operation != "GetMetricData" {
        let text = format!("The operation {operation} is not played.");
        return Service::CloudWatch.coded_error(StatusCode::NOT_FOUND, "UnknownOperationException", &text);
    }
    if !is("smithy-protocol", "rpc-v2-cbor") || !is("content-type", "application/cbor") {
        return invalid("The request is not in RPC v2 CBOR.");
    }
    let Some(input) = Cbor::read(&body) else { return invalid("The body is not readable.") };
    let region = Scope::of(&headers, SIGNING_NAME).map(|scope| scope.region).unwrap_or_default();
    get_metric_data(&world, &region, &input).await
}

async fn get_metric_data(world: &World, region: &str, input: &Cbor) -> Response {
    let queries = input.get("MetricDataQueries").map(Cbor::elements).unwrap_or_default();
    let subject = queries.iter().find_map(instance).unwrap_or_default();
    let call = Call { service: Service::CloudWatch, target: "ec2.traffic", subject };
    call.run(world, async {
        match results(world, region, input, queries) {
            Ok(results) => {
                let output =
                    [("Messages", Cbor::List(Vec::new())), ("MetricDataResults", Cbor::List(results))];
                answer(StatusCode::OK, &Cbor::map(output))
            }
            Err(text) => invalid(text),
        }
    })
    .await
}

/// The instance that a query is about.
fn instance(query: &Cbor) -> Option<&str> {
    let dimensions = query.get("MetricStat")?.get("Metric")?.get("Dimensions")?.elements();
    let is_id = |one: &&Cbor| one.get("Name").and_then(Cbor::as_text) == Some("InstanceId");
    dimensions.iter().find(is_id)?.get("Value")?.as_text()
}

fn results(world: &World, region: &str, input: &Cbor, queries: &[Cbor]) -> Result<Vec<Cbor>, &'static str> {
    let (Some(Cbor::Time(start)), Some(Cbor::Time(end))) = (input.get("StartTime"), input.get("EndTime"))
    else {
        return Err("The parameters StartTime and EndTime are required.");
    };
    let (start, end) = (*start as i64, *end as i64);
    if start >= end {
        return Err("The parameter StartTime must be less than the parameter EndTime.");
    }
    if queries.is_empty() || queries.len() > QUERIES_MAX {
        return Err("The parameter MetricDataQueries must have 1 to 500 members.");
    }
    let ascending = input.get("ScanBy").and_then(Cbor::as_text) == Some("TimestampAscending");
    let one = |query: &Cbor| {
        let (id, stat) = (query.get("Id").and_then(Cbor::as_text), query.get("MetricStat"));
        let (Some(id), Some(stat)) = (id, stat) else {
            return Err("A member of MetricDataQueries needs Id, and MetricStat or Expression.");
        };
        let metric = stat.get("Metric").ok_or("The parameter Metric is required.")?;
        let text = |name| metric.get(name).and_then(Cbor::as_text).unwrap_or_default();
        let period = stat.get("Period").and_then(Cbor::as_integer).unwrap_or_default();
        if period < 60 || period % 60 != 0 || (end - start) / period >= DATAPOINTS_MAX {
            return Err("The parameter Period must be a multiple of 60, and not too small.");
        }
        let rate = match (text("Namespace"), text("MetricName"), stat.get("Stat").and_then(Cbor::as_text)) {
            ("AWS/EC2", "NetworkIn", Some("Sum")) => INCOMING_RATE,
            ("AWS/EC2", "NetworkOut", Some("Sum")) => OUTGOING_RATE,
            // Of a metric that nobody reports there are no values.
            _ => 0,
        };
        let mut sums = created_at(world, region, query)
            .map(|created| sums(start..end, period, created..now(world), rate))
            .unwrap_or_default();
        if !ascending {
            sums.reverse();
        }
        let (times, values) =
            sums.into_iter().map(|(at, sum)| (Cbor::Time(at as f64), Cbor::Float(sum as f64))).unzip();
        Ok(Cbor::map([
            ("Id", Cbor::text(id)),
            ("Label", Cbor::text(text("MetricName"))),
            ("StatusCode", Cbor::text("Complete")),
            ("Timestamps", Cbor::List(times)),
            ("Values", Cbor::List(values)),
        ]))
    };
    queries.iter().map(one).collect()
}

/// In seconds since 1970; `None` when the instance is not there, or in another region.
fn created_at(world: &World, region: &str, query: &Cbor) -> Option<i64> {
    let inventory = locked(&world.ec2.inventory);
    let machine = inventory.find(instance(query)?).filter(|machine| machine.region == region)?;
    Some(machine.created_at_ms / 1_000)
}

fn now(world: &World) -> i64 {
    world.clock.now_ms() / 1_000
}

/// The beginnings of periods, oldest first, with what was sent in each at a constant rate; none where nothing was.
fn sums(asked: std::ops::Range<i64>, period: i64, up: std::ops::Range<i64>, rate: i64) -> Vec<(i64, i64)> {
    let mut sums = Vec::new();
    let mut begins = asked.start;
    while begins < asked.end {
        let seconds = (begins + period).min(asked.end).min(up.end) - begins.max(up.start);
        if seconds > 0 && rate > 0 {
            sums.push((begins, seconds.saturating_mul(rate)));
        }
        begins += period;
    }
    sums
}

fn invalid(text: &str) -> Response {
    Service::CloudWatch.coded_error(StatusCode::BAD_REQUEST, "ValidationError", text)
}

/// An answer in RPC v2 CBOR.
fn answer(status: StatusCode, body: &Cbor) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/cbor")),
        (header::HeaderName::from_static("smithy-protocol"), HeaderValue::from_static("rpc-v2-cbor")),
    ];
    let mut answer = (status, headers, body.write()).into_response();
    if let Ok(id) = HeaderValue::from_str(&random::uuid()) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
    answer
}

/// `{"__type": …, "message": …}`, with the code that the query protocol has for it in a header.
pub(crate) fn error(status: StatusCode, code: &str, text: &str) -> Response {
    let name = format!("com.amazonaws.cloudwatch#{code}");
    let body = Cbor::map([("__type", Cbor::text(&name)), ("message", Cbor::text(text))]);
    let mut answer = answer(status, &body);
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    if let Ok(value) = HeaderValue::from_str(&format!("{code};{fault}")) {
        answer.headers_mut().insert("x-amzn-query-error", value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_what_was_sent_while_the_machine_was_there() {
        // Three days asked for; there from the middle of the second until a quarter of the third.
        let day = 86_400;
        let told = sums(0..3 * day, day, day + day / 2..2 * day + day / 4, 10);
        assert_eq!(told, [(day, 432_000), (2 * day, 216_000)]);
        assert_eq!(sums(0..day, day, day..2 * day, 10), []);
        assert_eq!(sums(0..day, day, 0..day, 0), []);
    }
}
