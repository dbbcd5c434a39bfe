//! Lists of machines.

use app::ports::{Trace, VmError};
use domain::vm::Vm;
use vm_http::{Pages, add_new, is_of, page};

use crate::client::Client;
use crate::instance::Instance;
use crate::pages::{Meta, PER_PAGE_MAX};

page!(Instances, "instances", instances: Instance, meta: Meta);

/// Pages that are looked through at most.
const PAGES_MAX: u32 = 100;

impl Client {
    /// Every machine of a trace: that carries its tag, or whose label is one of its names.
    ///
    /// The provider's filter by tag is deprecated and may one day find nothing or everything, and nobody says
    /// whether its filter by label takes parts of one. So every answer is compared here, a name that the tag did
    /// not lead to is asked for by itself, and when a filter finds or knows nothing the whole list is looked
    /// through: to make a second machine because a filter failed costs more than a page.
    pub(crate) async fn traced(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let mut found = match self.walk(trace, Some(("tag", &trace.tag))).await {
            Ok(found) if !found.is_empty() => found,
            Ok(_) | Err(VmError::Refused(_) | VmError::NotFound) => return self.walk(trace, None).await,
            Err(error) => return Err(error),
        };
        for name in &trace.names {
            if found.iter().any(|vm| vm.name == *name) {
                continue;
            }
            match self.walk(trace, Some(("label", name))).await {
                Ok(more) => add_new(&mut found, more),
                Err(VmError::Refused(_) | VmError::NotFound) => return self.walk(trace, None).await,
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn walk(&self, trace: &Trace, filter: Option<(&str, &str)>) -> Result<Vec<Vm>, VmError> {
        let page = |cursor: Option<String>| async move {
            let (machines, next) = self.machines(cursor.as_deref(), PER_PAGE_MAX, filter.as_slice()).await?;
            Ok((machines.into_iter().filter(|vm| is_of(vm, trace)).collect(), next.map(Some)))
        };
        let mut found = Vec::new();
        add_new(&mut found, Pages::at_most(PAGES_MAX).walk("machines", None, page).await?);
        Ok(found)
    }

    /// One page of everything, at most `limit` machines (1 to 500).
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.machines(cursor, limit.clamp(1, PER_PAGE_MAX), &[]).await
    }

    async fn machines(
        &self,
        cursor: Option<&str>,
        per_page: u16,
        filter: &[(&str, &str)],
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let (machines, next) = self.page::<Instances>(filter, per_page, cursor).await?;
        Ok((machines.into_iter().map(|machine| machine.read().vm).collect(), next))
    }
}
