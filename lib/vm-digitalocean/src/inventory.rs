//! Lists of machines.
//!
//! Droplets with a graphics card are left out of the list unless it is asked for them alone, and then the others are
//! left out. So everything is two lists, one after the other.

use app::ports::{Trace, VmError};
use domain::vm::Vm;
use vm_http::{Pages, add_new, is_of, page};

use crate::client::Client;
use crate::droplet::Droplet;
use crate::name;
use crate::pages::{Links, PER_PAGE};

page!(Droplets, "droplets", droplets: Droplet, links: Links);

/// Pages that are looked through at most for one question.
const PAGES_MAX: u32 = 100;

/// The two lists, as the filter `type` calls them.
const PLAIN: &str = "droplets";
const GPUS: &str = "gpus";

impl Client {
    /// Every machine that carries the trace's tag or one of its names.
    ///
    /// The filter by tag knows both kinds of droplets. But tags are put on a droplet after it is made, and names may
    /// repeat: so each name is asked for as well, among both kinds.
    pub(crate) async fn traced(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let mut pages = Pages::at_most(PAGES_MAX);
        let mut found = self.walk(&[("tag_name", &trace.tag)], trace, &mut pages).await?;
        // A name that cannot be spelled has never been given.
        for spelled in trace.names.iter().filter_map(|one| name::spelled(one)) {
            for list in [PLAIN, GPUS] {
                let more = self.walk(&[("name", &spelled), ("type", list)], trace, &mut pages).await?;
                add_new(&mut found, more);
            }
        }
        Ok(found)
    }

    /// What of a filtered list fits the trace, each once.
    async fn walk(
        &self,
        filter: &[(&str, &str)],
        trace: &Trace,
        pages: &mut Pages,
    ) -> Result<Vec<Vm>, VmError> {
        let page = |number| async move {
            let (machines, next) = match self.page::<Droplets>(filter, PER_PAGE, number).await {
                // A tag that nothing carries may not exist.
                Err(VmError::NotFound) => (Vec::new(), None),
                page => page?,
            };
            let machines = machines.into_iter().map(|machine| machine.read().vm);
            Ok((machines.filter(|vm| is_of(vm, trace)).collect(), next))
        };
        let mut found = Vec::new();
        add_new(&mut found, pages.walk("machines", 1, page).await?);
        Ok(found)
    }

    /// One page of everything, at most `limit` machines (1 to 200): first the plain ones, then those with a graphics
    /// card. A cursor is the list and the page in it, `gpus:3`.
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let (list, number) = match cursor {
            None => (PLAIN, 1),
            Some(cursor) => {
                place(cursor).ok_or_else(|| VmError::Refused("a cursor that was not made here".to_owned()))?
            }
        };
        let filter = [("type", list)];
        let (machines, next) = self.page::<Droplets>(&filter, limit.clamp(1, PER_PAGE), number).await?;
        let next = match (next, list) {
            (Some(number), _) => Some(format!("{list}:{number}")),
            (None, PLAIN) => Some(format!("{GPUS}:1")),
            (None, _) => None,
        };
        Ok((machines.into_iter().map(|machine| machine.read().vm).collect(), next))
    }
}

fn place(cursor: &str) -> Option<(&'static str, u32)> {
    let (list, number) = cursor.split_once(':')?;
    let list = [PLAIN, GPUS].into_iter().find(|one| *one == list)?;
    number.parse().ok().filter(|number| *number > 0).map(|number| (list, number))
}
