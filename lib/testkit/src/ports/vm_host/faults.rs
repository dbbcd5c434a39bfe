//! What can go wrong at a provider.

use jiff::SignedDuration;

/// One operation of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the methods of the port")]
pub enum Op {
    Create,
    Get,
    Find,
    List,
    Reboot,
    Start,
    Halt,
    Reinstall,
    Delete,
    /// `regions`, `plans`, `images` and `in_stock`.
    Offers,
}

/// What one call of an operation does instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostFault {
    /// Refused for good, in its own words.
    Refuse,
    /// It refuses our key.
    Unauthorized,
    /// Our account's limit.
    Quota,
    /// Out of stock.
    OutOfStock,
    /// Too many requests.
    Busy,
    /// No connection: nothing was done.
    Unreachable,
    /// 500 before anything was done.
    FailBefore,
    /// 500 although it was done.
    FailAfter,
    /// The connection breaks after it was done.
    DropAfter,
    /// 500, and the machine appears so much later. Create only.
    Late(SignedDuration),
    /// It was done, and the password that was made up is not in the answer; the machine is shown with it for so long.
    /// Reinstall only.
    Untold(SignedDuration),
}

/// How a machine that is made comes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootPlan {
    /// As it should.
    Well,
    /// Never: it stays pending.
    Never,
    /// It works, but never calls home.
    Silent,
    /// Its set-up script fails, and says so.
    SetupFails,
    /// It works and calls home, naming a certificate that it does not answer with.
    WrongCertificate,
}
