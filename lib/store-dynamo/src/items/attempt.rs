//! [`Attempt`]

use domain::create::{Attempt, AttemptState};
use domain::ids::{InstanceId, OrderId};
use domain::vm::VmId;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::{Bytes, OfferingPart, StoredTime};
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct AttemptItem {
    order: OrderId,
    instance: InstanceId,
    number: u16,
    offering: OfferingPart,
    state: AttemptState,
    called_at: Option<StoredTime>,
    vm: Option<VmId>,
    password_hash: Option<String>,
    password_ciphertext: Option<Bytes>,
    absent_since: Option<StoredTime>,
    version: u64,
}

impl From<&Attempt> for AttemptItem {
    fn from(attempt: &Attempt) -> Self {
        Self {
            order: attempt.order,
            instance: attempt.instance,
            number: attempt.number,
            offering: (&attempt.offering).into(),
            state: attempt.state,
            called_at: attempt.called_at.map(Into::into),
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
            called_at: item.called_at.map(Into::into),
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
}
