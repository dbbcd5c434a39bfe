//! The file that opens a desktop in mstsc, Windows App, FreeRDP and Remmina.

use app::AppError;
use domain::catalogue::Os;
use domain::instance::{Instance, InstanceStatus};
use domain::vm::RDP_PORT;
use lambda_kit::{Problem, Reply};
use rdp::{FileOs, RdpFile, Username};

pub(crate) fn reply(instance: &Instance) -> Result<Reply, Problem> {
    let gone = matches!(
        instance.status,
        InstanceStatus::Provisioning | InstanceStatus::Failed | InstanceStatus::Terminated
    );
    let address = instance.address.filter(|_| !gone).ok_or_else(|| {
        AppError::Conflict(format!("A desktop that is {} cannot be opened.", instance.status))
    })?;
    let username = instance
        .username
        .parse::<Username>()
        .map_err(|error| AppError::Fault(format!("{}: {error}", instance.id)))?;
    let os = match instance.os {
        Os::Windows => FileOs::Windows,
        Os::Linux => FileOs::Linux,
    };
    let text = RdpFile { address, port: RDP_PORT, username, os }.to_string();
    let id = instance.id.bare().to_ascii_lowercase();
    let name = format!("attachment; filename=\"desk-{}.rdp\"", &id[id.len() - 6..]);
    Ok(Reply::text(200, "application/x-rdp", text).header("content-disposition", name))
}
