//! How long a desktop will take: the median of what the last ones took, never a promise out of thin air.

/// How many recent set-up times are kept per plan and system.
pub const RECENT_MAX: usize = 21;

/// The set-up time to tell a customer, in seconds from paid to working: the median of `recent`, or `usual`
/// while there are fewer than three measurements.
pub fn expected_seconds(recent: &[u32], usual: u32) -> u32 {
    if recent.len() < 3 {
        return usual;
    }
    let mut sorted = recent.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// Adds one measurement and forgets the oldest beyond [`RECENT_MAX`].
pub fn remember(recent: &mut Vec<u32>, seconds: u32) {
    recent.push(seconds);
    if recent.len() > RECENT_MAX {
        recent.drain(..recent.len() - RECENT_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lucky_runs_do_not_make_an_estimate() {
        assert_eq!(expected_seconds(&[60, 70], 300), 300);
        assert_eq!(expected_seconds(&[60, 1700, 70], 300), 70);
        assert_eq!(expected_seconds(&[50, 40, 30, 20, 10], 300), 30);
    }

    #[test]
    fn old_measurements_are_forgotten() {
        let mut recent = Vec::new();
        for seconds in 0..100 {
            remember(&mut recent, seconds);
        }
        assert_eq!(recent, (79..100).collect::<Vec<_>>());
        let mut far_too_many = vec![0; 2 * RECENT_MAX];
        remember(&mut far_too_many, 7);
        assert_eq!((far_too_many.len(), far_too_many.last()), (RECENT_MAX, Some(&7)));
    }
}
