//! Ids, codes and passwords as the third parties make them.

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
/// Characters that a shell, a URL, JSON or a template would mangle: Vultr's passwords really hold such.
const AWKWARD: &[u8] = b"{}#&\"\\!?%[]=@";
const PASSWORD_LENGTH: usize = 16;

/// Fills an array from the operating system; all zeroes only if that fails, which Linux does not.
#[expect(clippy::disallowed_methods, reason = "this is the sandbox's source of randomness")]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "no randomness");
    }
    bytes
}

/// A number below `bound` (at least 1). The modulo bias does not matter in a simulator.
pub(crate) fn below(bound: u32) -> u32 {
    u32::from_le_bytes(bytes()) % bound.max(1)
}

fn pick(from: &[u8]) -> char {
    let index = below(u32::try_from(from.len()).unwrap_or(1)) as usize;
    from.get(index).copied().map_or('x', char::from)
}

/// A version 4 UUID in lower case.
pub(crate) fn uuid() -> String {
    let mut raw = bytes::<16>();
    raw[6] = (raw[6] & 0x0f) | 0x40;
    raw[8] = (raw[8] & 0x3f) | 0x80;
    let text = hex::encode(raw);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// `length` lower-case letters and digits, as in Paystack's codes.
pub(crate) fn code(length: usize) -> String {
    (0..length).map(|_| pick(LOWER)).collect()
}

/// A 16-character password with an upper-case letter, a digit and three awkward characters among letters.
pub(crate) fn password() -> String {
    let mut letters: Vec<char> = (0..PASSWORD_LENGTH).map(|_| pick(LETTERS)).collect();
    let first = below(3) as usize;
    for (offset, set) in [(0, UPPER), (3, DIGITS), (6, AWKWARD), (9, AWKWARD), (12, AWKWARD)] {
        if let Some(slot) = letters.get_mut(first + offset) {
            *slot = pick(set);
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_satisfies_windows_and_holds_awkward_characters() {
        for _ in 0..200 {
            let password = password();
            assert_eq!(password.len(), PASSWORD_LENGTH);
            assert!(password.chars().any(|c| c.is_ascii_uppercase()), "{password}");
            assert!(password.chars().any(|c| c.is_ascii_digit()), "{password}");
            assert_eq!(password.bytes().filter(|b| AWKWARD.contains(b)).count(), 3, "{password}");
        }
    }

    #[test]
    fn uuids_have_the_right_form_and_differ() {
        let (one, two) = (uuid(), uuid());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
    }
}
