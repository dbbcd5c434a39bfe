//! What staff ask for, checked for form.

use domain::catalogue::Offering;
use domain::customer::{CustomerId, Email};
use domain::order::StaffVps;
use domain::trading::{Mt5AccountId, VPS_NAME_MAX, is_vps_name};

use crate::error::AppError;

/// A trading desktop that a member of the staff wants, as it came.
#[derive(Debug, Clone)]
pub struct PlaceVps {
    /// Who asks.
    pub staff: CustomerId,
    /// Where their mails go.
    pub email: Email,
    /// The MT5 account that it is for.
    pub mt5_account_id: String,
    /// What they call it.
    pub vps_name: Option<String>,
    /// Who makes it; Vultr when absent.
    pub provider: Option<String>,
    /// The provider's id of the region.
    pub region: String,
    /// The provider's id of the size.
    pub plan: String,
    /// The provider's id of the image.
    pub os_id: String,
    /// The `Idempotency-Key` header: 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the request body's meaning, hex.
    pub request_hash: String,
    /// The request, for the audit log.
    pub request_id: String,
}

/// The refusal of a field, from the sentence that says why.
pub(super) const fn invalid(field: &'static str) -> impl Fn(String) -> AppError {
    move |reason| AppError::Invalid { field, reason }
}

impl PlaceVps {
    pub(super) fn account(&self) -> Result<Mt5AccountId, AppError> {
        let parsed = Mt5AccountId::parse(&self.mt5_account_id);
        parsed.map_err(|error| invalid("mt5_account_id")(error.to_string()))
    }

    pub(super) fn check_name(&self) -> Result<(), AppError> {
        if self.vps_name.as_deref().is_none_or(is_vps_name) {
            return Ok(());
        }
        let rule = format!(
            "a name has 1 to {VPS_NAME_MAX} letters, digits, spaces, '.', '_' and '-', and begins with a letter or digit"
        );
        Err(invalid("vps_name")(rule))
    }

    pub(super) fn vps(&self, account: &Mt5AccountId, offering: Offering) -> StaffVps {
        StaffVps { mt5_account_id: account.to_string(), vps_name: self.vps_name.clone(), offering }
    }
}
