//! Machines that this program never made, and what happens to machines behind everybody's back.

use std::net::{IpAddr, Ipv4Addr};

use app::ports::Clock as _;
use domain::catalogue::{Os, Provider};
use domain::vm::VmId;
use jiff::SignedDuration;

use super::{Machine, VmHost};

impl VmHost {
    /// Puts a machine there that this program never made, `age` old.
    pub fn plant(&self, provider: Provider, name: &str, tags: &[&str], age: SignedDuration) -> VmId {
        let made_at = self.sim.now().checked_sub(age).expect("a time within range");
        self.with(|s| {
            let id = VmId(format!("planted-{}", s.machines.len() + 1));
            let number = s.machines.len();
            s.machines.push(Machine {
                provider,
                id: id.clone(),
                name: name.to_owned(),
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                plan: "small".to_owned(),
                region: "east".to_owned(),
                os: Os::Linux,
                address: IpAddr::V4(Ipv4Addr::from(0xC633_0000 + u32::try_from(number).unwrap_or(0))),
                password: "nobody's password".to_owned(),
                report_url: "https://example.com/planted-machine".to_owned(),
                on: true,
                installs: 0,
                ends_on: None,
                late_by: SignedDuration::ZERO,
                exists_from: made_at,
                deleted_at: None,
                back_since: None,
                taken_early: false,
                told_until: None,
                answers_from: Some(made_at),
            });
            id
        })
    }

    /// Changes a machine behind everybody's back: turned off from inside, another address.
    pub fn meddle(&self, id: &VmId, change: impl FnOnce(&mut Machine)) {
        self.with(|s| change(s.machines.iter_mut().find(|m| m.id == *id).expect("a machine of that id")));
    }

    /// A machine disappears as if nobody had ever made it.
    pub fn vanish(&self, id: &VmId) {
        let now = self.sim.now();
        self.meddle(id, |machine| machine.deleted_at = Some(now));
    }

    /// A machine that had disappeared is there again, as it was.
    pub fn come_back(&self, id: &VmId) {
        let now = self.sim.now();
        self.meddle(id, |machine| {
            if machine.deleted_at.take().is_some() {
                machine.back_since = Some(now);
            }
        });
    }
}
