//! `POST /v1/compute/instances/{id}/cancel`: the end of a contract, at the end of a paid period.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use super::machine::{link, number};
use super::{CUSTOMER, Contabo, TENANT, audits, bad_request, error, object, one, request_id};
use crate::machines::on_machine;
use crate::world::Shared;

/// How long before the end of a period notice has to be given. Five hours have been too late; more is not known.
const NOTICE_HOURS: i64 = 24;
/// Periods that are looked through: a century of months.
const PERIODS_MAX: i64 = 1_200;

/// Answers 201 with the last day. The machine runs until then.
pub(super) async fn cancel(
    State(world): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(text) = object(&body, &["cancelDate"]) {
        return bad_request(&text);
    }
    on_machine::<Contabo>(&world, "contabo.cancel", &id, |machine| {
        if machine.own.cancel_date.is_some() {
            return error(StatusCode::CONFLICT, "The instance is already cancelled");
        }
        let Some(day) = last_day(machine.created_at_ms, machine.own.period, world.clock.now_ms()) else {
            return bad_request("The contract has no end");
        };
        machine.own.cancel_date = Some(day);
        audits::note(&world, machine, audits::UPDATED, request_id(&headers).unwrap_or_default());
        let cancelled = json!({
            "tenantId": TENANT,
            "customerId": CUSTOMER,
            "instanceId": number(machine),
            "cancelDate": day,
        });
        one(StatusCode::CREATED, cancelled, &link(machine))
    })
    .await
}

/// The last day of the first period whose end is far enough away. A period begins on the day of the month on which
/// the machine was made, and lasts to the day before.
fn last_day(created_at_ms: i64, period_months: i8, now_ms: i64) -> Option<Date> {
    let utc = |ms: i64| Some(Timestamp::from_millisecond(ms).ok()?.to_zoned(TimeZone::UTC).datetime());
    let (created, now) = (utc(created_at_ms)?, utc(now_ms)?);
    let in_time = now.checked_add(NOTICE_HOURS.hours()).ok()?;
    let end = (1..=PERIODS_MAX)
        .filter_map(|n| created.checked_add((n * i64::from(period_months)).months()).ok())
        .find(|end| *end > in_time)?;
    end.date().checked_sub(1.day()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a time").as_millisecond()
    }

    #[test]
    fn notice_counts_for_the_running_period_only_when_it_is_early() {
        for (created, period, now, day) in [
            ("2026-04-10T12:00:00Z", 1, "2026-04-10T12:01:00Z", "2026-05-09"),
            // As reported: five hours before the end it is a month later.
            ("2026-04-10T12:00:00Z", 1, "2026-05-10T07:00:00Z", "2026-06-09"),
            ("2026-04-10T12:00:00Z", 1, "2026-08-01T00:00:00Z", "2026-08-09"),
            ("2026-01-31T12:00:00Z", 1, "2026-02-01T00:00:00Z", "2026-02-27"),
            ("2026-04-10T12:00:00Z", 6, "2026-04-11T00:00:00Z", "2026-10-09"),
        ] {
            let is = last_day(ms(created), period, ms(now)).map(|day| day.to_string());
            assert_eq!(is.as_deref(), Some(day), "{created} {now}");
        }
    }
}
