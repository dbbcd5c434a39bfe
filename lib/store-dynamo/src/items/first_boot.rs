//! [`FirstBoot`]

use domain::Timestamp;
use domain::first_boot::{FirstBoot, Report};
use domain::ids::InstanceId;
use domain::readiness::Pass;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::{FingerprintsPart, StoredTime};
use crate::row::Thing;

/// How long a first boot is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Serialize, Deserialize)]
pub(crate) struct FirstBootItem {
    instance: InstanceId,
    attempt: u16,
    boot: u16,
    created_at: StoredTime,
    task_token: Option<String>,
    report: Option<ReportPart>,
    first_pass: Option<PassPart>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct ReportPart {
    succeeded: bool,
    certificate: FingerprintsPart,
    at: StoredTime,
}

#[derive(Serialize, Deserialize)]
struct PassPart {
    at: StoredTime,
    certificate: FingerprintsPart,
}

impl From<&FirstBoot> for FirstBootItem {
    fn from(boot: &FirstBoot) -> Self {
        Self {
            instance: boot.instance,
            attempt: boot.attempt,
            boot: boot.boot,
            created_at: boot.created_at.into(),
            task_token: boot.task_token.clone(),
            report: boot.report.as_ref().map(|report| ReportPart {
                succeeded: report.succeeded,
                certificate: (&report.certificate).into(),
                at: report.at.into(),
            }),
            first_pass: boot
                .first_pass
                .as_ref()
                .map(|pass| PassPart { at: pass.at.into(), certificate: (&pass.certificate).into() }),
            version: boot.version,
        }
    }
}

impl From<FirstBootItem> for FirstBoot {
    fn from(item: FirstBootItem) -> Self {
        Self {
            instance: item.instance,
            attempt: item.attempt,
            boot: item.boot,
            created_at: item.created_at.into(),
            task_token: item.task_token,
            report: item.report.map(|part| Report {
                succeeded: part.succeeded,
                certificate: part.certificate.into(),
                at: part.at.into(),
            }),
            first_pass: item
                .first_pass
                .map(|part| Pass { at: part.at.into(), certificate: part.certificate.into() }),
            version: item.version,
        }
    }
}

impl Thing for FirstBoot {
    type Item = FirstBootItem;

    fn key(&self) -> Key {
        keys::first_boot(self.instance, self.attempt, self.boot)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn forgotten_at(&self) -> Option<Timestamp> {
        self.created_at.checked_add(KEPT).ok()
    }
}
