//! Finds secrets where none may be.

/// Bytes that are compared first.
const WINDOW: usize = 8;
/// A text is looked at in every so many places: a secret of `STRIDE + WINDOW - 1` bytes cannot lie between them.
const STRIDE: usize = 16;
/// Bits of the filter that a place has to pass before it is looked up.
const FILTER: usize = 4096;

/// Secrets to be looked for in many texts, all of them in one pass: at every end of a shop, hundreds of kilobytes of
/// histories and messages are searched for each password and each one-time address.
pub(super) struct Secrets {
    all: Vec<String>,
    /// Those too short to be found by their windows.
    short: Vec<usize>,
    /// The first windows of each secret, in order: what stands there, whose, and how far from its beginning.
    windows: Vec<(u64, usize, usize)>,
    filter: [bool; FILTER],
}

fn window(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + WINDOW)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

/// Where a window stands in the filter.
fn place(window: u64) -> usize {
    // Fibonacci hashing: the upper bits depend on all of the lower ones.
    usize::try_from(window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52).unwrap_or(0)
}

impl Secrets {
    pub(super) fn new(all: Vec<String>) -> Self {
        let (mut short, mut windows, mut filter) = (Vec::new(), Vec::new(), [false; FILTER]);
        for (number, secret) in all.iter().enumerate() {
            if secret.len() < STRIDE + WINDOW - 1 {
                short.push(number);
                continue;
            }
            for offset in 0..STRIDE {
                if let Some(window) = window(secret.as_bytes(), offset) {
                    windows.push((window, number, offset));
                    filter[place(window)] = true;
                }
            }
        }
        windows.sort_unstable();
        Self { all, short, windows, filter }
    }

    /// Whether any of them stands in `text`.
    pub(super) fn are_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let stands = |secret: usize, begin: usize| {
            bytes.get(begin..).is_some_and(|rest| rest.starts_with(self.all[secret].as_bytes()))
        };
        let seen_at = |at: usize| {
            let Some(found) = window(bytes, at).filter(|found| self.filter[place(*found)]) else {
                return false;
            };
            let first = self.windows.partition_point(|(window, ..)| *window < found);
            let same = self.windows[first..].iter().take_while(|(window, ..)| *window == found);
            same.into_iter().any(|(_, secret, offset)| at >= *offset && stands(*secret, at - offset))
        };
        (0..bytes.len()).step_by(STRIDE).any(seen_at)
            || self.short.iter().any(|secret| text.contains(&self.all[*secret]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_it_stands_and_nothing_else_is() {
        let long = "Canary-Windows-1234567890abcdef_7".to_owned();
        let least = "a-secret-of-23-letters!".to_owned();
        let secrets = Secrets::new(vec![long.clone(), least.clone(), "short".to_owned()]);
        for before in 0..40 {
            for after in 0..20 {
                for secret in [&long, &least, &"short".to_owned()] {
                    let text = format!("{}{secret}{}", "x".repeat(before), "y".repeat(after));
                    assert!(secrets.are_in(&text), "{text}");
                    let cut = format!("{}{}{}", "x".repeat(before), &secret[1..], "y".repeat(after));
                    assert!(!secrets.are_in(&cut), "{cut}");
                }
            }
        }
        assert!(!secrets.are_in("") && !Secrets::new(Vec::new()).are_in(&long));
    }
}
