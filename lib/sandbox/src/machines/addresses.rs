//! Addresses of all providers' machines: each is given out once.

use std::net::Ipv4Addr;

use crate::random;

/// 127.64.0.0/10 begins here and holds this many addresses.
const FIRST: u32 = 0x7f40_0000;
const COUNT: u32 = 1 << 22;
/// Addresses tried before a machine is refused.
const TRIES: u32 = 2_000;
const RDP_PORT: u16 = 3_389;

pub(super) struct Addresses {
    next: u32,
}

impl Addresses {
    pub(super) fn new() -> Self {
        // Somewhere else each time: several sandboxes may run on one machine.
        Self { next: random::below(COUNT) }
    }

    /// The next loopback address never used here, not ending in 0 or 255, whose RDP port is free.
    pub(super) fn next_free(&mut self) -> Option<Ipv4Addr> {
        (0..TRIES)
            .map(|_| self.next_any())
            .find(|address| std::net::TcpListener::bind((*address, RDP_PORT)).is_ok())
    }

    /// The same without a look at the port, for a machine that nobody will connect to.
    pub(super) fn next_any(&mut self) -> Ipv4Addr {
        loop {
            let address = Ipv4Addr::from(FIRST + self.next % COUNT);
            self.next = (self.next + 1) % COUNT;
            if !matches!(address.octets()[3], 0 | 255) {
                return address;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_loopback_unique_and_never_end_in_0_or_255() {
        let mut addresses = Addresses::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..600 {
            let address = addresses.next_free().expect("there are four million");
            let octets = address.octets();
            assert!(octets[0] == 127 && (64..128).contains(&octets[1]), "{address}");
            assert!(!matches!(octets[3], 0 | 255), "{address}");
            assert!(seen.insert(address), "{address}");
        }
    }
}
