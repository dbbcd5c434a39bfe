//! Lists of machines.

use app::ports::{Trace, VmError};
use domain::vm::Vm;
use vm_http::{Pages, add_new, is_of, page};

use crate::client::Client;
use crate::pages::{Meta, PER_PAGE};
use crate::server::Server;
use crate::{labels, names};

page!(Servers, "servers", servers: Server, meta: Meta);

/// Pages that are looked through at most.
const PAGES_MAX: u32 = 100;
/// In the order of creation, so that a machine made meanwhile comes last and moves no other.
const ORDER: (&str, &str) = ("sort", "id:asc");

impl Client {
    /// Every machine that carries the tag or one of the names.
    ///
    /// Both filters are asked, the label's and each name's, and what they let through is compared here.
    pub(crate) async fn traced(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let mut found: Vec<Vm> = Vec::new();
        if let Some(selector) = labels::selector(&trace.tag) {
            add_new(&mut found, self.walk(("label_selector", &selector), trace).await?);
        }
        for name in &trace.names {
            if found.iter().any(|vm| vm.name == *name) {
                continue;
            }
            let Ok(spelled) = names::spelled(name) else { continue };
            add_new(&mut found, self.walk(("name", &spelled), trace).await?);
        }
        Ok(found)
    }

    async fn walk(&self, filter: (&str, &str), trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let page = |number| async move {
            let (servers, next) = self.page::<Servers>(&[filter, ORDER], number, PER_PAGE).await?;
            let machines = servers.into_iter().map(|server| server.read().vm);
            Ok((machines.filter(|vm| is_of(vm, trace)).collect(), next))
        };
        Pages::at_most(PAGES_MAX).walk("machines", 1, page).await
    }

    /// The machine of that name, as Hetzner spells it. Names are unique.
    pub(crate) async fn named(&self, spelled: &str) -> Result<Option<Vm>, VmError> {
        let (servers, _) = self.page::<Servers>(&[("name", spelled)], 1, PER_PAGE).await?;
        let wanted = names::ours(spelled);
        Ok(servers.into_iter().map(|server| server.read().vm).find(|vm| vm.name == wanted))
    }

    /// One page of everything, at most `limit` machines (1 to 50). The cursor is the number of the page, so that all
    /// pages of a walk must have one size.
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let unreadable = || VmError::Refused("a cursor that is none of Hetzner's".to_owned());
        let page = cursor.map_or(Some(1), |cursor| cursor.parse().ok()).ok_or_else(unreadable)?;
        let (servers, next) = self.page::<Servers>(&[ORDER], page, limit.clamp(1, PER_PAGE)).await?;
        let machines = servers.into_iter().map(|server| server.read().vm).collect();
        Ok((machines, next.map(|page| page.to_string())))
    }
}
