//! The store against a real DynamoDB interface, and against answers that no test server gives.

#[cfg(test)]
mod canned;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod ministack;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod work;
#[cfg(test)]
mod writes;
