//! Lists of machines.

use app::ports::{CreatedVm, Trace, VmError};
use domain::vm::Vm;
use serde_json::{Value, json};
use vm_http::{Pages, add_new, is_of};

use crate::client::Client;
use crate::instance::Instance;
use crate::pages::{PAGE_SIZE_MAX, PAGE_SIZE_MIN, Page};

const INSTANCES: &[&str] = &["linode", "instances"];
/// Pages that are looked through at most for one question.
const PAGES_MAX: u32 = 100;

/// Where a page of ours begins in the provider's pages, which hold 25 machines at least.
struct Place {
    page_size: u16,
    number: u32,
    /// Machines of that page which have been handed out.
    skip: usize,
}

impl Place {
    /// `25:3:10`
    fn parse(cursor: &str) -> Option<Self> {
        let mut parts = cursor.split(':');
        let mut part = || parts.next();
        let (page_size, number, skip) = (part()?, part()?, part()?);
        let place = Self {
            page_size: page_size.parse().ok()?,
            number: number.parse().ok()?,
            skip: skip.parse().ok()?,
        };
        let sound = (PAGE_SIZE_MIN..=PAGE_SIZE_MAX).contains(&place.page_size) && place.number > 0;
        (sound && part().is_none()).then_some(place)
    }

    fn cursor(&self) -> String {
        format!("{}:{}:{}", self.page_size, self.number, self.skip)
    }
}

impl Client {
    /// Every machine that carries the trace's tag or one of its names.
    pub(crate) async fn traced(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let mut pages = Pages::at_most(PAGES_MAX);
        let mut found = Vec::new();
        let filters = std::iter::once(json!({"tags": trace.tag}))
            .chain(trace.names.iter().map(|name| json!({"label": name})));
        for filter in filters {
            let filter = &filter;
            let page = |number| async move {
                let page = self.instances(Some(filter), PAGE_SIZE_MAX, number).await?;
                let next = page.next(number);
                let machines = page.data.into_iter().map(|machine| machine.read().vm);
                Ok((machines.filter(|vm| is_of(vm, trace)).collect(), next))
            };
            add_new(&mut found, pages.walk("machines", 1, page).await?);
        }
        Ok(found)
    }

    /// One page of machines. A page past the end is not found: there are fewer machines than a moment ago.
    async fn instances(
        &self,
        filter: Option<&Value>,
        page_size: u16,
        number: u32,
    ) -> Result<Page<Instance>, VmError> {
        match self.page(INSTANCES, filter, page_size, number).await {
            Err(VmError::NotFound) if number > 1 => Ok(Page::empty()),
            page => page,
        }
    }

    /// The machine that has this label.
    pub(crate) async fn labelled(&self, label: &str) -> Result<Option<CreatedVm>, VmError> {
        let filter = json!({"label": label});
        let page = self.instances(Some(&filter), PAGE_SIZE_MIN, 1).await?;
        Ok(page.data.into_iter().map(Instance::read).find(|found| found.vm.name == label))
    }

    /// One page of everything, at most `limit` machines (1 to 500).
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let limit = limit.clamp(1, PAGE_SIZE_MAX);
        let place = match cursor {
            None => Place { page_size: limit.max(PAGE_SIZE_MIN), number: 1, skip: 0 },
            Some(cursor) => Place::parse(cursor)
                .ok_or_else(|| VmError::Refused("a cursor that was not made here".to_owned()))?,
        };
        let page = self.instances(None, place.page_size, place.number).await?;
        let after = page.next(place.number);
        let count = page.data.len();
        let end = place.skip.saturating_add(limit.into());
        let machines = page.data.into_iter().skip(place.skip).take(limit.into());
        let machines = machines.map(|machine| machine.read().vm).collect();
        let next = if end < count {
            Some(Place { skip: end, ..place })
        } else {
            after.map(|number| Place { number, skip: 0, ..place })
        };
        Ok((machines, next.map(|place| place.cursor())))
    }
}
