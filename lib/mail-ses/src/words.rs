//! How values read in a mail.

use std::net::{IpAddr, SocketAddr};

use domain::Timestamp;
use domain::catalogue::{Os, Plan, Specs};
use domain::order::Failure;

/// `Basic Windows desktop`
pub(crate) fn desktop(plan: Plan, os: Os) -> String {
    let plan = match plan {
        Plan::Basic => "Basic",
        Plan::Performance => "Performance",
        Plan::Gpu => "GPU",
    };
    format!("{plan} {} desktop", system(os))
}

/// The system as customers call it.
pub(crate) const fn system(os: Os) -> &'static str {
    match os {
        Os::Windows => "Windows",
        Os::Linux => "Ubuntu",
    }
}

/// `14:35 UTC on 20 November 2026`
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%H:%M UTC on %-d %B %Y").to_string()
}

/// Address and port as one word, as every client takes it; IPv6 in brackets.
pub(crate) fn computer(address: IpAddr, port: u16) -> String {
    SocketAddr::new(address, port).to_string()
}

/// A digest in groups of four digits, so that an eye can keep its place.
pub(crate) fn thumbprint(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What the customer gets, one property per entry.
pub(crate) fn specs(specs: &Specs) -> Vec<String> {
    let mut lines = vec![
        format!("{} virtual processor{}", specs.vcpus, if specs.vcpus == 1 { "" } else { "s" }),
        format!("{} GB memory", specs.memory_gb),
        format!("{} GB disk", specs.disk_gb),
        format!("{} GB traffic a month", specs.traffic_gb),
    ];
    lines.extend(specs.gpu.as_deref().map(|card| format!("Graphics: {}", plain(card, 80))));
    lines
}

/// Why an order could not be delivered, in the customer's words: what happened, and never their fault.
pub(crate) const fn why(failure: Failure) -> &'static str {
    match failure {
        Failure::NoOfferingLeft => {
            "Every data centre that could have made this desktop was out of stock or not working when we asked."
        }
        Failure::DeadlinePassed => {
            "The desktop did not become usable within the time we allow ourselves, so we stopped rather than \
             keep you waiting."
        }
        Failure::ProviderRefused => {
            "The company that runs our data centres refused to make the machine. That is a matter between them \
             and us."
        }
        Failure::PaymentNotConfirmed => {
            "When we checked once more, the payment service no longer confirmed the payment, so we could not go \
             on. This can happen between banks and payment services. If the money left your account, it comes back."
        }
        Failure::Internal => {
            "Something in our own system broke while we were setting it up. We are looking into it."
        }
    }
}

/// The same in the words of those who run the shop.
pub(crate) const fn why_to_staff(failure: Failure) -> &'static str {
    match failure {
        Failure::NoOfferingLeft => {
            "The provider has none of this size left in this region, is not working, or refused the order."
        }
        Failure::DeadlinePassed => "It did not become usable within the time that is allowed for it.",
        Failure::ProviderRefused => {
            "The provider refused to make the machine: our key, our quota there, or an unpaid account. The alert to \
             the operator has its words."
        }
        Failure::PaymentNotConfirmed => {
            "It was taken for an order that has to be paid. This is a fault of ours."
        }
        Failure::Internal => "Something in our own system broke while it was being set up. The log has more.",
    }
}

/// Columns of the text parts.
const COLUMNS: usize = 72;

/// One paragraph as lines of at most 72 columns, each behind `indent`; a longer word keeps a line of its own.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if indent.len() + line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

/// Text from outside as one line of at most `max` characters: control characters become spaces, and the marks
/// that reverse the reading direction are left out, so that it can neither add lines nor disguise itself.
pub(crate) fn plain(text: &str, max: usize) -> String {
    let visible = text.chars().filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    let spaced: String = visible.map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ipv6_addresses_stand_in_brackets() {
        assert_eq!(computer("2001:db8::5".parse().unwrap(), 3389), "[2001:db8::5]:3389");
        assert_eq!(computer("203.0.113.5".parse().unwrap(), 3390), "203.0.113.5:3390");
    }

    #[test]
    fn thumbprints_are_grouped_whatever_they_were_written_like() {
        assert_eq!(thumbprint("aabbccddee"), "aabb ccdd ee");
        assert_eq!(thumbprint("AA:BB:CC"), "AABB CC");
    }

    #[test]
    fn moments_name_the_zone() {
        assert_eq!(moment("2026-11-05T09:07:00Z".parse().unwrap()), "09:07 UTC on 5 November 2026");
    }

    #[test]
    fn paragraphs_wrap_between_words_only() {
        let text = format!("{} {} a b", "x".repeat(60), "y".repeat(90));
        let lines: Vec<String> = wrapped(&text, "  ").lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [format!("  {}", "x".repeat(60)), format!("  {}", "y".repeat(90)), "  a b".to_owned()]
        );
    }

    #[test]
    fn text_that_would_read_backwards_loses_its_marks() {
        assert_eq!(plain("a\u{202e}b\r\nBcc: c", 80), "ab Bcc: c");
    }

    proptest! {
        #[test]
        fn outside_text_is_one_bounded_line(text in "\\PC*|.*", max in 1usize..60) {
            let line = plain(&text, max);
            prop_assert!(line.chars().count() <= max);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
