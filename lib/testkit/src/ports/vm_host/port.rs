//! What a provider's client answers.

use std::net::{IpAddr, Ipv4Addr};

use app::ports::{
    Account, Capabilities, Clock as _, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion,
    Reinstall, ResetPassword, Trace, Traffic, VmError, WindowsPassword, WindowsSetup,
};
use domain::Timestamp;
use domain::catalogue::{Offering, Os, Provider};
use domain::inventory::RETURNED_GRACE;
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use jiff::SignedDuration;

use super::user_data::{password_hash, report_url};
use super::{BootPlan, HostFault, Machine, Op, State, VmHost, offers};
use crate::sim::Chance;

fn unclear(what: &str) -> VmError {
    VmError::Unclear { what: what.to_owned(), source: None }
}

/// How each provider sets Windows up, where it has it.
const fn windows_at(provider: Provider) -> Option<WindowsSetup> {
    match provider {
        Provider::Vultr => Some(WindowsSetup { batch: true, password: WindowsPassword::Told }),
        Provider::Contabo => Some(WindowsSetup { batch: false, password: WindowsPassword::Chosen }),
        Provider::Ec2 => Some(WindowsSetup { batch: false, password: WindowsPassword::Fetched }),
        Provider::Digitalocean | Provider::Linode | Provider::Hetzner => None,
    }
}

impl VmHost {
    /// One call: takes its time and goes wrong as arranged.
    async fn op<T: Send>(
        &self,
        op: Op,
        name: &'static str,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, VmError> + Send,
    ) -> Result<T, VmError> {
        let (provider, now) = (self.provider, self.sim.now());
        self.broken_by(move |s| s.take_fault(provider, op, now), name, effect).await
    }

    async fn broken_by<T: Send>(
        &self,
        fault: impl FnOnce(&mut State) -> Option<HostFault> + Send,
        name: &'static str,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, VmError> + Send,
    ) -> Result<T, VmError> {
        let perform = || {
            let now = self.sim.now();
            self.with(|s| {
                s.calls += 1;
                match fault(s) {
                    None | Some(HostFault::Late(_) | HostFault::Untold(_)) => effect(s, now),
                    Some(HostFault::Refuse) => Err(VmError::Refused("not allowed".to_owned())),
                    Some(HostFault::Unauthorized) => Err(VmError::Unauthorized("unknown key".to_owned())),
                    Some(HostFault::Quota) => Err(VmError::Quota("too many machines".to_owned())),
                    Some(HostFault::OutOfStock) => Err(VmError::OutOfStock("none left".to_owned())),
                    Some(HostFault::Busy) => Err(VmError::Busy { retry_after: Some(1) }),
                    Some(HostFault::Unreachable) => Err(VmError::Busy { retry_after: None }),
                    Some(HostFault::FailBefore) => Err(unclear("500 Internal Server Error")),
                    Some(HostFault::FailAfter) => {
                        effect(s, now).and_then(|_| Err(unclear("500 Internal Server Error")))
                    }
                    Some(HostFault::DropAfter) => {
                        effect(s, now).and_then(|_| Err(unclear("connection reset")))
                    }
                }
            })
        };
        self.sim.call(name, || unclear("the answer was lost"), perform).await
    }

    fn call_home_later(&self, machine: &Machine, plan: BootPlan, now: Timestamp) {
        if let Some((after, call)) = machine.call_home(plan, now) {
            self.sim.schedule(after, call);
        }
    }

    fn windows_password(&self, os: Os) -> Option<WindowsPassword> {
        windows_at(self.provider).filter(|_| os == Os::Windows).map(|setup| setup.password)
    }

    /// One create, as the provider does it.
    pub(super) async fn make(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let made =
            format!("Canary-Windows-{:x}_7", Chance::new(self.sim.below(u64::MAX), &request.name).next());
        let kind = self.windows_password(request.os);
        let password = match kind {
            None => password_hash(&request.user_data).unwrap_or(made),
            Some(WindowsPassword::Chosen) => request.password.expose().clone(),
            Some(WindowsPassword::Told | WindowsPassword::Fetched) => made,
        };
        let (provider, begun) = (self.provider, self.sim.now());
        let fault = self.with(|s| s.take_fault(provider, Op::Create, begun));
        let late = match fault {
            Some(HostFault::Late(by)) => Some(by),
            _ => None,
        };
        let region = &request.offering.provider_region;
        let result = self
            .broken_by(
                move |_| fault,
                "vm.create",
                move |s, now| {
                    if s.sold_out.contains(region) {
                        return Err(VmError::OutOfStock(region.clone()));
                    }
                    let (machine, plan) = s.make(provider, request, password, now, late.unwrap_or_default());
                    // The call home is arranged with the effect, not with the answer.
                    self.call_home_later(machine, plan, now);
                    let told = kind == Some(WindowsPassword::Told);
                    let password = told.then(|| Secret::new(machine.password.clone()));
                    Ok(CreatedVm { vm: machine.shown(now), password })
                },
            )
            .await;
        if late.is_some() { result.and_then(|_| Err(unclear("504 Gateway Timeout"))) } else { result }
    }
}

impl State {
    /// Makes a machine that appears `late_by` after `now`.
    fn make(
        &mut self,
        provider: Provider,
        request: &CreateVm,
        password: String,
        now: Timestamp,
        late_by: SignedDuration,
    ) -> (&Machine, BootPlan) {
        let plan = self.boots.pop_front().unwrap_or(BootPlan::Well);
        let before = self.machines.len();
        let number = u8::try_from(before % 250).unwrap_or(0) + 1;
        let third = u8::try_from(before / 250).unwrap_or(0);
        let exists_from = now.checked_add(late_by).unwrap_or(now);
        let mut machine = Machine {
            provider,
            id: VmId(format!("vm-{}", before + 1)),
            name: request.name.clone(),
            tags: request.tags.clone(),
            plan: request.offering.plan.clone(),
            region: request.offering.provider_region.clone(),
            os: request.os,
            address: IpAddr::V4(Ipv4Addr::new(198, 51, third, number)),
            password,
            report_url: report_url(&request.user_data),
            on: true,
            installs: 0,
            ends_on: None,
            late_by: late_by + self.list_lag,
            exists_from,
            deleted_at: None,
            back_since: None,
            taken_early: false,
            told_until: None,
            answers_from: None,
        };
        machine.boots(plan, exists_from);
        self.creates += 1;
        self.machines.push(machine);
        (&self.machines[before], plan)
    }

    /// What a listing of a provider shows now, as old as listings are.
    fn listed(&self, provider: Provider, now: Timestamp) -> impl Iterator<Item = &Machine> {
        let seen_at = now.checked_sub(self.list_lag).unwrap_or(now);
        self.machines.iter().filter(move |m| m.provider == provider && m.was_listed(seen_at))
    }
}

impl app::ports::VmHost for VmHost {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: windows_at(self.provider),
            power: true,
            reinstall: self.provider != Provider::Ec2,
            reset_password: ResetPassword::No,
            immediate_delete: self.provider != Provider::Contabo,
            firewall: false,
            traffic: true,
            balance: true,
        }
    }

    fn lists(&self, region: &str) -> bool {
        self.with(|s| !s.unlisted.contains(region))
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        self.told_create(request).await
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let provider = self.provider;
        let looked = self.op(Op::Get, "vm.get", |s, now| {
            let machine = s.machine(provider, id, now)?;
            // Told in the answer to create and for a while at most, or from some minutes after the start.
            let fetched = self.windows_password(machine.os) == Some(WindowsPassword::Fetched);
            let is_shown = machine.told_until.is_some_and(|until| now < until);
            let password = (is_shown || (fetched && machine.has_answered(now)))
                .then(|| Secret::new(machine.password.clone()));
            Ok((machine.os, machine.shown(now), password))
        });
        let (os, vm, password) = looked.await?;
        Ok(CreatedVm { vm, password: self.told_get(os, password) })
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let provider = self.provider;
        let looked = self.op(Op::Find, "vm.find", |s, now| {
            let ours = |m: &&Machine| m.tags.contains(&trace.tag) || trace.names.contains(&m.name);
            Ok(s.listed(provider, now).filter(ours).map(|m| m.shown(now)).collect())
        });
        Ok(self.told_find(looked.await?))
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let provider = self.provider;
        let from: usize = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        self.op(Op::List, "vm.list", |s, now| {
            if from > 0 && s.forgets_cursors > 0 {
                s.forgets_cursors -= 1;
                return Err(VmError::Refused("no such cursor".to_owned()));
            }
            let listed = s.listed(provider, now).filter(|m| !s.unlisted.contains(&m.region));
            let mut rest = listed.skip(from);
            let page: Vec<Vm> = rest.by_ref().take(usize::from(limit)).map(|m| m.shown(now)).collect();
            let next = rest.next().map(|_| (from + page.len()).to_string());
            Ok((page, next))
        })
        .await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        let provider = self.provider;
        self.op(Op::Reboot, "vm.reboot", |s, now| {
            s.machine(provider, id, now)?.restarts(now);
            Ok(())
        })
        .await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        let provider = self.provider;
        self.op(Op::Start, "vm.start", |s, now| {
            s.machine(provider, id, now)?.starts(now);
            Ok(())
        })
        .await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        let provider = self.provider;
        self.op(Op::Halt, "vm.halt", |s, now| {
            s.machine(provider, id, now)?.on = false;
            Ok(())
        })
        .await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        let provider = self.provider;
        let kind = self.windows_password(request.os);
        let made = match kind {
            Some(WindowsPassword::Chosen) => request.password.expose().clone(),
            _ => format!("Canary-Windows-{:x}_8", Chance::new(self.sim.below(u64::MAX), &id.0).next()),
        };
        let password = password_hash(&request.user_data).unwrap_or(made);
        let begun = self.sim.now();
        let fault = self.with(|s| s.take_fault(provider, Op::Reinstall, begun));
        let untold = match fault {
            Some(HostFault::Untold(shown_for)) => Some(shown_for),
            _ => None,
        };
        let effect = move |s: &mut State, now: Timestamp| {
            let plan = s.boots.pop_front().unwrap_or(BootPlan::Well);
            let machine = s.machine(provider, id, now)?;
            machine.installs += 1;
            machine.on = true;
            machine.password = password;
            machine.report_url = report_url(&request.user_data);
            machine.boots(plan, now);
            self.call_home_later(machine, plan, now);
            machine.told_until = untold.and_then(|shown_for| now.checked_add(shown_for).ok());
            let told = kind == Some(WindowsPassword::Told) && untold.is_none();
            Ok(told.then(|| Secret::new(machine.password.clone())))
        };
        self.broken_by(move |_| fault, "vm.reinstall", effect).await
    }

    async fn reset_password(
        &self,
        _id: &VmId,
        _password: &Secret<String>,
    ) -> Result<Option<Secret<String>>, VmError> {
        Err(VmError::Unsupported { provider: self.provider, what: "set a password from outside" })
    }

    async fn allow_rdp_from(&self, _id: &VmId, _sources: &[IpAddr]) -> Result<(), VmError> {
        Err(VmError::Unsupported { provider: self.provider, what: "limit who reaches RDP" })
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        let provider = self.provider;
        let done = self.op(Op::Delete, "vm.delete", |s, now| {
            let Ok(machine) = s.machine(provider, id, now) else { return Ok(Deleted::Gone) };
            let week = |since: Timestamp| now.duration_since(since) < RETURNED_GRACE;
            machine.taken_early = machine.back_since.is_some_and(week);
            if provider == Provider::Contabo {
                let ends = now.to_zoned(jiff::tz::TimeZone::UTC).date();
                machine.on = false;
                return Ok(Deleted::EndsOn(*machine.ends_on.get_or_insert(ends)));
            }
            machine.deleted_at = Some(now);
            Ok(Deleted::Gone)
        });
        self.told_delete(done.await)
    }

    async fn traffic(&self, _id: &VmId, _days: u16) -> Result<Vec<Traffic>, VmError> {
        Ok(Vec::new())
    }

    async fn account(&self) -> Result<Account, VmError> {
        Ok(Account { balance_usd_cents: Some(100_000), pending_usd_cents: Some(0) })
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        self.op(Op::Offers, "vm.offers", |_, _| Ok(offers::regions())).await
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        self.op(Op::Offers, "vm.offers", |_, _| Ok(offers::plans())).await
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        self.op(Op::Offers, "vm.offers", |_, _| Ok(offers::images())).await
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        let region = &offering.provider_region;
        self.op(Op::Offers, "vm.offers", |s, _| Ok(!s.sold_out.contains(region))).await
    }
}
