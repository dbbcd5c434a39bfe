//! What all parts of one sandbox share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::access::AllowLists;
use crate::clock::Clock;
use crate::config::Config;
use crate::contabo::Contabo;
use crate::counts::Counts;
use crate::desktops::DesktopHost;
use crate::digitalocean::DigitalOcean;
use crate::ec2::Ec2;
use crate::faults::Faults;
use crate::hetzner::Hetzner;
use crate::limits::Limits;
use crate::linode::Linode;
use crate::machines::{AnyPlay, Machines};
use crate::paystack::Paystack;
use crate::vultr::Vultr;

pub(crate) type Shared = Arc<World>;

pub(crate) struct World {
    /// `http://127.0.0.1:4580`, without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) counts: Counts,
    pub(crate) allow_lists: AllowLists,
    pub(crate) limits: Limits,
    pub(crate) paystack: Paystack,
    pub(crate) machines: Machines,
    pub(crate) vultr: Vultr,
    pub(crate) contabo: Contabo,
    pub(crate) digitalocean: DigitalOcean,
    pub(crate) linode: Linode,
    pub(crate) hetzner: Hetzner,
    pub(crate) ec2: Ec2,
    /// Raised by every reset; background work of an older epoch ends.
    epoch: AtomicU64,
    epochs: watch::Sender<u64>,
}

impl World {
    pub(crate) fn new(config: &Config, base_url: String, desktops: DesktopHost) -> anyhow::Result<Self> {
        let allow_lists = AllowLists::default();
        allow_lists.set("vultr", config.vultr_allow_list.clone());
        Ok(Self {
            base_url,
            clock: Clock::new(config.time_factor),
            faults: Faults::default(),
            counts: Counts::default(),
            allow_lists,
            limits: Limits::new(config.rate_limits),
            paystack: Paystack::new(config)?,
            machines: Machines::new(desktops),
            vultr: Vultr::new(config),
            contabo: Contabo::new(config),
            digitalocean: DigitalOcean::new(config),
            linode: Linode::new(config),
            hetzner: Hetzner::new(config),
            ec2: Ec2::new(config),
            epoch: AtomicU64::new(0),
            epochs: watch::Sender::new(0),
        })
    }

    /// Every provider.
    pub(crate) fn plays(&self) -> [&dyn AnyPlay; 6] {
        [&self.vultr, &self.contabo, &self.digitalocean, &self.linode, &self.hetzner, &self.ec2]
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
