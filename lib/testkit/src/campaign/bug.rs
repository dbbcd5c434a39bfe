//! Known bugs of systems like this one, put back to see that the campaign catches each of them.

use jiff::SignedDuration;

use crate::Shop;
use crate::ports::HostBug;

/// One known bug, in the words of those who had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// After an unclear create the provider is not asked before the next one.
    NoLookUpBeforeReCreate,
    /// The client repeats a create by itself after a 5xx or a broken connection, as Vultr's Go client does.
    CreateRepeatedBlindly,
    /// An unclear create counts as failed, and the next offering is tried at once.
    UnclearCountsAsFailed,
    /// One look right after an unclear create is believed: no quarantine.
    LookUpWithoutQuarantine,
    /// The refund goes out while the delete is only believed to have worked.
    RefundBeforeDelete,
    /// The order is claimed, and everything is written, without a condition.
    UnconditionalWrites,
    /// A desktop counts as ready because the provider says that it runs.
    ReadyByTheProvidersWord,
    /// A refund whose answer was lost is asked for again, without a look at what was given back already.
    RefundRepeatedBlindly,
    /// Nobody looks after what was cut off.
    NoSweep,
    /// Whatever the provider tells of an adopted machine's password is mailed.
    AnyPasswordWillDo,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NoLookUpBeforeReCreate,
        Self::CreateRepeatedBlindly,
        Self::UnclearCountsAsFailed,
        Self::LookUpWithoutQuarantine,
        Self::RefundBeforeDelete,
        Self::UnconditionalWrites,
        Self::ReadyByTheProvidersWord,
        Self::RefundRepeatedBlindly,
        Self::NoSweep,
        Self::AnyPasswordWillDo,
    ];

    /// Puts it back into a shop that has not opened yet.
    pub(crate) fn put_back(self, shop: &mut Shop) {
        match self {
            Self::NoLookUpBeforeReCreate => {
                shop.world.host.put_back(HostBug::FindsNothing);
                shop.world.policy.quarantine = SignedDuration::from_secs(1);
            }
            Self::CreateRepeatedBlindly => shop.world.host.put_back(HostBug::CreatesAgain),
            Self::UnclearCountsAsFailed => shop.world.host.put_back(HostBug::UnclearIsRefused),
            Self::LookUpWithoutQuarantine => {
                shop.world.policy.quarantine = SignedDuration::ZERO;
                shop.world.policy.absence_pause = SignedDuration::ZERO;
            }
            Self::RefundBeforeDelete => shop.world.host.put_back(HostBug::DeleteOnlyBelieved),
            Self::UnconditionalWrites => shop.world.store.without_conditions(),
            Self::ReadyByTheProvidersWord => shop.world.probe.believe_the_provider(),
            Self::RefundRepeatedBlindly => shop.world.gateway.forget_refunds(),
            Self::NoSweep => shop.without_sweep(),
            Self::AnyPasswordWillDo => shop.world.host.put_back(HostBug::TellsAnotherPassword),
        }
    }
}
