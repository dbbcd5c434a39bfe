//! Which machines an order has left.

use app::ports::Trace;
use domain::vm::Vm;

/// Whether a machine carries a trace's tag or one of its names. What a provider's filter lets through is compared by
/// this: a filter is a help, not an answer.
pub fn is_of(vm: &Vm, trace: &Trace) -> bool {
    vm.tags.contains(&trace.tag) || trace.names.contains(&vm.name)
}

/// Adds the machines that are not there yet: a list that changes between two pages may tell one twice.
pub fn add_new(found: &mut Vec<Vm>, more: impl IntoIterator<Item = Vm>) {
    for vm in more {
        if found.iter().all(|one| one.id != vm.id) {
            found.push(vm);
        }
    }
}
