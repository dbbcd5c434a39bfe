//! What the repository says of itself, held against what it does. Needs no running stack.
//!
//! `api` calls the functions in process, over `testkit`'s ports, and holds every answer against the API's
//! description; `template` reads `template.yaml`.

mod answers;
mod api;
mod bad_input;
mod description;
mod docs;
mod errors;
mod events;
pub(crate) mod files;
mod iam;
mod limits;
mod routes;
mod stage;
mod template;
