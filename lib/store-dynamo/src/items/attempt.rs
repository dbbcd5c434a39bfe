//! [`Attempt`]

use app::ports::WorkKind;
use domain::Timestamp;
use domain::create::{Attempt, AttemptState, Setback};
use domain::ids::{InstanceId, OrderId};
use domain::vm::VmId;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::keys::{self, Key};
use crate::parts::{Bytes, OfferingPart, StoredTime};
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct AttemptItem {
    order: OrderId,
    instance: InstanceId,
    number: u16,
    offering: OfferingPart,
    #[serde(deserialize_with = "state")]
    state: AttemptState,
    /// Empty in items of before calls had a name.
    #[serde(default)]
    request_id: String,
    called_at: Option<StoredTime>,
    left_at: Option<StoredTime>,
    setback: Option<Setback>,
    vm: Option<VmId>,
    password_hash: Option<String>,
    password_ciphertext: Option<Bytes>,
    absent_since: Option<StoredTime>,
    version: u64,
}

/// Also reads `calling`, the earlier word for a call whose outcome is not known.
fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AttemptState, D::Error> {
    let word = String::deserialize(deserializer)?;
    let state = if word == "calling" { Some(AttemptState::Unknown) } else { AttemptState::parse(&word) };
    state.ok_or_else(|| D::Error::custom("not a state of an attempt"))
}

impl From<&Attempt> for AttemptItem {
    fn from(attempt: &Attempt) -> Self {
        Self {
            order: attempt.order,
            instance: attempt.instance,
            number: attempt.number,
            offering: (&attempt.offering).into(),
            state: attempt.state,
            request_id: attempt.request_id.clone(),
            called_at: attempt.called_at.map(Into::into),
            left_at: attempt.left_at.map(Into::into),
            setback: attempt.setback,
            vm: attempt.vm.clone(),
            password_hash: attempt.password_hash.clone(),
            password_ciphertext: attempt.password_ciphertext.clone().map(Bytes),
            absent_since: attempt.absent_since.map(Into::into),
            version: attempt.version,
        }
    }
}

impl From<AttemptItem> for Attempt {
    fn from(item: AttemptItem) -> Self {
        Self {
            order: item.order,
            instance: item.instance,
            number: item.number,
            offering: item.offering.into(),
            state: item.state,
            request_id: item.request_id,
            called_at: item.called_at.map(Into::into),
            left_at: item.left_at.map(Into::into),
            setback: item.setback,
            vm: item.vm,
            password_hash: item.password_hash,
            password_ciphertext: item.password_ciphertext.map(|bytes| bytes.0),
            absent_since: item.absent_since.map(Into::into),
            version: item.version,
        }
    }
}

impl Thing for Attempt {
    type Item = AttemptItem;

    fn key(&self) -> Key {
        keys::attempt(self.order, self.number)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        let left_at = self.left_at.filter(|_| self.is_left_behind())?;
        Some((WorkKind::UnknownAttempt, left_at))
    }
}
