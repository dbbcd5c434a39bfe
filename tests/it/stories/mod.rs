//! What customers and operators live through, from the first click to where it rests.

mod bad_input;
mod commands;
mod delivery;
mod every_task;
mod failover;
mod machines;
mod no_delivery;
mod odd_answers;
mod payments;
mod permissions;
mod providers;
mod secrets;
mod steps;
mod trading;
mod twenty;
