//! The command that makes a desktop as new.

use desktop::{WindowsForm, password};
use domain::Timestamp;
use domain::catalogue::Os;
use domain::command::completed;
use domain::create::Attempt;
use domain::first_boot::{Fingerprints, FirstBoot};
use domain::instance::{Instance, StoredCredentials};
use domain::mail::MailKind;
use domain::order::Order;
use domain::readiness::{Verdict, judge};
use domain::secret::Secret;
use domain::vm::{RDP_PORT, VmId, host_name};

use super::{Commands, Progress, State};
use crate::error::AppError;
use crate::first_boot::script;
use crate::mails::{announce, owed_writes};
use crate::ports::{
    Clock, CreatedVm, Encrypt, Ids, ProbeRdp, QueueMail, Reinstall, VmHost, VmHosts, WindowsPassword, Write,
};

impl<S, V, K, Q, P, W> Commands<S, V, K, Q, P, W>
where
    S: State,
    V: VmHosts + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Sync,
    P: ProbeRdp + Sync,
    W: Clock + Ids + Sync,
{
    /// Makes the machine as new: another password, another first boot, the same address.
    pub(super) async fn reinstall(&self, mut instance: Instance, vm: &VmId) -> Result<Progress, AppError> {
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        let mut attempt = self.attempt(&instance).await?;

        instance.boot += 1;
        let first_boot = self.waiting_for(&order, &instance).await?;
        // One password per boot, stored before the call: whichever of several calls takes effect in the end, the
        // password that it set is known.
        let host = self.providers.at(instance.offering.provider, &instance.offering.provider_region)?;
        let setup = host.capabilities().windows;
        let chosen = setup.is_some_and(|setup| setup.password == WindowsPassword::Chosen);
        let fresh = password::generate(&self.world.secret_bytes());
        if order.os == Os::Linux && first_boot.version == 0 {
            attempt.password_hash = Some(password::sha512_crypt(&fresh, &self.world.secret_bytes()));
        }
        // A chosen Administrator's password counts from the call that carries it: each call has the one stored last.
        if (order.os == Os::Linux && first_boot.version == 0) || (order.os == Os::Windows && chosen) {
            attempt.password_ciphertext = Some(self.keys.encrypt(instance.id, &fresh).await?);
        }
        let hash = attempt.password_hash.as_deref();
        let form = if setup.is_some_and(|s| s.batch) { WindowsForm::Batch } else { WindowsForm::PowerShell };
        let user_data = script(&self.call_home, &order, instance.attempt, instance.boot, form, hash)
            .map_err(|error| AppError::Fault(error.to_string()))?;
        // The row that the machine's report needs must be there before the machine.
        self.store.commit(vec![Write::FirstBoot(first_boot), Write::Attempt(attempt.clone())]).await?;
        attempt.version += 1;
        let request = Reinstall {
            name: attempt.vm_name(),
            host_name: host_name(order.id, instance.attempt),
            os: order.os,
            image: instance.offering.image.clone(),
            user_data,
            password: fresh,
        };
        let told = host.reinstall(vm, &request).await?;
        if order.os == Os::Windows && !chosen {
            // The old one opens nothing any more. One that is not told yet is looked for with the machine.
            attempt.password_ciphertext = match told {
                Some(password) => Some(self.keys.encrypt(instance.id, &password).await?),
                None => None,
            };
        }
        instance.certificate = None;
        if let Some(command) = instance.command.as_mut() {
            command.sent = true;
        }
        self.store.commit(vec![Write::Attempt(attempt), Write::Instance(instance)]).await?;
        Ok(Progress::UnderWay)
    }

    async fn waiting_for(&self, order: &Order, instance: &Instance) -> Result<FirstBoot, AppError> {
        let left = self.store.first_boot(order.instance, instance.attempt, instance.boot).await?;
        Ok(FirstBoot {
            instance: order.instance,
            attempt: instance.attempt,
            boot: instance.boot,
            created_at: self.world.now(),
            task_token: None,
            report: None,
            first_pass: None,
            version: left.map_or(0, |f| f.version),
        })
    }

    pub(super) async fn reinstalled(&self, instance: &Instance, vm: &VmId) -> Result<Progress, AppError> {
        let CreatedVm { vm: found, password } = self.host(instance)?.get(vm).await?;
        let first_boot = self.store.first_boot(instance.id, instance.attempt, instance.boot).await?;
        let first_boot = first_boot.ok_or(AppError::NotFound("first boot"))?;
        let now = self.world.now();
        if !self.knows_password(instance, password).await? {
            // Vultr shows it for ten minutes.
            if now.duration_since(first_boot.created_at) < self.policy.first_boot_wait {
                return Ok(Progress::UnderWay);
            }
            let reason = "It was made as new, and the provider did not tell its new password; please reinstall it once \
                          more, or ask support.";
            return self.fail(instance.id, reason).await;
        }
        let Some(address) = found.address.or(instance.address) else { return Ok(Progress::UnderWay) };
        let since = instance.command.as_ref().map_or(now, |c| c.since);
        let waited = now.duration_since(since) >= self.policy.first_boot_wait;
        if first_boot.report.is_none() && !waited {
            return Ok(Progress::UnderWay);
        }
        let probe = self.probe.probe(address, RDP_PORT).await;
        let (report, pass) = (first_boot.report.as_ref(), first_boot.first_pass.as_ref());
        match judge(&found.state, &probe, report, pass, self.policy.probe_pause, now) {
            Verdict::Ready(certificate) => self.hand_over_again(instance, address, certificate, now).await,
            Verdict::LookAgain(pass) => {
                let seen = FirstBoot { first_pass: Some(pass), ..first_boot };
                self.store.commit(vec![Write::FirstBoot(seen)]).await?;
                Ok(Progress::UnderWay)
            }
            Verdict::NotYet(_) => Ok(Progress::UnderWay),
            Verdict::SetupFailed => {
                self.fail(instance.id, "The fresh system could not be set up; please ask support.").await
            }
        }
    }

    /// Whether the password of the fresh system is stored; `shown` is stored if it is not.
    async fn knows_password(
        &self,
        instance: &Instance,
        shown: Option<Secret<String>>,
    ) -> Result<bool, AppError> {
        let mut attempt = self.attempt(instance).await?;
        if attempt.password_ciphertext.is_some() {
            return Ok(true);
        }
        let Some(password) = shown else { return Ok(false) };
        attempt.password_ciphertext = Some(self.keys.encrypt(instance.id, &password).await?);
        self.store.commit(vec![Write::Attempt(attempt)]).await?;
        Ok(true)
    }

    /// The attempt that made the desktop's machine.
    async fn attempt(&self, instance: &Instance) -> Result<Attempt, AppError> {
        let attempts = self.store.attempts(instance.order).await?;
        let found = attempts.into_iter().find(|a| a.number == instance.attempt);
        found
            .ok_or_else(|| AppError::Fault(format!("{} has no attempt {}", instance.order, instance.attempt)))
    }

    async fn hand_over_again(
        &self,
        instance: &Instance,
        address: std::net::IpAddr,
        certificate: Fingerprints,
        now: Timestamp,
    ) -> Result<Progress, AppError> {
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        let ciphertext = self.attempt(instance).await?.password_ciphertext;
        let ciphertext =
            ciphertext.ok_or_else(|| AppError::Fault(format!("{} has no password", instance.id)))?;
        let stored = self.store.credentials(instance.id).await?;
        let credentials = StoredCredentials {
            instance: instance.id,
            username: instance.username.clone(),
            ciphertext,
            stored_at: now,
            version: stored.map_or(0, |c| c.version),
        };
        let mut mail = order.mail(MailKind::Reinstalled, now);
        mail.id = format!("{}.{}", mail.id, instance.boot);
        let mut done = completed(instance);
        done.address = Some(address);
        done.certificate = Some(certificate);
        let mut writes = vec![Write::Credentials(credentials), Write::Instance(done)];
        writes.extend(owed_writes(std::slice::from_ref(&mail)));
        self.store.commit(writes).await?;
        announce(&self.queue, &[mail]).await;
        tracing::info!(instance = %instance.id, order = %order.id, "desktop reinstalled");
        Ok(Progress::Over)
    }
}
