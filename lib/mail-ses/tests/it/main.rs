//! The mails as customers and SES see them.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

mod escaping;
mod goldens;
mod mime;
mod samples;
mod ses;
