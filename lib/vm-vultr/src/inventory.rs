//! Lists of machines.

use app::ports::VmError;
use domain::vm::Vm;

use crate::client::Client;
use crate::instance::Instance;
use crate::pages::{Page, page};

page!(Instances, "instances", instances: Instance);

/// Machines per page when all have to be looked through.
const PER_PAGE: &str = "200";
/// Pages that are looked through at most.
const PAGES_MAX: usize = 100;
/// The provider's largest page.
const LIMIT_MAX: u16 = 500;

impl Client {
    /// Every machine that carries a tag, or whose label is the tag or begins with it and a hyphen.
    ///
    /// The provider's filter by tag is deprecated and may one day find nothing or everything. So its answer is
    /// compared here, and when it finds or knows nothing the whole list is looked through: to make a second machine
    /// because a filter failed costs more than a page.
    pub(crate) async fn tagged(&self, tag: &str) -> Result<Vec<Vm>, VmError> {
        match self.walk(tag, Some(tag)).await {
            Ok(found) if !found.is_empty() => Ok(found),
            Ok(_) | Err(VmError::Refused(_)) => self.walk(tag, None).await,
            Err(error) => Err(error),
        }
    }

    async fn walk(&self, tag: &str, filter: Option<&str>) -> Result<Vec<Vm>, VmError> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let (page, next) = self.page(cursor.as_deref(), PER_PAGE, filter).await?;
            found.extend(page.into_iter().filter(|vm| carries(vm, tag)));
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
        tag: Option<&str>,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let mut query = vec![("per_page", per_page)];
        query.extend(tag.map(|tag| ("tag", tag)));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let (machines, next) = self.read::<Instances>(&[Instances::PATH], &query).await?.split();
        Ok((machines.into_iter().map(|machine| machine.read().vm).collect(), next))
    }
}

fn carries(vm: &Vm, tag: &str) -> bool {
    let named_after = |rest: &str| rest.is_empty() || rest.starts_with('-');
    vm.tags.iter().any(|one| one == tag) || vm.name.strip_prefix(tag).is_some_and(named_after)
}
