//! One simulated world: every port, and the things that happen by themselves.

use app::first_boot::CallHome;
use app::inventory::Bounds;
use app::policy::Policy;
use domain::catalogue::{Catalogue, Provider};
use domain::first_boot::Fingerprints;
use domain::ids::OrderId;
use domain::payment::GatewayMode;
use domain::secret::Secret;
use domain::vm::VmId;
use jiff::SignedDuration;

use crate::catalogues::one_provider;
use crate::ports::{Delivery, Gateway, Hosts, Keys, Outbox, Probe, Queues, Store, VmHost, Workflows};
use crate::sim::Sim;
use crate::walker::Breaks;

/// Something that happens at its time.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// An execution begins.
    Execution { name: String, order: OrderId },
    /// A message is delivered.
    Message(Delivery),
    /// The gateway calls our webhook.
    Webhook { body: String, tries: u32 },
    /// A refund comes to its end at the gateway.
    RefundEnds { reference: String, id: String },
    /// A machine calls home.
    CallHome { vm: VmId, installs: u32, url: String, succeeded: bool, certificate: Fingerprints, tries: u32 },
    /// The schedule runs the sweep.
    Sweep,
    /// The schedule runs the inventory.
    Reconcile,
}

/// How late a machine may appear and still be waited for, whatever a world's policy says.
pub(crate) const PROMISED_QUARANTINE: SignedDuration = Policy::standard(GatewayMode::Test).quarantine;

impl Work {
    /// What it is.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Execution { .. } => "execution",
            Self::Message(_) => "message",
            Self::Webhook { .. } => "webhook",
            Self::RefundEnds { .. } => "refund",
            Self::CallHome { .. } => "call home",
            Self::Sweep => "sweep",
            Self::Reconcile => "reconcile",
        }
    }
}

/// Every port of one world, and its settings. Clones are the same world.
#[derive(Clone)]
pub struct World {
    /// Time, chance, and the crash switch.
    pub sim: Sim,
    /// The table.
    pub store: Store,
    /// The payment gateway.
    pub gateway: Gateway,
    /// The whole cloud, to look at and to break.
    pub host: VmHost,
    /// The providers that are set up.
    pub hosts: Hosts,
    /// What is sold.
    pub catalogue: &'static Catalogue,
    /// The key service.
    pub keys: Keys,
    /// The queues.
    pub queues: Queues,
    /// The workflow service.
    pub workflows: Workflows,
    /// The mail service.
    pub outbox: Outbox,
    /// Looks at machines.
    pub probe: Probe,
    /// Which states of the workflow break, and how.
    pub breaks: Breaks,
    /// Times and limits.
    pub policy: Policy,
    /// How much one run of the inventory does.
    pub bounds: Bounds,
}

/// The key that signs the addresses that machines call home to.
const FIRST_BOOT_KEY: [u8; 32] = *b"canary-first-boot-signing-key-32";

impl World {
    /// An empty world; everything in it follows from `seed`.
    pub fn seeded(seed: u64) -> Self {
        let sim = Sim::seeded(seed);
        let host = VmHost::new(sim.clone());
        Self {
            store: Store::new(sim.clone()),
            gateway: Gateway::new(sim.clone()),
            keys: Keys::new(sim.clone()),
            queues: Queues::new(sim.clone()),
            workflows: Workflows::new(sim.clone()),
            outbox: Outbox::new(sim.clone()),
            probe: Probe::new(sim.clone(), host.clone()),
            breaks: Breaks::default(),
            policy: Policy::standard(GatewayMode::Test),
            bounds: Bounds::STANDARD,
            hosts: host.hosts(Provider::ALL),
            catalogue: one_provider(),
            host,
            sim,
        }
    }

    pub(crate) fn call_home(&self) -> CallHome {
        CallHome::new(Secret::new(FIRST_BOOT_KEY.to_vec()), "https://api.example.com").expect("32 bytes")
    }

    /// Everything that must never be seen outside the store's encrypted fields and the mail itself.
    pub fn canaries(&self) -> Vec<String> {
        let signing = String::from_utf8_lossy(&FIRST_BOOT_KEY).into_owned();
        let mut all = self.keys.plaintexts();
        all.extend(self.host.secrets());
        all.push(signing);
        all.sort();
        all.dedup();
        all
    }
}
