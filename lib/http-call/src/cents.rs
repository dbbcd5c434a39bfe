//! Dollars as JSON numbers (`-100.55`), read from their digits into whole cents.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An amount of US dollars in cents, for `#[serde(default, deserialize_with = "…")]`. What is no plain decimal
/// number is nothing.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let raw: Option<Box<RawValue>> = Option::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| parse(raw.get())))
}

/// Cents of a decimal number such as `12`, `"-0.5"` or `60.255`; beyond the cent it is rounded to the nearest,
/// half a cent away from zero. `None` for anything else, exponents included, and for what no `i64` holds.
fn parse(text: &str) -> Option<i64> {
    let text = text.trim_matches('"').trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if units.is_empty() || !plain(units) || !plain(fraction) {
        return None;
    }
    let digit = |place: usize| fraction.as_bytes().get(place).map_or(0, |b| i64::from(b - b'0'));
    let rounded = i64::from(digit(2) >= 5);
    let below = digit(0) * 10 + digit(1) + rounded;
    let cents = units.parse::<i64>().ok()?.checked_mul(100)?.checked_add(below)?;
    Some(if negative { -cents } else { cents })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dollars_become_cents_by_their_digits() {
        for (text, cents) in [
            ("-100.55", Some(-10_055)),
            ("60.25", Some(6_025)),
            ("192", Some(19_200)),
            ("0.1", Some(10)),
            ("\"5.42\"", Some(542)),
            ("0.29", Some(29)),
            ("1.005", Some(101)),
            ("-1.995", Some(-200)),
            ("1.9949", Some(199)),
            ("92233720368547758.07", Some(i64::MAX)),
            ("92233720368547758.08", None),
            ("1e2", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("1.2.3", None),
            ("true", None),
            ("{}", None),
        ] {
            assert_eq!(parse(text), cents, "{text}");
        }
    }

    #[test]
    fn a_field_may_be_null_or_missing() {
        #[derive(Deserialize)]
        struct Account {
            #[serde(default, deserialize_with = "dollars")]
            balance: Option<i64>,
        }
        for (text, cents) in [
            (r#"{"balance":-100.55}"#, Some(-10_055)),
            (r#"{"balance":null}"#, None),
            (r#"{"balance":{"x":[1]}}"#, None),
            ("{}", None),
        ] {
            assert_eq!(serde_json::from_str::<Account>(text).unwrap().balance, cents, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_back(cents in -1_000_000_000_000_i64..1_000_000_000_000) {
            let sign = if cents < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
            prop_assert_eq!(parse(&text), Some(cents));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9.eE\"]{0,40}|.{0,20}") {
            let _ = parse(&text);
        }
    }
}
