//! Seeded chance. Each subject has a stream of its own, so that one more draw for one does not change another.

/// A stream of numbers that follows from a seed. SplitMix64 (Steele, Lea, Flood 2014): short, and good enough
/// for schedules and fake secrets.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The stream of `subject` under `seed`.
    pub fn new(seed: u64, subject: &str) -> Self {
        let mixed = subject.bytes().fold(seed ^ 0x6e65_6d6f, |acc, byte| {
            (acc ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(mixed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; 0 when `n` is 0.
    pub const fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }
}
