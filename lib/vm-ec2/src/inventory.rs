//! Lists of machines.

use app::ports::{Trace, VmError};
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::types::{Filter, Instance};
use domain::vm::Vm;

use crate::client::{Client, Manner};
use crate::instance::{self, OUR_TAG};
use crate::{failure, place};

/// Pages that are looked through at most for one question in one region.
const PAGES_MAX: usize = 100;
/// The smallest and the largest page of EC2's.
const PAGE_MIN: u16 = 5;
const PAGE_MAX: u16 = 1000;
/// The most values that a filter takes.
const VALUES_MAX: usize = 200;

impl Client {
    /// Every machine of a trace: that carries its tag, or one of its names as name or client token. In the trace's
    /// regions, or in all that are listed when it names none.
    pub(crate) async fn traced(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let everywhere = self.settings.listed_regions();
        let regions = if trace.regions.is_empty() { &everywhere } else { &trace.regions };
        let mut found: Vec<Vm> = Vec::new();
        for region in regions {
            let mut seen = self.with_client_tokens(region, &trace.names).await?;
            if !trace.tag.is_empty() {
                // The tag stands among others in one value.
                let filter = named(&format!("tag:{OUR_TAG}"), [format!("*{}*", trace.tag)]);
                seen.extend(self.walk(region, filter, |vm, _| vm.tags.contains(&trace.tag)).await?);
            }
            for vm in seen {
                if !found.iter().any(|other| other.id == vm.id) {
                    found.push(vm);
                }
            }
        }
        Ok(found)
    }

    /// The machines that were created with these client tokens, which are their names.
    pub(crate) async fn with_client_tokens(
        &self,
        region: &str,
        names: &[String],
    ) -> Result<Vec<Vm>, VmError> {
        let mut found = Vec::new();
        for some in names.chunks(VALUES_MAX) {
            let is_one = |vm: &Vm, token: &str| some.iter().any(|name| *name == vm.name || name == token);
            found.extend(self.walk(region, named("client-token", some), is_one).await?);
        }
        Ok(found)
    }

    /// All pages of one question in one region; `is_meant` is told the client token beside the machine.
    async fn walk(
        &self,
        region: &str,
        filter: Filter,
        is_meant: impl Fn(&Vm, &str) -> bool,
    ) -> Result<Vec<Vm>, VmError> {
        let mut found = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let page = self.page(region, filter.clone(), PAGE_MAX, token).await?;
            for instance in instances(&page) {
                let meant = |vm: &Vm| is_meant(vm, instance.client_token().unwrap_or_default());
                found.extend(instance::read(instance, region).filter(meant));
            }
            token = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
        Err(VmError::Unclear { what: format!("more than {PAGES_MAX} pages of machines"), source: None })
    }

    /// One page of everything of ours, region by region, at most `limit` machines (1 to 1000). A page may be empty
    /// and not the last.
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let regions = self.settings.listed_regions();
        let Some(first) = regions.first() else { return Ok((Vec::new(), None)) };
        let cursor = match cursor {
            Some(text) => Cursor::parse(text)?,
            None => Cursor { region: first.clone(), skip: 0, token: String::new() },
        };
        if !regions.contains(&cursor.region) {
            // What comes after it is not known: the list is begun anew.
            return Err(VmError::Refused("a cursor in a region that is not listed any more".to_owned()));
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let token = (!cursor.token.is_empty()).then(|| cursor.token.clone());
        let page = self.page(&cursor.region, named("tag-key", [OUR_TAG]), limit.max(PAGE_MIN), token).await?;
        let shown: Vec<Vm> = instances(&page)
            .filter(|one| instance::is_ours(one))
            .filter_map(|one| instance::read(one, &cursor.region))
            .collect();
        let end = cursor.skip.saturating_add(usize::from(limit));
        let next = if end < shown.len() {
            // EC2 has no page as small as was asked for: the rest of this one comes next.
            Some(Cursor { skip: end, ..cursor.clone() })
        } else if let Some(token) = page.next_token().filter(|next| !next.is_empty()) {
            Some(Cursor { region: cursor.region.clone(), skip: 0, token: token.to_owned() })
        } else {
            let after = regions.iter().skip_while(|one| **one != cursor.region).nth(1);
            after.map(|region| Cursor { region: region.clone(), skip: 0, token: String::new() })
        };
        let vms = shown.into_iter().skip(cursor.skip).take(usize::from(limit)).collect();
        Ok((vms, next.map(|next| next.to_string())))
    }

    /// Not filtered by state: one that EC2 adds would hide machines that are paid for. What was terminated within
    /// the last hour is left out when it is read.
    async fn page(
        &self,
        region: &str,
        filter: Filter,
        size: u16,
        token: Option<String>,
    ) -> Result<DescribeInstancesOutput, VmError> {
        if !place::is_region(region) {
            return Err(VmError::Refused("a region that is none".to_owned()));
        }
        self.at(region, Manner::Read)
            .describe_instances()
            .filters(filter)
            .max_results(i32::from(size))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| failure::of("DescribeInstances", error))
    }
}

/// Where a list goes on: `region|machines of the page that were shown|EC2's token`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    region: String,
    skip: usize,
    token: String,
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, VmError> {
        let mut parts = text.splitn(3, '|');
        let (region, skip, token) = (parts.next(), parts.next(), parts.next());
        let skip = skip.and_then(|skip| skip.parse().ok());
        match (region.filter(|region| place::is_region(region)), skip, token) {
            (Some(region), Some(skip), Some(token)) => {
                Ok(Self { region: region.to_owned(), skip, token: token.to_owned() })
            }
            _ => Err(VmError::Refused("a cursor that is not of this list".to_owned())),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}|{}|{}", self.region, self.skip, self.token)
    }
}

/// The instances of a page, out of their reservations.
pub(crate) fn instances(page: &DescribeInstancesOutput) -> impl Iterator<Item = &Instance> {
    page.reservations().iter().flat_map(|reservation| reservation.instances())
}

/// A filter by any of some values.
pub(crate) fn named(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_no_other_text_does() {
        let cursor = Cursor { region: "eu-west-2".to_owned(), skip: 3, token: "a|b==".to_owned() };
        assert_eq!(Cursor::parse(&cursor.to_string()).unwrap(), cursor);
        for bad in ["", "eu-west-2", "eu-west-2|x|", "eu-west-2|1", "evil.test|0|", "|0|"] {
            assert!(Cursor::parse(bad).is_err(), "{bad}");
        }
    }
}
