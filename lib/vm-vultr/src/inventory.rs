//! Lists of machines.

use app::ports::{Trace, VmError};
use domain::vm::Vm;

use crate::client::Client;
use crate::instance::Instance;
use crate::pages::{Page, page};

page!(Instances, "instances", instances: Instance);

/// Machines per page when all have to be looked through: the provider's largest page.
const PER_PAGE: &str = "500";
/// Pages that are looked through at most.
const PAGES_MAX: usize = 100;
/// The provider's largest page.
const LIMIT_MAX: u16 = 500;

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
            Ok(_) | Err(VmError::Refused(_)) => return self.walk(trace, None).await,
            Err(error) => return Err(error),
        };
        for name in &trace.names {
            if found.iter().any(|vm| vm.name == *name) {
                continue;
            }
            match self.walk(trace, Some(("label", name))).await {
                Ok(more) => add_new(&mut found, more),
                Err(VmError::Refused(_)) => return self.walk(trace, None).await,
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn walk(&self, trace: &Trace, filter: Option<(&str, &str)>) -> Result<Vec<Vm>, VmError> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let (page, next) = self.page(cursor.as_deref(), PER_PAGE, filter).await?;
            // A list that changes between two pages may tell a machine twice.
            add_new(&mut found, page.into_iter().filter(|vm| belongs(vm, trace)));
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(found),
            }
        }
        Err(VmError::Unclear { what: format!("more than {PAGES_MAX} pages of machines"), source: None })
    }

    /// One page of everything, at most `limit` machines (1 to 500).
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.page(cursor, &limit.clamp(1, LIMIT_MAX).to_string(), None).await
    }

    async fn page(
        &self,
        cursor: Option<&str>,
        per_page: &str,
        filter: Option<(&str, &str)>,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let mut query = vec![("per_page", per_page)];
        query.extend(filter);
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let (machines, next) = self.read::<Instances>(&[Instances::PATH], &query).await?.split();
        Ok((machines.into_iter().map(|machine| machine.read().vm).collect(), next))
    }
}

fn belongs(vm: &Vm, trace: &Trace) -> bool {
    vm.tags.contains(&trace.tag) || trace.names.contains(&vm.name)
}

fn add_new(found: &mut Vec<Vm>, more: impl IntoIterator<Item = Vm>) {
    for vm in more {
        if found.iter().all(|one| one.id != vm.id) {
            found.push(vm);
        }
    }
}
