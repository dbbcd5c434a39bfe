//! Traffic, from CloudWatch's sums.
//!
//! EC2 reports what goes over all of an instance's interfaces, every five minutes; sums of such values by the day can
//! be had for 455 days. They come as floating-point numbers, whole bytes as far as those are exact (2^53).

use std::collections::BTreeMap;

use app::ports::{Traffic, VmError};
use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode,
};
use aws_smithy_types::DateTime;
use domain::Timestamp;
use jiff::tz::TimeZone;

use crate::client::Client;
use crate::failure;
use crate::place::Place;

const DAYS_MAX: u16 = 180;
const DAY_SECONDS: i32 = 86_400;
/// What is asked for is looked at up to the next whole minute: never nothing, also at midnight.
const MINUTE_SECONDS: i64 = 60;
/// Pages of one answer; all of it fits in one, unless CloudWatch has it only in part.
const PAGES_MAX: usize = 10;
/// A query's id, which its result carries, and the metric that it is about.
const INCOMING: (&str, &str) = ("incoming", "NetworkIn");
const OUTGOING: (&str, &str) = ("outgoing", "NetworkOut");

/// Days in seconds since 1970, UTC, with bytes in and out.
type ByDay = BTreeMap<i64, [u64; 2]>;

/// What is asked about, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    /// A UTC midnight.
    start: i64,
    end: i64,
}

impl Client {
    /// Traffic per UTC day over the last `days` (1 to 180), oldest first; days without any value are left out.
    pub(crate) async fn traffic_of(&self, place: &Place, days: u16) -> Result<Vec<Traffic>, VmError> {
        let span = Span::last(days, self.now()?);
        let (mut by_day, mut token) = (ByDay::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.page_of_metrics(place, span, token).await?;
            for result in page.metric_data_results() {
                span.add(result, &mut by_day)?;
            }
            token = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(by_day.into_iter().filter_map(traffic).collect());
            }
        }
        Err(VmError::Unclear { what: format!("more than {PAGES_MAX} pages of metrics"), source: None })
    }

    async fn page_of_metrics(
        &self,
        place: &Place,
        span: Span,
        token: Option<String>,
    ) -> Result<GetMetricDataOutput, VmError> {
        self.metrics(&place.region)
            .get_metric_data()
            .metric_data_queries(query(place, INCOMING))
            .metric_data_queries(query(place, OUTGOING))
            .start_time(DateTime::from_secs(span.start))
            .end_time(DateTime::from_secs(span.end))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| failure::of("GetMetricData", error))
    }
}

impl Span {
    /// From the midnight that so many days begin with.
    fn last(days: u16, now: Timestamp) -> Self {
        let now = now.as_second();
        let before = i64::from(days.clamp(1, DAYS_MAX) - 1) * i64::from(DAY_SECONDS);
        Self { start: day(now) - before, end: now - now.rem_euclid(MINUTE_SECONDS) + MINUTE_SECONDS }
    }

    /// Adds a result's values to their days. What was not asked for is left out.
    fn add(self, result: &MetricDataResult, by_day: &mut ByDay) -> Result<(), VmError> {
        match result.status_code() {
            Some(StatusCode::InternalError) => {
                let what = "GetMetricData: InternalError in place of values".to_owned();
                return Err(VmError::Unclear { what, source: None });
            }
            Some(StatusCode::Forbidden) => {
                return Err(VmError::Unauthorized("GetMetricData: Forbidden".to_owned()));
            }
            // Also of one that is still to be completed: the rest comes with the next page.
            _ => {}
        }
        let place = match result.id() {
            Some(id) if id == INCOMING.0 => 0,
            Some(id) if id == OUTGOING.0 => 1,
            _ => return Ok(()),
        };
        for (at, value) in result.timestamps().iter().zip(result.values()) {
            let at = at.secs();
            let Some(bytes) = whole(*value).filter(|_| (self.start..self.end).contains(&at)) else {
                continue;
            };
            let sum = &mut by_day.entry(day(at)).or_default()[place];
            *sum = sum.saturating_add(bytes);
        }
        Ok(())
    }
}

/// Daily sums of one metric of one instance.
fn query(place: &Place, (id, name): (&str, &str)) -> MetricDataQuery {
    let instance = Dimension::builder().name("InstanceId").value(&place.instance_id).build();
    let metric = Metric::builder().namespace("AWS/EC2").metric_name(name).dimensions(instance).build();
    let sums = MetricStat::builder().metric(metric).period(DAY_SECONDS).stat("Sum").build();
    MetricDataQuery::builder().id(id).metric_stat(sums).build()
}

/// The midnight before a moment.
fn day(at: i64) -> i64 {
    at - at.rem_euclid(i64::from(DAY_SECONDS))
}

/// Bytes; `None` for what is no number of them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` stops at the bounds")]
fn whole(value: f64) -> Option<u64> {
    (value >= 0.0).then(|| value.round() as u64)
}

fn traffic((day, [incoming_bytes, outgoing_bytes]): (i64, [u64; 2])) -> Option<Traffic> {
    let day = Timestamp::from_second(day).ok()?.to_zoned(TimeZone::UTC).date().to_string();
    Some(Traffic { day, incoming_bytes, outgoing_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-20T08:00:30Z";
    const TODAY: i64 = 1_795_132_800;

    fn span(days: u16, now: &str) -> Span {
        Span::last(days, now.parse().unwrap())
    }

    fn result(id: &str, values: &[(i64, f64)]) -> MetricDataResult {
        let (times, values): (Vec<i64>, Vec<f64>) = values.iter().copied().unzip();
        MetricDataResult::builder()
            .id(id)
            .set_timestamps(Some(times.into_iter().map(DateTime::from_secs).collect()))
            .set_values(Some(values))
            .build()
    }

    fn told(results: &[MetricDataResult]) -> Vec<Traffic> {
        let mut by_day = ByDay::new();
        for result in results {
            span(2, NOW).add(result, &mut by_day).unwrap();
        }
        by_day.into_iter().filter_map(traffic).collect()
    }

    #[test]
    fn the_days_asked_for_begin_at_midnight_and_end_with_this_minute() {
        let minute = TODAY + 8 * 3_600 + 60;
        assert_eq!(span(1, NOW), Span { start: TODAY, end: minute });
        assert_eq!(span(0, NOW), span(1, NOW));
        assert_eq!(span(180, NOW), Span { start: TODAY - 179 * 86_400, end: minute });
        assert_eq!(span(u16::MAX, NOW), span(180, NOW));
        assert_eq!(span(1, "2026-11-20T00:00:00Z"), Span { start: TODAY, end: TODAY + 60 });
    }

    #[test]
    fn sums_are_told_by_the_utc_day_and_what_was_not_asked_for_is_left_out() {
        let days = told(&[
            result("incoming", &[(TODAY, 12_000.0), (TODAY - 86_400, 7.5), (TODAY - 86_401, 1.0)]),
            result("outgoing", &[(TODAY, 40_000.0), (TODAY + 3_600, 8_000.0), (TODAY + 90_000, 1.0)]),
            result("sideways", &[(TODAY, 1.0)]),
        ]);
        let day = |day: &str, incoming_bytes, outgoing_bytes| Traffic {
            day: day.to_owned(),
            incoming_bytes,
            outgoing_bytes,
        };
        assert_eq!(days, [day("2026-11-19", 8, 0), day("2026-11-20", 12_000, 48_000)]);
        assert_eq!(told(&[result("incoming", &[])]), []);
    }

    #[test]
    fn what_is_no_number_of_bytes_is_no_value() {
        let values = [f64::NAN, -1.0, f64::NEG_INFINITY].map(|value| (TODAY, value));
        assert_eq!(told(&[result("incoming", &values)]), []);
        let endless = told(&[result("incoming", &[(TODAY, f64::INFINITY), (TODAY, 1.0)])]);
        assert_eq!(endless[0].incoming_bytes, u64::MAX);
    }

    #[test]
    fn a_result_that_says_that_it_failed_is_no_empty_one() {
        let failed = |code| MetricDataResult::builder().id("incoming").status_code(code).build();
        let add = |code| span(1, NOW).add(&failed(code), &mut ByDay::new());
        assert!(matches!(add(StatusCode::InternalError), Err(VmError::Unclear { .. })));
        assert!(matches!(add(StatusCode::Forbidden), Err(VmError::Unauthorized(_))));
        for code in [StatusCode::Complete, StatusCode::PartialData, StatusCode::from("Hovering")] {
            assert!(add(code).is_ok());
        }
    }
}
