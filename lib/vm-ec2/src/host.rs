//! The port.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Question,
    Reinstall, ResetPassword, Trace, Traffic, VmError, VmHost, WindowsPassword, WindowsSetup,
};
use aws_sdk_ec2::types::{Instance, SummaryStatus};
use domain::catalogue::{Offering, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};

use crate::client::{Client, Manner};
use crate::place::Place;
use crate::{failure, instance, inventory};

impl VmHost for Client {
    fn capabilities(&self) -> Capabilities {
        let windows = WindowsSetup { batch: false, password: WindowsPassword::Fetched };
        Capabilities {
            windows: self.settings.key_pair.is_some().then_some(windows),
            power: true,
            reinstall: false,
            reset_password: ResetPassword::No,
            immediate_delete: true,
            firewall: false,
            traffic: true,
            balance: false,
        }
    }

    fn lists(&self, region: &str) -> bool {
        self.settings.listed_regions().iter().any(|listed| listed == region)
    }

    /// Where no region has a network, nothing is sold, and so nothing asked.
    fn asks(&self, question: Question) -> bool {
        match question {
            Question::Account | Question::Images => false,
            Question::Plans | Question::Stock => self.settings.sells(),
            Question::Regions => true,
        }
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        self.run(request).await
    }

    /// Running here means that both status checks have passed as well. An instance that was terminated is not
    /// found, although EC2 shows it for another hour.
    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let place = Place::parse(id)?;
        let seen = self.described(&place).await?;
        let mut vm = instance::read(&seen, &place.region).ok_or(VmError::NotFound)?;
        if vm.state != VmState::Running {
            return Ok(CreatedVm { vm, password: None });
        }
        let (passed, password) = tokio::join!(self.passed_checks(&place), self.password(&place, &seen));
        if !passed? {
            vm.state = VmState::Pending;
        }
        Ok(CreatedVm { vm, password })
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        self.traced(trace).await
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.listed(cursor, limit).await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        let place = Place::parse(id)?;
        let call = self.at(&place.region, Manner::Act).reboot_instances().instance_ids(place.instance_id);
        call.send().await.map(drop).map_err(|error| failure::of("RebootInstances", error))
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        let place = Place::parse(id)?;
        let call = self.at(&place.region, Manner::Act).start_instances().instance_ids(place.instance_id);
        call.send().await.map(drop).map_err(|error| failure::of("StartInstances", error))
    }

    /// A machine that is off costs only its disk; it comes back with another address.
    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        let place = Place::parse(id)?;
        let call = self.at(&place.region, Manner::Act).stop_instances().instance_ids(place.instance_id);
        call.send().await.map(drop).map_err(|error| failure::of("StopInstances", error))
    }

    async fn reinstall(&self, _: &VmId, _: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        Err(unsupported("make a machine as new in place: a new one would have to take its place"))
    }

    async fn reset_password(&self, _: &VmId, _: &Secret<String>) -> Result<Option<Secret<String>>, VmError> {
        Err(unsupported("set another password from outside: change it inside"))
    }

    async fn allow_rdp_from(&self, _: &VmId, _: &[IpAddr]) -> Result<(), VmError> {
        Err(unsupported("limit from where one machine is reached: its security group is every machine's"))
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        let place = Place::parse(id)?;
        let call = self.at(&place.region, Manner::Act).terminate_instances().instance_ids(place.instance_id);
        match call.send().await.map_err(failure::of_delete) {
            Ok(_) | Err(VmError::NotFound) => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }

    async fn traffic(&self, id: &VmId, days: u16) -> Result<Vec<Traffic>, VmError> {
        let place = Place::parse(id)?;
        // CloudWatch knows no machines: for one that is not there it has no values, and no error.
        let seen = self.described(&place).await?;
        instance::read(&seen, &place.region).ok_or(VmError::NotFound)?;
        self.traffic_of(&place, days).await
    }

    async fn account(&self) -> Result<Account, VmError> {
        Ok(Account { balance_usd_cents: None, pending_usd_cents: None })
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        self.all_regions().await
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        self.all_plans().await
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        Ok(self.sold_images())
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        self.offers(offering).await
    }
}

impl Client {
    /// One instance, also one that was terminated. Just after its creation EC2 may not know it yet.
    async fn described(&self, place: &Place) -> Result<Instance, VmError> {
        let call = self.at(&place.region, Manner::Read).describe_instances().instance_ids(&place.instance_id);
        let page = call.send().await.map_err(|error| failure::of("DescribeInstances", error))?;
        let is_it = |one: &&Instance| one.instance_id() == Some(place.instance_id.as_str());
        inventory::instances(&page).find(is_it).cloned().ok_or(VmError::NotFound)
    }

    /// Whether both status checks are `ok`.
    async fn passed_checks(&self, place: &Place) -> Result<bool, VmError> {
        let call = self
            .at(&place.region, Manner::Read)
            .describe_instance_status()
            .instance_ids(&place.instance_id)
            .include_all_instances(true);
        let answer = match call.send().await.map_err(|error| failure::of("DescribeInstanceStatus", error)) {
            Ok(answer) => answer,
            Err(VmError::NotFound) => return Ok(false),
            Err(error) => return Err(error),
        };
        let Some(status) = answer.instance_statuses().first() else { return Ok(false) };
        let checks = [status.instance_status(), status.system_status()];
        Ok(checks.iter().all(|check| check.and_then(|check| check.status()) == Some(&SummaryStatus::Ok)))
    }

    /// A Windows machine's password, as soon as EC2 has it. What goes wrong here is asked again at the next look,
    /// and does not hide the machine. Most of those who look have no use for it, and their role may not read it.
    async fn password(&self, place: &Place, seen: &Instance) -> Option<Secret<String>> {
        let key_pair = self.settings.key_pair.as_ref().filter(|_| instance::is_windows(seen))?;
        let call = self.at(&place.region, Manner::Read).get_password_data().instance_id(&place.instance_id);
        match call.send().await.map_err(|error| failure::of("GetPasswordData", error)) {
            Ok(answer) => key_pair.decrypt(answer.password_data().unwrap_or_default()),
            Err(VmError::Unauthorized(refusal)) => {
                tracing::info!(refusal, "no password data: it is not ours to read");
                None
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no password data");
                None
            }
        }
    }
}

fn unsupported(what: &'static str) -> VmError {
    VmError::Unsupported { provider: Provider::Ec2, what }
}
