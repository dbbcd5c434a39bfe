//! What a provider has, as the API shows it.

use app::trading::{AccountOffer, OsOffer, PlanOffer, RegionOffer};
use domain::catalogue::Provider;
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct AccountAnswer {
    pub(crate) provider: Provider,
    #[serde(flatten)]
    pub(crate) account: AccountOffer,
}

#[derive(Debug, Serialize)]
pub(crate) struct RegionsAnswer {
    pub(crate) provider: Provider,
    pub(crate) regions: Vec<RegionOffer>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PlansAnswer {
    pub(crate) provider: Provider,
    pub(crate) plans: Vec<PlanOffer>,
}

#[derive(Debug, Serialize)]
pub(crate) struct SystemsAnswer {
    pub(crate) provider: Provider,
    pub(crate) os: Vec<OsOffer>,
}
