//! Making the machine, exactly once: the protocol of `domain::create` around the provider's calls.

use desktop::{WindowsForm, password};
use domain::Timestamp;
use domain::catalogue::{Offering, Os};
use domain::create::{Attempt, AttemptState, NextStep, Setback, next_step};
use domain::failover::WORTH_WAITING;
use domain::first_boot::FirstBoot;
use domain::ids::OrderId;
use domain::instance::{Instance, InstanceStatus};
use domain::order::{Order, OrderEvent, OrderStatus, Step};
use domain::secret::Secret;
use domain::vm::{Vm, VmId, WINDOWS_USER, host_name, linux_user};

use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::error::Chain;
use crate::ports::{
    CompleteTask, CreateCall, CreateVm, Encrypt, PaymentGateway, ProbeRdp, QueueMail, Trace, VmError, VmHost,
    VmHosts, WindowsPassword, Write,
};

impl<S, V, G, K, Q, T, P, W> Provisioning<S, V, G, K, Q, T, P, W>
where
    S: State,
    V: VmHosts + Sync,
    G: PaymentGateway + Clone + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Clone + Sync,
    T: CompleteTask + Sync,
    P: ProbeRdp + Sync,
    W: World,
{
    /// Creates the machine of the current attempt, or adopts what an earlier run of this task made.
    pub(super) async fn create_vm(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let mut order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        let attempts = self.store.attempts(order.id).await?;
        let begun = attempts.iter().find(|a| a.number == order.attempt);
        // Whether a machine that exists came too late is decided where it is looked at: one that answers may be in
        // its customer's hands already.
        if begun.is_none_or(|attempt| attempt.state != AttemptState::Created) {
            self.not_late(&order, self.world.now())?;
        }
        let attempt = match begun {
            Some(attempt) if attempt.state != AttemptState::Absent && !attempt.is_left_behind() => {
                attempt.clone()
            }
            // The first attempt, or the one after an attempt that ended just before its process did.
            Some(_) => {
                order = self.begin_next(&order, &attempts, Vec::new()).await?;
                self.plan(&order).await?
            }
            None => {
                if order.attempt == 0 {
                    order = self.begin_next(&order, &attempts, Vec::new()).await?;
                }
                self.plan(&order).await?
            }
        };
        let listed = match self.listed(&order, &attempt).await {
            Ok(listed) => listed,
            Err(error) => return Err(self.cannot_ask(&order, attempts, attempt, error).await),
        };
        let done = match next_step(&attempt, &listed, self.policy.quarantine, self.world.now()) {
            NextStep::Done(_)
                if attempt.password_ciphertext.is_none() && !self.fetches_password(&order, &attempt) =>
            {
                Err(TaskError::PasswordLost)
            }
            NextStep::Done(_) => Ok(TaskOutput::default()),
            NextStep::Create => self.create(&order, attempt).await,
            NextStep::Adopt(vm) => self.adopt(&order, attempt, &vm).await,
            NextStep::AskAgain => {
                Err(TaskError::ProviderAnswerUnclear("no machine is listed yet".to_owned()))
            }
            NextStep::WriteOff => self.write_off(&order, attempts, attempt).await,
        };
        done.map(|_| TaskOutput { first_boot_wait_seconds: Some(self.first_boot_wait(&order)) })
    }

    /// How long to wait for the machine's own word, in seconds: no longer than the order has left, or a second
    /// machine and a workflow that was started anew would each wait past the deadline.
    pub(super) fn first_boot_wait(&self, order: &Order) -> i64 {
        let left = order.deadline.map(|deadline| deadline.duration_since(self.world.now()));
        let wait = left.map_or(self.policy.first_boot_wait, |left| left.min(self.policy.first_boot_wait));
        wait.as_secs().max(1)
    }

    /// Stores what is wanted before anything is asked for: the attempt, its password, the desktop's record.
    async fn plan(&self, order: &Order) -> Result<Attempt, TaskError> {
        let now = self.world.now();
        let offering = self.offering(order)?;
        let (hash, ciphertext) = match order.os {
            // Known when the machine is made: the provider makes it up, or is told it with the call.
            Os::Windows => (None, None),
            Os::Linux => {
                let password = password::generate(&self.world.secret_bytes());
                let hash = password::sha512_crypt(&password, &self.world.secret_bytes());
                (Some(hash), Some(self.keys.encrypt(order.instance, &password).await?))
            }
        };
        let attempt = Attempt {
            order: order.id,
            instance: order.instance,
            number: order.attempt,
            offering: offering.clone(),
            state: AttemptState::Planned,
            request_id: uuid::Builder::from_random_bytes(self.world.secret_bytes()).into_uuid().to_string(),
            called_at: None,
            left_at: None,
            setback: None,
            vm: None,
            password_hash: hash,
            password_ciphertext: ciphertext,
            absent_since: None,
            version: 0,
        };
        let first_boot = FirstBoot {
            instance: order.instance,
            attempt: order.attempt,
            boot: 1,
            created_at: now,
            task_token: None,
            report: None,
            first_pass: None,
            version: 0,
        };
        let instance = self.record_of(order, offering, now).await?;
        // The order is written along, unchanged: nothing is planned for one that was given up since it was read.
        self.store
            .commit(vec![
                Write::Order(order.clone()),
                Write::Attempt(attempt.clone()),
                Write::FirstBoot(first_boot),
                Write::Instance(instance),
            ])
            .await?;
        Ok(Attempt { version: 1, ..attempt })
    }

    /// The desktop's record for this attempt: a new one, or the earlier attempt's made to mean this one.
    async fn record_of(
        &self,
        order: &Order,
        offering: Offering,
        now: Timestamp,
    ) -> Result<Instance, TaskError> {
        let username = match order.os {
            Os::Windows => WINDOWS_USER.to_owned(),
            Os::Linux => linux_user(order.id),
        };
        let earlier = self.store.instance(order.instance).await?;
        Ok(Instance {
            id: order.instance,
            order: order.id,
            customer: order.customer.clone(),
            plan: order.plan,
            os: order.os,
            status: InstanceStatus::Provisioning,
            attempt: order.attempt,
            offering,
            vm: None,
            address: None,
            price: Some(order.price),
            username,
            certificate: None,
            command: None,
            last_error: None,
            boot: 1,
            created_at: earlier.as_ref().map_or(now, |e| e.created_at),
            ready_at: None,
            setup_seconds: None,
            version: earlier.map_or(0, |e| e.version),
        })
    }

    /// What the provider lists under the attempt's name. A fresh attempt, for which no call was ever made,
    /// needs no question.
    async fn listed(&self, order: &Order, attempt: &Attempt) -> Result<Vec<Vm>, VmError> {
        match attempt.state {
            AttemptState::Planned if attempt.called_at.is_none() => Ok(Vec::new()),
            AttemptState::Created | AttemptState::Absent => Ok(Vec::new()),
            AttemptState::Planned | AttemptState::Unknown => {
                let Offering { provider, provider_region, .. } = &attempt.offering;
                let host = self.providers.at(*provider, provider_region)?;
                host.find(&trace(order, std::slice::from_ref(attempt))).await
            }
        }
    }

    /// The provider does not say what became of a create, or what it lists at all.
    async fn cannot_ask(
        &self,
        order: &Order,
        attempts: Vec<Attempt>,
        attempt: Attempt,
        error: VmError,
    ) -> TaskError {
        // Every call so far was refused in words: nothing was made, and a provider that refuses us makes nothing.
        if attempt.state == AttemptState::Planned && !error.is_passing() {
            return match self.not_created(attempt, error).await {
                Ok(_) => TaskError::Internal("a refusal is no success".to_owned()),
                Err(error) => error,
            };
        }
        if attempt.state == AttemptState::Planned {
            return match error {
                // Nothing was made, so nothing hangs on this answer.
                VmError::Unclear { .. } => TaskError::ProviderBusy,
                error => error.into(),
            };
        }
        match self.leave_behind(order, attempts, attempt).await {
            Ok(true) => TaskError::ProviderUnavailable(error.to_string()),
            Ok(false) => not_told(error),
            Err(error) => error,
        }
    }

    async fn create(&self, order: &Order, mut attempt: Attempt) -> Result<TaskOutput, TaskError> {
        let host = self.providers.at(attempt.offering.provider, &attempt.offering.provider_region);
        let (host, setup) = match host {
            Ok(host) => {
                let setup = host.capabilities().windows;
                (host, setup)
            }
            Err(error) => return self.not_created(attempt, error).await,
        };
        let password = password::generate(&self.world.secret_bytes());
        if order.os == Os::Windows && setup.is_some_and(|s| s.password == WindowsPassword::Chosen) {
            attempt.password_ciphertext = Some(self.keys.encrypt(order.instance, &password).await?);
        }
        let form = if setup.is_some_and(|s| s.batch) { WindowsForm::Batch } else { WindowsForm::PowerShell };
        let request = self.request(order, &attempt, form, password)?;
        // The write that allows the call: of two runs at once one loses here, before the provider hears of it.
        attempt.state = AttemptState::Unknown;
        attempt.called_at = Some(self.world.now());
        self.store.commit(vec![Write::Attempt(attempt.clone())]).await?;
        attempt.version += 1;

        match host.create(&request).await {
            Ok(created) => self.keep(order, attempt, &created.vm, created.password).await,
            Err(error) => self.not_created(attempt, error).await,
        }
    }

    fn request(
        &self,
        order: &Order,
        attempt: &Attempt,
        form: WindowsForm,
        password: Secret<String>,
    ) -> Result<CreateVm, TaskError> {
        let hash = attempt.password_hash.as_deref();
        let user_data = crate::first_boot::script(&self.call_home, order, attempt.number, 1, form, hash)
            .map_err(|error| TaskError::Internal(error.to_string()))?;
        Ok(CreateVm {
            offering: attempt.offering.clone(),
            os: order.os,
            name: attempt.vm_name(),
            request_id: attempt.request_id.clone(),
            host_name: host_name(order.id, attempt.number),
            tags: vec![order.id.to_string(), "nemordp".to_owned()],
            user_data,
            password,
        })
    }

    /// Records a refusal, after which nothing can exist; an unclear answer leaves the call open.
    async fn not_created(&self, mut attempt: Attempt, error: VmError) -> Result<TaskOutput, TaskError> {
        tracing::warn!(order = %attempt.order, attempt = attempt.number, error = %error, "machine not created");
        let now = self.world.now();
        let setback = match &error {
            VmError::Unclear { .. } => return Err(error.into()),
            VmError::Busy { .. } => None,
            VmError::LeftAlone { until } if until.duration_since(now) <= WORTH_WAITING => None,
            VmError::LeftAlone { .. } => Some(Setback::Unavailable),
            VmError::OutOfStock(_) => Some(Setback::OutOfStock),
            VmError::Unauthorized(_) => Some(Setback::Unauthorized),
            VmError::Quota(_) => Some(Setback::Quota),
            VmError::Refused(_) | VmError::NotFound | VmError::Unsupported { .. } => Some(Setback::Refused),
        };
        attempt.state = if setback.is_some() { AttemptState::Absent } else { AttemptState::Planned };
        attempt.setback = setback;
        self.store.commit(vec![Write::Attempt(attempt)]).await?;
        match setback {
            Some(Setback::Unavailable) => Err(TaskError::ProviderUnavailable(error.to_string())),
            _ => Err(error.into()),
        }
    }

    /// Records the machine that an unclear call made. One that is listed and cannot be looked at is asked for until the
    /// quarantine is over; then it is as good as one whose password is lost, and another is made.
    async fn adopt(&self, order: &Order, attempt: Attempt, vm: &VmId) -> Result<TaskOutput, TaskError> {
        tracing::info!(order = %order.id, attempt = attempt.number, "machine adopted");
        let Offering { provider, provider_region, .. } = &attempt.offering;
        let host = self.providers.at(*provider, provider_region).map_err(not_told)?;
        match host.get(vm).await {
            Ok(found) => self.keep(order, attempt, &found.vm, found.password).await,
            Err(error) if attempt.is_cold(self.policy.quarantine, self.world.now()) => {
                tracing::warn!(order = %order.id, attempt = attempt.number, error = %Chain(&error), "not adopted");
                Err(TaskError::PasswordLost)
            }
            Err(error) => Err(not_told(error)),
        }
    }

    /// Whether the machine's password can still be asked for after it was made.
    fn fetches_password(&self, order: &Order, attempt: &Attempt) -> bool {
        let setup = self.providers.capabilities(attempt.offering.provider).and_then(|c| c.windows);
        order.os == Os::Windows && setup.is_some_and(|s| s.password == WindowsPassword::Fetched)
    }

    /// Records the machine and, where the provider made the password, the password, in one transaction.
    async fn keep(
        &self,
        order: &Order,
        mut attempt: Attempt,
        vm: &Vm,
        password: Option<Secret<String>>,
    ) -> Result<TaskOutput, TaskError> {
        if let Some(password) = password.filter(|_| order.os == Os::Windows) {
            attempt.password_ciphertext = Some(self.keys.encrypt(order.instance, &password).await?);
        }
        attempt.state = AttemptState::Created;
        attempt.vm = Some(vm.id.clone());
        let known = attempt.password_ciphertext.is_some() || self.fetches_password(order, &attempt);
        let mut instance = self.instance(order).await?;
        instance.vm = Some(vm.id.clone());
        instance.address = vm.address;
        let order = self.order(order.id).await?;
        let writes = vec![Write::Attempt(attempt), Write::Instance(instance)];
        self.record(&order, &OrderEvent::Progress(Step::MachineCreated), writes).await?;
        if known { Ok(TaskOutput::default()) } else { Err(TaskError::PasswordLost) }
    }

    /// Nothing turned up in time: the attempt keeps its tombstone, and the next one has another name.
    async fn write_off(
        &self,
        order: &Order,
        mut attempts: Vec<Attempt>,
        mut attempt: Attempt,
    ) -> Result<TaskOutput, TaskError> {
        tracing::warn!(order = %order.id, attempt = attempt.number, "attempt written off");
        attempt.state = AttemptState::Absent;
        attempt.setback = Some(Setback::Lost);
        attempts.retain(|a| a.number != attempt.number);
        attempts.push(attempt.clone());
        self.store.commit(vec![Write::Attempt(attempt)]).await?;
        self.begin_next(order, &attempts, Vec::new()).await?;
        Err(TaskError::ProviderAnswerUnclear("the machine never turned up; trying anew".to_owned()))
    }
}

/// Whatever kept a provider from telling what became of a create, a refused key too: the create may have acted, so it
/// is asked again.
fn not_told(error: VmError) -> TaskError {
    TaskError::ProviderAnswerUnclear(error.to_string())
}

/// Everything by which the machines of these attempts, all of one order and provider, can be known.
pub(crate) fn trace(order: &Order, attempts: &[Attempt]) -> Trace {
    let mut regions: Vec<String> = attempts.iter().map(|a| a.offering.provider_region.clone()).collect();
    regions.sort();
    regions.dedup();
    let call = |a: &Attempt| CreateCall { request_id: a.request_id.clone(), name: a.vm_name() };
    Trace {
        tag: order.id.to_string(),
        names: attempts.iter().map(Attempt::vm_name).collect(),
        calls: attempts.iter().map(call).collect(),
        regions,
        since: order.created_at,
    }
}
