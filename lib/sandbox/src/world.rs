//! What all parts of one sandbox share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Config;
use crate::counts::Counts;
use crate::desktops::DesktopHost;
use crate::faults::Faults;
use crate::paystack::Paystack;
use crate::vultr::Vultr;

pub(crate) type Shared = Arc<World>;

pub(crate) struct World {
    /// `http://127.0.0.1:4580`, without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) counts: Counts,
    pub(crate) paystack: Paystack,
    pub(crate) vultr: Vultr,
    /// Raised by every reset; background work of an older epoch ends.
    epoch: AtomicU64,
    epochs: watch::Sender<u64>,
}

impl World {
    pub(crate) fn new(config: &Config, base_url: String, desktops: DesktopHost) -> anyhow::Result<Self> {
        Ok(Self {
            base_url,
            clock: Clock::new(config.time_factor),
            faults: Faults::default(),
            counts: Counts::default(),
            paystack: Paystack::new(config)?,
            vultr: Vultr::new(config, desktops),
            epoch: AtomicU64::new(0),
            epochs: watch::Sender::new(0),
        })
    }

    /// Ends all background work: deliveries, refunds, boots.
    pub(crate) fn end_epoch(&self) {
        let next = self.epoch.fetch_add(1, Ordering::SeqCst) + 1;
        self.epochs.send_replace(next);
    }

    /// Something to ask whether background work that begins now should still go on.
    pub(crate) fn epoch(&self) -> Epoch {
        let seen = self.epochs.subscribe();
        Epoch { began: self.epoch.load(Ordering::SeqCst), seen }
    }
}

/// The time between two resets, as one background task sees it.
pub(crate) struct Epoch {
    began: u64,
    seen: watch::Receiver<u64>,
}

impl Epoch {
    /// Waits; false when the epoch ended meanwhile.
    pub(crate) async fn sleep(&mut self, duration: Duration) -> bool {
        tokio::time::timeout(duration, self.ended()).await.is_err()
    }

    /// Returns once the epoch has ended.
    pub(crate) async fn ended(&mut self) {
        let began = self.began;
        // An error means that the world itself is gone.
        drop(self.seen.wait_for(|now| *now != began).await);
    }
}

/// Locks, also after a panic elsewhere: the simulated state is still the best there is.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
