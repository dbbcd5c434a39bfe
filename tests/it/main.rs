//! What must hold of the whole product.
//!
//! `inventory` holds what the repository says of itself against what it does, in process.
//! `stories` buy and use desktops on a running local stack, which `stack` drives from outside: over HTTP, as
//! customers, gateways and operators do. `cargo xtask test` starts one for them. One story by hand:
//!
//! ```text
//! cargo xtask up --detach
//! NEMORDP_STACK_JSON=.local/stack.json cargo test -p nemordp-tests -- stories::delivery
//! cargo xtask down
//! ```

#![cfg(test)]

mod inventory;
mod stack;
mod stories;
