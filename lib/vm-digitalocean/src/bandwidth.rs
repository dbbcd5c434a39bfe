//! Traffic, from the monitoring agent's rates.
//!
//! A rate in Mbit/s comes every step of time, as a decimal string. It is summed in whole numbers: bytes are what a
//! customer may be asked to pay for.

use std::collections::BTreeMap;

use app::ports::{Traffic, VmError};
use domain::Timestamp;
use http_call::lenient;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;

/// The portal shows two weeks and no more; a longer time is not asked for.
const DAYS_MAX: u16 = 14;
const DAY_SECONDS: i64 = 86_400;
/// Seconds between two values in the documentation's example; for a series of one value.
const STEP_USUAL: i64 = 120;
/// Digits after the point that count: 10^-12 Mbit/s.
const FRACTION_DIGITS: usize = 12;
/// 10^-12 Mbit/s times a second, per byte.
const UNITS_PER_BYTE: u128 = 8_000_000;

#[derive(Deserialize)]
struct Matrix {
    /// `success` or `error`.
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    /// Pairs of Unix seconds and a rate.
    #[serde(default)]
    values: Vec<Value>,
}

impl Client {
    /// Traffic per UTC day over the last `days` (at most 14), oldest first; days without any value are left out.
    ///
    /// `now`: by the provider's clock.
    pub(crate) async fn traffic_until(
        &self,
        id: &str,
        now: Timestamp,
        days: u16,
    ) -> Result<Vec<Traffic>, VmError> {
        let end = now.as_second();
        let midnight = end - end.rem_euclid(DAY_SECONDS);
        let start = midnight - i64::from(days.clamp(1, DAYS_MAX) - 1) * DAY_SECONDS;
        let mut by_day = BTreeMap::<Date, [u64; 2]>::new();
        for (place, direction) in ["inbound", "outbound"].into_iter().enumerate() {
            let (start, end) = (start.to_string(), end.to_string());
            let query = [
                ("host_id", id),
                ("interface", "public"),
                ("direction", direction),
                ("start", &start),
                ("end", &end),
            ];
            let path = ["monitoring", "metrics", "droplet", "bandwidth"];
            let matrix: Matrix = self.api.read(&path, &query).await?;
            if matrix.status == "error" {
                return Err(VmError::Unclear { what: "metrics that are an error".to_owned(), source: None });
            }
            for series in matrix.data.result {
                for (day, bytes) in bytes_by_day(&series) {
                    let sum = &mut by_day.entry(day).or_default()[place];
                    *sum = sum.saturating_add(bytes);
                }
            }
        }
        let traffic = |(day, [incoming_bytes, outgoing_bytes]): (Date, [u64; 2])| Traffic {
            day: day.to_string(),
            incoming_bytes,
            outgoing_bytes,
        };
        Ok(by_day.into_iter().map(traffic).collect())
    }
}

/// What a series of rates comes to. Every value stands for one step, the smallest distance between two: where values
/// are missing, the machine was off or its agent silent, and nothing is made up.
fn bytes_by_day(series: &Series) -> BTreeMap<Date, u64> {
    let mut values: Vec<(i64, u128)> = series.values.iter().filter_map(value).collect();
    values.sort_unstable();
    values.dedup_by_key(|(at, _)| *at);
    let step = values.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).min().unwrap_or(STEP_USUAL);
    let step = u128::try_from(step).unwrap_or(0);
    let mut units = BTreeMap::<Date, u128>::new();
    for (at, rate) in values {
        let Ok(at) = Timestamp::from_second(at) else { continue };
        let sum = units.entry(at.to_zoned(TimeZone::UTC).date()).or_default();
        *sum = sum.saturating_add(rate.saturating_mul(step));
    }
    let bytes = |units: u128| u64::try_from(units / UNITS_PER_BYTE).unwrap_or(u64::MAX);
    units.into_iter().map(|(day, units)| (day, bytes(units))).collect()
}

/// A pair of a time in Unix seconds and a rate in 10^-12 Mbit/s; what is neither is left out.
fn value(pair: &Value) -> Option<(i64, u128)> {
    let [at, rate] = pair.as_array()?.as_slice() else { return None };
    let (units, fraction) = rate.as_str()?.split_once('.').unwrap_or((rate.as_str()?, ""));
    if units.is_empty() || !units.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS)];
    let digits = format!("{units}{fraction:0<FRACTION_DIGITS$}");
    Some((at.as_i64()?, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn no_value_makes_it_panic(
            values in prop::collection::vec((any::<i64>(), "[0-9]{0,45}[.]?[0-9]{0,20}|.{0,8}"), 0..6)
        ) {
            let values = values.into_iter().map(|(at, rate)| json!([at, rate])).collect();
            bytes_by_day(&Series { values });
        }
    }

    #[test]
    fn rates_become_bytes_of_their_utc_day() {
        // 23:58, midnight, and a hole after it.
        let series = Series {
            values: vec![
                json!([1_795_132_680, "8"]),
                json!([1_795_132_800, "0.016600450090265357"]),
                json!([1_795_133_400, "1.5"]),
                json!([1_795_133_520, "NaN"]),
                json!([1_795_133_640, 7]),
                json!("odd"),
            ],
        };
        let found: Vec<(String, u64)> =
            bytes_by_day(&series).into_iter().map(|(day, bytes)| (day.to_string(), bytes)).collect();
        let expected =
            [("2026-11-19".to_owned(), 120_000_000), ("2026-11-20".to_owned(), 249_006 + 22_500_000)];
        assert_eq!(found, expected);
    }

    #[test]
    fn one_value_counts_for_the_usual_step_and_none_for_nothing() {
        let one = Series { values: vec![json!([1_795_132_800, "1"])] };
        assert_eq!(bytes_by_day(&one).into_values().collect::<Vec<_>>(), [15_000_000]);
        assert!(bytes_by_day(&Series { values: vec![] }).is_empty());
    }
}
