//! `GET /instances`, `GET /instances/{id}` and `GET /instances/{id}/rdp-file`: the customer's desktops.

mod rdp_file;
mod view;

use app::AppError;
use app::ports::ReadInstances;
use domain::ids::InstanceId;
use lambda_kit::lambda_http::RequestExt;
use lambda_kit::{Caller, Paging, Problem, Reply, Request, path_id};

use crate::view::{InstancePage, InstanceView};

/// Answers 200 with a page of desktops (newest first), one desktop, or the file that opens it.
///
/// # Errors
/// 400 naming the parameter, 401, 404 (also for another customer's), 409 while there is nothing to open, 503.
pub async fn handle<S: ReadInstances + Sync>(store: &S, request: &Request) -> Result<Reply, Problem> {
    let caller = Caller::of(request)?;
    if request.path_parameters_ref().is_none_or(|p| p.first("id").is_none()) {
        let paging = Paging::of(request)?;
        let found = store.instances_of(&caller.customer, paging.limit, paging.cursor.as_deref()).await;
        let page = found.map_err(AppError::from)?;
        let instances = page.items.iter().map(InstanceView::from).collect();
        return Reply::json(200, &InstancePage { instances, next_cursor: page.next });
    }
    let id: InstanceId = path_id(request, "id", "desktop")?;
    let found = store.instance(id).await.map_err(AppError::from)?;
    let instance = found.filter(|i| i.customer == caller.customer).ok_or(AppError::NotFound("desktop"))?;
    if request.uri().path().ends_with("/rdp-file") {
        return rdp_file::reply(&instance);
    }
    Reply::json(200, &InstanceView::from(&instance))
}
