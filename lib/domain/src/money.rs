//! Money: integer minor units with a currency. No floating point comes near it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The currencies that prices can be set in (ISO 4217). All have two decimal digits, and Paystack counts
/// each of them in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the codes are the documentation")]
pub enum Currency {
    Usd,
    Ngn,
    Ghs,
    Zar,
    Kes,
    Eur,
    Gbp,
}

impl Currency {
    /// Every currency, in the order in which prices are shown.
    pub const ALL: [Self; 7] = [Self::Usd, Self::Ngn, Self::Ghs, Self::Zar, Self::Kes, Self::Eur, Self::Gbp];

    /// The ISO 4217 code, upper case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Ngn => "NGN",
            Self::Ghs => "GHS",
            Self::Zar => "ZAR",
            Self::Kes => "KES",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
        }
    }

    /// Reads an ISO 4217 code in upper case; `None` for one that is not sold in.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount: `minor` hundredths of `currency`. Prices and payments are positive; ledger entries may be
/// negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Cents, kobo, pesewas: hundredths of the currency.
    pub minor: i64,
    /// What they are hundredths of.
    pub currency: Currency,
}

impl Money {
    /// `minor` hundredths of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The same amount with the other sign.
    pub const fn negated(self) -> Self {
        Self { minor: -self.minor, currency: self.currency }
    }
}

/// As a person reads it: `NGN 45,000.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let units = (self.minor.unsigned_abs() / 100).to_string();
        let mut grouped = String::new();
        for (index, digit) in units.chars().enumerate() {
            if index > 0 && (units.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{} {sign}{grouped}.{:02}", self.currency, self.minor.unsigned_abs() % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (minor, text) in [
            (4_500_000, "NGN 45,000.00"),
            (0, "NGN 0.00"),
            (5, "NGN 0.05"),
            (99_999, "NGN 999.99"),
            (100_000, "NGN 1,000.00"),
            (-123_456_789, "NGN -1,234,567.89"),
        ] {
            assert_eq!(Money::new(minor, Currency::Ngn).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn no_amount_is_too_large_to_show(minor: i64) {
            let digits: String = Money::new(minor, Currency::Usd).to_string()
                .chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits.parse::<u64>().unwrap(), minor.unsigned_abs());
        }
    }

    #[test]
    fn what_goes_back_is_what_came_with_the_other_sign() {
        assert_eq!(Money::new(2_900, Currency::Kes).negated(), Money::new(-2_900, Currency::Kes));
    }

    #[test]
    fn currency_codes_read_back() {
        for currency in Currency::ALL {
            assert_eq!(Currency::parse(currency.code()), Some(currency));
        }
        assert_eq!(Currency::parse("usd"), None);
    }
}
