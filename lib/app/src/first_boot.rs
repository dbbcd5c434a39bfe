//! First boot: the one-time address that a machine calls home to, and what its call sets going.
//!
//! The address holds an HMAC over (desktop, attempt, boot) instead of a stored random token: any repeat of
//! the create call sends the same user data, and nothing secret has to be kept. It works once, because the
//! report is stored on condition.

use desktop::{Profile, Script, WindowsForm};
use domain::Timestamp;
use domain::catalogue::Os;
use domain::first_boot::{FirstBoot, Report};
use domain::ids::InstanceId;
use domain::order::{Order, OrderEvent, Step};
use domain::secret::Secret;
use domain::vm::{host_name, linux_user};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::{AppError, undisturbed};
use crate::ports::{
    Clock, Commit, CompleteTask, ReadFirstBoots, ReadInstances, ReadOrders, TaskOutcome, UserData, Write,
};
use crate::settle::apply_event;

/// Which first boot an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot {
    /// The desktop.
    pub instance: InstanceId,
    /// Which of its order's machines.
    pub attempt: u16,
    /// Which boot of that machine; reinstalling makes a new one.
    pub boot: u16,
}

/// Makes and checks the addresses that machines call home to.
pub struct CallHome {
    key: Secret<Vec<u8>>,
    api_url: String,
}

/// Why no addresses can be made.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A key that is too short to sign with; there is no default.
    #[error("the first-boot signing key needs at least 32 bytes")]
    WeakKey,
    /// An address of the API that no first-boot script takes: every delivery would fail.
    #[error("machines cannot report to the API at {0:?}")]
    ApiUrl(String, #[source] desktop::InvalidValue),
}

impl CallHome {
    /// `key`: at least 32 bytes, from Secrets Manager; `api_url`: where the API answers.
    ///
    /// # Errors
    /// `WeakKey` for a shorter one, `ApiUrl` for an address that a first-boot script would refuse.
    pub fn new(key: Secret<Vec<u8>>, api_url: &str) -> Result<Self, Unusable> {
        let made = Self { api_url: api_url.trim_end_matches('/').to_owned(), ..Self::checking(key)? };
        let longest =
            Boot { instance: InstanceId::new(Timestamp::MAX, u128::MAX), attempt: u16::MAX, boot: u16::MAX };
        match desktop::check_report_url(&made.url(longest)) {
            Ok(()) => Ok(made),
            Err(error) => Err(Unusable::ApiUrl(api_url.to_owned(), error)),
        }
    }

    /// For those who check addresses and make none. `key` as above.
    ///
    /// # Errors
    /// `WeakKey`.
    pub fn checking(key: Secret<Vec<u8>>) -> Result<Self, Unusable> {
        if key.expose().len() < 32 {
            return Err(Unusable::WeakKey);
        }
        Ok(Self { key, api_url: String::new() })
    }

    /// The address for one first boot: `{api}/first-boot/{instance}/{attempt}.{boot}.{mac}`.
    pub fn url(&self, boot: Boot) -> String {
        format!("{}/first-boot/{}/{}", self.api_url, boot.instance, self.token(boot))
    }

    fn token(&self, boot: Boot) -> String {
        format!("{}.{}.{}", boot.attempt, boot.boot, hex::encode(self.mac(boot)))
    }

    /// Reads the last part of such an address, in constant time; `None` when it was not made by this key.
    pub fn check(&self, instance: InstanceId, token: &str) -> Option<Boot> {
        let mut parts = token.splitn(3, '.');
        let attempt = parts.next()?.parse().ok()?;
        let number = parts.next()?.parse().ok()?;
        let boot = Boot { instance, attempt, boot: number };
        // As text, so that an address has one spelling: digits and numbers could be written in others.
        bool::from(self.token(boot).as_bytes().ct_eq(token.as_bytes())).then_some(boot)
    }

    fn mac(&self, boot: Boot) -> [u8; 32] {
        let message = format!("first-boot|{}|{}|{}", boot.instance, boot.attempt, boot.boot);
        // HMAC takes keys of any length, so this cannot fail; no key at all would sign nothing.
        match Hmac::<Sha256>::new_from_slice(self.key.expose()) {
            Ok(mut mac) => {
                mac.update(message.as_bytes());
                mac.finalize().into_bytes().into()
            }
            Err(_) => [0; 32],
        }
    }
}

/// What a machine runs at one of its first boots.
///
/// # Errors
/// `InvalidValue` when a value does not fit the script: a fault of ours.
pub fn script(
    call_home: &CallHome,
    order: &Order,
    attempt: u16,
    boot: u16,
    form: WindowsForm,
    password_hash: Option<&str>,
) -> Result<UserData, desktop::InvalidValue> {
    let values = desktop::FirstBoot {
        hostname: &host_name(order.id, attempt),
        username: &linux_user(order.id),
        password_hash,
        report_url: &call_home.url(Boot { instance: order.instance, attempt, boot }),
        profile: profile(order),
    };
    Ok(match desktop::first_boot(order.os, order.plan, form, &values)? {
        Script::CloudConfig(text) => UserData::CloudConfig(text),
        Script::Batch(text) => UserData::Batch(text),
        Script::PowerShell(text) => UserData::PowerShell(text),
    })
}

/// What the staff order on Windows trades.
fn profile(order: &Order) -> Profile {
    if order.staff.is_some() && order.os == Os::Windows { Profile::Mt5 } else { Profile::Standard }
}

/// What the waiting state of the workflow gets when the machine has reported; its output is thrown away.
pub(crate) fn outcome(report: &Report) -> TaskOutcome {
    if report.succeeded {
        TaskOutcome::Success("{}".to_owned())
    } else {
        TaskOutcome::Failure {
            error: "Nemo.FirstBootFailed".to_owned(),
            cause: "the machine's set-up script failed".to_owned(),
        }
    }
}

/// Takes reports.
pub struct FirstBoots<S, T, C> {
    /// The state.
    pub store: S,
    /// Tells waiting tasks.
    pub tasks: T,
    /// The time.
    pub clock: C,
    /// Checks addresses.
    pub call_home: CallHome,
}

impl<S, T, C> FirstBoots<S, T, C>
where
    S: Commit + ReadFirstBoots + ReadInstances + ReadOrders + Sync,
    T: CompleteTask + Sync,
    C: Clock + Sync,
{
    /// Stores a machine's report and wakes the workflow that waits for it.
    ///
    /// The first report counts; a repeat changes nothing and wakes the workflow once more, since the first
    /// call may have died in between. A report that comes before the workflow waits is found when it does.
    ///
    /// # Errors
    /// `NotFound` for an address that is not ours, the same as for one whose machine is gone.
    pub async fn report(&self, instance: InstanceId, token: &str, report: Report) -> Result<(), AppError> {
        let boot = self.call_home.check(instance, token).ok_or(AppError::NotFound("first boot"))?;
        let stored = undisturbed!(self.store_report(boot, &report))?;
        if let (Some(task_token), Some(report)) = (&stored.task_token, &stored.report) {
            self.tasks.complete(task_token, &outcome(report)).await?;
        }
        Ok(())
    }

    async fn store_report(&self, boot: Boot, report: &Report) -> Result<FirstBoot, AppError> {
        let found = self.store.first_boot(boot.instance, boot.attempt, boot.boot).await?;
        let mut first_boot = found.ok_or(AppError::NotFound("first boot"))?;
        if first_boot.report.is_some() {
            return Ok(first_boot);
        }
        first_boot.report = Some(report.clone());
        let write = Write::FirstBoot(first_boot.clone());
        let instance = self.store.instance(boot.instance).await?.ok_or(AppError::NotFound("desktop"))?;
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        if boot.boot == 1 && report.succeeded {
            let event = OrderEvent::Progress(Step::FirstBootReported);
            apply_event(&self.store, &order, &event, self.clock.now(), vec![write]).await?;
        } else {
            self.store.commit(vec![write]).await?;
        }
        first_boot.version += 1;
        tracing::info!(order = %order.id, instance = %boot.instance, succeeded = report.succeeded, "first boot reported");
        Ok(first_boot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_home() -> CallHome {
        CallHome::new(Secret::new(vec![7; 32]), "https://api.example.com/").unwrap()
    }

    fn boot() -> Boot {
        let now = Timestamp::from_millisecond(1_790_000_000_000).unwrap();
        Boot { instance: InstanceId::new(now, 5), attempt: 2, boot: 1 }
    }

    #[test]
    fn an_address_opens_the_boot_it_was_made_for_and_no_other() {
        let url = call_home().url(boot());
        let token = url.rsplit('/').next().unwrap();
        assert_eq!(call_home().check(boot().instance, token), Some(boot()));

        let now = Timestamp::from_millisecond(1_790_000_000_001).unwrap();
        assert_eq!(call_home().check(InstanceId::new(now, 5), token), None);
        assert_eq!(call_home().check(boot().instance, &token.replacen("2.1", "3.1", 1)), None);
        let other = CallHome::new(Secret::new(vec![8; 32]), "https://api.example.com").unwrap();
        assert_eq!(other.check(boot().instance, token), None);
        for broken in ["", "2.1", "2.1.", "2.1.zz", "a.b.c"] {
            assert_eq!(call_home().check(boot().instance, broken), None, "{broken}");
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        let url = call_home().url(boot());
        let token = url.rsplit('/').next().unwrap();
        let (numbers, mac) = token.rsplit_once('.').unwrap();
        for other in [
            format!("+{token}"),
            format!("0{token}"),
            token.replacen("2.1", "2.+1", 1),
            format!("{numbers}.{}", mac.to_uppercase()),
        ] {
            assert_eq!(call_home().check(boot().instance, &other), None, "{other}");
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(CallHome::new(Secret::new(vec![7; 31]), "https://api.example.com").is_err());
        assert!(CallHome::checking(Secret::new(vec![7; 31])).is_err());
    }

    #[test]
    fn an_api_that_no_machine_could_report_to_is_refused_before_the_first_order() {
        let made = |api_url: &str| CallHome::new(Secret::new(vec![7; 32]), api_url);
        for good in ["https://api.example.com", "https://api.example.com/v1/", "http://127.0.0.1:4566/_aws/x"]
        {
            assert!(made(good).is_ok(), "{good}");
        }
        let long = format!("https://api.example.com/{}", "x".repeat(400));
        for bad in ["", "api.example.com", "http://api.example.com", "https://", "https://a b", &long] {
            assert!(matches!(made(bad), Err(Unusable::ApiUrl(..))), "{bad}");
        }
    }
}
