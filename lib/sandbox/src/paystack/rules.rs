//! What Paystack accepts: currencies, least amounts, references; and what it takes for itself.

/// Currency code and least amount in the subunit.
const CURRENCIES: &[(&str, i64)] =
    &[("NGN", 5_000), ("USD", 200), ("GHS", 10), ("ZAR", 100), ("KES", 300), ("XOF", 100)];
const REFERENCE_LENGTH_MAX: usize = 100;

/// The least amount in the subunit; `None` for a currency the merchant cannot take.
pub(super) fn least_amount(currency: &str) -> Option<i64> {
    CURRENCIES.iter().find(|(code, _)| *code == currency).map(|(_, least)| *least)
}

/// Letters, digits and `-.=`; no underscore.
pub(super) fn reference_allowed(reference: &str) -> bool {
    !reference.is_empty()
        && reference.len() <= REFERENCE_LENGTH_MAX
        && reference.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'='))
}

/// The fee in the subunit. NGN: 1.5 % + 100.00 from 2,500.00 on, at most 2,000.00; others 2.9 %. Rounded up.
pub(super) fn fee(amount: i64, currency: &str) -> i64 {
    let share = |per_mille: i64| amount.saturating_mul(per_mille).saturating_add(999) / 1_000;
    match currency {
        "NGN" => (share(15) + if amount >= 250_000 { 10_000 } else { 0 }).min(200_000),
        _ => share(29),
    }
}

/// `NGN 15,000.00`, for people.
pub(super) fn display(amount: i64, currency: &str) -> String {
    let (major, minor) = (amount / 100, amount % 100);
    let digits = major.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{currency} {grouped}.{minor:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_take_the_documented_characters_only() {
        for good in ["ord-01J", "a.b=c", "7"] {
            assert!(reference_allowed(good), "{good}");
        }
        for bad in ["", "ord_01J", "a b", "é", &"x".repeat(101)] {
            assert!(!reference_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn fees_follow_the_published_nigerian_tariff() {
        assert_eq!(fee(100_000, "NGN"), 1_500);
        assert_eq!(fee(1_000_000, "NGN"), 25_000);
        assert_eq!(fee(100_000_000, "NGN"), 200_000);
        assert_eq!(fee(2_500, "USD"), 73);
    }

    #[test]
    fn amounts_are_shown_in_major_units() {
        assert_eq!(display(1_500_000, "NGN"), "NGN 15,000.00");
        assert_eq!(display(123_456_789, "USD"), "USD 1,234,567.89");
        assert_eq!(display(5, "KES"), "KES 0.05");
    }
}
