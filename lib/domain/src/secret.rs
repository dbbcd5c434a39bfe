//! Values that must not be logged, stored in clear or sent to a workflow by mistake.

/// A secret value. It has no `Debug`, no `Display` and no `Serialize`: to use it, code has to say
/// [`Secret::expose`], and a reader sees where.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Takes a value under its protection.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}
