//! Revealing credentials: to their owner, with a line in the audit log first.

use domain::customer::CustomerId;
use domain::ids::{AuditId, InstanceId};
use domain::instance::InstanceStatus;
use domain::secret::Secret;
use domain::vm::RDP_PORT;

use crate::error::AppError;
use crate::ports::{AuditEntry, Clock, Commit, Decrypt, Ids, ReadCredentials, ReadInstances, Write};

/// What a customer needs to sign in.
pub struct Revealed {
    /// Where it answers.
    pub address: std::net::IpAddr,
    /// On which port.
    pub port: u16,
    /// The account.
    pub username: String,
    /// Its password.
    pub password: Secret<String>,
    /// The certificate it answers with.
    pub certificate: Option<domain::first_boot::Fingerprints>,
}

/// Reveals credentials.
pub struct Credentials<S, K, W> {
    /// The state.
    pub store: S,
    /// Decrypts.
    pub keys: K,
    /// Time and chance.
    pub world: W,
}

impl<S, K, W> Credentials<S, K, W>
where
    S: Commit + ReadInstances + ReadCredentials + Sync,
    K: Decrypt + Sync,
    W: Clock + Ids + Sync,
{
    /// Decrypts a desktop's password for its owner. The audit line is stored before anything is decrypted.
    ///
    /// # Errors
    /// `NotFound` for somebody else's; `Conflict` while there is nothing to reveal, or no address to use it at.
    pub async fn reveal(
        &self,
        customer: &CustomerId,
        id: InstanceId,
        request_id: &str,
    ) -> Result<Revealed, AppError> {
        let found = self.store.instance(id).await?.filter(|i| i.customer == *customer);
        let instance = found.ok_or(AppError::NotFound("desktop"))?;
        let ready = !matches!(
            instance.status,
            InstanceStatus::Provisioning | InstanceStatus::Failed | InstanceStatus::Terminated
        );
        let (Some(stored), true) = (self.store.credentials(id).await?, ready) else {
            return Err(AppError::Conflict(format!(
                "A desktop that is {} has no credentials.",
                instance.status
            )));
        };
        let Some(address) = instance.address else {
            return Err(AppError::Conflict(
                "This desktop has no address while it is off: start it, and ask again when it is active."
                    .to_owned(),
            ));
        };
        let now = self.world.now();
        self.store
            .commit(vec![Write::Audit(AuditEntry {
                id: AuditId::new(now, self.world.random()),
                instance: id,
                actor: customer.clone(),
                action: "credentials_revealed".to_owned(),
                request_id: request_id.to_owned(),
                at: now,
            })])
            .await?;
        let password = self.keys.decrypt(id, &stored.ciphertext).await?;
        Ok(Revealed {
            address,
            port: RDP_PORT,
            username: stored.username,
            password,
            certificate: instance.certificate,
        })
    }
}
